#include "cost/congestion.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdlib>
#include <numeric>
#include <string>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include <doctest/doctest.h>

#include "netlist_io/rng.h"

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::PinId;
using netlist_io::Placement;
using netlist_io::Rng;
using testing::CircuitBuilder;
using testing::from_top;
using testing::make_canvas;

/// Cells written "(row,column)(row,column)…"; "-" for none.
std::vector<Cell> parse_cells(const std::string& text) {
  std::vector<Cell> cells;
  for (std::size_t i = text.find('('); i != std::string::npos; i = text.find('(', i + 1)) {
    cells.push_back({text.at(i + 3) - '0', text.at(i + 1) - '0'});
  }
  return cells;
}

/// A map of 4 x 4 cells in which each of `cells` has been charged once with `weight`.
std::vector<double> charged(const std::string& cells, double weight = 1.0) {
  std::vector<double> map(16, 0.0);
  for (const Cell cell : parse_cells(cells)) {
    map[static_cast<std::size_t>(cell.row * 4 + cell.col)] += weight;
  }
  return map;
}

DemandMaps routed(const std::vector<Cell>& cells, double weight = 1.0) {
  DemandMaps demand;
  demand.assign_zero(16);
  route_net(cells, weight, 4, demand);
  return demand;
}

struct Evaluated {
  CongestionMaps maps;
  double cost = 0.0;
};

Evaluated evaluate(const Netlist& netlist,
                   const Canvas& canvas,
                   const Placement& placement,
                   const CostOptions& options) {
  PinPositions pins;
  pins.update(netlist, placement);
  Evaluated result;
  CongestionScratch scratch;
  compute_congestion(netlist, canvas, placement, pins, options, result.maps, scratch);
  result.cost = congestion_cost(result.maps.total, scratch.values);
  return result;
}

