#include "cost/congestion.h"

#include <algorithm>
#include <cmath>
#include <cstddef>

#include "cost/cell_range.h"
#include "cost/density.h"
#include "cost/macro_blockage.h"
#include "cost/top_mean.h"

// The congestion model of Circuit Training's closed evaluator, as reverse engineered by the TILOS
// MacroPlacement project and checked there and here against values printed by that evaluator.

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::PinId;
using netlist_io::Placement;
using netlist_io::Rect;

/// Adds demand along rows and columns of one pair of maps.
class DemandLines {
 public:
  DemandLines(int cols, double weight, DemandMaps& demand)
      : cols_(cols),
        weight_(weight),
        horizontal_(demand.horizontal.data()),
        vertical_(demand.vertical.data()) {}

  /// Charges the edges between columns `a` and `b` in `row`, each to its left cell.
  void along_row(int row, int a, int b) {
    const auto [first, last] = std::minmax(a, b);
    double* const cells = horizontal_ + static_cast<std::ptrdiff_t>(row) * cols_;
    for (int col = first; col < last; ++col) {
      cells[col] += weight_;
    }
  }

  /// Charges the edges between rows `a` and `b` in `col`, each to its lower cell.
  void along_col(int col, int a, int b) {
    const auto [first, last] = std::minmax(a, b);
    double* cell = vertical_ + static_cast<std::ptrdiff_t>(first) * cols_ + col;
    for (int row = first; row < last; ++row, cell += cols_) {
      *cell += weight_;
    }
  }

 private:
  int cols_;
  double weight_;
  double* horizontal_;
  double* vertical_;
};

/// Cell of every pin, clamped into the grid, and whether the pin lies outside the canvas.
void locate_pins(const PinPositions& pins, const Canvas& canvas, CongestionScratch& scratch) {
  const std::size_t count = pins.x.size();
  scratch.pin_cell.resize(count);
  scratch.pin_outside.resize(count);
  const double cell_width = canvas.cell_width();
  const double cell_height = canvas.cell_height();
  for (std::size_t i = 0; i < count; ++i) {
    const double x = pins.x[i];
    const double y = pins.y[i];
    scratch.pin_cell[i] = {detail::cell_index(x, cell_width, 0, canvas.grid.cols - 1),
                           detail::cell_index(y, cell_height, 0, canvas.grid.rows - 1)};
    scratch.pin_outside[i] =
        !(x >= 0.0 && x <= canvas.width && y >= 0.0 && y <= canvas.height) ? 1 : 0;
  }
}

/// Collects the distinct cells of a net, the driver's first. `stamp` must be new for each net.
void collect_cells(std::span<const PinId> pins,
                   int cols,
                   std::uint32_t stamp,
                   CongestionScratch& scratch) {
  scratch.net_cells.clear();
  for (const PinId pin : pins) {
    const Cell cell = scratch.pin_cell[pin.index()];
    std::uint32_t& seen = scratch.cell_stamp[static_cast<std::size_t>(cell.row * cols + cell.col)];
    if (seen != stamp) {
      seen = stamp;
      scratch.net_cells.push_back(cell);
    }
  }
}

void route_all_nets(const Netlist& netlist,
                    const Canvas& canvas,
                    OutsidePins outside_pins,
                    DemandMaps& demand,
                    CongestionScratch& scratch) {
  scratch.cell_stamp.assign(canvas.grid.num_cells(), 0);
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    const std::span<const PinId> pins = netlist.pins_of(NetId(n));
    const bool dropped =
        outside_pins == OutsidePins::kDrop && std::any_of(pins.begin(), pins.end(), [&](PinId pin) {
          return scratch.pin_outside[pin.index()] != 0;
        });
    if (dropped) {
      continue;
    }
    collect_cells(pins, canvas.grid.cols, static_cast<std::uint32_t>(n + 1), scratch);
    // Unlike in the wirelength, weights below 1 count as 1 here.
    const double weight = std::max(1.0, netlist.weight(NetId(n)));
    route_net(scratch.net_cells, weight, canvas.grid.cols, demand);
  }
}

