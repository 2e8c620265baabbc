#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "cost/cost_options.h"
#include "cost/net_topology.h"
#include "cost/wirelength.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::cost {

/// Routing demand per grid cell, both directions; row-major from the bottom.
struct DemandMaps {
  std::vector<double> horizontal;
  std::vector<double> vertical;

  void assign_zero(std::size_t num_cells);
};

/// Adds the demand of one net to `demand`.
///
/// `cells`: the distinct cells of the net's pins, the driver's first. Two cells take an L from the
/// source (along its row, then along the sink's column), three the rule table of the published
/// model, four or more a star of Ls. An edge between two cells is charged to the left or lower one.
void route_net(std::span<const Cell> cells, double weight, int cols, DemandMaps& demand);

/// Parts of the congestion as fractions of the capacity of a cell.
struct CongestionMaps {
  DemandMaps net;    ///< from nets, before smoothing
  DemandMaps macro;  ///< from hard macros
  DemandMaps total;  ///< smoothed nets + macros
};

/// Reusable memory of one thread.
struct CongestionScratch {
  std::vector<Cell> pin_cell;
  std::vector<std::uint8_t> pin_outside;
  std::vector<std::uint32_t> cell_stamp;
  std::vector<Cell> net_cells;
  std::vector<double> values;
};

/// Computes the routing congestion of the published model (proxy of Circuit Training, legacy
/// congestion grid = placement grid).
void compute_congestion(const netlist_io::Netlist& netlist,
                        const netlist_io::Canvas& canvas,
                        const netlist_io::Placement& placement,
                        const PinPositions& pins,
                        const CostOptions& options,
                        CongestionMaps& maps,
                        CongestionScratch& scratch);

/// Mean of the largest 5 % of the horizontal and vertical values in one list; the largest value if
/// 5 % are less than one.
double congestion_cost(const DemandMaps& total, std::vector<double>& scratch);

/// Spreads each value of the net demand evenly over the window of `range` cells to either side,
/// clipped at the border: horizontal demand over rows, vertical over columns. Adds to `out`.
void add_smoothed(const DemandMaps& demand, netlist_io::GridShape grid, int range, DemandMaps& out);

}  // namespace tessera::cost
