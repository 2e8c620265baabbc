#include "gnn/rollout.h"

#include <exception>
#include <numeric>
#include <span>

#include "netlist_io/rng.h"
#include "placer/decoding.h"
#include "placer/macro_env.h"

namespace tessera::gnn {

using placer::CellIndex;
using placer::MacroEnv;
using placer::MacroProblem;

namespace {

void append(const placer::Decision& decision, float value, Trajectory& trajectory) {
  trajectory.actions.push_back(decision.action);
  trajectory.masks.insert(trajectory.masks.end(), decision.mask.begin(), decision.mask.end());
  trajectory.log_probs.push_back(decision.log_prob);
  trajectory.values.push_back(value);
  trajectory.growth.push_back(decision.result.wirelength_growth);
  trajectory.cost = decision.result.cost;
}

}  // namespace

Rollout collect_episodes(const MacroProblem& problem,
                         const ObservationEncoder& encoder,
                         CircuitTrainingNet& net,
                         std::size_t count,
                         std::uint64_t seed,
                         std::int64_t iteration,
                         int threads) {
  const torch::NoGradGuard no_grad;
  const netlist_io::Rng stream =
      netlist_io::Rng::derive(seed, "rollout", static_cast<std::uint64_t>(iteration));
  std::vector<MacroEnv> envs(count, MacroEnv(problem));
  std::vector<netlist_io::Rng> rngs;
  for (std::size_t i = 0; i < count; ++i) {
    rngs.push_back(netlist_io::Rng::derive(stream.state().words[0], "episode", i));
  }
  Rollout rollout;
  rollout.trajectories.resize(count);
  const std::size_t num_cells = problem.canvas().grid.num_cells();
  std::vector<std::span<const CellIndex>> states(count);
  std::exception_ptr error;
  for (std::size_t step = 0; step < problem.macros().size(); ++step) {
    for (std::size_t i = 0; i < count; ++i) {
      states[i] = envs[i].actions();
    }
    const PolicyValue output = net->forward(encoder.encode(states));
    const torch::Tensor logits = output.logits.contiguous();
    const torch::Tensor value = output.value.contiguous();
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
    for (std::size_t i = 0; i < count; ++i) {
      try {
        const std::span<const float> scores(logits.data_ptr<float>() + i * num_cells, num_cells);
        append(placer::decide(envs[i], scores, placer::Decoding::kSample, rngs[i]),
               value.data_ptr<float>()[i],
               rollout.trajectories[i]);
      } catch (...) {
#pragma omp critical(tessera_rollout)
        error = std::current_exception();
      }
    }
    if (error) {
      std::rethrow_exception(error);
    }
  }
  for (std::size_t i = 1; i < count; ++i) {
    if (rollout.trajectories[i].cost.proxy < rollout.trajectories[rollout.best].cost.proxy) {
      rollout.best = i;
    }
  }
  rollout.best_placement = envs[rollout.best].placement();
  return rollout;
}

void estimate_advantages(Trajectory& trajectory,
                         const ReturnScale& scale,
                         double shaping,
                         double gae_lambda) {
  const std::size_t steps = trajectory.actions.size();
  const double total_growth =
      std::accumulate(trajectory.growth.begin(), trajectory.growth.end(), 0.0);
  const double terminal =
      (scale.mean - trajectory.cost.proxy + shaping * total_growth) / scale.deviation;
  trajectory.advantages.resize(steps);
  trajectory.returns.resize(steps);
  double advantage = 0.0;
  double next_value = 0.0;
  for (std::size_t t = steps; t-- > 0;) {
    const double reward =
        -shaping * trajectory.growth[t] / scale.deviation + (t + 1 == steps ? terminal : 0.0);
    const double value = trajectory.values[t];
    advantage = reward + next_value - value + gae_lambda * advantage;
    next_value = value;
    trajectory.advantages[t] = static_cast<float>(advantage);
    trajectory.returns[t] = static_cast<float>(advantage + value);
  }
}

}  // namespace tessera::gnn