/// Adds the tracks that one hard macro takes away from the cells under it.
void add_macro(const Rect& box,
               const Canvas& canvas,
               netlist_io::RoutesPerMicron used,
               DemandMaps& demand) {
  for_each_blocked_cell(
      box, canvas, [&](int col, int row, double horizontal_um, double vertical_um) {
        const auto cell = static_cast<std::size_t>(row * canvas.grid.cols + col);
        demand.vertical[cell] += vertical_um * used.vertical;
        demand.horizontal[cell] += horizontal_um * used.horizontal;
      });
}

void divide(std::vector<double>& values, double divisor) {
  for (double& value : values) {
    value /= divisor;
  }
}

}  // namespace

void DemandMaps::assign_zero(std::size_t num_cells) {
  horizontal.assign(num_cells, 0.0);
  vertical.assign(num_cells, 0.0);
}

void route_net(std::span<const Cell> cells, double weight, int cols, DemandMaps& demand) {
  DemandLines lines(cols, weight, demand);
  draw_route(cells, lines);
}

void add_smoothed(const DemandMaps& demand, GridShape grid, int range, DemandMaps& out) {
  const auto cols = static_cast<std::size_t>(grid.cols);
  for (int row = 0; row < grid.rows; ++row) {
    const int row0 = std::max(0, row - range);
    const int row1 = std::min(grid.rows - 1, row + range);
    for (int col = 0; col < grid.cols; ++col) {
      const int col0 = std::max(0, col - range);
      const int col1 = std::min(grid.cols - 1, col + range);
      const std::size_t cell = static_cast<std::size_t>(row) * cols + static_cast<std::size_t>(col);
      // The divisor is the window of the source cell, so that the sum is kept.
      const double horizontal = demand.horizontal[cell] / (row1 - row0 + 1);
      const double vertical = demand.vertical[cell] / (col1 - col0 + 1);
      for (int r = row0; r <= row1; ++r) {
        out.horizontal[static_cast<std::size_t>(r) * cols + static_cast<std::size_t>(col)] +=
            horizontal;
      }
      double* const row_cells = out.vertical.data() + static_cast<std::size_t>(row) * cols;
      for (int c = col0; c <= col1; ++c) {
        row_cells[c] += vertical;
      }
    }
  }
}

void compute_congestion(const Netlist& netlist,
                        const Canvas& canvas,
                        const Placement& placement,
                        const PinPositions& pins,
                        const CostOptions& options,
                        CongestionMaps& maps,
                        CongestionScratch& scratch) {
  const std::size_t num_cells = canvas.grid.num_cells();
  maps.net.assign_zero(num_cells);
  maps.macro.assign_zero(num_cells);

  locate_pins(pins, canvas, scratch);
  route_all_nets(netlist, canvas, options.outside_pins, maps.net, scratch);
  for (const NodeId macro : netlist.hard_macros()) {
    const Rect box = cost_box(netlist, placement, macro, options.soft_macro_shape);
    add_macro(box, canvas, options.macro_routes, maps.macro);
  }

  const double capacity_h = canvas.cell_height() * options.routes.horizontal;
  const double capacity_v = canvas.cell_width() * options.routes.vertical;
  divide(maps.net.horizontal, capacity_h);
  divide(maps.net.vertical, capacity_v);
  divide(maps.macro.horizontal, capacity_h);
  divide(maps.macro.vertical, capacity_v);
  maps.total = maps.macro;
  add_smoothed(maps.net, canvas.grid, options.smooth_range, maps.total);
}

double congestion_cost(const DemandMaps& total, std::vector<double>& scratch) {
  scratch.assign(total.vertical.begin(), total.vertical.end());
  scratch.insert(scratch.end(), total.horizontal.begin(), total.horizontal.end());
  const std::size_t worst = scratch.size() / 20;
  return worst > 0 ? top_mean(scratch, worst) : *std::max_element(scratch.begin(), scratch.end());
}

}  // namespace tessera::cost
