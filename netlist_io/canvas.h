#pragma once

#include <cstddef>
#include <vector>

namespace tessera::netlist_io {

/// Axis-aligned rectangle in microns.
struct Rect {
  double x0 = 0.0;
  double y0 = 0.0;
  double x1 = 0.0;
  double y1 = 0.0;

  double width() const { return x1 - x0; }
  double height() const { return y1 - y0; }
};

/// Number of grid cells (gcells) in each direction.
struct GridShape {
  int cols = 10;
  int rows = 10;

  std::size_t num_cells() const {
    return static_cast<std::size_t>(cols) * static_cast<std::size_t>(rows);
  }
  bool operator==(const GridShape&) const = default;
};

/// Keep-out region for hard macros. `rate` follows Circuit Training: 1 floorplan cut-out, 0.99
/// standard-cell blockage, 0.1 macro keep-out. Every rate forbids hard macros; none changes a cost.
struct Blockage {
  Rect rect;
  double rate = 1.0;
};

/// The placeable area, lower-left corner at (0, 0), and its tiling.
/// The index of a cell is `col + row * cols`, row 0 at the bottom.
struct Canvas {
  double width = 0.0;   ///< microns
  double height = 0.0;  ///< microns
  GridShape grid;
  std::vector<Blockage> blockages;

  double cell_width() const { return width / grid.cols; }
  double cell_height() const { return height / grid.rows; }
};

}  // namespace tessera::netlist_io
