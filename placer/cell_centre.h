#pragma once

#include "netlist_io/canvas.h"
#include "placer/cell_mask.h"

namespace tessera::placer {

struct CellCentre {
  double x = 0.0;
  double y = 0.0;
};

/// Centre of a cell, in cells from the lower-left corner.
inline CellCentre cell_centre(const netlist_io::GridShape& grid, CellIndex cell) {
  const auto cols = static_cast<CellIndex>(grid.cols);
  const CellIndex row = cell / cols;
  return {cell % cols + 0.5, row + 0.5};
}

/// The same in microns.
inline CellCentre cell_centre(const netlist_io::Canvas& canvas, CellIndex cell) {
  const CellCentre centre = cell_centre(canvas.grid, cell);
  return {centre.x * canvas.cell_width(), centre.y * canvas.cell_height()};
}

}  // namespace tessera::placer
