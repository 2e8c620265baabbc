#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "app/block_input.h"
#include "app/command.h"
#include "app/cost_report.h"
#include "app/design_rules.h"
#include "app/exit_codes.h"
#include "app/flat_judgement.h"
#include "app/input_netlist.h"
#include "app/options_json.h"
#include "app/outputs.h"
#include "app/report/block_payload.h"
#include "app/report/html_report.h"
#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "placer/legality.h"

namespace tessera::app {
namespace {

using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::OptionError;
using netlist_io::ParseError;
using netlist_io::Placement;

/// Flags of the judgement by the flat netlist.
struct FlatFlags {
  bool flat = false;
  std::optional<std::string> macros_from;
  double density_cap = FlatJudgementOptions().density_cap;
  std::optional<std::pair<double, double>> tracks;
  std::optional<std::pair<double, double>> macro_tracks;
  std::optional<std::string> maps;
  bool no_legalize = false;

  void add_to(CLI::App& command);
};

struct CostFlags {
  BlockFlags block;
  FlatFlags flat;
  std::optional<std::string> report;
  CommonFlags common;
};

void FlatFlags::add_to(CLI::App& command) {
  const char* const group = "Judgement by the flat netlist";
  CLI::Option* const flat_flag =
      command
          .add_flag("--flat",
                    flat,
                    "place the standard cells of a flat NETLIST from scratch around its hard "
                    "macros: wirelength and use of the routing")
          ->group(group);
  command
      .add_option("--macros-from",
                  macros_from,
                  "the hard macros stand where this placement of another netlist, for example a "
                  "clustered one, has those of the same names")
      ->type_name("NETLIST,PLC")
      ->needs(flat_flag)
      ->group(group);
  command
      .add_option("--density-cap",
                  density_cap,
                  "part of the area beside hard macros that cells may fill, > 0 and <= 1")
      ->capture_default_str()
      ->needs(flat_flag)
      ->group(group);
  command
      .add_option(
          "--tracks",
          tracks,
          "routing tracks per micron, all layers of a direction (default: those of --routes)")
      ->delimiter(',')
      ->type_name("H,V")
      ->needs(flat_flag)
      ->group(group);
  command
      .add_option("--macro-tracks",
                  macro_tracks,
                  "of these, tracks that hard macros block (default: those of --macro-routes)")
      ->delimiter(',')
      ->type_name("H,V")
      ->needs(flat_flag)
      ->group(group);
  command
      .add_flag(
          "--no-legalize",
          no_legalize,
          "leave the cells as the global placement has them instead of putting them into rows")
      ->needs(flat_flag)
      ->group(group);
  command
      .add_option("--maps", maps, "write the use of the routing edges and RUDY by gcell, as JSON")
      ->type_name("FILE")
      ->needs(flat_flag)
      ->group(group);
}

/// The two files of `--macros-from`; the netlist may be in parts, joined by commas as well.
InputPaths split_macros_from(const std::string& text) {
  const std::size_t comma = text.rfind(',');
  std::string_view plc = comma == std::string::npos ? "" : std::string_view(text).substr(comma + 1);
  if (plc.ends_with(".gz")) {
    plc.remove_suffix(3);
  }
  InputPaths paths;
  paths.netlist = text.substr(0, comma);
  if (!plc.ends_with(".plc") || netlist_format(paths.netlist) != NetlistFormat::kProtobuf) {
    throw OptionError("--macros-from is \"" + text +
                      "\", expected a netlist.pb.txt and its .plc, joined by a comma");
  }
  paths.plc = text.substr(comma + 1);
  return paths;
}

/// The files that the command reads.
std::vector<std::string> input_paths(const CostFlags& flags, const Block& block) {
  std::vector<std::string> paths = block.input_paths;
  if (flags.flat.macros_from) {
    const InputPaths from = split_macros_from(*flags.flat.macros_from);
    const std::vector<std::string> parts = split_at_commas(from.netlist);
    paths.insert(paths.end(), parts.begin(), parts.end());
    paths.push_back(*from.plc);
  }
  return paths;
}

/// Moves the hard macros of `block` to where another netlist has them.
void take_macros(const InputPaths& from, const Block& block, Placement& placement) {
  const InputNetlist source = read_input(from);
  for (const NodeId macro : block.netlist.hard_macros()) {
    const std::string& name = block.netlist.name(macro);
    const std::optional<NodeId> found = source.netlist.find_node(name);
    if (!found || source.netlist.kind(*found) != NodeKind::kHardMacro) {
      throw ParseError({from.netlist, 0, 0},
                       "there is no hard macro \"" + name + "\", which \"" +
                           block.input_paths.front() + "\" has");
    }
    placement.x[macro.index()] = source.placement.x[found->index()];
    placement.y[macro.index()] = source.placement.y[found->index()];
    placement.orientation[macro.index()] = source.placement.orientation[found->index()];
    placement.placed[macro.index()] = source.placement.placed[found->index()];
  }
}

/// The placement with all hard macros where they are to be judged.
Placement placed_macros(const FlatFlags& flags, const Block& block) {
  if (block.netlist.std_cells().empty()) {
    throw OptionError("--flat goes with a flat netlist, but \"" + block.input_paths.front() +
                      "\" has no standard cells");
  }
  Placement placement = block.placement;
  if (flags.macros_from) {
    take_macros(split_macros_from(*flags.macros_from), block, placement);
  }
  for (const NodeId macro : block.netlist.hard_macros()) {
    if (placement.placed[macro.index()] == 0) {
      throw ParseError(
          {block.input_paths.front(), 0, 0},
          "hard macro \"" + block.netlist.name(macro) + "\" has no place to judge it by");
    }
  }
  return placement;
}

FlatJudgement judge(const CostFlags& flags, const Block& block) {
  const auto pair_of = [](const netlist_io::RoutesPerMicron& routes) {
    return std::pair(routes.horizontal, routes.vertical);
  };
  const auto [horizontal, vertical] = flags.flat.tracks.value_or(pair_of(block.cost.routes));
  const auto [macro_horizontal, macro_vertical] =
      flags.flat.macro_tracks.value_or(pair_of(block.cost.macro_routes));
  FlatJudgementOptions options;
  options.density_cap = flags.flat.density_cap;
  options.tracks = {horizontal, vertical, macro_horizontal, macro_vertical};
  options.seed = flags.common.seed;
  options.threads = flags.common.num_threads();
  options.legalize = !flags.flat.no_legalize;
  options.rows = cell_rows(block);
  return judge_flat(block.netlist, block.canvas, placed_macros(flags.flat, block), options);
}

/// The page of a placement and, of a flat netlist, of what became of its cells.
void write_report(const std::string& path,
                  const CostReport& report,
                  const Placement& placement,
                  const nlohmann::ordered_json& document) {
  ReportedRun run;
  run.name = report.command;
  run.document = document;
  run.block = report.block;
  run.placement = &placement;
  run.spacing = report.block->macro_rules.spacing;
  if (report.flat) {
    run.flat_maps = flat_maps_payload(report.flat->edges);
  }
  HtmlReport page;
  page.add(run);
  netlist_io::write_file_atomic(path, page.to_html());
}

int run(const CostFlags& flags, nlohmann::ordered_json options_given) {
  const auto start = std::chrono::steady_clock::now();
  if (flags.flat.maps) {
    check_writable(*flags.flat.maps);
  }
  if (flags.report) {
    check_report(*flags.report);
  }
  const std::unique_ptr<const Block> block = read_block(flags.block, BlockUse::kLooking);
  print_notes(block->notes);
  CostReport report;
  report.command = "cost";
  report.block = block.get();
  report.options = std::move(options_given);
  if (flags.flat.flat) {
    report.flat = judge(flags, *block);
  }
  const Placement& placement = report.flat ? report.flat->placed.placement : block->placement;
  const cost::ProxyCost proxy_cost(block->netlist, block->canvas, block->cost);
  report.cost = proxy_cost.evaluate(placement);
  report.legality = placer::check_legality(block->netlist, block->canvas, placement, placement);
  report.seed = flags.common.seed;
  report.threads = flags.common.num_threads();
  if (flags.flat.maps) {
    netlist_io::write_file_atomic(*flags.flat.maps, report.flat->maps_json().dump() + "\n");
    report.outputs.push_back(*flags.flat.maps);
  }
  report.total_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  if (flags.report) {
    report.outputs.push_back(*flags.report);
  }
  nlohmann::ordered_json document;
  if (flags.common.json || flags.report) {
    report.inputs = inputs_json(input_paths(flags, *block));
    document = report.to_json();
  }
  if (flags.report) {
    write_report(*flags.report, report, placement, document);
  }
  if (flags.common.json) {
    print_json(document);
  } else {
    std::fputs(report.to_text().c_str(), stdout);
  }
  return kDone;
}

}  // namespace

void add_cost_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "cost", "Computes the exact proxy cost of a placement, its parts, its legality");
  const auto flags = std::make_shared<CostFlags>();
  flags->block.add_to(*command, "the placement to evaluate");
  flags->flat.add_to(*command);
  command
      ->add_option("--report",
                   flags->report,
                   "write a page to look at, with the maps of the flat netlist if there is --flat")
      ->type_name("FILE");
  flags->common.add_to(*command);
  command->footer(examples({
      "tessera cost netlist.pb.txt.gz --plc placed.plc",
      "tessera cost netlist.pb.txt.gz --plc placed.plc --weights 1,0.5,1 --json",
      "tessera cost flat.pb.txt.gz --flat --macros-from netlist.pb.txt.gz,placed.plc",
  }));
  command->callback(
      [flags, command, &exit_code] { exit_code = run(*flags, options_json(*command)); });
}

}  // namespace tessera::app
