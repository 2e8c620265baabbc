#include "gnn/training.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <limits>
#include <memory>
#include <numeric>
#include <stdexcept>

#include <nlohmann/json.hpp>

#include "gnn/adam.h"
#include "gnn/device.h"
#include "gnn/evaluation.h"
#include "gnn/metadata_json.h"
#include "gnn/model_file.h"
#include "gnn/observation_encoder.h"
#include "gnn/policy_net.h"
#include "gnn/ppo.h"
#include "gnn/rollout.h"
#include "gnn/undo_point.h"
#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "netlist_io/sha256.h"
#include "placer/decoding.h"
#include "placer/macro_env.h"

namespace tessera::gnn {

// Trainings begun before there was an option go on with its default.
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(PpoOptions,
                                                episodes_per_iteration,
                                                blocks_per_iteration,
                                                epochs,
                                                minibatch,
                                                learning_rate,
                                                final_learning_rate,
                                                warmup_iterations,
                                                clip,
                                                value_clip,
                                                entropy_coefficient,
                                                final_entropy,
                                                entropy_floor,
                                                value_coefficient,
                                                gae_lambda,
                                                block_advantages,
                                                max_gradient_norm,
                                                target_kl,
                                                undo_above,
                                                weight_average,
                                                shaping,
                                                restarts,
                                                imitation_iterations,
                                                imitation_epochs,
                                                imitation_rate,
                                                follow,
                                                expert_iteration,
                                                smoothing)
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ReturnScale, mean, deviation)

