#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/ids.h"
#include "netlist_io/macro_group_file.h"
#include "netlist_io/netlist.h"
#include "netlist_io/orientation.h"
#include "netlist_io/placement.h"
#include "placer/macro_geometry.h"
#include "placer/macro_group_shape.h"

namespace tessera::placer {

/// A netlist in which each group of hard macros is one hard macro, so that whatever places hard
/// macros places groups as a whole, and the ways between placements of the two netlists.
///
/// Pins and nets keep their ids and weights; the pins of the members are those of the group's
/// macro, so that the wirelength is the same. Immutable.
class MacroGroups {
 public:
  /// A group of the file as a macro of the grouped netlist.
  struct Group {
    netlist_io::MacroGroup source;
    GroupShape shape;
    netlist_io::NodeId node;  ///< in the grouped netlist
  };

  /// `placement`: which macros are turned by a quarter. `space`: the rules of the netlist's macros.
  /// Throws `netlist_io::ParseError` if a member may not have the orientation asked for and
  /// `netlist_io::InfeasibleError`, naming the group, if one is larger than the canvas.
  MacroGroups(const netlist_io::Netlist& netlist,
              const netlist_io::Canvas& canvas,
              const netlist_io::Placement& placement,
              std::vector<netlist_io::MacroGroup> groups,
              const MacroSpaceOptions& space);

  /// The grouped netlist.
  const netlist_io::Netlist& netlist() const { return grouped_; }
  /// The rules of its macros.
  const MacroSpaceOptions& space() const { return space_; }
  const std::vector<Group>& groups() const { return groups_; }

  /// The placement of the grouped netlist nearest to one of the original one: groups are turned as
  /// most of their members are and stand where their members are on average. Groups that expand
  /// returned come back as they were.
  netlist_io::Placement collapse(const netlist_io::Placement& placement) const;
  /// The placement of the original netlist.
  netlist_io::Placement expand(const netlist_io::Placement& grouped) const;

 private:
  void make_netlist(const netlist_io::Netlist& netlist);
  void make_space(const MacroSpaceOptions& space);
  void collapse_group(const Group& group,
                      const netlist_io::Placement& placement,
                      netlist_io::Placement& grouped) const;

  std::vector<Group> groups_;
  netlist_io::Netlist grouped_;
  MacroSpaceOptions space_;
  std::vector<netlist_io::NodeId> node_of_;  ///< of the nodes of the original netlist
};

}  // namespace tessera::placer
