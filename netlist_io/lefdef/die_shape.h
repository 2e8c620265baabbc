#pragma once

#include <span>
#include <vector>

#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/lef_library.h"

namespace tessera::netlist_io {

/// The outline of a design as a box with parts blocked. Database units.
struct DieShape {
  DefRect box;  ///< bounding box of the die area; empty without one
  std::vector<DefRect>
      blocked;  ///< inside the box: off the polygon, and off the rows' bounding box
};

DieShape die_shape(const LefLibrary& library, const DefDesign& design);

/// What of the bounding box of a rectilinear polygon lies outside of it, as disjoint rectangles.
/// `corners` in order, either way round, the last joined to the first.
std::vector<DefRect> outside_of_polygon(std::span<const DefPoint> corners);

}  // namespace tessera::netlist_io