namespace {

using netlist_io::Rng;
using nlohmann::json;
using placer::CellIndex;
using Clock = std::chrono::steady_clock;

constexpr double kNever = std::numeric_limits<double>::max();
constexpr const char* kTrainingKey = "training";
constexpr const char* kSettingKey = "training_setting";
/// Prefix of the parameters of the last iteration; those of the best score are the model's.
constexpr const char* kLastPrefix = "last/";
/// Prefix of the means of the parameters over the iterations, if there are any.
constexpr const char* kMeanPrefix = "mean/";

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// What tells whether the actions and proxies of a training have the same meaning in another run.
std::string describe(const placer::MacroProblem& problem) {
  const netlist_io::GridShape grid = problem.canvas().grid;
  const placer::MacroSpacing& spacing = problem.options().spacing;
  std::string order;
  for (const netlist_io::NodeId macro : problem.macros()) {
    order += std::to_string(macro.index()) + " ";
    if (spacing.own_halos) {
      const placer::Halo& halo = (*spacing.own_halos)[macro.index()];
      for (const double side : {halo.left, halo.bottom, halo.right, halo.top}) {
        order += std::to_string(side) + " ";
      }
    }
  }
  std::array<char, 192> text;
  // The proxy knows of weights, tracks, nets, canvas and of everything fixed.
  std::snprintf(text.data(),
                text.size(),
                "%dx%d cells, %zu macros, apart by %g,%g, order %s, proxy at the start %.6g",
                grid.cols,
                grid.rows,
                problem.macros().size(),
                spacing.halo_x_um + spacing.channel_x_um,
                spacing.halo_y_um + spacing.channel_y_um,
                netlist_io::sha256_hex(order).substr(0, 8).c_str(),
                problem.proxy_cost().evaluate(problem.start()).proxy);
  return text.data();
}

std::vector<std::string> names_of(std::span<const TrainingBlock> blocks) {
  std::vector<std::string> names;
  for (const TrainingBlock& block : blocks) {
    names.push_back(block.name);
  }
  return names;
}

/// What a training knows of one block.
struct BlockProgress {
  std::string name;
  ReturnScale scale{0.0, 0.0};  ///< deviation 0: not yet measured
  double best_proxy = kNever;
  std::vector<CellIndex> best_actions;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(BlockProgress, name, scale, best_proxy, best_actions)

/// What a checkpoint has to hold, besides weights and optimiser, for the training to go on as if it
/// had never stopped. Random streams are derived from seed and iteration and need no state.
struct Progress {
  std::int64_t iteration = 0;
  std::int64_t episodes = 0;
  double elapsed_s = 0.0;
  std::uint64_t seed = 1;
  double first_mean_proxy = 0.0;
  double last_mean_proxy = 0.0;
  double best_score = kNever;
  std::vector<double> judged_proxies;
  std::vector<BlockProgress> blocks;
  PpoOptions ppo;
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(Progress,
                                   iteration,
                                   episodes,
                                   elapsed_s,
                                   seed,
                                   first_mean_proxy,
                                   last_mean_proxy,
                                   best_score,
                                   judged_proxies,
                                   blocks,
                                   ppo)

/// Throws `std::invalid_argument` for counts that no training comes to.
void check_counts(const Progress& progress) {
  constexpr std::int64_t kMost = 1'000'000'000'000;
  for (const std::int64_t count : {progress.iteration, progress.episodes}) {
    if (count < 0 || count > kMost) {
      throw std::invalid_argument("a count is " + std::to_string(count) +
                                  ", expected 0 to 1000000000000");
    }
  }
  if (!(progress.elapsed_s >= 0.0 && progress.elapsed_s <= 1e12)) {
    throw std::invalid_argument("the time is no number of seconds from 0 to 1e12");
  }
}

/// What a training that goes on must have in common with its earlier part, and its limits.
/// Trainings begun before this was kept have none of it.
struct Setting {
  std::vector<std::string> problems;  ///< `describe`, by block
  std::vector<std::string> judged;    ///< names
  bool demonstrated = false;
  double time_limit_s = 0.0;    ///< 0: none
  std::int64_t iterations = 0;  ///< 0: until the time is up
  double more_entropy = 0.0;  ///< added to the entropy coefficient, see `PpoOptions::entropy_floor`
  std::vector<double> recent_means;  ///< proxies of the last iterations, see `Trainer::rises`
  std::int64_t undone = 0;           ///< updates, one after the other, up to now
};
NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE_WITH_DEFAULT(Setting,
                                                problems,
                                                judged,
                                                demonstrated,
                                                time_limit_s,
                                                iterations,
                                                more_entropy,
                                                recent_means,
                                                undone)

/// Mean of the costs, and the standard deviation of the proxies.
struct ProxyStatistics {
  cost::CostBreakdown mean;
  double deviation = 0.0;
  double least = kNever;
};

ProxyStatistics proxy_statistics(std::span<const Trajectory* const> trajectories) {
  ProxyStatistics result;
  const auto count = static_cast<double>(trajectories.size());
  for (const Trajectory* const trajectory : trajectories) {
    result.mean.proxy += trajectory->cost.proxy / count;
    result.mean.wirelength += trajectory->cost.wirelength / count;
    result.mean.density += trajectory->cost.density / count;
    result.mean.congestion += trajectory->cost.congestion / count;
    result.mean.hpwl_um += trajectory->cost.hpwl_um / count;
    result.least = std::min(result.least, trajectory->cost.proxy);
  }
  for (const Trajectory* const trajectory : trajectories) {
    result.deviation += std::pow(trajectory->cost.proxy - result.mean.proxy, 2) / count;
  }
  result.deviation = std::sqrt(result.deviation);
  return result;
}

/// A copy of the parameters of a network, to go back to.
std::vector<torch::Tensor> copy_parameters(const PolicyNet& net) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> copies;
  for (const torch::Tensor& parameter : net.parameters()) {
    copies.push_back(parameter.detach().clone());
  }
  return copies;
}

/// One training: state and loop.
class Trainer {
 public:
  Trainer(std::span<const TrainingBlock> blocks,
          std::span<const TrainingBlock> judged,
          const TrainingOptions& options)
      : blocks_(blocks),
        options_(options),
        device_(device_named(options.device)),
        judge_(judged.empty() ? blocks : judged, options.threads) {
    for (const TrainingBlock& block : blocks) {
      encoders_.push_back(std::make_unique<ObservationEncoder>(*block.problem));
      progress_.blocks.push_back({block.name, {0.0, 0.0}, kNever, {}});
      setting_.problems.push_back(describe(*block.problem));
    }
    setting_.judged = names_of(judged.empty() ? blocks : judged);
    setting_.demonstrated = has_demonstrations();
    progress_.seed = options.seed;
    progress_.ppo = options.ppo;
    progress_.ppo.validate();
    if (options.resume) {
      resume();
    } else {
      net_ = options.start_checkpoint
                 ? load_model(load_checkpoint(*options.start_checkpoint), *options.start_checkpoint)
                 : make_network(options.model, options.seed);
      net_->to(device_);
      adam_ = std::make_unique<Adam>(*net_);
    }
    set_limits();
    if (best_parameters_.empty()) {
      best_parameters_ = copy_parameters(*net_);
    }
    if (averages() && !mean_net_) {
      mean_net_ = make_network(net_->config(), 0);
      mean_net_->to(device_);
      average_weights(0.0);
    }
  }

