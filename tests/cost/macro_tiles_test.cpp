#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include "tests/cost/golden_cost.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cost/proxy_cost.h"
#include "placer/grid_legality.h"
#include "placer/macro_graph.h"

// Circuit Training's own test asserts these values of its closed evaluator, on 10 x 10 equal macros
// each joined to its neighbours.

namespace tessera {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using nlohmann::json;

struct MacroTiles {
  explicit MacroTiles(const std::filesystem::path& benchmarks)
      : netlist(testing::read_one_netlist(benchmarks / "unit" / "ct_macro_tiles_10x10" /
                                          "netlist.pb.txt")
                    .netlist),
        asserted(
            testing::read_json(benchmarks / "unit" / "google_asserted_macro_tiles_10x10.json")),
        placement(netlist) {}

  /// The circuit as after setting a canvas of 1200 x 1200 with 20 x 20 cells.
  const json& after_set_canvas() const {
    return asserted.at("after_set_canvas_1200x1200_grid_20x20");
  }
  Canvas large_canvas() const { return testing::make_canvas(1200.0, 1200.0, 20, 20); }

  Netlist netlist;
  json asserted;
  Placement placement;
};

}  // namespace

TEST_CASE("macro tiles cost what the original binary says") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const MacroTiles tiles(benchmarks);
  const json& expected = tiles.asserted.at("default_settings");
  // The default canvas: a square, 60 % filled.
  const double side = std::sqrt(tiles.netlist.total_area() / 0.6);
  const Canvas canvas = testing::make_canvas(side, side, 10, 10);
  const cost::CostBreakdown cost =
      cost::ProxyCost(tiles.netlist, canvas, {}).evaluate(tiles.placement);
  CHECK(tiles.netlist.total_area() == expected.at("area").get<double>());
  CHECK(testing::relative_error(cost.hpwl_um, expected.at("wirelength").get<double>()) <= 1e-9);
  CHECK(testing::relative_error(cost.wirelength, expected.at("wirelength_cost").get<double>()) <=
        1e-9);
  CHECK(testing::relative_error(cost.density, expected.at("density_cost").get<double>()) <= 1e-9);
  CHECK(testing::relative_error(cost.congestion, expected.at("congestion_cost").get<double>()) <=
        1e-9);
}

TEST_CASE("the macro graph of the tiles has the adjacency of the original binary") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const MacroTiles tiles(benchmarks);
  const placer::MacroGraph graph =
      placer::build_macro_graph(tiles.netlist, tiles.large_canvas(), tiles.placement);
  REQUIRE(graph.num_vertices() == 100);
  std::vector<double> matrix(100 * 100, 0.0);
  for (const placer::MacroGraph::Edge& edge : graph.edges) {
    matrix[edge.a * 100 + edge.b] += edge.weight;
    matrix[edge.b * 100 + edge.a] += edge.weight;
  }
  const std::vector<double> expected =
      tiles.after_set_canvas().at("macro_adjacency_100x100_row_major");
  CHECK(matrix == expected);
  std::vector<std::uint32_t> indices;
  for (const NodeId macro : graph.macros) {
    indices.push_back(tiles.netlist.file_index(macro));
  }
  const std::vector<std::uint32_t> expected_indices =
      tiles.after_set_canvas().at("get_macro_indices()");
  CHECK(indices == expected_indices);
}

TEST_CASE("the mask of a tile among the others is that of the original binary") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  MacroTiles tiles(benchmarks);
  const auto tile = tiles.netlist.find_file_index(13);
  REQUIRE(tile.has_value());
  CHECK(tiles.netlist.name(*tile) == "M_R0_C1");
  for (const NodeId macro : tiles.netlist.hard_macros()) {
    tiles.placement.fixed[macro.index()] = macro == *tile ? 0 : 1;
  }
  const std::vector<NodeId> movable = {*tile};
  placer::GridLegality legality(tiles.netlist, tiles.large_canvas(), tiles.placement, movable, {});
  constexpr placer::CellIndex kOwnCell = 1;  // row 0, column 1
  CHECK(legality.mask(0).test(kOwnCell));
  legality.place(0, kOwnCell);  // there, a placed macro is in its own way
  std::vector<int> mask;
  for (placer::CellIndex cell = 0; cell < 400; ++cell) {
    mask.push_back(legality.mask(0).test(cell) ? 1 : 0);
  }
  const std::vector<int> expected = tiles.after_set_canvas().at("get_node_mask(13)");
  CHECK(mask == expected);
}

}  // namespace tessera
