#pragma once

#include <algorithm>
#include <array>
#include <span>

namespace tessera::cost {

/// A grid cell.
struct Cell {
  int col = 0;
  int row = 0;
  auto operator<=>(const Cell&) const = default;
};

namespace detail {

/// The L of the model: along the row of the source, then along the column of the sink.
template <typename Lines>
void route_two_cells(Cell source, Cell sink, Lines& lines) {
  lines.along_row(source.row, source.col, sink.col);
  lines.along_col(sink.col, source.row, sink.row);
}

/// A trunk in the median row of three cells, stubs from the lowest and the highest one.
template <typename Lines>
void route_trunk_in_median_row(std::array<Cell, 3> cells, Lines& lines) {
  const int first_col = cells.front().col;
  const int last_col = cells.back().col;
  std::sort(cells.begin(), cells.end(), [](Cell left, Cell right) {
    return left.row != right.row ? left.row < right.row : left.col < right.col;
  });
  const auto [low, median, high] = cells;
  lines.along_row(median.row, first_col, last_col);
  lines.along_col(low.col, low.row, median.row);
  lines.along_col(high.col, high.row, median.row);
}

template <typename Lines>
void route_three_cells(std::array<Cell, 3> cells, Lines& lines) {
  std::sort(cells.begin(), cells.end());  // by column, then row
  const auto [a, b, c] = cells;
  if (a.col < b.col && b.col < c.col && std::min(a.row, c.row) < b.row &&
      b.row < std::max(a.row, c.row)) {  // a staircase
    route_two_cells(a, b, lines);
    route_two_cells(b, c, lines);
  } else if (b.col == c.col && a.col < b.col && a.row < std::min(b.row, c.row)) {
    lines.along_row(a.row, a.col, b.col);
    lines.along_col(b.col, a.row, std::max(b.row, c.row));
  } else if (b.row == c.row) {
    lines.along_row(a.row, a.col, b.col);
    lines.along_row(b.row, b.col, c.col);
    lines.along_col(b.col, a.row, b.row);
  } else {
    route_trunk_in_median_row(cells, lines);
  }
}

}  // namespace detail

/// Draws the route that the published congestion model gives a net: two cells take an L from the
/// source, three the rule table, four or more a star of Ls from the source.
///
/// `cells`: the distinct cells of the net's pins, the driver's first. `lines` gets
/// `along_row(row, col_a, col_b)` and `along_col(col, row_a, row_b)`, either end first, possibly
/// equal; the edges between a and b are charged to their left or lower cells.
template <typename Lines>
void draw_route(std::span<const Cell> cells, Lines& lines) {
  if (cells.size() == 3) {
    detail::route_three_cells({cells[0], cells[1], cells[2]}, lines);
    return;
  }
  for (std::size_t i = 1; i < cells.size(); ++i) {
    detail::route_two_cells(cells[0], cells[i], lines);
  }
}

}  // namespace tessera::cost
