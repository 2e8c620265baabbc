#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist_file.h"

namespace tessera::netlist_io {
namespace {

/// What one file index stands for: a macro, a macro pin, or a node that is its own pin.
struct FileEntry {
  const NodeRecord* node = nullptr;
  const PinRecord* pin = nullptr;
  const NetRecord* net = nullptr;
  const std::vector<const NetRecord*>* more_nets = nullptr;  ///< that the pin drives besides `net`
  std::uint32_t file_index = 0;
};

using NetsOfPin = std::unordered_map<std::size_t, std::vector<const NetRecord*>>;

/// Of pins that drive several nets, all but the first.
NetsOfPin collect_more_nets(const NetlistRecords& records) {
  std::vector<bool> drives(records.pins.size(), false);
  NetsOfPin more;
  for (const NetRecord& net : records.nets) {
    const std::size_t driver = net.driver.index();
    if (drives[driver]) {
      more[driver].push_back(&net);
    }
    drives[driver] = true;
  }
  return more;
}

/// Text of a string literal without its quotes.
std::string escape(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      escaped += '\\';
      escaped += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      escaped += '\\';
      for (const int shift : {6, 3, 0}) {
        escaped += static_cast<char>('0' + ((byte >> shift) & 7));
      }
    } else {
      escaped += c;
    }
  }
  return escaped;
}

/// Appends the shortest decimal that reads back equal, with `.0` behind integers.
template <typename Number>
void append_decimal(std::string& text, Number value) {
  std::array<char, 32> buffer;
  const std::to_chars_result result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  const std::string_view digits(buffer.data(),
                                static_cast<std::size_t>(result.ptr - buffer.data()));
  text += digits;
  if (digits.find_first_not_of("-0123456789") == std::string_view::npos) {
    text += ".0";
  }
}

/// Position of a pin, in single precision like all that Circuit Training writes. It follows from
/// other attributes: no reader needs it.
float position(double centre, double offset) {
  return static_cast<float>(centre) + static_cast<float>(offset);
}

std::string_view side_name(Side side) {
  switch (side) {
    case Side::kNone:
      return "";
    case Side::kLeft:
      return "LEFT";
    case Side::kRight:
      return "RIGHT";
    case Side::kTop:
      return "TOP";
    case Side::kBottom:
      return "BOTTOM";
  }
  return "";
}

/// Builds the text of a netlist, node by node.
class NetlistWriter {
 public:
  NetlistWriter(const Netlist& netlist, NumberStyle style)
      : netlist_(netlist), style_(style), more_nets_(collect_more_nets(netlist.records())) {}

  std::string run() {
    check_names();
    if (const std::optional<double> ratio = netlist_.soft_macro_area_bloating_ratio()) {
      open_node("__metadata__");
      number("soft_macro_area_bloating_ratio", *ratio);
      close_node();
    }
    for (const FileEntry& entry : file_entries()) {
      write(entry);
    }
    return std::move(text_);
  }

 private:
  void check_names() const;
  std::vector<FileEntry> file_entries() const;
  void write(const FileEntry& entry);
  void write_placeable(const FileEntry& entry);
  void write_macro_pin(const FileEntry& entry);

  void open_node(std::string_view name) {
    text_.append("node {\n  name: \"").append(escape(name)).append("\"\n");
  }
  void close_node() { text_ += "}\n"; }
  void inputs(const FileEntry& entry);
  void input(PinId sink);

  void string(std::string_view key, std::string_view value) {
    open_attribute(key);
    text_.append("placeholder: \"").append(escape(value)).append("\"");
    close_attribute();
  }
  void number(std::string_view key, double value) {
    switch (style_) {
      case NumberStyle::kShortestDouble:
        decimal(key, value);
        break;
      case NumberStyle::kFloat32:
        decimal(key, static_cast<float>(value));
        break;
    }
  }
  template <typename Number>
  void decimal(std::string_view key, Number value) {
    open_attribute(key);
    text_ += "f: ";
    append_decimal(text_, value);
    close_attribute();
  }
  /// The weight of a net that a port drives is not `weight`, which readers ignore at ports.
  static bool has_port_weight(const FileEntry& entry) {
    return entry.net != nullptr && entry.net->weight && entry.node->kind == NodeKind::kPort;
  }
  void weight(const FileEntry& entry) {
    const bool of_net =
        entry.net != nullptr && entry.net->weight && entry.node->kind != NodeKind::kPort;
    const double value = of_net ? *entry.net->weight : entry.pin->weight;
    if (value != 1.0) {
      number("weight", value);
    }
  }
  void open_attribute(std::string_view key) {
    text_.append("  attr {\n    key: \"").append(key).append("\"\n    value {\n      ");
  }
  void close_attribute() { text_ += "\n    }\n  }\n"; }

  const Netlist& netlist_;
  NumberStyle style_;
  NetsOfPin more_nets_;
  std::string text_;
};

