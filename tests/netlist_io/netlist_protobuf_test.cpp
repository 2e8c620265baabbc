// The dedicated reader against libprotobuf's text parser, over all public files.

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <google/protobuf/io/tokenizer.h>
#include <google/protobuf/text_format.h>
#include <graph.pb.h>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/rng.h"

namespace tessera::netlist_io {
namespace {

/// Keeps libprotobuf's first error instead of printing it.
class ErrorKeeper : public google::protobuf::io::ErrorCollector {
 public:
  void AddError(int line, int column, const std::string& message) override {
    if (first.empty()) {
      first = std::to_string(line + 1) + ":" + std::to_string(column + 1) + ": " + message;
    }
  }

  std::string first;
};

/// Returns libprotobuf's error, empty if there is none.
std::string parse_with_protobuf(const std::string& text, testing::Graph& graph) {
  ErrorKeeper errors;
  google::protobuf::TextFormat::Parser parser;
  parser.AllowUnknownField(true);
  parser.RecordErrorsTo(&errors);
  const bool accepted = parser.ParseFromString(text, &graph);
  return accepted ? "" : "libprotobuf: " + errors.first;
}

/// A node of the file, made plain: attributes by key, the last of a key counts.
struct PlainNode {
  explicit PlainNode(const testing::Node& node) : message(node) {
    for (const testing::Attr& attr : node.attr()) {
      attributes[attr.key()] = attr.value();
    }
    type = text("type");
    std::transform(type.begin(), type.end(), type.begin(), [](unsigned char c) {
      return static_cast<char>(std::tolower(c));
    });
  }

  std::string text(const std::string& key) const {
    const auto found = attributes.find(key);
    if (found == attributes.end()) {
      return "";
    }
    return found->second.has_s() ? found->second.s() : found->second.placeholder();
  }
  double number(const std::string& key, double absent = 0.0) const {
    const auto found = attributes.find(key);
    return found == attributes.end() ? absent : found->second.f();
  }
  bool is_soft() const { return type == "macro" && message.name().rfind("Grp_", 0) == 0; }

  const testing::Node& message;
  std::map<std::string, testing::AttrValue> attributes;
  std::string type;
};

NodeKind kind_of(const PlainNode& node) {
  if (node.type == "port") {
    return NodeKind::kPort;
  }
  if (node.type == "stdcell") {
    return NodeKind::kStdCell;
  }
  return node.is_soft() ? NodeKind::kSoftMacro : NodeKind::kHardMacro;
}

/// The name of the side in the file, in upper case.
std::string side_text(Side side) {
  const std::vector<std::string> names = {"", "LEFT", "RIGHT", "TOP", "BOTTOM"};
  return names[static_cast<std::size_t>(side)];
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) {
    return static_cast<char>(std::toupper(c));
  });
  return text;
}

bool same_node(const NodeRecord& record, const PlainNode& node, std::size_t file_index) {
  const bool sized = kind_of(node) != NodeKind::kPort;
  bool same = record.name == node.message.name() && record.kind == kind_of(node) &&
              record.file_index == file_index && record.x == node.number("x") &&
              record.y == node.number("y") &&
              record.width == (sized ? node.number("width") : 0.0) &&
              record.height == (sized ? node.number("height") : 0.0);
  if (record.kind == NodeKind::kPort) {
    same = same && side_text(record.side) == upper(node.text("side"));
  }
  if (record.kind == NodeKind::kHardMacro) {
    const std::string orientation = node.text("orientation");
    const bool none = orientation.empty() || orientation == "-";
    same = same && to_string(record.orientation) == (none ? "N" : orientation);
  }
  return same;
}

const std::string& pin_name(const Netlist& netlist, PinId pin) {
  const PinRecord& record = netlist.pin(pin);
  return record.name.empty() ? netlist.name(record.node) : record.name;
}

/// Compares the pin of a node that has one, and checks what is defined by names.
bool same_pin(const Netlist& netlist, PinId pin, const PlainNode& node, std::size_t file_index) {
  const PinRecord& record = netlist.pin(pin);
  const bool of_macro = node.type == "macro_pin";
  const std::string owner = of_macro ? node.text("macro_name") : node.message.name();
  const bool offset = of_macro && owner.rfind("Grp_", 0) != 0;
  return record.name == (of_macro ? node.message.name() : "") &&
         netlist.name(record.node) == owner && record.file_index == file_index &&
         record.weight == node.number("weight", 1.0) &&
         record.offset.x == (offset ? node.number("x_offset") : 0.0) &&
         record.offset.y == (offset ? node.number("y_offset") : 0.0);
}

