// --macro-groups: arrays, rows and columns of macros through the commands.

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/design_netlist.h"
#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/lefdef/macro_lattice.h"
#include "netlist_io/plc_file.h"
#include "placer/legality.h"

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using netlist_io::DefComponent;
using netlist_io::DefDesign;
using netlist_io::LefLibrary;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;
using nlohmann::json;
using Strings = std::vector<std::string>;

std::string example(const char* file) {
  return fs::path(TESSERA_SOURCE_DIR) / "data" / "lefdef" / file;
}

const LefLibrary& library() {
  static const LefLibrary read = [] {
    const Strings paths = {example("small_tech.lef")};
    return netlist_io::read_lef(paths);
  }();
  return read;
}

/// Runs `tessera place` on the example design with groups and reads the DEF written.
DefDesign place_example(const std::string& groups, const Strings& more) {
  const fs::path folder = scratch_dir("place_groups");
  write_text(folder / "groups.txt", groups);
  const std::string def = folder / "placed.def";
  Strings arguments = {"place",
                       example("small.def"),
                       "--lef",
                       example("small_tech.lef"),
                       "--policy",
                       "none",
                       "--macro-groups",
                       folder / "groups.txt",
                       "-q",
                       "--json",
                       "-o",
                       def};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const RunResult run = run_tessera(arguments);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(run.out);
  CHECK(report["legal"] == true);
  CHECK(report["groups"].size() == 1);
  CHECK(report["design"]["hard_macros"] == 4);
  return netlist_io::read_def(def, library());
}

const DefComponent& component(const DefDesign& design, const std::string& name) {
  for (const DefComponent& candidate : design.components) {
    if (candidate.name == name) {
      return candidate;
    }
  }
  FAIL("no component ", name);
  return design.components.front();
}

/// Whether all movable macros stand where the pins of their masters meet the tracks.
void check_on_lattice(const DefDesign& design) {
  const netlist_io::DesignNetlist made = make_design_netlist(library(), design);
  const netlist_io::MacroLattice lattice =
      find_macro_lattice(library(), design, made, made.netlist);
  const auto off = [](double um, double unit) {
    return std::abs(um - std::round(um / unit) * unit);
  };
  for (const NodeId macro : made.netlist.hard_macros()) {
    if (made.placement.fixed[macro.index()] != 0) {
      continue;
    }
    const auto master = design.components[made.component_of_node[macro.index()]].master;
    const auto o = static_cast<std::size_t>(made.placement.orientation[macro.index()]);
    const Rect box = made.placement.box(made.netlist, macro);
    CHECK(off(box.x0 - lattice.phase[master].x[o], lattice.unit_um[0]) < 1e-6);
    CHECK(off(box.y0 - lattice.phase[master].y[o], lattice.unit_um[1]) < 1e-6);
  }
  CHECK(
      placer::check_legality(made.netlist, made.canvas, made.placement, made.placement).overlaps ==
      0);
}

/// A file with an array of the first four hard macros of the small block, 1 um apart.
std::string write_array(const fs::path& folder) {
  std::string text = "array quad 2x2 gap=1";
  for (std::size_t i = 0; i < 4; ++i) {
    text += " " + small_block().parsed.name(small_block().parsed.hard_macros()[i]);
  }
  write_text(folder / "groups.txt", text + "\n");
  return folder / "groups.txt";
}

/// Lower-left corners of the array's members from that of the array, as turned by `by`.
void check_array(const Placement& placement, const json& group) {
  const netlist_io::Netlist& netlist = small_block().parsed;
  const auto macros = netlist.hard_macros();
  const double column = 1.0 + std::max(netlist.width(macros[0]), netlist.width(macros[2]));
  const double row = 1.0 + std::max(netlist.height(macros[0]), netlist.height(macros[1]));
  const std::string by = group["orientation"];
  const bool left_to_right = by == "N" || by == "FS";
  const bool upright = by == "N" || by == "FN";
  const std::vector<double> outline = group["box_um"];
  for (std::size_t i = 0; i < 4; ++i) {
    CHECK(to_string(placement.orientation[macros[i].index()]) == by);
    const Rect box = placement.box(netlist, macros[i]);
    const double x = left_to_right ? box.x0 - outline[0] : outline[2] - box.x1;
    const double y = upright ? box.y0 - outline[1] : outline[3] - box.y1;
    // Up to the lattice of 0.001 um, to which the array's distances are rounded up.
    CHECK(std::abs(x - (i % 2 == 0 ? 0.0 : column)) < 1.1e-3);
    CHECK(std::abs(y - (i < 2 ? 0.0 : row)) < 1.1e-3);
  }
}

}  // namespace

