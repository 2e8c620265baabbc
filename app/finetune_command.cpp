#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/interrupt.h"
#include "app/outputs.h"
#include "app/place_flags.h"
#include "app/plugin_loader.h"
#include "app/searched_block.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "placer/macro_problem.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

struct FinetuneFlags {
  BlockFlags block;
  CommonFlags common;
  EnvironmentFlags environment;
  gnn::PpoOptions ppo;
  std::optional<std::string> policy;
  bool from_scratch = false;
  bool resume = false;
  std::vector<std::string> outputs;
  double time_s = 900.0;
  std::optional<std::int64_t> iterations;
  double checkpoint_interval_s = 20.0;
};

/// The one output that is a checkpoint and the placements beside it.
struct Outputs {
  std::string checkpoint;
  OutputFlags placements;
};

Outputs split_outputs(const std::vector<std::string>& paths, const InputPaths& input) {
  Outputs outputs;
  for (const std::string& path : paths) {
    if (!path.ends_with(".safetensors")) {
      outputs.placements.paths.push_back(path);
    } else if (outputs.checkpoint.empty()) {
      outputs.checkpoint = path;
    } else {
      throw netlist_io::OptionError("two outputs end in .safetensors, expected one checkpoint");
    }
  }
  if (outputs.checkpoint.empty()) {
    throw netlist_io::OptionError(
        "no output ends in .safetensors, expected one checkpoint, and placements if you like");
  }
  outputs.placements.check(input);
  return outputs;
}

ordered_json to_json(const gnn::IterationInfo& info) {
  return {{"iteration", info.iteration},
          {"elapsed_s", info.elapsed_s},
          {"episodes", info.episodes},
          {"mean_proxy", info.mean_proxy},
          {"std_proxy", info.std_proxy},
          {"min_proxy", info.min_proxy},
          {"best_proxy", info.best_proxy},
          {"mean_wirelength", info.mean_cost.wirelength},
          {"mean_density", info.mean_cost.density},
          {"mean_congestion", info.mean_cost.congestion},
          {"policy_loss", info.policy_loss},
          {"value_loss", info.value_loss},
          {"entropy", info.entropy},
          {"kl", info.kl},
          {"clip_fraction", info.clip_fraction},
          {"explained_variance", info.explained_variance},
          {"gradient_norm", info.gradient_norm},
          {"rollout_s", info.rollout_s},
          {"update_s", info.update_s}};
}

/// `metrics.jsonl` beside the checkpoint: a line an iteration. Lines after the iteration from which
/// a training resumes are written again and go first.
class MetricsLog {
 public:
  explicit MetricsLog(const std::string& checkpoint)
      : path_(std::filesystem::path(checkpoint).replace_extension(".metrics.jsonl").string()) {}

  void add(const gnn::IterationInfo& info) {
    if (!file_.is_open()) {
      keep_before(info.iteration);
      file_.open(path_, std::ios::app);
    }
    file_ << to_json(info).dump() << std::endl;  // flushed: it is read while the training runs
  }

 private:
  void keep_before(std::int64_t iteration) const {
    std::ifstream old(path_);
    std::string kept;
    for (std::string text; std::getline(old, text);) {
      const ordered_json entry = ordered_json::parse(text, nullptr, /*allow_exceptions=*/false);
      if (entry.is_object() && entry.value("iteration", iteration) < iteration) {
        kept += text + "\n";
      }
    }
    netlist_io::write_file_atomic(path_, kept);
  }

  std::string path_;
  std::ofstream file_;
};

void print_progress(const gnn::IterationInfo& info) {
  if (info.iteration % 20 == 1) {
    std::fprintf(stderr,
                 "%9s %6s %8s %9s %8s %9s %9s %8s %7s %7s %6s\n",
                 "time",
                 "iter",
                 "episodes",
                 "mean",
                 "std",
                 "min",
                 "best",
                 "entropy",
                 "kl",
                 "ev",
                 "clip");
  }
  std::fprintf(stderr,
               "%7.1f s %6lld %8lld %9.5f %8.5f %9.5f %9.5f %8.4f %7.4f %7.3f %6.3f\n",
               info.elapsed_s,
               static_cast<long long>(info.iteration),
               static_cast<long long>(info.episodes),
               info.mean_proxy,
               info.std_proxy,
               info.min_proxy,
               info.best_proxy,
               info.entropy,
               info.kl,
               info.explained_variance,
               info.clip_fraction);
}

gnn::FinetuneOptions training_options(const FinetuneFlags& flags, const std::string& checkpoint) {
  gnn::FinetuneOptions options;
  options.ppo = flags.ppo;
  options.output = checkpoint;
  options.resume = flags.resume;
  options.seed = flags.common.seed;
  options.threads = flags.common.num_threads();
  options.time_limit_s = flags.time_s;
  options.iterations = flags.iterations;
  options.checkpoint_interval_s = flags.checkpoint_interval_s;
  options.stop = interrupted;
  if (!flags.from_scratch && !flags.resume) {
    options.start_checkpoint = flags.policy ? *flags.policy : bundled_checkpoint().string();
  }
  return options;
}

