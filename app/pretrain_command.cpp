#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/config_file.h"
#include "app/corpus_problem.h"
#include "app/demonstration_pool.h"
#include "app/exit_codes.h"
#include "app/interrupt.h"
#include "app/place_flags.h"
#include "app/plugin_loader.h"
#include "app/training_flags.h"
#include "netlist_io/errors.h"
#include "placer/corpus.h"
#include "placer/parallel_for.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

struct PretrainFlags {
  CommonFlags common;
  EnvironmentFlags environment;
  TrainingFlags training;
  std::vector<std::string> corpus;
  std::vector<std::string> heldout;
  bool augment = false;
  std::string output;
};

/// Names of blocks, each once.
struct Names {
  std::vector<std::string> trained;
  std::vector<std::string> heldout;
};

std::vector<std::string> each_once(const std::vector<std::string>& names) {
  std::set<std::string> seen;
  std::vector<std::string> result;
  std::copy_if(
      names.begin(), names.end(), std::back_inserter(result), [&](const std::string& name) {
        return seen.insert(name).second;
      });
  return result;
}

Names block_names(const PretrainFlags& flags) {
  Names names;
  names.trained = placer::expand_corpus(flags.corpus);
  if (flags.augment) {
    names.trained = placer::with_symmetries(names.trained);
  }
  names.trained = each_once(names.trained);
  names.heldout = each_once(placer::expand_corpus(flags.heldout));
  // Mirrored, a block is the same block.
  std::set<std::string> trained;
  for (const std::string& name : names.trained) {
    trained.insert(placer::corpus_view(name).block);
  }
  for (const std::string& name : names.heldout) {
    if (trained.contains(placer::corpus_view(name).block)) {
      throw netlist_io::OptionError("block " + name + " is both trained on and held out");
    }
  }
  return names;
}

std::vector<gnn::TrainingBlock> training_blocks(const CorpusProblems& problems,
                                                const CommonFlags& common,
                                                DemonstrationPool& demonstrations) {
  std::vector<gnn::TrainingBlock> blocks(problems.blocks.size());
  placer::parallel_for(blocks.size(), common.num_threads(), [&](std::size_t i) {
    const CorpusProblem& block = *problems.blocks[i];
    blocks[i] = demonstrations.training_block(block.name(), block.problem());
  });
  return blocks;
}

ordered_json names_json(std::span<const gnn::TrainingBlock> blocks) {
  ordered_json names = ordered_json::array();
  for (const gnn::TrainingBlock& block : blocks) {
    names.push_back(block.name);
  }
  return names;
}

ordered_json left_out_json(const CorpusProblems& trained, const CorpusProblems& heldout) {
  ordered_json result = ordered_json::array();
  for (const CorpusProblems* const problems : {&trained, &heldout}) {
    for (const CorpusProblems::LeftOut& block : problems->left_out) {
      result.push_back({{"block", block.name}, {"reason", block.reason}});
    }
  }
  return result;
}

int run(const PretrainFlags& flags) {
  check_checkpoint_path(flags.output);
  const Names names = block_names(flags);
  catch_interrupts();
  const gnn::Plugin& plugin = load_plugin();
  EnvironmentFlags environment = flags.environment;
  flags.training.follow_checkpoint(plugin, flags.training.policy, flags.output, environment);
  DemonstrationPool demonstrations(flags.training.demonstrations,
                                   flags.training.best_demonstrations);
  const CorpusProblems trained = load_corpus_problems(names.trained, environment, flags.common);
  const CorpusProblems heldout = load_corpus_problems(names.heldout, environment, flags.common);
  if (interrupted()) {
    return kInterrupted;
  }
  const std::vector<gnn::TrainingBlock> blocks =
      training_blocks(trained, flags.common, demonstrations);
  demonstrations.print_summary();
  DemonstrationPool none(std::nullopt, 0);
  const std::vector<gnn::TrainingBlock> judged = training_blocks(heldout, flags.common, none);

  gnn::TrainingOptions options =
      flags.training.training_options(flags.common, environment, flags.output);
  options.start_checkpoint = flags.training.policy;
  const gnn::TrainingResult result = plugin.train(blocks, judged, options);
  ordered_json document = training_head("pretrain", result, flags.common);
  document["environment"] = ordered_json::parse(options.environment);
  document["blocks"] = names_json(blocks);
  document["heldout"] = names_json(judged);
  document["left_out"] = left_out_json(trained, heldout);
  document["demonstrations"] = {{"read", demonstrations.size()},
                                {"used", demonstrations.num_used()}};
  document["outputs"] = {flags.output};
  return report_training(
      std::move(document), result, judged.empty() ? blocks : judged, flags.common);
}

}  // namespace

void add_pretrain_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "pretrain", "Trains a policy on many blocks: imitation of demonstrations, then PPO");
  const auto flags = std::make_shared<PretrainFlags>();
  add_config_flag(*command);
  flags->common.add_to(*command);
  flags->environment.add_for_corpus(*command);
  command->add_option("--corpus", flags->corpus, kCorpusHelp)->required()->type_name("ITEM");
  command
      ->add_option(
          "--heldout",
          flags->heldout,
          "blocks that greedy episodes judge the policy by, as for --corpus (default: none; "
          "it is then judged by the blocks that it is trained on)")
      ->type_name("ITEM");
  command->add_flag(
      "--augment", flags->augment, "train on the blocks flipped and transposed too, all 8 ways");
  command->add_option("-o,--output", flags->output, "checkpoint (.safetensors)")
      ->required()
      ->type_name("FILE");
  flags->training.add_to(*command, "checkpoint to start from (default: random weights)");
  command->footer(examples({
      "tessera pretrain --corpus balanced:1-50 --augment --time 3600 -o net.safetensors",
      "tessera pretrain --corpus balanced:1-50 --heldout balanced:101-105 --demonstrations "
      "demos.jsonl -o net.safetensors",
  }));
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
