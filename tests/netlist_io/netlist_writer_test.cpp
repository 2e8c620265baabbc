#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/file.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/rng.h"

namespace tessera::netlist_io {
namespace {

bool same(const NodeRecord& a, const NodeRecord& b) {
  return a.name == b.name && a.kind == b.kind && a.side == b.side &&
         a.orientation == b.orientation && a.width == b.width && a.height == b.height &&
         a.x == b.x && a.y == b.y && a.file_index == b.file_index;
}

bool same(const PinRecord& a, const PinRecord& b) {
  return a.node == b.node && a.name == b.name && a.offset.x == b.offset.x &&
         a.offset.y == b.offset.y && a.weight == b.weight && a.file_index == b.file_index;
}

bool same(const NetRecord& a, const NetRecord& b) {
  return a.driver == b.driver && a.sinks == b.sinks && a.weight == b.weight;
}

template <typename Record>
bool all_same(const std::vector<Record>& a, const std::vector<Record>& b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(), [](const Record& x, const Record& y) {
    return same(x, y);
  });
}

void check_round_trip(const Netlist& netlist) {
  const std::string text = format_netlist(netlist);
  const Netlist again = parse_netlist(text, "written").netlist;
  CHECK(all_same(netlist.records().nodes, again.records().nodes));
  CHECK(all_same(netlist.records().pins, again.records().pins));
  CHECK(all_same(netlist.records().nets, again.records().nets));
  CHECK(netlist.soft_macro_area_bloating_ratio() == again.soft_macro_area_bloating_ratio());
  CHECK(format_netlist(again) == text);
}

/// A netlist of all kinds of nodes whose numbers have all their digits.
Netlist make_netlist(std::uint64_t seed) {
  Rng rng(seed);
  NetlistRecords records;
  const NodeKind kinds[] = {
      NodeKind::kPort, NodeKind::kHardMacro, NodeKind::kSoftMacro, NodeKind::kStdCell};
  std::uint32_t file_index = 0;
  for (std::size_t i = 0; i < 40; ++i) {
    NodeRecord node;
    node.kind = kinds[rng.below(4)];
    node.name = (node.kind == NodeKind::kSoftMacro ? "Grp_" : "n\\\"\t/") + std::to_string(i);
    node.x = rng.uniform(-1e6, 1e6);
    node.y = rng.uniform(-1e-6, 1e-6);
    if (node.kind == NodeKind::kPort) {
      node.side = static_cast<Side>(rng.below(5));
    } else {
      node.width = rng.uniform(0.0, 1e3);
      node.height = static_cast<double>(rng.below(100000));
    }
    if (node.kind == NodeKind::kHardMacro) {
      node.orientation = static_cast<Orientation>(rng.below(8));
    }
    node.file_index = file_index++;
    const bool is_macro = node.kind == NodeKind::kHardMacro || node.kind == NodeKind::kSoftMacro;
    for (std::uint64_t k = is_macro ? rng.below(3) : 1; k > 0; --k) {
      PinRecord pin;
      pin.node = NodeId(i);
      pin.file_index = is_macro ? file_index++ : node.file_index;
      pin.name = is_macro ? node.name + "/p" + std::to_string(k) : "";
      pin.weight = rng.below(2) == 0 ? 1.0 : rng.uniform(0.1, 9.0);
      if (node.kind == NodeKind::kHardMacro) {
        pin.offset = {rng.uniform(-1.0, 1.0), rng.uniform(-1.0, 1.0)};
      }
      records.pins.push_back(pin);
    }
    records.nodes.push_back(node);
  }
  for (std::size_t i = 0; i < records.pins.size(); i += 1 + rng.below(3)) {
    NetRecord net{PinId(i), {}};
    for (std::uint64_t k = 1 + rng.below(4); k > 0; --k) {
      net.sinks.push_back(PinId(rng.below(records.pins.size())));
    }
    records.nets.push_back(net);
  }
  if (seed % 2 == 0) {
    records.soft_macro_area_bloating_ratio = rng.uniform();
  }
  return Netlist(std::move(records));
}

}  // namespace

TEST_CASE("writing and reading any netlist changes nothing") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    check_round_trip(make_netlist(seed));
  }
}

TEST_CASE("the nets of a cell that drives several are united in one") {
  NetlistRecords records;
  for (std::uint32_t i = 0; i < 4; ++i) {
    NodeRecord node;
    node.kind = NodeKind::kStdCell;
    node.name = "cell" + std::to_string(i);
    node.width = node.height = 1.0;
    node.file_index = i;
    records.nodes.push_back(node);
    PinRecord pin;
    pin.node = NodeId(i);
    pin.file_index = i;
    records.pins.push_back(pin);
  }
  NetRecord net;
  net.driver = PinId(0);
  net.sinks = {PinId(2), PinId(1)};
  records.nets.push_back(net);
  net.sinks = {PinId(3), PinId(1)};
  records.nets.push_back(net);
  const Netlist netlist(std::move(records));
  CHECK(num_united_nets(netlist) == 1);
  const Netlist again = parse_netlist(format_netlist(netlist), "written").netlist;
  REQUIRE(again.num_nets() == 1);
  CHECK(again.records().nets[0].sinks == std::vector<PinId>{PinId(2), PinId(1), PinId(3)});
  CHECK(num_united_nets(again) == 0);
}

TEST_CASE("nodes are written as Circuit Training writes them") {
  const std::string text = read_file(testing::data_dir() / "malformed" / "valid.pb.txt");
  CHECK(format_netlist(parse_netlist(text, "valid.pb.txt").netlist) == text);
}

TEST_CASE("the clustered blocks are written byte for byte as they were read") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  for (const auto& entry : std::filesystem::directory_iterator(benchmarks / "clustered")) {
    const std::string path = entry.path() / "netlist.pb.txt.gz";
    CAPTURE(path);
    const std::string text = read_file(path);
    const bool identical = format_netlist(parse_netlist(text, path).netlist) == text;
    CHECK(identical);
  }
}

TEST_CASE("a flat block survives the round trip, compressed too") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const std::vector<std::string> original = {benchmarks / "flat" / "ng45_ariane133.pb.txt.gz"};
  const Netlist netlist = read_netlist(original).netlist;
  const std::vector<std::string> copy = {testing::scratch_dir("flat_round_trip") / "a.pb.txt.gz"};
  write_netlist(netlist, copy[0]);
  const Netlist again = read_netlist(copy).netlist;
  CHECK(all_same(netlist.records().nodes, again.records().nodes));
  CHECK(all_same(netlist.records().pins, again.records().pins));
  CHECK(all_same(netlist.records().nets, again.records().nets));
}

}  // namespace tessera::netlist_io
