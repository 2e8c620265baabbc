#include "placer/macro_alignment.h"

#include "tests/placer/flat_builder.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"

namespace {

using tessera::netlist_io::Canvas;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Placement;
using tessera::placer::align_macros;
using tessera::placer::MacroAlignmentOptions;
using tessera::placer::MacroAlignmentResult;
using tessera::testing::FlatBuilder;

Canvas square_canvas() {
  Canvas canvas;
  canvas.width = 100.0;
  canvas.height = 100.0;
  canvas.grid = {4, 4};
  return canvas;
}

MacroAlignmentOptions wire_alone() {
  MacroAlignmentOptions options;
  options.cost.weights = {1.0, 0.0, 0.0};
  return options;
}

MacroAlignmentResult align(const Netlist& netlist, const MacroAlignmentOptions& options) {
  return align_macros(netlist, square_canvas(), Placement(netlist), options);
}

TEST_CASE("macros next to each other come in line, those farther than the reach do not") {
  FlatBuilder builder;
  builder.macro(20.0, 20.0, 10.0, 20.0);
  builder.macro(40.0, 21.5, 10.0, 20.0);  // 1.5 higher: within a tenth of 20
  builder.macro(60.0, 27.0, 10.0, 20.0);  // 5.5 higher than the second
  builder.macro(20.5, 80.0, 10.0, 20.0);  // half a micron beside the first, but far above it
  const Netlist netlist = builder.build();
  const MacroAlignmentResult result = align(netlist, wire_alone());
  const auto macros = netlist.hard_macros();
  const auto y = [&](std::size_t i) { return result.placement.y[macros[i].index()]; };
  CHECK(y(0) == y(1));
  CHECK(y(2) == 27.0);
  CHECK(result.placement.x[macros[3].index()] == 20.5);
  CHECK(result.shifts == 1);

  MacroAlignmentOptions none = wire_alone();
  none.reach = 0.0;
  CHECK(align(netlist, none).shifts == 0);
  none.reach = -1.0;
  CHECK_THROWS_AS(align(netlist, none), OptionError);
}

TEST_CASE("macros of other heights come in line with one of their edges") {
  FlatBuilder builder;
  builder.macro(20.0, 20.0, 10.0, 20.0);  // 10 to 30
  builder.macro(40.0, 35.5, 10.0, 50.0);  // 10.5 to 60.5
  const Netlist netlist = builder.build();
  const MacroAlignmentResult result = align(netlist, wire_alone());
  const auto box = [&](std::size_t i) {
    return result.placement.box(netlist, netlist.hard_macros()[i]);
  };
  CHECK(box(0).y0 == doctest::Approx(box(1).y0));
}

TEST_CASE("a shift that makes wires longer is not made, unless another has paid for it") {
  FlatBuilder builder;
  const auto top = builder.port(20.0, 100.0);
  const auto bottom = builder.port(40.0, 0.0);
  const auto a = builder.macro(20.0, 21.5, 10.0, 20.0);
  const auto b = builder.macro(40.0, 20.0, 10.0, 20.0);
  builder.connect(top, {builder.pin(a)});
  builder.connect(bottom, {builder.pin(b)});
  // Each is pulled away from the other's line.
  const Netlist apart = builder.build();
  CHECK(align(apart, wire_alone()).shifts == 0);

  FlatBuilder towards;
  const auto port = towards.port(20.0, 0.0);
  const auto c = towards.macro(20.0, 21.5, 10.0, 20.0);
  towards.macro(40.0, 20.0, 10.0, 20.0);
  towards.connect(port, {towards.pin(c)});
  const Netlist paid = towards.build();
  const MacroAlignmentResult result = align(paid, wire_alone());
  CHECK(result.shifts == 1);
  CHECK(result.placement.y[paid.hard_macros()[0].index()] == 20.0);
}

TEST_CASE("macros keep their distance and fixed ones their places") {
  FlatBuilder builder;
  builder.macro(20.0, 20.0, 10.0, 20.0);
  builder.macro(40.0, 21.5, 10.0, 20.0);
  builder.macro(40.0, 43.0, 10.0, 20.0);  // 1.5 above the second, 23 above the first
  const Netlist netlist = builder.build();
  Placement placement(netlist);
  placement.fixed[netlist.hard_macros()[0].index()] = 1;
  const auto align_with = [&](const MacroAlignmentOptions& options) {
    return align_macros(netlist, square_canvas(), placement, options).placement;
  };
  const std::size_t first = netlist.hard_macros()[0].index();
  const std::size_t second = netlist.hard_macros()[1].index();
  const Placement free = align_with(wire_alone());
  CHECK(free.y[first] == 20.0);
  CHECK(free.y[second] == 20.0);

  placement.y[first] = 23.0;  // now the second would have to go up, against the third
  MacroAlignmentOptions spaced = wire_alone();
  CHECK(align_with(spaced).y[second] == 23.0);
  spaced.space.spacing.channel_y_um = 1.0;
  CHECK(align_with(spaced).y[second] == 21.5);
}

}  // namespace
