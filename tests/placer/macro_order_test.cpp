#include "placer/macro_order.h"

#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

namespace tessera::placer {
namespace {

using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using testing::BlockBuilder;

std::vector<NodeId> ordered(const Netlist& netlist, const Placement& placement, MacroOrder order) {
  const MacroGraph graph =
      build_macro_graph(netlist, testing::make_canvas(10.0, 10.0, 5, 5), placement);
  return order_macros(netlist, placement, graph, order);
}

}  // namespace

TEST_CASE("the order by area descends, keeps ties in file order and leaves out fixed macros") {
  BlockBuilder block;
  const NodeId small = block.hard("small", 1.0, 1.0);
  const NodeId tie1 = block.hard("tie1", 4.0, 1.0);
  const NodeId fixed = block.hard("fixed", 9.0, 9.0);
  const NodeId tie2 = block.hard("tie2", 2.0, 2.0);
  block.soft("cluster", 8.0, 8.0);
  const NodeId tie3 = block.hard("tie3", 1.0, 4.0);
  const NodeId large = block.hard("large", 3.0, 3.0);
  const Netlist netlist = block.build();
  Placement placement(netlist);
  placement.fixed[fixed.index()] = 1;
  CHECK(ordered(netlist, placement, MacroOrder::kArea) ==
        std::vector{large, tie1, tie2, tie3, small});
  SUBCASE("without nets connectivity gives the same") {
    CHECK(ordered(netlist, placement, MacroOrder::kConnectivity) ==
          std::vector{large, tie1, tie2, tie3, small});
  }
}

TEST_CASE("the order by connectivity follows direct weights and those through one cluster") {
  //      direct          2         2
  //   A -------- B   A ----- S ------- C      S ---1--- B      D alone
  // The total weight of S is 2 + 2 + 1 = 5. From A, C is reached with 2 * 2 / 5 = 0.8, B with
  // direct + 2 * 1 / 5 = direct + 0.4.
  double direct = 0.0;
  SUBCASE("0.5 + 0.4 is more than 0.8") {
    direct = 0.5;
  }
  SUBCASE("0.3 + 0.4 is less than 0.8") {
    direct = 0.3;
  }
  CAPTURE(direct);
  BlockBuilder block;
  const NodeId c = block.hard("c", 2.0, 2.0);
  const NodeId d = block.hard("d", 2.5, 1.0);
  const NodeId b = block.hard("b", 2.0, 2.0);
  const NodeId a = block.hard("a", 3.0, 3.0);
  const NodeId s = block.soft("s", 1.0, 1.0);
  block.connect(a, {s}, 2.0);
  block.connect(s, {c}, 2.0);
  block.connect(b, {s}, 1.0);
  block.connect(b, {a}, direct);
  const Netlist netlist = block.build();
  const Placement placement(netlist);
  CHECK(ordered(netlist, placement, MacroOrder::kArea) == std::vector{a, c, b, d});
  const std::vector<NodeId> expected =
      direct > 0.4 ? std::vector{a, b, c, d} : std::vector{a, c, b, d};
  CHECK(ordered(netlist, placement, MacroOrder::kConnectivity) == expected);
}

TEST_CASE("the order by connectivity counts all macros placed before, not only the last") {
  // A is the largest. A-B 3, A-C 2, B-D 2.5, C alone otherwise. After A: B (3) before C (2).
  // Then D: 2.5 from B, and 3 * 2.5 / 5.5 = 1.36 from A through B: 3.86. C: 2 from A, and
  // 3 * 2 / 5 = 1.2 from B through A: 3.2. Then D, then C.
  BlockBuilder block;
  const NodeId a = block.hard("a", 3.0, 3.0);
  const NodeId c = block.hard("c", 2.0, 1.5);
  const NodeId d = block.hard("d", 1.0, 1.0);
  const NodeId b = block.hard("b", 1.0, 1.0);
  block.connect(a, {b}, 3.0);
  block.connect(a, {c}, 2.0);
  block.connect(b, {d}, 2.5);
  const Netlist netlist = block.build();
  CHECK(ordered(netlist, Placement(netlist), MacroOrder::kConnectivity) == std::vector{a, b, d, c});
}

}  // namespace tessera::placer
