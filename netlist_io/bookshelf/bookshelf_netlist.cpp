#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "netlist_io/bookshelf/bookshelf.h"
#include "netlist_io/errors.h"

namespace tessera::netlist_io {
namespace {

/// From the lower-left corner of the oriented box of a node to its centre.
Offset half_size(const BookshelfNode& node) {
  const bool swap = swaps_axes(node.orientation);
  return {0.5 * (swap ? node.height : node.width), 0.5 * (swap ? node.width : node.height)};
}

/// Smallest box of points or rectangles.
class BoundingBox {
 public:
  void add(const Rect& rect) {
    box_ = {std::min(box_.x0, rect.x0),
            std::min(box_.y0, rect.y0),
            std::max(box_.x1, rect.x1),
            std::max(box_.y1, rect.y1)};
  }
  void add(Offset point) { add(Rect{point.x, point.y, point.x, point.y}); }
  const Rect& rect() const { return box_; }

 private:
  static constexpr double kMax = std::numeric_limits<double>::infinity();
  Rect box_{kMax, kMax, -kMax, -kMax};
};

std::span<const BookshelfPin> pins_of(const BookshelfDesign& design, const BookshelfNet& net) {
  return std::span(design.pins).subspan(net.first_pin, net.num_pins);
}

Rect core_of(const BookshelfDesign& design) {
  BoundingBox box;
  for (const BookshelfRow& row : design.rows) {
    const double num_steps = static_cast<double>(std::max(row.num_sites, 1L) - 1);
    const double width = row.num_sites > 0 ? num_steps * row.site_spacing + row.site_width : 0.0;
    box.add(Rect{row.x, row.y, row.x + width, row.y + row.height});
  }
  const Rect& core = box.rect();
  if (design.rows.empty() || core.width() <= 0.0 || core.height() <= 0.0) {
    throw ParseError({design.name, 0, 0}, "the rows span no area");
  }
  return core;
}

/// Makes the records of a netlist; node i of the design becomes node i.
class RecordBuilder {
 public:
  explicit RecordBuilder(const BookshelfDesign& design) : design_(design), core_(core_of(design)) {
    for (const BookshelfRow& row : design.rows) {
      row_height_ = std::max(row_height_, row.height);
    }
  }

  BookshelfNetlist run() {
    add_nodes();
    for (const BookshelfNet& net : design_.nets) {
      add_net(net);
    }
    BookshelfNetlist result;
    result.netlist = Netlist(std::move(records_));
    result.placement = Placement(result.netlist);
    for (std::size_t i = 0; i < design_.nodes.size(); ++i) {
      result.placement.fixed[i] = is_fixed(design_.nodes[i]) ? 1 : 0;
    }
    result.canvas.width = core_.width();
    result.canvas.height = core_.height();
    result.origin_x = core_.x0;
    result.origin_y = core_.y0;
    result.num_guessed_drivers = num_guessed_drivers_;
    return result;
  }

 private:
  static constexpr std::uint32_t kNoPin = std::numeric_limits<std::uint32_t>::max();

  static bool is_fixed(const BookshelfNode& node) {
    return node.mobility != BookshelfMobility::kMovable || node.fixed_by_pl;
  }

  NodeKind kind_of(const BookshelfNode& node) const {
    const Offset half = half_size(node);
    const bool tall = node.height > row_height_;
    const bool reaches_in = node.x < core_.x1 && node.x + 2.0 * half.x > core_.x0 &&
                            node.y < core_.y1 && node.y + 2.0 * half.y > core_.y0;
    const bool may_overlap = node.mobility == BookshelfMobility::kTerminalNi;
    if (tall && !may_overlap && (!is_fixed(node) || reaches_in)) {
      return NodeKind::kHardMacro;
    }
    const bool is_port = node.mobility != BookshelfMobility::kMovable || tall;
    return is_port ? NodeKind::kPort : NodeKind::kStdCell;
  }

  void add_nodes() {
    records_.nodes.reserve(design_.nodes.size());
    pin_of_node_.assign(design_.nodes.size(), kNoPin);
    num_pins_of_macro_.assign(design_.nodes.size(), 0);
    for (std::size_t i = 0; i < design_.nodes.size(); ++i) {
      add_node(design_.nodes[i]);
      if (records_.nodes[i].kind != NodeKind::kHardMacro) {
        pin_of_node_[i] = add_pin({NodeId(i), "", {}, 1.0, records_.nodes[i].file_index});
      }
    }
  }

