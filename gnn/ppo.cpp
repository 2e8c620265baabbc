#include "gnn/ppo.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <span>
#include <string>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/cell_mask.h"

namespace tessera::gnn {

using placer::CellIndex;
using placer::CellMaskView;
using torch::Tensor;

namespace {

/// A state: episode and step.
struct StateIndex {
  std::size_t trajectory;
  std::size_t step;
};

/// States evaluated together, by one thread. Small enough for the activations of one layer to stay
/// in the cache; fixed, so that sums do not depend on the number of threads.
constexpr std::size_t kShard = 16;

/// The states of a shard as tensors.
struct ShardTensors {
  GraphBatch graph;
  Tensor mask;        ///< [B, A] bool
  Tensor actions;     ///< [B, 1] int64
  Tensor log_probs;   ///< [B]
  Tensor advantages;  ///< [B]
  Tensor returns;     ///< [B]
};

/// Mean and deviation of the advantages of a minibatch.
struct AdvantageScale {
  float mean = 0.0F;
  float inverse_deviation = 1.0F;
};

AdvantageScale advantage_scale(const std::vector<Trajectory>& trajectories,
                               std::span<const StateIndex> states) {
  double sum = 0.0;
  double squares = 0.0;
  for (const auto [episode, step] : states) {
    const double advantage = trajectories[episode].advantages[step];
    sum += advantage;
    squares += advantage * advantage;
  }
  const auto count = static_cast<double>(states.size());
  const double mean = sum / count;
  const double deviation = std::sqrt(std::max(0.0, squares / count - mean * mean));
  return {static_cast<float>(mean), static_cast<float>(1.0 / (deviation + 1e-8))};
}

ShardTensors gather(const std::vector<Trajectory>& trajectories,
                    const ObservationEncoder& encoder,
                    const AdvantageScale& scale,
                    std::span<const StateIndex> states) {
  std::vector<std::span<const CellIndex>> prefixes;
  for (const auto [episode, step] : states) {
    prefixes.push_back(std::span(trajectories[episode].actions).first(step));
  }
  ShardTensors shard;
  shard.graph = encoder.encode(prefixes);
  const netlist_io::GridShape grid = shard.graph.grid;
  const auto size = static_cast<std::int64_t>(states.size());
  shard.mask = torch::zeros({size, static_cast<std::int64_t>(grid.num_cells())}, torch::kBool);
  shard.actions = torch::empty({size, 1}, torch::kInt64);
  shard.log_probs = torch::empty({size});
  shard.advantages = torch::empty({size});
  shard.returns = torch::empty({size});
  const std::size_t words = CellMaskView::num_words(grid);
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto [episode, step] = states[i];
    const Trajectory& trajectory = trajectories[episode];
    bool* const row = shard.mask.data_ptr<bool>() + i * grid.num_cells();
    CellMaskView(grid, std::span(trajectory.masks).subspan(step * words, words))
        .for_each([row](CellIndex cell) { row[cell] = true; });
    shard.actions.data_ptr<std::int64_t>()[i] = trajectory.actions[step];
    shard.log_probs.data_ptr<float>()[i] = trajectory.log_probs[step];
    shard.advantages.data_ptr<float>()[i] =
        (trajectory.advantages[step] - scale.mean) * scale.inverse_deviation;
    shard.returns.data_ptr<float>()[i] = trajectory.returns[step];
  }
  return shard;
}

/// Sums over the states of a shard.
struct LossSums {
  double policy = 0.0;
  double value = 0.0;
  double entropy = 0.0;
  double kl = 0.0;
  double clipped = 0.0;

  void add(const LossSums& other) {
    policy += other.policy;
    value += other.value;
    entropy += other.entropy;
    kl += other.kl;
    clipped += other.clipped;
  }
};

/// What a shard contributes to an update.
struct ShardResult {
  std::vector<Tensor> gradients;  ///< of the loss summed over the shard's states, by parameter
  LossSums sums;
};

ShardResult evaluate_shard(const ShardTensors& shard,
                           const PpoOptions& options,
                           CircuitTrainingNet& net) {
  const PolicyValue output = net->forward(shard.graph);
  const Tensor log_probs = masked_log_softmax(output.logits, shard.mask);
  const Tensor difference = log_probs.gather(1, shard.actions).squeeze(1) - shard.log_probs;
  const Tensor ratio = difference.exp();
  const Tensor clipped = ratio.clamp(1.0 - options.clip, 1.0 + options.clip);
  const Tensor policy = -torch::min(ratio * shard.advantages, clipped * shard.advantages).sum();
  const Tensor value = (output.value - shard.returns).square().sum();
  // Illegal cells have probability 0 and count nothing: 0 * log 0 = 0.
  const Tensor entropy =
      -(log_probs.exp() * log_probs.masked_fill(shard.mask.logical_not(), 0.0)).sum();
  const Tensor loss =
      policy + options.value_coefficient * value - options.entropy_coefficient * entropy;

  ShardResult result;
  // Gradients are returned, not accumulated in the parameters, which other threads share.
  result.gradients = torch::autograd::grad({loss}, net->parameters());
  const torch::NoGradGuard no_grad;
  result.sums.policy = policy.item<double>();
  result.sums.value = value.item<double>();
  result.sums.entropy = entropy.item<double>();
  result.sums.kl = (ratio - 1.0 - difference).sum().item<double>();  // unbiased, never negative
  result.sums.clipped =
      ((ratio - 1.0).abs() > options.clip).to(torch::kFloat32).sum().item<double>();
  return result;
}

/// Evaluates a minibatch on several threads and leaves the gradient of its mean loss in the
/// parameters. Shards are added in their order.
LossSums accumulate_gradients(const std::vector<Trajectory>& trajectories,
                              const ObservationEncoder& encoder,
                              const PpoOptions& options,
                              std::span<const StateIndex> states,
                              int threads,
                              CircuitTrainingNet& net) {
  const AdvantageScale scale = advantage_scale(trajectories, states);
  std::vector<ShardResult> results((states.size() + kShard - 1) / kShard);
  std::exception_ptr error;
#pragma omp parallel for num_threads(threads) schedule(dynamic, 1)
  for (std::size_t i = 0; i < results.size(); ++i) {
    try {
      const std::size_t begin = i * kShard;
      const auto part = states.subspan(begin, std::min(kShard, states.size() - begin));
      results[i] = evaluate_shard(gather(trajectories, encoder, scale, part), options, net);
    } catch (...) {
#pragma omp critical(tessera_ppo)
      error = std::current_exception();
    }
  }
  if (error) {
    std::rethrow_exception(error);
  }
  const torch::NoGradGuard no_grad;
  LossSums sums;
  for (const ShardResult& result : results) {
    sums.add(result.sums);
  }
  const std::vector<Tensor> parameters = net->parameters();
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    Tensor gradient = results.front().gradients[p];
    for (std::size_t i = 1; i < results.size(); ++i) {
      gradient.add_(results[i].gradients[p]);
    }
    parameters[p].mutable_grad() = gradient.div_(static_cast<double>(states.size()));
  }
  return sums;
}

