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
#include "app/training_flags.h"
#include "app/training_log.h"
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
  TrainingFlags training;
  std::vector<std::string> outputs;
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

/// The block to learn, with what there is to imitate.
gnn::TrainingBlock training_block(const FinetuneFlags&,
                                  const placer::MacroProblem& problem,
                                  const std::string& name) {
  return {name, &problem, {}};
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

  gnn::TrainingOptions options = flags.training.training_options(flags.common, outputs.checkpoint);
  if (!flags.training.from_scratch && !flags.training.resume) {
    options.start_checkpoint = flags.training.policy.value_or(bundled_checkpoint().string());
  }
  MetricsLog metrics(outputs.checkpoint);
  options.progress = [&](const gnn::IterationInfo& info) {
    metrics.add(info);
    if (!flags.common.quiet) {
      print_progress(info);
    }
  };
  options.improved =
      [&](std::size_t, const netlist_io::Placement& placement, const cost::CostBreakdown&) {
        outputs.placements.write(*block, searched.expand(placement));
      };
  const std::vector<gnn::TrainingBlock> blocks = {training_block(flags, problem, block->name)};
  const gnn::TrainingResult result = plugin.train(blocks, {}, options);
  ordered_json document = {{"schema_version", 1},
                           {"tessera", version_text()},
                           {"command", "finetune"},
                           {"design", block->name},
                           {"seed", flags.common.seed},
                           {"threads", options.threads}};
  document.update(to_json(result));
  document["outputs"] = flags.outputs;
  if (flags.common.json) {
    std::fputs((document.dump(2) + "\n").c_str(), stdout);
  } else {
    print_result(result);
  }
  return result.stopped ? kInterrupted : kDone;
}

}  // namespace

void add_finetune_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand("finetune", "Trains the policy on one block by PPO");
  const auto flags = std::make_shared<FinetuneFlags>();
  flags->block.add_to(*command);
  flags->common.add_to(*command);
  flags->environment.add_to(*command);
  command
      ->add_option("-o,--output",
                   flags->outputs,
                   "checkpoint (.safetensors); best placement so far (.plc, .pb.txt, .svg)")
      ->required()
      ->type_name("FILE")
      ->take_all()
      ->allow_extra_args(false);  // one FILE a flag, so that NETLIST may follow
  flags->training.add_to(*command, "checkpoint to start from (default: bundled)");
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