  void add_node(const BookshelfNode& node) {
    const Offset half = half_size(node);
    NodeRecord record;
    record.name = node.name;
    record.kind = kind_of(node);
    record.x = node.x - core_.x0 + half.x;
    record.y = node.y - core_.y0 + half.y;
    record.file_index = next_file_index_++;
    if (record.kind != NodeKind::kPort) {
      record.width = node.width;
      record.height = node.height;
    }
    if (record.kind == NodeKind::kHardMacro) {
      record.orientation = node.orientation;
    }
    records_.nodes.push_back(std::move(record));
  }

  std::uint32_t add_pin(PinRecord pin) {
    records_.pins.push_back(std::move(pin));
    return static_cast<std::uint32_t>(records_.pins.size() - 1);
  }

  /// The pin of a port or cell, or a new one of a macro.
  PinId pin_for(const BookshelfPin& pin) {
    if (pin_of_node_[pin.node] != kNoPin) {
      return PinId(pin_of_node_[pin.node]);
    }
    const std::string name =
        design_.nodes[pin.node].name + "/p" + std::to_string(num_pins_of_macro_[pin.node]++);
    return PinId(add_pin({NodeId(pin.node), name, pin.offset, 1.0, next_file_index_++}));
  }

  /// Leaves out nets that pull at nothing.
  void add_net(const BookshelfNet& net) {
    const std::span<const BookshelfPin> pins = pins_of(design_, net);
    const double weight = net.weight.value_or(1.0);
    if (pins.size() < 2 || weight <= 0.0) {
      return;
    }
    auto driver = std::find_if(pins.begin(), pins.end(), [](const BookshelfPin& pin) {
      return pin.direction == BookshelfPinDirection::kOutput;
    });
    if (driver == pins.end()) {
      ++num_guessed_drivers_;
      driver = pins.begin();
    }
    NetRecord record;
    record.driver = pin_for(*driver);
    record.weight = net.weight;
    record.sinks.reserve(pins.size() - 1);
    for (auto pin = pins.begin(); pin != pins.end(); ++pin) {
      if (pin != driver) {
        record.sinks.push_back(pin_for(*pin));
      }
    }
    records_.nets.push_back(std::move(record));
  }

  const BookshelfDesign& design_;
  Rect core_;
  double row_height_ = 0.0;
  NetlistRecords records_;
  std::vector<std::uint32_t> pin_of_node_;  ///< `kNoPin` for macros
  std::vector<std::uint32_t> num_pins_of_macro_;
  std::uint32_t next_file_index_ = 0;
  std::size_t num_guessed_drivers_ = 0;
};

}  // namespace

double BookshelfDesign::hpwl() const {
  double sum = 0.0;
  for (const BookshelfNet& net : nets) {
    BoundingBox box;
    for (const BookshelfPin& pin : pins_of(*this, net)) {
      const BookshelfNode& node = nodes[pin.node];
      const Offset half = half_size(node);
      const Offset offset = transform(pin.offset, node.orientation);
      box.add(Offset{node.x + half.x + offset.x, node.y + half.y + offset.y});
    }
    if (net.num_pins > 0) {
      sum += box.rect().width() + box.rect().height();
    }
  }
  return sum;
}

BookshelfNetlist to_netlist(const BookshelfDesign& design) {
  return RecordBuilder(design).run();
}

void apply_placement(const BookshelfNetlist& netlist,
                     const Placement& placement,
                     BookshelfDesign& design) {
  const std::size_t num_nodes = design.nodes.size();
  if (placement.size() != num_nodes || netlist.placement.size() != num_nodes) {
    throw std::invalid_argument("the placement has " + std::to_string(placement.size()) +
                                " nodes, the design " + std::to_string(num_nodes));
  }
  const Placement& before = netlist.placement;
  for (std::size_t i = 0; i < num_nodes; ++i) {
    BookshelfNode& node = design.nodes[i];
    const bool moved = placement.x[i] != before.x[i] || placement.y[i] != before.y[i] ||
                       placement.orientation[i] != before.orientation[i];
    if (!moved) {
      continue;  // keeps its coordinates without the rounding of a shift and back
    }
    if (netlist.netlist.is_macro(NodeId(i))) {
      node.orientation = placement.orientation[i];
    }
    const Offset half = half_size(node);
    node.x = placement.x[i] + netlist.origin_x - half.x;
    node.y = placement.y[i] + netlist.origin_y - half.y;
  }
}

}  // namespace tessera::netlist_io
