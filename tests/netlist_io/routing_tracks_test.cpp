#include "netlist_io/lefdef/routing_tracks.h"

#include <cstdint>
#include <string>
#include <vector>

#include "tests/netlist_io/lefdef_support.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/design_netlist.h"
#include "netlist_io/lefdef/lef_library.h"

namespace tessera::netlist_io {
namespace {

std::string routing_layer(const std::string& name,
                          const std::string& direction,
                          const std::string& pitch) {
  return "LAYER " + name + " TYPE ROUTING ; DIRECTION " + direction + " ; PITCH " + pitch +
         " ; END " + name + "\n";
}

/// The ten layers of NanGate45, with vias and a layer below.
std::string nangate_layers() {
  return "LAYER poly TYPE MASTERSLICE ; END poly\n" +
         routing_layer("metal1", "HORIZONTAL", "0.14") + "LAYER via1 TYPE CUT ; END via1\n" +
         routing_layer("metal2", "VERTICAL", "0.19") +
         routing_layer("metal3", "HORIZONTAL", "0.14") +
         routing_layer("metal4", "VERTICAL", "0.28") +
         routing_layer("metal5", "HORIZONTAL", "0.28") +
         routing_layer("metal6", "VERTICAL", "0.28") +
         routing_layer("metal7", "HORIZONTAL", "0.8") + routing_layer("metal8", "VERTICAL", "0.8") +
         routing_layer("metal9", "HORIZONTAL", "1.6") + routing_layer("metal10", "VERTICAL", "1.6");
}

std::string shape_on(const std::string& layer, const std::string& rect) {
  return "LAYER " + layer + " ; RECT " + rect + " ; ";
}

/// A standard cell with one pin.
std::string cell(const std::string& name, const std::string& use, const std::string& shapes) {
  return "MACRO " + name + " CLASS CORE ; SIZE 1 BY 1 ; PIN A USE " + use + " ; PORT " + shapes +
         "END END A END " + name + "\n";
}

/// A memory of `width` x 10 um.
std::string memory(const std::string& name, int width, const std::string& obstructions) {
  return "MACRO " + name + " CLASS BLOCK ; SIZE " + std::to_string(width) + " BY 10 ; OBS " +
         obstructions + "END END " + name + "\n";
}

/// Of the text of a library, with hard macros of these masters.
RoutingTracksResult tracks_of(const std::string& text,
                              const std::vector<std::string>& macros = {}) {
  const LefLibrary library = parse_lef(text, "t.lef");
  std::vector<std::uint32_t> masters;
  for (const std::string& macro : macros) {
    masters.push_back(library.find_master(macro).value());
  }
  return find_routing_tracks(library, masters);
}

void check_tracks(const RoutesPerMicron& found, double horizontal, double vertical) {
  CHECK(found.horizontal == doctest::Approx(horizontal).epsilon(1e-12));
  CHECK(found.vertical == doctest::Approx(vertical).epsilon(1e-12));
}

}  // namespace

TEST_CASE("NanGate45 has 12.6 horizontal and 14.3 vertical tracks per micron above its cells") {
  const std::string blocked = shape_on("metal1", "0 0 10 10") + shape_on("metal2", "0 0 10 10") +
                              shape_on("metal3", "0 0 10 10") + shape_on("metal4", "0 0 10 10");
  const RoutingTracksResult found =
      tracks_of(nangate_layers() + cell("INV", "SIGNAL", shape_on("metal1", "0 0 0.1 0.1")) +
                    memory("RAM", 10, blocked),
                {"RAM"});
  REQUIRE(found.tracks.has_value());
  CHECK(found.missing == "");
  CHECK(found.tracks->routes.horizontal == doctest::Approx(12.6).epsilon(0.01));
  CHECK(found.tracks->routes.vertical == doctest::Approx(14.3).epsilon(0.01));
  check_tracks(found.tracks->routes,
               1 / 0.14 + 1 / 0.28 + 1 / 0.8 + 1 / 1.6,
               1 / 0.19 + 2 / 0.28 + 1 / 0.8 + 1 / 1.6);
  // Of metals 1 to 4, the first has no tracks to lose.
  check_tracks(found.tracks->macro_routes, 1 / 0.14, 1 / 0.19 + 1 / 0.28);
}

TEST_CASE("of two pitches, the one across the direction counts") {
  const RoutingTracksResult found =
      tracks_of(routing_layer("M1", "HORIZONTAL", "1") + routing_layer("M2", "VERTICAL", "0.5 5") +
                routing_layer("M3", "HORIZONTAL", "4 0.25"));
  REQUIRE(found.tracks.has_value());
  check_tracks(found.tracks->routes, 4.0, 2.0);
  check_tracks(found.tracks->macro_routes, 0.0, 0.0);
}

TEST_CASE("layers up to the lowest one with signal pins of cells have no tracks to give") {
  const std::string layers =
      routing_layer("li1", "VERTICAL", "1") + routing_layer("met1", "HORIZONTAL", "0.5") +
      routing_layer("met2", "VERTICAL", "0.25") + routing_layer("met3", "HORIZONTAL", "0.125");
  std::string cells;
  double horizontal = 0.0;
  SUBCASE("local interconnect") {
    cells = cell("A", "SIGNAL", shape_on("met1", "0 0 1 1")) +
            cell("B", "CLOCK", shape_on("met1", "0 0 1 1") + shape_on("li1", "0 0 1 1"));
    horizontal = 2.0 + 8.0;
  }
  SUBCASE("a layer below all pins") {
    cells = cell("A", "SIGNAL", shape_on("met1", "0 0 1 1"));
    horizontal = 8.0;
  }
  SUBCASE("rails are no signal pins") {
    cells = cell("A", "SIGNAL", shape_on("met1", "0 0 1 1")) +
            cell("TAP", "GROUND", shape_on("li1", "0 0 1 1"));
    horizontal = 8.0;
  }
  SUBCASE("no cells") {
    horizontal = 2.0 + 8.0;
  }
  SUBCASE("memories are no cells") {
    cells = "MACRO RAM CLASS BLOCK ; SIZE 1 BY 1 ; PIN A PORT " + shape_on("met1", "0 0 1 1") +
            "END END A END RAM\n";
    horizontal = 2.0 + 8.0;
  }
  const RoutingTracksResult found = tracks_of(layers + cells);
  REQUIRE(found.tracks.has_value());
  check_tracks(found.tracks->routes, horizontal, 4.0);
}

TEST_CASE("a macro blocks the layers that it covers by half or more") {
  const std::string layers = routing_layer("M1", "HORIZONTAL", "1") +
                             routing_layer("M2", "VERTICAL", "0.5") +
                             routing_layer("M3", "HORIZONTAL", "0.25");
  const auto blocked_by = [&](const std::string& body) {
    const RoutingTracksResult found = tracks_of(
        layers + "MACRO RAM CLASS BLOCK ; SIZE 10 BY 10 ; " + body + " END RAM\n", {"RAM"});
    REQUIRE(found.tracks.has_value());
    check_tracks(found.tracks->routes, 4.0, 2.0);
    return found.tracks->macro_routes;
  };
  SUBCASE("half of it, in two parts") {
    check_tracks(blocked_by("OBS LAYER M2 ; RECT 0 0 10 2.5 ; RECT 0 7.5 10 10 ; END"), 0.0, 2.0);
  }
  SUBCASE("less") {
    check_tracks(blocked_by("OBS LAYER M2 ; RECT 0 0 10 4.9 ; END"), 0.0, 0.0);
  }
  SUBCASE("what lies outside its box does not count") {
    check_tracks(blocked_by("OBS LAYER M2 ; RECT -10 -10 10 4.9 ; END"), 0.0, 0.0);
    check_tracks(blocked_by("OBS LAYER M2 ; RECT 0 -20 10 -10 ; RECT 20 0 30 10 ; END"), 0.0, 0.0);
  }
  SUBCASE("metal of its pins counts as well") {
    check_tracks(blocked_by("PIN VDD USE POWER ; PORT LAYER M3 ; RECT 0 0 10 3 ; END END VDD "
                            "OBS LAYER M3 ; RECT 0 5 10 7 ; END"),
                 4.0,
                 0.0);
  }
}

TEST_CASE("the tracks that macros take are a mean by area over those with obstructions") {
  const std::string text =
      routing_layer("M1", "HORIZONTAL", "1") + routing_layer("M2", "VERTICAL", "0.5") +
      routing_layer("M3", "HORIZONTAL", "0.25") + "LAYER OVERLAP TYPE OVERLAP ; END OVERLAP\n" +
      memory("WIDE", 30, shape_on("M2", "0 0 30 10")) +
      memory("SMALL", 10, shape_on("M3", "0 0 10 10")) +
      memory("SILENT", 100, shape_on("OVERLAP", "0 0 100 10")) +
      memory("UNUSED", 50, shape_on("M2", "0 0 50 10"));
  const RoutingTracksResult found = tracks_of(text, {"SMALL", "SILENT", "WIDE", "SMALL"});
  REQUIRE(found.tracks.has_value());
  // Horizontal: 2 * 100 um2 of 500 with 4 tracks per um; vertical: 300 um2 of 500 with 2.
  check_tracks(found.tracks->macro_routes, 1.6, 1.2);
}

TEST_CASE("a LEF may lack what tracks follow from") {
  SUBCASE("layers") {
    const RoutingTracksResult found = tracks_of("MACRO RAM CLASS BLOCK ; SIZE 1 BY 1 ; END RAM");
    CHECK_FALSE(found.tracks.has_value());
    CHECK(found.missing ==
          "no horizontal routing layer with a pitch lies above the pins of the standard cells");
  }
  SUBCASE("pitches") {
    CHECK_FALSE(tracks_of("LAYER M1 TYPE ROUTING ; DIRECTION VERTICAL ; END M1\n"
                          "LAYER M2 TYPE ROUTING ; DIRECTION HORIZONTAL ; END M2\n"
                          "LAYER M3 TYPE ROUTING ; DIRECTION VERTICAL ; END M3\n")
                    .tracks.has_value());
  }
  SUBCASE("directions") {
    CHECK_FALSE(tracks_of("LAYER M1 TYPE ROUTING ; PITCH 1 ; END M1\n"
                          "LAYER M2 TYPE ROUTING ; PITCH 1 ; END M2\n")
                    .tracks.has_value());
  }
  SUBCASE("one of the directions") {
    const RoutingTracksResult found =
        tracks_of(routing_layer("M1", "VERTICAL", "1") + routing_layer("M2", "HORIZONTAL", "1") +
                  "LAYER V TYPE CUT ; END V\n");
    CHECK_FALSE(found.tracks.has_value());
    CHECK(found.missing ==
          "no vertical routing layer with a pitch lies above the pins of the standard cells");
  }
  SUBCASE("obstructions of macros") {
    const RoutingTracksResult found = tracks_of(
        nangate_layers() + memory("RAM", 10, "") + memory("RAM2", 10, ""), {"RAM", "RAM2"});
    CHECK_FALSE(found.tracks.has_value());
    CHECK(found.missing == "no hard macro has obstructions on routing layers");
  }
}

TEST_CASE("the tracks of the public designs") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  for (const testing::LefDefSet& set : testing::lefdef_sets(benchmarks)) {
    CAPTURE(set.name);
    const LefLibrary library = read_lef(set.lefs);
    const DefDesign design = read_def(set.def, library);
    std::vector<std::uint32_t> masters;
    for (const DefComponent& component : design.components) {
      if (library.masters[component.master].master_class == MasterClass::kBlock) {
        masters.push_back(component.master);
      }
    }
    const RoutingTracksResult found = find_routing_tracks(library, masters);
    if (set.name.starts_with("CT_")) {  // its macros have no obstructions
      CHECK_FALSE(found.tracks.has_value());
      continue;
    }
    REQUIRE(found.tracks.has_value());
    if (set.name.starts_with("asap7")) {
      // Above M1, which has the pins of the cells; M8, M9 and Pad have the same pitch. Memories
      // block M1 to M4.
      check_tracks(found.tracks->routes,
                   1 / 0.036 + 1 / 0.048 + 1 / 0.064 + 2 / 0.08,
                   1 / 0.036 + 1 / 0.048 + 1 / 0.064 + 1 / 0.08);
      check_tracks(found.tracks->macro_routes, 1 / 0.036 + 1 / 0.048, 1 / 0.036);
    } else {
      // Above li1; memories block met1 to met4.
      check_tracks(found.tracks->routes,
                   1 / 0.34 + 1 / 0.46 + 1 / 0.68 + 1 / 0.92 + 1 / 3.4,
                   1 / 0.34 + 1 / 0.46 + 1 / 0.68 + 1 / 0.92);
      check_tracks(found.tracks->macro_routes, 1 / 0.34 + 1 / 0.46, 1 / 0.34 + 1 / 0.46);
    }
  }
}

}  // namespace tessera::netlist_io
