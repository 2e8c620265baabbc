#include "netlist_io/lefdef/design_netlist.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/lefdef/die_shape.h"
#include "netlist_io/lefdef/macro_lattice.h"

namespace tessera::netlist_io {
namespace {

/// A memory of 10 x 8 um with pins on horizontal M2 and vertical M3, and an inverter.
constexpr const char* kLef = R"(VERSION 5.8 ;
UNITS DATABASE MICRONS 1000 ; END UNITS
MANUFACTURINGGRID 0.005 ;
LAYER M2 TYPE ROUTING ; DIRECTION HORIZONTAL ; PITCH 0.2 ; WIDTH 0.1 ; END M2
LAYER M3 TYPE ROUTING ; DIRECTION VERTICAL ; PITCH 0.3 ; WIDTH 0.1 ; END M3
SITE core CLASS CORE ; SIZE 0.5 BY 2 ; END core
MACRO ram
  CLASS BLOCK ; SIZE 10 BY 8 ; ORIGIN 0 0 ; SYMMETRY X Y ;
  PIN a DIRECTION INPUT ; PORT LAYER M2 ; RECT 0 0.95 0.2 1.05 ; END END a
  PIN b DIRECTION INPUT ; PORT LAYER M2 ; RECT 0 1.35 0.2 1.45 ; END END b
  PIN q DIRECTION OUTPUT ; PORT LAYER M3 ; RECT 3.95 0 4.05 0.2 ; END END q
  PIN vdd DIRECTION INOUT ; USE POWER ; PORT LAYER M3 ; RECT 0 0 1 8 ; END END vdd
END ram
MACRO inv
  CLASS CORE ; SIZE 1 BY 2 ; SITE core ;
  PIN i DIRECTION INPUT ; END i
  PIN o DIRECTION OUTPUT ; END o
END inv
MACRO bump CLASS COVER ; SIZE 1 BY 1 ; PIN p DIRECTION INOUT ; END p END bump
END LIBRARY
)";

const char* const kHeader = "VERSION 5.8 ;\nDESIGN top ;\nUNITS DISTANCE MICRONS 1000 ;\n";

std::string def_of(const std::string& floorplan,
                   const std::vector<std::string>& components,
                   const std::vector<std::string>& pins,
                   const std::vector<std::string>& nets) {
  const auto section = [](const char* name, const std::vector<std::string>& lines) {
    std::string text = std::string(name) + " " + std::to_string(lines.size()) + " ;\n";
    for (const std::string& line : lines) {
      text += "- " + line + " ;\n";
    }
    return text + "END " + name + "\n";
  };
  return kHeader + floorplan + section("COMPONENTS", components) + section("PINS", pins) +
         section("NETS", nets) + "END DESIGN\n";
}

struct Made {
  LefLibrary lef;
  DefDesign design;
  DesignNetlist netlist;
};

Made make(const std::string& def) {
  Made made;
  made.lef = parse_lef(kLef, "test.lef");
  made.design = parse_def(def, "test.def", made.lef);
  made.netlist = make_design_netlist(made.lef, made.design);
  return made;
}

std::string names_of_net(const Netlist& netlist, NetId net) {
  std::string text;
  for (const PinId pin : netlist.pins_of(net)) {
    const PinRecord& record = netlist.pin(pin);
    text +=
        (text.empty() ? "" : " ") + (record.name.empty() ? netlist.name(record.node) : record.name);
  }
  return text;
}

const char* const kDie = "DIEAREA ( -1000 2000 ) ( 99000 82000 ) ;\n";

Made typical() {
  return make(def_of(kDie,
                     {"m ram + PLACED ( 1000 4000 ) FS",
                      "u1 inv + UNPLACED",
                      "f ram + FIXED ( 50000 4000 ) N",
                      "u2 inv + PLACED ( 20000 6000 ) N",
                      "c bump + FIXED ( 0 0 ) N",
                      "idle inv"},
                     {"in + NET n1 + DIRECTION INPUT + PLACED ( -1000 10000 ) N",
                      "out + NET n2 + DIRECTION OUTPUT + PLACED ( 99000 10000 ) N",
                      "lost + NET n3 + DIRECTION OUTPUT",
                      "vss + NET vss + DIRECTION INOUT + USE GROUND"},
                     {"n1 ( m a ) ( u1 i ) ( PIN in )",
                      "n2 ( PIN out ) ( m q ) ( f a ) ( c p )",
                      "n3 ( u1 o ) ( u2 o ) ( PIN lost ) + WEIGHT 3",
                      "n4 ( f b ) ( u2 i )",
                      "n5 ( u2 o )",
                      "vdd ( m vdd ) ( f vdd ) + USE POWER"}));
}

}  // namespace

