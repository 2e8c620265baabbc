#include "cost/edge_use.h"

#include <cstddef>
#include <cstdint>
#include <fstream>
#include <numeric>
#include <string>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/orientation.h"
#include "netlist_io/rng.h"

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Orientation;
using netlist_io::PinId;
using netlist_io::Placement;
using netlist_io::Rng;
using testing::CircuitBuilder;
using testing::from_top;
using testing::make_canvas;
using testing::max_difference;

/// The real tracks of NanGate45: macros block metals 1 to 4.
constexpr RoutingTracks kNanGate45 = {12.6, 14.3, 7.14, 5.26 + 3.57};

/// Gcells of 10 x 10, 10 horizontal and 20 vertical tracks per edge, 6 and 15 of them over macros.
EdgeUseOptions small_options() {
  EdgeUseOptions options;
  options.tracks = {1.0, 2.0, 0.6, 1.5};
  return options;
}

Canvas canvas_of(double width, double height) {
  return make_canvas(width, height, 1, 1);
}

EdgeUse estimate(const CircuitBuilder& builder,
                 double width,
                 double height,
                 const EdgeUseOptions& options = small_options()) {
  const Netlist netlist = builder.build();
  return estimate_edge_use(netlist, canvas_of(width, height), Placement(netlist), options);
}

/// A cell of no size in the middle of a gcell of 10 x 10.
PinId cell_at(CircuitBuilder& builder, int col, int row) {
  return builder.std_cell(
      "c" + std::to_string(builder.num_pins()), 0.0, 0.0, 10.0 * col + 5.0, 10.0 * row + 5.0);
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

/// Cells and a few macros with pins, at random.
Netlist random_circuit(std::uint64_t seed, double side) {
  Rng rng(seed);
  CircuitBuilder builder;
  std::vector<PinId> pins;
  for (int i = 0; i < 8; ++i) {
    const NodeId macro = builder.hard("m" + std::to_string(i),
                                      rng.uniform(5.0, 40.0),
                                      rng.uniform(5.0, 40.0),
                                      rng.uniform(0.0, side),
                                      rng.uniform(0.0, side));
    for (int k = 0; k < 10; ++k) {
      pins.push_back(builder.pin(macro, {rng.uniform(-5.0, 5.0), rng.uniform(-5.0, 5.0)}));
    }
  }
  for (int i = 0; i < 6000; ++i) {
    pins.push_back(builder.std_cell(
        "c" + std::to_string(i), 1.0, 1.0, rng.uniform(0.0, side), rng.uniform(0.0, side)));
  }
  for (std::size_t i = 0; i < pins.size(); ++i) {
    std::vector<PinId> sinks;
    for (std::size_t k = rng.below(6) + 1; k > 0; --k) {
      sinks.push_back(pins[rng.below(pins.size())]);
    }
    builder.net(pins[i], sinks);
  }
  return builder.build();
}

}  // namespace

TEST_CASE("a straight net takes one wire over each edge it crosses") {
  CircuitBuilder builder;
  builder.net(cell_at(builder, 0, 1), {cell_at(builder, 2, 1)});
  builder.net(cell_at(builder, 3, 2), {cell_at(builder, 3, 0), cell_at(builder, 3, 0)});
  const EdgeUse use = estimate(builder, 40.0, 30.0);
  CHECK(use.grid == GridShape{4, 3});
  CHECK(use.demand.horizontal == from_top({{0, 0, 0}, {1, 1, 0}, {0, 0, 0}}));
  CHECK(use.demand.vertical == from_top({{0, 0, 0, 1}, {0, 0, 0, 1}}));
  CHECK(use.routed_length_um == 40.0);
  CHECK(use.overflow == 0.0);
  // 9 + 8 edges: each share is less than one edge, and the most used one is horizontal, 1 / 10.
  CHECK(use.ace.top_half_percent == 0.1);
  CHECK(use.ace.top_5_percent == 0.1);
}

TEST_CASE("a net of two gcells takes both Ls, half a wire each") {
  CircuitBuilder builder;
  builder.net(cell_at(builder, 2, 0), {cell_at(builder, 0, 1)});  // falling
  const EdgeUse use = estimate(builder, 30.0, 20.0);
  CHECK(use.demand.horizontal == from_top({{0.5, 0.5}, {0.5, 0.5}}));
  CHECK(use.demand.vertical == from_top({{0.5, 0, 0.5}}));
  CHECK(use.capacity.horizontal == std::vector<double>(4, 10.0));
  CHECK(use.capacity.vertical == std::vector<double>(3, 20.0));
  CHECK(use.routed_length_um == 30.0);
}

