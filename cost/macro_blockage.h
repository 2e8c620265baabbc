#pragma once

#include <cmath>

#include "cost/cell_range.h"
#include "netlist_io/canvas.h"

namespace tessera::cost {

namespace detail {

/// True if a box that spans more than one cell of an axis does not fill its two end cells, or if it
/// overlaps one of its cells by nothing on the other axis. It then blocks nothing in its last cell.
inline bool loses_last_cell(
    double low, double high, int first, int last, double size, bool other_empty) {
  constexpr double kTolerance = 1e-5;  // microns
  if (first == last) {
    return false;
  }
  return other_empty || std::abs(cell_overlap(low, high, first, size) - size) > kTolerance ||
         std::abs(cell_overlap(low, high, last, size) - size) > kTolerance;
}

inline bool has_empty_cell(double low, double high, int first, int last, double size) {
  for (int i = first; i <= last; ++i) {
    if (cell_overlap(low, high, i, size) <= 0.0) {
      return true;
    }
  }
  return false;
}

}  // namespace detail

/// Calls `visit(col, row, horizontal_um, vertical_um)` for every grid cell in which the box of a
/// hard macro takes routing tracks away: the length of the cell's side over which horizontal and
/// vertical tracks are blocked, microns, 0 where the published rule drops the last column or row.
template <typename Visit>
void for_each_blocked_cell(const netlist_io::Rect& box,
                           const netlist_io::Canvas& canvas,
                           Visit visit) {
  const double cell_width = canvas.cell_width();
  const double cell_height = canvas.cell_height();
  const CellRange range = covered_cells(box, canvas);
  const bool empty_col = detail::has_empty_cell(box.x0, box.x1, range.col0, range.col1, cell_width);
  const bool empty_row =
      detail::has_empty_cell(box.y0, box.y1, range.row0, range.row1, cell_height);
  const bool loses_top_row =
      detail::loses_last_cell(box.y0, box.y1, range.row0, range.row1, cell_height, empty_col);
  const bool loses_right_col =
      detail::loses_last_cell(box.x0, box.x1, range.col0, range.col1, cell_width, empty_row);
  for (int row = range.row0; row <= range.row1; ++row) {
    const double overlap_y = cell_overlap(box.y0, box.y1, row, cell_height);
    for (int col = range.col0; col <= range.col1; ++col) {
      const double overlap_x = cell_overlap(box.x0, box.x1, col, cell_width);
      if (overlap_x > 0.0 && overlap_y > 0.0) {
        visit(col,
              row,
              loses_right_col && col == range.col1 ? 0.0 : overlap_y,
              loses_top_row && row == range.row1 ? 0.0 : overlap_x);
      }
    }
  }
}

}  // namespace tessera::cost
