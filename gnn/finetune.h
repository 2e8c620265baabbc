#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "cost/cost_options.h"
#include "gnn/ppo_options.h"
#include "netlist_io/placement.h"
#include "placer/macro_problem.h"

// No header of LibTorch here: the command line includes this file.

namespace tessera::gnn {

/// Figures of one training iteration.
struct IterationInfo {
  std::int64_t iteration = 0;  ///< from 1; counts on when training resumes
  double elapsed_s = 0.0;      ///< training time so far, earlier runs included
  std::int64_t episodes = 0;   ///< so far
  double mean_proxy = 0.0;     ///< of this iteration's sampled episodes
  double std_proxy = 0.0;
  double min_proxy = 0.0;
  double best_proxy = 0.0;        ///< so far
  cost::CostBreakdown mean_cost;  ///< parts of `mean_proxy`
  double policy_loss = 0.0;
  double value_loss = 0.0;
  double entropy = 0.0;  ///< nats, mean over states
  double kl = 0.0;       ///< estimated divergence from the collecting policy
  double clip_fraction = 0.0;
  double explained_variance = 0.0;  ///< of the returns, by the value network when collecting
  double gradient_norm = 0.0;       ///< mean before clipping
  double rollout_s = 0.0;
  double update_s = 0.0;
};

struct FinetuneOptions {
  PpoOptions ppo;
  /// Weights to start from; none: random ones.
  std::optional<std::string> start_checkpoint;
  /// Where the checkpoint goes; written after every iteration that ends `checkpoint_interval_s`
  /// or more after the last one, and at the end. Atomic.
  std::string output;
  double checkpoint_interval_s = 20.0;
  /// Continue the training that `output` holds. The options of that training stay in force.
  bool resume = false;
  std::uint64_t seed = 1;
  int threads = 1;
  double time_limit_s = 900.0;             ///< of the whole training, earlier runs included
  std::optional<std::int64_t> iterations;  ///< of the whole training; none: until the time is up
  std::function<bool()> stop;              ///< asked between iterations
  std::function<void(const IterationInfo&)> progress;
  /// Told of each new best placement, before the checkpoint that knows of it.
  std::function<void(const netlist_io::Placement&, const cost::CostBreakdown&)> improved;
};

struct FinetuneResult {
  std::int64_t iterations = 0;
  std::int64_t episodes = 0;
  double elapsed_s = 0.0;
  double first_mean_proxy = 0.0;  ///< of the episodes before the first update
  double last_mean_proxy = 0.0;
  double best_proxy = 0.0;
  bool stopped = false;  ///< `FinetuneOptions::stop` ended it
};

/// Trains the policy on one block by PPO.
/// Throws `netlist_io::ParseError` for a checkpoint that cannot be used.
FinetuneResult finetune(const placer::MacroProblem& problem, const FinetuneOptions& options);

}  // namespace tessera::gnn