  TrainingResult run() {
    const double earlier_s = progress_.elapsed_s;
    const Clock::time_point start = Clock::now();
    double last_save_s = earlier_s;
    bool stopped = false;
    bool saved = false;
    tell_earlier_best();
    while (!finished() && !stopped) {
      try {
        run_iteration(start, earlier_s);
      } catch (const placer::ScoreError&) {
        fail_diverged();
      }
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
    return result(stopped);
  }

 private:
  TrainingResult result(bool stopped) const {
    TrainingResult result;
    result.iterations = progress_.iteration;
    result.episodes = progress_.episodes;
    result.elapsed_s = progress_.elapsed_s;
    result.first_mean_proxy = progress_.first_mean_proxy;
    result.last_mean_proxy = progress_.last_mean_proxy;
    result.best_proxy = best_proxy();
    for (const BlockProgress& block : progress_.blocks) {
      result.best_proxies.push_back(block.best_proxy < kNever ? std::optional(block.best_proxy)
                                                              : std::nullopt);
    }
    result.seed = progress_.seed;
    if (progress_.best_score < kNever) {
      result.best_score = progress_.best_score;
      result.judged_proxies = progress_.judged_proxies;
    }
    result.stopped = stopped;
    return result;
  }

  double best_proxy() const {
    double best = kNever;
    for (const BlockProgress& block : progress_.blocks) {
      best = std::min(best, block.best_proxy);
    }
    return best;
  }

  /// The limits given, else those of the training resumed, else the usual ones.
  void set_limits() {
    if (options_.time_limit_s || options_.iterations) {
      setting_.time_limit_s = options_.time_limit_s.value_or(0.0);
      setting_.iterations = options_.iterations.value_or(0);
    } else if (setting_.time_limit_s == 0.0 && setting_.iterations == 0) {
      setting_.time_limit_s = kUsualTimeS;
    }
  }

  bool finished() const { return done_share() >= 1.0; }

  /// How much of the training is done, from 0 to 1.
  double done_share() const {
    double share = 0.0;
    if (setting_.iterations > 0) {
      share = static_cast<double>(progress_.iteration) / static_cast<double>(setting_.iterations);
    }
    if (setting_.time_limit_s > 0.0) {
      share = std::max(share, progress_.elapsed_s / setting_.time_limit_s);
    }
    return std::min(1.0, share);
  }

  /// Whoever resumes may want the best in another form. Throws `netlist_io::ParseError` for an
  /// episode that is none of its block.
  void tell_earlier_best() const {
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      const placer::MacroProblem& problem = *blocks_[i].problem;
      const std::vector<CellIndex>& actions = progress_.blocks[i].best_actions;
      if (actions.empty()) {
        continue;
      }
      try {
        placer::MacroEnv env(problem);
        for (const CellIndex action : actions) {
          env.step(action);
        }
        if (!env.done()) {
          throw netlist_io::InternalError("macros are left");
        }
        if (options_.improved) {
          const netlist_io::Placement placement = env.placement();
          options_.improved(i, placement, problem.proxy_cost().evaluate(placement));
        }
      } catch (const netlist_io::InternalError&) {
        throw netlist_io::ParseError(
            {options_.output, 0, 0},
            "the best episode of block " + blocks_[i].name + " cannot be played again");
      }
    }
  }

