// Weights of single nets, and what is said at once about designs that cannot be placed.

#include <cstddef>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using Strings = std::vector<std::string>;

std::string example(const char* file) {
  return fs::path(TESSERA_SOURCE_DIR) / "data" / "lefdef" / file;
}

RunResult run_on(const std::string& command, const std::string& def, const Strings& more) {
  Strings arguments = {command, def, "--lef", example("small_tech.lef")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tessera(arguments);
}

/// The example with a change, as a file.
std::string changed_example(const fs::path& folder,
                            const std::string& from,
                            const std::string& to) {
  const fs::path def = folder / "changed.def";
  write_text(def, replaced(read_text(example("small.def")), from, to));
  return def;
}

double hpwl_of(const Strings& arguments) {
  const RunResult run = run_tessera(arguments);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  return json::parse(run.out)["cost"]["hpwl_um"];
}

/// Where the memory stands that the ports on the left drive, microns from the left.
double table_x(const fs::path& folder, const std::string& weights, const std::string& objective) {
  const fs::path file = folder / "w.txt";
  const fs::path tcl = folder / "macros.tcl";
  write_text(file, weights);
  const RunResult run = run_on("place",
                               example("small.def"),
                               {"--policy",
                                "none",
                                "--evals",
                                "20000",
                                "-q",
                                "--threads",
                                "1",
                                "--objective",
                                objective,
                                "--net-weights",
                                file,
                                "-o",
                                tcl});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const std::string text = read_text(tcl);
  const std::string line = "{u_mem/table} -location {";
  REQUIRE(contains(text, line));
  return std::stod(text.substr(text.find(line) + line.size()));
}

}  // namespace

TEST_CASE("a net's weight is the same in every format") {
  const fs::path folder = scratch_dir("net_weight_formats");
  const std::string weights = folder / "w.txt";
  write_text(weights, "in* 200\nwe 0.5\nu_mem/t[0] 0\n");
  const std::string pb = folder / "a.pb.txt";
  const std::string plc = folder / "a.plc";
  const std::string aux = folder / "a.aux";
  const RunResult run = run_on("convert",
                               example("small.def"),
                               {"--net-weights", weights, "-q", "-o", pb, "-o", plc, "-o", aux});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const Strings on_def = {
      "cost", example("small.def"), "--lef", example("small_tech.lef"), "--json"};
  Strings weighted = on_def;
  weighted.insert(weighted.end(), {"--net-weights", weights});
  const double hpwl = hpwl_of(weighted);
  CHECK(hpwl > 2.0 * hpwl_of(on_def));
  CHECK(hpwl_of({"cost", pb, "--plc", plc, "--json"}) == doctest::Approx(hpwl));
  CHECK(hpwl_of({"cost", aux, "--json"}) == doctest::Approx(hpwl));
  // Nets of a protobuf netlist are called like their drivers, those of the Bookshelf files n<i>.
  write_text(weights, "in* 2\n");
  CHECK(hpwl_of({"cost", pb, "--plc", plc, "--json", "--net-weights", weights}) > 1.5 * hpwl);
  write_text(weights, "* 2\n");
  CHECK(hpwl_of({"cost", aux, "--json", "--net-weights", weights}) == doctest::Approx(2.0 * hpwl));
}

TEST_CASE("placing makes heavy nets short, here nets that ports drive") {
  const fs::path folder = scratch_dir("net_weight_place");
  const auto check = [&](const std::string& objective, double margin_um) {
    const double heavy = table_x(folder, "in* 200\nwe 200\n", objective);
    const double light = table_x(folder, "in* 0.01\nwe 0.01\n", objective);
    CAPTURE(objective);
    CAPTURE(heavy);
    CAPTURE(light);
    CHECK(heavy + margin_um < light);
  };
  check("proxy", 8.0);
  check("flat", 4.0);  // the cells that are left to pull are on that side, too
}

TEST_CASE("net weights of unknown nets are refused with their place") {
  const fs::path folder = scratch_dir("net_weight_unknown");
  const std::string weights = folder / "w.txt";
  write_text(weights, "clk 2\nu_mem/t\\[0\\] 2\n");
  const RunResult run = run_on("info", example("small.def"), {"--net-weights", weights});
  CHECK(run.exit_code == 3);
  CHECK(contains(run.err, "w.txt:2:1: there is no net"));
  CHECK(contains(run.err, "Is it \"u_mem/t[0]\"?"));
}

TEST_CASE("a canvas is refused where the design has its own") {
  const RunResult run = run_on("info", example("small.def"), {"--canvas", "10x10"});
  CHECK(run.exit_code == 2);
  CHECK(contains(run.err, "the canvas of a DEF is its DIEAREA"));
}

TEST_CASE("designs that cannot be placed are refused at once, with a reason") {
  const fs::path folder = scratch_dir("infeasible");
  const std::string output = folder / "out.def";
  const auto place = [&](const std::string& def, Strings more) {
    more.insert(more.end(), {"--policy", "none", "--evals", "1000", "-o", output});
    return run_on("place", def, more);
  };
  SUBCASE("too much area with halos") {
    const RunResult run = place(example("small.def"), {"--halo", "20"});
    CHECK(run.exit_code == 4);
    CHECK(contains(run.err, "the 3 movable hard macros need"));
    CHECK(contains(run.err, "(432 without keep-outs)"));
    CHECK_FALSE(fs::exists(output));
  }
  SUBCASE("a macro that no orientation helps") {
    const std::string def = changed_example(folder, "( 64000 44000 )", "( 15000 44000 )");
    const RunResult run = place(def, {});
    CHECK(run.exit_code == 4);
    CHECK(contains(run.err, "hard macro \"u_mem/table\" (16 x 12 um) is larger than the canvas"));
    CHECK(contains(run.err, "a quarter turn"));
    CHECK_FALSE(fs::exists(output));
  }
  SUBCASE("fixed macros in each other's way are a warning") {
    const std::string def =
        changed_example(folder, "+ PLACED ( 4000 4000 ) N", "+ FIXED ( 50000 32000 ) N");
    const RunResult run = place(def, {"--json"});
    CHECK(run.exit_code == 4);
    CHECK(contains(run.err, "tessera: warning: fixed hard macro \"u_pll\" (8 x 8 um) overlaps"));
    CHECK(json::parse(run.out)["warnings"].size() == 1);
  }
}

TEST_CASE("pins that are off the tracks are named") {
  const fs::path folder = scratch_dir("off_track");
  // The memories' pins are 0.5 um apart.
  const std::string def = changed_example(
      folder, "TRACKS Y 125 DO 176 STEP 250 LAYER M3", "TRACKS Y 125 DO 80 STEP 550 LAYER M3");
  const RunResult run =
      run_on("place",
             def,
             {"--policy", "none", "--evals", "1000", "-q", "--json", "-o", folder / "o.def"});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json tracks = json::parse(run.out)["tracks"];
  std::size_t off_track = 0;
  for (const json& master : tracks["masters"]) {
    CHECK(master["off_track_pins"].size() == master["off_track"]);
    off_track += master["off_track_pins"].size();
  }
  CHECK(off_track > 5);
}

}  // namespace tessera::testing