TEST_CASE("a DEF becomes a flat netlist") {
  const Made made = typical();
  const Netlist& netlist = made.netlist.netlist;
  CHECK(netlist.ports().size() == 3);
  CHECK(netlist.hard_macros().size() == 2);
  CHECK(netlist.std_cells().size() == 2);
  REQUIRE(netlist.num_nets() == 4);
  CHECK(names_of_net(netlist, NetId(0)) == "in m/a u1");
  CHECK(names_of_net(netlist, NetId(1)) == "m/q out f/a");
  CHECK(names_of_net(netlist, NetId(2)) == "u1 u2 lost");
  CHECK(names_of_net(netlist, NetId(3)) == "f/b u2");
  CHECK(netlist.weight(NetId(2)) == 3.0);
  const DesignNetlistReport& report = made.netlist.report;
  CHECK(report.supply_nets == 1);
  CHECK(report.dangling_nets == 1);
  CHECK(report.guessed_drivers == 1);
  CHECK(report.multi_driver_nets == 1);
  CHECK(report.unconnected_cells == 1);
  CHECK(report.unplaced_ports == 1);
}

TEST_CASE("nets of weight 0 are left out, and each net of a cell has its own weight") {
  const Made made = make(def_of(kDie,
                                {"m ram + PLACED ( 1000 4000 ) FS", "u1 inv + PLACED ( 9000 0 ) N"},
                                {"in + NET n1 + DIRECTION INPUT + PLACED ( -1000 10000 ) N"},
                                {"n1 ( PIN in ) ( m a ) + WEIGHT 0",
                                 "n2 ( u1 o ) ( m a ) + WEIGHT 2",
                                 "n3 ( u1 o ) ( m b ) + WEIGHT 5",
                                 "n4 ( u1 o ) ( m b )"}));
  const Netlist& netlist = made.netlist.netlist;
  REQUIRE(netlist.num_nets() == 3);
  CHECK(netlist.weight(NetId(0)) == 2.0);
  CHECK(netlist.weight(NetId(1)) == 5.0);
  CHECK(netlist.weight(NetId(2)) == 1.0);
  CHECK(made.netlist.report.weightless_nets == 1);
}

TEST_CASE("pins may have the names of components") {
  const Made made = make(def_of(kDie,
                                {"m ram + PLACED ( 1000 4000 ) FS",
                                 "s\\[1\\] inv + PLACED ( 9000 0 ) N",
                                 "s[1].port inv + PLACED ( 9000 0 ) N"},
                                {"m + NET n1 + DIRECTION INPUT + PLACED ( -1000 10000 ) N",
                                 "s[1] + NET n2 + DIRECTION OUTPUT + PLACED ( -1000 20000 ) N",
                                 "other + NET n1 + DIRECTION OUTPUT + PLACED ( -1000 30000 ) N"},
                                {"n1 ( PIN m ) ( m a ) ( s[1] i ) ( PIN other )",
                                 "n2 ( s[1] o ) ( PIN s[1] ) ( s[1].port i )"}));
  const Netlist& netlist = made.netlist.netlist;
  CHECK(made.netlist.report.renamed_ports == 2);
  CHECK(names_of_net(netlist, NetId(0)) == "m.port m/a s[1] other");
  CHECK(names_of_net(netlist, NetId(1)) == "s[1] s[1].port.port s[1].port");
}

