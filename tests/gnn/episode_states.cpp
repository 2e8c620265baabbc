#include "tests/gnn/episode_states.h"

#include <utility>

#include "tests/gnn/torch_doctest.h"

#include "placer/canvas_observer.h"
#include "placer/macro_env.h"

namespace tessera::testing {

using gnn::StateView;
using placer::CellIndex;
using placer::MacroEnv;
using placer::MacroProblem;
using placer::StepResult;

std::vector<CellIndex> first_cells(const MacroProblem& problem, std::size_t count) {
  MacroEnv env(problem);
  while (env.num_placed() < count) {
    env.step(env.mask().first().value());
  }
  return {env.actions().begin(), env.actions().end()};
}

EpisodeStates::EpisodeStates(const MacroProblem& problem, std::vector<CellIndex> actions)
    : encoder_(std::make_unique<const gnn::ObservationEncoder>(problem)),
      actions_(std::move(actions)) {
  placer::CanvasObserver observer(problem);
  std::vector<float> scratch;
  MacroEnv env(problem);
  for (const CellIndex action : actions_) {
    observations_.push_back(gnn::observe(observer, env, scratch));
    REQUIRE(env.step(action).status != StepResult::Status::kRefused);
  }
}

StateView EpisodeStates::seen(std::size_t step) const {
  return {encoder_.get(), std::span(actions_).first(step), &observations_[step]};
}

StateView EpisodeStates::blind(std::size_t step) const {
  return {encoder_.get(), std::span(actions_).first(step), nullptr};
}

std::vector<StateView> EpisodeStates::all_seen() const {
  std::vector<StateView> states;
  for (std::size_t step = 0; step < size(); ++step) {
    states.push_back(seen(step));
  }
  return states;
}

std::vector<StateView> EpisodeStates::all_blind() const {
  std::vector<StateView> states;
  for (std::size_t step = 0; step < size(); ++step) {
    states.push_back(blind(step));
  }
  return states;
}

gnn::StateBatch encode_alone(const StateView& state) {
  return gnn::encode(std::span(&state, 1));
}

torch::Tensor own_cells(const torch::Tensor& map, const gnn::StateBatch& batch, std::size_t state) {
  const netlist_io::GridShape common = batch.common_grid();
  const netlist_io::GridShape own = batch.grids[state];
  return map.view({common.rows, common.cols}).slice(0, 0, own.rows).slice(1, 0, own.cols);
}

std::vector<gnn::EpisodePlan> plain_plans(const gnn::ObservationEncoder& encoder,
                                          std::size_t count) {
  gnn::EpisodePlan plan;
  plan.encoder = &encoder;
  return std::vector<gnn::EpisodePlan>(count, plan);
}

}  // namespace tessera::testing
