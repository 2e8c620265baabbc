// The way from LEF/DEF to a placed DEF, and between formats.

#include <cmath>
#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/lef_library.h"

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using netlist_io::DefComponent;
using netlist_io::DefDesign;
using netlist_io::LefLibrary;
using netlist_io::LefMaster;
using netlist_io::MasterClass;
using netlist_io::PlacementStatus;
using nlohmann::json;
using Strings = std::vector<std::string>;

std::string example(const char* file) {
  return fs::path(TESSERA_SOURCE_DIR) / "data" / "lefdef" / file;
}

RunResult run_on_example(const std::string& command, const Strings& more) {
  Strings arguments = {command, example("small.def"), "--lef", example("small_tech.lef")};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tessera(arguments);
}

const LefLibrary& library() {
  static const LefLibrary read = [] {
    const Strings paths = {example("small_tech.lef")};
    return netlist_io::read_lef(paths);
  }();
  return read;
}

DefDesign read_example() {
  return netlist_io::read_def(example("small.def"), library());
}

const LefMaster& master_of(const DefComponent& component) {
  return library().masters[component.master];
}

/// A box in database units.
struct Box {
  double x0 = 0.0;
  double y0 = 0.0;
  double x1 = 0.0;
  double y1 = 0.0;
};

Box box_of(const DefComponent& component) {
  const LefMaster& master = master_of(component);
  const double x = component.location.x;
  const double y = component.location.y;
  return {x, y, x + 1000.0 * master.width, y + 1000.0 * master.height};
}

std::vector<const DefComponent*> macros_of(const DefDesign& design) {
  std::vector<const DefComponent*> macros;
  for (const DefComponent& component : design.components) {
    if (master_of(component).master_class == MasterClass::kBlock) {
      macros.push_back(&component);
    }
  }
  return macros;
}

Strings lines_of(const std::string& text) {
  Strings lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

}  // namespace

TEST_CASE("a DEF is placed in one command") {
  const fs::path folder = scratch_dir("place_def");
  const std::string def = folder / "placed.def";
  const std::string tcl = folder / "macros.tcl";
  const RunResult run = run_on_example("place",
                                       {"--policy",
                                        "none",
                                        "--evals",
                                        "20000",
                                        "-q",
                                        "--json",
                                        "-o",
                                        def,
                                        "-o",
                                        tcl,
                                        "-o",
                                        folder / "picture.svg"});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(run.out);
  CHECK(report["legal"] == true);
  CHECK(report["design"]["hard_macros"] == 4);
  CHECK(report["tracks"]["masters"].size() == 3);
  const DefDesign before = read_example();
  const DefDesign after = netlist_io::read_def(def, library());

  SUBCASE("macros are placed, legally, and nothing else has changed") {
    std::size_t placed = 0;
    for (const DefComponent* const macro : macros_of(after)) {
      CHECK(macro->status != PlacementStatus::kUnplaced);
      CHECK(netlist_io::swaps_axes(macro->orientation) == false);
      const Box a = box_of(*macro);
      CHECK((a.x0 >= 2000.0 && a.y0 >= 2000.0 && a.x1 <= 62000.0 && a.y1 <= 42000.0));
      CHECK(macro->location.x % 5 == 0);
      CHECK(macro->location.y % 5 == 0);
      placed += macro->status == PlacementStatus::kPlaced ? 1 : 0;
      for (const DefComponent* const other : macros_of(after)) {
        const Box b = box_of(*other);
        CHECK((other == macro || a.x0 >= b.x1 || b.x0 >= a.x1 || a.y0 >= b.y1 || b.y0 >= a.y1));
      }
    }
    CHECK(placed == 3);
    REQUIRE(after.components.size() == before.components.size());
    for (std::size_t c = 0; c < after.components.size(); ++c) {
      if (master_of(after.components[c]).master_class != MasterClass::kBlock ||
          before.components[c].status == PlacementStatus::kFixed) {
        CHECK(after.components[c].location == before.components[c].location);
        CHECK(after.components[c].status == before.components[c].status);
      }
    }
    const Strings old_lines = lines_of(read_text(example("small.def")));
    const Strings new_lines = lines_of(read_text(def));
    REQUIRE(old_lines.size() == new_lines.size());
    std::size_t changed = 0;
    for (std::size_t i = 0; i < old_lines.size(); ++i) {
      changed += old_lines[i] != new_lines[i] ? 1 : 0;
    }
    CHECK(changed <= 3);
  }
  SUBCASE("the Tcl says the same") {
    std::map<std::string, const DefComponent*> by_name;
    for (const DefComponent* const macro : macros_of(after)) {
      by_name[std::string(macro->name)] = macro;
    }
    std::size_t lines = 0;
    for (const std::string& line : lines_of(read_text(tcl))) {
      if (!contains(line, "place_macro")) {
        continue;
      }
      ++lines;
      char name[100] = {};
      double x = 0.0;
      double y = 0.0;
      REQUIRE(std::sscanf(line.c_str(),
                          "place_macro -macro_name {%99[^}]} -location {%lf %lf}",
                          name,
                          &x,
                          &y) == 3);
      REQUIRE(by_name.count(name) == 1);
      CHECK(std::lround(1000.0 * x) == by_name[name]->location.x);
      CHECK(std::lround(1000.0 * y) == by_name[name]->location.y);
    }
    CHECK(lines == 3);
  }
}

