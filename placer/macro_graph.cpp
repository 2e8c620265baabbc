#include "placer/macro_graph.h"

#include <algorithm>
#include <map>
#include <span>
#include <utility>

#include "cost/cell_range.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::PinId;
using netlist_io::Placement;

namespace {

constexpr std::uint32_t kNoVertex = 0xffffffffU;

/// Numbers the macros and the port clusters; returns the vertex of every node.
std::vector<std::uint32_t> number_vertices(const Netlist& netlist,
                                           const Canvas& canvas,
                                           const Placement& placement,
                                           MacroGraph& graph) {
  std::vector<std::uint32_t> vertex(netlist.num_nodes(), kNoVertex);
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    if (netlist.is_macro(NodeId(i))) {
      vertex[i] = static_cast<std::uint32_t>(graph.macros.size());
      graph.macros.push_back(NodeId(i));
    }
  }
  std::map<std::pair<int, int>, std::vector<NodeId>> ports_of_cell;  // (column, row)
  for (const NodeId port : netlist.ports()) {
    const int col = cost::detail::cell_index(
        placement.x[port.index()], canvas.cell_width(), 0, canvas.grid.cols - 1);
    const int row = cost::detail::cell_index(
        placement.y[port.index()], canvas.cell_height(), 0, canvas.grid.rows - 1);
    ports_of_cell[{col, row}].push_back(port);
  }
  for (const auto& [cell, ports] : ports_of_cell) {
    for (const NodeId port : ports) {
      vertex[port.index()] = static_cast<std::uint32_t>(graph.num_vertices());
    }
    graph.port_clusters.push_back({cell.first, cell.second});
  }
  return vertex;
}

/// Adds up parallel edges of a list.
void merge_parallel(std::vector<MacroGraph::Edge>& edges) {
  std::stable_sort(
      edges.begin(), edges.end(), [](const MacroGraph::Edge& left, const MacroGraph::Edge& right) {
        return std::pair(left.a, left.b) < std::pair(right.a, right.b);
      });
  std::size_t kept = 0;
  for (std::size_t i = 0; i < edges.size(); ++i) {
    if (kept > 0 && edges[kept - 1].a == edges[i].a && edges[kept - 1].b == edges[i].b) {
      edges[kept - 1].weight += edges[i].weight;
    } else {
      edges[kept++] = edges[i];
    }
  }
  edges.resize(kept);
}

}  // namespace

MacroGraph build_macro_graph(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& placement) {
  MacroGraph graph;
  const std::vector<std::uint32_t> vertex = number_vertices(netlist, canvas, placement, graph);
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    const std::span<const PinId> pins = netlist.pins_of(NetId(n));
    const std::uint32_t source = vertex[netlist.pin_node(pins.front()).index()];
    for (const PinId pin : pins.subspan(1)) {
      const std::uint32_t sink = vertex[netlist.pin_node(pin).index()];
      if (source != sink && source != kNoVertex && sink != kNoVertex) {
        graph.edges.push_back(
            {std::min(source, sink), std::max(source, sink), netlist.weight(NetId(n))});
      }
    }
  }
  merge_parallel(graph.edges);
  return graph;
}

}  // namespace tessera::placer
