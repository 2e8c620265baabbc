#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "app/command.h"
#include "app/corpus_problem.h"
#include "app/demonstration_pool.h"
#include "app/interrupt.h"
#include "app/outputs.h"
#include "app/place_flags.h"
#include "app/plugin_loader.h"
#include "app/searched_block.h"
#include "app/training_flags.h"
#include "netlist_io/errors.h"
#include "placer/block_symmetry.h"
#include "placer/episodes.h"
#include "placer/legalizer.h"
#include "placer/macro_problem.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

struct FinetuneFlags {
  BlockFlags block;
  CommonFlags common;
  EnvironmentFlags environment;
  TrainingFlags training;
  bool augment = false;
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
  check_checkpoint_path(outputs.checkpoint);
  outputs.placements.check(input);
  return outputs;
}

/// Throws `OptionError` if the views of the block from other sides cannot be made.
void check_augment(const EnvironmentFlags& environment, const Block& block) {
  if (environment.macro_groups) {
    throw netlist_io::OptionError(
        "--augment does not go with --macro-groups, which are not flipped and transposed");
  }
  const placer::MacroSpacing spacing = environment.space_options(block).spacing;
  const bool apart = spacing.halo_x_um > 0.0 || spacing.halo_y_um > 0.0 ||
                     spacing.channel_x_um > 0.0 || spacing.channel_y_um > 0.0 ||
                     spacing.own_halos != nullptr;
  if (apart) {
    throw netlist_io::OptionError(
        "--augment does not go with halos and channels, be they of flags or of the design, which "
        "are not flipped and transposed");
  }
}

using Views = std::vector<std::unique_ptr<const CorpusProblem>>;

/// The block from the seven other sides, less those on which no episode is possible.
Views other_views(const SearchedBlock& searched) {
  const Block& block = searched.block();
  const placer::CorpusBlock original = {
      block.name, block.netlist, block.canvas, searched.fixed(), block.cost};
  Views views;
  std::vector<std::string> warnings;
  for (const placer::Symmetry symmetry : std::span(placer::kSymmetries).subspan(1)) {
    placer::CorpusBlock view = placer::transform_block(original, symmetry);
    view.name = block.name + "@" + placer::to_string(symmetry);
    const std::string name = view.name;
    try {
      views.push_back(
          std::make_unique<const CorpusProblem>(std::move(view), searched.environment()));
    } catch (const netlist_io::InfeasibleError& error) {
      warnings.push_back("view " + name + " is left out: " + error.what());
    }
  }
  print_warnings(warnings);
  return views;
}

/// The block and its views with what there is to imitate, which a file knows under the path of the
/// netlist.
std::vector<gnn::TrainingBlock> training_blocks(const FinetuneFlags& flags,
                                                const std::string& name,
                                                const placer::MacroProblem& problem,
                                                const Views& views) {
  const std::string& path = flags.block.input.netlist;
  DemonstrationPool pool(flags.training.demonstrations, flags.training.best_demonstrations);
  pool.adopt(path);
  std::vector<gnn::TrainingBlock> blocks = {pool.training_block(path, problem)};
  blocks.front().name = name;
  for (const std::unique_ptr<const CorpusProblem>& view : views) {
    const std::string side = view->name().substr(name.size());
    blocks.push_back(pool.training_block(path + side, view->problem()));
    blocks.back().name = view->name();
  }
  pool.print_summary();
  return blocks;
}

/// Writes placements of the block that is trained on.
class PlacementWriter {
 public:
  PlacementWriter(const OutputFlags& outputs, const Block& input, const SearchedBlock& searched)
      : outputs_(outputs), input_(input), searched_(searched) {}

  bool wanted() const { return !outputs_.paths.empty(); }
  bool written() const { return written_; }

  /// As of an episode: macros on grid cells, where the rules of a design may not let them stand.
  void write(netlist_io::Placement placement) {
    if (input_.lefdef) {
      const Block& block = searched_.block();
      placement =
          placer::legalize_macros(
              block.netlist, block.canvas, placement, searched_.environment().space_options(block))
              .placement;
    }
    outputs_.write(input_, searched_.expand(placement));
    written_ = true;
  }

