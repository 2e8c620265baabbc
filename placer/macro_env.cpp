#include "placer/macro_env.h"

#include <algorithm>
#include <optional>
#include <string>

#include "netlist_io/errors.h"
#include "placer/cell_centre.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::NodeId;

MacroEnv::MacroEnv(const MacroProblem& problem)
    : problem_(&problem), running_cost_(problem.start_cost()), legality_(problem.legality()) {
  reset();
}

void MacroEnv::reset() {
  step_ = 0;
  actions_.clear();
  placement_ = problem_->start();
  running_cost_ = problem_->start_cost();
  legality_ = problem_->legality();
  plan_.assign(problem_->packing().begin(), problem_->packing().end());
  open_mask();
}

CellMaskView MacroEnv::mask() const {
  return {legality_.grid(), mask_};
}

void MacroEnv::open_mask() {
  if (done()) {
    mask_.clear();
    return;
  }
  const auto words = legality_.mask(step_).words();
  mask_.assign(words.begin(), words.end());
}

StepResult MacroEnv::step(CellIndex action) {
  const Canvas& canvas = problem_->canvas();
  if (done() || action >= canvas.grid.num_cells() || !mask().test(action)) {
    throw netlist_io::InternalError("action " + std::to_string(action) + " of step " +
                                    std::to_string(step_) + " is not in the mask");
  }
  GridLegality after = legality_;
  after.place(step_, action);
  const auto cols = static_cast<CellIndex>(canvas.grid.cols);
  if (!keep_room_for_rest(after, action)) {
    mask_[action / cols * CellMaskView::words_per_row(canvas.grid) + action % cols / 64] &=
        ~(std::uint64_t{1} << (action % cols % 64));
    StepResult refused;
    refused.status = StepResult::Status::kRefused;
    return refused;
  }
  const double growth = move_macro(problem_->macros()[step_], action);
  legality_ = std::move(after);
  actions_.push_back(action);
  ++step_;
  open_mask();
  StepResult result = done() ? finish() : StepResult{};
  result.proxy_growth = growth;
  return result;
}

double MacroEnv::move_macro(NodeId macro, CellIndex cell) {
  const Canvas& canvas = problem_->canvas();
  const std::size_t node = macro.index();
  const CellCentre centre = cell_centre(canvas, cell);
  placement_.x[node] = centre.x;
  placement_.y[node] = centre.y;
  placement_.placed[node] = 1;
  const double before = running_cost_.proxy();
  const double after = running_cost_.move(macro, placement_.x[node], placement_.y[node]);
  running_cost_.keep();
  return after - before;
}

bool MacroEnv::keep_room_for_rest(const GridLegality& after, CellIndex action) {
  const std::size_t count = problem_->macros().size();
  bool plan_holds = true;
  for (std::size_t i = step_ + 1; i < count && plan_holds; ++i) {
    plan_holds = !legality_.conflict(step_, action, i, plan_[i]);
  }
  if (plan_holds) {
    return true;
  }
  remaining_.clear();
  for (const std::size_t i : problem_->packing_order()) {
    if (i > step_) {
      remaining_.push_back(i);
    }
  }
  const std::optional<std::vector<CellIndex>> cells = pack_first_fit(after, remaining_);
  if (!cells) {
    return false;
  }
  for (std::size_t i = 0; i < remaining_.size(); ++i) {
    plan_[remaining_[i]] = (*cells)[i];
  }
  return true;
}

StepResult MacroEnv::finish() {
  for (std::size_t i = 0; i < placement_.size(); ++i) {
    placement_.placed[i] = 1;
  }
  problem_->place_clusters(placement_);
  StepResult result;
  result.status = StepResult::Status::kDone;
  result.cost = problem_->proxy_cost().evaluate(placement_, workspace_);
  result.reward = -result.cost.proxy;
  return result;
}

}  // namespace tessera::placer
