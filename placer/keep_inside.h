#pragma once

#include <algorithm>
#include <cmath>
#include <utility>

#include "cost/cost_options.h"
#include "netlist_io/netlist.h"
#include "netlist_io/orientation.h"

namespace tessera::placer {

/// The centre nearest to `centre` at which an interval of `size` lies inside [0, length], to the
/// last bit: `result + size / 2 <= length`. The middle if it is longer than that.
inline double clamp_centre(double centre, double size, double length) {
  const double half = 0.5 * size;
  if (size >= length) {
    return 0.5 * length;
  }
  double clamped = std::clamp(centre, half, std::max(half, length - half));
  while (clamped + half > length && clamped > half) {
    clamped = std::nextafter(clamped, 0.0);
  }
  return clamped;
}

/// Width and height, microns.
struct Extent {
  double width = 0.0;
  double height = 0.0;
};

/// The least extent around a node's centre that holds both its boxes: the one that legality looks
/// at, turned with its orientation, and the one that the cost counts, which never turns and may be
/// a square. What must not leave the canvas, lest its area vanish from the density.
inline Extent outer_extent(const netlist_io::Netlist& netlist,
                           netlist_io::NodeId node,
                           netlist_io::Orientation orientation,
                           cost::SoftMacroShape shape) {
  Extent box = {netlist.width(node), netlist.height(node)};
  Extent counted = box;
  if (netlist_io::swaps_axes(orientation)) {
    std::swap(box.width, box.height);
  }
  if (shape == cost::SoftMacroShape::kSquare &&
      netlist.kind(node) == netlist_io::NodeKind::kSoftMacro) {
    counted.width = counted.height = std::sqrt(counted.width * counted.height);
  }
  return {std::max(box.width, counted.width), std::max(box.height, counted.height)};
}

}  // namespace tessera::placer
