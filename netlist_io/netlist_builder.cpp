#include "netlist_io/netlist_builder.h"

#include <array>
#include <bit>
#include <functional>
#include <string>
#include <utility>

#include "netlist_io/errors.h"
#include "netlist_io/number_text.h"

namespace tessera::netlist_io {
namespace {

constexpr std::string_view kMetadataName = "__metadata__";

enum class NodeType : std::uint8_t { kPort, kMacro, kMacroPin, kStdCell };

struct NamedSide {
  std::string_view name;
  Side side;
};
constexpr std::array<NamedSide, 4> kSides = {{{"left", Side::kLeft},
                                              {"right", Side::kRight},
                                              {"top", Side::kTop},
                                              {"bottom", Side::kBottom}}};

std::optional<NodeType> parse_type(std::string_view name) {
  if (equals_ignoring_case(name, "macro_pin")) {
    return NodeType::kMacroPin;
  }
  if (equals_ignoring_case(name, "macro")) {
    return NodeType::kMacro;
  }
  if (equals_ignoring_case(name, "port")) {
    return NodeType::kPort;
  }
  if (equals_ignoring_case(name, "stdcell")) {
    return NodeType::kStdCell;
  }
  return std::nullopt;
}

std::optional<Side> parse_side(std::string_view name) {
  for (const NamedSide& side : kSides) {
    if (equals_ignoring_case(name, side.name)) {
      return side.side;
    }
  }
  return std::nullopt;
}

std::string label(const NodeText& node) {
  return "node " + quoted(node.name.text);
}

/// Start of a message about the value of an attribute.
std::string found(const NodeText& node, std::string_view what, double value) {
  std::string text = label(node) + " has the " + std::string(what) + " ";
  append_number(text, value);
  return text;
}

}  // namespace

NetlistBuilder::NetlistBuilder(std::span<const SourceText> sources, NumberPrecision precision)
    : sources_(sources), precision_(precision) {}

const SourceText& NetlistBuilder::source_of(const char* at) const {
  for (const SourceText& source : sources_) {
    if (source.contains(at)) {
      return source;
    }
  }
  throw InternalError("a token that belongs to no file");
}

void NetlistBuilder::fail(const char* at, const std::string& message) const {
  fail_at(source_of(at), at, message);
}

void NetlistBuilder::add(const NodeText& node) {
  if (node.name.text.empty()) {
    fail(node.at, "a node without name");
  }
  if (node.name.text == kMetadataName) {
    add_metadata(node);
    return;
  }
  if (node.type.at == nullptr) {
    fail(node.at, label(node) + " has no attribute \"type\"");
  }
  const std::optional<NodeType> type = parse_type(node.type.text);
  if (!type) {
    fail(node.type.at,
         label(node) + " has the type " + quoted(node.type.text) +
             ", expected PORT, MACRO, MACRO_PIN or STDCELL");
  }
  entries_.push_back({node.name, std::nullopt, std::nullopt});
  switch (*type) {
    case NodeType::kPort:
      add_placeable(node, NodeKind::kPort);
      break;
    case NodeType::kStdCell:
      add_placeable(node, NodeKind::kStdCell);
      break;
    case NodeType::kMacro:
      add_placeable(node,
                    node.name.text.starts_with(kSoftMacroPrefix) ? NodeKind::kSoftMacro
                                                                 : NodeKind::kHardMacro);
      break;
    case NodeType::kMacroPin:
      add_macro_pin(node);
      break;
  }
}

void NetlistBuilder::add_metadata(const NodeText& node) {
  const NumberToken& ratio = node.soft_macro_area_bloating_ratio;
  if (ratio.at != nullptr) {
    records_.soft_macro_area_bloating_ratio = number(ratio, "soft_macro_area_bloating_ratio", node);
  }
}

void NetlistBuilder::add_placeable(const NodeText& node, NodeKind kind) {
  entries_.back().node = NodeId(records_.nodes.size());
  records_.nodes.push_back(make_node(node, kind));
  if (kind == NodeKind::kPort || kind == NodeKind::kStdCell) {
    PinRecord pin = make_pin(node);
    pin.node = *entries_.back().node;
    add_pin(node, std::move(pin));
  }
}

void NetlistBuilder::add_macro_pin(const NodeText& node) {
  if (node.macro_name.at == nullptr) {
    fail(node.at, "pin " + quoted(node.name.text) + " has no attribute \"macro_name\"");
  }
  PinRecord pin = make_pin(node);
  pin.name = node.name.text;
  pin.offset.x = number(node.x_offset, "x_offset", node);
  pin.offset.y = number(node.y_offset, "y_offset", node);
  macro_references_.push_back({PinId(records_.pins.size()), node.macro_name});
  add_pin(node, std::move(pin));
}

void NetlistBuilder::add_pin(const NodeText& node, PinRecord pin) {
  const PinId id(records_.pins.size());
  entries_.back().pin = id;
  records_.pins.push_back(std::move(pin));
  std::optional<double> net_weight;
  if (node.net_weight.at != nullptr) {
    net_weight = weight(node.net_weight, "net_weight", node);
  }
  if (!node.inputs.empty()) {
    drivers_.push_back({id, node.name, inputs_.size(), node.inputs.size(), net_weight});
    inputs_.insert(inputs_.end(), node.inputs.begin(), node.inputs.end());
  }
}

NodeRecord NetlistBuilder::make_node(const NodeText& node, NodeKind kind) const {
  NodeRecord record;
  record.name = node.name.text;
  record.kind = kind;
  record.file_index = static_cast<std::uint32_t>(entries_.size() - 1);
  record.x = number(node.x, "x", node);
  record.y = number(node.y, "y", node);
  if (kind != NodeKind::kPort) {
    record.width = size(node.width, "width", node);
    record.height = size(node.height, "height", node);
  }
  if (node.side.at != nullptr && kind == NodeKind::kPort) {
    const std::optional<Side> side = parse_side(node.side.text);
    if (!side) {
      fail(node.side.at,
           label(node) + " has the side " + quoted(node.side.text) +
               ", expected LEFT, RIGHT, TOP or BOTTOM");
    }
    record.side = *side;
  }
  if (node.orientation.at != nullptr && node.orientation.text != "-") {
    const std::optional<Orientation> orientation = parse_orientation(node.orientation.text);
    if (!orientation) {
      fail(node.orientation.at,
           label(node) + " has the orientation " + quoted(node.orientation.text) +
               ", expected N, S, E, W, FN, FS, FE or FW");
    }
    if (kind == NodeKind::kHardMacro) {
      record.orientation = *orientation;
    }
  }
  return record;
}

PinRecord NetlistBuilder::make_pin(const NodeText& node) const {
  PinRecord pin;
  pin.file_index = static_cast<std::uint32_t>(entries_.size() - 1);
  if (node.weight.at != nullptr) {
    pin.weight = weight(node.weight, "weight", node);
  }
  return pin;
}

double NetlistBuilder::weight(const NumberToken& token,
                              std::string_view what,
                              const NodeText& node) const {
  const double value = number(token, what, node);
  if (value <= 0.0) {
    fail(token.at, found(node, what, value) + ", expected a number above 0");
  }
  return value;
}

double NetlistBuilder::number(const NumberToken& token,
                              std::string_view what,
                              const NodeText& node) const {
  const double value = precision_ == NumberPrecision::kFloat32
                           ? static_cast<double>(static_cast<float>(token.value))
                           : token.value;
  if (!is_in_range(value)) {
    fail(token.at,
         found(node, what, token.value) + ", expected " + std::string(expected_in_range(value)));
  }
  return value;
}

double NetlistBuilder::size(const NumberToken& token,
                            std::string_view what,
                            const NodeText& node) const {
  if (token.at == nullptr) {
    fail(node.at, label(node) + " has no attribute \"" + std::string(what) + "\"");
  }
  const double value = number(token, what, node);
  if (value < 0.0) {
    fail(token.at, found(node, what, value) + ", expected a number not below 0");
  }
  return value;
}

std::size_t NetlistBuilder::find_slot(std::string_view name) const {
  const std::size_t mask = slots_.size() - 1;
  std::size_t slot = std::hash<std::string_view>()(name) & mask;
  while (slots_[slot] != 0 && entries_[slots_[slot] - 1].name.text != name) {
    slot = (slot + 1) & mask;
  }
  return slot;
}

const NetlistBuilder::Entry* NetlistBuilder::find(std::string_view name) const {
  const std::uint32_t entry = slots_[find_slot(name)];
  return entry == 0 ? nullptr : &entries_[entry - 1];
}

void NetlistBuilder::index_names() {
  slots_.assign(std::bit_ceil(2 * entries_.size() + 1), 0);
  for (std::size_t i = 0; i < entries_.size(); ++i) {
    const Token& name = entries_[i].name;
    std::uint32_t& slot = slots_[find_slot(name.text)];
    if (slot != 0) {
      const char* const first = entries_[slot - 1].name.at;
      const SourceLocation place = locate(source_of(first), first);
      fail(name.at,
           "node " + quoted(name.text) + " is defined twice, first at " + place.path + ":" +
               std::to_string(place.line));
    }
    slot = static_cast<std::uint32_t>(i + 1);
  }
}

void NetlistBuilder::resolve_macros() {
  for (const MacroReference& reference : macro_references_) {
    PinRecord& pin = records_.pins[reference.pin.index()];
    const Token& name = reference.macro_name;
    const Entry* const macro = find(name.text);
    const bool is_macro = macro != nullptr && macro->node && !macro->pin;
    if (!is_macro) {
      fail(name.at,
           "pin " + quoted(pin.name) + " names macro " + quoted(name.text) + ", which is not " +
               (macro == nullptr ? "defined" : "a macro"));
    }
    pin.node = *macro->node;
    if (records_.nodes[pin.node.index()].kind == NodeKind::kSoftMacro) {
      pin.offset = {};
    }
  }
}

PinId NetlistBuilder::resolve_sink(const Driver& driver, const Token& name) const {
  const Entry* const entry = find(name.text);
  if (entry != nullptr && entry->pin) {
    return *entry->pin;
  }
  const std::string problem =
      entry == nullptr ? ", which is not defined"
                       : ", which is a macro; expected a macro pin, port or standard cell";
  fail(name.at, quoted(driver.name.text) + " drives " + quoted(name.text) + problem);
}

void NetlistBuilder::resolve_nets() {
  records_.nets.reserve(drivers_.size());
  for (const Driver& driver : drivers_) {
    NetRecord& net = records_.nets.emplace_back();
    net.driver = driver.pin;
    net.weight = driver.net_weight;
    net.sinks.reserve(driver.num_inputs);
    for (std::size_t i = 0; i < driver.num_inputs; ++i) {
      net.sinks.push_back(resolve_sink(driver, inputs_[driver.first_input + i]));
    }
  }
}

NetlistRecords NetlistBuilder::finish() {
  index_names();
  resolve_macros();
  resolve_nets();
  return std::exchange(records_, {});
}

}  // namespace tessera::netlist_io
