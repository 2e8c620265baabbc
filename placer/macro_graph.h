#pragma once

#include <cstdint>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// The netlist reduced to what the policy sees: macros and clusters of ports, joined by weighted
/// edges (Circuit Training's `get_macro_and_clustered_port_adjacency`).
///
/// Vertices are the macros, hard and soft, in file order, then the port clusters: ports in the same
/// grid cell form one, ordered by column, then row. The weight of an edge is the sum of the net
/// weights over all driver-sink pairs between its two ends, in both directions.
struct MacroGraph {
  struct Edge {
    std::uint32_t a = 0;  ///< a < b
    std::uint32_t b = 0;
    double weight = 0.0;
    bool operator==(const Edge&) const = default;
  };
  struct PortCluster {
    int col = 0;
    int row = 0;
  };

  std::vector<netlist_io::NodeId> macros;
  std::vector<PortCluster> port_clusters;
  std::vector<Edge> edges;  ///< ascending by (a, b)

  std::size_t num_vertices() const { return macros.size() + port_clusters.size(); }
};

/// Builds the graph; ports are taken where `placement` has them, those outside count in the nearest
/// cell.
MacroGraph build_macro_graph(const netlist_io::Netlist& netlist,
                             const netlist_io::Canvas& canvas,
                             const netlist_io::Placement& placement);

}  // namespace tessera::placer