TEST_CASE("a net of more gcells is a minimum spanning tree, not a star from its driver") {
  CircuitBuilder builder;
  //   . . . c     driver a; b is nearer to c (4) than a (5) is, so the tree is a-b, b-c
  //   . . . .     b-c is an L: rows 0 and 2, columns 1 and 3 at one half
  //   a b . .
  const PinId a = cell_at(builder, 0, 0);
  const PinId b = cell_at(builder, 1, 0);
  builder.net(a, {cell_at(builder, 3, 2), b, b});
  const EdgeUse use = estimate(builder, 40.0, 30.0);
  CHECK(use.demand.horizontal == from_top({{0, 0.5, 0.5}, {0, 0, 0}, {1, 0.5, 0.5}}));
  CHECK(use.demand.vertical == from_top({{0, 0.5, 0, 0.5}, {0, 0.5, 0, 0.5}}));
  CHECK(use.routed_length_um == 50.0);
}

TEST_CASE("the spanning tree is the shortest, whatever the order of the sinks") {
  // A comb of 60 gcells in a row with a tooth on every third: 59 + 20 edges.
  CircuitBuilder builder;
  std::vector<PinId> pins;
  for (int i = 0; i < 60; ++i) {
    const int col = (i * 37) % 60;
    pins.push_back(cell_at(builder, col, 0));
    if (col % 3 == 0) {
      pins.push_back(cell_at(builder, col, 1));
    }
  }
  builder.net(pins[0], {pins.begin() + 1, pins.end()});
  const EdgeUse use = estimate(builder, 600.0, 20.0);
  CHECK(use.routed_length_um == 790.0);
  CHECK(use.demand.horizontal ==
        from_top({std::vector<double>(59, 0.0), std::vector<double>(59, 1.0)}));
}

TEST_CASE("the flat wirelength counts a net as often as its weight says") {
  CircuitBuilder builder;
  const PinId heavy = builder.pin(builder.hard("m", 10.0, 10.0, 5.0, 5.0), {}, 2.5);
  const PinId port = builder.port("a", 25.0, 5.0);
  builder.net(heavy, {port});
  builder.net(port, {heavy});
  const Netlist netlist = builder.build();
  CHECK(flat_hpwl(netlist, Placement(netlist)) == doctest::Approx(2.5 * 20.0 + 20.0));
}

TEST_CASE("nets above the limit of sinks are left out of everything") {
  CircuitBuilder builder;
  const PinId a = cell_at(builder, 0, 0);
  const PinId b = cell_at(builder, 2, 0);
  builder.net(a, {b});
  builder.net(b, {a, a});  // two sinks, though one place
  const Netlist netlist = builder.build();
  EdgeUseOptions options = small_options();
  options.max_sinks = 1;
  CHECK(estimate(builder, 30.0, 10.0, options).routed_length_um == 20.0);
  CHECK(sum(estimate(builder, 30.0, 10.0, options).rudy) * 100.0 == doctest::Approx(20.0));
  CHECK(flat_hpwl(netlist, Placement(netlist), 1) == 20.0);
  options.max_sinks = 2;
  CHECK(estimate(builder, 30.0, 10.0, options).routed_length_um == 40.0);
  CHECK(sum(estimate(builder, 30.0, 10.0, options).rudy) * 100.0 == doctest::Approx(40.0));
  CHECK(flat_hpwl(netlist, Placement(netlist), 2) == 40.0);
}

TEST_CASE("hard macros take their tracks from the lines that they cover") {
  CircuitBuilder builder;
  builder.hard("m", 16.0, 14.0, 14.0, 13.0);  // 6 to 22, 6 to 20
  const EdgeUse use = estimate(builder, 30.0, 30.0);
  // The lines x = 10 and 20 lie inside: 4 um of row 0 and all of row 1. 10 - 0.6 x 4, 10 - 0.6
  // x 10.
  CHECK(max_difference(use.capacity.horizontal, from_top({{10, 10}, {4, 4}, {7.6, 7.6}})) < 1e-12);
  // y = 10 inside and y = 20 at the upper edge: 4, 10 and 2 um of the columns. 20 - 1.5 x length.
  CHECK(max_difference(use.capacity.vertical, from_top({{14, 5, 17}, {14, 5, 17}})) < 1e-12);
}