int run(const FinetuneFlags& flags) {
  const Outputs outputs = split_outputs(flags.outputs, flags.block.input);
  catch_interrupts();
  const gnn::Plugin& plugin = load_plugin();
  const std::unique_ptr<const Block> block =
      read_block(flags.block, BlockUse::kPlacing, ClusteringSettings::with_seed(flags.common.seed));
  const SearchedBlock searched(*block, flags.environment, flags.environment.apply_fixes(*block));
  const placer::MacroProblem problem(searched.block().netlist,
                                     block->canvas,
                                     searched.fixed(),
                                     searched.environment().problem_options(searched.block()));

  gnn::FinetuneOptions options = training_options(flags, outputs.checkpoint);
  MetricsLog metrics(outputs.checkpoint);
  options.progress = [&](const gnn::IterationInfo& info) {
    metrics.add(info);
    if (!flags.common.quiet) {
      print_progress(info);
    }
  };
  options.improved = [&](const netlist_io::Placement& placement, const cost::CostBreakdown&) {
    outputs.placements.write(*block, searched.expand(placement));
  };
  const gnn::FinetuneResult result = plugin.finetune(problem, options);
  const ordered_json document = {{"schema_version", 1},
                                 {"tessera", version_text()},
                                 {"command", "finetune"},
                                 {"design", block->name},
                                 {"seed", flags.common.seed},
                                 {"threads", options.threads},
                                 {"iterations", result.iterations},
                                 {"episodes", result.episodes},
                                 {"elapsed_s", result.elapsed_s},
                                 {"first_mean_proxy", result.first_mean_proxy},
                                 {"last_mean_proxy", result.last_mean_proxy},
                                 {"best_proxy", result.best_proxy},
                                 {"outputs", flags.outputs}};
  if (flags.common.json) {
    std::fputs((document.dump(2) + "\n").c_str(), stdout);
  } else {
    std::printf("%lld iterations, %lld episodes, %.1f s: mean proxy %.6f -> %.6f, best %.6f\n",
                static_cast<long long>(result.iterations),
                static_cast<long long>(result.episodes),
                result.elapsed_s,
                result.first_mean_proxy,
                result.last_mean_proxy,
                result.best_proxy);
  }
  return result.stopped ? kInterrupted : kDone;
}

void add_ppo_flags(CLI::App& command, gnn::PpoOptions& ppo) {
  const char* const group = "Proximal policy optimisation";
  const auto add = [&](const char* name, auto& field, const char* help) {
    command.add_option(name, field, help)->capture_default_str()->group(group);
  };
  add("--episodes", ppo.episodes_per_iteration, "episodes collected per iteration");
  add("--epochs", ppo.epochs, "passes over the states of an iteration");
  add("--minibatch", ppo.minibatch, "states per update");
  add("--learning-rate", ppo.learning_rate, "step size of Adam");
  add("--clip", ppo.clip, "bound of the probability ratio");
  add("--entropy", ppo.entropy_coefficient, "weight of the entropy bonus");
  add("--value-weight", ppo.value_coefficient, "weight of the value loss");
  add("--gae-lambda", ppo.gae_lambda, "lambda of the advantage estimate");
  add("--max-gradient-norm", ppo.max_gradient_norm, "gradients are scaled down to it");
  add("--target-kl", ppo.target_kl, "divergence beyond which an iteration's updates end");
  add("--shaping", ppo.shaping, "factor of the wirelength shaping of the reward");
}

}  // namespace

void add_finetune_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand("finetune", "Trains the policy on one block by PPO");
  const auto flags = std::make_shared<FinetuneFlags>();
  flags->block.add_to(*command);
  flags->common.add_to(*command);
  flags->environment.add_to(*command);
  CLI::Option* const policy =
      command->add_option("--policy", flags->policy, "checkpoint to start from (default: bundled)")
          ->type_name("FILE");
  CLI::Option* const scratch =
      command->add_flag("--from-scratch", flags->from_scratch, "start from random weights")
          ->excludes(policy);
  command->add_flag("--resume", flags->resume, "go on with the training that the output holds")
      ->excludes(policy)
      ->excludes(scratch);
  command
      ->add_option("-o,--output",
                   flags->outputs,
                   "checkpoint (.safetensors); best placement so far (.plc, .pb.txt, .svg)")
      ->required()
      ->type_name("FILE")
      ->take_all()
      ->allow_extra_args(false);  // one FILE a flag, so that NETLIST may follow
  command
      ->add_option("--time", flags->time_s, "seconds of training, those before a --resume included")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  command->add_option("--iterations", flags->iterations, "iterations, counted likewise")
      ->check(CLI::Range(1, 100000000));
  command
      ->add_option("--checkpoint-interval",
                   flags->checkpoint_interval_s,
                   "least seconds between two checkpoints")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_ppo_flags(*command, flags->ppo);
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
