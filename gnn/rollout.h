#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/cost_options.h"
#include "gnn/batch_encoder.h"
#include "gnn/policy_net.h"
#include "netlist_io/placement.h"
#include "placer/cell_mask.h"
#include "placer/macro_problem.h"

namespace tessera::gnn {

/// An episode to run.
struct EpisodePlan {
  const ObservationEncoder* encoder = nullptr;  ///< of the block
  std::size_t block = 0;                        ///< what the caller calls it
  /// Cells of the first macros, taken without being learned from; ends early where the
  /// environment refuses.
  std::span<const placer::CellIndex> prefix;
  /// Cells of all macros to learn from by imitation; empty: none.
  std::span<const placer::CellIndex> teacher;
  double follow = 1.0;  ///< probability with which each step takes the teacher's cell
};

/// One episode as learning needs it: T steps after a prefix of P.
struct Trajectory {
  const ObservationEncoder* encoder = nullptr;
  std::size_t block = 0;
  std::size_t prefix = 0;                  ///< P
  std::vector<placer::CellIndex> actions;  ///< [P + T]
  std::vector<std::uint64_t> masks;        ///< [T x words of a mask]
  std::vector<Observation> observations;   ///< [T]; empty if the network reads no canvas
  std::vector<float> log_probs;            ///< [T]
  std::vector<float> values;               ///< [T] predicted returns, in normalised units
  std::vector<double> growth;              ///< [T] growth of the proxy
  /// [T] of the cells that the teacher would take; empty without one.
  std::vector<placer::CellIndex> targets;
  cost::CostBreakdown cost;
  std::vector<float> advantages;  ///< [T], filled by `estimate_advantages`
  std::vector<float> returns;     ///< [T], same

  std::size_t num_steps() const { return log_probs.size(); }
};

/// How episodes are run.
struct RolloutOptions {
  std::uint64_t seed = 1;
  std::int64_t iteration = 0;
  int threads = 1;
  torch::Device device = torch::kCPU;
};

/// Runs sampled episodes of any blocks. On the CPU, each thread takes groups of them in lock step,
/// with one forward pass for all of a group at each step; on another device, all episodes are one
/// group, whose environments the threads share. Episode i of an iteration draws from the random
/// stream (seed, iteration, i); the result does not depend on the number of threads.
std::vector<Trajectory> collect_episodes(std::span<const EpisodePlan> plans,
                                         PolicyNet& net,
                                         const RolloutOptions& options);

/// The placement that these actions lead to, its clusters placed.
netlist_io::Placement replay(const placer::MacroProblem& problem,
                             std::span<const placer::CellIndex> actions);

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
