#pragma once

#include <vector>

#include "netlist_io/macro_group_file.h"
#include "netlist_io/netlist.h"
#include "netlist_io/orientation.h"
#include "netlist_io/placement.h"
#include "placer/macro_geometry.h"
#include "placer/macro_spacing.h"

namespace tessera::placer {

/// What stands in `orientation` once the whole that it belongs to is turned by `by`.
netlist_io::Orientation turned(netlist_io::Orientation orientation, netlist_io::Orientation by);

/// A macro of a group that is in orientation N.
struct GroupMember {
  netlist_io::NodeId macro;
  netlist_io::Offset offset;  ///< of its centre from that of the group's box, microns
  netlist_io::Orientation orientation = netlist_io::Orientation::kN;
};

/// A group of hard macros as one rigid hard macro.
struct GroupShape {
  double width = 0.0;   ///< of the box around all members, microns
  double height = 0.0;  ///< microns
  std::vector<GroupMember> members;
  MacroRule rule;  ///< under which all members meet theirs
  Halo halo;       ///< beyond the box, what members keep free
};

/// Lays a group out. A column is as wide as its widest macro, a row as tall as its tallest one;
/// macros stand at the lower left of their places. Where the design has rules for macros, each
/// stands to the upper right of that, by less than a unit of the lattice, so that all meet their
/// tracks when the first does; without, their distances are whole units.
///
/// Members without an orientation asked for stand in E where `placement` has them turned by a
/// quarter, else in N. The group may be turned to where the rules of all members allow it; not at
/// all if an orientation is asked for.
///
/// Throws `netlist_io::ParseError` if a member may not have the orientation asked for.
GroupShape make_group_shape(const netlist_io::Netlist& netlist,
                            const netlist_io::Placement& placement,
                            const netlist_io::MacroGroup& group,
                            const MacroSpaceOptions& space);

}  // namespace tessera::placer