  [[noreturn]] void fail_diverged() const {
    throw std::runtime_error(
        "the training diverged in iteration " + std::to_string(progress_.iteration) +
        ": the network's scores are not numbers; a smaller learning rate may help (" +
        options_.output + " holds what was saved before, if anything)");
  }

  /// Throws before weights that are no numbers reach a checkpoint.
  void check_finite() const {
    for (const torch::Tensor& parameter : net_->parameters()) {
      if (!torch::isfinite(parameter).all().item<bool>()) {
        fail_diverged();
      }
    }
  }

  bool has_demonstrations() const {
    return std::any_of(blocks_.begin(), blocks_.end(), [](const TrainingBlock& block) {
      return !block.demonstrations.empty();
    });
  }

  bool averages() const { return progress_.ppo.weight_average > 0.0; }

  /// Moves the means of the weights to the weights, all but this part of the way.
  void average_weights(double kept) {
    const torch::NoGradGuard no_grad;
    const std::vector<torch::Tensor> weights = net_->parameters();
    const std::vector<torch::Tensor> means = mean_net_->parameters();
    for (std::size_t i = 0; i < weights.size(); ++i) {
      means[i].lerp_(weights[i], 1.0 - kept);
    }
  }

  /// What is judged.
  const std::shared_ptr<PolicyNet>& candidate() const { return averages() ? mean_net_ : net_; }

  bool imitates() const {
    return progress_.iteration <= progress_.ppo.imitation_iterations &&
           (has_demonstrations() || progress_.ppo.expert_iteration);
  }

  UpdatePlan update_plan() const {
    const PpoOptions& ppo = progress_.ppo;
    const double done = done_share();
    const auto falling = [done](double final) { return 1.0 - done * (1.0 - final); };
    UpdatePlan plan;
    plan.learning_rate = ppo.learning_rate * falling(ppo.final_learning_rate);
    if (progress_.iteration <= ppo.warmup_iterations) {
      plan.learning_rate *=
          static_cast<double>(progress_.iteration) / static_cast<double>(ppo.warmup_iterations + 1);
    }
    if (imitates()) {
      plan.learning_rate *= ppo.imitation_rate;
    }
    plan.entropy_coefficient =
        ppo.entropy_coefficient * falling(ppo.final_entropy) + setting_.more_entropy;
    plan.seed = progress_.seed * 1000003ULL + static_cast<std::uint64_t>(progress_.iteration);
    plan.threads = options_.threads;
    plan.device = device_;
    return plan;
  }

  /// The blocks of this iteration, all different.
  std::vector<std::size_t> draw_blocks(Rng& rng) const {
    std::vector<std::size_t> chosen;
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (!imitates() || progress_.ppo.expert_iteration || !blocks_[i].demonstrations.empty()) {
        chosen.push_back(i);
      }
    }
    rng.shuffle(chosen);
    chosen.resize(
        std::min(chosen.size(), static_cast<std::size_t>(progress_.ppo.blocks_per_iteration)));
    return chosen;
  }

