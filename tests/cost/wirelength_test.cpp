#include "cost/wirelength.h"

#include <cstddef>
#include <string>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/orientation.h"
#include "netlist_io/rng.h"

namespace tessera::cost {
namespace {

using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::Orientation;
using netlist_io::PinId;
using netlist_io::Placement;
using netlist_io::Rng;
using testing::CircuitBuilder;
using testing::relative_error;

double wirelength_of(const Netlist& netlist, const Placement& placement) {
  PinPositions pins;
  pins.update(netlist, placement);
  return weighted_hpwl_um(netlist, pins);
}

/// The orientation of a macro after the canvas is mirrored left to right.
Orientation mirrored(Orientation orientation) {
  switch (orientation) {
    case Orientation::kN:
      return Orientation::kFN;
    case Orientation::kFN:
      return Orientation::kN;
    case Orientation::kS:
      return Orientation::kFS;
    case Orientation::kFS:
      return Orientation::kS;
    case Orientation::kE:
      return Orientation::kFE;
    case Orientation::kFE:
      return Orientation::kE;
    case Orientation::kW:
      return Orientation::kFW;
    case Orientation::kFW:
      return Orientation::kW;
  }
  return orientation;
}

struct RandomCircuit {
  explicit RandomCircuit(std::uint64_t seed) {
    Rng rng(seed);
    CircuitBuilder builder;
    for (int i = 0; i < 4; ++i) {
      builder.port("p" + std::to_string(i), rng.uniform(0.0, 100.0), rng.uniform(0.0, 100.0));
    }
    for (int i = 0; i < 6; ++i) {
      const NodeId macro = builder.hard(
          "m" + std::to_string(i), 9.0, 5.0, rng.uniform(0.0, 100.0), rng.uniform(0.0, 100.0));
      for (int p = 0; p < 4; ++p) {
        builder.pin(macro, {rng.uniform(-4.5, 4.5), rng.uniform(-2.5, 2.5)}, rng.uniform(0.1, 5.0));
      }
    }
    for (int n = 0; n < 20; ++n) {
      std::vector<PinId> sinks;
      for (std::uint64_t s = rng.below(5); s > 0; --s) {
        sinks.push_back(PinId(rng.below(builder.num_pins())));
      }
      builder.net(PinId(rng.below(builder.num_pins())), sinks);
    }
    netlist = builder.build();
    placement = Placement(netlist);
    for (const NodeId macro : netlist.hard_macros()) {
      placement.orientation[macro.index()] = static_cast<Orientation>(rng.below(8));
    }
  }

