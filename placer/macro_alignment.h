#pragma once

#include <cstddef>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/macro_geometry.h"

namespace tessera::placer {

struct MacroAlignmentOptions {
  MacroSpaceOptions space;
  cost::CostOptions cost;  ///< its weights say what must not grow
  /// Longest shift, as a part of the side of the macro along it; >= 0.
  double reach = 0.1;
};

struct MacroAlignmentResult {
  netlist_io::Placement placement;
  std::size_t shifts = 0;  ///< of a macro along an axis
};

/// Shifts movable hard macros a little, so that their edges are in line with those of hard macros
/// next to them (left with left, right with right, lower with lower, upper with upper), where that
/// costs nothing: channels become straight, and rows and power straps whole. A shift is made if the
/// macro fits and the cost stays at or below that of the placement given, so that shifts that gain
/// pay for others. Macros already in line with a neighbour stay.
///
/// The hard macros of `placement` must be legal and stay so. Throws `netlist_io::OptionError` for
/// options out of range.
MacroAlignmentResult align_macros(const netlist_io::Netlist& netlist,
                                  const netlist_io::Canvas& canvas,
                                  const netlist_io::Placement& placement,
                                  const MacroAlignmentOptions& options);

}  // namespace tessera::placer
