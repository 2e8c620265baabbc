#include "placer/smooth_density.h"

#include <algorithm>

namespace tessera::placer {
namespace {

/// The cells that an interval covers along one axis.
struct Span {
  double low = 0.0;
  double high = 0.0;
  int first = 0;
  int last = 0;
  bool held = false;  ///< moved inside: does not follow its centre

  Span(double centre, double half, int count) {
    const double end = count;
    const double inside = 2.0 * half >= end ? 0.5 * end : std::clamp(centre, half, end - half);
    held = inside != centre;
    low = std::max(0.0, inside - half);
    high = std::min(end, inside + half);
    first = std::min(static_cast<int>(low), count - 1);
    last = std::min(static_cast<int>(high), count - 1);
  }

  double overlap(int cell) const {
    return std::max(0.0, std::min(high, cell + 1.0) - std::max(low, static_cast<double>(cell)));
  }
};

}  // namespace

SpreadBox SpreadBox::inflated(double width, double height, double min_side) {
  const double box_width = std::max(width, min_side);
  const double box_height = std::max(height, min_side);
  const double area = box_width * box_height;
  return {0.5 * box_width, 0.5 * box_height, area > 0.0 ? width * height / area : 0.0};
}

void spread_box(const SpreadBox& box,
                double x,
                double y,
                netlist_io::GridShape grid,
                std::span<double> density) {
  const Span cols(x, box.half_width, grid.cols);
  const Span rows(y, box.half_height, grid.rows);
  for (int row = rows.first; row <= rows.last; ++row) {
    const double height = box.weight * rows.overlap(row);
    double* const cells = density.data() + static_cast<std::ptrdiff_t>(row) * grid.cols;
    for (int col = cols.first; col <= cols.last; ++col) {
      cells[col] += height * cols.overlap(col);
    }
  }
}

SpreadSlopes spread_slopes(const SpreadBox& box,
                           double x,
                           double y,
                           netlist_io::GridShape grid,
                           std::span<const double> prices) {
  const Span cols(x, box.half_width, grid.cols);
  const Span rows(y, box.half_height, grid.rows);
  SpreadSlopes slopes;
  if (!cols.held) {
    for (int row = rows.first; row <= rows.last; ++row) {
      const double* const cells = prices.data() + static_cast<std::ptrdiff_t>(row) * grid.cols;
      slopes.x += rows.overlap(row) * (cells[cols.last] - cells[cols.first]);
    }
  }
  if (!rows.held) {
    const double* const top = prices.data() + static_cast<std::ptrdiff_t>(rows.last) * grid.cols;
    const double* const bottom =
        prices.data() + static_cast<std::ptrdiff_t>(rows.first) * grid.cols;
    for (int col = cols.first; col <= cols.last; ++col) {
      slopes.y += cols.overlap(col) * (top[col] - bottom[col]);
    }
  }
  return {box.weight * slopes.x, box.weight * slopes.y};
}

}  // namespace tessera::placer
