#include "placer/macro_order.h"

#include <algorithm>
#include <limits>

#include <boost/graph/adjacency_list.hpp>
#include <boost/range/iterator_range.hpp>

namespace tessera::placer {

using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;

namespace {

using Graph = boost::adjacency_list<boost::vecS,
                                    boost::vecS,
                                    boost::undirectedS,
                                    boost::no_property,
                                    boost::property<boost::edge_weight_t, double>>;

Graph to_boost(const MacroGraph& graph) {
  Graph result(graph.num_vertices());
  for (const MacroGraph::Edge& edge : graph.edges) {
    boost::add_edge(edge.a, edge.b, edge.weight, result);
  }
  return result;
}

/// Strength of the connection of each vertex to one vertex: the direct weight plus, through each
/// common neighbour, the product of the two weights over the neighbour's total weight.
class Connections {
 public:
  explicit Connections(const MacroGraph& graph)
      : graph_(to_boost(graph)), total_(graph.num_vertices()) {
    for (const MacroGraph::Edge& edge : graph.edges) {
      total_[edge.a] += edge.weight;
      total_[edge.b] += edge.weight;
    }
  }

  void add_from(std::size_t vertex, std::vector<double>& strength) const {
    const auto weight = boost::get(boost::edge_weight, graph_);
    for (const auto& edge : boost::make_iterator_range(boost::out_edges(vertex, graph_))) {
      const std::size_t middle = boost::target(edge, graph_);
      strength[middle] += weight[edge];
      for (const auto& next : boost::make_iterator_range(boost::out_edges(middle, graph_))) {
        strength[boost::target(next, graph_)] += weight[edge] * weight[next] / total_[middle];
      }
    }
  }

 private:
  Graph graph_;
  std::vector<double> total_;
};

double area(const Netlist& netlist, NodeId node) {
  return netlist.width(node) * netlist.height(node);
}

/// `by_area`: the macros in descending order of area; ties in strength keep that order.
std::vector<NodeId> order_by_connectivity(const MacroGraph& graph,
                                          const std::vector<NodeId>& by_area) {
  const Connections connections(graph);
  std::vector<std::size_t> vertex;
  for (const NodeId macro : by_area) {
    const auto found = std::lower_bound(graph.macros.begin(), graph.macros.end(), macro);
    vertex.push_back(static_cast<std::size_t>(found - graph.macros.begin()));
  }
  constexpr double kTaken = -std::numeric_limits<double>::infinity();
  std::vector<double> strength(graph.num_vertices(), 0.0);
  std::vector<bool> taken(by_area.size(), false);
  std::vector<NodeId> order;
  while (order.size() < by_area.size()) {
    std::size_t best = by_area.size();
    double best_strength = kTaken;
    for (std::size_t i = 0; i < by_area.size(); ++i) {
      if (!taken[i] && strength[vertex[i]] > best_strength) {
        best = i;
        best_strength = strength[vertex[i]];
      }
    }
    taken[best] = true;
    order.push_back(by_area[best]);
    connections.add_from(vertex[best], strength);
  }
  return order;
}

}  // namespace

std::vector<NodeId> order_macros(const Netlist& netlist,
                                 const Placement& placement,
                                 const MacroGraph& graph,
                                 MacroOrder order) {
  std::vector<NodeId> macros;
  for (const NodeId macro : netlist.hard_macros()) {
    if (placement.fixed[macro.index()] == 0) {
      macros.push_back(macro);
    }
  }
  std::stable_sort(macros.begin(), macros.end(), [&netlist](NodeId left, NodeId right) {
    return area(netlist, left) > area(netlist, right);
  });
  switch (order) {
    case MacroOrder::kArea:
      break;
    case MacroOrder::kConnectivity:
      macros = order_by_connectivity(graph, macros);
      break;
  }
  return macros;
}

}  // namespace tessera::placer
