#include "app/placement_report.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "app/exit_codes.h"
#include "app/interrupt.h"
#include "app/options_json.h"
#include "app/progress_log.h"
#include "app/report/html_report.h"
#include "cost/proxy_cost.h"
#include "netlist_io/file.h"
#include "netlist_io/rng.h"
#include "placer/legality.h"

namespace tessera::app {
namespace {

/// Median proxy of five copies in which every movable macro is shifted by up to 0.1 % of a grid
/// cell on each axis: far from the placement's own, it would live off the grid lines.
double jittered_proxy(const Block& block, const PlacementReport& report, std::uint64_t seed) {
  constexpr int kCopies = 5;
  constexpr double kCellShare = 1e-3;
  const cost::ProxyCost proxy_cost(block.netlist, block.canvas, block.cost);
  std::vector<double> proxies;
  for (std::uint64_t copy = 0; copy < kCopies; ++copy) {
    netlist_io::Rng rng = netlist_io::Rng::derive(seed, "jitter", copy);
    netlist_io::Placement moved = report.placement;
    for (std::size_t i = 0; i < moved.size(); ++i) {
      const bool port = block.netlist.kind(netlist_io::NodeId(i)) == netlist_io::NodeKind::kPort;
      if (report.fixed->fixed[i] == 0 && !port) {
        moved.x[i] += rng.uniform(-kCellShare, kCellShare) * block.canvas.cell_width();
        moved.y[i] += rng.uniform(-kCellShare, kCellShare) * block.canvas.cell_height();
      }
    }
    proxies.push_back(proxy_cost.evaluate(moved).proxy);
  }
  std::sort(proxies.begin(), proxies.end());
  return proxies[kCopies / 2];
}

/// How many and which pins of which masters are off the routing tracks, wherever the macros stand.
nlohmann::ordered_json tracks_json(const Block& block) {
  nlohmann::ordered_json masters = nlohmann::ordered_json::array();
  for (const TrackAlignment& alignment : block.tracks) {
    constexpr std::size_t kMostNamed = 50;
    std::vector<std::string> named = alignment.off_track_pins;
    named.resize(std::min(named.size(), kMostNamed));
    masters.push_back({{"master", alignment.master},
                       {"pins", alignment.pins},
                       {"off_track", alignment.off_track},
                       {"off_track_pins", named}});
  }
  return {{"lattice_um", block.macro_rules.unit_um}, {"masters", masters}};
}

nlohmann::ordered_json document(const PlacementReport& report) {
  const CostReport& cost_report = report.cost_report;
  nlohmann::ordered_json result = cost_report.to_json();
  result["cost"]["proxy_jittered"] = jittered_proxy(*cost_report.block, report, cost_report.seed);
  result.update(report.details);
  if (cost_report.block->lefdef) {
    result["tracks"] = tracks_json(*cost_report.block);
  }
  return result;
}

/// The page of this run alone, to each path.
void write_reports(const PlacementReport& report,
                   const nlohmann::ordered_json& document,
                   const std::vector<std::string>& paths) {
  ReportedRun run;
  run.name = report.cost_report.command;
  run.document = document;
  run.block = report.cost_report.block;
  netlist_io::Placement placement = report.placement;
  placement.fixed = report.fixed->fixed;
  run.placement = &placement;
  run.spacing = report.spacing;
  for (const Stage& stage : report.cost_report.stages) {
    run.stages.push_back({stage.name, stage.proxy, stage.placement ? &*stage.placement : nullptr});
  }
  run.policy = report.policy;
  run.flat_maps = report.flat_maps;
  HtmlReport page;
  page.add(run);
  for (const std::string& path : paths) {
    netlist_io::write_file_atomic(path, page.to_html());
  }
}

}  // namespace

int deliver(PlacementReport report,
            const OutputFlags& outputs,
            const CommonFlags& flags,
            Clock::time_point start) {
  CostReport& cost_report = report.cost_report;
  cost_report.outputs = outputs.all_paths();
  const Block& block = *cost_report.block;
  cost_report.legality =
      placer::check_legality(block.netlist, block.canvas, report.placement, *report.fixed);
  cost_report.seed = flags.seed;
  cost_report.threads = flags.num_threads();
  // An output may take the place of an input.
  const std::vector<std::string> reports = outputs.report_paths();
  const bool wants_document = flags.json || !reports.empty();
  if (wants_document) {
    cost_report.inputs = inputs_json(report.input_paths);
  }
  outputs.write(block, report.placement, report.flat_placement ? &*report.flat_placement : nullptr);
  cost_report.total_s = seconds_since(start);
  nlohmann::ordered_json json;
  if (wants_document) {
    json = document(report);
    write_reports(report, json, reports);
  }
  if (flags.json) {
    print_json(json);
  } else {
    std::fputs(cost_report.to_text().c_str(), stdout);
  }
  if (!cost_report.legality.legal()) {
    log_error(
        "the placement is not legal: fixed macros of the input overlap or leave the canvas, or a "
        "macro is larger than it");
    return kInfeasible;
  }
  return interrupted() ? kInterrupted : kDone;
}

}  // namespace tessera::app