  /// The episodes of this iteration.
  std::vector<EpisodePlan> plan_episodes() const {
    Rng rng = Rng::derive(
        progress_.seed, "episode plans", static_cast<std::uint64_t>(progress_.iteration));
    const std::vector<std::size_t> chosen = draw_blocks(rng);
    const auto count = static_cast<std::size_t>(progress_.ppo.episodes_per_iteration);
    std::vector<EpisodePlan> plans(count);
    for (std::size_t i = 0; i < count; ++i) {
      EpisodePlan& plan = plans[i];
      // Episodes of a block are neighbours, and so in the same group.
      plan.block = chosen[i * chosen.size() / count];
      plan.encoder = encoders_[plan.block].get();
      const double share = rng.uniform();
      const std::vector<CellIndex>& best = progress_.blocks[plan.block].best_actions;
      if (imitates()) {
        const TrainingBlock& block = blocks_[plan.block];
        const bool surpassed = progress_.ppo.expert_iteration &&
                               progress_.blocks[plan.block].best_proxy < block.demonstrated_proxy;
        if (surpassed) {
          plan.teacher = best;
        } else if (!block.demonstrations.empty()) {
          plan.teacher = block.demonstrations[rng.below(block.demonstrations.size())];
        }  // else the first episodes of a block, which PPO learns from
        plan.follow = progress_.ppo.follow + (1.0 - progress_.ppo.follow) * share;
      } else if (share < progress_.ppo.restarts && !best.empty()) {
        plan.prefix = std::span(best).first(rng.below(best.size()));
      }
    }
    return plans;
  }

  void run_iteration(Clock::time_point start, double earlier_s) {
    const Clock::time_point rollout_start = Clock::now();
    ++progress_.iteration;
    IterationInfo info;
    info.imitation = imitates();
    const RolloutOptions rollout{progress_.seed, progress_.iteration, options_.threads, device_};
    std::vector<Trajectory> trajectories = collect_episodes(plan_episodes(), *net_, rollout);
    progress_.episodes += static_cast<std::int64_t>(trajectories.size());
    estimate_all(trajectories);
    fill_rollout_info(trajectories, info);
    for (const Trajectory& trajectory : trajectories) {
      note_best(trajectory);
    }
    info.rollout_s = seconds_since(rollout_start);

    const Clock::time_point update_start = Clock::now();
    info.undone = rises(info.mean_proxy);
    if (info.undone) {
      undo_point_.restore(*net_, mean_net_.get(), *adam_);
    } else {
      update(trajectories, info);
    }
    info.update_s = seconds_since(update_start);
    if (options_.evaluation_interval > 0 &&
        (progress_.iteration % options_.evaluation_interval == 0 || last_by_count())) {
      evaluate(info);
    }
    progress_.elapsed_s = earlier_s + seconds_since(start);
    info.elapsed_s = progress_.elapsed_s;
    if (options_.progress) {
      options_.progress(info);
    }
  }

  void update(std::span<const Trajectory> trajectories, IterationInfo& info) {
    if (may_undo()) {
      undo_point_.take(*net_, mean_net_.get(), *adam_);
    }
    const UpdatePlan plan = update_plan();
    const PpoStats stats = update_network(trajectories, progress_.ppo, plan, *net_, *adam_);
    check_finite();
    mind_entropy(stats.entropy);
    if (averages()) {
      // The first iterations weigh as much as they are many.
      const auto count = static_cast<double>(progress_.iteration);
      average_weights(std::min(progress_.ppo.weight_average, count / (count + 1.0)));
    }
    info.learning_rate = plan.learning_rate;
    fill_update_info(stats, info);
  }

  /// The means of different blocks do not compare.
  bool may_undo() const {
    return progress_.ppo.undo_above > 0.0 && blocks_.size() == 1 && !imitates();
  }

  /// Whether the mean proxy of an iteration's episodes is so much higher than before that the last
  /// update is to be undone; takes notice of it if not.
  bool rises(double mean_proxy) {
    constexpr std::size_t kRecent = 5;       // iterations that say what is usual
    constexpr std::size_t kLeast = 3;        // of them, before anything is unusual
    constexpr std::int64_t kMostUndone = 3;  // in a row; then it is no accident
    if (!may_undo()) {
      undo_point_.clear();
      setting_.recent_means.clear();
      return false;
    }
    std::vector<double>& recent = setting_.recent_means;
    const double usual = std::accumulate(recent.begin(), recent.end(), 0.0) /
                         static_cast<double>(std::max<std::size_t>(recent.size(), 1));
    if (recent.size() >= kLeast && !undo_point_.empty() && setting_.undone < kMostUndone &&
        mean_proxy > usual * (1.0 + progress_.ppo.undo_above)) {
      ++setting_.undone;
      return true;
    }
    if (setting_.undone == kMostUndone) {
      recent.clear();
    }
    setting_.undone = 0;
    recent.push_back(mean_proxy);
    if (recent.size() > kRecent) {
      recent.erase(recent.begin());
    }
    return false;
  }

