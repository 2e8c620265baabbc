#pragma once

#include <cstddef>
#include <span>

#include "netlist_io/canvas.h"

namespace tessera::placer {

/// A box that spreads its area over grid cells. Lengths in cells.
struct SpreadBox {
  double half_width = 0.5;
  double half_height = 0.5;
  double weight = 1.0;  ///< area of the node over that of the box

  /// The box of a node, blown up to at least `min_side` cells a side at the same area.
  static SpreadBox inflated(double width, double height, double min_side);
};

/// Derivatives with respect to the centre of a box.
struct SpreadSlopes {
  double x = 0.0;
  double y = 0.0;
};

/// Adds the box at (x, y), cells, to `density` [rows x cols]. A box that sticks out of the grid
/// counts as if moved inside: area beyond the edge would look like free space.
void spread_box(const SpreadBox& box,
                double x,
                double y,
                netlist_io::GridShape grid,
                std::span<double> density);

/// Derivatives of a function of the density whose derivatives with respect to the cells are
/// `prices`: exact, as the density is bilinear while no edge crosses a grid line.
SpreadSlopes spread_slopes(const SpreadBox& box,
                           double x,
                           double y,
                           netlist_io::GridShape grid,
                           std::span<const double> prices);

}  // namespace tessera::placer
