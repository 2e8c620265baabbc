#include "placer/clustering/flat_graph.h"

#include <algorithm>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>

namespace tessera::placer {
namespace {

using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::NodeRecord;
using netlist_io::Offset;
using netlist_io::PinId;
using netlist_io::PinRecord;
using netlist_io::Placement;

VertexKind vertex_kind(NodeKind kind) {
  switch (kind) {
    case NodeKind::kPort:
      return VertexKind::kPort;
    case NodeKind::kHardMacro:
      return VertexKind::kMacro;
    case NodeKind::kStdCell:
      return VertexKind::kStdCell;
    case NodeKind::kSoftMacro:
      break;
  }
  throw std::invalid_argument("a netlist with soft macros is clustered already");
}

class Builder {
 public:
  Builder(const Netlist& netlist, const Placement& placement)
      : netlist_(netlist), placement_(placement) {}

  FlatGraph build(int max_fanout) {
    collect_vertices();
    collect_nets(static_cast<std::size_t>(max_fanout));
    return std::move(graph_);
  }

 private:
  void collect_vertices() {
    std::size_t count = netlist_.num_nodes();
    for (const NodeId macro : netlist_.hard_macros()) {
      count += netlist_.pins_of(macro).size();
    }
    graph_.kind.resize(count);
    graph_.node.resize(count);
    graph_.x.resize(count);
    graph_.y.resize(count);
    graph_.area.assign(count, 0.0);
    used_.assign(count, false);
    for (std::size_t i = 0; i < netlist_.num_nodes(); ++i) {
      add_node(NodeId(i));
    }
    for (const NodeId macro : netlist_.hard_macros()) {
      for (const PinId pin : netlist_.pins_of(macro)) {
        add_macro_pin(macro, netlist_.pin(pin));
      }
    }
  }

  void add_node(NodeId id) {
    const NodeRecord& node = netlist_.node(id);
    const std::uint32_t vertex = claim(node.file_index);
    graph_.kind[vertex] = vertex_kind(node.kind);
    graph_.node[vertex] = id;
    graph_.x[vertex] = placement_.x[id.index()];
    graph_.y[vertex] = placement_.y[id.index()];
    if (node.kind == NodeKind::kStdCell) {
      graph_.area[vertex] = node.width * node.height;
    }
  }

  void add_macro_pin(NodeId macro, const PinRecord& pin) {
    const std::uint32_t vertex = claim(pin.file_index);
    const Offset offset = transform(pin.offset, placement_.orientation[macro.index()]);
    graph_.kind[vertex] = VertexKind::kMacroPin;
    graph_.node[vertex] = macro;
    graph_.x[vertex] = placement_.x[macro.index()] + offset.x;
    graph_.y[vertex] = placement_.y[macro.index()] + offset.y;
  }

  std::uint32_t claim(std::uint32_t file_index) {
    if (file_index >= used_.size() || used_[file_index]) {
      throw std::invalid_argument("file index " + std::to_string(file_index) +
                                  " is repeated or leaves a gap; expected 0 to " +
                                  std::to_string(used_.size() - 1) + ", each once");
    }
    used_[file_index] = true;
    return file_index;
  }

  std::uint32_t vertex_of(PinId pin) const {
    const NodeId node = netlist_.pin_node(pin);
    return netlist_.kind(node) == NodeKind::kHardMacro ? netlist_.pin(pin).file_index
                                                       : netlist_.file_index(node);
  }

  void collect_nets(std::size_t max_fanout) {
    std::vector<NetId> order(netlist_.num_nets());
    for (std::size_t i = 0; i < order.size(); ++i) {
      order[i] = NetId(i);
    }
    std::stable_sort(order.begin(), order.end(), [&](NetId a, NetId b) {
      return vertex_of(netlist_.driver(a)) < vertex_of(netlist_.driver(b));
    });
    last_net_.assign(graph_.num_vertices(), 0);
    for (const NetId net : order) {
      add_net(net, max_fanout);
    }
  }

  void add_net(NetId net, std::size_t max_fanout) {
    const std::size_t first = graph_.net_vertices.size();
    const auto mark = static_cast<std::uint32_t>(net.index() + 1);
    const std::span<const PinId> pins = netlist_.pins_of(net);
    graph_.net_vertices.push_back(vertex_of(pins.front()));
    for (const PinId pin : pins.subspan(1)) {
      const std::uint32_t vertex = vertex_of(pin);
      if (last_net_[vertex] != mark) {
        last_net_[vertex] = mark;
        graph_.net_vertices.push_back(vertex);
      }
    }
    if (graph_.net_vertices.size() - first > max_fanout + 1) {
      graph_.net_vertices.resize(first);
      return;
    }
    graph_.net_start.push_back(static_cast<std::uint32_t>(graph_.net_vertices.size()));
    graph_.net_weight.push_back(netlist_.weight(net));
  }

  const Netlist& netlist_;
  const Placement& placement_;
  FlatGraph graph_;
  std::vector<bool> used_;
  std::vector<std::uint32_t> last_net_;  ///< net + 1 that the vertex was seen in last
};

}  // namespace

FlatGraph make_flat_graph(const Netlist& netlist, const Placement& placement, int max_fanout) {
  if (placement.size() != netlist.num_nodes()) {
    throw std::invalid_argument("the placement has " + std::to_string(placement.size()) +
                                " nodes, the netlist " + std::to_string(netlist.num_nodes()));
  }
  return Builder(netlist, placement).build(max_fanout);
}

}  // namespace tessera::placer
