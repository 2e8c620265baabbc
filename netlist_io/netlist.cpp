#include "netlist_io/netlist.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <functional>
#include <stdexcept>
#include <utility>

#include "netlist_io/number_text.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw std::invalid_argument(what);
}

/// Turns the counts in `start[1..n]` into offsets, `start[0]` being 0.
void accumulate_offsets(std::vector<std::uint32_t>& start) {
  for (std::size_t i = 1; i < start.size(); ++i) {
    start[i] += start[i - 1];
  }
}

void check_node(const NodeRecord& node) {
  const bool valid = is_in_range(node.x) && is_in_range(node.y) && is_in_range(node.width) &&
                     is_in_range(node.height);
  if (!valid) {
    fail("node " + quoted(node.name) + " has a coordinate or size beyond 1e9 microns");
  }
  if (node.width < 0.0 || node.height < 0.0) {
    fail("node \"" + node.name + "\" has a negative width or height");
  }
}

}  // namespace

Netlist::Netlist(NetlistRecords records) : records_(std::move(records)) {
  validate();
  index_nodes();
  index_names();
  index_pins();
  index_nets();
}

bool Netlist::is_macro(NodeId node) const {
  return kind(node) == NodeKind::kHardMacro || kind(node) == NodeKind::kSoftMacro;
}

void Netlist::validate() const {
  std::for_each(records_.nodes.begin(), records_.nodes.end(), check_node);
  for (const PinRecord& pin : records_.pins) {
    if (pin.node.index() >= num_nodes()) {
      fail("pin \"" + pin.name + "\" belongs to no node");
    }
    const NodeRecord& node = records_.nodes[pin.node.index()];
    const std::string& label = pin.name.empty() ? node.name : pin.name;
    if (!is_in_range(pin.offset.x) || !is_in_range(pin.offset.y)) {
      fail("pin " + quoted(label) + " has an offset beyond 1e9 microns");
    }
    if (!std::isfinite(pin.weight) || pin.weight <= 0.0) {
      fail("pin \"" + label + "\" has a weight that is not a positive number");
    }
  }
  for (const NetRecord& net : records_.nets) {
    bool valid = net.driver.index() < num_pins();
    for (const PinId sink : net.sinks) {
      valid = valid && sink.index() < num_pins();
    }
    if (!valid) {
      fail("a net names a pin that does not exist");
    }
    if (net.weight && (!std::isfinite(*net.weight) || *net.weight <= 0.0)) {
      fail("a net has a weight that is not a positive number");
    }
  }
}

void Netlist::index_nodes() {
  kind_.reserve(num_nodes());
  width_.reserve(num_nodes());
  height_.reserve(num_nodes());
  for (std::size_t i = 0; i < num_nodes(); ++i) {
    const NodeRecord& node = records_.nodes[i];
    kind_.push_back(node.kind);
    width_.push_back(node.width);
    height_.push_back(node.height);
    switch (node.kind) {
      case NodeKind::kPort:
        ports_.push_back(NodeId(i));
        break;
      case NodeKind::kHardMacro:
        hard_macros_.push_back(NodeId(i));
        break;
      case NodeKind::kSoftMacro:
        soft_macros_.push_back(NodeId(i));
        break;
      case NodeKind::kStdCell:
        std_cells_.push_back(NodeId(i));
        break;
    }
    if (node.kind != NodeKind::kPort) {
      total_area_ += node.width * node.height;
    }
    if (node.file_index >= node_of_file_index_.size()) {
      node_of_file_index_.resize(std::size_t{node.file_index} + 1);
    }
    if (node_of_file_index_[node.file_index] != 0) {
      fail("node \"" + node.name + "\" repeats the file index " + std::to_string(node.file_index));
    }
    node_of_file_index_[node.file_index] = static_cast<std::uint32_t>(i + 1);
  }
}

