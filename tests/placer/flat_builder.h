#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netlist_io/netlist.h"

namespace tessera::testing {

/// Assembles small flat netlists in code. Everything is named by its vertex: its place in the file.
class FlatBuilder {
 public:
  using Vertex = std::uint32_t;

  Vertex port(double x, double y) { return add(netlist_io::NodeKind::kPort, x, y, 0.0, 0.0); }

  Vertex cell(double x, double y, double width = 1.0, double height = 1.0) {
    return add(netlist_io::NodeKind::kStdCell, x, y, width, height);
  }

  Vertex macro(double x,
               double y,
               double width,
               double height,
               netlist_io::Orientation orientation = netlist_io::Orientation::kN) {
    const Vertex vertex = add(netlist_io::NodeKind::kHardMacro, x, y, width, height);
    records_.nodes.back().orientation = orientation;
    return vertex;
  }

  Vertex pin(Vertex macro, netlist_io::Offset offset = {}) {
    const netlist_io::NodeId node = node_of_[macro];
    const std::string name =
        records_.nodes[node.index()].name + "/p" + std::to_string(node_of_.size());
    return add_pin(node, name, offset);
  }

  void connect(Vertex driver, const std::vector<Vertex>& sinks) {
    netlist_io::NetRecord net{pin_of_[driver], {}};
    for (const Vertex sink : sinks) {
      net.sinks.push_back(pin_of_[sink]);
    }
    records_.nets.push_back(net);
  }

  netlist_io::Netlist build() const { return netlist_io::Netlist(records_); }

 private:
  Vertex add(netlist_io::NodeKind kind, double x, double y, double width, double height) {
    netlist_io::NodeRecord node;
    node.name = "n" + std::to_string(node_of_.size());
    node.kind = kind;
    node.x = x;
    node.y = y;
    node.width = width;
    node.height = height;
    node.file_index = static_cast<Vertex>(node_of_.size());
    const netlist_io::NodeId id(records_.nodes.size());
    records_.nodes.push_back(node);
    if (kind == netlist_io::NodeKind::kHardMacro) {
      node_of_.push_back(id);
      pin_of_.push_back({});
      return node.file_index;
    }
    return add_pin(id, "", {});
  }

  Vertex add_pin(netlist_io::NodeId node, const std::string& name, netlist_io::Offset offset) {
    const auto vertex = static_cast<Vertex>(node_of_.size());
    node_of_.push_back(node);
    pin_of_.push_back(netlist_io::PinId(records_.pins.size()));
    records_.pins.push_back({node, name, offset, 1.0, vertex});
    return vertex;
  }

  netlist_io::NetlistRecords records_;
  std::vector<netlist_io::NodeId> node_of_;  // [vertices]
  std::vector<netlist_io::PinId> pin_of_;    // [vertices]
};

}  // namespace tessera::testing
