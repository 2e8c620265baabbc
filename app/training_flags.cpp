#include "app/training_flags.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <utility>

#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/interrupt.h"
#include "app/option_checks.h"
#include "app/options_json.h"
#include "app/outputs.h"
#include "app/progress_log.h"
#include "app/training_log.h"
#include "netlist_io/errors.h"

namespace tessera::app {
namespace {

/// Iterations of imitation where there are demonstrations and no flag gives their number.
constexpr std::int64_t kUsualImitation = 30;
/// Where there are none, and episodes are imitated.
constexpr std::int64_t kAllIterations = 1'000'000'000;

/// A default as a user would write it.
std::string default_text(bool value) {
  return value ? "true" : "false";
}
template <typename Number>
std::string default_text(const Number& value) {
  return CLI::detail::to_string(value);
}

/// Adds options with their defaults under one heading.
class Group {
 public:
  Group(CLI::App& command, const char* name) : command_(command), name_(name) {}

  template <typename Value>
  void add(const char* flag, Value& value, const char* help) const {
    command_.add_option(flag, value, help)->default_str(default_text(value))->group(name_);
  }

 private:
  CLI::App& command_;
  const char* name_;
};

void add_model_flags(CLI::App& command, gnn::ModelConfig& model) {
  const char* const name = "Model (of a network with random weights)";
  command
      .add_option("--model",
                  model.name,
                  "canvas: graph network and convolutions over maps of the canvas; "
                  "circuit-training: the network as published")
      ->check(CLI::IsMember({gnn::kCanvasModel, gnn::kCircuitTrainingModel}))
      ->capture_default_str()
      ->group(name);
  const Group group(command, name);
  group.add(
      "--graph-width", model.graph_width, "size of the embeddings of vertices and of messages");
  group.add("--graph-layers", model.graph_layers, "rounds of messages");
  group.add("--canvas-width", model.canvas_width, "channels of the convolutions");
  group.add("--canvas-layers", model.canvas_layers, "residual convolutions");
  group.add("--scatter-width",
            model.scatter_width,
            "channels of the embeddings of vertices at their places on the canvas; 0: none");
  group.add(
      "--delta-maps", model.delta_maps, "the network sees the change of the cost for each cell");
}

void add_ppo_flags(CLI::App& command, gnn::PpoOptions& ppo) {
  const Group group(command, "Proximal policy optimisation");
  group.add("--episodes", ppo.episodes_per_iteration, "episodes collected per iteration");
  group.add("--blocks", ppo.blocks_per_iteration, "blocks that share the episodes of an iteration");
  group.add("--epochs", ppo.epochs, "passes over the states of an iteration");
  group.add("--minibatch", ppo.minibatch, "states per update");
  group.add("--learning-rate", ppo.learning_rate, "step size of Adam");
  group.add("--final-learning-rate",
            ppo.final_learning_rate,
            "factor to which --learning-rate falls by the end");
  group.add(
      "--warmup", ppo.warmup_iterations, "iterations over which the step size grows at first");
  group.add("--clip", ppo.clip, "bound of the ratio of probabilities: 1 -+ this");
  group.add("--value-clip", ppo.value_clip, "bound of the change of a value; 0: none");
  group.add("--entropy", ppo.entropy_coefficient, "weight of the entropy bonus");
  group.add("--final-entropy", ppo.final_entropy, "factor to which --entropy falls by the end");
  group.add("--entropy-floor",
            ppo.entropy_floor,
            "mean entropy in nats below which the bonus grows; 0: none");
  group.add("--value-weight", ppo.value_coefficient, "weight of the value loss");
  group.add("--gae-lambda", ppo.gae_lambda, "lambda of the advantage estimate");
  group.add("--block-advantages",
            ppo.block_advantages,
            "centre and scale advantages among the episodes of each block");
  group.add("--max-gradient-norm",
            ppo.max_gradient_norm,
            "gradients of a larger norm are scaled down to this one");
  group.add("--target-kl", ppo.target_kl, "divergence beyond which an iteration's updates end");
  group.add("--undo-above",
            ppo.undo_above,
            "on one block, rise of the mean proxy, as a part of it, after which the last update is "
            "undone; 0: never");
  group.add(
      "--weight-average",
      ppo.weight_average,
      "judge and keep means of the weights, older iterations counting by this factor less each; "
      "0: the last weights");
  group.add("--shaping", ppo.shaping, "factor of the shaping of the reward by the running proxy");
  group.add(
      "--restarts", ppo.restarts, "share of episodes that start from a prefix of the best so far");
}

/// Returns that for the number of iterations.
const CLI::Option* add_imitation_flags(CLI::App& command, TrainingFlags& flags) {
  const char* const name = "Imitation";
  command
      .add_option("--demonstrations",
                  flags.demonstrations,
                  "file of `tessera demonstrate`: the policy begins by imitating them")
      ->type_name("FILE")
      ->group(name);
  command
      .add_option("--best-demonstrations",
                  flags.best_demonstrations,
                  "demonstrations per block to imitate, those of least proxy; 0: all")
      ->capture_default_str()
      ->group(name);
  const CLI::Option* const iterations =
      command
          .add_option(
              "--imitation-iterations",
              flags.ppo.imitation_iterations,
              "iterations that imitate before PPO begins, if there are --demonstrations; with "
              "--expert-iteration alone, all")
          ->default_str(std::to_string(kUsualImitation))
          ->group(name);
  const Group group(command, name);
  group.add("--imitation-epochs",
            flags.ppo.imitation_epochs,
            "passes over the states of an iteration of imitation");
  group.add(
      "--imitation-rate", flags.ppo.imitation_rate, "factor of the learning rate while imitating");
  group.add("--follow",
            flags.ppo.follow,
            "least share of steps that take the demonstrated cell while imitating");
  group.add(
      "--expert-iteration",
      flags.ppo.expert_iteration,
      "imitate the best episode of a block so far where it is better than its demonstrations");
  group.add("--smoothing",
            flags.ppo.smoothing,
            "grid cells over which the demonstrated cell is blurred; 0: not at all");
  return iterations;
}

nlohmann::ordered_json to_json(const gnn::TrainingResult& result,
                               std::span<const gnn::TrainingBlock> judged) {
  nlohmann::ordered_json document = {{"iterations", result.iterations},
                                     {"episodes", result.episodes},
                                     {"elapsed_s", result.elapsed_s},
                                     {"first_mean_proxy", result.first_mean_proxy},
                                     {"last_mean_proxy", result.last_mean_proxy},
                                     {"best_proxy", result.best_proxy}};
  if (result.best_score) {
    document["best_score"] = *result.best_score;
    nlohmann::ordered_json proxies = nlohmann::ordered_json::object();
    for (std::size_t i = 0; i < judged.size(); ++i) {
      proxies[judged[i].name] = result.judged_proxies.at(i);
    }
    document["judged_proxies"] = std::move(proxies);
  }
  document["stopped"] = result.stopped;
  return document;
}

/// The line that says the same to people.
void print_result(const gnn::TrainingResult& result) {
  std::printf("%lld iterations, %lld episodes, %.1f s: mean proxy %.6f -> %.6f, best %.6f",
              static_cast<long long>(result.iterations),
              static_cast<long long>(result.episodes),
              result.elapsed_s,
              result.first_mean_proxy,
              result.last_mean_proxy,
              result.best_proxy);
  if (result.best_score) {
    std::printf(", best score %.4f", *result.best_score);
  }
  std::printf("\n");
}

}  // namespace

void TrainingFlags::add_to(CLI::App& command, const std::string& policy_help) {
  CLI::Option* const policy_option =
      command.add_option("--policy", policy, policy_help)->type_name("FILE");
  CLI::Option* const scratch =
      command.add_flag("--from-scratch", from_scratch, "start from random weights")
          ->excludes(policy_option);
  command.add_flag("--resume", resume, "go on with the training that the output holds")
      ->excludes(policy_option)
      ->excludes(scratch);
  command.add_option("--device", device, "where the network computes")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  constexpr double kLongestS = 1e9;
  command
      .add_option(
          "--time",
          time_s,
          "seconds of training, those before a --resume included; none with --iterations, those "
          "of the training resumed without either")
      ->default_str(default_text(gnn::kUsualTimeS))
      ->check(number_range(1e-9, kLongestS));
  command
      .add_option(
          "--iterations",
          iterations,
          "iterations of training, those before a --resume included (default: until --time is up)")
      ->check(CLI::Range(1, 100000000));
  command
      .add_option(
          "--checkpoint-interval", checkpoint_interval_s, "least seconds between two checkpoints")
      ->check(number_range(0.0, kLongestS))
      ->capture_default_str();
  command
      .add_option(
          "--evaluation-interval",
          evaluation_interval,
          "iterations between greedy episodes, by which the best weights are kept; 0: the last "
          "weights are kept")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  const std::vector<CLI::Option*> before = command.get_options();
  add_model_flags(command, model);
  add_ppo_flags(command, ppo);
  imitation_option_ = add_imitation_flags(command, *this);
  kept_options_ = {command.get_option("--seed")};
  for (const CLI::Option* const option : command.get_options()) {
    const bool own = std::find(before.begin(), before.end(), option) == before.end();
    if (own && option->get_name().find("demonstrations") == std::string::npos) {
      kept_options_.push_back(option);
    }
  }
}

void TrainingFlags::follow_checkpoint(const gnn::Plugin& plugin,
                                      const std::optional<std::string>& start,
                                      const std::string& output,
                                      EnvironmentFlags& environment) const {
  const std::optional<std::string> checkpoint = resume ? std::optional(output) : start;
  if (checkpoint) {
    const std::string trained = plugin.load_network(*checkpoint, "cpu")->environment();
    print_warnings(environment.follow(trained, *checkpoint));
  }
}

gnn::TrainingOptions TrainingFlags::training_options(const CommonFlags& common,
                                                     const EnvironmentFlags& environment,
                                                     const std::string& output) const {
  gnn::TrainingOptions options;
  options.ppo = ppo;
  if (imitation_option_->count() == 0) {
    if (demonstrations) {
      options.ppo.imitation_iterations = kUsualImitation;
    } else if (ppo.expert_iteration) {
      options.ppo.imitation_iterations = kAllIterations;
    }
  }
  options.model = model;
  options.environment = environment.trained_with();
  options.output = output;
  options.resume = resume;
  options.seed = common.seed;
  options.threads = common.num_threads();
  options.device = device;
  if (resume) {
    warn_of_kept_options();
  }
  options.time_limit_s = time_s;
  options.iterations = iterations;
  options.checkpoint_interval_s = checkpoint_interval_s;
  options.evaluation_interval = evaluation_interval;
  options.stop = interrupted;
  options.warn = warn;
  const auto metrics = std::make_shared<MetricsLog>(output);
  options.progress = [metrics,
                      progress = TrainingProgress()](const gnn::IterationInfo& info) mutable {
    metrics->add(info);
    progress(info);
  };
  return options;
}

void TrainingFlags::warn_of_kept_options() const {
  std::string given;
  for (const CLI::Option* const option : kept_options_) {
    if (option->count() > 0) {
      given += (given.empty() ? "" : ", ") + option->get_name();
    }
  }
  if (!given.empty()) {
    warn("--resume goes on with the options of the training; without effect: " + given);
  }
}

void check_checkpoint_path(const std::string& path) {
  if (!path.ends_with(".safetensors")) {
    throw netlist_io::OptionError("output \"" + path +
                                  "\" does not end in .safetensors, expected a checkpoint");
  }
  check_writable(path);
}

nlohmann::ordered_json training_head(const char* command,
                                     const gnn::TrainingResult& result,
                                     const CommonFlags& common) {
  return {{"schema_version", 1},
          {"tessera", version_text()},
          {"command", command},
          {"seed", result.seed},
          {"threads", common.num_threads()}};
}

int report_training(nlohmann::ordered_json head,
                    const gnn::TrainingResult& result,
                    std::span<const gnn::TrainingBlock> judged,
                    const CommonFlags& common) {
  if (common.json) {
    head.update(to_json(result, judged));
    print_json(head);
  } else {
    print_result(result);
  }
  return result.stopped ? kInterrupted : kDone;
}

}  // namespace tessera::app
