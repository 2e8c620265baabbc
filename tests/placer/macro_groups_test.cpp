// Groups of hard macros as single ones: the netlist, the layout, and the ways there and back.

#include "placer/macro_groups.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "tests/placer/random_block.h"
#include "tests/placer/search_block.h"
#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "cost/wirelength.h"
#include "netlist_io/errors.h"
#include "netlist_io/macro_group_file.h"
#include "netlist_io/rng.h"
#include "placer/legality.h"
#include "placer/placement_search.h"

namespace tessera::testing {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;
using netlist_io::Rng;
using placer::GroupMember;
using placer::Halo;
using placer::MacroGroups;
using placer::MacroRule;
using placer::MacroSpaceOptions;

constexpr double kTolerance = 1e-9;  // microns

MacroGroups make_groups(const Netlist& netlist,
                        const Canvas& canvas,
                        std::string_view text,
                        const MacroSpaceOptions& space = {}) {
  const Placement placement(netlist);
  return MacroGroups(netlist,
                     canvas,
                     placement,
                     netlist_io::parse_macro_groups(text, "groups.txt", netlist, placement),
                     space);
}

/// Lower-left corner of a macro from that of its group in orientation N.
std::array<double, 2> low_of(const MacroGroups& groups, const Netlist& netlist, const char* name) {
  Placement grouped(groups.netlist());
  const NodeId node = groups.groups().front().node;
  grouped.orientation[node.index()] = Orientation::kN;
  const Rect group = grouped.box(groups.netlist(), node);
  const Rect box = groups.expand(grouped).box(netlist, *netlist.find_node(name));
  return {box.x0 - group.x0, box.y0 - group.y0};
}

void check_low(
    const MacroGroups& groups, const Netlist& netlist, const char* name, double x, double y) {
  CAPTURE(name);
  const std::array<double, 2> low = low_of(groups, netlist, name);
  CHECK(low[0] == doctest::Approx(x).epsilon(1e-9));
  CHECK(low[1] == doctest::Approx(y).epsilon(1e-9));
}

/// Macros of one size but for `wide`, which is 14 x 6 um, a port and a net.
Netlist array_block() {
  BlockBuilder block;
  const NodeId port = block.port("in", 0.0, 0.0);
  std::vector<NodeId> macros;
  for (const char* const name : {"m0", "m1", "m2", "m3"}) {
    macros.push_back(block.hard(name, 10.0, 4.0));
  }
  macros.push_back(block.hard("wide", 14.0, 6.0));
  block.connect(port, macros);
  return block.build();
}

bool is_multiple(double value, double unit) {
  return std::abs(value / unit - std::round(value / unit)) < 1e-6;
}

}  // namespace

TEST_CASE("orientations turn as a group does") {
  using placer::turned;
  CHECK(turned(Orientation::kN, Orientation::kFS) == Orientation::kFS);
  CHECK(turned(Orientation::kFN, Orientation::kFN) == Orientation::kN);
  CHECK(turned(Orientation::kW, Orientation::kW) == Orientation::kS);
  CHECK(turned(Orientation::kE, Orientation::kW) == Orientation::kN);
  constexpr netlist_io::Offset kAt = {3.0, 7.0};
  for (unsigned i = 0; i < 8; ++i) {
    for (unsigned j = 0; j < 8; ++j) {
      const auto first = static_cast<Orientation>(i);
      const auto by = static_cast<Orientation>(j);
      const netlist_io::Offset once = transform(kAt, turned(first, by));
      const netlist_io::Offset twice = transform(transform(kAt, first), by);
      CHECK((once.x == twice.x && once.y == twice.y));
    }
  }
}

