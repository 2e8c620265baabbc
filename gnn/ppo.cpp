#include "gnn/ppo.h"

#include <algorithm>
#include <cmath>
#include <exception>
#include <limits>
#include <string>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/canvas_observer.h"
#include "placer/cell_mask.h"

namespace tessera::gnn {

using placer::CellIndex;
using placer::CellMaskView;
using torch::Tensor;

namespace {

/// A state: episode and learned step.
struct StateIndex {
  std::size_t trajectory;
  std::size_t step;
};

/// States evaluated together, by one thread. Small enough for the activations of one layer to stay
/// in the cache; fixed, so that sums do not depend on the number of threads.
constexpr std::size_t kShard = 16;

/// The states of a shard as tensors, cells numbered as in the padded grids.
struct ShardTensors {
  StateBatch states;
  Tensor mask;        ///< [B, R W] bool
  Tensor actions;     ///< [B, 1] int64
  Tensor log_probs;   ///< [B]
  Tensor values;      ///< [B]
  Tensor advantages;  ///< [B]
  Tensor returns;     ///< [B]
  Tensor imitates;    ///< [B] 1 for states to learn by imitation
  Tensor targets;     ///< [B, R W] what imitation wants; undefined if no state imitates

  ShardTensors to(torch::Device device) const {
    ShardTensors copy{states.to(device),
                      mask.to(device),
                      actions.to(device),
                      log_probs.to(device),
                      values.to(device),
                      advantages.to(device),
                      returns.to(device),
                      imitates.to(device),
                      targets};
    if (targets.defined()) {
      copy.targets = targets.to(device);
    }
    return copy;
  }
};

/// Mean and deviation of the advantages of a minibatch.
struct AdvantageScale {
  float mean = 0.0F;
  float inverse_deviation = 1.0F;
};

AdvantageScale advantage_scale(std::span<const Trajectory> trajectories,
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

CellMaskView mask_of(const Trajectory& trajectory, std::size_t step) {
  const netlist_io::GridShape grid = trajectory.encoder->problem().canvas().grid;
  const std::size_t words = CellMaskView::num_words(grid);
  return {grid, std::span(trajectory.masks).subspan(step * words, words)};
}

StateView view_of(const Trajectory& trajectory, std::size_t step) {
  return {trajectory.encoder,
          std::span(trajectory.actions).first(trajectory.prefix + step),
          trajectory.observations.empty() ? nullptr : &trajectory.observations[step]};
}

/// What imitation wants in a state.
std::vector<float> target_of(const Trajectory& trajectory, std::size_t step, double smoothing) {
  std::span<const at::Half> deltas;
  if (!trajectory.observations.empty()) {
    const std::vector<at::Half>& canvas = trajectory.observations[step].canvas;
    const std::size_t size = canvas.size() / placer::kNumCanvasChannels;
    deltas = std::span(canvas).subspan(placer::index_of(placer::CanvasChannel::kProxyDelta) * size,
                                       size);
  }
  return imitation_target(mask_of(trajectory, step), trajectory.targets[step], deltas, smoothing);
}

ShardTensors gather(std::span<const Trajectory> trajectories,
                    const PpoOptions& options,
                    const AdvantageScale& scale,
                    std::span<const StateIndex> states) {
  std::vector<StateView> views;
  bool imitates = false;
  for (const auto [episode, step] : states) {
    views.push_back(view_of(trajectories[episode], step));
    imitates = imitates || !trajectories[episode].targets.empty();
  }
  ShardTensors shard;
  shard.states = encode(views);
  const netlist_io::GridShape common = shard.states.common_grid();
  const auto size = static_cast<std::int64_t>(states.size());
  const auto num_cells = static_cast<std::int64_t>(common.num_cells());
  shard.mask = torch::zeros({size, num_cells}, torch::kBool);
  shard.actions = torch::empty({size, 1}, torch::kInt64);
  for (Tensor* const tensor :
       {&shard.log_probs, &shard.values, &shard.advantages, &shard.returns, &shard.imitates}) {
    *tensor = torch::zeros({size});
  }
  if (imitates) {
    shard.targets = torch::zeros({size, num_cells});
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    const auto [episode, step] = states[i];
    const Trajectory& trajectory = trajectories[episode];
    const auto cols = static_cast<CellIndex>(trajectory.encoder->problem().canvas().grid.cols);
    const auto padded = [cols, common](CellIndex cell) {
      return cell / cols * static_cast<CellIndex>(common.cols) + cell % cols;
    };
    const std::size_t first = i * common.num_cells();
    bool* const mask = shard.mask.data_ptr<bool>() + first;
    mask_of(trajectory, step).for_each([&](CellIndex cell) { mask[padded(cell)] = true; });
    shard.actions.data_ptr<std::int64_t>()[i] =
        padded(trajectory.actions[trajectory.prefix + step]);
    shard.log_probs.data_ptr<float>()[i] = trajectory.log_probs[step];
    shard.values.data_ptr<float>()[i] = trajectory.values[step];
    shard.advantages.data_ptr<float>()[i] =
        (trajectory.advantages[step] - scale.mean) * scale.inverse_deviation;
    shard.returns.data_ptr<float>()[i] = trajectory.returns[step];
    if (!trajectory.targets.empty()) {
      shard.imitates.data_ptr<float>()[i] = 1.0F;
      float* const targets = shard.targets.data_ptr<float>() + first;
      const std::vector<float> wanted = target_of(trajectory, step, options.smoothing);
      for (CellIndex cell = 0; cell < wanted.size(); ++cell) {
        targets[padded(cell)] = wanted[cell];
      }
    }
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

/// Squared error of the values; with clipping, the larger of it and that of the value kept within
/// `value_clip` of what it was.
Tensor value_error(const Tensor& value, const ShardTensors& shard, double value_clip) {
  const Tensor error = (value - shard.returns).square();
  if (value_clip == 0.0) {
    return error;
  }
  const Tensor near = shard.values + (value - shard.values).clamp(-value_clip, value_clip);
  return torch::max(error, (near - shard.returns).square());
}

ShardResult evaluate_shard(const ShardTensors& shard,
                           const PpoOptions& options,
                           double entropy_coefficient,
                           PolicyNet& net) {
  const PolicyValue output = net.forward(shard.states);
  const Tensor log_probs = masked_log_softmax(output.logits, shard.mask);
  // Illegal cells have probability 0 and count nothing: 0 * log 0 = 0.
  const Tensor finite = log_probs.masked_fill(shard.mask.logical_not(), 0.0);
  const Tensor reinforces = 1.0 - shard.imitates;
  // No ratio matters where the teacher decides, and none may overflow there.
  const Tensor difference =
      (log_probs.gather(1, shard.actions).squeeze(1) - shard.log_probs) * reinforces;
  const Tensor ratio = difference.exp();
  const Tensor clipped = ratio.clamp(1.0 - options.clip, 1.0 + options.clip);
  Tensor losses = -torch::min(ratio * shard.advantages, clipped * shard.advantages) * reinforces;
  if (shard.targets.defined()) {
    losses = losses - (shard.targets * finite).sum(1);
  }
  const Tensor policy = losses.sum();
  const Tensor value = value_error(output.value, shard, options.value_clip).sum();
  const Tensor entropies = -(log_probs.exp() * finite).sum(1);
  const Tensor loss = policy + options.value_coefficient * value -
                      entropy_coefficient * (entropies * reinforces).sum();

  ShardResult result;
  // Gradients are returned, not accumulated in the parameters, which other threads share.
  result.gradients = torch::autograd::grad({loss},
                                           net.parameters(),
                                           /*grad_outputs=*/{},
                                           /*retain_graph=*/{},
                                           /*create_graph=*/false,
                                           /*allow_unused=*/true);
  const torch::NoGradGuard no_grad;
  result.sums.policy = policy.item<double>();
  result.sums.value = value.item<double>();
  result.sums.entropy = entropies.sum().item<double>();
  // Unbiased, never negative.
  result.sums.kl = ((ratio - 1.0 - difference) * reinforces).sum().item<double>();
  result.sums.clipped =
      (((ratio - 1.0).abs() > options.clip).to(torch::kFloat32) * reinforces).sum().item<double>();
  return result;
}

/// The shards of a minibatch, each of as few blocks as can be, so that there is little padding.
std::vector<std::span<const StateIndex>> make_shards(std::span<const Trajectory> trajectories,
                                                     std::span<StateIndex> states,
                                                     std::size_t size) {
  std::stable_sort(states.begin(), states.end(), [&](StateIndex a, StateIndex b) {
    return trajectories[a.trajectory].block < trajectories[b.trajectory].block;
  });
  std::vector<std::span<const StateIndex>> shards;
  for (std::size_t begin = 0; begin < states.size(); begin += size) {
    shards.push_back(states.subspan(begin, std::min(size, states.size() - begin)));
  }
  return shards;
}

/// Leaves the mean gradient of the shards in the parameters. Shards are added in their order.
LossSums add_up(const std::vector<ShardResult>& results, std::size_t num_states, PolicyNet& net) {
  const torch::NoGradGuard no_grad;
  LossSums sums;
  for (const ShardResult& result : results) {
    sums.add(result.sums);
  }
  const std::vector<Tensor> parameters = net.parameters();
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    Tensor gradient;
    for (const ShardResult& result : results) {
      if (!result.gradients[p].defined()) {
        continue;
      }
      gradient =
          gradient.defined() ? gradient.add_(result.gradients[p]) : result.gradients[p].clone();
    }
    if (gradient.defined()) {
      parameters[p].mutable_grad() = gradient.div_(static_cast<double>(num_states));
    }
  }
  return sums;
}

/// Evaluates a minibatch and leaves the gradient of its mean loss in the parameters.
LossSums accumulate_gradients(std::span<const Trajectory> trajectories,
                              const PpoOptions& options,
                              const UpdatePlan& plan,
                              std::span<StateIndex> states,
                              PolicyNet& net) {
  const AdvantageScale scale = advantage_scale(trajectories, states);
  const bool on_cpu = plan.device.is_cpu();
  const auto shards = make_shards(trajectories, states, on_cpu ? kShard : states.size());
  std::vector<ShardResult> results(shards.size());
  std::exception_ptr error;
#pragma omp parallel for num_threads(on_cpu ? plan.threads : 1) schedule(dynamic, 1)
  for (std::size_t i = 0; i < shards.size(); ++i) {
    try {
      results[i] = evaluate_shard(gather(trajectories, options, scale, shards[i]).to(plan.device),
                                  options,
                                  plan.entropy_coefficient,
                                  net);
    } catch (...) {
#pragma omp critical(tessera_ppo)
      error = std::current_exception();
    }
  }
  if (error) {
    std::rethrow_exception(error);
  }
  return add_up(results, states.size(), net);
}

void require(bool valid, const char* option, const char* range) {
  if (!valid) {
    throw netlist_io::OptionError(std::string(option) + " is out of range, expected " + range);
  }
}

/// Far beyond anything of use; its square is still a float.
constexpr double kMostFactor = 1e6;
/// Cells; all of the weight is the target's at a tenth of one.
constexpr double kLeastSmoothing = 1e-3;
/// Of episodes, whose states are held at the same time, and of everything that is repeated.
constexpr std::int64_t kMostEpisodes = 100'000;
constexpr std::int64_t kMostPasses = 1'000'000'000;

bool is_positive(double value) {
  return value > 0.0 && value <= kMostFactor;
}

bool is_not_negative(double value) {
  return value >= 0.0 && value <= kMostFactor;
}

bool is_within(std::int64_t value, std::int64_t least, std::int64_t most) {
  return value >= least && value <= most;
}

bool is_share(double value) {
  return value >= 0.0 && value <= 1.0;
}

std::vector<StateIndex> all_states(std::span<const Trajectory> trajectories) {
  std::vector<StateIndex> states;
  for (std::size_t i = 0; i < trajectories.size(); ++i) {
    for (std::size_t step = 0; step < trajectories[i].num_steps(); ++step) {
      states.push_back({i, step});
    }
  }
  return states;
}

}  // namespace

void PpoOptions::validate() const {
  require(
      is_within(episodes_per_iteration, 2, kMostEpisodes), "episodes_per_iteration", "2 to 100000");
  require(is_within(blocks_per_iteration, 1, kMostPasses), "blocks_per_iteration", "1 to 1e9");
  require(is_within(epochs, 1, kMostPasses), "epochs", "1 to 1e9");
  require(is_within(minibatch, 1, kMostPasses), "minibatch", "1 to 1e9");
  require(is_positive(learning_rate), "learning_rate", "a number > 0, at most 1e6");
  require(is_share(final_learning_rate), "final_learning_rate", "a number from 0 to 1");
  require(is_within(warmup_iterations, 0, kMostPasses), "warmup_iterations", "0 to 1e9");
  require(clip > 0.0 && clip < 1.0, "clip", "a number between 0 and 1");
  require(is_not_negative(value_clip), "value_clip", "a number from 0 to 1e6");
  require(is_not_negative(entropy_coefficient), "entropy_coefficient", "a number from 0 to 1e6");
  require(is_not_negative(final_entropy), "final_entropy", "a number from 0 to 1e6");
  require(is_not_negative(entropy_floor), "entropy_floor", "a number from 0 to 1e6");
  require(weight_average >= 0.0 && weight_average < 1.0,
          "weight_average",
          "a number from 0 to below 1");
  require(is_not_negative(value_coefficient), "value_coefficient", "a number from 0 to 1e6");
  require(is_share(gae_lambda), "gae_lambda", "a number from 0 to 1");
  require(is_positive(max_gradient_norm), "max_gradient_norm", "a number > 0, at most 1e6");
  require(is_positive(target_kl), "target_kl", "a number > 0, at most 1e6");
  require(is_not_negative(undo_above), "undo_above", "a number from 0 to 1e6");
  require(is_not_negative(shaping), "shaping", "a number from 0 to 1e6");
  require(is_share(restarts), "restarts", "a number from 0 to 1");
  require(is_within(imitation_iterations, 0, kMostPasses), "imitation_iterations", "0 to 1e9");
  require(is_within(imitation_epochs, 1, kMostPasses), "imitation_epochs", "1 to 1e9");
  require(is_positive(imitation_rate), "imitation_rate", "a number > 0, at most 1e6");
  require(is_share(follow), "follow", "a number from 0 to 1");
  require(smoothing == 0.0 || (smoothing >= kLeastSmoothing && smoothing <= kMostFactor),
          "smoothing",
          "0, or a number from 0.001 to 1e6");
}

Tensor masked_log_softmax(const Tensor& logits, const Tensor& mask) {
  constexpr float kNever = -std::numeric_limits<float>::infinity();
  return logits.masked_fill(mask.logical_not(), kNever).log_softmax(1);
}

std::vector<float> imitation_target(const CellMaskView& legal,
                                    CellIndex target,
                                    std::span<const at::Half> deltas,
                                    double smoothing) {
  // A change worse by a tenth of the mean one halves the weight.
  constexpr double kPerDelta = 7.0;
  const auto cols = static_cast<CellIndex>(legal.grid().cols);
  std::vector<float> weights(legal.grid().num_cells(), 0.0F);
  if (smoothing == 0.0) {
    weights[target] = 1.0F;
    return weights;
  }
  const double at_target = deltas.empty() ? 0.0 : static_cast<float>(deltas[target]);
  double sum = 0.0;
  legal.for_each([&](CellIndex cell) {
    const double dx = static_cast<double>(cell % cols) - static_cast<double>(target % cols);
    const double dy = static_cast<double>(cell / cols) - static_cast<double>(target / cols);
    const double worse =
        deltas.empty() ? 0.0 : std::max(0.0, static_cast<float>(deltas[cell]) - at_target);
    const double weight =
        std::exp(-(dx * dx + dy * dy) / (2.0 * smoothing * smoothing) - kPerDelta * worse);
    weights[cell] = static_cast<float>(weight);
    sum += weight;
  });
  for (float& weight : weights) {
    weight = static_cast<float>(weight / sum);
  }
  return weights;
}

PpoStats update_network(std::span<const Trajectory> trajectories,
                        const PpoOptions& options,
                        const UpdatePlan& plan,
                        PolicyNet& net,
                        Adam& adam) {
  std::vector<StateIndex> states = all_states(trajectories);
  netlist_io::Rng rng = netlist_io::Rng::derive(plan.seed, "minibatches", 0);
  const bool imitates = std::any_of(trajectories.begin(),
                                    trajectories.end(),
                                    [](const Trajectory& t) { return !t.targets.empty(); });
  const std::int64_t epochs = imitates ? options.imitation_epochs : options.epochs;
  PpoStats stats;
  LossSums sums;
  for (std::int64_t epoch = 0; epoch < epochs; ++epoch) {
    rng.shuffle(states);
    double epoch_kl = 0.0;
    for (std::size_t begin = 0; begin < states.size();
         begin += static_cast<std::size_t>(options.minibatch)) {
      const std::size_t size =
          std::min(static_cast<std::size_t>(options.minibatch), states.size() - begin);
      // A copy: shards sort it, and the next shuffle must not depend on that.
      std::vector<StateIndex> minibatch(states.begin() + static_cast<std::ptrdiff_t>(begin),
                                        states.begin() + static_cast<std::ptrdiff_t>(begin + size));
      adam.zero_gradients();
      const LossSums part = accumulate_gradients(trajectories, options, plan, minibatch, net);
      stats.gradient_norm += adam.clip_gradients(options.max_gradient_norm);
      adam.step(plan.learning_rate);
      ++stats.updates;
      stats.states += static_cast<std::int64_t>(size);
      sums.add(part);
      epoch_kl += part.kl;
    }
    stats.kl = epoch_kl / static_cast<double>(std::max<std::size_t>(states.size(), 1));
    if (stats.kl > 1.5 * options.target_kl) {
      break;
    }
  }
  stats.gradient_norm /= static_cast<double>(std::max<std::int64_t>(stats.updates, 1));
  const double evaluated = static_cast<double>(std::max<std::int64_t>(stats.states, 1));
  stats.policy_loss = sums.policy / evaluated;
  stats.value_loss = sums.value / evaluated;
  stats.entropy = sums.entropy / evaluated;
  stats.clip_fraction = sums.clipped / evaluated;
  return stats;
}

double explained_variance(std::span<const Trajectory> trajectories) {
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
