#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "placer/macro_geometry.h"

namespace tessera::placer {

/// A box to be placed, spacing included.
struct MovableBox {
  LatticePoint size;
  LatticePoint min_lo{};  ///< lowest lower-left corner that the canvas allows
  LatticePoint max_lo;    ///< highest one, not below `min_lo`
  LatticePoint want;      ///< where its lower-left corner would like to be, inside the canvas
  double weight = 1.0;    ///< cost of moving it by a database unit

  LatticeBox at(const LatticePoint& corner) const {
    return {corner, {corner[0] + size[0], corner[1] + size[1]}};
  }
  /// Cost of standing there instead of where it would like to be.
  double displacement(const LatticePoint& corner) const {
    return weight * (std::abs(static_cast<double>(corner[0] - want[0])) +
                     std::abs(static_cast<double>(corner[1] - want[1])));
  }
};

/// Lower-left corners, one a box.
using BoxCorners = std::vector<LatticePoint>;

/// Boxes to be placed without overlaps among each other and with the obstacles, each near to where
/// it would like to be.
struct BoxProblem {
  std::vector<MovableBox> boxes;
  std::vector<LatticeBox> obstacles;

  double displacement(const BoxCorners& corners) const {
    double sum = 0.0;
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      sum += boxes[i].displacement(corners[i]);
    }
    return sum;
  }
};

}  // namespace tessera::placer
