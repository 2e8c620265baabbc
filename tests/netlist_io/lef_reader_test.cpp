#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/netlist_io/lefdef_support.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/lefdef/lef_library.h"

namespace tessera::netlist_io {
namespace {

using testing::Malformed;

constexpr Malformed kMalformed[] = {
    {"DIEAREA ( 0 0 ) ( 1 1 ) ;", "t.lef:1:1: found \"DIEAREA\", expected a statement of LEF"},
    {"\x7f"
     "ELF\x02",
     "t.lef:1:1: found \"?ELF\", expected a statement of LEF"},
    {"VERSION 5.8", "t.lef:1:12: the file ends where \";\" is expected"},
    {"UNITS DATABASE MICRONS 0 ; END UNITS",
     "t.lef:1:24: found \"0\", expected a number of database units above 0"},
    {"UNITS DATABASE MICRONS -1000 ; END UNITS", "found \"-1000\", expected a number not below 0"},
    {"UNITS\nDATABASE MICRONS 99999999999 ;",
     "t.lef:2:18: found \"99999999999\", expected an integer of 32 bits"},
    {"UNITS DATABASE MICRONS 1000 ;", "the file ends where"},
    {"LAYER M1\n TYPE ROUTING ;\n", "t.lef:3:1: the file ends where"},
    {"LAYER M1\n TYPE METAL ;\nEND M1",
     "t.lef:2:7: found \"METAL\", expected ROUTING, CUT, MASTERSLICE, OVERLAP or IMPLANT"},
    {"LAYER M1\n PITCH 0.2 x ;\nEND M1", "t.lef:2:12: found \"x\", expected a finite number"},
    {"LAYER M1\n PITCH 0 ;\nEND M1", "t.lef:2:8: found \"0\", expected a pitch above 0"},
    {"LAYER M1\n PITCH 0.2 -0.2 ;\nEND M1", "t.lef:2:12: found \"-0.2\", expected a pitch above 0"},
    {"LAYER M1\n PITCH nan ;\nEND M1", "t.lef:2:8: found \"nan\", expected a finite number"},
    {"LAYER M1\n PITCH ;\nEND M1", "t.lef:2:8: found \";\", expected a finite number"},
    {"LAYER M1\n WIDTH inf ;\nEND M1", "t.lef:2:8: found \"inf\", expected a finite number"},
    {"LAYER M1\nEND M2", "t.lef:2:5: found \"M2\", expected \"M1\", which END closes"},
    {"LAYER M1 PROPERTY p \"TYPE ; END M1", "t.lef:1:21: a string without closing quote"},
    {"SITE s SIZE 1 2 ; END s", "t.lef:1:15: found \"2\", expected \"BY\""},
    {"SITE s SYMMETRY Z ; END s", "t.lef:1:17: found \"Z\", expected X, Y, R90 or \";\""},
    {"VIA v DEFAULT LAYER M1 ;", "the file ends where \"END v\" is expected"},
    {"BEGINEXT \"a\" BEGINEXT ENDEXT", "the file ends where \"ENDEXT\" is expected"},
    {"MACRO", "the file ends where the name of a macro is expected"},
    {"MACRO ; END", "t.lef:1:7: found \";\", expected the name of a macro"},
    {"MACRO a SIZE 1 BY 2 SITE s ; END a", "t.lef:1:21: found \"SITE\", expected \";\""},
    {"MACRO a SIZE -1 BY 2 ; END a", "t.lef:1:14: found \"-1\", expected a length not below 0"},
    {"MACRO a SIZE 1.2.3 BY 2 ; END a", "t.lef:1:14: found \"1.2.3\", expected a finite number"},
    {"MACRO a CLASS CHIP ; END a",
     "t.lef:1:15: found \"CHIP\", expected CORE, BLOCK, PAD, ENDCAP, COVER or RING"},
    {"MACRO a PIN b END c END a", "t.lef:1:19: found \"c\", expected \"b\", which END closes"},
    {"MACRO a PIN b PORT LAYER M1 ; END", "the file ends where"},
    {"MACRO a PIN b DIRECTION ; END b END a", "t.lef:1:25: found \";\", expected a direction"},
    {"MACRO a OBS RECT 0 0 1 1 ; END END a", "t.lef:1:13: a shape without LAYER before it"},
    {"MACRO a OBS LAYER M1 ; RECT 0 0 1 ; END END a",
     "t.lef:1:35: found \";\", expected a finite number"},
    {"MACRO a OBS LAYER M1 ; POLYGON 0 0 1 0 1 ; END END a",
     "t.lef:1:42: found \";\", expected a finite number"},
    {"MACRO a OBS LAYER M1 ; RECT ITERATE 0 0 1 1 DO 100000 BY 100000 STEP 1 1 ; END END a",
     "t.lef:1:48: found \"100000\", expected at most a million repetitions of a shape"},
    {"MACRO a OBS LAYER M1 ; RECT 0 0 1 1 ; END END a",
     "t.lef:1:19: no LEF file defines the layer \"M1\"; is the technology file missing?"},
    {"END a", "t.lef:1:5: found \"a\", expected \"LIBRARY\""},
};

/// The one shape of the first pin of the first master of `text`, a macro's body.
Rect first_shape(const std::string& geometry, const std::string& before = "") {
  const LefLibrary library =
      parse_lef("LAYER M1 TYPE ROUTING ; WIDTH 0.2 ; END M1 MACRO a SIZE 9 BY 9 ; " + before +
                    " PIN p PORT LAYER M1 ; " + geometry + " END END p END a",
                "t.lef");
  REQUIRE(library.masters.at(0).pins.at(0).shapes.size() == 1);
  return library.masters[0].pins[0].shapes[0].rect;
}

void check_rect(const Rect& rect, double x0, double y0, double x1, double y1) {
  CHECK(rect.x0 == doctest::Approx(x0));
  CHECK(rect.y0 == doctest::Approx(y0));
  CHECK(rect.x1 == doctest::Approx(x1));
  CHECK(rect.y1 == doctest::Approx(y1));
}

}  // namespace

TEST_CASE("repetitions of shapes are limited in sum") {
  std::string text = "LAYER M1 TYPE ROUTING ; END M1 MACRO a SIZE 9 BY 9 ; OBS LAYER M1 ;\n";
  for (int i = 0; i < 11; ++i) {
    text += "RECT ITERATE 0 0 1 1 DO 1000 BY 1000 STEP 1 1 ;\n";
  }
  CHECK_THROWS_WITH_AS(
      parse_lef(text + "END END a", "t.lef"),
      "t.lef:12:25: found \"1000\", expected at most ten million repetitions of shapes in all LEF "
      "files",
      ParseError);
}

TEST_CASE("the example library is read with its layers, its site and its masters") {
  const std::vector<std::string> paths = {(testing::lefdef_example() / "small_tech.lef").string()};
  const LefLibrary library = read_lef(paths);
  CHECK(library.warnings.empty());
  CHECK(library.database_units == 1000);
  CHECK(library.manufacturing_grid == 0.005);
  REQUIRE(library.layers.size() == 7);
  const LefLayer& m1 = library.layers.at(library.find_layer("M1").value());
  CHECK(m1.kind == LayerKind::kRouting);
  CHECK(m1.direction == LayerDirection::kHorizontal);
  CHECK(m1.pitch_x == 0.2);
  CHECK(m1.pitch_y == 0.2);
  CHECK(m1.width == 0.1);
  CHECK(m1.offset_y == 0.1);
  CHECK(library.layers[1].kind == LayerKind::kCut);
  const LefSite& site = library.sites.at(library.find_site("core").value());
  CHECK(site.width == 0.4);
  CHECK(site.height == 2.0);
  CHECK(site.symmetry.y);
  CHECK_FALSE(site.symmetry.x);
  REQUIRE(library.masters.size() == 6);
  const LefMaster& cell = library.masters.at(library.find_master("DFF").value());
  CHECK(cell.master_class == MasterClass::kCore);
  CHECK(cell.site == "core");
  CHECK(cell.pins.at(cell.find_pin("CK").value()).use == PinUse::kClock);
  const LefMaster& ram = library.masters.at(library.find_master("RAM16").value());
  CHECK(ram.master_class == MasterClass::kBlock);
  CHECK(ram.width == 12.0);
  CHECK(ram.height == 10.0);
  CHECK(ram.symmetry.r90);
  CHECK(ram.obstructions.size() == 2);
  CHECK_FALSE(ram.find_pin("D[4]").has_value());
}

TEST_CASE("ORIGIN moves the shapes into the frame of the box, pins and obstructions") {
  const std::vector<std::string> paths = {(testing::lefdef_example() / "small_tech.lef").string()};
  const LefLibrary library = read_lef(paths);
  const LefMaster& pll = library.masters.at(library.find_master("PLL").value());
  const Offset centre = pll.pins.at(pll.find_pin("REF").value()).centre().value();
  CHECK(centre.x == doctest::Approx(0.1));  // (-4 - 3.8) / 2 + 4
  CHECK(centre.y == doctest::Approx(4.0));
  REQUIRE(pll.obstructions.size() == 2);
  check_rect(pll.obstructions[0].rect, 0, 0, 8, 8);
  check_rect(pll.obstructions[1].rect, 0.75, 3.75, 7.25, 4.25);  // a path of the width 0.5
  CHECK(library.layers.at(pll.obstructions[1].layer).name == "M3");
}

TEST_CASE("errors in LEF files are reported with their place") {
  testing::check_messages(kMalformed, [](const std::string& text) { parse_lef(text, "t.lef"); });
}

TEST_CASE("a damaged LEF file gives an error or a library, nothing worse") {
  const std::string text = read_file(testing::lefdef_example() / "small_tech.lef");
  testing::check_damaged(text, [](const std::string& damaged) { parse_lef(damaged, "t.lef"); });
}

TEST_CASE("shapes may have masks, parentheses and repetitions") {
  check_rect(first_shape("RECT 0 1 2 3 ;"), 0, 1, 2, 3);
  check_rect(first_shape("RECT 2 3 0 1 ;"), 0, 1, 2, 3);
  check_rect(first_shape("RECT MASK 2 0 1 2 3;"), 0, 1, 2, 3);
  check_rect(first_shape("RECT ( 0 1 ) ( 2 3 ) ;"), 0, 1, 2, 3);
  check_rect(first_shape("POLYGON 0 0 4 0 4 1 1 1 1 5 0 5 ;"), 0, 0, 4, 5);
  check_rect(first_shape("PATH 1 1 3 1 ;"), 0.9, 0.9, 3.1, 1.1);  // width of the layer
  check_rect(first_shape("WIDTH 1 ; PATH MASK 1 1 1 3 1 ;"), 0.5, 0.5, 3.5, 1.5);
  check_rect(first_shape("CLASS CORE ; VIA 1 1 via1 ; RECT 0 1 2 3 ;"), 0, 1, 2, 3);
  check_rect(first_shape("RECT 0 1 2 3 ;", "ORIGIN 10 20 ;"), 10, 21, 12, 23);
  const LefLibrary library = parse_lef(
      "LAYER M1 TYPE ROUTING ; END M1 MACRO a SIZE 9 BY 9 ; OBS LAYER M1 EXCEPTPGNET ; "
      "RECT MASK 1 ITERATE 0 0 1 1 DO 3 BY 2 STEP 2 4 ; END END a",
      "t.lef");
  REQUIRE(library.masters[0].obstructions.size() == 6);
  check_rect(library.masters[0].obstructions[5].rect, 4, 4, 5, 5);
}

TEST_CASE("pins may be called like keywords, have brackets and escapes") {
  const LefLibrary library = testing::tiny_library();
  const LefMaster& ram = library.masters.at(library.find_master("RAM").value());
  REQUIRE(ram.pins.size() == 3);
  CHECK(ram.find_pin("D[0]") == 0);
  CHECK(ram.find_pin("PIN") == 1);
  CHECK(ram.find_pin("END") == 2);
  CHECK(ram.pins[2].direction == PinDirection::kOutput);
  const LefLibrary escaped =
      parse_lef("MACRO m SIZE 1 BY 1 ; PIN a\\[1\\] END a\\[1\\] END m", "t.lef");
  CHECK(escaped.masters[0].find_pin("a[1]") == 0);
}

TEST_CASE("a pin is found in copies and moved libraries, whatever their number of pins") {
  std::string text = "MACRO m SIZE 1 BY 1 ;\n";
  for (int i = 0; i < 500; ++i) {
    text += "PIN p" + std::to_string(i) + " END p" + std::to_string(i) + "\n";
  }
  LefLibrary library = parse_lef(text + "END m", "t.lef");
  const LefLibrary copy = library;
  const LefLibrary moved = std::move(library);
  library = LefLibrary();
  CHECK(copy.masters.at(0).find_pin("p499") == 499);
  CHECK(moved.masters.at(copy.find_master("m").value()).find_pin("p123") == 123);
  CHECK_FALSE(moved.masters[0].find_pin("p500").has_value());
}

TEST_CASE("keywords in lower case, DOS line ends and a missing last line end are read") {
  const LefLibrary library = parse_lef(
      testing::with_crlf("version 5.8 ;\nunits\n database microns 2000 ;\nend units\n"
                         "propertydefinitions\n macro width integer ;\nend propertydefinitions\n"
                         "layer M1\n type routing ;\n direction vertical;\nend M1\n"
                         "macro ram\n class block blackbox ;\n size 2 by 3 ;\n symmetry x y r90 ;\n"
                         " pin q\n direction output tristate ;\n use power ;\n end q\n"
                         "end ram # the end\nend library"),
      "t.lef");
  CHECK(library.database_units == 2000);
  CHECK(library.layers.at(0).direction == LayerDirection::kVertical);
  const LefMaster& ram = library.masters.at(0);
  CHECK(ram.name == "ram");
  CHECK(ram.master_class == MasterClass::kBlock);
  CHECK(ram.height == 3.0);
  CHECK(ram.pins.at(0).use == PinUse::kPower);
  CHECK_FALSE(ram.pins[0].centre().has_value());
}

TEST_CASE("what a placer has no use for is skipped, whatever its nesting") {
  const LefLibrary library = parse_lef(
      "BEGINEXT \"x\" MACRO BEGINEXT SIZE ENDEXT ; ENDEXT\n"
      "NONDEFAULTRULE wide LAYER M1 WIDTH 1 ; END M1 VIA v LAYER M1 ; END v END wide\n"
      "SPACING SAMENET M1 M1 0.1 ; END SPACING\n"
      "VIARULE r GENERATE LAYER M1 ; ENCLOSURE 0 0 ; END r\n"
      "LAYER M1 TYPE ROUTING ; WIDTH 0.1 ; PITCH 0.2 0.3 ;\n"
      "  PROPERTY LEF58_TYPE \"TYPE NWELL ; END M1\" ;\n"
      "  ACCURRENTDENSITY PEAK FREQUENCY 1 2 ; WIDTH 5 6 ; TABLEENTRIES 1 2 3 4 ;\n"
      "  DCCURRENTDENSITY AVERAGE 3 ; OFFSET 1 ;\nEND M1\n"
      "MACRO a SIZE 1 BY 1 ; FOREIGN a ; PROPERTY width 32 ; TIMING FROMPIN x ; END TIMING\n"
      "  DENSITY LAYER M1 ; RECT 0 0 1 1 50 ; END SITE s 0 0 N DO 1 BY 1 STEP 1 1 ; END a\n"
      "END LIBRARY\nMACRO b SIZE 1 BY 1 ; END b\n",
      "t.lef");
  CHECK(library.warnings.empty());
  CHECK(library.layers.at(0).width == 0.1);
  CHECK(library.layers[0].pitch_x == 0.2);
  CHECK(library.layers[0].pitch_y == 0.3);
  CHECK(library.layers[0].offset_y == 1.0);
  CHECK(library.masters.size() == 2);
  CHECK(library.masters.at(0).site == "s");
}

TEST_CASE("of what is repeated the first counts, with a warning") {
  const LefLibrary library = parse_lef(
      "LAYER M1 TYPE ROUTING ; END M1\nLAYER M1 TYPE CUT ; END M1\n"
      "MACRO a SIZE 1 BY 1 ; END a\n  MACRO a SIZE 2 BY 2 ; END a\n"
      "MACRO b PIN p END p PIN p DIRECTION INPUT ; END p END b\n"
      "UNITS DATABASE MICRONS 1000 ; END UNITS UNITS DATABASE MICRONS 2000 ; END UNITS\n",
      "t.lef");
  CHECK(library.layers.size() == 1);
  CHECK(library.layers[0].kind == LayerKind::kRouting);
  CHECK(library.masters.at(0).width == 1.0);
  CHECK(library.masters.at(1).pins.size() == 1);
  CHECK(library.database_units == 1000);
  REQUIRE(library.warnings.size() == 5);
  CHECK(library.warnings[0] == "t.lef:2:1: a second LAYER \"M1\", which does not count");
  CHECK(library.warnings[1] == "t.lef:4:3: a second MACRO \"a\", which does not count");
  CHECK(library.warnings[2] == "t.lef:5:7: macro \"b\" has no SIZE");
  CHECK(library.warnings[3] == "t.lef:5:25: a second pin \"p\", which does not count");
  CHECK(library.warnings[4].find("other database units than before") != std::string::npos);
}

TEST_CASE("macros may come before the layers of their shapes, and OVERLAP needs no definition") {
  const std::filesystem::path folder = testing::scratch_dir("lef_order");
  const std::vector<std::string> paths = {(folder / "a.lef").string(),
                                          (folder / "b.lef.gz").string()};
  write_file_atomic(paths[0],
                    "MACRO a SIZE 1 BY 1 ; OBS LAYER M2 ; RECT 0 0 1 1 ; "
                    "LAYER OVERLAP ; RECT 0 0 1 1 ; LAYER M1 ; RECT 0 0 1 1 ; END END a");
  write_file_atomic(paths[1], "LAYER M1 TYPE ROUTING ; END M1 LAYER M2 TYPE ROUTING ; END M2");
  const LefLibrary library = read_lef(paths);
  REQUIRE(library.layers.size() == 3);
  CHECK(library.layers[0].name == "M1");
  CHECK(library.layers[2].kind == LayerKind::kOverlap);
  const std::vector<LefShape>& shapes = library.masters.at(0).obstructions;
  REQUIRE(shapes.size() == 3);
  CHECK(shapes[0].layer == 1);
  CHECK(shapes[1].layer == 2);
  CHECK(shapes[2].layer == 0);
}

TEST_CASE("symmetry tells which orientations a component may take") {
  const Symmetry none;
  const Symmetry y{false, true, false};
  const Symmetry xy{true, true, false};
  const Symmetry r90{false, false, true};
  const Symmetry all{true, true, true};
  CHECK(none.allows(Orientation::kFS, Orientation::kFS));
  CHECK_FALSE(none.allows(Orientation::kN, Orientation::kS));
  CHECK(y.allows(Orientation::kN, Orientation::kFN));
  CHECK(y.allows(Orientation::kFS, Orientation::kS));
  CHECK_FALSE(y.allows(Orientation::kN, Orientation::kFS));
  CHECK(y.allows(Orientation::kW, Orientation::kFE));  // mirrored first, then turned
  CHECK_FALSE(y.allows(Orientation::kW, Orientation::kFW));
  CHECK(xy.allows(Orientation::kN, Orientation::kS));
  CHECK_FALSE(xy.allows(Orientation::kN, Orientation::kE));
  CHECK(r90.allows(Orientation::kS, Orientation::kE));
  CHECK_FALSE(r90.allows(Orientation::kN, Orientation::kFN));
  for (int to = 0; to < 8; ++to) {
    CHECK(all.allows(Orientation::kFW, static_cast<Orientation>(to)));
  }
}

}  // namespace tessera::netlist_io
