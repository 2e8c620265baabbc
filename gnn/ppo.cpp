#include "gnn/ppo.h"

#include <algorithm>
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

/// The states of a minibatch as tensors.
struct Minibatch {
  GraphBatch graph;
  Tensor mask;        ///< [B, A] bool
  Tensor actions;     ///< [B, 1] int64
  Tensor log_probs;   ///< [B]
  Tensor advantages;  ///< [B], mean 0, deviation 1
  Tensor returns;     ///< [B]
};

Minibatch gather(const std::vector<Trajectory>& trajectories,
                 const ObservationEncoder& encoder,
                 std::span<const StateIndex> states) {
  std::vector<std::span<const CellIndex>> prefixes;
  for (const auto [episode, step] : states) {
    prefixes.push_back(std::span(trajectories[episode].actions).first(step));
  }
  Minibatch batch;
  batch.graph = encoder.encode(prefixes);
  const netlist_io::GridShape grid = batch.graph.grid;
  const auto size = static_cast<std::int64_t>(states.size());
  batch.mask = torch::zeros({size, static_cast<std::int64_t>(grid.num_cells())}, torch::kBool);
  batch.actions = torch::empty({size, 1}, torch::kInt64);
  batch.log_probs = torch::empty({size});
  batch.advantages = torch::empty({size});
  batch.returns = torch::empty({size});
  const std::size_t words = CellMaskView::num_words(grid);
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto [episode, step] = states[i];
    const Trajectory& trajectory = trajectories[episode];
    bool* const row = batch.mask.data_ptr<bool>() + i * grid.num_cells();
    CellMaskView(grid, std::span(trajectory.masks).subspan(step * words, words))
        .for_each([row](CellIndex cell) { row[cell] = true; });
    batch.actions.data_ptr<std::int64_t>()[i] = trajectory.actions[step];
    batch.log_probs.data_ptr<float>()[i] = trajectory.log_probs[step];
    batch.advantages.data_ptr<float>()[i] = trajectory.advantages[step];
    batch.returns.data_ptr<float>()[i] = trajectory.returns[step];
  }
  batch.advantages = (batch.advantages - batch.advantages.mean()) /
                     (batch.advantages.std(/*unbiased=*/false) + 1e-8);
  return batch;
}

/// Loss of one minibatch and what it tells.
struct Loss {
  Tensor total;
  double policy = 0.0;
  double value = 0.0;
  double entropy = 0.0;
  double kl = 0.0;
  double clip_fraction = 0.0;
};

Loss compute_loss(const Minibatch& batch, const PpoOptions& options, CircuitTrainingNet& net) {
  const PolicyValue output = net->forward(batch.graph);
  const Tensor log_probs = masked_log_softmax(output.logits, batch.mask);
  const Tensor difference = log_probs.gather(1, batch.actions).squeeze(1) - batch.log_probs;
  const Tensor ratio = difference.exp();
  const Tensor clipped = ratio.clamp(1.0 - options.clip, 1.0 + options.clip);
  const Tensor policy = -torch::min(ratio * batch.advantages, clipped * batch.advantages).mean();
  const Tensor value = (output.value - batch.returns).square().mean();
  // Illegal cells have probability 0 and count nothing: 0 * log 0 = 0.
  const Tensor entropy =
      -(log_probs.exp() * log_probs.masked_fill(batch.mask.logical_not(), 0.0)).sum(1).mean();

  Loss loss;
  loss.total = policy + options.value_coefficient * value - options.entropy_coefficient * entropy;
  const torch::NoGradGuard no_grad;
  loss.policy = policy.item<double>();
  loss.value = value.item<double>();
  loss.entropy = entropy.item<double>();
  loss.kl = (ratio - 1.0 - difference).mean().item<double>();  // unbiased, never negative
  loss.clip_fraction =
      ((ratio - 1.0).abs() > options.clip).to(torch::kFloat32).mean().item<double>();
  return loss;
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
  for (std::int64_t epoch = 0; epoch < options.epochs; ++epoch) {
    rng.shuffle(states);
    double kl = 0.0;
    std::int64_t batches = 0;
    for (std::size_t begin = 0; begin < states.size(); begin += minibatch) {
      const std::size_t size = std::min(minibatch, states.size() - begin);
      const Minibatch batch = gather(trajectories, encoder, std::span(states).subspan(begin, size));
      const Loss loss = compute_loss(batch, options, net);
      adam.zero_gradients();
      loss.total.backward();
      stats.gradient_norm += adam.clip_gradients(options.max_gradient_norm);
      adam.step(options.learning_rate);
      stats.policy_loss += loss.policy;
      stats.value_loss += loss.value;
      stats.entropy += loss.entropy;
      stats.clip_fraction += loss.clip_fraction;
      kl += loss.kl;
      ++batches;
    }
    stats.updates += batches;
    stats.kl = kl / static_cast<double>(batches);
    if (stats.kl > 1.5 * options.target_kl) {
      break;
    }
  }
  const double count = static_cast<double>(std::max<std::int64_t>(stats.updates, 1));
  stats.gradient_norm /= count;
  stats.policy_loss /= count;
  stats.value_loss /= count;
  stats.entropy /= count;
  stats.clip_fraction /= count;
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
