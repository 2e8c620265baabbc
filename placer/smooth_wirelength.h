#pragma once

#include <cstddef>
#include <span>

#include "placer/point_nets.h"

namespace tessera::placer {

/// Weighted-average wirelength of all nets along one axis: an approximation of the extent of each
/// net from below, smooth in the positions (M.-K. Hsu, Y.-W. Chang and V. Balabanov, "TSV-aware
/// analytical placement for 3D IC designs", DAC 2011).
///
/// `position`: coordinate of every point, cells. `gamma`: width of the smoothing, cells, > 0.
/// Adds to `gradient` [points] the derivatives of sum of weight x extent and returns that sum,
/// cells. The exponents are at most 0, so that nothing overflows.
double add_smooth_wirelength(const PointNets& nets,
                             std::span<const float> position,
                             float gamma,
                             std::span<float> gradient);

/// Sums of weight x extent of some nets.
struct SmoothLength {
  double smooth = 0.0;  ///< of the weighted average
  double exact = 0.0;   ///< of the extents themselves
};

/// The nets of the groups `begin` to `end` alone, for callers that share the groups out among
/// threads: writes the derivative by each of their entries to `entry_gradient`, which is parallel
/// to `nets.points`. Entries that fill up a shorter net get 0.
SmoothLength smooth_wirelength_by_entry(const PointNets& nets,
                                        std::size_t begin,
                                        std::size_t end,
                                        std::span<const float> position,
                                        float gamma,
                                        std::span<float> entry_gradient);

}  // namespace tessera::placer
