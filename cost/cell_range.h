#pragma once

#include <algorithm>

#include "netlist_io/canvas.h"

namespace tessera::cost {

/// The grid cells that a box touches, clipped to the grid; empty where first > last.
///
/// The upper index is floor(edge / size) even if the edge lies exactly on a grid line: the last
/// cell then overlaps by nothing, which the blockage rule of the congestion notices.
struct CellRange {
  int col0 = 0;
  int col1 = -1;
  int row0 = 0;
  int row1 = -1;
};

namespace detail {

/// floor(position / size) as an index clamped to [low, high]; never overflows.
inline int cell_index(double position, double size, int low, int high) {
  // A real division: multiplying by the reciprocal moves positions on grid lines.
  const double cells =
      std::clamp(position / size, static_cast<double>(low), static_cast<double>(high));
  // std::floor is a call into the library where the processor is not known to round.
  const int truncated = static_cast<int>(cells);
  return cells < truncated ? truncated - 1 : truncated;
}

}  // namespace detail

inline CellRange covered_cells(const netlist_io::Rect& box, const netlist_io::Canvas& canvas) {
  const double width = canvas.cell_width();
  const double height = canvas.cell_height();
  const int cols = canvas.grid.cols;
  const int rows = canvas.grid.rows;
  // Clamping the lower index up to `cols` (not cols - 1) and the upper one down to -1 leaves boxes
  // beyond an edge with an empty range.
  return {detail::cell_index(box.x0, width, 0, cols),
          detail::cell_index(box.x1, width, -1, cols - 1),
          detail::cell_index(box.y0, height, 0, rows),
          detail::cell_index(box.y1, height, -1, rows - 1)};
}

/// Length that [low, high] shares with cell `index` of a row of cells of `size`; may be <= 0.
inline double cell_overlap(double low, double high, int index, double size) {
  return std::min(high, (index + 1) * size) - std::max(low, index * size);
}

/// Calls `visit(col, row, area)` for every cell of `covered_cells`, row by row from the bottom,
/// with the area that it shares with the box; may be 0.
template <typename Visit>
void for_each_covered_cell(const netlist_io::Rect& box,
                           const netlist_io::Canvas& canvas,
                           Visit visit) {
  const double width = canvas.cell_width();
  const double height = canvas.cell_height();
  const CellRange range = covered_cells(box, canvas);
  for (int row = range.row0; row <= range.row1; ++row) {
    const double overlap_y = std::max(0.0, cell_overlap(box.y0, box.y1, row, height));
    for (int col = range.col0; col <= range.col1; ++col) {
      const double overlap_x = std::max(0.0, cell_overlap(box.x0, box.x1, col, width));
      visit(col, row, overlap_x * overlap_y);
    }
  }
}

}  // namespace tessera::cost
