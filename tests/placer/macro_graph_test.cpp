#include "placer/macro_graph.h"

#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

namespace tessera::placer {

TEST_CASE("the macro graph of a small block has the vertices and weights counted by hand") {
  testing::BlockBuilder block;
  const auto p1 = block.port("p1", 0.0, 1.0);
  const auto a = block.hard("a", 1.0, 1.0);
  const auto s = block.soft("s", 1.0, 1.0);
  const auto p2 = block.port("p2", 0.0, 1.5);
  const auto b = block.hard("b", 1.0, 1.0);
  const auto p3 = block.port("p3", 10.0, 9.0);
  const auto p4 = block.port("p4", 3.0, 12.0);
  block.connect(p1, {a, s});
  block.connect(a, {s, s, p2}, 2.0);
  block.connect(s, {a}, 3.0);
  block.connect(b, {b, p3});
  block.connect(p2, {p1});
  block.connect(p4, {p3});
  const netlist_io::Netlist netlist = block.build();
  // Cells of 2 x 2 um. p1 and p2 share the cell (0, 0); p3 on the corner counts in the last cell
  // (4, 4), p4 above the canvas in the nearest, (1, 4).
  const MacroGraph graph = build_macro_graph(
      netlist, testing::make_canvas(10.0, 10.0, 5, 5), netlist_io::Placement(netlist));
  CHECK(graph.macros == std::vector{a, s, b});
  REQUIRE(graph.port_clusters.size() == 3);
  CHECK(graph.num_vertices() == 6);
  CHECK(graph.port_clusters[0].col == 0);
  CHECK(graph.port_clusters[0].row == 0);
  CHECK(graph.port_clusters[1].col == 1);
  CHECK(graph.port_clusters[1].row == 4);
  CHECK(graph.port_clusters[2].col == 4);
  CHECK(graph.port_clusters[2].row == 4);
  const std::vector<MacroGraph::Edge> expected = {
      {0, 1, 7.0},  // a-s: two sinks of weight 2, and weight 3 back
      {0, 3, 3.0},  // a-{p1, p2}: 1 from p1, 2 to p2
      {1, 3, 1.0},  // s-p1
      {2, 5, 1.0},  // b-p3; the sink on b itself counts for nothing
      {4, 5, 1.0},  // p4-p3; p2-p1 lies inside a cluster
  };
  CHECK(graph.edges == expected);
}

TEST_CASE("a macro graph without nets or ports has macros alone") {
  testing::BlockBuilder block;
  block.hard("a", 1.0, 1.0);
  const netlist_io::Netlist netlist = block.build();
  const MacroGraph graph = build_macro_graph(
      netlist, testing::make_canvas(10.0, 10.0, 5, 5), netlist_io::Placement(netlist));
  CHECK(graph.num_vertices() == 1);
  CHECK(graph.edges.empty());
}

}  // namespace tessera::placer