TEST_CASE("an array is laid out row by row from the lower left") {
  const Netlist netlist = array_block();
  const Canvas canvas = make_canvas(100.0, 100.0, 10, 10);

  SUBCASE("gap of the file") {
    const MacroGroups groups = make_groups(netlist, canvas, "array a 2x2 gap=1,2 m[0-3]");
    check_low(groups, netlist, "m0", 0.0, 0.0);
    check_low(groups, netlist, "m1", 11.0, 0.0);
    check_low(groups, netlist, "m2", 0.0, 6.0);
    check_low(groups, netlist, "m3", 11.0, 6.0);
    CHECK(groups.groups()[0].shape.width == doctest::Approx(21.0));
    CHECK(groups.groups()[0].shape.height == doctest::Approx(10.0));
    CHECK(groups.netlist().hard_macros().size() == 2);
    CHECK(groups.netlist().name(groups.groups()[0].node) == "a");
  }
  SUBCASE("the widest of a column and the tallest of a row count") {
    const MacroGroups groups = make_groups(netlist, canvas, "array a 2x2 gap=1 wide m1 m2 m3");
    check_low(groups, netlist, "m1", 15.0, 0.0);
    check_low(groups, netlist, "m2", 0.0, 7.0);
    check_low(groups, netlist, "m3", 15.0, 7.0);
  }
  SUBCASE("the usual gap is that of keep-outs and channels") {
    MacroSpaceOptions space;
    space.spacing.halo_x_um = 1.5;
    space.spacing.channel_y_um = 5.0;
    auto halos = std::vector<Halo>(netlist.num_nodes());
    halos[netlist.find_node("m1")->index()] = {4.0, 0.0, 2.0, 0.0};
    space.spacing.own_halos = std::make_shared<const std::vector<Halo>>(halos);
    const MacroGroups groups = make_groups(netlist, canvas, "array a 2x2 m0 m1 m2 m3", space);
    check_low(groups, netlist, "m1", 15.5, 0.0);
    check_low(groups, netlist, "m2", 0.0, 9.0);
    CHECK((*groups.space().spacing.own_halos)[groups.groups()[0].node.index()] ==
          Halo{1.5, 0.0, 2.0, 0.0});
  }
  SUBCASE("members are turned as asked for, and the array is not") {
    const MacroGroups groups = make_groups(netlist, canvas, "column a gap=0 orient=E m0 m1");
    check_low(groups, netlist, "m1", 0.0, 10.0);
    CHECK(groups.groups()[0].shape.width == doctest::Approx(4.0));
    CHECK(groups.groups()[0].shape.rule.orientations == 1U);
    CHECK(groups.expand(Placement(groups.netlist())).orientation[1] == Orientation::kE);
  }
  SUBCASE("larger than the canvas") {
    CHECK_THROWS_WITH_AS(make_groups(netlist, canvas, "row big gap=90 m0 m1"),
                         "macro group \"big\" is 110 x 4 um, larger than the canvas of 100 x 100 "
                         "um",
                         netlist_io::InfeasibleError);
  }
}

TEST_CASE("members meet their lattice when the first does") {
  const Netlist netlist = array_block();
  const Canvas canvas = make_canvas(100.0, 100.0, 10, 10);
  MacroSpaceOptions space;
  space.unit_um = {0.4, 0.3};
  std::vector<MacroRule> rules(netlist.num_nodes());
  for (MacroRule& rule : rules) {
    rule.x.fill(0.1);
    rule.y.fill(0.2);
    rule.orientations = 0b01010101;  // N, S, FN, FS
  }
  rules[netlist.find_node("m3")->index()].x.fill(0.3);
  space.rules = std::make_shared<const std::vector<MacroRule>>(rules);

  SUBCASE("macros alike may be mirrored together") {
    const MacroGroups groups = make_groups(netlist, canvas, "row a gap=0.5 m0 m1 m2", space);
    check_low(groups, netlist, "m1", 10.8, 0.0);
    check_low(groups, netlist, "m2", 21.6, 0.0);
    CHECK(groups.groups()[0].shape.rule.orientations == 0b01010101);
  }
  SUBCASE("of macros that differ, some mirror images would be off the lattice") {
    const MacroGroups groups = make_groups(netlist, canvas, "row a gap=0.5 m0 m3", space);
    check_low(groups, netlist, "m3", 10.6, 0.0);
    const MacroRule& rule = groups.groups()[0].shape.rule;
    CHECK(rule.allows(Orientation::kN));
    CHECK(rule.allows(Orientation::kFS));
  }
  SUBCASE("wherever the group stands by its own rule") {
    const MacroGroups groups =
        make_groups(netlist, canvas, "array a 2x2 gap=0.7 m0 m1 wide m3", space);
    const MacroGroups::Group& group = groups.groups()[0];
    Placement grouped(groups.netlist());
    for (unsigned o = 0; o < 8; ++o) {
      const auto by = static_cast<Orientation>(o);
      if (!group.shape.rule.allows(by)) {
        continue;
      }
      CAPTURE(to_string(by));
      grouped.orientation[group.node.index()] = by;
      grouped.x[group.node.index()] = 0.5 * group.shape.width + group.shape.rule.x[o] + 50 * 0.4;
      grouped.y[group.node.index()] = 0.5 * group.shape.height + group.shape.rule.y[o] + 50 * 0.3;
      const Placement placement = groups.expand(grouped);
      for (const GroupMember& member : group.shape.members) {
        const Rect box = placement.box(netlist, member.macro);
        const MacroRule& own = rules[member.macro.index()];
        CHECK(is_multiple(box.x0 - own.x[o], 0.4));
        CHECK(is_multiple(box.y0 - own.y[o], 0.3));
      }
    }
  }
  SUBCASE("an orientation that a member may not have") {
    CHECK_THROWS_WITH_AS(make_groups(netlist, canvas, "\nrow a orient=E m0 m1", space),
                         "groups.txt:2:5: macro m0 may not be turned to E",
                         netlist_io::ParseError);
  }
}

