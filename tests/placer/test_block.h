#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/rng.h"

namespace tessera::testing {

/// Assembles small netlists in code. Each connection gets pins of its own on macros.
class BlockBuilder {
 public:
  netlist_io::NodeId port(const std::string& name, double x, double y) {
    netlist_io::NodeRecord node;
    node.name = name;
    node.kind = netlist_io::NodeKind::kPort;
    node.x = x;
    node.y = y;
    const netlist_io::NodeId id = add(node);
    records_.pins.push_back({id, "", {}, 1.0, records_.nodes.back().file_index});
    port_pins_.emplace_back(id, netlist_io::PinId(records_.pins.size() - 1));
    return id;
  }

  netlist_io::NodeId hard(const std::string& name,
                          double width,
                          double height,
                          netlist_io::Orientation orientation = netlist_io::Orientation::kN) {
    return macro(name, netlist_io::NodeKind::kHardMacro, width, height, orientation);
  }

  netlist_io::NodeId soft(const std::string& name, double width, double height) {
    return macro(
        name, netlist_io::NodeKind::kSoftMacro, width, height, netlist_io::Orientation::kN);
  }

  void connect(netlist_io::NodeId driver,
               const std::vector<netlist_io::NodeId>& sinks,
               double weight = 1.0) {
    netlist_io::NetRecord net;
    net.driver = pin_on(driver, weight);
    for (const netlist_io::NodeId sink : sinks) {
      net.sinks.push_back(pin_on(sink, 1.0));
    }
    records_.nets.push_back(std::move(net));
  }

  netlist_io::Netlist build() const { return netlist_io::Netlist(records_); }

 private:
  netlist_io::NodeId add(netlist_io::NodeRecord node) {
    node.file_index = next_index_++;
    records_.nodes.push_back(std::move(node));
    return netlist_io::NodeId(records_.nodes.size() - 1);
  }

  netlist_io::NodeId macro(const std::string& name,
                           netlist_io::NodeKind kind,
                           double width,
                           double height,
                           netlist_io::Orientation orientation) {
    netlist_io::NodeRecord node;
    node.name = name;
    node.kind = kind;
    node.width = width;
    node.height = height;
    node.orientation = orientation;
    return add(node);
  }

  netlist_io::PinId pin_on(netlist_io::NodeId node, double weight) {
    for (const auto& [port, pin] : port_pins_) {
      if (port == node) {
        return pin;
      }
    }
    const std::string name =
        records_.nodes[node.index()].name + "/p" + std::to_string(records_.pins.size());
    records_.pins.push_back({node, name, {}, weight, next_index_++});
    return netlist_io::PinId(records_.pins.size() - 1);
  }

  netlist_io::NetlistRecords records_;
  std::vector<std::pair<netlist_io::NodeId, netlist_io::PinId>> port_pins_;
  std::uint32_t next_index_ = 0;
};

inline netlist_io::Canvas make_canvas(double width, double height, int cols, int rows) {
  netlist_io::Canvas canvas;
  canvas.width = width;
  canvas.height = height;
  canvas.grid = {cols, rows};
  return canvas;
}

/// `count` hard macros of one size, a cluster and two ports, tied together by nets.
inline netlist_io::Netlist equal_macros_block(
    int count, double width, double height, double canvas_width, double canvas_height) {
  BlockBuilder block;
  const auto left = block.port("left", 0.0, 0.5 * canvas_height);
  const auto right = block.port("right", canvas_width, 0.5 * canvas_height);
  const auto cluster = block.soft("cluster", 0.5 * width, 0.5 * height);
  auto previous = left;
  for (int i = 0; i < count; ++i) {
    const auto macro = block.hard("m" + std::to_string(i), width, height);
    block.connect(previous, {macro, cluster});
    previous = macro;
  }
  block.connect(previous, {right});
  return block.build();
}

}  // namespace tessera::testing
