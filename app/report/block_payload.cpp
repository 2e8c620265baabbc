#include "app/report/block_payload.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>

#include "cost/proxy_cost.h"

namespace tessera::app {
namespace {

using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::PinId;
using netlist_io::Placement;
using nlohmann::ordered_json;

/// Short to write: in microns, to a tenth of a nanometre.
double rounded(double value, double steps = 1e4) {
  return std::round(value * steps) / steps + 0.0;
}

/// To what the page prints of the means of maps.
ordered_json map_json(const std::vector<double>& values) {
  constexpr double kSteps = 1e7;
  ordered_json result = ordered_json::array();
  for (const double value : values) {
    result.push_back(rounded(value, kSteps));
  }
  return result;
}

/// The nodes that the page knows.
std::vector<NodeId> shown_nodes(const Netlist& netlist) {
  std::vector<NodeId> nodes;
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    if (netlist.kind(NodeId(i)) != NodeKind::kStdCell) {
      nodes.emplace_back(i);
    }
  }
  return nodes;
}

const char* kind_letter(NodeKind kind) {
  switch (kind) {
    case NodeKind::kPort:
      return "p";
    case NodeKind::kHardMacro:
      return "m";
    case NodeKind::kSoftMacro:
      return "s";
    case NodeKind::kStdCell:
      break;
  }
  return "?";
}

ordered_json nodes_json(const Block& block, const std::vector<NodeId>& nodes) {
  const Netlist& netlist = block.netlist;
  ordered_json result;
  std::string kinds;
  for (const NodeId node : nodes) {
    result["names"].push_back(netlist.name(node));
    kinds += kind_letter(netlist.kind(node));
    result["width"].push_back(rounded(netlist.width(node)));
    result["height"].push_back(rounded(netlist.height(node)));
    result["num_pins"].push_back(netlist.pins_of(node).size());
    result["num_nets"].push_back(netlist.nets_of(node).size());
    if (block.lefdef) {
      const bool hard = netlist.kind(node) == NodeKind::kHardMacro;
      result["master"].push_back(hard ? block.master_name(node) : std::string());
    }
  }
  result["kinds"] = kinds;
  result["std_cells"] =
      block.flat ? block.flat->netlist.std_cells().size() : netlist.std_cells().size();
  return result;
}

/// Numbers the pins that a page shows.
class PinNumbers {
 public:
  PinNumbers(const Netlist& netlist, const std::vector<NodeId>& nodes)
      : netlist_(netlist), number_of_pin_(netlist.num_pins(), kNone) {
    mark_connected();
    for (const NodeId node : nodes) {
      first_pin.push_back(static_cast<std::uint32_t>(x.size()));
      for (const PinId pin : netlist.pins_of(node)) {
        if (number_of_pin_[pin.index()] == kConnected) {
          number_of_pin_[pin.index()] = static_cast<std::uint32_t>(x.size());
          x.push_back(rounded(netlist.pin_offset(pin).x));
          y.push_back(rounded(netlist.pin_offset(pin).y));
        }
      }
    }
    first_pin.push_back(static_cast<std::uint32_t>(x.size()));
  }

  /// Distinct pins of a net, the driver's first; none if fewer than two of them are shown.
  std::vector<std::uint32_t> pins_of(NetId net) const {
    std::vector<std::uint32_t> numbers;
    for (const PinId pin : netlist_.pins_of(net)) {
      const std::uint32_t number = number_of_pin_[pin.index()];
      if (number < kConnected) {
        numbers.push_back(number);
      }
    }
    if (numbers.size() > 1) {
      std::sort(numbers.begin() + 1, numbers.end());
      numbers.erase(std::unique(numbers.begin(), numbers.end()), numbers.end());
    }
    return numbers.size() > 1 ? numbers : std::vector<std::uint32_t>();
  }

  std::vector<std::uint32_t> first_pin;
  std::vector<double> x;
  std::vector<double> y;

 private:
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;
  static constexpr std::uint32_t kConnected = 0xFFFFFFFE;

  void mark_connected() {
    for (std::size_t n = 0; n < netlist_.num_nets(); ++n) {
      for (const PinId pin : netlist_.pins_of(NetId(n))) {
        if (netlist_.kind(netlist_.pin_node(pin)) != NodeKind::kStdCell) {
          number_of_pin_[pin.index()] = kConnected;
        }
      }
    }
  }