  /// Makes the entropy worth more to the next update, the further it is below its floor. Not by
  /// what adds up from update to update: a policy that is sure of everything hardly answers, and by
  /// the time it does it would be thrown back to a random one.
  void mind_entropy(double entropy) {
    constexpr double kMost = 1.0;  // as much as the deviation of the advantages
    const double floor = progress_.ppo.entropy_floor;
    setting_.more_entropy =
        floor > 0.0 && !imitates() ? kMost * std::clamp(1.0 - entropy / floor, 0.0, 1.0) : 0.0;
  }

  bool last_by_count() const {
    return setting_.iterations > 0 && progress_.iteration == setting_.iterations;
  }

  /// Measures the scale of the returns of blocks seen for the first time, then estimates
  /// advantages.
  void estimate_all(std::vector<Trajectory>& trajectories) {
    for (std::size_t i = 0; i < progress_.blocks.size(); ++i) {
      ReturnScale& scale = progress_.blocks[i].scale;
      std::vector<const Trajectory*> own;
      for (const Trajectory& trajectory : trajectories) {
        if (trajectory.block == i) {
          own.push_back(&trajectory);
        }
      }
      if (own.empty() || scale.deviation > 0.0) {
        continue;
      }
      const ProxyStatistics statistics = proxy_statistics(own);
      // Few episodes may agree by chance.
      constexpr std::size_t kManyEpisodes = 8;
      const double least = own.size() < kManyEpisodes ? 0.03 : 0.01;
      scale = {statistics.mean.proxy,
               std::max(statistics.deviation, least * statistics.mean.proxy)};
    }
    for (Trajectory& trajectory : trajectories) {
      estimate_advantages(trajectory,
                          progress_.blocks[trajectory.block].scale,
                          progress_.ppo.shaping,
                          progress_.ppo.gae_lambda);
    }
    if (progress_.ppo.block_advantages) {
      for (std::size_t i = 0; i < progress_.blocks.size(); ++i) {
        normalise_advantages(trajectories, i);
      }
    }
  }

  /// Of the episodes of one block.
  static void normalise_advantages(std::vector<Trajectory>& trajectories, std::size_t block) {
    std::vector<float*> advantages;
    for (Trajectory& trajectory : trajectories) {
      if (trajectory.block == block) {
        for (float& advantage : trajectory.advantages) {
          advantages.push_back(&advantage);
        }
      }
    }
    double sum = 0.0;
    double squares = 0.0;
    for (const float* const advantage : advantages) {
      const double value = *advantage;
      sum += value;
      squares += value * value;
    }
    const double count = std::max(static_cast<double>(advantages.size()), 1.0);
    const double mean = sum / count;
    const double deviation = std::sqrt(std::max(squares / count - mean * mean, 0.0));
    const double scale = deviation > 1e-9 ? 1.0 / deviation : 0.0;
    for (float* const advantage : advantages) {
      *advantage = static_cast<float>((*advantage - mean) * scale);
    }
  }

  void note_best(const Trajectory& trajectory) {
    BlockProgress& block = progress_.blocks[trajectory.block];
    if (trajectory.cost.proxy >= block.best_proxy) {
      return;
    }
    block.best_proxy = trajectory.cost.proxy;
    block.best_actions = trajectory.actions;
    if (options_.improved) {
      options_.improved(trajectory.block,
                        replay(*blocks_[trajectory.block].problem, trajectory.actions),
                        trajectory.cost);
    }
  }