TEST_CASE("positions of a DEF are those of the canvas, and come back") {
  const Made made = typical();
  const Netlist& netlist = made.netlist.netlist;
  CHECK(made.netlist.canvas.width == doctest::Approx(100.0));
  CHECK(made.netlist.canvas.height == doctest::Approx(80.0));
  const Placement& placement = made.netlist.placement;
  const NodeId macro = *netlist.find_node("m");
  CHECK(placement.x[macro.index()] == doctest::Approx(2.0 + 5.0));
  CHECK(placement.y[macro.index()] == doctest::Approx(2.0 + 4.0));
  CHECK(placement.orientation[macro.index()] == Orientation::kFS);
  CHECK(placement.fixed[macro.index()] == 0);
  CHECK(placement.fixed[netlist.find_node("f")->index()] == 1);
  CHECK(placement.placed[netlist.find_node("u1")->index()] == 0);
  CHECK(placement.placed[netlist.find_node("u2")->index()] == 1);
  const Rect box = placement.box(netlist, macro);
  CHECK(def_point(made.netlist, made.design, box.x0, box.y0) == DefPoint{1000, 4000});
  const PinRecord& q = netlist.pin(netlist.pins_of(NetId(1)).front());
  CHECK(q.offset.x == doctest::Approx(4.0 - 5.0));
  CHECK(q.offset.y == doctest::Approx(0.1 - 4.0));
  const NodeId in = *netlist.find_node("in");
  CHECK(netlist.node(in).side == Side::kLeft);
  CHECK(placement.y[in.index()] == doctest::Approx(8.0));
  SUBCASE("a port without a place is on the boundary") {
    const std::size_t lost = netlist.find_node("lost")->index();
    const double x = placement.x[lost];
    const double y = placement.y[lost];
    CHECK((x == 0.0 || y == 0.0 || x == doctest::Approx(100.0) || y == doctest::Approx(80.0)));
  }
}

TEST_CASE("what is off the die, off the rows or blocked is blocked") {
  const Made made = make(def_of(
      "DIEAREA ( 0 0 ) ( 0 40000 ) ( 20000 40000 ) ( 20000 20000 ) ( 60000 20000 ) ( 60000 0 ) ;\n"
      "ROW r0 core 4000 3000 N DO 100 BY 1 STEP 500 0 ;\n"
      "ROW r1 core 4000 38000 FS DO 100 BY 1 STEP 500 0 ;\n"
      "BLOCKAGES 3 ;\n- PLACEMENT RECT ( 5000 5000 ) ( 6000 7000 ) ;\n"
      "- PLACEMENT + SOFT RECT ( 1 1 ) ( 2 2 ) ;\n- LAYER M2 RECT ( 1 1 ) ( 2 2 ) ;\n"
      "END BLOCKAGES\n",
      {"m ram"},
      {"p + NET n + DIRECTION INPUT + PLACED ( 0 0 ) N"},
      {"n ( m a ) ( PIN p )"}));
  std::vector<std::vector<double>> rects;
  for (const Blockage& blockage : made.netlist.canvas.blockages) {
    const Rect& rect = blockage.rect;
    rects.push_back({rect.x0, rect.y0, rect.x1, rect.y1, blockage.rate});
  }
  const auto has = [&](const std::vector<double>& wanted) {
    return std::any_of(rects.begin(), rects.end(), [&](const std::vector<double>& rect) {
      return std::equal(rect.begin(), rect.end(), wanted.begin(), [](double a, double b) {
        return a == doctest::Approx(b);
      });
    });
  };
  CHECK(rects.size() == 5);
  CHECK(has({20, 20, 60, 40, 1.0}));  // cut off by the polygon
  CHECK(has({0, 0, 4, 40, 1.0}));     // left of the rows
  CHECK(has({54, 0, 60, 40, 1.0}));   // right of them
  CHECK(has({4, 0, 54, 3, 1.0}));     // below them; above, they end at the edge
  CHECK(has({5, 5, 6, 7, 0.99}));
}

TEST_CASE("polygons cut pieces off their bounding box") {
  // A U, walked clockwise, and a plus.
  const std::vector<DefPoint> u = {
      {0, 0}, {0, 30}, {10, 30}, {10, 10}, {20, 10}, {20, 30}, {30, 30}, {30, 0}};
  const std::vector<DefRect> hole = outside_of_polygon(u);
  REQUIRE(hole.size() == 1);
  CHECK(hole[0].lo == DefPoint{10, 10});
  CHECK(hole[0].hi == DefPoint{20, 30});
  const std::vector<DefPoint> plus = {{1, 0},
                                      {2, 0},
                                      {2, 1},
                                      {3, 1},
                                      {3, 2},
                                      {2, 2},
                                      {2, 3},
                                      {1, 3},
                                      {1, 2},
                                      {0, 2},
                                      {0, 1},
                                      {1, 1}};
  CHECK(outside_of_polygon(plus).size() == 4);
}