void Netlist::index_names() {
  name_slots_.assign(std::bit_ceil(2 * num_nodes() + 1), 0);
  const std::size_t mask = name_slots_.size() - 1;
  for (std::size_t i = 0; i < num_nodes(); ++i) {
    const std::string& name = records_.nodes[i].name;
    std::size_t slot = std::hash<std::string_view>()(name) & mask;
    while (name_slots_[slot] != 0) {
      if (records_.nodes[name_slots_[slot] - 1].name == name) {
        fail("node \"" + name + "\" is defined twice");
      }
      slot = (slot + 1) & mask;
    }
    name_slots_[slot] = static_cast<std::uint32_t>(i + 1);
  }
}

std::optional<NodeId> Netlist::find_node(std::string_view name) const {
  if (name_slots_.empty()) {
    return std::nullopt;
  }
  const std::size_t mask = name_slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>()(name) & mask;
  while (name_slots_[slot] != 0) {
    const std::size_t node = name_slots_[slot] - 1;
    if (records_.nodes[node].name == name) {
      return NodeId(node);
    }
    slot = (slot + 1) & mask;
  }
  return std::nullopt;
}

std::optional<NodeId> Netlist::find_file_index(std::uint32_t file_index) const {
  if (file_index >= node_of_file_index_.size() || node_of_file_index_[file_index] == 0) {
    return std::nullopt;
  }
  return NodeId(node_of_file_index_[file_index] - 1);
}

void Netlist::index_pins() {
  pin_node_.reserve(num_pins());
  pin_offset_.reserve(num_pins());
  node_pin_start_.assign(num_nodes() + 1, 0);
  for (const PinRecord& pin : records_.pins) {
    pin_node_.push_back(pin.node);
    pin_offset_.push_back(pin.offset);
    ++node_pin_start_[pin.node.index() + 1];
  }
  accumulate_offsets(node_pin_start_);
  std::vector<std::uint32_t> next(node_pin_start_.begin(), node_pin_start_.end() - 1);
  node_pins_.resize(num_pins());
  for (std::size_t i = 0; i < num_pins(); ++i) {
    node_pins_[next[pin_node_[i].index()]++] = PinId(i);
  }
}

void Netlist::index_nets() {
  net_pin_start_.assign(1, 0);
  net_pin_start_.reserve(num_nets() + 1);
  for (const NetRecord& net : records_.nets) {
    net_pins_.push_back(net.driver);
    net_pins_.insert(net_pins_.end(), net.sinks.begin(), net.sinks.end());
    net_pin_start_.push_back(static_cast<std::uint32_t>(net_pins_.size()));
    const bool from_port = kind(pin_node(net.driver)) == NodeKind::kPort;
    net_weight_.push_back(net.weight.value_or(from_port ? 1.0 : pin(net.driver).weight));
    total_net_weight_ += net_weight_.back();
  }

  // Two passes over (net, node) incidences; `last_net` drops repetitions within a net.
  std::vector<std::uint32_t> last_net(num_nodes(), 0);
  node_net_start_.assign(num_nodes() + 1, 0);
  for (std::size_t n = 0; n < num_nets(); ++n) {
    for (const PinId pin : pins_of(NetId(n))) {
      const std::size_t node = pin_node(pin).index();
      if (last_net[node] != n + 1) {
        last_net[node] = static_cast<std::uint32_t>(n + 1);
        ++node_net_start_[node + 1];
      }
    }
  }
  accumulate_offsets(node_net_start_);
  std::vector<std::uint32_t> next(node_net_start_.begin(), node_net_start_.end() - 1);
  node_nets_.resize(node_net_start_.back());
  std::fill(last_net.begin(), last_net.end(), 0);
  for (std::size_t n = 0; n < num_nets(); ++n) {
    for (const PinId pin : pins_of(NetId(n))) {
      const std::size_t node = pin_node(pin).index();
      if (last_net[node] != n + 1) {
        last_net[node] = static_cast<std::uint32_t>(n + 1);
        node_nets_[next[node]++] = NetId(n);
      }
    }
  }
}

}  // namespace tessera::netlist_io
