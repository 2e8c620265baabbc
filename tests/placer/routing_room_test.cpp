#include "placer/flat/routing_room.h"

#include <vector>

#include "tests/placer/flat_builder.h"
#include <doctest/doctest.h>

#include "cost/edge_use.h"

namespace {

using tessera::cost::EdgeUse;
using tessera::netlist_io::Canvas;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::Orientation;
using tessera::netlist_io::Placement;
using tessera::placer::channels_for_routing;
using tessera::placer::Halo;
using tessera::placer::room_for_routing;
using tessera::placer::RoutingChannelOptions;
using tessera::placer::RoutingRoomOptions;
using tessera::testing::FlatBuilder;

/// 4 x 1 gcells of 10 um; the edges between them are used to these parts.
EdgeUse row_of_edges(const std::vector<double>& use) {
  EdgeUse edges;
  edges.grid = {static_cast<int>(use.size()) + 1, 1};
  edges.demand.horizontal = use;
  edges.capacity.horizontal.assign(use.size(), 1.0);
  return edges;
}

Canvas canvas_of(double width, double height) {
  Canvas canvas;
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

TEST_CASE("room goes to cells and macros beside edges in heavy use, as the square of it") {
  FlatBuilder builder;
  builder.port(0.0, 5.0);
  builder.cell(5.0, 5.0);              // edges: 0.5
  builder.cell(15.0, 5.0);             // 0.5 and 0.9
  builder.cell(35.0, 5.0);             // 0.8
  builder.macro(25.0, 5.0, 4.0, 4.0);  // 0.9 and 0.8
  const Netlist netlist = builder.build();
  const EdgeUse edges = row_of_edges({0.5, 0.9, 0.8});
  RoutingRoomOptions options;
  options.usual_use = 0.7;
  options.most_area = 1.0;
  const std::vector<float> room =
      room_for_routing(netlist, canvas_of(40.0, 10.0), Placement(netlist), edges, {}, options);
  REQUIRE(room.size() == netlist.num_nodes());
  const auto cells = netlist.std_cells();
  CHECK(room[netlist.ports()[0].index()] == 1.0F);
  CHECK(room[cells[0].index()] == 1.0F);
  CHECK(room[cells[1].index()] == doctest::Approx(0.81 / 0.49));
  CHECK(room[cells[2].index()] == doctest::Approx(0.64 / 0.49));
  CHECK(room[netlist.hard_macros()[0].index()] == doctest::Approx(0.81 / 0.49));

  // A second round multiplies, up to a bound.
  const std::vector<float> again =
      room_for_routing(netlist, canvas_of(40.0, 10.0), Placement(netlist), edges, room, options);
  CHECK(again[cells[2].index()] == doctest::Approx(0.64 * 0.64 / 0.49 / 0.49));
  CHECK(again[cells[1].index()] == doctest::Approx(2.0));
}

TEST_CASE("room is scaled down where all together would get too much, fixed macros get none") {
  FlatBuilder builder;
  builder.macro(15.0, 5.0, 4.0, 4.0);
  builder.macro(25.0, 5.0, 8.0, 4.0);
  const Netlist netlist = builder.build();
  Placement placement(netlist);
  placement.fixed[netlist.hard_macros()[1].index()] = 1;
  RoutingRoomOptions options;
  options.most_area = 0.01;  // 4 um^2
  const std::vector<float> room = room_for_routing(
      netlist, canvas_of(40.0, 10.0), placement, row_of_edges({0.0, 7.0, 0.0}), {}, options);
  CHECK(room[netlist.hard_macros()[0].index()] == doctest::Approx(1.0 + 4.0 / 16.0));
  CHECK(room[netlist.hard_macros()[1].index()] == 1.0F);
}

TEST_CASE("room leaves half of the free area, however much is asked for") {
  FlatBuilder builder;
  builder.macro(15.0, 5.0, 20.0, 10.0);
  builder.cell(30.0, 5.0, 10.0, 10.0);
  const Netlist netlist = builder.build();  // 300 of 400 um^2
  RoutingRoomOptions options;
  options.most_area = 1.0;
  const std::vector<float> room = room_for_routing(netlist,
                                                   canvas_of(40.0, 10.0),
                                                   Placement(netlist),
                                                   row_of_edges({7.0, 7.0, 7.0}),
                                                   {},
                                                   options);
  CHECK(room[netlist.hard_macros()[0].index()] == doctest::Approx(1.0 + 50.0 / 300.0));
  CHECK(room[netlist.std_cells()[0].index()] == doctest::Approx(1.0 + 50.0 / 300.0));
}

TEST_CASE(
    "channels get wider on the side of a macro where edges are in heavy use, and only there") {
  // 4 x 4 gcells of 10 um; a macro over the inner four, turned to the right, one fixed beside it.
  FlatBuilder builder;
  builder.macro(20.0, 20.0, 18.0, 18.0, Orientation::kE);
  builder.macro(35.0, 35.0, 4.0, 4.0);
  const Netlist netlist = builder.build();
  Placement placement(netlist);
  const std::size_t macro = netlist.hard_macros()[0].index();
  const std::size_t fixed = netlist.hard_macros()[1].index();
  placement.fixed[fixed] = 1;
  EdgeUse edges;
  edges.grid = {4, 4};
  edges.demand.horizontal.assign(12, 0.0);
  edges.demand.vertical.assign(12, 0.0);
  edges.capacity.horizontal.assign(12, 10.0);
  edges.capacity.vertical.assign(12, 10.0);
  const auto vertical = [&](int col, int row) -> double& {
    return edges.demand.vertical[static_cast<std::size_t>(col + row * 4)];
  };
  vertical(0, 1) = 8.0;                        // left of the macro
  vertical(3, 0) = 4.0;                        // right of it, but below its usual use
  edges.demand.horizontal[1 + 3 * 3] = 100.0;  // above
  RoutingChannelOptions options;
  options.usual_use = 0.5;
  const std::vector<Halo> channels =
      channels_for_routing(netlist, canvas_of(40.0, 40.0), placement, edges, {}, options);
  const Halo found = turned(channels[macro], Orientation::kE);
  CHECK(found.left == doctest::Approx(10.0 * (0.8 / 0.5 - 1.0)));
  CHECK(found.right == 0.0);
  CHECK(found.bottom == 0.0);
  CHECK(found.top == options.most_gcells * 10.0);
  CHECK(channels[fixed] == Halo());

  options.gain = 2.0;
  const std::vector<Halo> again =
      channels_for_routing(netlist, canvas_of(40.0, 40.0), placement, edges, channels, options);
  CHECK(turned(again[macro], Orientation::kE).left == doctest::Approx(6.0 + 12.0));
}

TEST_CASE("one row of gcells has no edge that vertical wires cross") {
  FlatBuilder builder;
  builder.macro(20.0, 5.0, 40.0, 10.0);
  const Netlist netlist = builder.build();
  const std::vector<Halo> channels = channels_for_routing(
      netlist, canvas_of(40.0, 10.0), Placement(netlist), row_of_edges({0.4, 0.4, 0.4}), {});
  CHECK(channels[netlist.hard_macros()[0].index()] == Halo());
}

}  // namespace
