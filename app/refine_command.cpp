#include <cstdio>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "app/block_input.h"
#include "app/command.h"
#include "app/feasibility_check.h"
#include "app/interrupt.h"
#include "app/options_json.h"
#include "app/outputs.h"
#include "app/place_flags.h"
#include "app/placement_report.h"
#include "app/progress_log.h"
#include "app/search_flags.h"
#include "app/searched_block.h"
#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "placer/legalizer.h"
#include "placer/placement_search.h"

namespace tessera::app {
namespace {

/// Cool enough to keep most of what is there.
constexpr double kStartTemperature = 5e-5;

struct RefineFlags {
  BlockFlags block;
  CommonFlags common;
  EnvironmentFlags environment;
  SearchFlags search;
  OutputFlags outputs;
};

int run(const RefineFlags& flags, nlohmann::ordered_json options_given) {
  const Clock::time_point start = Clock::now();
  if (!flags.block.input.plc &&
      netlist_format(flags.block.input.netlist) == NetlistFormat::kProtobuf) {
    throw netlist_io::OptionError("--plc is required: the placement to improve");
  }
  flags.outputs.check(flags.block.input);
  catch_interrupts();
  const std::unique_ptr<const Block> block =
      read_block(flags.block,
                 BlockUse::kPlacing,
                 ClusteringSettings::with(flags.common.seed, flags.common.num_threads()));
  print_notes(block->notes);
  netlist_io::Placement input = flags.environment.apply_fixes(*block);
  if (block->flat) {
    // Where clusters are is our doing, not the input's.
    placer::pull_soft_macros_inside(block->netlist, block->canvas, input);
  }
  const double input_proxy =
      cost::ProxyCost(block->netlist, block->canvas, block->cost).evaluate(input).proxy;
  const SearchedBlock searched(*block, flags.environment, input);
  check_feasibility(
      searched.block(), searched.fixed(), searched.environment(), flags.search.mode == "grid");
  const Clock::time_point search_start = Clock::now();
  const placer::PlacementSearchOptions options = flags.search.search_options(
      searched.block(), searched.fixed(), searched.environment(), flags.common, start);
  placer::PlacementSearchResult result = placer::search_placement(
      searched.block().netlist, block->canvas, {&searched.fixed(), 1}, searched.fixed(), options);
  if (result.legalized) {
    warn("the input was not legal (class " + flags.search.mode + ") and has been legalised");
  }

  PlacementReport report;
  report.cost_report.command = "refine";
  report.cost_report.cost = result.cost;
  report.cost_report.refine_s = seconds_since(search_start);
  report.cost_report.options = std::move(options_given);
  report.spacing = flags.environment.space_options(*block).spacing;
  append_stages(std::move(result.stages), report.cost_report.stages);
  report.placement = std::move(result.placement);
  report.input_paths = block->input_paths;
  flags.environment.append_files(report.input_paths);
  report.details = {{"mode", flags.search.mode}, {"legalized", result.legalized}};
  report.details["start_temperature"] = *options.start_temperature;
  report.details.update(search_json(options, result));
  searched.expand(report);
  std::vector<Stage>& stages = report.cost_report.stages;
  stages.insert(stages.begin(), {"input", input_proxy, std::move(input)});
  return deliver(std::move(report), flags.outputs, flags.common, start);
}

}  // namespace

void add_refine_command(CLI::App& app, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("refine", "Improves a placement, after making it legal where it is not");
  const auto flags = std::make_shared<RefineFlags>();
  flags->block.add_to(*command, "the placement to improve");
  flags->common.add_to(*command);
  flags->environment.add_to(*command);
  // There are no episodes here; --cluster-placer is taken, but changes nothing.
  command->get_option("--cluster-placer")->group("");
  command->remove_option(command->get_option("--order"));
  command->remove_option(command->get_option("--position-prior"));
  flags->search.add_to(*command, {"fast", "default", "best"});
  flags->search.add_start_temperature_to(*command, kStartTemperature);
  flags->outputs.add_to(*command);
  flags->outputs.add_report_to(*command);
  command->footer(examples({
      "tessera refine netlist.pb.txt.gz --plc placed.plc --evals 1000000 -o refined.plc",
      "tessera refine placed.def --lef tech.lef --fix 'u_cpu/.*' -o refined.def",
  }));
  command->callback(
      [flags, command, &exit_code] { exit_code = run(*flags, options_json(*command)); });
}

}  // namespace tessera::app
