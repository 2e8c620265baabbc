#include "app/placement_report.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>

#include "app/exit_codes.h"
#include "app/interrupt.h"
#include "cost/proxy_cost.h"
#include "netlist_io/rng.h"
#include "netlist_io/sha256.h"
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

/// Path and SHA-256 of each file read.
nlohmann::ordered_json inputs_json(const std::vector<std::string>& paths) {
  nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
  for (const std::string& path : paths) {
    inputs.push_back({{"path", path}, {"sha256", netlist_io::sha256_hex_of_file(path)}});
  }
  return inputs;
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

std::string document(const PlacementReport& report, const nlohmann::ordered_json& inputs) {
  const CostReport& cost_report = report.cost_report;
  nlohmann::ordered_json result = cost_report.to_json();
  result["cost"]["proxy_jittered"] = jittered_proxy(*cost_report.block, report, cost_report.seed);
  result.update(report.details);
  if (cost_report.block->lefdef) {
    result["tracks"] = tracks_json(*cost_report.block);
  }
  result["inputs"] = inputs;
  return result.dump(2) + "\n";
}

}  // namespace

int deliver(PlacementReport report,
            const OutputFlags& outputs,
            const CommonFlags& flags,
            Clock::time_point start) {
  CostReport& cost_report = report.cost_report;
  cost_report.outputs = outputs.paths;
  const Block& block = *cost_report.block;
  cost_report.legality =
      placer::check_legality(block.netlist, block.canvas, report.placement, *report.fixed);
  cost_report.seed = flags.seed;
  cost_report.threads = flags.num_threads();
  // An output may take the place of an input.
  const nlohmann::ordered_json inputs =
      flags.json ? inputs_json(report.input_paths) : nlohmann::ordered_json();
  outputs.write(block, report.placement, report.flat_placement ? &*report.flat_placement : nullptr);
  cost_report.total_s = seconds_since(start);
  const std::string text = flags.json ? document(report, inputs) : cost_report.to_text();
  std::fputs(text.c_str(), stdout);
  if (!cost_report.legality.legal()) {
    std::fprintf(stderr,
                 "tessera: the placement is not legal: fixed macros of the input overlap or leave "
                 "the canvas, or a macro is larger than it\n");
    return kInfeasible;
  }
  return interrupted() ? kInterrupted : kDone;
}

}  // namespace tessera::app