TEST_CASE("macro pins meet tracks where the tracks allow") {
  const Made made = make(def_of(std::string(kDie) + "TRACKS Y 2100 DO 400 STEP 200 LAYER M2 ;\n"
                                                    "TRACKS X -850 DO 300 STEP 300 LAYER M3 ;\n"
                                                    "TRACKS Y 0 DO 300 STEP 300 LAYER M3 ;\n",
                                {"m ram"},
                                {"p + NET n + DIRECTION INPUT + PLACED ( 0 5000 ) N"},
                                {"n ( m a ) ( PIN p )"}));
  const MacroLattice lattice =
      find_macro_lattice(made.lef, made.design, made.netlist, made.netlist.netlist);
  CHECK(lattice.unit_um[0] == doctest::Approx(0.3));
  CHECK(lattice.unit_um[1] == doctest::Approx(0.2));
  const std::uint32_t ram = *made.lef.find_master("ram");
  // q is 4 um from the left; in FN, 6 um. Tracks: x = -0.85 + 0.3 k, the canvas starts at -1.
  const auto off = [](double position, double step) {
    return std::abs(position / step - std::round(position / step)) * step;
  };
  const auto n = static_cast<std::size_t>(Orientation::kN);
  const auto fn = static_cast<std::size_t>(Orientation::kFN);
  const auto fs = static_cast<std::size_t>(Orientation::kFS);
  CHECK(off(lattice.phase[ram].x[n] - 1.0 + 4.0 + 0.85, 0.3) < 1e-9);
  CHECK(off(lattice.phase[ram].x[fn] - 1.0 + 6.0 + 0.85, 0.3) < 1e-9);
  // a and b are 1 and 1.4 um above the bottom: both meet tracks of a pitch of 0.2.
  CHECK(off(lattice.phase[ram].y[n] + 2.0 + 1.0 - 2.1, 0.2) < 1e-9);
  CHECK(off(lattice.phase[ram].y[fs] + 2.0 + 7.0 - 2.1, 0.2) < 1e-9);
  CHECK(lattice.alignment[ram].pins[1] == 2);
  CHECK(lattice.alignment[ram].aligned[1] == 2);
  CHECK(lattice.alignment[ram].aligned[0] == 1);
  CHECK(lattice.alignment[ram].off_track.empty());
}

TEST_CASE("pins that no place of the macro brings onto tracks are known") {
  // a and b are 0.4 um apart.
  const Made made = make(def_of(std::string(kDie) + "TRACKS Y 2100 DO 400 STEP 300 LAYER M2 ;\n",
                                {"m ram"},
                                {"p + NET n + DIRECTION INPUT + PLACED ( 0 5000 ) N"},
                                {"n ( m a ) ( PIN p )"}));
  const MacroLattice lattice =
      find_macro_lattice(made.lef, made.design, made.netlist, made.netlist.netlist);
  const std::uint32_t ram = *made.lef.find_master("ram");
  CHECK(lattice.alignment[ram].pins[1] == 2);
  CHECK(lattice.alignment[ram].aligned[1] == 1);
  REQUIRE(lattice.alignment[ram].off_track.size() == 1);
  const std::string& name = made.lef.masters[ram].pins[lattice.alignment[ram].off_track[0]].name;
  CHECK((name == "a" || name == "b"));
}

TEST_CASE("without tracks, macros stand on the manufacturing grid") {
  const Made made = make(def_of(kDie,
                                {"m ram"},
                                {"p + NET n + DIRECTION INPUT + PLACED ( 0 5000 ) N"},
                                {"n ( m a ) ( PIN p )"}));
  const MacroLattice lattice =
      find_macro_lattice(made.lef, made.design, made.netlist, made.netlist.netlist);
  CHECK(lattice.unit_um[0] == doctest::Approx(0.005));
  CHECK(lattice.unit_um[1] == doctest::Approx(0.005));
}

TEST_CASE("designs without an area or without anything in them are refused") {
  CHECK_THROWS_WITH_AS(
      make(def_of("", {"m ram"}, {}, {})), doctest::Contains("DIEAREA"), ParseError);
  CHECK_THROWS_WITH_AS(make(def_of(kDie, {}, {}, {})),
                       doctest::Contains("neither ports nor components"),
                       ParseError);
}

}  // namespace tessera::netlist_io
