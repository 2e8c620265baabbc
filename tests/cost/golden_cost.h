#pragma once

#include <filesystem>
#include <string>

#include <nlohmann/json.hpp>

#include "cost/proxy_cost.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/placement.h"

namespace tessera::testing {

/// A JSON file, plain or gzip.
nlohmann::json read_json(const std::filesystem::path& path);

/// A netlist file of its own, plain or gzip.
netlist_io::NetlistFile read_one_netlist(
    const std::filesystem::path& path,
    netlist_io::NumberPrecision precision = netlist_io::NumberPrecision::kDouble);

/// Canvas and options that a golden entry was computed with; smoothing from its `smooth_range`.
netlist_io::Canvas golden_canvas(const nlohmann::json& entry);
cost::CostOptions golden_options(const nlohmann::json& entry);

/// Largest relative difference between the evaluation in `workspace` and every number that a golden
/// entry has for it: the three costs, the sums, maxima and means of the maps before smoothing, of
/// the macros and of the totals.
double golden_difference(const nlohmann::json& entry,
                         const cost::CostBreakdown& cost,
                         const cost::CostWorkspace& workspace);

/// Largest difference between the maps in `workspace` and those of a golden file, relative to
/// values above 1.
double grid_difference(const nlohmann::json& grids, const cost::CostWorkspace& workspace);

/// The "90 % congestion metric" of Circuit Training's evaluator.
struct CongestionOver90 {
  double share = 0.0;   ///< of the horizontal and vertical values, those above 0.9
  double excess = 0.0;  ///< mean over all of them of what exceeds 0.9
};
CongestionOver90 congestion_over_90(const cost::DemandMaps& total);

}  // namespace tessera::testing