TEST_CASE("the box of a turned macro is turned; soft macros and cells block nothing") {
  CircuitBuilder builder;
  builder.hard("m", 4.0, 12.0, 15.0, 15.0, Orientation::kE);  // 9 to 21, 13 to 17
  builder.soft("s", 20.0, 20.0, 15.0, 15.0);
  builder.std_cell("c", 20.0, 20.0, 15.0, 15.0);
  const EdgeUse use = estimate(builder, 30.0, 30.0);
  // x = 10 and x = 20, 4 um of row 1: 10 - 0.6 x 4. No line y = 10 or 20.
  CHECK(max_difference(use.capacity.horizontal, from_top({{10, 10}, {7.6, 7.6}, {10, 10}})) <
        1e-12);
  CHECK(use.capacity.vertical == std::vector<double>(6, 20.0));
}

TEST_CASE("macros that abut or reach beyond the canvas block an edge once") {
  CircuitBuilder builder;
  builder.hard("left", 20.0, 10.0, 0.0, 5.0);     // -10 to 10: ends on the line
  builder.hard("right", 100.0, 20.0, 60.0, 0.0);  // 10 to 110, -10 to 10: starts on it
  builder.hard("outside", 10.0, 10.0, 45.0, 25.0);
  const EdgeUse use = estimate(builder, 30.0, 20.0);
  CHECK(use.capacity.horizontal == from_top({{10, 10}, {4, 4}}));
  CHECK(use.capacity.vertical == from_top({{5, 5, 5}}));
}

TEST_CASE("pins of macros follow the orientation") {
  CircuitBuilder builder;
  const NodeId macro = builder.hard("m", 30.0, 10.0, 15.0, 15.0, Orientation::kS);
  builder.net(builder.pin(macro, {-10.0, 2.0}), {cell_at(builder, 2, 0)});  // at (25, 13)
  EdgeUseOptions options = small_options();
  const EdgeUse use = estimate(builder, 30.0, 30.0, options);
  CHECK(use.demand.horizontal == std::vector<double>(6, 0.0));
  CHECK(use.demand.vertical == from_top({{0, 0, 0}, {0, 0, 1}}));
  const Netlist netlist = builder.build();
  CHECK(flat_hpwl(netlist, Placement(netlist)) == 8.0);  // (25, 13) to (25, 5)
}

TEST_CASE("wires above the capacity are overflow, and a blocked edge counts as one track") {
  CircuitBuilder builder;
  builder.hard("m", 4.0, 10.0, 10.0, 5.0);  // over the line x = 10 of the lower row
  for (int i = 0; i < 3; ++i) {
    builder.net(cell_at(builder, 0, 0), {cell_at(builder, 1, 0)});
  }
  EdgeUseOptions options = small_options();
  options.tracks = {0.2, 1.0, 0.2, 0.0};  // 2 tracks, none over the macro
  options.detour_passes = 0;
  const EdgeUse use = estimate(builder, 20.0, 10.0, options);
  CHECK(use.capacity.horizontal == std::vector<double>{0.0});
  CHECK(use.demand.horizontal == std::vector<double>{3.0});
  CHECK(use.overflow == 3.0);
  CHECK(use.ace.top_1_percent == 3.0);
  CHECK(edge_use(3.0, 0.0) == 3.0);
  CHECK(edge_use(3.0, 2.0) == 1.5);
}

TEST_CASE("the use of a gcell is that of the most used of its edges") {
  EdgeUse use;
  use.grid = {3, 2};
  use.demand.horizontal = {1.0, 2.0, 3.0, 0.5};  // rows of two edges
  use.demand.vertical = {2.5, 0.0, 6.0};
  use.capacity.horizontal.assign(4, 2.0);
  use.capacity.vertical.assign(3, 4.0);
  CHECK(gcell_use(use) == std::vector<double>{0.625, 1.0, 1.5, 1.5, 1.5, 1.5});
}

TEST_CASE("wires leave nearly full edges, the others stay where they are") {
  // Six wires from left to right on two tracks per edge; rows 0 and 2 are empty.
  CircuitBuilder builder;
  for (int i = 0; i < 6; ++i) {
    builder.net(cell_at(builder, 0, 1), {cell_at(builder, 4, 1)});
  }
  builder.net(cell_at(builder, 4, 3), {cell_at(builder, 6, 4)});  // an L in free space
  EdgeUseOptions options = small_options();
  options.tracks = {0.2, 2.0, 0.0, 0.0};
  options.detour_passes = 0;
  const EdgeUse straight = estimate(builder, 70.0, 50.0, options);
  CHECK(straight.overflow == 4 * 4.0);
  options.detour_passes = 1;
  const EdgeUse once = estimate(builder, 70.0, 50.0, options);
  // All six go through the row below (the first of two alike): on average three in each row, and
  // two columns of three vertical wires.
  CHECK(once.demand.horizontal[7 - 1] == 3.0);
  CHECK(once.demand.horizontal[0] == 3.0);
  CHECK(once.demand.vertical[0] == 3.0);
  CHECK(once.demand.vertical[4] == 3.0);
  CHECK(once.overflow == 8 * 1.0);
  CHECK(once.routed_length_um == straight.routed_length_um + 2 * 3 * 10.0);
  options.detour_passes = 8;
  const EdgeUse often = estimate(builder, 70.0, 50.0, options);
  CHECK(often.overflow < 4.0);
  CHECK(often.demand.horizontal[4 + 3 * 6] == 0.5);  // the L is still two halves
  CHECK(often.demand.horizontal[4 + 4 * 6] == 0.5);
}

