#include "netlist_io/lefdef/def_writer.h"

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "tests/netlist_io/lefdef_support.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

using testing::def_text;

/// The text with one component `- u` and what follows, after a move to (7, -8) FW.
std::string moved(const std::string& component, PlacementStatus status = PlacementStatus::kPlaced) {
  const std::string before = "COMPONENTS 1 ;\n";
  const std::string after = "\nEND COMPONENTS\n";
  const DefDesign design =
      parse_def(def_text(before + component + after), "t.def", testing::tiny_library());
  const DefMove move = {0, {7, -8}, Orientation::kFW, status};
  const std::string text = format_def(design, {&move, 1});
  const std::string head = "VERSION 5.8 ;\nDESIGN d ;\nUNITS DISTANCE MICRONS 1000 ;\n" + before;
  const std::string tail = after + "END DESIGN\n";
  REQUIRE(text.starts_with(head));
  REQUIRE(text.ends_with(tail));
  return text.substr(head.size(), text.size() - head.size() - tail.size());
}

/// Moves of all blocks of the design by one unit, and fixes them.
std::vector<DefMove> block_moves(const DefDesign& design, const LefLibrary& library) {
  std::vector<DefMove> moves;
  for (std::size_t i = design.components.size(); i > 0; --i) {
    const DefComponent& component = design.components[i - 1];
    if (library.masters[component.master].master_class == MasterClass::kBlock) {
      moves.push_back({static_cast<std::uint32_t>(i - 1),
                       {component.location.x + 1, component.location.y + 2},
                       Orientation::kFS,
                       PlacementStatus::kFixed});
    }
  }
  return moves;
}

/// How many lines of two texts differ; their numbers of lines must be the same.
std::size_t count_different_lines(std::string_view a, std::string_view b) {
  std::size_t count = 0;
  while (!a.empty() && !b.empty()) {
    count += take_line(a) != take_line(b) ? 1 : 0;
  }
  CHECK(a.empty());
  CHECK(b.empty());
  return count;
}

/// Writes `design` without and with moves of its blocks, and reads the second text again.
void check_round_trip(const DefDesign& design, const LefLibrary& library) {
  CHECK(format_def(design, {}) == *design.text);
  const std::vector<DefMove> moves = block_moves(design, library);
  const std::string text = format_def(design, moves);
  CHECK(count_different_lines(*design.text, text) == moves.size());
  const DefDesign again = parse_def(text, design.path, library);
  REQUIRE(again.components.size() == design.components.size());
  for (const DefMove& move : moves) {
    const DefComponent& component = again.components[move.component];
    CHECK(component.name == design.components[move.component].name);
    CHECK(component.location == move.location);
    CHECK(component.orientation == move.orientation);
    CHECK(component.status == move.status);
  }
  CHECK(again.connections.size() == design.connections.size());
  CHECK(format_def(again, moves) == text);  // they stand there already
}

}  // namespace

TEST_CASE("a move replaces the placement of a component and nothing else") {
  CHECK(moved("- u INV + PLACED ( 1 2 ) N ;") == "- u INV + PLACED ( 7 -8 ) FW ;");
  CHECK(moved("- u INV + fixed\n ( 1 2 )\tN;") == "- u INV + PLACED ( 7 -8 ) FW;");
  CHECK(moved("- u INV + WEIGHT 1 + COVER ( 1 2 ) S + HALO 1 1 1 1\n ;") ==
        "- u INV + WEIGHT 1 + PLACED ( 7 -8 ) FW + HALO 1 1 1 1\n ;");
  CHECK(moved("- u INV + UNPLACED ;") == "- u INV + PLACED ( 7 -8 ) FW ;");
  CHECK(moved("- u INV + UNPLACED ( 3 4 ) N ;") == "- u INV + PLACED ( 7 -8 ) FW ;");
}

TEST_CASE("a component without placement gets one in front of its semicolon") {
  CHECK(moved("- u INV ;") == "- u INV + PLACED ( 7 -8 ) FW ;");
  CHECK(moved("- u INV;") == "- u INV + PLACED ( 7 -8 ) FW ;");
  CHECK(moved("- u INV + SOURCE DIST\n;") == "- u INV + SOURCE DIST\n+ PLACED ( 7 -8 ) FW ;");
}

TEST_CASE("a move may change the status alone") {
  CHECK(moved("- u INV + PLACED ( 7 -8 ) FW ;", PlacementStatus::kFixed) ==
        "- u INV + FIXED ( 7 -8 ) FW ;");
  CHECK(moved("- u INV + PLACED ( 1 2 ) N ;", PlacementStatus::kCover) ==
        "- u INV + COVER ( 7 -8 ) FW ;");
  CHECK(moved("- u INV + PLACED ( 1 2 ) N ;", PlacementStatus::kUnplaced) ==
        "- u INV + UNPLACED ;");
}

TEST_CASE("a move to the same place leaves the text as it is, however it is written") {
  CHECK(moved("- u INV +   placed ( 7   -8 ) fw ;") == "- u INV +   placed ( 7   -8 ) fw ;");
  CHECK(moved("- u INV ;", PlacementStatus::kUnplaced) == "- u INV ;");
}

TEST_CASE("moves of unknown components and two moves of one are refused") {
  const DefDesign design =
      parse_def(def_text("COMPONENTS 2 ;\n- a INV ;\n- b INV ;\nEND COMPONENTS\n"),
                "t.def",
                testing::tiny_library());
  const std::vector<DefMove> unknown = {{2, {0, 0}}};
  CHECK_THROWS_WITH_AS(
      format_def(design, unknown), "component 2 of a move does not exist", std::invalid_argument);
  const std::vector<DefMove> twice = {{1, {0, 0}}, {0, {0, 0}}, {1, {5, 5}}};
  CHECK_THROWS_WITH_AS(
      format_def(design, twice), "component \"b\" is moved twice", std::invalid_argument);
}

TEST_CASE("the example design comes back but for its moved macros") {
  const std::filesystem::path folder = testing::lefdef_example();
  const std::vector<std::string> lefs = {(folder / "small_tech.lef").string()};
  const LefLibrary library = read_lef(lefs);
  check_round_trip(read_def((folder / "small.def").string(), library), library);
}

TEST_CASE("public designs come back but for their moved macros") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  for (const testing::LefDefSet& set : testing::lefdef_sets(benchmarks)) {
    CAPTURE(set.name);
    const LefLibrary library = read_lef(set.lefs);
    check_round_trip(read_def(set.def, library), library);
  }
}

}  // namespace tessera::netlist_io
