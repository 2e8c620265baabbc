#include "netlist_io/netlist.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

namespace tessera::netlist_io {
namespace {

NodeRecord make_node(const char* name, NodeKind kind, std::uint32_t file_index) {
  NodeRecord node;
  node.name = name;
  node.kind = kind;
  node.file_index = file_index;
  node.width = kind == NodeKind::kPort ? 0.0 : 4.0;
  node.height = kind == NodeKind::kPort ? 0.0 : 2.0;
  return node;
}

PinRecord make_pin(std::size_t node, const char* name, double weight, std::uint32_t file_index) {
  PinRecord pin;
  pin.node = NodeId(node);
  pin.name = name;
  pin.weight = weight;
  pin.file_index = file_index;
  return pin;
}

/// Port `a` drives `M/p` twice and `c`; `M/q`, of weight 2.5, drives `M/p` and `Grp_1/Pinput`.
NetlistRecords make_records() {
  NetlistRecords records;
  records.nodes = {make_node("a", NodeKind::kPort, 0),
                   make_node("M", NodeKind::kHardMacro, 1),
                   make_node("Grp_1", NodeKind::kSoftMacro, 4),
                   make_node("c", NodeKind::kStdCell, 6)};
  records.pins = {make_pin(0, "", 7.0, 0),
                  make_pin(1, "M/p", 1.0, 2),
                  make_pin(1, "M/q", 2.5, 3),
                  make_pin(2, "Grp_1/Pinput", 1.0, 5),
                  make_pin(3, "", 1.0, 6)};
  records.pins[1].offset = {1.0, -0.5};
  records.nets = {{PinId(0), {PinId(1), PinId(4), PinId(1)}}, {PinId(2), {PinId(1), PinId(3)}}};
  return records;
}

template <typename Span, typename Id>
bool same_ids(Span span, const std::vector<Id>& ids) {
  return std::vector<Id>(span.begin(), span.end()) == ids;
}

}  // namespace

TEST_CASE("Netlist lists the nodes of each kind in file order") {
  const Netlist netlist(make_records());
  CHECK(netlist.num_nodes() == 4);
  CHECK(netlist.num_pins() == 5);
  CHECK(netlist.num_nets() == 2);
  CHECK(same_ids(netlist.ports(), std::vector{NodeId(0)}));
  CHECK(same_ids(netlist.hard_macros(), std::vector{NodeId(1)}));
  CHECK(same_ids(netlist.soft_macros(), std::vector{NodeId(2)}));
  CHECK(same_ids(netlist.std_cells(), std::vector{NodeId(3)}));
  CHECK(netlist.is_macro(NodeId(1)));
  CHECK(netlist.is_macro(NodeId(2)));
  CHECK_FALSE(netlist.is_macro(NodeId(0)));
  CHECK_FALSE(netlist.is_macro(NodeId(3)));
}

TEST_CASE("Netlist links nets and pins both ways") {
  const Netlist netlist(make_records());
  SUBCASE("pins of a net: driver first, duplicates kept") {
    CHECK(same_ids(netlist.pins_of(NetId(0)), std::vector{PinId(0), PinId(1), PinId(4), PinId(1)}));
    CHECK(same_ids(netlist.pins_of(NetId(1)), std::vector{PinId(2), PinId(1), PinId(3)}));
    CHECK(netlist.driver(NetId(1)) == PinId(2));
  }
  SUBCASE("pins of a node in file order") {
    CHECK(same_ids(netlist.pins_of(NodeId(1)), std::vector{PinId(1), PinId(2)}));
    CHECK(netlist.pin_node(PinId(3)) == NodeId(2));
    CHECK(netlist.pin_offset(PinId(1)).y == -0.5);
  }
  SUBCASE("nets of a node are distinct and ascending") {
    CHECK(same_ids(netlist.nets_of(NodeId(0)), std::vector{NetId(0)}));
    CHECK(same_ids(netlist.nets_of(NodeId(1)), std::vector{NetId(0), NetId(1)}));
    CHECK(same_ids(netlist.nets_of(NodeId(2)), std::vector{NetId(1)}));
    CHECK(same_ids(netlist.nets_of(NodeId(3)), std::vector{NetId(0)}));
  }
}

TEST_CASE("the weight of a net is its driver's, but 1 if a port drives it") {
  const Netlist netlist(make_records());
  CHECK(netlist.weight(NetId(0)) == 1.0);
  CHECK(netlist.weight(NetId(1)) == 2.5);
  CHECK(netlist.total_net_weight() == 3.5);
}

TEST_CASE("a weight of a net's own comes before its driver's, also if that is a port") {
  NetlistRecords records = make_records();
  records.nets[0].weight = 4.0;
  records.nets[1].weight = 0.5;
  const Netlist netlist(records);
  CHECK(netlist.weight(NetId(0)) == 4.0);
  CHECK(netlist.weight(NetId(1)) == 0.5);
  CHECK(netlist.total_net_weight() == 4.5);
  records.nets[0].weight = 0.0;
  CHECK_THROWS_AS(Netlist(std::move(records)), std::invalid_argument);
}

TEST_CASE("the total area leaves ports out") {
  // 3 nodes of 4 x 2
  CHECK(Netlist(make_records()).total_area() == 24.0);
}

TEST_CASE("Netlist finds nodes by name and by file index") {
  const Netlist netlist(make_records());
  CHECK(netlist.find_node("Grp_1") == NodeId(2));
  CHECK_FALSE(netlist.find_node("M/p"));
  CHECK_FALSE(netlist.find_node(""));
  CHECK(netlist.find_file_index(4) == NodeId(2));
  CHECK_FALSE(netlist.find_file_index(5));  // a pin
  CHECK_FALSE(netlist.find_file_index(7));
  CHECK_FALSE(Netlist().find_node("a"));
}

TEST_CASE("Netlist rejects records that contradict themselves") {
  NetlistRecords records = make_records();
  SUBCASE("a name twice") {
    records.nodes[3].name = records.nodes[0].name;
  }
  SUBCASE("a file index twice") {
    records.nodes[3].file_index = 1;
  }
  SUBCASE("a pin of no node") {
    records.pins[0].node = NodeId(4);
  }
  SUBCASE("a driver that does not exist") {
    records.nets[0].driver = PinId(5);
  }
  SUBCASE("a sink that does not exist") {
    records.nets[0].sinks[0] = PinId(5);
  }
  SUBCASE("a negative width") {
    records.nodes[1].width = -1.0;
  }
  SUBCASE("an infinite coordinate") {
    records.nodes[1].x = std::numeric_limits<double>::infinity();
  }
  SUBCASE("an offset that is no number") {
    records.pins[1].offset.x = std::nan("");
  }
  SUBCASE("a weight of zero") {
    records.pins[2].weight = 0.0;
  }
  CHECK_THROWS_AS(Netlist{std::move(records)}, std::invalid_argument);
}

}  // namespace tessera::netlist_io
