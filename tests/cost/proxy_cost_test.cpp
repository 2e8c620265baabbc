#include "cost/proxy_cost.h"

#include <vector>

#include "tests/cost/circuit_builder.h"
#include <doctest/doctest.h>

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::PinId;
using netlist_io::Placement;
using testing::CircuitBuilder;
using testing::make_canvas;

Netlist two_macros() {
  CircuitBuilder builder;
  const NodeId a = builder.hard("a", 3.0, 2.0, 2.5, 3.0);
  const NodeId b = builder.hard("b", 3.0, 3.0, 5.5, 5.5);
  const PinId pin_a = builder.pin(a, {1.0, 0.5}, 2.0);
  builder.net(pin_a, {builder.pin(b, {-1.0, 1.0})});
  return builder.build();
}

}  // namespace

TEST_CASE("the proxy is the weighted sum of its three terms") {
  const Netlist netlist = two_macros();
  const Canvas canvas = make_canvas(8.0, 8.0, 4, 4);
  const Placement placement(netlist);
  CostOptions options;
  const CostBreakdown cost = ProxyCost(netlist, canvas, options).evaluate(placement);
  CHECK(cost.wirelength > 0.0);
  CHECK(cost.density > 0.0);
  CHECK(cost.congestion > 0.0);
  CHECK(cost.proxy == cost.wirelength + 0.5 * cost.density + 0.5 * cost.congestion);
  options.weights = {0.25, 1.0, 3.0};
  const CostBreakdown weighted = ProxyCost(netlist, canvas, options).evaluate(placement);
  CHECK(weighted.wirelength == cost.wirelength);
  CHECK(weighted.density == cost.density);
  CHECK(weighted.congestion == cost.congestion);
  CHECK(weighted.proxy == 0.25 * cost.wirelength + 1.0 * cost.density + 3.0 * cost.congestion);
}

TEST_CASE("a circuit without nets or without nodes has costs") {
  const Canvas canvas = make_canvas(8.0, 8.0, 4, 4);
  SUBCASE("no nodes") {
    const Netlist netlist = CircuitBuilder().build();
    const CostBreakdown cost = ProxyCost(netlist, canvas, {}).evaluate(Placement(netlist));
    CHECK(cost.proxy == 0.0);
    CHECK(cost.wirelength == 0.0);
  }
  SUBCASE("no nets") {
    CircuitBuilder builder;
    builder.hard("m", 2.0, 2.0, 3.0, 3.0);  // fills one cell of 2 x 2
    const Netlist netlist = builder.build();
    const CostBreakdown cost = ProxyCost(netlist, canvas, {}).evaluate(Placement(netlist));
    CHECK(cost.wirelength == 0.0);
    CHECK(cost.density == 0.5);  // 16 / 10 = 1 cell: 0.5 x 1
    // 32 / 20 = 1 value: the larger of 39.583 / 57.031 and 30.303 / 56.818
    CHECK(cost.congestion == doctest::Approx(39.583 / 57.031).epsilon(1e-14));
  }
  SUBCASE("one cell") {
    const Netlist netlist = two_macros();
    const CostBreakdown cost =
        ProxyCost(netlist, make_canvas(8.0, 8.0, 1, 1), {}).evaluate(Placement(netlist));
    CHECK(cost.density == 0.5 * (6.0 + 9.0) / 64.0);
    // Two macros of heights 2 and 3 over 8 microns, in one cell that loses nothing.
    CHECK(cost.congestion == doctest::Approx(5.0 * 39.583 / (8.0 * 57.031)).epsilon(1e-14));
  }
}

TEST_CASE("every node counts where it stands, placed or not, fixed or not") {
  const Netlist netlist = two_macros();
  const Canvas canvas = make_canvas(8.0, 8.0, 4, 4);
  Placement placement(netlist);
  const ProxyCost proxy_cost(netlist, canvas, {});
  const double expected = proxy_cost.evaluate(placement).proxy;
  placement.placed.assign(placement.size(), 0);
  placement.fixed.assign(placement.size(), 1);
  CHECK(proxy_cost.evaluate(placement).proxy == expected);
}

TEST_CASE("a workspace may serve evaluators of different circuits and grids") {
  const Netlist small = two_macros();
  CircuitBuilder builder;
  builder.hard("only", 1.0, 1.0, 1.0, 1.0);
  const Netlist other = builder.build();
  const Canvas coarse = make_canvas(8.0, 8.0, 2, 2);
  const Canvas fine = make_canvas(8.0, 8.0, 9, 7);
  const ProxyCost first(small, fine, {});
  const ProxyCost second(other, coarse, {});
  const double expected_first = first.evaluate(Placement(small)).proxy;
  const double expected_second = second.evaluate(Placement(other)).proxy;
  CHECK(expected_first != expected_second);
  CostWorkspace workspace;
  for (int i = 0; i < 3; ++i) {
    CHECK(first.evaluate(Placement(small), workspace).proxy == expected_first);
    CHECK(workspace.density.size() == 63);
    CHECK(second.evaluate(Placement(other), workspace).proxy == expected_second);
    CHECK(workspace.congestion.total.vertical.size() == 4);
  }
}

}  // namespace tessera::cost