  void fill_rollout_info(const std::vector<Trajectory>& trajectories, IterationInfo& info) {
    std::vector<const Trajectory*> all;
    for (const Trajectory& trajectory : trajectories) {
      all.push_back(&trajectory);
      info.rollout_states += static_cast<std::int64_t>(trajectory.num_steps());
    }
    const ProxyStatistics statistics = proxy_statistics(all);
    if (progress_.iteration == 1) {
      progress_.first_mean_proxy = statistics.mean.proxy;
    }
    progress_.last_mean_proxy = statistics.mean.proxy;
    info.iteration = progress_.iteration;
    if (setting_.time_limit_s > 0.0) {
      info.time_limit_s = setting_.time_limit_s;
    }
    if (setting_.iterations > 0) {
      info.most_iterations = setting_.iterations;
    }
    info.episodes = progress_.episodes;
    info.mean_proxy = statistics.mean.proxy;
    info.std_proxy = statistics.deviation;
    info.min_proxy = statistics.least;
    info.best_proxy = std::min(statistics.least, best_proxy());
    info.mean_cost = statistics.mean;
    info.explained_variance = explained_variance(trajectories);
  }

  static void fill_update_info(const PpoStats& stats, IterationInfo& info) {
    info.policy_loss = stats.policy_loss;
    info.value_loss = stats.value_loss;
    info.entropy = stats.entropy;
    info.kl = stats.kl;
    info.clip_fraction = stats.clip_fraction;
    info.gradient_norm = stats.gradient_norm;
    info.update_states = stats.states;
  }

  /// Judges the weights and keeps them if none were better.
  void evaluate(IterationInfo& info) {
    const Judgement judgement = judge_.judge(candidate(), device_);
    info.score = judgement.score;
    info.judged_proxies = judgement.proxies;
    if (judgement.score < progress_.best_score) {
      progress_.best_score = judgement.score;
      progress_.judged_proxies = judgement.proxies;
      best_parameters_ = copy_parameters(*candidate());
    }
  }

  void save() {
    Checkpoint checkpoint = make_model_checkpoint(*candidate());
    store_parameters(*net_, kLastPrefix, checkpoint);
    if (averages()) {
      store_parameters(*mean_net_, kMeanPrefix, checkpoint);
    }
    if (options_.evaluation_interval > 0 && progress_.best_score < kNever) {
      std::size_t index = 0;
      for (const auto& parameter : net_->named_parameters()) {
        checkpoint.tensors[kModelPrefix + parameter.key()] =
            best_parameters_[index++].to(torch::kCPU).contiguous();
      }
    }
    adam_->store(checkpoint);
    undo_point_.store(checkpoint);
    checkpoint.metadata[kTrainingKey] = json(progress_).dump();
    checkpoint.metadata[kSettingKey] = json(setting_).dump();
    if (!options_.environment.empty()) {
      checkpoint.metadata[kEnvironmentKey] = options_.environment;
    }
    save_checkpoint(checkpoint, options_.output);
  }

  void resume() {
    const Checkpoint checkpoint = load_checkpoint(options_.output);
    Setting earlier;
    try {
      const std::vector<BlockProgress> blocks = progress_.blocks;
      Progress sample;
      sample.blocks.push_back({"", {0.0, 0.0}, 0.0, {0}});
      progress_ = read_metadata(metadata(checkpoint, kTrainingKey, ""), sample);
      const bool same = std::equal(
          blocks.begin(),
          blocks.end(),
          progress_.blocks.begin(),
          progress_.blocks.end(),
          [](const BlockProgress& a, const BlockProgress& b) { return a.name == b.name; });
      if (!same) {
        throw netlist_io::ParseError({options_.output, 0, 0},
                                     "the checkpoint is of a training on other blocks");
      }
      progress_.ppo.validate();
      check_counts(progress_);
      earlier = read_metadata(metadata(checkpoint, kSettingKey, "{}"), Setting());
    } catch (const json::exception&) {
      throw netlist_io::ParseError({options_.output, 0, 0},
                                   "the checkpoint holds no state of a training to resume");
    } catch (const std::invalid_argument& error) {
      throw netlist_io::ParseError({options_.output, 0, 0},
                                   std::string("the state of the training: ") + error.what());
    }
    follow(earlier);
    const std::shared_ptr<PolicyNet> best = load_model(checkpoint, options_.output);
    best->to(device_);
    best_parameters_ = copy_parameters(*best);
    net_ = load_model(checkpoint, options_.output, kLastPrefix);
    net_->to(device_);
    if (averages()) {
      mean_net_ = load_model(checkpoint, options_.output, kMeanPrefix);
      mean_net_->to(device_);
    }
    adam_ = std::make_unique<Adam>(*net_);
    adam_->load(checkpoint, options_.output);
    undo_point_.load(checkpoint, options_.output, *net_, mean_net_.get(), *adam_);
  }

