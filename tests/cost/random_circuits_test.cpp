#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include "tests/cost/random_circuit.h"
#include "tests/cost/reference_cost.h"
#include <doctest/doctest.h>

#include "cost/incremental_cost.h"
#include "cost/incremental_model.h"
#include "cost/proxy_cost.h"
#include "netlist_io/rng.h"

namespace tessera::cost {

using testing::Circuit;
using testing::flatten;
using testing::max_difference;
using testing::random_circuit;
using testing::random_options;
using testing::reference_cost;
using testing::ReferenceCost;

TEST_CASE("costs and maps of random circuits equal those of the reference") {
  constexpr double kTolerance = 1e-9;
  std::size_t num_routed = 0;
  std::size_t num_blocked = 0;
  std::size_t num_rules_differ = 0;
  CostWorkspace workspace;  // one for all: what a circuit leaves behind must not show in the next
  for (std::uint64_t seed = 0; seed < 10000; ++seed) {
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

TEST_CASE("weights of nets' own count in the costs as in the reference, ports' nets included") {
  std::size_t num_of_ports = 0;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) {
    CAPTURE(seed);
    Circuit circuit = random_circuit(seed);
    netlist_io::Rng rng(seed);
    netlist_io::NetlistRecords records = circuit.netlist.records();
    for (netlist_io::NetRecord& net : records.nets) {
      if (rng.below(2) == 0) {
        net.weight = rng.uniform(0.1, 20.0);
        const netlist_io::NodeId node = records.pins[net.driver.index()].node;
        num_of_ports += circuit.netlist.kind(node) == netlist_io::NodeKind::kPort ? 1 : 0;
      }
    }
    circuit.netlist = netlist_io::Netlist(std::move(records));
    const CostOptions options = random_options(seed);
    const ReferenceCost expected =
        reference_cost(circuit.netlist, circuit.canvas, circuit.placement, options);
    const CostBreakdown cost =
        ProxyCost(circuit.netlist, circuit.canvas, options).evaluate(circuit.placement);
    const IncrementalModel model(circuit.netlist, circuit.canvas, options);
    const CostBreakdown incremental = IncrementalCost(model, circuit.placement).cost();
    const std::vector<double> of_reference = {
        expected.wirelength, expected.density_cost, expected.congestion_cost};
    REQUIRE(max_difference({cost.wirelength, cost.density, cost.congestion}, of_reference) <= 1e-9);
    REQUIRE(max_difference({incremental.wirelength, incremental.density, incremental.congestion},
                           of_reference) <= 1e-9);
  }
  CHECK(num_of_ports > 500);
}

}  // namespace tessera::cost
