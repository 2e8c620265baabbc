#include "netlist_io/placement.h"

namespace tessera::netlist_io {

Placement::Placement(const Netlist& netlist)
    : x(netlist.num_nodes()),
      y(netlist.num_nodes()),
      orientation(netlist.num_nodes()),
      fixed(netlist.num_nodes()),
      placed(netlist.num_nodes(), 1) {
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    const NodeRecord& node = netlist.node(NodeId(i));
    x[i] = node.x;
    y[i] = node.y;
    orientation[i] = node.orientation;
    fixed[i] = node.kind == NodeKind::kPort ? 1 : 0;
  }
}

}  // namespace tessera::netlist_io
