#pragma once

#include <vector>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::testing {

/// Values of grid cells as [row][column].
using CellTable = std::vector<std::vector<double>>;

/// What `reference_cost` computes; the maps as fractions of area or capacity.
struct ReferenceCost {
  double hpwl_um = 0.0;
  double wirelength = 0.0;
  double density_cost = 0.0;
  double congestion_cost = 0.0;
  CellTable density;
  CellTable net_h;
  CellTable net_v;
  CellTable macro_h;
  CellTable macro_v;
  CellTable total_h;
  CellTable total_v;
};

/// The proxy once more, written without looking at `cost/`: from the wording of the published
/// model, as slow and as literal as it reads. Every step differs in its structure: each box is held
/// against every cell, blockage is added in full and then taken away again where it does not count,
/// smoothing gathers instead of spreading, selection sorts.
ReferenceCost reference_cost(const netlist_io::Netlist& netlist,
                             const netlist_io::Canvas& canvas,
                             const netlist_io::Placement& placement,
                             const cost::CostOptions& options);

/// The rows of a table one after the other, bottom first.
std::vector<double> flatten(const CellTable& table);

}  // namespace tessera::testing
