#include <cmath>
#include <string>

#include "tests/cost/circuit_builder.h"
#include "tests/cost/golden_cost.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cost/proxy_cost.h"

// What Circuit Training's closed evaluator printed about the initial placements of the public
// blocks. It keeps the numbers of a netlist as float32, computes in double, takes the canvas with
// all its digits, counts the clusters of these blocks with the boxes of the netlist and leaves nets
// with a pin outside the canvas out of the congestion.

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NumberPrecision;
using netlist_io::Placement;
using nlohmann::json;
using testing::relative_error;

}  // namespace

TEST_CASE("float32 numbers and the full canvas reproduce what the original binary printed") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const json golden = testing::read_json(benchmarks / "golden.json");
  int num_with_excess = 0;
  for (const auto& [key, design] : golden.at("designs").items()) {
    const std::string& name = key;  // clang 14 does not capture bindings
    CAPTURE(name);
    const json& expected = design.at("original_binary_exact");
    const json& printed = design.at("google_header_initial");
    const Netlist netlist =
        testing::read_one_netlist(benchmarks / "clustered" / name / "netlist.pb.txt.gz",
                                  NumberPrecision::kFloat32)
            .netlist;
    const Canvas canvas = testing::make_canvas(expected.at("canvas_exact")[0],
                                               expected.at("canvas_exact")[1],
                                               design.at("grid_cols_rows")[0],
                                               design.at("grid_cols_rows")[1]);
    CostOptions options;  // the defaults are the binary's
    options.outside_pins = OutsidePins::kDrop;
    CostWorkspace workspace;
    const ProxyCost proxy_cost(netlist, canvas, options);
    const CostBreakdown cost = proxy_cost.evaluate(Placement(netlist), workspace);

    // Printed with 16 digits: to one unit in the last place.
    const double area = std::stod(expected.at("google_area").get<std::string>());
    CHECK(std::abs(netlist.total_area() - area) <= std::nextafter(area, 2.0 * area) - area);
    // Printed with three decimals; half a unit, and the rounding of the printed text to binary.
    CHECK(std::abs(cost.hpwl_um - printed.at("google_wirelength").get<double>()) <= 0.0005 + 1e-8);

    constexpr double kRounding = 1e-12;  // the order of summation
    CHECK(relative_error(cost.hpwl_um, expected.at("wirelength").get<double>()) <= kRounding);
    CHECK(relative_error(cost.wirelength, expected.at("wirelength_cost").get<double>()) <=
          kRounding);
    CHECK(relative_error(cost.density, expected.at("density_cost").get<double>()) <= kRounding);
    CHECK(relative_error(cost.congestion, expected.at("congestion_cost").get<double>()) <=
          kRounding);

    constexpr double kPrinted = 0.5e-4 + 1e-9;  // four decimals
    CHECK(std::abs(cost.wirelength - printed.at("google_wirelength_cost").get<double>()) <=
          kPrinted);
    CHECK(std::abs(cost.density - printed.at("google_density_cost").get<double>()) <= kPrinted);
    CHECK(std::abs(cost.congestion - printed.at("google_congestion_cost").get<double>()) <=
          kPrinted);

    // Printed with 16 digits, of which the excess, a difference to 0.9, loses some.
    const auto metric = testing::congestion_over_90(workspace.congestion.total);
    const json& texts = expected.at("google_90pct");
    CHECK(relative_error(metric.share, std::stod(texts[0].get<std::string>())) <= 1e-15);
    CHECK(relative_error(metric.excess, std::stod(texts[1].get<std::string>())) <= 2e-14);
    num_with_excess += metric.excess > 0.0 ? 1 : 0;
  }
  CHECK(golden.at("designs").size() == 8);
  CHECK(num_with_excess == 2);
}

TEST_CASE("wirelength at the coordinates of the netlist equals the reference values") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const json golden = testing::read_json(benchmarks / "golden.json");
  for (const auto& [key, design] : golden.at("designs").items()) {
    const std::string& name = key;  // clang 14 does not capture bindings
    CAPTURE(name);
    const Netlist netlist =
        testing::read_one_netlist(benchmarks / "clustered" / name / "netlist.pb.txt.gz").netlist;
    PinPositions pins;
    pins.update(netlist, Placement(netlist));
    const double expected = design.at("wirelength_with_netlist_coordinates");
    CHECK(relative_error(weighted_hpwl_um(netlist, pins), expected) <= 1e-9);
    CHECK(netlist.total_net_weight() == design.at("counts").at("net_cnt_weighted").get<double>());
  }
}

}  // namespace tessera::cost