void require(bool valid, const char* option, const char* range) {
  if (!valid) {
    throw netlist_io::OptionError(std::string(option) + " is out of range, expected " + range);
  }
}

}  // namespace

void PpoOptions::validate() const {
  require(episodes_per_iteration >= 2, "episodes_per_iteration", "at least 2");
  require(epochs >= 1, "epochs", "at least 1");
  require(minibatch >= 1, "minibatch", "at least 1");
  require(learning_rate > 0.0, "learning_rate", "a number > 0");
  require(clip > 0.0 && clip < 1.0, "clip", "a number between 0 and 1");
  require(entropy_coefficient >= 0.0, "entropy_coefficient", "a number >= 0");
  require(value_coefficient >= 0.0, "value_coefficient", "a number >= 0");
  require(gae_lambda >= 0.0 && gae_lambda <= 1.0, "gae_lambda", "a number from 0 to 1");
  require(max_gradient_norm > 0.0, "max_gradient_norm", "a number > 0");
  require(target_kl > 0.0, "target_kl", "a number > 0");
  require(shaping >= 0.0, "shaping", "a number >= 0");
}

Tensor masked_log_softmax(const Tensor& logits, const Tensor& mask) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  return logits.masked_fill(mask.logical_not(), kNever).log_softmax(1);
}

PpoStats ppo_update(const std::vector<Trajectory>& trajectories,
                    const ObservationEncoder& encoder,
                    const PpoOptions& options,
                    std::uint64_t seed,
                    int threads,
                    CircuitTrainingNet& net,
                    Adam& adam) {
  std::vector<StateIndex> states;
  for (std::size_t i = 0; i < trajectories.size(); ++i) {
    for (std::size_t step = 0; step < trajectories[i].actions.size(); ++step) {
      states.push_back({i, step});
    }
  }
  netlist_io::Rng rng = netlist_io::Rng::derive(seed, "minibatches");
  const auto minibatch = static_cast<std::size_t>(options.minibatch);
  PpoStats stats;
  LossSums sums;
  double evaluated = 0.0;
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    rng.shuffle(states);
    LossSums epoch_sums;
    for (std::size_t begin = 0; begin < states.size(); begin += minibatch) {
      const auto part =
          std::span(states).subspan(begin, std::min(minibatch, states.size() - begin));
      epoch_sums.add(accumulate_gradients(trajectories, encoder, options, part, threads, net));
      stats.gradient_norm += adam.clip_gradients(options.max_gradient_norm);
      adam.step(options.learning_rate);
      ++stats.updates;
    }
    sums.add(epoch_sums);
    evaluated += static_cast<double>(states.size());
    stats.kl = epoch_sums.kl / static_cast<double>(states.size());
    if (stats.kl > 1.5 * options.target_kl) {
      break;
    }
  }
  stats.gradient_norm /= static_cast<double>(std::max<std::int64_t>(stats.updates, 1));
  evaluated = std::max(evaluated, 1.0);
  stats.policy_loss = sums.policy / evaluated;
  stats.value_loss = sums.value / evaluated;
  stats.entropy = sums.entropy / evaluated;
  stats.clip_fraction = sums.clipped / evaluated;
  return stats;
}

double explained_variance(const std::vector<Trajectory>& trajectories) {
  double sum = 0.0;
  double squares = 0.0;
  double error_sum = 0.0;
  double error_squares = 0.0;
  double count = 0.0;
  for (const Trajectory& trajectory : trajectories) {
    for (std::size_t t = 0; t < trajectory.returns.size(); ++t) {
      const double value = trajectory.returns[t];
      const double error = value - trajectory.values[t];
      sum += value;
      squares += value * value;
      error_sum += error;
      error_squares += error * error;
      count += 1.0;
    }
  }
  const double variance = squares / count - sum * sum / (count * count);
  const double error_variance = error_squares / count - error_sum * error_sum / (count * count);
  return variance > 0.0 ? 1.0 - error_variance / variance : 0.0;
}

}  // namespace tessera::gnn