  Netlist netlist;
  Placement placement;
};

}  // namespace

TEST_CASE("half-perimeter wirelength is the box of all pins times the weight of the driver") {
  // 8 |      p
  // 5 | s
  // 2 |        m, pin at (+3, -1)
  //   +---------------
  //     10  20  27
  CircuitBuilder builder;
  const PinId p = builder.port("p", 20.0, 8.0);
  const NodeId soft = builder.soft("Grp_s", 2.0, 2.0, 10.0, 5.0);
  const PinId s = builder.pin(soft, {}, 7.0);
  const NodeId hard = builder.hard("m", 8.0, 4.0, 27.0, 3.0);
  const PinId m = builder.pin(hard, {3.0, -1.0}, 2.0);
  builder.net(m, {p, s});
  builder.net(p, {s});
  const Netlist netlist = builder.build();
  PinPositions pins;
  pins.update(netlist, Placement(netlist));
  CHECK(hpwl_um(netlist, pins, NetId(0)) == 26.0);  // x: 30 - 10, y: 8 - 2
  CHECK(hpwl_um(netlist, pins, NetId(1)) == 13.0);  // x: 20 - 10, y: 8 - 5
  // The first net weighs 2 (its driver's), the second 1 (a port's): 2 x 26 + 13. The weight of the
  // sink does not matter.
  CHECK(weighted_hpwl_um(netlist, pins) == 65.0);
}

TEST_CASE("pins follow the orientation of the placement") {
  CircuitBuilder builder;
  const PinId a = builder.pin(builder.hard("m", 10.0, 10.0, 50.0, 60.0), {3.0, 1.0});
  const Netlist netlist = builder.build();
  struct Case {
    const char* name;
    double x;
    double y;
  };
  // (a, b) = (3, 1): N (a,b), FN (-a,b), S (-a,-b), FS (a,-b), E (b,-a), FE (-b,-a), W (-b,a),
  // FW (b,a)
  const std::vector<Case> cases = {{"N", 53.0, 61.0},
                                   {"FN", 47.0, 61.0},
                                   {"S", 47.0, 59.0},
                                   {"FS", 53.0, 59.0},
                                   {"E", 51.0, 57.0},
                                   {"FE", 49.0, 57.0},
                                   {"W", 49.0, 63.0},
                                   {"FW", 51.0, 63.0}};
  for (const Case& c : cases) {
    CAPTURE(c.name);
    Placement placement(netlist);
    placement.orientation[0] = *netlist_io::parse_orientation(c.name);
    PinPositions pins;
    pins.update(netlist, placement);
    CHECK(pins.x[a.index()] == c.x);
    CHECK(pins.y[a.index()] == c.y);
  }
}

TEST_CASE("nets of one pin, one place or duplicate pins have the wirelength of their box") {
  CircuitBuilder builder;
  const PinId a = builder.port("a", 1.0, 1.0);
  const PinId b = builder.port("b", 4.0, 5.0);
  builder.net(a, {});         // one pin
  builder.net(a, {a, a});     // its own sink
  builder.net(a, {b});        // 3 + 4
  builder.net(a, {b, b, a});  // the same box
  const Netlist netlist = builder.build();
  PinPositions pins;
  pins.update(netlist, Placement(netlist));
  CHECK(hpwl_um(netlist, pins, NetId(0)) == 0.0);
  CHECK(hpwl_um(netlist, pins, NetId(1)) == 0.0);
  CHECK(hpwl_um(netlist, pins, NetId(2)) == 7.0);
  CHECK(hpwl_um(netlist, pins, NetId(3)) == 7.0);
}

TEST_CASE("the wirelength cost divides by the canvas and by all net weights") {
  CircuitBuilder builder;
  const PinId light = builder.pin(builder.hard("a", 1.0, 1.0, 0.0, 0.0), {}, 0.25);
  const PinId heavy = builder.pin(builder.hard("b", 1.0, 1.0, 6.0, 2.0), {}, 3.0);
  builder.net(light, {heavy});
  builder.net(heavy, {light});
  builder.net(heavy, {heavy});  // of no length, but it counts
  const Netlist netlist = builder.build();
  const auto canvas = testing::make_canvas(20.0, 12.0, 4, 4);
  const CostBreakdown cost = ProxyCost(netlist, canvas, {}).evaluate(Placement(netlist));
  CHECK(cost.hpwl_um == 26.0);  // 0.25 x 8 + 3 x 8: a weight below 1 counts as it is
  // 26 / ((20 + 12) x (0.25 + 3 + 3))
  CHECK(cost.wirelength == doctest::Approx(26.0 / (32.0 * 6.25)).epsilon(1e-14));
}

TEST_CASE("pins outside the canvas are not clamped in the wirelength") {
  CircuitBuilder builder;
  const PinId a = builder.port("a", -5.0, 3.0);
  const PinId b = builder.port("b", 15.0, 14.0);
  builder.net(a, {b});
  const Netlist netlist = builder.build();
  const auto canvas = testing::make_canvas(10.0, 10.0, 2, 2);
  for (const OutsidePins rule : {OutsidePins::kClamp, OutsidePins::kDrop}) {
    CostOptions options;
    options.outside_pins = rule;
    const CostBreakdown cost = ProxyCost(netlist, canvas, options).evaluate(Placement(netlist));
    CHECK(cost.hpwl_um == 31.0);  // 20 + 11
  }
}

TEST_CASE("wirelength does not change when everything is moved or mirrored") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const RandomCircuit circuit(seed);
    const double expected = wirelength_of(circuit.netlist, circuit.placement);
    Placement moved = circuit.placement;
    Placement mirror = circuit.placement;
    Placement half_turn = circuit.placement;
    for (std::size_t i = 0; i < moved.size(); ++i) {
      moved.x[i] += 31.7;
      moved.y[i] -= 12.3;
      mirror.x[i] = 100.0 - mirror.x[i];
      mirror.orientation[i] = mirrored(mirror.orientation[i]);
      half_turn.x[i] = 100.0 - half_turn.x[i];
      half_turn.y[i] = 100.0 - half_turn.y[i];
    }
    for (const NodeId macro : circuit.netlist.hard_macros()) {
      // N <-> S, E <-> W and so on.
      auto& orientation = half_turn.orientation[macro.index()];
      const Offset x = transform({1.0, 0.0}, orientation);
      const Offset y = transform({0.0, 1.0}, orientation);
      for (int o = 0; o < 8; ++o) {
        const Offset turned_x = transform({1.0, 0.0}, static_cast<Orientation>(o));
        const Offset turned_y = transform({0.0, 1.0}, static_cast<Orientation>(o));
        if (turned_x.x == -x.x && turned_x.y == -x.y && turned_y.x == -y.x && turned_y.y == -y.y) {
          orientation = static_cast<Orientation>(o);
          break;
        }
      }
    }
    CHECK(expected > 0.0);
    CHECK(relative_error(wirelength_of(circuit.netlist, moved), expected) <= 1e-12);
    CHECK(relative_error(wirelength_of(circuit.netlist, mirror), expected) <= 1e-12);
    CHECK(relative_error(wirelength_of(circuit.netlist, half_turn), expected) <= 1e-12);
  }
}

TEST_CASE("updating the pins of a moved node equals updating them all") {
  Rng rng(7);
  const RandomCircuit circuit(7);
  Placement placement = circuit.placement;
  PinPositions pins;
  pins.update(circuit.netlist, placement);
  for (int move = 0; move < 100; ++move) {
    const NodeId node(rng.below(placement.size()));
    placement.x[node.index()] = rng.uniform(0.0, 100.0);
    placement.y[node.index()] = rng.uniform(0.0, 100.0);
    if (circuit.netlist.is_macro(node)) {
      placement.orientation[node.index()] = static_cast<Orientation>(rng.below(8));
    }
    pins.update(circuit.netlist, placement, node);
    PinPositions all;
    all.update(circuit.netlist, placement);
    CHECK(pins.x == all.x);
    CHECK(pins.y == all.y);
  }
}

}  // namespace tessera::cost
