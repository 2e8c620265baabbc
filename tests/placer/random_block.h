#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "netlist_io/rng.h"

namespace tessera::testing {

/// A small block and a random placement of it, everything inside the canvas.
struct RandomBlock {
  netlist_io::Netlist netlist;
  netlist_io::Canvas canvas;
  netlist_io::Placement placement;
};

namespace detail {

class RandomBlockBuilder {
 public:
  explicit RandomBlockBuilder(std::uint64_t seed) : rng_(seed) {}

  RandomBlock build() {
    RandomBlock block;
    block.canvas.width = 40.0;
    block.canvas.height = 30.0;
    block.canvas.grid = {8, 7};
    for (int i = 0; i < 6; ++i) {
      add_node(netlist_io::NodeKind::kPort, 0.0, 0.0, 1);
    }
    for (int i = 0; i < 5; ++i) {
      const double width = rng_.uniform(3.0, 9.0);
      add_node(netlist_io::NodeKind::kHardMacro, width, rng_.uniform(3.0, 9.0), 4);
    }
    for (int i = 0; i < 15; ++i) {
      const double width = rng_.uniform(1.0, 7.0);
      add_node(netlist_io::NodeKind::kSoftMacro, width, rng_.uniform(0.5, 3.0), 2);
    }
    for (int i = 0; i < 60; ++i) {
      add_net();
    }
    block.netlist = netlist_io::Netlist(records_);
    block.placement = netlist_io::Placement(block.netlist);
    for (std::size_t i = 0; i < block.netlist.num_nodes(); ++i) {
      const netlist_io::NodeId node(i);
      const double half_width = 0.5 * block.netlist.width(node);
      const double half_height = 0.5 * block.netlist.height(node);
      block.placement.x[i] = rng_.uniform(half_width, block.canvas.width - half_width);
      block.placement.y[i] = rng_.uniform(half_height, block.canvas.height - half_height);
    }
    return block;
  }

 private:
  void add_node(netlist_io::NodeKind kind, double width, double height, int num_pins) {
    netlist_io::NodeRecord node;
    node.name = "n" + std::to_string(records_.nodes.size());
    node.kind = kind;
    node.width = width;
    node.height = height;
    node.file_index = next_index_++;
    records_.nodes.push_back(node);
    const netlist_io::NodeId id(records_.nodes.size() - 1);
    for (int i = 0; i < num_pins; ++i) {
      netlist_io::PinRecord pin;
      pin.node = id;
      const bool port = kind == netlist_io::NodeKind::kPort;
      pin.name = port ? "" : node.name + "/" + std::to_string(i);
      if (kind == netlist_io::NodeKind::kHardMacro) {
        pin.offset = {rng_.uniform(-0.5, 0.5) * width, rng_.uniform(-0.5, 0.5) * height};
      }
      pin.weight = port ? 1.0 : 1.0 + static_cast<double>(rng_.below(3));
      pin.file_index = port ? records_.nodes.back().file_index : next_index_++;
      records_.pins.push_back(pin);
    }
  }

  void add_net() {
    std::vector<std::uint32_t> pins(records_.pins.size());
    for (std::size_t i = 0; i < pins.size(); ++i) {
      pins[i] = static_cast<std::uint32_t>(i);
    }
    rng_.shuffle(pins);
    netlist_io::NetRecord net;
    net.driver = netlist_io::PinId(pins[0]);
    const bool taken = std::any_of(records_.nets.begin(), records_.nets.end(), [&](const auto& n) {
      return n.driver == net.driver;
    });
    if (taken) {
      return;
    }
    const std::size_t sinks = 1 + rng_.below(5);
    for (std::size_t i = 1; i <= sinks; ++i) {
      net.sinks.push_back(netlist_io::PinId(pins[i]));
    }
    records_.nets.push_back(std::move(net));
  }

  netlist_io::Rng rng_;
  netlist_io::NetlistRecords records_;
  std::uint32_t next_index_ = 0;
};

}  // namespace detail

inline RandomBlock random_block(std::uint64_t seed) {
  return detail::RandomBlockBuilder(seed).build();
}

}  // namespace tessera::testing
