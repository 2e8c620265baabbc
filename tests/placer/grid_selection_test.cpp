#include "placer/grid_selection.h"

#include <cstdint>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"

namespace {

using tessera::netlist_io::Canvas;
using tessera::netlist_io::GridShape;
using tessera::netlist_io::InfeasibleError;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NetlistRecords;
using tessera::netlist_io::NodeRecord;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Orientation;
using tessera::placer::cell_span;
using tessera::placer::grid_waste;
using tessera::placer::GridSelectionOptions;
using tessera::placer::select_grid;

Canvas square_canvas(double side) {
  Canvas canvas;
  canvas.width = side;
  canvas.height = side;
  return canvas;
}

Netlist equal_macros(int count, double width, double height, Orientation orientation) {
  NetlistRecords records;
  for (int i = 0; i < count; ++i) {
    NodeRecord node;
    node.name = std::to_string(i);
    node.width = width;
    node.height = height;
    node.orientation = orientation;
    node.file_index = static_cast<std::uint32_t>(i);
    records.nodes.push_back(node);
  }
  return Netlist(std::move(records));
}

/// Options that leave exactly one grid.
GridSelectionOptions only_grid(int side) {
  GridSelectionOptions options;
  options.min_side = side;
  options.max_side = side;
  options.min_cells = 1;
  return options;
}

}  // namespace

TEST_CASE("a cell span is the smallest odd number of cells that holds the length") {
  CHECK(cell_span(1.5, 1.0).cells == 3);
  CHECK(cell_span(1.5, 1.0).extra_piece == doctest::Approx(0.25));
  CHECK(cell_span(20.1, 4.0).cells == 7);
  CHECK(cell_span(20.1, 4.0).extra_piece == doctest::Approx(0.05));
  CHECK(cell_span(3.0, 1.0).cells == 3);
  CHECK(cell_span(0.5, 1.0).cells == 1);
}

TEST_CASE("the waste of a row of macros has the values of Circuit Training's unit test") {
  CHECK(grid_waste(std::vector<double>{1, 2}, 1.0) == doctest::Approx(0.25));
  CHECK(grid_waste(std::vector<double>{2, 3}, 1.0) == doctest::Approx(1.0 / 6.0));
  CHECK(grid_waste(std::vector<double>{1, 5, 1}, 3.0) == doctest::Approx(2.0 / 9.0));
  CHECK(grid_waste(std::vector<double>{2, 2, 2, 2}, 1.0) == doctest::Approx(1.0 / 9.0));
  CHECK(grid_waste(std::vector<double>{}, 1.0) == 0.0);
}

TEST_CASE("a grid takes exactly as many macros as fit centred on cells") {
  // 10 cells of 10 um each way. A macro of 20 x 10 um may be centred on columns 1 .. 8, two columns
  // apart: 1, 3, 5, 7. That makes 4 in each of 10 rows.
  const Canvas canvas = square_canvas(100.0);
  const GridSelectionOptions options = only_grid(10);
  CHECK(select_grid(equal_macros(40, 20, 10, Orientation::kN), canvas, options) ==
        GridShape{10, 10});
  CHECK_THROWS_AS(select_grid(equal_macros(41, 20, 10, Orientation::kN), canvas, options),
                  InfeasibleError);
  SUBCASE("turned macros count as they stand") {
    CHECK_NOTHROW(select_grid(equal_macros(40, 20, 10, Orientation::kE), canvas, options));
    CHECK_NOTHROW(select_grid(equal_macros(40, 10, 20, Orientation::kE), canvas, options));
  }
  SUBCASE("spacing moves them apart") {
    GridSelectionOptions spaced = options;
    spaced.spacing_y_um = 0.1;  // every second row
    CHECK_NOTHROW(select_grid(equal_macros(20, 20, 10, Orientation::kN), canvas, spaced));
    CHECK_THROWS_AS(select_grid(equal_macros(21, 20, 10, Orientation::kN), canvas, spaced),
                    InfeasibleError);
  }
  SUBCASE("blockages take cells away") {
    Canvas blocked = canvas;
    blocked.blockages.push_back(
        {{0.0, 0.0, 100.0, 10.0}, 0.1});  // the lowest row; touches the next
    CHECK_NOTHROW(select_grid(equal_macros(36, 20, 10, Orientation::kN), blocked, options));
    CHECK_THROWS_AS(select_grid(equal_macros(37, 20, 10, Orientation::kN), blocked, options),
                    InfeasibleError);
  }
}

TEST_CASE("columns beyond the 64th are used") {
  // 128 x 128 cells of 1 um, every cell takes a macro.
  const Netlist netlist = equal_macros(200, 1, 1, Orientation::kN);
  GridSelectionOptions options = only_grid(128);
  options.max_cells = 128 * 128;
  CHECK(select_grid(netlist, square_canvas(128.0), options) == GridShape{128, 128});
  CHECK_THROWS_AS(
      select_grid(equal_macros(128 * 128 + 1, 1, 1, Orientation::kN), square_canvas(128), options),
      InfeasibleError);
}

TEST_CASE("the error names the largest macro") {
  NetlistRecords records = equal_macros(2, 3, 3, Orientation::kN).records();
  records.nodes[1].width = 200.0;
  records.nodes[1].name = "giant";
  CHECK_THROWS_WITH_AS(select_grid(Netlist(std::move(records)), square_canvas(100.0)),
                       doctest::Contains("\"giant\""),
                       InfeasibleError);
}

TEST_CASE("grid selection options outside their range are refused") {
  GridSelectionOptions options;
  options.max_side = 129;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("max_side"), OptionError);
  options = {};
  options.max_cells = 499;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("max_cells"), OptionError);
  options = {};
  options.spacing_x_um = -1.0;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("spacing_x_um"), OptionError);
  CHECK_THROWS_AS(select_grid(Netlist(), square_canvas(0.0)), OptionError);
}

TEST_CASE("the published grids of the clustered blocks come out") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  std::ifstream file(benchmarks / "golden.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  int num_blocks = 0;
  for (const auto& [key, design] : golden.at("designs").items()) {
    const std::string& name = key;  // clang 14 does not capture bindings
    CAPTURE(name);
    const std::string path = (benchmarks / "clustered" / name / "netlist.pb.txt.gz").string();
    const Netlist netlist = tessera::netlist_io::read_netlist({&path, 1}).netlist;
    // Side of sqrt(area / 0.6), the area being that of the flat block: clusters are bloated.
    const double side = design.at("canvas_exact").at(0).get<double>();
    const GridShape shape = select_grid(netlist, square_canvas(side));
    CHECK(shape.cols == design.at("grid_cols_rows").at(0).get<int>());
    CHECK(shape.rows == design.at("grid_cols_rows").at(1).get<int>());
    ++num_blocks;
  }
  CHECK(num_blocks == 8);
}
