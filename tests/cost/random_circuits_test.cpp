#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include "tests/cost/reference_cost.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/rng.h"

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::Orientation;
using netlist_io::PinId;
using netlist_io::Placement;
using netlist_io::Rng;
using testing::flatten;
using testing::max_difference;
using testing::reference_cost;
using testing::ReferenceCost;

struct Circuit {
  Canvas canvas;
  Netlist netlist;
  Placement placement;
};

/// Draws coordinates anywhere in and around the canvas; in aligned circuits most of them are near a
/// grid line or half a cell away from one, where the rules change.
class CoordinateSource {
 public:
  CoordinateSource(Rng& rng, bool aligned) : rng_(rng), aligned_(aligned) {}

  double draw(double length, int num_cells) {
    const double any = rng_.uniform(-0.2, 1.2) * length;
    if (!aligned_ || rng_.below(5) == 0) {
      return any;
    }
    constexpr std::array<double, 7> kNear = {0.0, 0.0, 0.0, 1e-9, -1e-9, 3e-5, -3e-5};
    const double half_cell = length / num_cells / 2.0;
    return static_cast<double>(static_cast<int>(any / half_cell)) * half_cell +
           kNear[rng_.below(kNear.size())];
  }

  /// Size of a macro: a part of the canvas, or whole half cells.
  double size(double length, int num_cells) {
    if (!aligned_) {
      return rng_.uniform(0.01, 0.7) * length;
    }
    return static_cast<double>(1 + rng_.below(8)) * length / num_cells / 2.0;
  }

 private:
  Rng& rng_;
  bool aligned_;
};

Circuit random_circuit(std::uint64_t seed) {
  Rng rng(seed);
  const bool aligned = rng.below(2) == 0;
  const int cols = static_cast<int>(1 + rng.below(14));
  const int rows = static_cast<int>(1 + rng.below(14));
  Circuit circuit;
  circuit.canvas = testing::make_canvas(
      aligned ? 2.0 * cols : rng.uniform(1.0, 90.0), rng.uniform(1.0, 90.0), cols, rows);
  const double width = circuit.canvas.width;
  const double height = circuit.canvas.height;
  CoordinateSource source(rng, aligned);

  constexpr std::array<double, 6> kWeights = {1.0, 1.0, 0.5, 2.0, 3.25, 7.0};
  testing::CircuitBuilder builder;
  const std::uint64_t num_nodes = rng.below(14);
  for (std::uint64_t n = 0; n < num_nodes; ++n) {
    const std::string name = "n" + std::to_string(n);
    const double x = source.draw(width, cols);
    const double y = source.draw(height, rows);
    const std::uint64_t kind = rng.below(10);
    if (kind < 3) {
      builder.port(name, x, y);
      continue;
    }
    const double w = source.size(width, cols);
    const double h = source.size(height, rows);
    if (kind == 3) {
      builder.std_cell(name, w, h, x, y);
      continue;
    }
    const NodeId macro = kind < 7 ? builder.hard(name, w, h, x, y) : builder.soft(name, w, h, x, y);
    for (std::uint64_t p = rng.below(5); p > 0; --p) {
      const Offset offset = {rng.uniform(-0.5, 0.5) * w, rng.uniform(-0.5, 0.5) * h};
      builder.pin(macro, kind < 7 ? offset : Offset{}, kWeights[rng.below(kWeights.size())]);
    }
  }
  const std::uint64_t num_nets = builder.num_pins() == 0 ? 0 : rng.below(16);
  const auto any_pin = [&] { return PinId(rng.below(builder.num_pins())); };
  for (std::uint64_t n = 0; n < num_nets; ++n) {
    const PinId driver = any_pin();
    std::vector<PinId> sinks;
    for (std::uint64_t s = 1 + rng.below(6); s > 0; --s) {
      sinks.push_back(any_pin());
    }
    builder.net(driver, std::move(sinks));
  }
  circuit.netlist = builder.build();
  circuit.placement = Placement(circuit.netlist);
  for (const NodeId macro : circuit.netlist.hard_macros()) {
    circuit.placement.orientation[macro.index()] = static_cast<Orientation>(rng.below(8));
  }
  return circuit;
}

CostOptions random_options(std::uint64_t seed) {
  Rng rng = Rng::derive(seed, "options");
  CostOptions options;
  options.smooth_range = static_cast<int>(rng.below(6));
  options.outside_pins = rng.below(2) == 0 ? OutsidePins::kClamp : OutsidePins::kDrop;
  options.soft_macro_shape = rng.below(2) == 0 ? SoftMacroShape::kAsGiven : SoftMacroShape::kSquare;
  options.routes = {rng.uniform(0.5, 80.0), rng.uniform(0.5, 80.0)};
  options.macro_routes = {rng.uniform(0.0, 60.0), rng.uniform(0.0, 60.0)};
  return options;
}

}  // namespace

TEST_CASE("costs and maps of random circuits equal those of the reference") {
  constexpr double kTolerance = 1e-9;
  std::size_t num_routed = 0;
  std::size_t num_blocked = 0;
  std::size_t num_rules_differ = 0;
  CostWorkspace workspace;  // one for all: what a circuit leaves behind must not show in the next
  for (std::uint64_t seed = 0; seed < 5000; ++seed) {
    CAPTURE(seed);
    const Circuit circuit = random_circuit(seed);
    CostOptions options = random_options(seed);
    const ReferenceCost expected =
        reference_cost(circuit.netlist, circuit.canvas, circuit.placement, options);
    const ProxyCost proxy_cost(circuit.netlist, circuit.canvas, options);
    const CostBreakdown cost = proxy_cost.evaluate(circuit.placement, workspace);

    const std::vector<double> costs = {
        cost.hpwl_um, cost.wirelength, cost.density, cost.congestion};
    const std::vector<double> expected_costs = {
        expected.hpwl_um, expected.wirelength, expected.density_cost, expected.congestion_cost};
    const CongestionMaps& maps = workspace.congestion;
    double difference = max_difference(costs, expected_costs);
    const auto compare = [&](const std::vector<double>& map, const testing::CellTable& table) {
      difference = std::max(difference, max_difference(map, flatten(table)));
    };
    compare(workspace.density, expected.density);
    compare(maps.net.horizontal, expected.net_h);
    compare(maps.net.vertical, expected.net_v);
    compare(maps.macro.horizontal, expected.macro_h);
    compare(maps.macro.vertical, expected.macro_v);
    compare(maps.total.horizontal, expected.total_h);
    compare(maps.total.vertical, expected.total_v);
    REQUIRE(difference <= kTolerance);

    // That the circuits exercise what they are made for.
    const auto any = [](const std::vector<double>& map) {
      return std::any_of(map.begin(), map.end(), [](double value) { return value > 0.0; });
    };
    num_routed += any(maps.net.horizontal) && any(maps.net.vertical) ? 1 : 0;
    num_blocked += any(maps.macro.horizontal) ? 1 : 0;
    options.outside_pins =
        options.outside_pins == OutsidePins::kDrop ? OutsidePins::kClamp : OutsidePins::kDrop;
    const ProxyCost other_rule(circuit.netlist, circuit.canvas, options);
    const CostBreakdown other_cost = other_rule.evaluate(circuit.placement, workspace);
    num_rules_differ += other_cost.congestion != cost.congestion ? 1 : 0;
  }
  CHECK(num_routed > 2000);
  CHECK(num_blocked > 2000);
  CHECK(num_rules_differ > 1000);
}

}  // namespace tessera::cost