 private:
  const OutputFlags& outputs_;
  const Block& input_;
  const SearchedBlock& searched_;
  bool written_ = false;
};

/// The greedy episode of a checkpoint.
placer::Episode greedy_episode(const gnn::Plugin& plugin,
                               const std::string& checkpoint,
                               const placer::MacroProblem& problem) {
  const std::unique_ptr<gnn::LoadedNetwork> network = plugin.load_network(checkpoint, "cpu");
  const std::unique_ptr<placer::Policy> policy = network->policy_for(problem);
  return placer::run_episodes(problem, *policy, {}).best;
}

int run(const FinetuneFlags& flags) {
  const Outputs outputs = split_outputs(flags.outputs, flags.block.input);
  catch_interrupts();
  const gnn::Plugin& plugin = load_plugin();
  std::optional<std::string> start;
  if (!flags.training.from_scratch && !flags.training.resume) {
    start = flags.training.policy ? *flags.training.policy : bundled_checkpoint().string();
  }
  EnvironmentFlags environment = flags.environment;
  flags.training.follow_checkpoint(plugin, start, outputs.checkpoint, environment);
  const std::unique_ptr<const Block> block =
      read_block(flags.block,
                 BlockUse::kPlacing,
                 ClusteringSettings::with(flags.common.seed, flags.common.num_threads()));
  print_notes(block->notes);
  const SearchedBlock searched(*block, environment, environment.apply_fixes(*block));
  const placer::MacroProblem problem(searched.block().netlist,
                                     block->canvas,
                                     searched.fixed(),
                                     searched.environment().problem_options(searched.block()));
  Views views;
  if (flags.augment) {
    check_augment(environment, *block);
    views = other_views(searched);
  }

  gnn::TrainingOptions options =
      flags.training.training_options(flags.common, environment, outputs.checkpoint);
  options.start_checkpoint = start;
  PlacementWriter writer(outputs.placements, *block, searched);
  if (writer.wanted()) {  // else no best episode has to be played again
    options.improved =
        [&](std::size_t index, const netlist_io::Placement& placement, const cost::CostBreakdown&) {
          if (index == 0) {  // placements of the views are none of the block
            writer.write(placement);
          }
        };
  }
  const std::vector<gnn::TrainingBlock> blocks =
      training_blocks(flags, block->name, problem, views);
  const auto judged = std::span(blocks).first(1);
  gnn::TrainingResult result = plugin.train(blocks, judged, options);
  // Of the block itself: of short trainings on all its views, no episode may be its own.
  std::optional<double> best = result.best_proxies.front();
  if (writer.wanted() && !writer.written()) {
    const placer::Episode greedy = greedy_episode(plugin, outputs.checkpoint, problem);
    writer.write(greedy.placement);
    best = greedy.cost.proxy;
  }
  result.best_proxy = best.value_or(result.best_proxy);
  ordered_json document = training_head("finetune", result, flags.common);
  document["design"] = block->name;
  document["outputs"] = flags.outputs;
  return report_training(std::move(document), result, judged, flags.common);
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
                   "checkpoint (.safetensors), and files for the best placement (.plc, .pb.txt, "
                   ".svg, and as `place` writes them); once per file")
      ->required()
      ->type_name("FILE")
      ->take_all()
      ->allow_extra_args(false);  // one FILE a flag, so that NETLIST may follow
  command->add_flag("--augment",
                    flags->augment,
                    "train on the block flipped and transposed too, all 8 ways; judged, and "
                    "written, is the block as it is");
  flags->training.add_to(*command, "checkpoint to start from (default: the bundled one)");
  command->footer(examples({
      "tessera finetune netlist.pb.txt.gz --plc initial.plc --time 900 -o own.safetensors",
      "tessera finetune netlist.pb.txt.gz --plc initial.plc --policy net.safetensors --augment -o "
      "own.safetensors -o best.plc",
  }));
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