TEST_CASE("an array of macros of a DEF is placed as a whole") {
  const DefDesign after = place_example("column banks u_mem/bank.*\n", {"--evals", "5000"});
  const DefComponent& lower = component(after, "u_mem/bank[0]");
  const DefComponent& upper = component(after, "u_mem/bank[1]");
  CHECK(lower.orientation == upper.orientation);
  CHECK(lower.location.x == upper.location.x);
  // 10 um and two halos of 0.5 um; the tracks are 0.2 or 0.25 um apart.
  CHECK(std::abs(lower.location.y - upper.location.y) == 11000);
  check_on_lattice(after);
}

TEST_CASE("macros of several masters in a group all meet their tracks") {
  const char* const row = "row all gap=0.3 u_mem/table u_mem/bank.*\n";
  Strings more = {"--evals", "5000"};
  SUBCASE("class free") {}
  SUBCASE("class grid") {
    more.insert(more.end(), {"--mode", "grid"});
  }
  const DefDesign after = place_example(row, more);
  check_on_lattice(after);
  const double table = component(after, "u_mem/table").location.x;
  const double first = component(after, "u_mem/bank[0]").location.x;
  const double second = component(after, "u_mem/bank[1]").location.x;
  const bool mirrored = second < first;
  CHECK((mirrored ? table - first - 12000 : first - table - 16000) >= 300);
  CHECK((mirrored ? table - first - 12000 : first - table - 16000) < 1100);
  CHECK(std::abs(second - first) >= 12300);
  CHECK(std::abs(second - first) < 12800);
}

TEST_CASE("an array keeps together in all searches, and its cost is that of its macros") {
  const fs::path folder = scratch_dir("macro_array");
  const std::string groups = write_array(folder);
  const SmallBlock& block = small_block();
  const std::string out = folder / "out.plc";
  Strings arguments = {"place", block.netlist, "--plc", block.plc, "--policy", "none"};
  SUBCASE("free") {
    arguments.insert(arguments.end(), {"--evals", "5000"});
  }
  SUBCASE("free, from a placement") {
    arguments.insert(arguments.end(), {"--evals", "5000", "--start-from", block.plc});
  }
  SUBCASE("grid") {
    arguments.insert(arguments.end(), {"--evals", "5000", "--mode", "grid"});
  }
  SUBCASE("zero-shot") {
    arguments.insert(arguments.end(), {"--effort", "zero-shot"});
  }
  SUBCASE("refine") {
    arguments = {"refine", block.netlist, "--plc", block.plc, "--evals", "5000"};
  }
  arguments.insert(arguments.end(), {"--macro-groups", groups, "-q", "--json", "-o", out});
  const RunResult run = run_tessera(arguments);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(run.out);
  CHECK(report["legal"] == true);
  CHECK(report["design"]["hard_macros"] == 12);
  REQUIRE(report["groups"].size() == 1);
  CHECK(report["groups"][0]["name"] == "quad");
  CHECK(report["inputs"].back()["path"] == groups);
  check_array(netlist_io::read_plc(out, block.parsed).placement, report["groups"][0]);

  const RunResult cost = run_tessera({"cost", block.netlist, "--plc", out, "--json"});
  REQUIRE(cost.exit_code == 0);
  CHECK(json::parse(cost.out)["cost"]["proxy"].get<double>() ==
        doctest::Approx(report["cost"]["proxy"].get<double>()).epsilon(1e-9));
  CHECK(json::parse(cost.out)["legal"] == true);
}

TEST_CASE("groups that cannot be are refused") {
  const fs::path folder = scratch_dir("bad_groups");
  const std::string groups = folder / "groups.txt";
  const SmallBlock& block = small_block();
  const std::string first = block.parsed.name(block.parsed.hard_macros()[0]);
  Strings arguments = {"place",
                       block.netlist,
                       "--plc",
                       block.plc,
                       "--policy",
                       "none",
                       "--macro-groups",
                       groups,
                       "-q",
                       "-o",
                       folder / "out.plc"};
  int exit_code = 3;
  std::string message;
  SUBCASE("a macro that there is not") {
    write_text(groups, "# none\nrow r nothing\n");
    message = "groups.txt:2:7: no hard macro is called or matches \"nothing\"";
  }
  SUBCASE("a macro that is fixed by a flag") {
    write_text(groups, "row r " + first + "\n");
    arguments.insert(arguments.end(), {"--fix", first});
    message = "is fixed";
  }
  SUBCASE("larger than the canvas") {
    write_text(groups, "row all gap=500 .*\n");
    exit_code = 4;
    message = "macro group \"all\" is ";
  }
  SUBCASE("no file") {
    message = "groups.txt";
  }
  const RunResult run = run_tessera(arguments);
  CAPTURE(run.err);
  CHECK(run.exit_code == exit_code);
  CHECK(contains(run.err, message));
}

}  // namespace tessera::testing