TEST_CASE("zero-shot placing of a DEF ends on the lattice of the design") {
  const std::string def = scratch_dir("zero_shot_def") / "placed.def";
  const RunResult run = run_on_example(
      "place", {"--policy", "none", "--effort", "zero-shot", "-q", "--json", "-o", def});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(json::parse(run.out)["legal"] == true);
  const DefDesign after = netlist_io::read_def(def, library());
  for (const DefComponent* const macro : macros_of(after)) {
    CHECK(macro->location.x % 5 == 0);
    CHECK(macro->location.y % 5 == 0);
  }
}

TEST_CASE("a DEF survives the way through protobuf and back") {
  const fs::path folder = scratch_dir("convert_def");
  const std::string netlist = folder / "flat.pb.txt";
  const std::string plc = folder / "flat.plc";
  const std::string def = folder / "again.def";
  const RunResult there = run_on_example("convert", {"-q", "-o", netlist, "-o", plc});
  CAPTURE(there.err);
  REQUIRE(there.exit_code == 0);
  const RunResult back = run_tessera({"convert",
                                      netlist,
                                      "--plc",
                                      plc,
                                      "--template",
                                      example("small.def"),
                                      "--lef",
                                      example("small_tech.lef"),
                                      "-q",
                                      "-o",
                                      def});
  CAPTURE(back.err);
  REQUIRE(back.exit_code == 0);
  const DefDesign before = read_example();
  const DefDesign after = netlist_io::read_def(def, library());
  REQUIRE(after.components.size() == before.components.size());
  for (std::size_t c = 0; c < after.components.size(); ++c) {
    if (before.components[c].status != PlacementStatus::kUnplaced) {
      CHECK(after.components[c].location == before.components[c].location);
      CHECK(after.components[c].orientation == before.components[c].orientation);
      CHECK(after.components[c].status == before.components[c].status);
    }
  }
}

TEST_CASE("a DEF is clustered") {
  const std::string netlist = scratch_dir("cluster_def") / "clustered.pb.txt";
  const RunResult run =
      run_on_example("cluster", {"--partitions", "6", "-q", "--json", "-o", netlist});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(run.out);
  CHECK(report["positions"] == "analytic");  // some cells have no place
  CHECK(report["groups"]["clusters"] > 1);
  const RunResult info = run_tessera({"info", netlist, "--json"});
  REQUIRE(info.exit_code == 0);
  const json design = json::parse(info.out)["design"];
  CHECK(design["hard_macros"] == 4);
  CHECK(design["soft_macros"] == report["groups"]["clusters"]);
}

TEST_CASE("a placed DEF is refined without another file") {
  const fs::path folder = scratch_dir("refine_def");
  const std::string placed = folder / "placed.def";
  const std::string refined = folder / "refined.def";
  const RunResult place =
      run_on_example("place", {"--policy", "none", "--evals", "2000", "-q", "-o", placed});
  CAPTURE(place.err);
  REQUIRE(place.exit_code == 0);
  const RunResult refine = run_tessera({"refine",
                                        placed,
                                        "--lef",
                                        example("small_tech.lef"),
                                        "--evals",
                                        "20000",
                                        "-q",
                                        "--json",
                                        "-o",
                                        refined});
  CAPTURE(refine.err);
  REQUIRE(refine.exit_code == 0);
  const json report = json::parse(refine.out);
  CHECK(report["legalized"] == false);
  CHECK(report["legal"] == true);
  CHECK(report["cost"]["proxy"] <= report["stages"][0]["proxy"]);
}