  const Netlist& netlist_;
  std::vector<std::uint32_t> number_of_pin_;
};

void add_nets(const Netlist& netlist, const std::vector<NodeId>& nodes, ordered_json& payload) {
  const PinNumbers pins(netlist, nodes);
  std::vector<std::uint32_t> start = {0};
  std::vector<std::uint32_t> members;
  ordered_json weights = ordered_json::array();
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    const std::vector<std::uint32_t> of_net = pins.pins_of(NetId(n));
    if (!of_net.empty()) {
      members.insert(members.end(), of_net.begin(), of_net.end());
      start.push_back(static_cast<std::uint32_t>(members.size()));
      weights.push_back(rounded(netlist.weight(NetId(n))));
    }
  }
  payload["first_pin"] = pins.first_pin;
  payload["pin_x"] = pins.x;
  payload["pin_y"] = pins.y;
  payload["net_start"] = start;
  payload["net_pins"] = members;
  payload["net_weight"] = weights;
}

ordered_json box_json(const netlist_io::Rect& box) {
  return {rounded(box.x0), rounded(box.y0), rounded(box.x1), rounded(box.y1)};
}

/// Boxes of the hard macros with what must stay free around them, for those that ask for any.
ordered_json halos_json(const Netlist& netlist,
                        const Placement& placement,
                        const placer::MacroSpacing& spacing) {
  ordered_json result = ordered_json::array();
  for (const NodeId macro : netlist.hard_macros()) {
    const placer::Halo halo = spacing.halo_of(macro, placement.orientation[macro.index()]);
    if (halo != placer::Halo()) {
      const netlist_io::Rect box = placement.box(netlist, macro);
      result.push_back(box_json(
          {box.x0 - halo.left, box.y0 - halo.bottom, box.x1 + halo.right, box.y1 + halo.top}));
    }
  }
  return result;
}

}  // namespace

ordered_json netlist_payload(const Block& block) {
  const std::vector<NodeId> nodes = shown_nodes(block.netlist);
  ordered_json payload = nodes_json(block, nodes);
  add_nets(block.netlist, nodes, payload);
  return payload;
}

ordered_json positions_payload(const Block& block, const Placement& placement) {
  ordered_json x = ordered_json::array();
  ordered_json y = ordered_json::array();
  ordered_json orientation = ordered_json::array();
  std::string placed;
  for (const NodeId node : shown_nodes(block.netlist)) {
    x.push_back(rounded(placement.x[node.index()]));
    y.push_back(rounded(placement.y[node.index()]));
    orientation.push_back(to_string(placement.orientation[node.index()]));
    placed += placement.placed[node.index()] != 0 ? '1' : '0';
  }
  return {{"x", x}, {"y", y}, {"orientation", orientation}, {"placed", placed}};
}

ordered_json floorplan_payload(const Block& block,
                               const Placement& placement,
                               const placer::MacroSpacing& spacing) {
  cost::CostWorkspace maps;
  cost::ProxyCost(block.netlist, block.canvas, block.cost).evaluate(placement, maps);
  ordered_json blockages = ordered_json::array();
  for (const netlist_io::Blockage& blockage : block.canvas.blockages) {
    blockages.push_back({{"box", box_json(blockage.rect)}, {"rate", blockage.rate}});
  }
  std::string fixed;
  for (const NodeId node : shown_nodes(block.netlist)) {
    fixed += placement.fixed[node.index()] != 0 ? '1' : '0';
  }
  return {{"canvas_um", {block.canvas.width, block.canvas.height}},
          {"grid", {block.canvas.grid.cols, block.canvas.grid.rows}},
          {"blockages", blockages},
          {"halos", halos_json(block.netlist, placement, spacing)},
          {"fixed", fixed},
          {"maps",
           {{"density", map_json(maps.density)},
            {"horizontal", map_json(maps.congestion.total.horizontal)},
            {"vertical", map_json(maps.congestion.total.vertical)}}}};
}

ordered_json flat_maps_payload(const cost::EdgeUse& edges) {
  return {{"grid", {edges.grid.cols, edges.grid.rows}},
          {"edges", map_json(cost::gcell_use(edges))},
          {"rudy", map_json(edges.rudy)}};
}

}  // namespace tessera::app
