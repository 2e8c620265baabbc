#include <vector>

#include "tests/cost/circuit_builder.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"

// Two circuits computed by hand, every intermediate map written out, the top row first.

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::PinId;
using netlist_io::Placement;
using testing::CircuitBuilder;
using testing::from_top;
using testing::make_canvas;
using testing::max_difference;

constexpr double kPrinted = 5.1e-8;  // the maps are written with seven decimals

std::vector<double> scaled(std::vector<double> values, double factor) {
  for (double& value : values) {
    value *= factor;
  }
  return values;
}

}  // namespace

TEST_CASE("worked example: eight by eight microns, three nets, smoothing by one cell") {
  CircuitBuilder builder;
  const PinId p0 = builder.port("P0", 0.0, 1.0);
  const PinId p1 = builder.port("P1", 8.0, 7.0);
  const NodeId m1 = builder.hard("M1", 3.0, 2.0, 2.5, 3.0, Orientation::kFN);
  const PinId m1_a = builder.pin(m1, {1.0, 0.5}, 2.0);
  const PinId m1_b = builder.pin(m1, {-1.0, -0.5});
  const NodeId m2 = builder.hard("M2", 3.0, 3.0, 5.5, 5.5);
  const PinId m2_a = builder.pin(m2, {-1.0, 1.0});
  const PinId m2_b = builder.pin(m2, {1.0, -1.0});
  const NodeId s1 = builder.soft("Grp_S1", 2.0, 1.0, 3.0, 5.5);
  const PinId s1_i = builder.pin(s1);
  const PinId s1_o = builder.pin(s1, {}, 3.0);
  builder.net(p0, {m1_b});
  builder.net(m1_a, {m2_a, s1_i});
  builder.net(s1_o, {p1, m1_a, m2_b, m2_b});
  const Netlist netlist = builder.build();
  const Canvas canvas = make_canvas(8.0, 8.0, 4, 4);
  CostOptions options;
  options.routes = {2.0, 4.0};
  options.macro_routes = {1.0, 2.0};
  options.smooth_range = 1;
  CostWorkspace workspace;
  const CostBreakdown cost =
      ProxyCost(netlist, canvas, options).evaluate(Placement(netlist), workspace);

  // Pins: P0 (0, 1), M1/b (3.5, 2.5): 3.5 + 1.5 = 5. M1/a (1.5, 3.5), M2/a (4.5, 6.5), S1 (3, 5.5):
  // 2 x (3 + 3) = 12. S1, P1 (8, 7), M1/a, M2/b (6.5, 4.5): 3 x (6.5 + 3.5) = 30.
  CHECK(cost.hpwl_um == 47.0);
  CHECK(cost.wirelength == 47.0 / 96.0);                                // (8 + 8) x (1 + 2 + 3)
  CHECK(cost.density == 0.5);                                           // 16 / 10 = 1 cell, full
  CHECK(cost.congestion == doctest::Approx(7.0 / 6.0).epsilon(1e-14));  // 32 / 20 = 1 value
  CHECK(cost.proxy == doctest::Approx(1.3229166666666667).epsilon(1e-14));

  CHECK(workspace.density == from_top({{0.0, 0.0, 0.5, 0.25},
                                       {0.0, 0.5, 1.0, 0.5},
                                       {0.5, 1.0, 0.0, 0.0},
                                       {0.0, 0.0, 0.0, 0.0}}));
  const CongestionMaps& maps = workspace.congestion;
  constexpr double kCapacityH = 4.0;  // 2 microns x 2
  constexpr double kCapacityV = 8.0;  // 2 microns x 4
  CHECK(scaled(maps.net.horizontal, kCapacityH) == from_top({{0.0, 0.0, 0.0, 0.0},
                                                             {3.0, 8.0, 6.0, 0.0},
                                                             {2.0, 0.0, 0.0, 0.0},
                                                             {1.0, 0.0, 0.0, 0.0}}));
  CHECK(scaled(maps.net.vertical, kCapacityV) == from_top({{0.0, 0.0, 0.0, 0.0},
                                                           {0.0, 0.0, 2.0, 3.0},
                                                           {3.0, 2.0, 0.0, 0.0},
                                                           {0.0, 1.0, 0.0, 0.0}}));
  // M1 covers x 1 .. 4, y 2 .. 4: both far edges are on grid lines and nothing is lost. M2 covers
  // x 4 .. 7, y 4 .. 7 and loses its top row vertically, its right column horizontally.
  CHECK(scaled(maps.macro.horizontal, kCapacityH) == from_top({{0.0, 0.0, 1.0, 0.0},
                                                               {0.0, 0.0, 2.0, 0.0},
                                                               {2.0, 2.0, 0.0, 0.0},
                                                               {0.0, 0.0, 0.0, 0.0}}));
  CHECK(scaled(maps.macro.vertical, kCapacityV) == from_top({{0.0, 0.0, 0.0, 0.0},
                                                             {0.0, 0.0, 4.0, 2.0},
                                                             {2.0, 4.0, 0.0, 0.0},
                                                             {0.0, 0.0, 0.0, 0.0}}));
  DemandMaps smoothed;
  smoothed.assign_zero(16);
  add_smoothed(maps.net, canvas.grid, 1, smoothed);
  CHECK(max_difference(smoothed.horizontal,
                       from_top({{0.25, 0.6666667, 0.5, 0.0},
                                 {0.4166667, 0.6666667, 0.5, 0.0},
                                 {0.5416667, 0.6666667, 0.5, 0.0},
                                 {0.2916667, 0.0, 0.0, 0.0}})) <= kPrinted);
  CHECK(max_difference(smoothed.vertical,
                       from_top({{0.0, 0.0, 0.0, 0.0},
                                 {0.0, 0.0833333, 0.2708333, 0.2708333},
                                 {0.2708333, 0.2708333, 0.0833333, 0.0},
                                 {0.0416667, 0.0416667, 0.0416667, 0.0}})) <= kPrinted);
  CHECK(max_difference(maps.total.horizontal,
                       from_top({{0.25, 0.6666667, 0.75, 0.0},
                                 {0.4166667, 0.6666667, 1.0, 0.0},
                                 {1.0416667, 1.1666667, 0.5, 0.0},
                                 {0.2916667, 0.0, 0.0, 0.0}})) <= kPrinted);
  CHECK(max_difference(maps.total.vertical,
                       from_top({{0.0, 0.0, 0.0, 0.0},
                                 {0.0, 0.0833333, 0.7708333, 0.5208333},
                                 {0.5208333, 0.7708333, 0.0833333, 0.0},
                                 {0.0416667, 0.0416667, 0.0416667, 0.0}})) <= kPrinted);
}

