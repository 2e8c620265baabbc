#pragma once

#include <cmath>

namespace tessera::placer {

/// Keeps pins and edges off the lines between grid cells. The cost jumps where one of them crosses
/// a line: a search that may come as close as it likes finds placements whose cost holds for these
/// very coordinates only, and no longer once they move by a thousandth of a cell.
///
/// One axis of a canvas. The canvas' own edges are no such lines: nothing stands beyond them.
class GridClearance {
 public:
  /// What comes closer to a line than this is moved away from it; grid cells.
  static constexpr double kLeast = 1.2e-3;

  /// `cell`: length of a grid cell, microns, > 0; `count`: number of cells.
  GridClearance(double cell, int count) : cell_(cell), end_(count) {}

  /// The shift, microns, that takes a point clear of the line that it is too close to; 0 if it is
  /// clear. To the side on which it is, or to the side named: -1 or 1.
  double shift(double position, double side = 0.0) const {
    const double at = position / cell_;
    const double line = std::round(at);
    const double distance = at - line;
    if (std::abs(distance) >= kLeast || line <= 0.0 || line >= end_) {
      return 0.0;
    }
    return (std::copysign(kTarget, side == 0.0 ? distance : side) - distance) * cell_;
  }

  /// The centre near `centre` at which both edges of an interval are clear.
  double clear_edges(double centre, double size) const {
    const double half = 0.5 * size;
    double side = 0.0;
    for (int step = 0; step < 2; ++step) {  // past the line at one edge, then at the other
      double by = shift(centre - half, side);
      if (by == 0.0) {
        by = shift(centre + half, side);
      }
      centre += by;
      side = by;
    }
    return centre;
  }

 private:
  static constexpr double kTarget = 1.3e-3;  ///< beyond `kLeast`, to survive rounding

  double cell_;
  double end_;
};

}  // namespace tessera::placer
