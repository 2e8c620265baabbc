#pragma once

#include <string>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/box_problem.h"
#include "placer/macro_geometry.h"

namespace tessera::placer {

/// What a message says of a hard macro: name and size.
std::string describe_macro(const netlist_io::Netlist& netlist, netlist_io::NodeId macro);
/// What a message says of the canvas: its size.
std::string describe_canvas(const netlist_io::Canvas& canvas);

/// Throws `netlist_io::InfeasibleError` naming a movable hard macro that is larger than the canvas
/// as it stands; mirroring does not help, and quarter turns are not the placer's to make.
void check_sizes(const netlist_io::Netlist& netlist,
                 const netlist_io::Canvas& canvas,
                 const netlist_io::Placement& placement,
                 const MacroGeometry& geometry);

/// Throws `netlist_io::InfeasibleError` if the movable hard macros, keep-outs included, have more
/// area than fixed macros and blockages leave them, or if one of them fits nowhere between these.
/// `problem`: the boxes of `geometry.macros`. That a placement exists is not promised.
void check_room(const netlist_io::Netlist& netlist,
                const netlist_io::Canvas& canvas,
                const MacroGeometry& geometry,
                const BoxProblem& problem);

/// A sentence for each fixed hard macro that overlaps another one or a blockage, or leaves the
/// canvas: such a design has no legal placement, or the macro is where nothing should stand.
std::vector<std::string> fixed_macro_conflicts(const netlist_io::Netlist& netlist,
                                               const netlist_io::Canvas& canvas,
                                               const netlist_io::Placement& placement);

}  // namespace tessera::placer
