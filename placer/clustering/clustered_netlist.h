#pragma once

#include <cstdint>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"

namespace tessera::placer {

/// A clustered netlist and where the nodes of the flat one went.
struct ClusteredNetlist {
  netlist_io::Netlist netlist;
  /// For each node of the flat netlist: the same port or macro, or the cluster of the cell.
  std::vector<netlist_io::NodeId> node_of;
};

/// Makes a soft macro of the standard cells of each group. Ports, hard macros and their pins stay,
/// in the order of the flat file, at their places in `placement`; then come the clusters by
/// ascending group, named `Grp_<group>`: as wide as a grid cell, with the area of the cells over
/// `utilisation`, at their mean by area.
///
/// Nets go to the clusters of their cells, and vanish inside a cluster. A cluster has one input
/// pin, an output pin for each net that leaves it for several places, and one for all nets to the
/// same single place, whose weight is the sum of theirs (Circuit Training's rules, down to the
/// order).
///
/// Every standard cell needs a group. Throws `std::invalid_argument` naming one without.
ClusteredNetlist make_clustered_netlist(const netlist_io::Netlist& flat,
                                        const netlist_io::Placement& placement,
                                        const FlatGraph& graph,
                                        const GroupOf& group_of,
                                        const netlist_io::Canvas& canvas,
                                        double utilisation);

}  // namespace tessera::placer