  static std::string metadata(const Checkpoint& checkpoint,
                              const char* key,
                              const std::string& otherwise) {
    const auto found = checkpoint.metadata.find(key);
    return found == checkpoint.metadata.end() ? otherwise : found->second;
  }

  void warn(const std::string& text) const {
    if (options_.warn) {
      options_.warn(text);
    }
  }

  /// Goes on where the setting of the training that is resumed allows it.
  void follow(const Setting& earlier) {
    if (earlier.problems.size() == blocks_.size()) {
      for (std::size_t i = 0; i < blocks_.size(); ++i) {
        if (earlier.problems[i] != setting_.problems[i]) {
          throw netlist_io::OptionError(
              "block " + blocks_[i].name + " is not the problem that the training of " +
              options_.output + " is about, expected the same options: there " +
              earlier.problems[i] + "; here " + setting_.problems[i]);
        }
      }
    }
    const std::int64_t left = progress_.ppo.imitation_iterations - progress_.iteration;
    if (earlier.demonstrated && !setting_.demonstrated && left > 0) {
      throw netlist_io::OptionError("the training of " + options_.output + " imitates for " +
                                    std::to_string(left) +
                                    " iterations more, expected its --demonstrations");
    }
    if (setting_.demonstrated && left <= 0) {
      warn("the demonstrations are not used: the training that is resumed is past its imitation");
    }
    if (progress_.best_score < kNever &&
        (earlier.judged.empty() ? progress_.judged_proxies.size() != setting_.judged.size()
                                : earlier.judged != setting_.judged)) {
      warn("other blocks judge the weights than before: the best score begins anew");
      progress_.best_score = kNever;
      progress_.judged_proxies.clear();
    }
    setting_.demonstrated = setting_.demonstrated || earlier.demonstrated;
    setting_.time_limit_s = earlier.time_limit_s;
    setting_.iterations = earlier.iterations;
    setting_.more_entropy = earlier.more_entropy;
    setting_.recent_means = earlier.recent_means;
    setting_.undone = earlier.undone;
  }

  std::span<const TrainingBlock> blocks_;
  const TrainingOptions& options_;
  torch::Device device_;
  Judge judge_;
  std::vector<std::unique_ptr<ObservationEncoder>> encoders_;  ///< by block
  std::shared_ptr<PolicyNet> net_;
  std::shared_ptr<PolicyNet> mean_net_;         ///< means of its weights; null without
  std::vector<torch::Tensor> best_parameters_;  ///< of the best score, in the order of the network
  std::unique_ptr<Adam> adam_;
  UndoPoint undo_point_;  ///< before the last update, if it may be undone
  Progress progress_;
  Setting setting_;
};

}  // namespace

TrainingResult train(std::span<const TrainingBlock> blocks,
                     std::span<const TrainingBlock> judged,
                     const TrainingOptions& options) {
  if (blocks.empty()) {
    throw netlist_io::OptionError("no block to train on");
  }
  for (const std::span<const TrainingBlock> set : {blocks, judged}) {
    for (const TrainingBlock& block : set) {
      if (block.problem->macros().empty()) {
        throw netlist_io::InfeasibleError("block \"" + block.name +
                                          "\" has no movable hard macro to learn to place");
      }
    }
  }
  // Whole forward and backward passes run side by side; none is split over threads.
  torch::set_num_threads(1);
  return Trainer(blocks, judged, options).run();
}

}  // namespace tessera::gnn
