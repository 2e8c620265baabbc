#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cost/cost_options.h"
#include "gnn/model_config.h"
#include "gnn/ppo_options.h"
#include "netlist_io/placement.h"
#include "placer/cell_mask.h"
#include "placer/macro_problem.h"

// No header of LibTorch here: the command line includes this file.

namespace tessera::gnn {

/// A block to learn from, or to judge by.
struct TrainingBlock {
  std::string name;
  const placer::MacroProblem* problem = nullptr;  ///< must outlive the training
  /// Cells of all macros in the problem's order, an entry per demonstration.
  std::vector<std::vector<placer::CellIndex>> demonstrations;
  double demonstrated_proxy = std::numeric_limits<double>::infinity();  ///< the least of theirs
};

/// Figures of one training iteration.
struct IterationInfo {
  std::int64_t iteration = 0;                   ///< from 1; counts on when training resumes
  std::optional<double> time_limit_s;           ///< of the training, if there is one
  std::optional<std::int64_t> most_iterations;  ///< likewise
  bool imitation = false;                       ///< else PPO
  bool undone = false;        ///< the last update was, and there was none: its figures are 0
  double elapsed_s = 0.0;     ///< training time so far, earlier runs included
  std::int64_t episodes = 0;  ///< so far
  double mean_proxy = 0.0;    ///< of this iteration's sampled episodes
  double std_proxy = 0.0;
  double min_proxy = 0.0;
  double best_proxy = 0.0;        ///< so far, of any block
  cost::CostBreakdown mean_cost;  ///< parts of `mean_proxy`
  double policy_loss = 0.0;
  double value_loss = 0.0;
  double entropy = 0.0;  ///< nats, mean over states
  double kl = 0.0;       ///< estimated divergence from the collecting policy
  double clip_fraction = 0.0;
  double explained_variance = 0.0;  ///< of the returns, by the value network when collecting
  double gradient_norm = 0.0;       ///< mean before clipping
  double learning_rate = 0.0;
  double rollout_s = 0.0;
  double update_s = 0.0;
  std::int64_t rollout_states = 0;  ///< of this iteration's episodes
  std::int64_t update_states = 0;   ///< passed through the network by the update, all epochs
  /// Mean over the blocks judged of the greedy episode's proxy over that of the greedy rule
  /// (`placer::GreedyDeltaPolicy`), if this iteration was evaluated.
  std::optional<double> score;
  std::vector<double> judged_proxies;  ///< likewise, of the greedy episode of each block judged
};

/// Training time where no limit is given.
inline constexpr double kUsualTimeS = 900.0;

struct TrainingOptions {
  PpoOptions ppo;
  ModelConfig model;  ///< of a network with random weights
  /// What the problems of the blocks have in common, as text for the checkpoint, which hands it to
  /// whoever uses the weights (`LoadedNetwork::environment`); empty: not said.
  std::string environment;
  /// Weights to start from; none: random ones.
  std::optional<std::string> start_checkpoint;
  /// Where the checkpoint goes; written after every iteration that ends `checkpoint_interval_s`
  /// or more after the last one, and at the end. Atomic. It holds the weights of the best score and
  /// what it takes to go on from the last iteration.
  std::string output;
  double checkpoint_interval_s = 20.0;
  /// Continue the training that `output` holds. The options of that training stay in force, but for
  /// the limits below where one of them is given, what is judged, and the demonstrations. Blocks
  /// must be the same problems.
  bool resume = false;
  std::uint64_t seed = 1;
  int threads = 1;
  std::string device = "cpu";  ///< or "cuda"
  /// Of the whole training, earlier runs included; what is reached first ends it. None of both:
  /// those of the training that is resumed, else `kUsualTimeS`.
  std::optional<double> time_limit_s;
  std::optional<std::int64_t> iterations;
  std::int64_t evaluation_interval = 10;  ///< iterations between scores; 0: none, the last counts
  std::function<bool()> stop;             ///< asked between iterations
  std::function<void(const IterationInfo&)> progress;
  /// Told, one line each, of what the training does not do although the options ask for it.
  std::function<void(const std::string&)> warn;
  /// Told of each new best placement of a block, by its index, before the checkpoint that knows of
  /// it; when a training is resumed, of the best so far first.
  std::function<void(std::size_t, const netlist_io::Placement&, const cost::CostBreakdown&)>
      improved;
};

struct TrainingResult {
  std::int64_t iterations = 0;
  std::int64_t episodes = 0;
  double elapsed_s = 0.0;
  double first_mean_proxy = 0.0;  ///< of the episodes before the first update
  double last_mean_proxy = 0.0;
  double best_proxy = 0.0;                          ///< of any block
  std::vector<std::optional<double>> best_proxies;  ///< of each block that had an episode
  std::uint64_t seed = 1;                           ///< in force
  std::optional<double> best_score;
  std::vector<double> judged_proxies;  ///< greedy, of the weights of the best score
  bool stopped = false;                ///< `TrainingOptions::stop` ended it
};

/// Trains a policy on blocks, by imitation where there are demonstrations and then by PPO, and
/// keeps the weights that score best on `judged`, or on the training blocks if that is empty.
///
/// Throws `netlist_io::ParseError` for a checkpoint that cannot be used, `netlist_io::OptionError`
/// for bad options, `netlist_io::InfeasibleError` for a block without movable hard macros, and
/// `std::runtime_error` if the training diverges.
TrainingResult train(std::span<const TrainingBlock> blocks,
                     std::span<const TrainingBlock> judged,
                     const TrainingOptions& options);

}  // namespace tessera::gnn