/// Throws for names that mean something else in this format.
void NetlistWriter::check_names() const {
  const NetlistRecords& records = netlist_.records();
  std::unordered_set<std::string_view> pins;
  for (const PinRecord& pin : records.pins) {
    if (!pin.name.empty() && records.nodes[pin.node.index()].kind == NodeKind::kHardMacro) {
      pins.insert(pin.name);
    }
  }
  for (const NodeRecord& node : records.nodes) {
    if (node.kind == NodeKind::kHardMacro && node.name.starts_with(kSoftMacroPrefix)) {
      throw OptionError("hard macro " + node.name +
                        " would be read as a soft one, because its name begins with " +
                        std::string(kSoftMacroPrefix) + ": rename it to write a netlist.pb.txt");
    }
    if (pins.contains(node.name)) {
      throw OptionError(
          "node " + node.name +
          " is named like the pin of a hard macro, which a netlist.pb.txt cannot tell apart");
    }
  }
}

std::vector<FileEntry> NetlistWriter::file_entries() const {
  const NetlistRecords& records = netlist_.records();
  std::vector<FileEntry> of_pin(records.pins.size());
  for (std::size_t i = 0; i < records.pins.size(); ++i) {
    const PinRecord& pin = records.pins[i];
    of_pin[i] = {&records.nodes[pin.node.index()], &pin, nullptr, nullptr, pin.file_index};
  }
  for (const NetRecord& net : records.nets) {
    FileEntry& driver = of_pin[net.driver.index()];
    driver.net = driver.net == nullptr ? &net : driver.net;
  }
  for (const auto& [pin, nets] : more_nets_) {
    of_pin[pin].more_nets = &nets;
  }
  std::vector<FileEntry> entries;
  entries.reserve(records.nodes.size() + records.pins.size());
  for (const NodeRecord& node : records.nodes) {
    if (node.kind == NodeKind::kHardMacro || node.kind == NodeKind::kSoftMacro) {
      entries.push_back({&node, nullptr, nullptr, nullptr, node.file_index});
    }
  }
  entries.insert(entries.end(), of_pin.begin(), of_pin.end());
  std::stable_sort(entries.begin(), entries.end(), [](const FileEntry& a, const FileEntry& b) {
    return a.file_index < b.file_index;
  });
  return entries;
}

void NetlistWriter::write(const FileEntry& entry) {
  const bool is_macro_pin = entry.pin != nullptr && !entry.pin->name.empty();
  open_node(is_macro_pin ? entry.pin->name : entry.node->name);
  inputs(entry);
  if (is_macro_pin) {
    write_macro_pin(entry);
  } else {
    write_placeable(entry);
  }
  close_node();
}

void NetlistWriter::inputs(const FileEntry& entry) {
  if (entry.net == nullptr) {
    return;
  }
  for (const PinId sink : entry.net->sinks) {
    input(sink);
  }
  if (entry.more_nets == nullptr) {
    return;
  }
  std::unordered_set<std::size_t> seen;
  for (const PinId sink : entry.net->sinks) {
    seen.insert(sink.index());
  }
  for (const NetRecord* net : *entry.more_nets) {
    for (const PinId sink : net->sinks) {
      if (seen.insert(sink.index()).second) {
        input(sink);
      }
    }
  }
}

void NetlistWriter::input(PinId sink) {
  const PinRecord& pin = netlist_.pin(sink);
  const std::string& name = pin.name.empty() ? netlist_.name(pin.node) : pin.name;
  text_.append("  input: \"").append(escape(name)).append("\"\n");
}

void NetlistWriter::write_placeable(const FileEntry& entry) {
  const NodeRecord& node = *entry.node;
  if (node.kind != NodeKind::kPort) {
    number("height", node.height);
  }
  if (has_port_weight(entry)) {
    number("net_weight", *entry.net->weight);
  }
  if (node.kind == NodeKind::kHardMacro) {
    string("orientation", to_string(node.orientation));
  }
  if (node.side != Side::kNone) {
    string("side", side_name(node.side));
  }
  switch (node.kind) {
    case NodeKind::kPort:
      string("type", "PORT");
      break;
    case NodeKind::kHardMacro:
      string("type", "MACRO");
      break;
    case NodeKind::kSoftMacro:
      string("type", "macro");
      break;
    case NodeKind::kStdCell:
      string("type", "STDCELL");
      break;
  }
  if (entry.pin != nullptr) {
    weight(entry);
  }
  if (node.kind != NodeKind::kPort) {
    number("width", node.width);
  }
  number("x", node.x);
  number("y", node.y);
}

void NetlistWriter::write_macro_pin(const FileEntry& entry) {
  const NodeRecord& node = *entry.node;
  const PinRecord& pin = *entry.pin;
  const Offset offset = transform(pin.offset, node.orientation);
  string("macro_name", node.name);
  string("type", node.kind == NodeKind::kSoftMacro ? "macro_pin" : "MACRO_PIN");
  weight(entry);
  decimal("x", position(node.x, offset.x));
  number("x_offset", pin.offset.x);
  decimal("y", position(node.y, offset.y));
  number("y_offset", pin.offset.y);
}

}  // namespace

std::size_t num_united_nets(const Netlist& netlist) {
  std::size_t count = 0;
  for (const auto& [pin, nets] : collect_more_nets(netlist.records())) {
    count += nets.size();
  }
  return count;
}

std::string format_netlist(const Netlist& netlist, NumberStyle style) {
  return NetlistWriter(netlist, style).run();
}

void write_netlist(const Netlist& netlist, const std::string& path, NumberStyle style) {
  write_file_atomic(path, format_netlist(netlist, style));
}

}  // namespace tessera::netlist_io
