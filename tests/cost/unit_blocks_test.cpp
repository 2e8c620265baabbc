#include <cmath>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include "tests/cost/golden_cost.h"
#include "tests/cost/reference_cost.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cost/proxy_cost.h"

// Small public test circuits of TILOS' MacroPlacement and of Circuit Training. Positions are part
// of the golden file; orientations are those of the netlist.

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using nlohmann::json;
using testing::relative_error;

Netlist unit_netlist(const std::filesystem::path& benchmarks, const json& entry) {
  // One case is a circuit under other settings.
  std::string folder = entry.at("case");
  const std::string suffix = "_default_canvas";
  if (folder.ends_with(suffix)) {
    folder.resize(folder.size() - suffix.size());
  }
  return testing::read_one_netlist(benchmarks / "unit" / folder / "netlist.pb.txt").netlist;
}

}  // namespace

TEST_CASE("costs and maps of the small public circuits equal the reference values") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const json golden = testing::read_json(benchmarks / "unit" / "golden_unit.json");
  int num_cases = 0;
  for (const json& entry : golden.at("cases")) {
    if (entry.contains("error")) {
      continue;
    }
    const std::string name = entry.at("case");
    const int smooth_range = entry.at("smooth_range");
    CAPTURE(name);
    CAPTURE(smooth_range);
    const Netlist netlist = unit_netlist(benchmarks, entry);
    Placement placement(netlist);
    for (const auto& [index, position] : entry.at("positions").items()) {
      const auto node = netlist.find_file_index(static_cast<std::uint32_t>(std::stoul(index)));
      REQUIRE(node.has_value());
      placement.x[node->index()] = position[0];
      placement.y[node->index()] = position[1];
    }
    CHECK(entry.at("positions").size() == netlist.num_nodes());
    CHECK(relative_error(netlist.total_area(), entry.at("area").get<double>()) <= 1e-9);

    const Canvas canvas = testing::golden_canvas(entry);
    CostOptions options = testing::golden_options(entry);
    CostWorkspace workspace;
    const CostBreakdown cost = ProxyCost(netlist, canvas, options).evaluate(placement, workspace);
    CHECK(testing::golden_difference(entry, cost, workspace) <= 1e-9);
    CHECK(testing::grid_difference(entry.at("grids"), workspace) <= 1e-9);

    options.smooth_range = 0;
    options.outside_pins = OutsidePins::kDrop;
    const CostBreakdown dropped = ProxyCost(netlist, canvas, options).evaluate(placement);
    const double expected = entry.at("google_semantics_congestion_smooth0");
    CHECK(relative_error(dropped.congestion, expected) <= 1e-9);
    ++num_cases;
  }
  CHECK(num_cases == 27);
}

TEST_CASE("small public circuits beyond the published evaluator get the costs of the model") {
  // Clusters alone on a grid of four cells, standard cells: there is no published value.
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const json golden = testing::read_json(benchmarks / "unit" / "golden_unit.json");
  int num_cases = 0;
  for (const json& entry : golden.at("cases")) {
    if (!entry.contains("error") || !entry.contains("canvas")) {
      continue;
    }
    const std::string name = entry.at("case");
    CAPTURE(name);
    const Netlist netlist = unit_netlist(benchmarks, entry);
    const Canvas canvas = testing::golden_canvas(entry);
    const CostOptions options = testing::golden_options(entry);
    const Placement placement(netlist);
    const CostBreakdown cost = ProxyCost(netlist, canvas, options).evaluate(placement);
    const auto expected = testing::reference_cost(netlist, canvas, placement, options);
    CHECK(relative_error(cost.wirelength, expected.wirelength) <= 1e-12);
    CHECK(relative_error(cost.density, expected.density_cost) <= 1e-12);
    CHECK(relative_error(cost.congestion, expected.congestion_cost) <= 1e-12);
    CHECK(cost.density > 0.0);
    ++num_cases;
  }
  CHECK(num_cases == 9);
}

}  // namespace tessera::cost