bool same_net(const Netlist& netlist, NetId net, const testing::Node& node) {
  const auto pins = netlist.pins_of(net);
  bool same = pins.size() == static_cast<std::size_t>(node.input_size()) + 1 &&
              pin_name(netlist, pins[0]) == node.name();
  for (int i = 0; same && i < node.input_size(); ++i) {
    same = pin_name(netlist, pins[static_cast<std::size_t>(i) + 1]) == node.input(i);
  }
  return same;
}

/// Walks both in file order; counts what differs.
void check_same(const Netlist& netlist, const testing::Graph& graph) {
  std::size_t num_nodes = 0;
  std::size_t num_pins = 0;
  std::size_t num_nets = 0;
  std::size_t file_index = 0;
  std::size_t num_different = 0;
  for (const testing::Node& message : graph.node()) {
    if (message.name() == "__metadata__") {
      continue;
    }
    const PlainNode node(message);
    if (node.type != "macro_pin") {
      REQUIRE(num_nodes < netlist.num_nodes());
      num_different += same_node(netlist.node(NodeId(num_nodes++)), node, file_index) ? 0 : 1;
    }
    if (node.type != "macro") {
      REQUIRE(num_pins < netlist.num_pins());
      num_different += same_pin(netlist, PinId(num_pins++), node, file_index) ? 0 : 1;
      if (message.input_size() > 0) {
        REQUIRE(num_nets < netlist.num_nets());
        num_different += same_net(netlist, NetId(num_nets++), message) ? 0 : 1;
      }
    }
    ++file_index;
  }
  CHECK(num_different == 0);
  CHECK(num_nodes == netlist.num_nodes());
  CHECK(num_pins == netlist.num_pins());
  CHECK(num_nets == netlist.num_nets());
}

/// Checks that both readers find the same in the file, or both an error.
void compare_readers(const std::filesystem::path& path) {
  const std::string name = path.string();
  CAPTURE(name);
  const std::string text = read_file(name);
  testing::Graph graph;
  if (!parse_with_protobuf(text, graph).empty()) {
    CHECK_THROWS_AS(parse_netlist(text, name), ParseError);
    return;
  }
  check_same(parse_netlist(text, name).netlist, graph);
}

/// Replaces, inserts or removes a byte, or repeats or removes a stretch.
void damage(std::string& text, Rng& rng, std::string_view bytes) {
  const std::size_t at = rng.below(text.size());
  const char byte = bytes[rng.below(bytes.size())];
  const std::size_t length = rng.below(40);
  switch (rng.below(5)) {
    case 0:
      text[at] = byte;
      break;
    case 1:
      text.insert(at, 1, byte);
      break;
    case 2:
      text.erase(at, 1);
      break;
    case 3:
      text.insert(at, text.substr(at, length));
      break;
    default:
      text.erase(at, length);
  }
}

bool is_netlist(const std::filesystem::path& path) {
  return path.filename().string().find(".pb.txt") != std::string::npos;
}

/// Netlist files below `folder`, sorted.
std::vector<std::filesystem::path> netlists_below(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (entry.is_regular_file() && is_netlist(entry.path())) {
      paths.push_back(entry.path());
    }
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

}  // namespace

TEST_CASE("the reader agrees with libprotobuf on the clustered blocks") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const auto paths = netlists_below(benchmarks / "clustered");
  CHECK(paths.size() == 8);
  for (const auto& path : paths) {
    compare_readers(path);
  }
}

TEST_CASE("the reader agrees with libprotobuf on the unit cases") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  for (const auto& path : netlists_below(benchmarks / "unit")) {
    compare_readers(path);
  }
}

TEST_CASE("the reader agrees with libprotobuf on a flat block") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  compare_readers(benchmarks / "flat" / "ng45_ariane133.pb.txt.gz");
}

TEST_CASE("the reader accepts no damaged text that libprotobuf rejects") {
  const std::string valid = read_file(testing::data_dir() / "malformed" / "valid.pb.txt");
  constexpr std::string_view kBytes = "{}<>[]:;,\"'\\#.+-ex019af_ \n\x01\xff";
  std::size_t num_rejected = 0;
  for (std::uint64_t seed = 0; seed < 3000; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::string text = valid;
    for (std::uint64_t k = 1 + rng.below(3); k > 0; --k) {
      damage(text, rng, kBytes);
    }
    testing::Graph graph;
    const std::string refusal = parse_with_protobuf(text, graph);
    try {
      const Netlist netlist = parse_netlist(text, "damaged").netlist;
      CHECK(refusal == "");
      check_same(netlist, graph);
    } catch (const ParseError& error) {
      CHECK(error.location().path == "damaged");
      ++num_rejected;
    }
  }
  CHECK(num_rejected > 1000);
}

}  // namespace tessera::netlist_io
