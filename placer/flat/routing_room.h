#pragma once

#include <vector>

#include "cost/edge_use.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

struct RoutingRoomOptions {
  double usual_use = 0.5;  ///< of a routing edge, from which on nodes beside it get room; > 0
  double most_room = 2.0;  ///< of a node, >= 1
  /// That all get together, as a part of the canvas, >= 0; and never more than half of what is
  /// free.
  double most_area = 0.1;
};

/// How much room nodes should get for the wires around them, as factors of their area ([nodes], >=
/// 1; `FlatPlacerOptions::room`): the square of the use of the routing edges where they stand over
/// the usual one (cell inflation by congestion, as in P. Spindler and F. M. Johannes, DATE 2007).
/// For a standard cell or soft macro the most used edge of its gcell counts, for a movable hard
/// macro the mean over the gcells along its outline.
///
/// `edges`: of the same placement. `before`: factors of an earlier round, which are multiplied, or
/// empty.
std::vector<float> room_for_routing(const netlist_io::Netlist& netlist,
                                    const netlist_io::Canvas& canvas,
                                    const netlist_io::Placement& placement,
                                    const cost::EdgeUse& edges,
                                    const std::vector<float>& before,
                                    const RoutingRoomOptions& options = {});

}  // namespace tessera::placer
