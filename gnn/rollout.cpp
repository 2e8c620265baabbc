#include "gnn/rollout.h"

#include <algorithm>
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

/// Episodes that share their forward passes, run by one thread. Fixed, because the last bits of a
/// batched product may depend on the size of the batch.
constexpr std::size_t kGroup = 8;

void append(const placer::Decision& decision, float value, Trajectory& trajectory) {
  trajectory.actions.push_back(decision.action);
  trajectory.masks.insert(trajectory.masks.end(), decision.mask.begin(), decision.mask.end());
  trajectory.log_probs.push_back(decision.log_prob);
  trajectory.values.push_back(value);
  trajectory.growth.push_back(decision.result.proxy_growth);
  trajectory.cost = decision.result.cost;
}

/// Runs episodes in lock step, all with one forward pass a step.
void run_group(const ObservationEncoder& encoder,
               CircuitTrainingNet& net,
               std::span<MacroEnv> envs,
               std::span<netlist_io::Rng> rngs,
               std::span<Trajectory> trajectories) {
  const torch::NoGradGuard no_grad;
  const MacroProblem& problem = envs.front().problem();
  const std::size_t num_cells = problem.canvas().grid.num_cells();
  std::vector<std::span<const CellIndex>> states(envs.size());
  for (std::size_t step = 0; step < problem.macros().size(); ++step) {
    for (std::size_t i = 0; i < envs.size(); ++i) {
      states[i] = envs[i].actions();
    }
    const PolicyValue output = net->forward(encoder.encode(states));
    const torch::Tensor logits = output.logits.contiguous();
    const torch::Tensor value = output.value.contiguous();
    for (std::size_t i = 0; i < envs.size(); ++i) {
      const std::span<const float> scores(logits.data_ptr<float>() + i * num_cells, num_cells);
      append(placer::decide(envs[i], scores, placer::Decoding::kSample, rngs[i]),
             value.data_ptr<float>()[i],
             trajectories[i]);
    }
  }
}

}  // namespace

Rollout collect_episodes(const MacroProblem& problem,
                         const ObservationEncoder& encoder,
                         CircuitTrainingNet& net,
                         std::size_t count,
                         std::uint64_t seed,
                         std::int64_t iteration,
                         int threads) {
  const netlist_io::Rng stream =
      netlist_io::Rng::derive(seed, "rollout", static_cast<std::uint64_t>(iteration));
  std::vector<MacroEnv> envs(count, MacroEnv(problem));
  std::vector<netlist_io::Rng> rngs;
  for (std::size_t i = 0; i < count; ++i) {
    rngs.push_back(netlist_io::Rng::derive(stream.state().words[0], "episode", i));
  }
  Rollout rollout;
  rollout.trajectories.resize(count);
  std::exception_ptr error;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
  for (std::size_t first = 0; first < count; first += kGroup) {
    try {
      const std::size_t size = std::min(kGroup, count - first);
      run_group(encoder,
                net,
                std::span(envs).subspan(first, size),
                std::span(rngs).subspan(first, size),
                std::span(rollout.trajectories).subspan(first, size));
    } catch (...) {
#pragma omp critical(tessera_rollout)
      error = std::current_exception();
    }
  }
  if (error) {
    std::rethrow_exception(error);
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
