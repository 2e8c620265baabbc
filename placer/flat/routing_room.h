#pragma once

#include <vector>

#include "cost/edge_use.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/macro_spacing.h"

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

struct RoutingChannelOptions {
  double usual_use = 0.5;  ///< of a routing edge, from which on a channel gets wider; > 0
  /// Keep-out of a macro per gcell and per use above the usual one, as a part of it; >= 0.
  double gain = 1.0;
  double most_gcells = 4.0;  ///< of one side of a macro, >= 0
};

/// Keep-outs that widen the channels between hard macros whose routing edges are in heavy use, by
/// node and in orientation N as `MacroSpacing::own_halos` has them: on each side of a movable macro
/// `gain * (use / usual - 1)` gcells for the most used edge of those that cross the gcells just
/// outside along that side.
///
/// `edges`: of the same placement. `before`: keep-outs of an earlier round, which these are added
/// to, or empty.
std::vector<Halo> channels_for_routing(const netlist_io::Netlist& netlist,
                                       const netlist_io::Canvas& canvas,
                                       const netlist_io::Placement& placement,
                                       const cost::EdgeUse& edges,
                                       const std::vector<Halo>& before,
                                       const RoutingChannelOptions& options = {});

}  // namespace tessera::placer
