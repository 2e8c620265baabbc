#include <cmath>
#include <filesystem>
#include <map>
#include <string>

#include "tests/cost/circuit_builder.h"
#include "tests/cost/golden_cost.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cost/proxy_cost.h"
#include "netlist_io/plc_file.h"

// `golden.json` holds costs of the public clustered blocks: eight designs, their initial, legalised
// and two disturbed placements. They were computed in double with TILOS' `plc_client_os.py` and the
// clamp of pins outside the canvas. Entries without an outcome there (truncated placements) do not
// exist.

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::PinId;
using netlist_io::Placement;
using nlohmann::json;
using testing::relative_error;

constexpr double kTolerance = 1e-9;  // relative

/// The placement of an entry, orientations as its variant has them.
Placement golden_placement(const json& entry,
                           const std::filesystem::path& design,
                           const Netlist& netlist) {
  const std::filesystem::path path = design / entry.at("plc").get<std::string>();
  Placement placement = netlist_io::read_plc(path.string(), netlist).placement;
  if (entry.at("variant") == "restore_placement_only_offsets_keep_netlist_orientation") {
    placement.orientation = Placement(netlist).orientation;
  }
  return placement;
}

void check_every_smoothing(const json& entry,
                           const Netlist& netlist,
                           const Canvas& canvas,
                           const Placement& placement) {
  CostOptions options = testing::golden_options(entry);
  const json& costs = entry.at("congestion_cost_by_smooth_range");
  CHECK(costs.size() == 4);
  for (const auto& [key, expected] : costs.items()) {
    const std::string& range = key;  // clang 14 does not capture bindings
    CAPTURE(range);
    options.smooth_range = std::stoi(range);
    const CostBreakdown cost = ProxyCost(netlist, canvas, options).evaluate(placement);
    CHECK(relative_error(cost.congestion, expected.get<double>()) <= kTolerance);
  }
}

int count_nets_outside(const Netlist& netlist, const Canvas& canvas, const PinPositions& pins) {
  int count = 0;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    bool outside = false;
    for (const PinId pin : netlist.pins_of(netlist_io::NetId(n))) {
      const double x = pins.x[pin.index()];
      const double y = pins.y[pin.index()];
      outside = outside || x < 0.0 || x > canvas.width || y < 0.0 || y > canvas.height;
    }
    count += outside ? 1 : 0;
  }
  return count;
}

/// The rule of the original binary, where the entry has its values.
void check_dropped_nets(const json& entry,
                        const Netlist& netlist,
                        const Canvas& canvas,
                        const Placement& placement) {
  const json& expected = entry.at("google_semantics");
  CostOptions options = testing::golden_options(entry);
  options.outside_pins = OutsidePins::kDrop;
  options.smooth_range = 0;
  CostWorkspace workspace;
  const CostBreakdown cost = ProxyCost(netlist, canvas, options).evaluate(placement, workspace);
  CHECK(relative_error(cost.congestion, expected.at("congestion_cost_smooth0").get<double>()) <=
        kTolerance);
  // The excess is a small difference of larger numbers.
  const auto metric = testing::congestion_over_90(workspace.congestion.total);
  const json& expected_metric = expected.at("congestion_90pct_metric");
  CHECK(relative_error(metric.share, expected_metric[0].get<double>()) <= kTolerance);
  CHECK(relative_error(metric.excess, expected_metric[1].get<double>()) <= kTolerance);
  CHECK(count_nets_outside(netlist, canvas, workspace.pins) ==
        expected.at("nets_with_a_pin_outside_canvas").get<int>());

  if (const auto printed = entry.find("google_header"); printed != entry.end()) {
    // What the original binary printed, to its four decimals (and a little for rounded positions).
    constexpr double kPrinted = 0.5e-4 + 1e-6;
    CHECK(std::abs(cost.wirelength - printed->at("google_wirelength_cost").get<double>()) <=
          kPrinted);
    CHECK(std::abs(cost.density - printed->at("google_density_cost").get<double>()) <= kPrinted);
    CHECK(std::abs(cost.congestion - printed->at("google_congestion_cost").get<double>()) <=
          kPrinted);
  }
}

}  // namespace

TEST_CASE("costs of the clustered blocks equal the reference values") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const json golden = testing::read_json(benchmarks / "golden.json");
  std::map<std::string, Netlist> netlists;
  int num_entries = 0;
  for (const json& entry : golden.at("entries")) {
    const std::string design = entry.at("design");
    const std::string plc = entry.at("plc");
    const std::string variant = entry.at("variant");
    CAPTURE(design);
    CAPTURE(plc);
    CAPTURE(variant);
    const std::filesystem::path folder = benchmarks / "clustered" / design;
    if (!netlists.contains(design)) {
      netlists[design] = testing::read_one_netlist(folder / "netlist.pb.txt.gz").netlist;
    }
    const Netlist& netlist = netlists.at(design);
    const Canvas canvas = testing::golden_canvas(entry);
    const Placement placement = golden_placement(entry, folder, netlist);
    CostWorkspace workspace;
    const ProxyCost proxy_cost(netlist, canvas, testing::golden_options(entry));
    const CostBreakdown cost = proxy_cost.evaluate(placement, workspace);
    CHECK(testing::golden_difference(entry, cost, workspace) <= kTolerance);
    check_every_smoothing(entry, netlist, canvas, placement);
    check_dropped_nets(entry, netlist, canvas, placement);
    ++num_entries;
  }
  CHECK(netlists.size() == 8);
  CHECK(num_entries == 38);
}

TEST_CASE("the maps of the clustered blocks equal the reference maps cell by cell") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const json golden = testing::read_json(benchmarks / "golden.json");
  int num_files = 0;
  for (const json& entry : golden.at("entries")) {
    const std::string design = entry.at("design");
    const std::string plc = entry.at("plc");
    const std::filesystem::path folder = benchmarks / "clustered" / design;
    const std::filesystem::path grids =
        folder / (std::filesystem::path(plc).stem().string() + "_grids.json.gz");
    if (!std::filesystem::exists(grids)) {
      continue;
    }
    CAPTURE(design);
    CAPTURE(plc);
    const Netlist netlist = testing::read_one_netlist(folder / "netlist.pb.txt.gz").netlist;
    const Canvas canvas = testing::golden_canvas(entry);
    CostWorkspace workspace;
    const ProxyCost proxy_cost(netlist, canvas, testing::golden_options(entry));
    proxy_cost.evaluate(golden_placement(entry, folder, netlist), workspace);
    CHECK(testing::grid_difference(testing::read_json(grids), workspace) <= kTolerance);
    ++num_files;
  }
  CHECK(num_files == 14);
}

}  // namespace tessera::cost
