// tessera cost, tessera info: JSON, precedence of flags, agreement with the library.

#include <cmath>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cost/proxy_cost.h"

namespace tessera::testing {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;

/// The document that a command prints with `--json`, which must be all of its standard output.
json run_json(Strings arguments) {
  arguments.push_back("--json");
  const RunResult run = run_tessera(arguments);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  REQUIRE(run.err.empty());
  return json::parse(run.out);
}

Strings on_valid_block(const Strings& more) {
  const std::filesystem::path folder = data_dir() / "malformed";
  Strings arguments = {"cost", folder / "valid.pb.txt", "--plc", folder / "valid.plc"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("the JSON of cost has the fields that are promised") {
  const SmallBlock& block = small_block();
  const json cost = run_json({"cost", block.netlist, "--plc", block.plc, "--threads", "2"});
  CHECK(cost["schema_version"] == 1);
  CHECK(cost["tessera"].get<std::string>().substr(0, 6) == "0.1.0 ");
  CHECK(cost["command"] == "cost");
  const json& design = cost["design"];
  CHECK(design["name"] == "small");
  CHECK(design["hard_macros"] == 12);
  CHECK(design["soft_macros"] == 30);
  CHECK(design["ports"] == 20);
  CHECK(design["nets"] == block.parsed.num_nets());
  CHECK(design["net_weight"] == block.parsed.total_net_weight());
  CHECK(design["pins"].get<std::size_t>() > block.parsed.num_nets());
  CHECK(design["canvas_um"] == json{*block.initial.header.width, *block.initial.header.height});
  CHECK(design["grid"] == json{*block.initial.header.cols, *block.initial.header.rows});
  CHECK(cost["weights"] == json{{"wirelength", 1.0}, {"density", 0.5}, {"congestion", 0.5}});
  CHECK(cost["legal"] == true);
  CHECK(cost["overlaps"] == 0);
  CHECK(cost["outside"] == 0);
  CHECK(cost["seed"] == 1);
  CHECK(cost["threads"] == 2);
  for (const char* const stage : {"total", "read", "policy", "refine"}) {
    CHECK(cost["time_s"][stage].get<double>() >= 0.0);
  }
  CHECK(cost["stages"].is_array());
  CHECK(cost["outputs"] == json::array());
}

TEST_CASE("the costs printed are those of the library to the last bit") {
  const SmallBlock& block = small_block();
  netlist_io::Canvas canvas;
  canvas.width = *block.initial.header.width;
  canvas.height = *block.initial.header.height;
  canvas.grid = {*block.initial.header.cols, *block.initial.header.rows};
  cost::CostOptions options;
  options.routes = *block.initial.header.routes;
  options.macro_routes = *block.initial.header.macro_routes;
  options.weights = {2.0, 0.25, 0.125};
  const cost::CostBreakdown expected =
      cost::ProxyCost(block.parsed, canvas, options).evaluate(block.initial.placement);
  const json cost =
      run_json({"cost", block.netlist, "--plc", block.plc, "--weights", "2,0.25,0.125"})["cost"];
  CHECK(cost["proxy"] == expected.proxy);
  CHECK(cost["wirelength"] == expected.wirelength);
  CHECK(cost["density"] == expected.density);
  CHECK(cost["congestion"] == expected.congestion);
  CHECK(cost["hpwl_um"] == expected.hpwl_um);
  SUBCASE("as text, too") {
    const RunResult run =
        run_tessera({"cost", block.netlist, "--plc", block.plc, "--weights", "2,0.25,0.125"});
    const std::size_t at = run.out.find("proxy ");
    REQUIRE(at != std::string::npos);
    CHECK(std::stod(run.out.substr(at + 6)) == expected.proxy);
    CHECK(contains(run.out, "legal\n"));
  }
}

TEST_CASE("a cost setting comes from the flag, else the header, else the default") {
  SUBCASE("header") {
    const json cost = run_json(on_valid_block({}));
    CHECK(cost["design"]["canvas_um"] == json{20.0, 10.0});
    CHECK(cost["design"]["grid"] == json{4, 2});
    CHECK(cost["constants"]["routes_per_um"] == json{10.0, 12.0});
    CHECK(cost["constants"]["macro_routes_per_um"] == json{5.0, 6.0});
    CHECK(cost["constants"]["routes_source"] == "header");
    CHECK(cost["constants"]["macro_routes_source"] == "header");
    CHECK(cost["constants"]["smooth_range"] == 2);
    CHECK(cost["constants"]["outside_pins"] == "clamp");
    CHECK(cost["constants"]["square_soft_macros"] == false);
    CHECK(cost["design"]["name"] == "valid");  // "unset_block" is no name
  }
  SUBCASE("flags") {
    const json cost = run_json(on_valid_block({"--canvas",
                                               "40x30.5",
                                               "--grid",
                                               "8x6",
                                               "--routes",
                                               "20,21",
                                               "--macro-routes",
                                               "0,3",
                                               "--smooth-range",
                                               "0",
                                               "--outside-pins",
                                               "drop",
                                               "--square-soft-macros"}));
    CHECK(cost["design"]["canvas_um"] == json{40.0, 30.5});
    CHECK(cost["design"]["grid"] == json{8, 6});
    CHECK(cost["constants"]["routes_per_um"] == json{20.0, 21.0});
    CHECK(cost["constants"]["macro_routes_per_um"] == json{0.0, 3.0});
    CHECK(cost["constants"]["routes_source"] == "flag");
    CHECK(cost["constants"]["macro_routes_source"] == "flag");
    CHECK(cost["constants"]["smooth_range"] == 0);
    CHECK(cost["constants"]["outside_pins"] == "drop");
    CHECK(cost["constants"]["square_soft_macros"] == true);
  }
  SUBCASE("one flag leaves the rest to the header") {
    const json cost = run_json(on_valid_block({"--smooth-range", "1"}));
    CHECK(cost["constants"]["smooth_range"] == 1);
    CHECK(cost["constants"]["routes_per_um"] == json{10.0, 12.0});
  }
  SUBCASE("defaults") {
    const json cost = run_json({"cost", data_dir() / "malformed" / "valid.pb.txt"});
    // Area 4 * 2 + 3 * 3 = 17 um2 at 60 %.
    const double side = cost["design"]["canvas_um"][0];
    CHECK(side == doctest::Approx(std::sqrt(17.0 / 0.6)));
    CHECK(cost["design"]["canvas_um"][1] == side);
    CHECK(cost["design"]["grid"] == json{10, 10});
    CHECK(cost["constants"]["routes_per_um"] == json{57.031, 56.818});
    CHECK(cost["constants"]["macro_routes_per_um"] == json{39.583, 30.303});
    CHECK(cost["constants"]["routes_source"] == "default");
    CHECK(cost["constants"]["macro_routes_source"] == "default");
    CHECK(cost["constants"]["smooth_range"] == 0);
  }
  SUBCASE("an automatic canvas overrides the header") {
    const json cost = run_json(on_valid_block({"--canvas", "auto"}));
    CHECK(cost["design"]["canvas_um"][0].get<double>() == doctest::Approx(std::sqrt(17.0 / 0.6)));
    CHECK(cost["design"]["grid"] == json{4, 2});
  }
}

TEST_CASE("the settings change the cost as they should") {
  const auto proxy_parts = [](const Strings& flags) {
    return run_json(on_valid_block(flags))["cost"];
  };
  const json base = proxy_parts({});
  // Nets of the block: a drives M/p and Grp_1/Pinput, M/q drives Grp_1/Pinput,
  // Grp_1/Poutput_single_0 drives b with weight 2. Pins: a (0, 5), M/p (4.5, 5.5), Grp_1 (12, 4),
  // M/q (7.5, 4.5), b (20, 5).
  // HPWL: (12 + 1.5) + (4.5 + 0.5) + 2 * (8 + 1) = 36.5; over 30 um times a weight of 4.
  CHECK(base["hpwl_um"].get<double>() == doctest::Approx(36.5));
  CHECK(base["wirelength"].get<double>() == doctest::Approx(36.5 / 120.0));
  CHECK(base["proxy"].get<double>() ==
        doctest::Approx(base["wirelength"].get<double>() + 0.5 * base["density"].get<double>() +
                        0.5 * base["congestion"].get<double>()));
  // Twice the tracks, for nets and macros alike, halve the congestion.
  const json routes = proxy_parts({"--routes", "20,24"});
  CHECK(routes["congestion"].get<double>() ==
        doctest::Approx(0.5 * base["congestion"].get<double>()));
  CHECK(routes["wirelength"] == base["wirelength"]);
  const json weights = proxy_parts({"--weights", "0,1,0"});
  CHECK(weights["proxy"] == base["density"]);
}

TEST_CASE("the cost of an illegal placement exits with 0 and says what is wrong") {
  const SmallBlock& block = small_block();
  netlist_io::Placement placement = block.initial.placement;
  const auto macros = block.parsed.hard_macros();
  for (const std::size_t macro : {1U, 2U}) {  // three macros upon each other: 3 pairs
    placement.x[macros[macro].index()] = placement.x[macros[0].index()];
    placement.y[macros[macro].index()] = placement.y[macros[0].index()];
  }
  placement.x[block.parsed.soft_macros()[0].index()] = 0.0;
  const std::string plc = scratch_dir("illegal") / "illegal.plc";
  write_text(plc, netlist_io::format_plc(block.parsed, block.initial.header, placement));
  const json cost = run_json({"cost", block.netlist, "--plc", plc});
  CHECK(cost["legal"] == false);
  CHECK(cost["overlaps"] == 3);
  CHECK(cost["outside"] == 1);
  const RunResult text = run_tessera({"cost", block.netlist, "--plc", plc});
  CHECK(text.exit_code == 0);
  CHECK(contains(text.out, "not legal: 3 overlaps, 1 outside the canvas"));
}

TEST_CASE("info counts what is in a block") {
  const SmallBlock& block = small_block();
  const json info = run_json({"info", block.netlist, "--plc", block.plc});
  CHECK(info["command"] == "info");
  CHECK(info["design"]["hard_macros"] == 12);
  CHECK(info["fixed_nodes"] == 20);  // the ports
  CHECK(info["oddities"].is_array());
  std::size_t nets = 0;
  for (const auto& [degree, count] : info["nets_by_degree"].items()) {
    nets += count.get<std::size_t>();
  }
  CHECK(nets == block.parsed.num_nets());
  std::size_t macros = 0;
  for (const json& size : info["hard_macro_sizes"]) {
    macros += size["count"].get<std::size_t>();
  }
  CHECK(macros == 12);
  CHECK(info["utilization"]["total"].get<double>() ==
        doctest::Approx(block.parsed.total_area() /
                        (*block.initial.header.width * *block.initial.header.height)));
}

TEST_CASE("info of a tiny block has the numbers counted by hand, as text and as JSON") {
  const Strings arguments = {"info",
                             data_dir() / "malformed" / "valid.pb.txt",
                             "--plc",
                             data_dir() / "malformed" / "valid.plc"};
  const json info = run_json(arguments);
  CHECK(info["area_um2"]["hard_macros"] == 8.0);
  CHECK(info["area_um2"]["soft_macros"] == 9.0);
  CHECK(info["area_um2"]["canvas"] == 200.0);
  CHECK(info["utilization"]["hard_macros"] == 0.04);
  CHECK(info["blockages"] == 1);
  CHECK(info["nets_by_degree"] == json{{"2", 2}, {"3", 1}});
  CHECK(info["oddities"] == json::array());
  const RunResult text = run_tessera(arguments);
  CHECK(text.exit_code == 0);
  CHECK(text.err.empty());
  CHECK(contains(text.out, "hard macros  1 in 1 sizes, 4.00 % of the canvas"));
  CHECK(contains(text.out, "nets         3, sum of weights 4"));
}

TEST_CASE("info notes what looks wrong") {
  const json info =
      run_json({"info", data_dir() / "malformed" / "valid.pb.txt", "--canvas", "3x3"});
  std::string notes;
  for (const json& note : info["oddities"]) {
    notes += note.get<std::string>() + "\n";
  }
  CHECK(contains(notes, "1 macros or cells are larger than the canvas"));
  CHECK(contains(notes, "2 ports lie outside the canvas"));
  CHECK(contains(notes, "macros and cells have more area than the canvas"));
}

}  // namespace tessera::testing
