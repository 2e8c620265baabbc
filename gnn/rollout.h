#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "cost/cost_options.h"
#include "gnn/circuit_training_net.h"
#include "gnn/observation_encoder.h"
#include "netlist_io/placement.h"
#include "placer/cell_mask.h"
#include "placer/macro_problem.h"

namespace tessera::gnn {

/// One episode as PPO needs it; T steps.
struct Trajectory {
  std::vector<placer::CellIndex> actions;  ///< [T]
  std::vector<std::uint64_t> masks;        ///< [T x words of a mask]
  std::vector<float> log_probs;            ///< [T]
  std::vector<float> values;               ///< [T] predicted returns, in normalised units
  std::vector<double> growth;              ///< [T] growth of the proxy
  cost::CostBreakdown cost;
  std::vector<float> advantages;  ///< [T], filled by `estimate_advantages`
  std::vector<float> returns;     ///< [T], same
};

/// The finished episodes of one iteration, and the best placement among them.
struct Rollout {
  std::vector<Trajectory> trajectories;
  std::size_t best = 0;  ///< index of the least proxy
  netlist_io::Placement best_placement;
};

/// Runs `count` sampled episodes on `threads` threads: each takes groups of them in lock step, with
/// one forward pass for all of a group at each step. Episode i of an iteration draws from the
/// random stream (seed, iteration, i); the result does not depend on the number of threads.
Rollout collect_episodes(const placer::MacroProblem& problem,
                         const ObservationEncoder& encoder,
                         CircuitTrainingNet& net,
                         std::size_t count,
                         std::uint64_t seed,
                         std::int64_t iteration,
                         int threads);

/// How proxies become returns of order one: minus the proxy, less a mean, over a deviation.
struct ReturnScale {
  double mean = 0.0;
  double deviation = 1.0;
};

/// Fills advantages and returns by generalised advantage estimation (Schulman et al.,
/// arXiv:1506.02438) with discount 1. Rewards are 0 but the last, in units of `scale`; shaping adds
/// minus `shaping` times the growth of the running proxy to each and takes the sum back in the
/// last.
void estimate_advantages(Trajectory& trajectory,
                         const ReturnScale& scale,
                         double shaping,
                         double gae_lambda);

}  // namespace tessera::gnn