TEST_CASE("pins and wirelength are the same, however groups are turned") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const RandomBlock block = random_block(seed);
    // The hard macros are n6 to n10.
    const MacroGroups groups =
        make_groups(block.netlist, block.canvas, "array a 2x1 n9 n6\ncolumn b orient=FN n7 n10");
    Rng rng(seed);
    Placement grouped = groups.collapse(block.placement);
    for (const NodeId macro : groups.netlist().hard_macros()) {
      grouped.orientation[macro.index()] = static_cast<Orientation>(rng.below(8));
    }
    const Placement placement = groups.expand(grouped);
    cost::PinPositions expected;
    cost::PinPositions pins;
    expected.update(groups.netlist(), grouped);
    pins.update(block.netlist, placement);
    for (std::size_t p = 0; p < block.netlist.num_pins(); ++p) {
      CHECK(std::abs(pins.x[p] - expected.x[p]) < kTolerance);
      CHECK(std::abs(pins.y[p] - expected.y[p]) < kTolerance);
    }
    const cost::ProxyCost original(block.netlist, block.canvas, {});
    const cost::ProxyCost composite(groups.netlist(), block.canvas, {});
    CHECK(original.evaluate(placement).hpwl_um ==
          doctest::Approx(composite.evaluate(grouped).hpwl_um).epsilon(1e-12));
    CHECK(original.evaluate(placement).wirelength ==
          doctest::Approx(composite.evaluate(grouped).wirelength).epsilon(1e-12));
  }
}

TEST_CASE("groups taken apart come together again") {
  const RandomBlock block = random_block(3);
  const MacroGroups groups =
      make_groups(block.netlist, block.canvas, "array a 2x2 gap=0.5 n9 n6 n7 n10");
  const NodeId node = groups.groups()[0].node;
  Placement grouped = groups.collapse(block.placement);
  CHECK(grouped.size() == block.netlist.num_nodes() - 3);
  for (unsigned o = 0; o < 8; ++o) {
    grouped.orientation[node.index()] = static_cast<Orientation>(o);
    const Placement placement = groups.expand(grouped);
    CHECK(placement.fixed == block.placement.fixed);
    CHECK(placement.placed == block.placement.placed);
    const Placement again = groups.collapse(placement);
    CHECK(again.orientation == grouped.orientation);
    for (std::size_t i = 0; i < again.size(); ++i) {
      CHECK(std::abs(again.x[i] - grouped.x[i]) < kTolerance);
      CHECK(std::abs(again.y[i] - grouped.y[i]) < kTolerance);
    }
  }
}

TEST_CASE("a search leaves members where their group has them") {
  const netlist_io::GeneratedBlock block = search_block();
  const Placement& fixed = block.placement;
  std::string text = "array a 2x2 gap=1";
  for (std::size_t i = 0; i < 4; ++i) {
    text += " " + block.netlist.name(block.netlist.hard_macros()[i]);
  }
  const MacroGroups groups = make_groups(block.netlist, block.canvas, text);
  const Placement start = groups.collapse(fixed);
  placer::PlacementSearchOptions options;
  options.budget.evals = 5000;
  options.search.space = groups.space();
  options.analytic_starts = 1;
  const placer::PlacementSearchResult result =
      placer::search_placement(groups.netlist(), block.canvas, {}, start, options);
  const Placement placement = groups.expand(result.placement);
  CHECK(placer::check_legality(block.netlist, block.canvas, placement, fixed).legal());
  const MacroGroups::Group& group = groups.groups()[0];
  const Orientation by = result.placement.orientation[group.node.index()];
  for (const GroupMember& member : group.shape.members) {
    CHECK(placement.orientation[member.macro.index()] == placer::turned(member.orientation, by));
  }
}

}  // namespace tessera::testing