/// One track per micron everywhere, so that demand is not scaled on cells of 1 x 1.
CostOptions unit_options() {
  CostOptions options;
  options.routes = {1.0, 1.0};
  options.macro_routes = {1.0, 1.0};
  return options;
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

TEST_CASE("a net of two cells runs along the row of its driver, then along its sink's column") {
  const DemandMaps up = routed(parse_cells("(0,0)(2,3)"));
  CHECK(up.horizontal == charged("(0,0)(0,1)(0,2)"));
  CHECK(up.vertical == charged("(0,3)(1,3)"));
  const DemandMaps down = routed(parse_cells("(2,3)(0,0)"));  // the driver at the other end
  CHECK(down.horizontal == charged("(2,0)(2,1)(2,2)"));
  CHECK(down.vertical == charged("(0,0)(1,0)"));
  const DemandMaps falling = routed(parse_cells("(3,1)(1,2)"));
  CHECK(falling.horizontal == charged("(3,1)"));
  CHECK(falling.vertical == charged("(1,2)(2,2)"));
  const DemandMaps straight = routed(parse_cells("(1,3)(1,1)"), 2.5);
  CHECK(straight.horizontal == charged("(1,1)(1,2)", 2.5));
  CHECK(straight.vertical == charged("-"));
}

TEST_CASE("a net of one cell or none charges nothing") {
  for (const char* cells : {"-", "(2,2)"}) {
    const DemandMaps demand = routed(parse_cells(cells));
    CHECK(demand.horizontal == charged("-"));
    CHECK(demand.vertical == charged("-"));
  }
}

TEST_CASE("three cells follow the rule table, whichever is the driver's") {
  struct Rule {
    const char* cells;
    const char* horizontal;
    const char* vertical;
  };
  const std::vector<Rule> rules = {
      // A: a strict staircase, up or down
      {"(0,0)(1,1)(3,3)", "(0,0)(1,1)(1,2)", "(0,1)(1,3)(2,3)"},
      {"(3,0)(2,1)(0,3)", "(3,0)(2,1)(2,2)", "(2,1)(0,3)(1,3)"},
      // D: the trunk in the median row
      {"(0,0)(3,1)(1,3)", "(1,0)(1,1)(1,2)", "(0,0)(1,1)(2,1)"},
      {"(2,0)(0,1)(3,3)", "(2,0)(2,1)(2,2)", "(0,1)(1,1)(2,3)"},
      // B: a pair on the right, the single cell below both; D where it is not
      {"(0,0)(1,2)(3,2)", "(0,0)(0,1)", "(0,2)(1,2)(2,2)"},
      {"(2,0)(1,2)(3,2)", "(2,0)(2,1)", "(1,2)(2,2)"},
      {"(3,0)(0,2)(1,2)", "(1,0)(1,1)", "(0,2)(1,0)(2,0)"},
      {"(1,0)(1,2)(3,2)", "(1,0)(1,1)", "(1,2)(2,2)"},
      {"(3,0)(1,2)(3,2)", "(3,0)(3,1)", "(1,2)(2,2)"},
      // D: a pair on the left
      {"(0,0)(3,0)(1,2)", "(1,0)(1,1)", "(0,0)(1,0)(2,0)"},
      {"(0,0)(1,0)(3,2)", "(1,0)(1,1)", "(0,0)(1,2)(2,2)"},
      // C: the two right cells in one row; D for the two left ones and for the outer ones
      {"(0,0)(2,1)(2,3)", "(0,0)(2,1)(2,2)", "(0,1)(1,1)"},
      {"(2,0)(2,1)(0,3)", "(2,0)(2,1)(2,2)", "(0,3)(1,3)"},
      {"(0,0)(2,1)(0,3)", "(0,0)(0,1)(0,2)", "(0,1)(1,1)"},
      // in one line
      {"(1,0)(1,1)(1,3)", "(1,0)(1,1)(1,2)", "-"},
      {"(0,1)(1,1)(3,1)", "-", "(0,1)(1,1)(2,1)"},
  };
  for (const Rule& rule : rules) {
    CAPTURE(rule.cells);
    std::vector<Cell> cells = parse_cells(rule.cells);
    REQUIRE(cells.size() == 3);
    std::sort(cells.begin(), cells.end());
    int num_orders = 0;
    do {
      const DemandMaps demand = routed(cells, 3.0);
      CHECK(demand.horizontal == charged(rule.horizontal, 3.0));
      CHECK(demand.vertical == charged(rule.vertical, 3.0));
      ++num_orders;
    } while (std::next_permutation(cells.begin(), cells.end()));
    CHECK(num_orders == 6);
  }
}

TEST_CASE("four cells make a star of Ls that share nothing") {
  const DemandMaps demand = routed(parse_cells("(1,1)(3,3)(0,0)(1,3)"));
  // To (3,3): row 1 columns 1, 2, column 3 rows 1, 2; to (0,0): row 1 column 0, column 0 row 0; to
  // (1,3): row 1 columns 1, 2.
  CHECK(demand.horizontal == charged("(1,1)(1,2)(1,0)(1,1)(1,2)"));
  CHECK(demand.vertical == charged("(1,3)(2,3)(0,0)"));
}

TEST_CASE("the pins of a net count once a cell") {
  // Three pins in two cells: an L, as for two pins, although the driver repeats and the sinks do.
  CircuitBuilder builder;
  const PinId a = builder.port("a", 0.5, 0.5);
  const PinId b = builder.port("b", 3.5, 2.5);
  const PinId c = builder.port("c", 3.2, 2.1);
  builder.net(a, {b, c, b, a, c});
  const Netlist many = builder.build();
  CircuitBuilder two;
  const PinId source = two.port("a", 0.5, 0.5);
  two.net(source, {two.port("b", 3.5, 2.5)});
  const Netlist few = two.build();
  const Canvas canvas = make_canvas(4.0, 4.0, 4, 4);
  const Evaluated with_many = evaluate(many, canvas, Placement(many), unit_options());
  const Evaluated with_few = evaluate(few, canvas, Placement(few), unit_options());
  CHECK(with_few.maps.net.horizontal == charged("(0,0)(0,1)(0,2)"));
  CHECK(with_few.maps.net.vertical == charged("(0,3)(1,3)"));
  CHECK(with_many.maps.net.horizontal == with_few.maps.net.horizontal);
  CHECK(with_many.maps.net.vertical == with_few.maps.net.vertical);
}

TEST_CASE("weights below one count as one, others as they are") {
  for (const double weight : {0.25, 1.0, 2.5}) {
    CAPTURE(weight);
    CircuitBuilder builder;
    const NodeId macro = builder.soft("Grp_m", 0.1, 0.1, 0.5, 0.5);
    const PinId driver = builder.pin(macro, {}, weight);
    builder.net(driver, {builder.port("p", 1.5, 0.5)});
    const Netlist netlist = builder.build();
    const Canvas canvas = make_canvas(4.0, 4.0, 4, 4);
    const Evaluated result = evaluate(netlist, canvas, Placement(netlist), unit_options());
    CHECK(result.maps.net.horizontal == charged("(0,0)", weight < 1.0 ? 1.0 : weight));
  }
}

TEST_CASE("a pin on a grid line belongs to the upper or right cell") {
  CircuitBuilder builder;
  const PinId a = builder.port("a", 1.0, 1.0);
  builder.net(a, {builder.port("b", 2.0, 3.0)});
  const Netlist netlist = builder.build();
  const Evaluated result =
      evaluate(netlist, make_canvas(4.0, 4.0, 4, 4), Placement(netlist), unit_options());
  CHECK(result.maps.net.horizontal == charged("(1,1)"));
  CHECK(result.maps.net.vertical == charged("(1,2)(2,2)"));
}

TEST_CASE("nets with a pin outside the canvas are clamped or dropped") {
  struct Case {
    double x;
    double y;
    bool outside;
    const char* vertical;  ///< with the clamp; the driver is in cell (1, 1)
  };
  const std::vector<Case> cases = {
      {-0.5, 3.5, true, "(1,0)(2,0)"},
      {4.5, 3.5, true, "(1,3)(2,3)"},
      {2.5, 1e300, true, "(1,2)(2,2)"},
      {2.5, -0.001, true, "(0,2)"},
      {4.0, 4.0, false, "(1,3)(2,3)"},  // the border is inside
      {0.0, 0.0, false, "(0,0)"},
  };
  for (const Case& c : cases) {
    CAPTURE(c.x);
    CAPTURE(c.y);
    CircuitBuilder builder;
    const PinId driver = builder.port("driver", 1.5, 1.5);
    const PinId sink = builder.port("sink", 0.0, 0.0);
    builder.net(driver, {sink});
    builder.net(driver, {builder.port("inside", 1.5, 3.5)});
    const Netlist netlist = builder.build();
    Placement placement(netlist);
    const std::size_t moved = netlist.find_node("sink").value().index();
    placement.x[moved] = c.x;
    placement.y[moved] = c.y;
    const Canvas canvas = make_canvas(4.0, 4.0, 4, 4);
    CostOptions options = unit_options();
    const Evaluated clamped = evaluate(netlist, canvas, placement, options);
    CHECK(clamped.maps.net.vertical == charged(std::string(c.vertical) + "(1,1)(2,1)"));
    options.outside_pins = OutsidePins::kDrop;
    const Evaluated dropped = evaluate(netlist, canvas, placement, options);
    CHECK(dropped.maps.net.vertical ==
          (c.outside ? charged("(1,1)(2,1)") : clamped.maps.net.vertical));
  }
}

TEST_CASE("the blockage of a macro jumps where its edge crosses a grid line") {
  // 12 x 6 microns, cells of 2 x 2, one macro, one track per micron: demand in microns is the
  // fraction times the 2 tracks of a cell.
  const auto sums = [](double x0, double x1, double y0, double y1) {
    CircuitBuilder builder;
    builder.hard("m", x1 - x0, y1 - y0, (x0 + x1) / 2, (y0 + y1) / 2);
    const Netlist netlist = builder.build();
    const Canvas canvas = make_canvas(12.0, 6.0, 6, 3);
    const Evaluated result = evaluate(netlist, canvas, Placement(netlist), unit_options());
    return std::vector<double>{2.0 * sum(result.maps.macro.horizontal),
                               2.0 * sum(result.maps.macro.vertical)};
  };
  const auto close = [](const std::vector<double>& values, const std::vector<double>& expected) {
    return testing::max_difference(values, expected) <= 1e-5;
  };
  // Width 4, height 2 in one row: 2 columns of height 2 horizontally, 4 of width vertically, on the
  // lines and off them.
  CHECK(close(sums(2.0, 6.0, 2.0, 4.0), {4.0, 4.0}));
  CHECK(close(sums(2.5, 6.5, 2.0, 4.0), {4.0, 4.0}));
  // Width 3.5. The right edge below a line: the column that it ends in does not count. On the line:
  // the column that it ends in is the next one, of which nothing is covered.
  CHECK(close(sums(2.499999, 5.999999, 2.0, 4.0), {2.0, 3.5}));
  CHECK(close(sums(2.5, 6.0, 2.0, 4.0), {4.0, 3.5}));
  CHECK(close(sums(2.500001, 6.000001, 2.0, 4.0), {4.0, 3.5}));
}

TEST_CASE(
    "vertical blockage loses its top row, horizontal its right column, if an end is partial") {
  CircuitBuilder builder;
  builder.hard("m", 4.0, 2.0, 4.0, 3.3);  // x 2 .. 6, y 2.3 .. 4.3
  const Netlist netlist = builder.build();
  const Canvas canvas = make_canvas(12.0, 6.0, 6, 3);
  CostOptions options = unit_options();
  options.routes = {0.5, 0.5};  // one track a cell
  const Evaluated result = evaluate(netlist, canvas, Placement(netlist), options);
  // Rows 1 and 2 are covered by 1.7 and 0.3; the vertical blockage of row 2 is lost.
  CHECK(testing::max_difference(result.maps.macro.horizontal,
                                from_top({{0.0, 0.3, 0.3, 0.0, 0.0, 0.0},
                                          {0.0, 1.7, 1.7, 0.0, 0.0, 0.0},
                                          {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}})) <= 1e-12);
  CHECK(testing::max_difference(result.maps.macro.vertical,
                                from_top({{0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
                                          {0.0, 2.0, 2.0, 0.0, 0.0, 0.0},
                                          {0.0, 0.0, 0.0, 0.0, 0.0, 0.0}})) <= 1e-12);
  // A hair lower, all of the vertical blockage is in row 0, which is barely grazed.
  Placement lower(netlist);
  lower.y[0] = 2.999999;  // y 1.999999 .. 3.999999
  const Evaluated grazing = evaluate(netlist, canvas, lower, options);
  CHECK(testing::max_difference(grazing.maps.macro.vertical,
                                from_top({{0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
                                          {0.0, 0.0, 0.0, 0.0, 0.0, 0.0},
                                          {0.0, 2.0, 2.0, 0.0, 0.0, 0.0}})) <= 1e-12);
}

TEST_CASE("macros over the edge of the canvas block what is inside") {
  CircuitBuilder builder;
  builder.hard("corner", 2.0, 2.0, 0.0, 4.0);  // x -1 .. 1, y 3 .. 5
  builder.hard("beyond", 2.0, 2.0, 7.0, 2.0);  // x 6 .. 8
  const Netlist netlist = builder.build();
  const Canvas canvas = make_canvas(4.0, 4.0, 4, 4);
  const Evaluated result = evaluate(netlist, canvas, Placement(netlist), unit_options());
  // The right edge is on the line x = 1, so that the macro covers columns 0 and, by nothing, 1. The
  // empty column makes both ends partial, but there is a single row: only column 1 is lost.
  CHECK(result.maps.macro.horizontal == charged("(3,0)"));
  CHECK(result.maps.macro.vertical == charged("(3,0)"));
}

TEST_CASE("clusters, ports and standard cells block nothing") {
  CircuitBuilder builder;
  builder.soft("Grp_a", 3.0, 3.0, 2.0, 2.0);
  builder.std_cell("b", 3.0, 3.0, 2.0, 2.0);
  builder.port("c", 2.0, 2.0);
  const Netlist netlist = builder.build();
  const Evaluated result =
      evaluate(netlist, make_canvas(4.0, 4.0, 4, 4), Placement(netlist), unit_options());
  CHECK(result.maps.macro.horizontal == charged("-"));
  CHECK(result.maps.macro.vertical == charged("-"));
  CHECK(result.cost == 0.0);
}

TEST_CASE("demand is divided by the tracks of a cell") {
  CircuitBuilder builder;
  const PinId a = builder.port("a", 1.0, 1.0);
  builder.net(a, {builder.port("b", 3.0, 4.0)});
  builder.hard("m", 2.0, 3.0, 7.0, 10.5);  // fills one cell of 2 x 3
  const Netlist netlist = builder.build();
  CostOptions options;
  options.routes = {4.0, 5.0};
  options.macro_routes = {2.0, 1.0};
  const Evaluated result =
      evaluate(netlist, make_canvas(8.0, 12.0, 4, 4), Placement(netlist), options);
  CHECK(result.maps.net.horizontal[0] == 1.0 / 12.0);     // 3 microns x 4 tracks
  CHECK(result.maps.net.vertical[1] == 1.0 / 10.0);       // 2 microns x 5 tracks
  CHECK(result.maps.macro.horizontal[15] == 6.0 / 12.0);  // 3 x 2 of 12 tracks
  CHECK(result.maps.macro.vertical[15] == 2.0 / 10.0);    // 2 x 1 of 10 tracks
}

TEST_CASE("smoothing spreads horizontal demand over rows, vertical demand over columns") {
  DemandMaps demand;
  demand.assign_zero(5 * 4);
  demand.horizontal[0 * 5 + 2] = 3.0;  // bottom row: a window of 2 rows with a range of 1
  demand.vertical[2 * 5 + 2] = 3.0;    // amid: a window of 3 columns
  DemandMaps out;
  out.assign_zero(5 * 4);
  out.horizontal[0] = 100.0;  // added to
  add_smoothed(demand, {5, 4}, 1, out);
  CHECK(out.horizontal == from_top({{0.0, 0.0, 0.0, 0.0, 0.0},
                                    {0.0, 0.0, 0.0, 0.0, 0.0},
                                    {0.0, 0.0, 1.5, 0.0, 0.0},
                                    {100.0, 0.0, 1.5, 0.0, 0.0}}));
  CHECK(out.vertical == from_top({{0.0, 0.0, 0.0, 0.0, 0.0},
                                  {0.0, 1.0, 1.0, 1.0, 0.0},
                                  {0.0, 0.0, 0.0, 0.0, 0.0},
                                  {0.0, 0.0, 0.0, 0.0, 0.0}}));
}

TEST_CASE("smoothing keeps the sum of the demand; by no cells it changes nothing") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const GridShape grid = {static_cast<int>(1 + rng.below(12)),
                            static_cast<int>(1 + rng.below(12))};
    DemandMaps demand;
    demand.assign_zero(grid.num_cells());
    for (std::size_t i = 0; i < grid.num_cells(); ++i) {
      demand.horizontal[i] = rng.uniform();
      demand.vertical[i] = rng.uniform();
    }
    const int range = static_cast<int>(rng.below(20));
    DemandMaps out;
    out.assign_zero(grid.num_cells());
    add_smoothed(demand, grid, range, out);
    CHECK(testing::relative_error(sum(out.horizontal), sum(demand.horizontal)) <= 1e-12);
    CHECK(testing::relative_error(sum(out.vertical), sum(demand.vertical)) <= 1e-12);
    DemandMaps same;
    same.assign_zero(grid.num_cells());
    add_smoothed(demand, grid, 0, same);
    CHECK(same.horizontal == demand.horizontal);
    CHECK(same.vertical == demand.vertical);
  }
}

TEST_CASE("the congestion cost is the mean of the worst twentieth of both directions") {
  std::vector<double> scratch;
  DemandMaps total;
  total.assign_zero(39);  // 78 values, 78 / 20 = 3 of them
  total.horizontal[5] = 4.0;
  total.vertical[5] = 2.0;                        // the two of one cell are not added up
  CHECK(congestion_cost(total, scratch) == 2.0);  // (4 + 2 + 0) / 3
  total.assign_zero(40);                          // 80 values: 4 of them
  total.horizontal[5] = 4.0;
  total.vertical[5] = 2.0;
  CHECK(congestion_cost(total, scratch) == 1.5);
  total.assign_zero(9);  // 18 values, fewer than 20: the worst
  total.vertical[8] = 0.75;
  total.vertical[2] = 0.5;
  CHECK(congestion_cost(total, scratch) == 0.75);
}

}  // namespace tessera::cost