TEST_CASE("halos of a file hold, and its errors have a place") {
  const fs::path folder = scratch_dir("halo_file");
  const std::string halos = folder / "halos.txt";
  const std::string def = folder / "placed.def";
  write_text(halos, "# by master\nRAM16 3 2\n.*table 1 1 4 1\n");
  const RunResult run = run_on_example(
      "place", {"--policy", "none", "--evals", "5000", "--halo-file", halos, "-q", "-o", def});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const DefDesign after = netlist_io::read_def(def, library());
  std::vector<Box> boxes;
  for (const DefComponent* const macro : macros_of(after)) {
    Box box = box_of(*macro);
    if (contains(std::string(macro->name), "bank")) {
      box = {box.x0 - 3000.0, box.y0 - 2000.0, box.x1 + 3000.0, box.y1 + 2000.0};
    }
    for (const Box& other : boxes) {
      CHECK((box.x0 >= other.x1 || other.x0 >= box.x1 || box.y0 >= other.y1 || other.y0 >= box.y1));
    }
    boxes.push_back(box);
  }
  write_text(halos, "RAM16 3\n( 1\n");
  const RunResult bad = run_on_example("place", {"--halo-file", halos, "-q", "-o", def});
  CHECK(bad.exit_code == 3);
  CHECK(contains(bad.err, "halos.txt:2:1: "));
  write_text(halos, "RAM16 3\n\n  RAM61 1\n");
  const RunResult unknown = run_on_example("place", {"--halo-file", halos, "-q", "-o", def});
  CHECK(unknown.exit_code == 3);
  CHECK(contains(unknown.err, "halos.txt:3:3: no hard macro nor its master matches \"RAM61\""));
}

TEST_CASE("a design goes to Bookshelf and is placed there") {
  const fs::path folder = scratch_dir("bookshelf");
  const std::string aux = folder / "small.aux";
  const RunResult convert = run_on_example("convert", {"-q", "-o", aux});
  CAPTURE(convert.err);
  REQUIRE(convert.exit_code == 0);
  const RunResult info = run_tessera({"info", aux, "--json"});
  CAPTURE(info.err);
  REQUIRE(info.exit_code == 0);
  const json design = json::parse(info.out)["design"];
  const json before = json::parse(run_on_example("info", {"--json"}).out)["design"];
  for (const char* const count : {"hard_macros", "ports", "nets"}) {
    CHECK(design[count] == before[count]);
  }
  for (std::size_t axis = 0; axis < 2; ++axis) {
    CHECK(design["canvas_um"][axis].get<double>() ==
          doctest::Approx(before["canvas_um"][axis].get<double>()));
  }
  const std::string pl = folder / "placed.pl";
  const RunResult place =
      run_tessera({"place", aux, "--policy", "none", "--evals", "2000", "-q", "-o", pl, "--json"});
  CAPTURE(place.err);
  REQUIRE(place.exit_code == 0);
  CHECK(json::parse(place.out)["legal"] == true);
  CHECK(contains(read_text(pl), "UCLA pl 1.0"));
}

TEST_CASE("info counts what a DEF has") {
  const RunResult run = run_on_example("info", {"--json"});
  REQUIRE(run.exit_code == 0);
  const json counts = json::parse(run.out)["lefdef"];
  CHECK(counts["components"] == 40);
  CHECK(counts["block_macros"] == 4);
  CHECK(counts["nets"] == 55);
  CHECK(counts["rows"] == 20);
  CHECK(counts["fixed"] == 1);
}