TEST_CASE("the average congestion joins both directions and takes whole edges") {
  // 21 x 20 gcells: 400 horizontal and 399 vertical edges, of which 0.5, 1, 2 and 5 % are 3, 7, 15
  // and 39. Use: three horizontal edges at 4 / 10, five vertical ones at 6 / 20.
  CircuitBuilder builder;
  for (int i = 0; i < 4; ++i) {
    builder.net(cell_at(builder, 2, 3), {cell_at(builder, 5, 3)});
  }
  for (int i = 0; i < 6; ++i) {
    builder.net(cell_at(builder, 9, 3), {cell_at(builder, 9, 8)});
  }
  const EdgeUse use = estimate(builder, 210.0, 200.0);
  CHECK(use.ace.top_half_percent == doctest::Approx(0.4));
  CHECK(use.ace.top_1_percent == doctest::Approx((3 * 0.4 + 4 * 0.3) / 7));
  CHECK(use.ace.top_2_percent == doctest::Approx((3 * 0.4 + 5 * 0.3) / 15));
  CHECK(use.ace.top_5_percent == doctest::Approx((3 * 0.4 + 5 * 0.3) / 39));
}

TEST_CASE("RUDY spreads the half-perimeter of each net over its box") {
  CircuitBuilder builder;
  builder.net(builder.std_cell("a", 0, 0, 5, 2), {builder.std_cell("b", 0, 0, 25, 12)});
  const EdgeUse use = estimate(builder, 40.0, 20.0);
  // 20 + 10 um over 5..25 x 2..12: shares 1/4, 1/2, 1/4 of the columns and 8/10, 2/10 of the rows;
  // per area of 100: 30 x 1/4 x 8/10 / 100 = 0.06.
  CHECK(max_difference(use.rudy, from_top({{0.015, 0.03, 0.015, 0}, {0.06, 0.12, 0.06, 0}})) <
        1e-8);
}

TEST_CASE("RUDY keeps the length of boxes without area and of pins outside the canvas") {
  CircuitBuilder builder;
  builder.net(builder.std_cell("a", 0, 0, 5, 20), {builder.std_cell("b", 0, 0, 15, 20)});
  builder.net(builder.std_cell("c", 0, 0, -30, 2), {builder.std_cell("d", 0, 0, 20, 8)});
  const EdgeUse use = estimate(builder, 20.0, 20.0);
  // a-b on the upper edge: 5 um in each column. c-d from the left edge to the right one, 20 + 6 um:
  // 13 um in each column.
  CHECK(max_difference(use.rudy, from_top({{0.05, 0.05}, {0.13, 0.13}})) < 1e-8);
}

TEST_CASE("the canvas is divided evenly into the number of gcells that comes closest") {
  CircuitBuilder builder;
  builder.net(builder.std_cell("a", 0, 0, 5, 8), {builder.std_cell("b", 0, 0, 99.9, 8)});
  const EdgeUse use = estimate(builder, 99.6, 14.0);
  CHECK(use.grid == GridShape{10, 1});
  CHECK(use.demand.horizontal == std::vector<double>(9, 1.0));
  CHECK(use.demand.vertical.empty());
  CHECK(use.capacity.horizontal == std::vector<double>(9, 14.0));
  CHECK(use.routed_length_um == doctest::Approx(9 * 9.96));

  CircuitBuilder upright;
  upright.net(upright.std_cell("a", 0, 0, 5, 8), {upright.std_cell("b", 0, 0, 5, 12)});
  const EdgeUse oblong = estimate(upright, 27.0, 22.0);  // gcells of 9 x 11
  CHECK(oblong.capacity.horizontal == std::vector<double>(4, 11.0));
  CHECK(oblong.capacity.vertical == std::vector<double>(3, 18.0));
  CHECK(oblong.routed_length_um == 11.0);

  const EdgeUse single = estimate(builder, 3.0, 4.0);
  CHECK(single.grid == GridShape{1, 1});
  CHECK(single.ace.top_1_percent == 0.0);
  CHECK(single.rudy.size() == 1);
}