TEST_CASE("worked example: sixteen by twelve microns, eight nets, smoothing by two cells") {
  CircuitBuilder builder;
  const PinId a = builder.port("A", 0.0, 3.5);
  const PinId b = builder.port("B", 15.9, 0.2);
  const PinId c = builder.port("C", 10.0, 12.0);
  const NodeId m1 = builder.hard("m1", 5.0, 3.4, 4.5, 8.0);
  const PinId m1_a = builder.pin(m1, {2.4, -1.5});
  const PinId m1_b = builder.pin(m1, {-2.4, 1.6}, 2.0);
  const PinId m1_c = builder.pin(m1);
  const NodeId m2 = builder.hard("m2", 3.0, 2.0, 11.0, 4.0, Orientation::kS);
  const PinId m2_a = builder.pin(m2, {1.0, 0.5}, 0.5);
  const PinId g0 = builder.pin(builder.soft("Grp_0", 1.5, 1.5, 8.0, 6.0), {}, 4.0);
  const PinId g1 = builder.pin(builder.soft("Grp_1", 2.0, 2.0, 13.0, 9.0), {}, 3.0);
  const PinId g2 = builder.pin(builder.soft("Grp_2", 1.0, 2.5, 13.4, 2.2));
  builder.net(a, {g1, m1_c});
  builder.net(b, {m2_a});
  builder.net(m1_a, {g0});
  builder.net(m1_b, {g1, g2, m2_a, b});
  builder.net(m2_a, {m1_a});
  builder.net(g0, {m1_c, c});
  builder.net(g1, {g2});
  builder.net(g2, {g0, a});
  const Netlist netlist = builder.build();
  const Canvas canvas = make_canvas(16.0, 12.0, 8, 6);
  CostOptions options;
  options.routes = {3.0, 5.0};
  options.macro_routes = {1.5, 2.5};
  options.smooth_range = 2;
  CostWorkspace workspace;
  const CostBreakdown cost =
      ProxyCost(netlist, canvas, options).evaluate(Placement(netlist), workspace);

  CHECK(netlist.total_net_weight() == 13.5);  // 1 + 1 + 1 + 2 + 0.5 + 4 + 3 + 1
  CHECK(cost.hpwl_um == doctest::Approx(163.55).epsilon(1e-14));
  CHECK(cost.wirelength == doctest::Approx(163.55 / (28.0 * 13.5)).epsilon(1e-14));
  // 48 / 10 = 4 cells: 0.5 x (1 + 0.85 + 0.85 + 0.85) / 4
  CHECK(cost.density == doctest::Approx(0.44375).epsilon(1e-14));
  // 96 / 20 = 4 values: (1.0083333 + 0.9666667 + 0.875 + 0.8416667) / 4
  CHECK(cost.congestion == doctest::Approx(0.9229166666666666).epsilon(1e-14));
  CHECK(cost.proxy == doctest::Approx(1.116005291005291).epsilon(1e-14));

  CHECK(max_difference(workspace.density,
                       from_top({{0, 0, 0, 0, 0, 0, 0, 0},
                                 {0, 0.85, 0.85, 0.425, 0, 0, 1, 0},
                                 {0, 0.85, 0.85, 0.565625, 0.140625, 0, 0, 0},
                                 {0, 0, 0, 0.140625, 0.265625, 0.5, 0.125, 0},
                                 {0, 0, 0, 0, 0.125, 0.5, 0.4875, 0},
                                 {0, 0, 0, 0, 0, 0, 0.2625, 0}})) <= 1e-14);
  const CongestionMaps& maps = workspace.congestion;
  constexpr double kCapacityH = 6.0;   // 2 microns x 3
  constexpr double kCapacityV = 10.0;  // 2 microns x 5
  // Cells (row, column), driver first: A (1,0)(4,6)(4,2), rule C; B (0,7)(1,5); m1/a (3,3)(3,4);
  // m1/b (4,1), a star to (4,6)(1,6)(1,5)(0,7); m2/a (1,5)(3,3), weight 1 although it is 0.5;
  // Grp_0 (3,4)(4,2)(5,5), rule D, C clamped into row 5; Grp_1 (4,6)(1,6); Grp_2
  // (1,6)(3,4)(1,0), rule D.
  CHECK(max_difference(scaled(maps.net.horizontal, kCapacityH),
                       from_top({{0, 0, 0, 0, 0, 0, 0, 0},
                                 {0, 8, 13, 13, 13, 7, 2, 0},
                                 {0, 0, 0, 1, 0, 0, 0, 0},
                                 {0, 0, 0, 0, 0, 0, 0, 0},
                                 {2, 2, 1, 2, 2, 1, 0, 0},
                                 {0, 0, 0, 0, 0, 1, 1, 0}})) <= 1e-14);
  CHECK(max_difference(scaled(maps.net.vertical, kCapacityV),
                       from_top({{0, 0, 0, 0, 0, 0, 0, 0},
                                 {0, 0, 0, 0, 0, 4, 0, 0},
                                 {0, 0, 1, 0, 4, 2, 5, 2},
                                 {0, 0, 1, 1, 1, 2, 5, 2},
                                 {0, 0, 1, 1, 1, 2, 5, 2},
                                 {0, 0, 0, 0, 0, 1, 0, 2}})) <= 1e-14);
  CHECK(max_difference(scaled(maps.macro.horizontal, kCapacityH),
                       from_top({{0, 0, 0, 0, 0, 0, 0, 0},
                                 {0, 2.55, 2.55, 0, 0, 0, 0, 0},
                                 {0, 2.55, 2.55, 0, 0, 0, 0, 0},
                                 {0, 0, 0, 0, 1.5, 1.5, 0, 0},
                                 {0, 0, 0, 0, 1.5, 1.5, 0, 0},
                                 {0, 0, 0, 0, 0, 0, 0, 0}})) <= 1e-14);
  CHECK(max_difference(scaled(maps.macro.vertical, kCapacityV),
                       from_top({{0, 0, 0, 0, 0, 0, 0, 0},
                                 {0, 0, 0, 0, 0, 0, 0, 0},
                                 {0, 5, 5, 2.5, 0, 0, 0, 0},
                                 {0, 0, 0, 0, 0, 0, 0, 0},
                                 {0, 0, 0, 0, 1.25, 5, 1.25, 0},
                                 {0, 0, 0, 0, 0, 0, 0, 0}})) <= 1e-14);

  const auto row_of = [](const std::vector<double>& map, int row) {
    return std::vector<double>(map.begin() + row * 8, map.begin() + (row + 1) * 8);
  };
  DemandMaps smoothed;
  smoothed.assign_zero(48);
  add_smoothed(maps.net, canvas.grid, 2, smoothed);
  CHECK(max_difference(row_of(smoothed.vertical, 3),
                       {0.02, 0.02, 0.1, 0.14, 0.265, 0.3116667, 0.3116667, 0.2316667}) <=
        kPrinted);
  CHECK(max_difference(row_of(smoothed.horizontal, 4),
                       {0, 0.3333333, 0.5416667, 0.575, 0.5416667, 0.2916667, 0.0833333, 0}) <=
        kPrinted);
  const auto total_h = [&](int row, int col) {
    return maps.total.horizontal[static_cast<std::size_t>(row * 8 + col)];
  };
  CHECK(total_h(3, 2) == doctest::Approx(1.0083333).epsilon(1e-7));
  CHECK(total_h(4, 2) == doctest::Approx(0.9666667).epsilon(1e-7));
  CHECK(total_h(2, 4) == doctest::Approx(0.875).epsilon(1e-7));
  CHECK(total_h(3, 1) == doctest::Approx(0.8416667).epsilon(1e-7));
  CHECK(maps.total.vertical[8 + 5] == doctest::Approx(0.7716667).epsilon(1e-7));
}

}  // namespace tessera::cost