TEST_CASE("routing tracks come from the LEF unless a flag gives them") {
  // M1 has the pins of the cells. Horizontal: 1 / 0.25 of M3; vertical: 1 / 0.2 + 1 / 0.4 of M2 and
  // M4. The memories, 2 * 120 + 192 um2, block M1 and M2; the PLL, 64 um2, blocks M1.
  const json routes = {4.0, 7.5};
  const double macro_vertical = 5.0 * 432.0 / 496.0;
  SUBCASE("in every command") {
    const std::string placed = scratch_dir("lef_tracks") / "placed.def";
    const std::vector<Strings> commands = {
        {"info"}, {"cost"}, {"place", "--policy", "none", "--evals", "500", "-o", placed}};
    for (const Strings& command : commands) {
      CAPTURE(command);
      Strings flags = {"--json", "-v"};
      flags.insert(flags.end(), command.begin() + 1, command.end());
      const RunResult run = run_on_example(command[0], flags);
      CAPTURE(run.err);
      REQUIRE(run.exit_code == 0);
      CHECK_FALSE(contains(run.err, "routing tracks"));
      const json constants = json::parse(run.out)["constants"];
      CHECK(constants["routes_per_um"] == routes);
      CHECK(constants["routes_source"] == "lef");
      CHECK(constants["macro_routes_per_um"][0] == 0.0);
      CHECK(constants["macro_routes_per_um"][1].get<double>() == doctest::Approx(macro_vertical));
      CHECK(constants["macro_routes_source"] == "lef");
    }
  }
  SUBCASE("as text") {
    for (const char* const command : {"info", "cost"}) {
      const RunResult run = run_on_example(command, {"--macro-routes", "1,2"});
      REQUIRE(run.exit_code == 0);
      CHECK(contains(run.out, "routes per um 4, 7.5 (lef); used by macros 1, 2 (flag);"));
    }
  }
  SUBCASE("flags go first, each on its own") {
    const RunResult run = run_on_example("cost", {"--json", "--routes", "10,12"});
    REQUIRE(run.exit_code == 0);
    const json constants = json::parse(run.out)["constants"];
    CHECK(constants["routes_per_um"] == json{10.0, 12.0});
    CHECK(constants["routes_source"] == "flag");
    CHECK(constants["macro_routes_source"] == "lef");
  }
  SUBCASE("a written header keeps them") {
    const fs::path folder = scratch_dir("lef_tracks_header");
    const std::string netlist = folder / "flat.pb.txt";
    const std::string plc = folder / "flat.plc";
    REQUIRE(run_on_example("convert", {"-q", "-o", netlist, "-o", plc}).exit_code == 0);
    const RunResult run = run_tessera({"info", netlist, "--plc", plc, "--json"});
    REQUIRE(run.exit_code == 0);
    const json constants = json::parse(run.out)["constants"];
    CHECK(constants["routes_per_um"] == routes);
    CHECK(constants["routes_source"] == "header");
    CHECK(constants["macro_routes_source"] == "header");
  }
}

TEST_CASE("a LEF without tracks leaves the default constants") {
  const std::string lef = scratch_dir("no_tracks") / "no_tracks.lef";
  std::string text = read_text(example("small_tech.lef"));
  const Strings pitches = {"PITCH 0.2 ;", "PITCH 0.2 0.2 ;", "PITCH 0.25 ;", "PITCH 0.4 ;"};
  for (const std::string& pitch : pitches) {
    text = replaced(text, pitch, "");
  }
  write_text(lef, text);
  const Strings arguments = {"cost", example("small.def"), "--lef", lef, "--json"};
  Strings verbose = arguments;
  verbose.push_back("-v");
  const char* const note =
      "tessera: note: the LEF gives no routing tracks: no horizontal routing layer with a pitch";
  const RunResult quiet_run = run_tessera(arguments);
  REQUIRE(quiet_run.exit_code == 0);
  CHECK_FALSE(contains(quiet_run.err, "routing tracks"));
  const RunResult verbose_run = run_tessera(verbose);
  REQUIRE(verbose_run.exit_code == 0);
  CHECK(contains(verbose_run.err, note));
  for (const RunResult& run : {quiet_run, verbose_run}) {
    const json constants = json::parse(run.out)["constants"];
    CHECK(constants["routes_per_um"] == json{57.031, 56.818});
    CHECK(constants["routes_source"] == "default");
    CHECK(constants["macro_routes_per_um"] == json{39.583, 30.303});
    CHECK(constants["macro_routes_source"] == "default");
  }
}

TEST_CASE("files that do not go together are refused") {
  const std::string out = scratch_dir("refused") / "out.def";
  struct Case {
    Strings arguments;
    int exit_code;
    const char* message;
  };
  const SmallBlock& block = small_block();
  const std::string def = example("small.def");
  const std::string lef = example("small_tech.lef");
  const std::vector<Case> cases = {
      {{"place", def, "-o", out}, 2, "--lef"},
      {{"place", def, "--lef", lef, "--plc", block.plc, "-o", out}, 2, "--plc"},
      {{"place", block.netlist, "--plc", block.plc, "-o", out}, 2, "DEF"},
      {{"place", block.netlist, "--lef", lef, "-o", out + ".plc"}, 2, "--lef"},
      {{"place", def, "--lef", lef, "-o", out + ".pl"}, 2, "Bookshelf"},
      {{"cluster", block.netlist, "-o", out + ".pb.txt"}, 2, "no standard cells"},
      {{"convert", def, "--lef", lef, "--template", def, "-o", out}, 2, "--template"},
      {{"info", "missing.def", "--lef", lef}, 3, "missing.def"},
  };
  for (const Case& c : cases) {
    const RunResult run = run_tessera(c.arguments);
    CAPTURE(c.arguments);
    CAPTURE(run.err);
    CHECK(run.exit_code == c.exit_code);
    CHECK(contains(run.err, c.message));
    CHECK_FALSE(fs::exists(out));
  }
}

}  // namespace tessera::testing
