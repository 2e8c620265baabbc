#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/netlist_io/lefdef_support.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/rectilinear.h"

namespace tessera::netlist_io {
namespace {

using testing::def_text;
using testing::Malformed;

/// Sections as `def_text` takes them, so that they start in line 4.
constexpr Malformed kSections[] = {
    {"COMPONENTS 1 ;\n- a NAND ;\nEND COMPONENTS\n",
     "t.def:5:5: component \"a\" has the master \"NAND\", which no LEF file defines"},
    {"COMPONENTS 2 ;\n- a INV ;\n- a INV ;\nEND COMPONENTS\n",
     "t.def:6:3: a second component \"a\""},
    {"COMPONENTS 2 ;\n- a\\[1\\] INV ;\n- a[1] INV ;\nEND COMPONENTS\n",
     "t.def:6:3: a second component \"a[1]\""},
    {"COMPONENTS -1 ;\nEND COMPONENTS\n",
     "t.def:4:12: found \"-1\", expected a number not below 0"},
    {"COMPONENTS many ;\nEND COMPONENTS\n", "found \"many\", expected an integer of 32 bits"},
    {"COMPONENTS 99999999999 ;\nEND COMPONENTS\n",
     "found \"99999999999\", expected an integer of 32 bits"},
    {"COMPONENTS 1\n- a INV ;\nEND COMPONENTS\n", "t.def:5:1: found \"-\", expected \";\""},
    {"COMPONENTS 2 ;\n- a INV\n- b INV ;\nEND COMPONENTS\n",
     "t.def:6:1: found \"-\", expected \";\""},
    {"COMPONENTS 1 ;\n- a ;\nEND COMPONENTS\n",
     "t.def:5:5: found \";\", expected the name of a master"},
    {"COMPONENTS 1 ;\n- a INV ;\nEND NETS\n", "t.def:6:5: found \"NETS\", expected \"COMPONENTS\""},
    {"COMPONENTS 1 ;\n- a INV ;\nb INV ;\nEND COMPONENTS\n",
     "t.def:6:1: found \"b\", expected \"-\" or \"END COMPONENTS\""},
    {"COMPONENTS 1 ;\n- a INV + PLACED ( 1 2 ) ;\nEND COMPONENTS\n",
     "t.def:5:26: found \";\", expected the orientation N, S, E, W, FN, FS, FE or FW"},
    {"COMPONENTS 1 ;\n- a INV + PLACED ( 1 ) N ;\nEND COMPONENTS\n",
     "t.def:5:22: found \")\", expected an integer of 32 bits"},
    {"COMPONENTS 1 ;\n- a INV + PLACED ( 4294967296 0 ) N ;\nEND COMPONENTS\n",
     "t.def:5:20: found \"4294967296\", expected an integer of 32 bits"},
    {"COMPONENTS 1 ;\n- a INV + PLACED ( 1.5 0 ) N ;\nEND COMPONENTS\n",
     "found \"1.5\", expected an integer of 32 bits"},
    {"COMPONENTS 1 ;\n- a INV + FIXED ( 0 0 ) N + PLACED ( 1 0 ) N ;\nEND COMPONENTS\n",
     "t.def:5:29: a second placement of component \"a\""},
    {"COMPONENTS 1 ;\n- a INV + HALO 1 2 3 ;\nEND COMPONENTS\n",
     "t.def:5:22: found \";\", expected an integer of 32 bits"},
    {"COMPONENTS 1 ;\n- a INV + HALO 1 2 3 -4 ;\nEND COMPONENTS\n",
     "found \"-4\", expected a number not below 0"},
    {"PINS 2 ;\n- p + NET n ;\n- p + NET n ;\nEND PINS\n", "t.def:6:3: a second pin \"p\""},
    {"PINS 1 ;\n- p + NET ;\nEND PINS\n", "t.def:5:11: found \";\", expected the name of a net"},
    {"NETS 1 ;\n- n ( PIN p ) ;\nEND NETS\n",
     "t.def:5:11: net \"n\" names the pin \"p\", which PINS does not define"},
    {"NETS 1 ;\n- n ( a A ) ;\nEND NETS\n",
     "t.def:5:7: net \"n\" names the component \"a\", which is not defined"},
    {"COMPONENTS 1 ;\n- a INV ;\nEND COMPONENTS\nNETS 1 ;\n- n ( a B ) ;\nEND NETS\n",
     "t.def:8:9: net \"n\" names the pin \"B\" of component \"a\", which its master \"INV\" does "
     "not "
     "have"},
    {"NETS 1 ;\n- n ( a A ;\nEND NETS\n", "t.def:5:11: found \";\", expected \")\""},
    {"NETS 2 ;\n- n\n- m ;\nEND NETS\n",
     "t.def:6:1: found \"-\", expected \"(\", \"+\" or \";\" in net \"n\""},
    {"NETS 1 ;\n- n + WEIGHT x ;\nEND NETS\n", "found \"x\", expected an integer of 32 bits"},
    {"DIEAREA ( 0 0 ) ;\n", "t.def:4:17: found \";\", expected at least two points of the die"},
    {"DIEAREA ( 0 0 ) ( 1 1 )\nROW r s 0 0 N ;\n", "t.def:5:1: found \"ROW\", expected \";\""},
    {"ROW r s 0 0 North ;\n", "t.def:4:13: found \"North\", expected the orientation"},
    {"ROW r s 0 0 N DO 5 STEP 1 1 ;\n", "t.def:4:20: found \"STEP\", expected \"BY\""},
    {"TRACKS Z 0 DO 1 STEP 1 LAYER M1 ;\n", "t.def:4:8: found \"Z\", expected \"Y\""},
    {"UNITS DISTANCE MICRONS 0 ;\n",
     "t.def:4:24: found \"0\", expected a number of database units above 0"},
    {"DIVIDERCHAR \"//\" ;\n", "found \"\"//\"\", expected one character in double quotes"},
    {"BLOCKAGES 1 ;\n- PLACEMENT + HARD RECT ( 0 0 ) ( 1 1 ) ;\nEND BLOCKAGES\n",
     "t.def:5:15: found \"HARD\", expected SOFT, PARTIAL, PUSHDOWN or COMPONENT"},
    {"BLOCKAGES 1 ;\n- PLACEMENT + COMPONENT c RECT ( 0 0 ) ( 1 1 ) ;\nEND BLOCKAGES\n",
     "t.def:5:25: a blockage names the component \"c\", which is not defined"},
    {"BLOCKAGES 1 ;\n- PLACEMENT POLYGON ( 0 0 ) ( 1 1 ) ;\nEND BLOCKAGES\n",
     "t.def:5:13: a polygon of fewer than 3 points"},
    {"REGIONS 1 ;\n- r ;\nEND REGIONS\n", "t.def:5:5: found \";\", expected \"(\""},
    {"GROUPS 1 ;\n- g a\n- h b ;\nEND GROUPS\n",
     "t.def:6:1: found \"-\", expected the name of a component, \"+\" or \";\""},
    {"MACRO a\n", "t.def:4:1: found \"MACRO\", expected a statement of DEF"},
    {"BEGINEXT \"a\" BEGINEXT \"b\" ENDEXT\n", "the file ends where \"ENDEXT\" is expected"},
    {"PROPERTYDEFINITIONS\n", "the file ends where \"END PROPERTYDEFINITIONS\" is expected"},
    {"BUSBITCHARS \"[] ;\n", "t.def:4:13: a string without closing quote"},
    {"END COMPONENTS\n", "t.def:4:5: found \"COMPONENTS\", expected \"DESIGN\""},
};

/// Whole files that end too early.
constexpr Malformed kTruncated[] = {
    {"", "t.def:1:1: the file ends where \"END DESIGN\" is expected"},
    {"DESIGN d", "t.def:1:9: the file ends where \";\" is expected"},
    {"DESIGN d ;\n", "t.def:2:1: the file ends where \"END DESIGN\" is expected"},
    {"UNITS DISTANCE", "the file ends where \"MICRONS\" is expected"},
    {"DIEAREA ( 0", "the file ends where an integer of 32 bits is expected"},
    {"ROW r", "the file ends where the name of a site is expected"},
    {"TRACKS X 5 DO", "the file ends where an integer of 32 bits is expected"},
    {"VIAS 1 ;\n- v + RECT", "the file ends where \";\" is expected"},
    {"COMPONENTS 1 ;", "the file ends where \"-\" or \"END COMPONENTS\" is expected"},
    {"COMPONENTS 1 ;\n- a INV + PLACED", "the file ends where \"(\" is expected"},
    {"PINS 1 ;\n- p + NET n", "the file ends where \";\" is expected"},
    {"BLOCKAGES 1 ;\n- PLACEMENT", "the file ends where \"+\", RECT, POLYGON or \";\" is expected"},
    {"SPECIALNETS 1 ;\n- VDD ( * VDD )", "the file ends where \";\" is expected"},
    {"NETS 1 ;\n- n (", "the file ends where the name of a component or PIN is expected"},
    {"GROUPS 1 ;\n- g", "the file ends where the name of a component, \"+\" or \";\" is expected"},
    {"END", "the file ends where \"DESIGN\" is expected"},
};

DefDesign parse(const std::string& body) {
  return parse_def(def_text(body), "t.def", testing::tiny_library());
}

const DefComponent& component_called(const DefDesign& design, const std::string& name) {
  const auto found = std::find_if(design.components.begin(),
                                  design.components.end(),
                                  [&](const DefComponent& c) { return c.name == name; });
  REQUIRE(found != design.components.end());
  return *found;
}

DefDesign read_example() {
  const std::filesystem::path folder = testing::lefdef_example();
  const std::vector<std::string> lefs = {(folder / "small_tech.lef").string()};
  return read_def((folder / "small.def").string(), read_lef(lefs));
}

void check_rects(const std::vector<DefRect>& rects, const std::vector<DefRect>& expected) {
  REQUIRE(rects.size() == expected.size());
  for (std::size_t i = 0; i < rects.size(); ++i) {
    CAPTURE(i);
    CHECK(rects[i].lo == expected[i].lo);
    CHECK(rects[i].hi == expected[i].hi);
  }
}

}  // namespace

TEST_CASE("a polygon has at most 1000 points") {
  std::string die = "DIEAREA";
  for (int i = 0; i <= 1000; ++i) {
    die += " ( " + std::to_string(i) + " 0 )";
  }
  CHECK_THROWS_WITH_AS(
      parse(die + " ;\n"), doctest::Contains("a polygon of more than 1000 points"), ParseError);
}

TEST_CASE("the example design is read with its floorplan") {
  const DefDesign design = read_example();
  CHECK(design.warnings.empty());
  CHECK(design.name == "small");
  CHECK(design.database_units == 1000);
  CHECK(design.divider == '/');
  CHECK(design.bus_bits == "[]");
  CHECK(design.die == std::vector<DefPoint>{{0, 0}, {64000, 44000}});
  REQUIRE(design.rows.size() == 20);
  CHECK(design.rows[1].site == "core");
  CHECK(design.rows[1].orientation == Orientation::kFS);
  CHECK(design.rows[1].origin == DefPoint{2000, 4000});
  CHECK(design.rows[1].num_x == 150);
  CHECK(design.rows[1].step_x == 400);
  REQUIRE(design.tracks.size() == 4);
  CHECK_FALSE(design.tracks[0].vertical);
  CHECK(design.tracks[3].vertical);
  CHECK(design.tracks[3].count == 160);
  CHECK(design.tracks[3].layers == std::vector<std::string_view>{"M4"});
  REQUIRE(design.blockages.size() == 2);
  check_rects(design.blockages[0].rects, {{{2000, 36000}, {10000, 42000}}});
  CHECK_FALSE(design.blockages[0].soft);
  CHECK(design.blockages[1].soft);
  CHECK(design.num_special_nets == 2);
}

TEST_CASE("the example design is read with its components, pins and nets") {
  const DefDesign design = read_example();
  REQUIRE(design.components.size() == 40);
  const DefComponent& bank = component_called(design, "u_mem/bank[1]");
  CHECK(bank.status == PlacementStatus::kPlaced);
  CHECK(bank.location == DefPoint{4000, 20000});
  CHECK(bank.orientation == Orientation::kFS);
  CHECK(design.halos.at(bank.halo).left == 500);
  const DefComponent& table = component_called(design, "u_mem/table");
  CHECK(table.status == PlacementStatus::kUnplaced);
  CHECK(design.halos.at(table.halo).right == 1000);
  CHECK(design.halos.at(table.halo).top == 500);
  const DefComponent& pll = component_called(design, "u_pll");
  CHECK(pll.status == PlacementStatus::kFixed);
  CHECK(pll.weight == 2);
  CHECK(pll.halo == DefComponent::kNoHalo);
  REQUIRE(design.pins.size() == 10);
  CHECK(design.pins[0].name == "clk");
  CHECK(design.pins[0].use == PinUse::kClock);
  CHECK(design.pins[0].direction == PinDirection::kInput);
  CHECK(design.pins[0].status == PlacementStatus::kFixed);
  CHECK(design.pins[0].location == DefPoint{64000, 38000});
  CHECK(design.pins[0].orientation == Orientation::kW);
  REQUIRE(design.nets.size() == 55);
  CHECK(design.nets[0].use == PinUse::kClock);
  const auto clock = design.connections_of(design.nets[0]);
  REQUIRE(clock.size() == 2);
  CHECK(clock[0].component == DefConnection::kPort);
  CHECK(clock[0].pin == 0);
  CHECK(design.components.at(clock[1].component).name == "u_pll");
  CHECK(design.connections_of(design.nets[1]).size() == 16);
  CHECK(design.nets.back().name == "u_core/d[11]");
}

TEST_CASE("errors in DEF files are reported with their place") {
  const LefLibrary library = testing::tiny_library();
  testing::check_messages(
      kSections, [&](const std::string& body) { parse_def(def_text(body), "t.def", library); });
  testing::check_messages(kTruncated,
                          [&](const std::string& text) { parse_def(text, "t.def", library); });
}

TEST_CASE("a damaged DEF file gives an error or a design, nothing worse") {
  const std::filesystem::path folder = testing::lefdef_example();
  const std::vector<std::string> lefs = {(folder / "small_tech.lef").string()};
  const LefLibrary library = read_lef(lefs);
  testing::check_damaged(read_file(folder / "small.def"),
                         [&](const std::string& text) { parse_def(text, "t.def", library); });
}

TEST_CASE("clauses of components come in any order, with any case and white space") {
  const DefDesign design =
      parse(testing::with_crlf("components 9 ;\n"
                               "- a INV + SOURCE DIST + placed ( -10 20 ) fs + weight 7 ;\n"
                               "- b RAM + HALO SOFT 1 2 3 4 + FIXED ( 5 6.000 ) W;\n"
                               "-\tc\n  INV\n  + REGION r + EEQMASTER x + PROPERTY p \"a ; + b\" q "
                               "1\n  + COVER ( 1 2 ) S\n;\n"
                               "- d INV + UNPLACED ;\n"
                               "- e INV + ROUTEHALO 100 M1 M2 + GENERATE g + MASKSHIFT 01 ;\n"
                               "- f INV ; # a comment ; - x INV ;\n"
                               "- u\\[3\\]\\/x RAM + UNPLACED ( 3 4 ) N ;\n"
                               "- END INV ;\n"
                               "- COMPONENTS INV ;\n"
                               "end components\n"));
  REQUIRE(design.components.size() == 9);
  const std::vector<DefComponent>& c = design.components;
  CHECK(c[0].location == DefPoint{-10, 20});
  CHECK(c[0].orientation == Orientation::kFS);
  CHECK(c[0].weight == 7);
  CHECK(c[1].status == PlacementStatus::kFixed);
  CHECK(c[1].location == DefPoint{5, 6});
  CHECK(c[1].orientation == Orientation::kW);
  CHECK(design.halos.at(c[1].halo).top == 4);
  CHECK(c[2].status == PlacementStatus::kCover);
  CHECK(c[4].status == PlacementStatus::kUnplaced);
  CHECK(c[5].name == "f");
  CHECK(c[6].name == "u[3]/x");
  CHECK(c[6].status == PlacementStatus::kUnplaced);
  CHECK(c[6].location == DefPoint{0, 0});
  CHECK(c[7].name == "END");
  CHECK(design.warnings.empty());
}

TEST_CASE("names live on when the design is moved") {
  DefDesign design = parse("COMPONENTS 2 ;\n- a\\[0\\] INV ;\n- b INV ;\nEND COMPONENTS\n");
  const DefDesign moved = std::move(design);
  design = DefDesign();
  CHECK(moved.components[0].name == "a[0]");
  CHECK(moved.components[1].name == "b");
  CHECK(moved.name == "d");
}

TEST_CASE("the first placed port of a pin counts") {
  const DefDesign design = parse(
      "PINS 3 ;\n"
      "- p.0 + NET n\\[1\\] + SPECIAL + DIRECTION OUTPUT + USE GROUND + NETEXPR \"x ; y\"\n"
      "  + PORT + LAYER M1 MASK 1 SPACING 5 ( 0 0 ) ( 10 10 ) + PLACED ( 1 2 ) E\n"
      "  + PORT + POLYGON M1 ( 0 0 ) ( 1 0 ) ( 1 1 ) + VIA v ( 3 4 ) + FIXED ( 5 6 ) N ;\n"
      "- q + NET q + DIRECTION FEEDTHRU + COVER ( 7 8 ) FW ;\n"
      "- NET + NET q ;\nEND PINS\n");
  REQUIRE(design.pins.size() == 3);
  const DefPin& pin = design.pins[0];
  CHECK(pin.net == "n[1]");
  CHECK(pin.special);
  CHECK(pin.direction == PinDirection::kOutput);
  CHECK(pin.use == PinUse::kGround);
  CHECK(pin.status == PlacementStatus::kPlaced);
  CHECK(pin.location == DefPoint{1, 2});
  CHECK(pin.orientation == Orientation::kE);
  CHECK(design.pins[1].status == PlacementStatus::kCover);
  CHECK(design.pins[2].name == "NET");
  CHECK(design.pins[2].status == PlacementStatus::kUnplaced);
}

TEST_CASE("nets may have wires, weights and pins called like keywords") {
  const DefDesign design = parse(
      "COMPONENTS 2 ;\n- a INV ;\n- m\\[0\\] RAM ;\nEND COMPONENTS\n"
      "PINS 1 ;\n- p[0] + NET n ;\nEND PINS\n"
      "NETS 5 ;\n"
      "- n ( PIN p\\[0\\] ) ( a A + SYNTHESIZED ) ( m[0] END ) ( m\\[0\\] PIN )\n"
      "  + ROUTED M1 TAPER ( 0 0 5 ) ( * 10 ) VIA1 NEW M2 ( 0 10 ) ( 5 * )\n"
      "  + USE CLOCK + WEIGHT 4 + PROPERTY x \"+ USE GROUND ;\" ;\n"
      "- m ( a Z ) ( * D[0] ) + SOURCE TIMING + FIXED M1 ( 0 0 ) ( 0 1 ) + NOSHIELD M1 ( 0 0 ) ;\n"
      "- MUSTJOIN ( a A ) ( a Z ) ;\n"
      "- m ( m[0] D\\[0\\] );\n"
      "- empty ;\nEND NETS\n");
  REQUIRE(design.nets.size() == 4);
  CHECK(design.nets[0].use == PinUse::kClock);
  CHECK(design.nets[0].weight == 4);
  const auto connections = design.connections_of(design.nets[0]);
  REQUIRE(connections.size() == 4);
  CHECK(connections[0].component == DefConnection::kPort);
  CHECK(connections[2].component == 1);
  CHECK(connections[2].pin == 2);
  CHECK(connections[3].pin == 1);
  CHECK(design.connections_of(design.nets[1]).size() == 1);
  CHECK(design.connections_of(design.nets[2])[0].pin == 0);
  CHECK(design.nets[3].num_connections == 0);
  CHECK(design.nets[3].weight == 1);
  CHECK(design.num_routed_nets == 2);
  REQUIRE(design.warnings.size() == 2);
  CHECK(design.warnings[0].starts_with(
      "t.def:15:15: net \"m\" connects the pins \"D[0]\" of all components"));
  CHECK(design.warnings[1].starts_with("t.def:17:3: a second net \"m\"; 1 in all"));
}

TEST_CASE("dies, rows, tracks, regions and groups take all their forms") {
  const DefDesign design = parse(
      "DIEAREA ( 0 0 ) ( 0 10 ) ( 10 10 ) ( 10 5 ) ( 20 5 ) ( 20 0 ) ;\n"
      "ROW a s 1 2 FN ;\nROW b s 1 2 N DO 1 BY 5 ;\n"
      "ROW c\\[0\\] s 1 2 N DO 7 BY 1 STEP 10 0 + PROPERTY p 1 + PROPERTY q \"x\" ;\n"
      "TRACKS Y 5 DO 2 STEP 3 MASK 2 SAMEMASK LAYER M1 M2 ;\nTRACKS X 1 DO 2 STEP 3 ;\n"
      "GCELLGRID X 0 DO 2 STEP 324 ;\nHISTORY anything at all ;\n"
      "REGIONS 2 ;\n- r ( 0 0 ) ( 5 5 ) ( 9 9 ) ( 5 6 ) + TYPE FENCE ;\n"
      "- s ( 0 0 ) ( 1 1 ) + TYPE GUIDE + PROPERTY p 1 ;\nEND REGIONS\n"
      "GROUPS 2 ;\n- g a/* u\\[0\\] + SOFT MAXX 5 + REGION r ;\n- h ;\nEND GROUPS\n");
  CHECK(design.die.size() == 6);
  REQUIRE(design.rows.size() == 3);
  CHECK(design.rows[0].orientation == Orientation::kFN);
  CHECK(design.rows[0].num_x == 1);
  CHECK(design.rows[1].num_y == 5);
  CHECK(design.rows[2].name == "c[0]");
  CHECK(design.rows[2].step_x == 10);
  REQUIRE(design.tracks.size() == 2);
  CHECK(design.tracks[0].layers.size() == 2);
  CHECK(design.tracks[1].layers.empty());
  REQUIRE(design.regions.size() == 2);
  check_rects(design.regions[0].rects, {{{0, 0}, {5, 5}}, {{5, 6}, {9, 9}}});
  CHECK(design.regions[0].fence);
  CHECK_FALSE(design.regions[1].fence);
  REQUIRE(design.groups.size() == 2);
  CHECK(design.groups[0].members == std::vector<std::string_view>{"a/*", "u[0]"});
  CHECK(design.groups[0].region == "r");
  CHECK(design.groups[1].region.empty());
  CHECK(design.warnings.empty());
}

TEST_CASE("placement blockages are kept, those of wires are not") {
  const DefDesign design = parse(
      "COMPONENTS 1 ;\n- a INV ;\nEND COMPONENTS\nBLOCKAGES 5 ;\n"
      "- LAYER M1 + SLOTS RECT ( 0 0 ) ( 1 1 ) ;\n"
      "- PLACEMENT RECT ( 5 5 ) ( 0 0 ) RECT ( 7 7 ) ( 8 8 ) ;\n"
      "- PLACEMENT + PARTIAL 62.5 + PUSHDOWN RECT ( 0 0 ) ( 1 1 ) ;\n"
      "- PLACEMENT + SOFT + COMPONENT a\n"
      "  POLYGON ( 0 0 ) ( 20 0 ) ( 20 5 ) ( 10 5 ) ( 10 10 ) ( 0 10 ) ;\n"
      "- PLACEMENT POLYGON ( 0 0 ) ( 4 2 ) ( 3 9 ) ;\nEND BLOCKAGES\n");
  REQUIRE(design.blockages.size() == 4);
  check_rects(design.blockages[0].rects, {{{0, 0}, {5, 5}}, {{7, 7}, {8, 8}}});
  CHECK(design.blockages[1].max_density == 62.5);
  CHECK_FALSE(design.blockages[1].component.has_value());
  CHECK(design.blockages[2].soft);
  CHECK(design.blockages[2].component == 0);
  check_rects(design.blockages[2].rects, {{{0, 0}, {20, 5}}, {{0, 5}, {10, 10}}});
  check_rects(design.blockages[3].rects, {{{0, 0}, {4, 9}}});
  CHECK(design.warnings ==
        std::vector<std::string>{
            "t.def:13:13: a polygon with slanted edges counts as its bounding box"});
}

TEST_CASE("a rectilinear polygon falls apart into rectangles without overlap") {
  //   10 +--+  +--+
  //      |  |  |  |
  //    5 |  +--+  |
  //      |        |
  //    0 +--------+
  //      0  2  4  6
  const DefPoint u[] = {{0, 0}, {6, 0}, {6, 10}, {4, 10}, {4, 5}, {2, 5}, {2, 10}, {0, 10}};
  check_rects(decompose_rectilinear(u).value(),
              {{{0, 0}, {6, 5}}, {{0, 5}, {2, 10}}, {{4, 5}, {6, 10}}});
  // A corner on a straight edge does not cut the rectangle.
  const DefPoint square[] = {{0, 0}, {0, 3}, {0, 5}, {5, 5}, {5, 0}};
  check_rects(decompose_rectilinear(square).value(), {{{0, 0}, {5, 5}}});
  const DefPoint slanted[] = {{0, 0}, {5, 0}, {5, 5}};
  CHECK_FALSE(decompose_rectilinear(slanted).has_value());
}

TEST_CASE("what a placer has no use for is skipped in DEF files") {
  const DefDesign design = parse(
      "NAMESCASESENSITIVE ON ;\nTECHNOLOGY t ;\nCOMPONENTMASKSHIFT M1 ;\n"
      "PROPERTYDEFINITIONS\n DESIGN x STRING \"END PROPERTYDEFINITIONS\" ;\nEND "
      "PROPERTYDEFINITIONS\n"
      "vias 1 ;\n- v + RECT M1 ( 0 0 ) ( 1 1 ) ;\nend vias\n"
      "NONDEFAULTRULES 1 ;\n- r + LAYER M1 WIDTH 1 ;\nEND NONDEFAULTRULES\n"
      "PINPROPERTIES 0 ;\nEND PINPROPERTIES\nSLOTS 0 ;\nEND SLOTS\n"
      "FILLS 1 ;\n- LAYER M1 RECT ( 0 0 ) ( 1 1 ) ;\nEND FILLS\n"
      "SPECIALNETS 2 ;\n- VDD ( * VDD ) + ROUTED M1 5 ( 0 0 ) ( * 5 ) ;\n- VSS ;\nEND SPECIALNETS\n"
      "SCANCHAINS 1 ;\n- s + START PIN a + STOP b OUT ;\nEND SCANCHAINS\n"
      "BEGINEXT \"a\"\n BEGINEXT COMPONENTS 5 ; ENDEXT\n x ENDEXT\n");
  CHECK(design.num_special_nets == 2);
  CHECK(design.warnings.empty());
}

TEST_CASE("odd counts and units are warnings") {
  const DefDesign counts = parse("COMPONENTS 5 ;\n- a INV ;\nEND COMPONENTS\n");
  CHECK(counts.warnings == std::vector<std::string>{"t.def:4:12: COMPONENTS says 5, but 1 follow"});
  const DefDesign finer = parse("UNITS DISTANCE MICRONS 2000 ;\n");
  REQUIRE(finer.warnings.size() == 1);
  CHECK(finer.warnings[0] ==
        "t.def:4:24: 2000 database units per micron do not divide the 1000 of LEF");
  const DefDesign coarser = parse("UNITS DISTANCE MICRONS 200 ;\n");
  CHECK(coarser.warnings.empty());
  const DefDesign none = parse_def("DESIGN d ;\nEND DESIGN", "t.def", testing::tiny_library());
  CHECK(none.database_units == 1000);
  CHECK(testing::count_containing(none.warnings, "no UNITS; 1000 per micron are assumed") == 1);
}

TEST_CASE("of very many warnings only the first are kept") {
  std::string body = "COMPONENTS 0 ;\nEND COMPONENTS\nNETS 3000 ;\n";
  for (int i = 0; i < 3000; ++i) {
    body += "- n" + std::to_string(i) + " ( * A ) ;\n";
  }
  const DefDesign design = parse(body + "END NETS\n");
  CHECK(design.warnings.size() == 1001);
  CHECK(design.warnings[0].starts_with("t.def:7:8: net \"n0\""));
  CHECK(design.warnings[999].starts_with("t.def:1006:10: net \"n999\""));
  CHECK(design.warnings[1000] == "t.def: 2000 more warnings");
}

TEST_CASE("public designs have the counts that are known of them") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  std::ifstream file(benchmarks / "lefdef" / "counts.json");
  const nlohmann::json all = nlohmann::json::parse(file);
  for (const testing::LefDefSet& set : testing::lefdef_sets(benchmarks)) {
    CAPTURE(set.name);
    const nlohmann::json& expected = all.at(set.name);
    const LefLibrary library = read_lef(set.lefs);
    const DefDesign design = read_def(set.def, library);
    std::vector<bool> used(library.masters.size(), false);
    std::size_t num_blocks = 0;
    std::size_t num_cells = 0;
    std::size_t num_placed = 0;
    std::size_t num_fixed = 0;
    for (const DefComponent& component : design.components) {
      used[component.master] = true;
      const MasterClass kind = library.masters[component.master].master_class;
      num_blocks += kind == MasterClass::kBlock ? 1 : 0;
      num_cells += kind == MasterClass::kCore ? 1 : 0;
      num_placed += component.status == PlacementStatus::kPlaced ? 1 : 0;
      num_fixed += component.status == PlacementStatus::kFixed ? 1 : 0;
    }
    CHECK(design.components.size() == expected.at("components"));
    CHECK(num_blocks == expected.at("block_macros"));
    CHECK(num_cells == expected.at("core_cells"));
    CHECK(std::count(used.begin(), used.end(), true) == expected.at("masters_used"));
    CHECK(num_placed == expected.at("placed"));
    CHECK(num_fixed == expected.at("fixed"));
    CHECK(design.rows.size() == expected.at("rows"));
    CHECK(design.pins.size() == expected.at("pins(io)"));
    CHECK(std::count_if(design.pins.begin(), design.pins.end(), [](const DefPin& pin) {
            return pin.status != PlacementStatus::kUnplaced;
          }) == expected.at("pins_placed"));
    CHECK(design.nets.size() == expected.at("nets"));
    CHECK(design.connections.size() == expected.at("connections"));
    CHECK(std::count_if(design.connections.begin(),
                        design.connections.end(),
                        [](const DefConnection& connection) {
                          return connection.component == DefConnection::kPort;
                        }) == expected.at("io_connections"));
    CHECK(design.num_special_nets == expected.at("special"));
    CHECK(design.num_routed_nets == expected.at("routed_nets"));
  }
}

}  // namespace tessera::netlist_io
