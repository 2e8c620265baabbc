#include "gnn/finetune.h"

#include <chrono>
#include <cmath>
#include <limits>

#include <nlohmann/json.hpp>

#include "gnn/adam.h"
#include "gnn/circuit_training_net.h"
#include "gnn/model_file.h"
#include "gnn/observation_encoder.h"
#include "gnn/ppo.h"
#include "gnn/rollout.h"
#include "netlist_io/errors.h"

namespace tessera::gnn {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(PpoOptions,
                                   episodes_per_iteration,
                                   epochs,
                                   minibatch,
                                   learning_rate,
                                   clip,
                                   entropy_coefficient,
                                   value_coefficient,
                                   gae_lambda,
                                   max_gradient_norm,
                                   target_kl,
                                   shaping)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReturnScale, mean, deviation)

namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What a checkpoint has to hold, besides weights and optimiser, for the training to go on as if it
/// had never stopped. Random streams are derived from seed and iteration and need no state.
struct Progress {
  std::int64_t iteration = 0;
  std::int64_t episodes = 0;
  double elapsed_s = 0.0;
  std::uint64_t seed = 1;
  double best_proxy = std::numeric_limits<double>::max();
  double first_mean_proxy = 0.0;
  double last_mean_proxy = 0.0;
  ReturnScale scale;
  PpoOptions ppo;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress,
                                   iteration,
                                   episodes,
                                   elapsed_s,
                                   seed,
                                   best_proxy,
                                   first_mean_proxy,
                                   last_mean_proxy,
                                   scale,
                                   ppo)

constexpr const char* kTrainingKey = "training";

struct ProxyStatistics {
  cost::CostBreakdown mean;
  double deviation = 0.0;
};

ProxyStatistics proxy_statistics(const std::vector<Trajectory>& trajectories) {
  ProxyStatistics result;
  const auto count = static_cast<double>(trajectories.size());
  for (const Trajectory& trajectory : trajectories) {
    result.mean.proxy += trajectory.cost.proxy / count;
    result.mean.wirelength += trajectory.cost.wirelength / count;
    result.mean.density += trajectory.cost.density / count;
    result.mean.congestion += trajectory.cost.congestion / count;
    result.mean.hpwl_um += trajectory.cost.hpwl_um / count;
  }
  for (const Trajectory& trajectory : trajectories) {
    result.deviation += std::pow(trajectory.cost.proxy - result.mean.proxy, 2) / count;
  }
  result.deviation = std::sqrt(result.deviation);
  return result;
}

/// One training on one block: state and loop.
class Trainer {
 public:
  Trainer(const placer::MacroProblem& problem, const FinetuneOptions& options)
      : problem_(problem),
        options_(options),
        encoder_(problem),
        net_(make_untrained_network(options.seed)),
        adam_(*net_) {
    progress_.seed = options.seed;
    progress_.ppo = options.ppo;
    if (options.resume) {
      resume();
    } else if (options.start_checkpoint) {
      load_model(load_checkpoint(*options.start_checkpoint), *options.start_checkpoint, net_);
    }
    progress_.ppo.validate();
  }

  FinetuneResult run() {
    const double earlier_s = progress_.elapsed_s;
    const Clock::time_point start = Clock::now();
    double last_save_s = earlier_s;
    bool stopped = false;
    bool saved = false;
    while (!finished() && !stopped) {
      run_iteration(start, earlier_s);
      stopped = options_.stop && options_.stop();
      saved = progress_.elapsed_s - last_save_s >= options_.checkpoint_interval_s;
      if (saved) {
        save();
        last_save_s = progress_.elapsed_s;
      }
    }
    if (!saved) {
      save();
    }
    return {progress_.iteration,
            progress_.episodes,
            progress_.elapsed_s,
            progress_.first_mean_proxy,
            progress_.last_mean_proxy,
            progress_.best_proxy,
            stopped};
  }

 private:
  bool finished() const {
    return (options_.iterations && progress_.iteration >= *options_.iterations) ||
           progress_.elapsed_s >= options_.time_limit_s;
  }