TEST_CASE("the estimate does not depend on the number of threads") {
  const double side = 300.0;
  const Netlist netlist = random_circuit(7, side);
  EdgeUseOptions options;
  options.tracks = kNanGate45;
  const EdgeUse one =
      estimate_edge_use(netlist, canvas_of(side, side), Placement(netlist), options);
  CHECK(one.overflow > 0.0);  // there are detours
  for (const int threads : {2, 3, 8}) {
    CAPTURE(threads);
    options.threads = threads;
    const EdgeUse many =
        estimate_edge_use(netlist, canvas_of(side, side), Placement(netlist), options);
    CHECK(many.demand.horizontal == one.demand.horizontal);
    CHECK(many.demand.vertical == one.demand.vertical);
    CHECK(many.rudy == one.rudy);
    CHECK(many.overflow == one.overflow);
    CHECK(many.routed_length_um == one.routed_length_um);
    CHECK(many.ace.top_1_percent == one.ace.top_1_percent);
  }
}

TEST_CASE("options outside their range are refused by name") {
  const auto refused = [](auto change) {
    EdgeUseOptions options = small_options();
    change(options);
    CHECK_THROWS_AS(options.validate(), OptionError);
  };
  CHECK_NOTHROW(small_options().validate());
  CHECK_THROWS_WITH_AS(EdgeUseOptions().validate(),
                       "horizontal tracks per micron is 0.000000, expected a finite number > 0",
                       OptionError);
  refused([](EdgeUseOptions& options) { options.cell_um = 0.0; });
  refused([](EdgeUseOptions& options) { options.tracks.vertical = -1.0; });
  refused([](EdgeUseOptions& options) { options.tracks.macro_horizontal = 1.1; });
  refused([](EdgeUseOptions& options) { options.tracks.macro_vertical = -0.1; });
  refused([](EdgeUseOptions& options) { options.max_sinks = 0; });
  refused([](EdgeUseOptions& options) { options.detour_passes = -1; });
  refused([](EdgeUseOptions& options) { options.threads = 0; });
  EdgeUseOptions options = small_options();
  options.cell_um = 1e-6;
  CHECK_THROWS_AS(estimate(CircuitBuilder(), 100.0, 100.0, options), OptionError);
}

TEST_CASE("gcells of huge canvases are larger, so that there are no more than a million") {
  const auto usual = [](double width, double height) {
    Canvas canvas;
    canvas.width = width;
    canvas.height = height;
    return usual_gcell_um(canvas);
  };
  CHECK(usual(100.0, 3000.0) == 10.0);
  CHECK(usual(10'000.0, 10'000.0) == 10.0);
  CHECK(usual(200'000.0, 200'000.0) == doctest::Approx(200.0));
  CHECK(usual(1e9, 1.0) == doctest::Approx(1e5));  // 10,000 gcells to a side
}

TEST_CASE("flat NanGate45 netlists have the published wirelength and use of routing edges") {
  TESSERA_REQUIRE_BENCHMARKS(folder);
  struct Block {
    const char* name;
    double width;
    double height;
    double ace;  ///< top 1 %, published with the benchmark files; the estimator is not
  };
  std::ifstream file(folder / "flat" / "golden_flat.json");
  const nlohmann::json golden = nlohmann::json::parse(file);
  EdgeUseOptions options;
  options.tracks = kNanGate45;
  for (const Block& block : {Block{"ng45_ariane133", 1599.99, 1600.06, 0.465},
                             Block{"ng45_nvdla", 2353.91, 2352.56, 0.788},
                             Block{"ng45_mempool_tile", 900.03, 900.06, 0.725}}) {
    CAPTURE(block.name);
    const std::vector<std::string> paths = {
        (folder / "flat" / (std::string(block.name) + ".pb.txt.gz")).string()};
    const Netlist netlist = netlist_io::read_netlist(paths).netlist;
    const Placement placement(netlist);
    const double expected = golden.at(block.name).at("hpwl_fanout_le_500_double").get<double>();
    CHECK(flat_hpwl(netlist, placement) == doctest::Approx(expected).epsilon(1e-9));
    const EdgeUse use =
        estimate_edge_use(netlist, canvas_of(block.width, block.height), placement, options);
    CHECK(use.ace.top_1_percent == doctest::Approx(block.ace).epsilon(0.08));
    CHECK(use.routed_length_um > expected);
    CHECK(use.routed_length_um < 1.2 * expected);
  }
}

}  // namespace tessera::cost