  void run_iteration(Clock::time_point start, double earlier_s) {
    const Clock::time_point rollout_start = Clock::now();
    ++progress_.iteration;
    const auto count = static_cast<std::size_t>(progress_.ppo.episodes_per_iteration);
    Rollout rollout = collect_episodes(
        problem_, encoder_, net_, count, progress_.seed, progress_.iteration, options_.threads);
    const ProxyStatistics proxies = proxy_statistics(rollout.trajectories);
    if (progress_.iteration == 1) {
      progress_.first_mean_proxy = proxies.mean.proxy;
      progress_.scale = {proxies.mean.proxy, std::max(proxies.deviation, 1e-3)};
    }
    progress_.last_mean_proxy = proxies.mean.proxy;
    progress_.episodes += progress_.ppo.episodes_per_iteration;
    for (Trajectory& trajectory : rollout.trajectories) {
      estimate_advantages(
          trajectory, progress_.scale, progress_.ppo.shaping, progress_.ppo.gae_lambda);
    }
    note_best(rollout);
    const double rollout_s = seconds_since(rollout_start);

    const Clock::time_point update_start = Clock::now();
    const double explained = explained_variance(rollout.trajectories);
    const std::uint64_t seed =
        progress_.seed * 1000003ULL + static_cast<std::uint64_t>(progress_.iteration);
    const PpoStats stats = ppo_update(
        rollout.trajectories, encoder_, progress_.ppo, seed, options_.threads, net_, adam_);
    progress_.elapsed_s = earlier_s + seconds_since(start);
    report(rollout, proxies, stats, explained, rollout_s, seconds_since(update_start));
  }

  void note_best(const Rollout& rollout) {
    const cost::CostBreakdown& cost = rollout.trajectories[rollout.best].cost;
    if (cost.proxy < progress_.best_proxy) {
      progress_.best_proxy = cost.proxy;
      if (options_.improved) {
        options_.improved(rollout.best_placement, cost);
      }
    }
  }

  void report(const Rollout& rollout,
              const ProxyStatistics& proxies,
              const PpoStats& stats,
              double explained,
              double rollout_s,
              double update_s) const {
    if (!options_.progress) {
      return;
    }
    IterationInfo info;
    info.iteration = progress_.iteration;
    info.elapsed_s = progress_.elapsed_s;
    info.episodes = progress_.episodes;
    info.mean_proxy = proxies.mean.proxy;
    info.std_proxy = proxies.deviation;
    info.min_proxy = rollout.trajectories[rollout.best].cost.proxy;
    info.best_proxy = progress_.best_proxy;
    info.mean_cost = proxies.mean;
    info.policy_loss = stats.policy_loss;
    info.value_loss = stats.value_loss;
    info.entropy = stats.entropy;
    info.kl = stats.kl;
    info.clip_fraction = stats.clip_fraction;
    info.explained_variance = explained;
    info.gradient_norm = stats.gradient_norm;
    info.rollout_s = rollout_s;
    info.update_s = update_s;
    options_.progress(info);
  }

  void save() const {
    Checkpoint checkpoint = make_model_checkpoint(net_);
    adam_.store(checkpoint);
    checkpoint.metadata[kTrainingKey] = json(progress_).dump();
    save_checkpoint(checkpoint, options_.output);
  }

  void resume() {
    const Checkpoint checkpoint = load_checkpoint(options_.output);
    load_model(checkpoint, options_.output, net_);
    adam_.load(checkpoint, options_.output);
    const auto found = checkpoint.metadata.find(kTrainingKey);
    try {
      progress_ =
          json::parse(found == checkpoint.metadata.end() ? "" : found->second).get<Progress>();
    } catch (const json::exception&) {
      throw netlist_io::ParseError({options_.output, 0, 0},
                                   "the checkpoint holds no state of a training to resume");
    }
  }

  const placer::MacroProblem& problem_;
  const FinetuneOptions& options_;
  ObservationEncoder encoder_;
  CircuitTrainingNet net_;
  Adam adam_;
  Progress progress_;
};

}  // namespace

FinetuneResult finetune(const placer::MacroProblem& problem, const FinetuneOptions& options) {
  if (problem.macros().empty()) {
    throw netlist_io::InfeasibleError("the block has no movable hard macro to learn to place");
  }
  // Whole forward and backward passes run side by side; none is split over threads.
  torch::set_num_threads(1);
  return Trainer(problem, options).run();
}

}  // namespace tessera::gnn
