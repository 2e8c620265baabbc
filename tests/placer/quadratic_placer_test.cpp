#include "placer/quadratic_placer.h"

#include <cstddef>
#include <vector>

#include "tests/placer/random_block.h"
#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "placer/point_nets.h"

namespace {

using tessera::cost::OutsidePins;
using tessera::netlist_io::Canvas;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Placement;
using tessera::placer::MoverKinds;
using tessera::placer::place_quadratically;
using tessera::placer::PointNets;
using tessera::placer::QuadraticPlacerOptions;
using tessera::testing::BlockBuilder;
using tessera::testing::make_canvas;

PointNets point_nets(const Netlist& netlist,
                     const Canvas& canvas,
                     MoverKinds kinds = MoverKinds::kSoft) {
  PointNets nets;
  nets.build(netlist, canvas, Placement(netlist), OutsidePins::kClamp, kinds);
  return nets;
}

/// Sum over nets of weight times half-perimeter, cells.
double wirelength(const PointNets& nets,
                  const std::vector<double>& x,
                  const std::vector<double>& y) {
  double total = 0.0;
  nets.for_each_net([&](std::span<const std::uint32_t> members, std::size_t net) {
    double x0 = 1e9, x1 = -1e9, y0 = 1e9, y1 = -1e9;
    for (const std::uint32_t point : members) {
      double px = 0.0, py = 0.0;
      if (point < x.size()) {
        px = x[point];
        py = y[point];
      } else if (point < nets.first_fixed_point()) {
        const PointNets::Attached& attached = nets.attached[point - x.size()];
        px = x[attached.mover] + static_cast<double>(attached.dx);
        py = y[attached.mover] + static_cast<double>(attached.dy);
      } else {
        px = static_cast<double>(nets.fixed_x[point - nets.first_fixed_point()]);
        py = static_cast<double>(nets.fixed_y[point - nets.first_fixed_point()]);
      }
      x0 = std::min(x0, px), x1 = std::max(x1, px), y0 = std::min(y0, py), y1 = std::max(y1, py);
    }
    total += static_cast<double>(nets.wire_weight[net]) * (x1 - x0 + y1 - y0);
  });
  return total;
}

}  // namespace

TEST_CASE("a chain of clusters spaces itself between its ports") {
  //  left -- a -- b -- right
  BlockBuilder block;
  const NodeId left = block.port("left", 0.0, 5.0);
  const NodeId right = block.port("right", 9.0, 5.0);
  const NodeId a = block.soft("a", 1.0, 1.0);
  const NodeId b = block.soft("b", 1.0, 1.0);
  block.connect(left, {a});
  block.connect(a, {b});
  block.connect(b, {right});
  const Netlist netlist = block.build();
  const Canvas canvas = make_canvas(10.0, 10.0, 10, 10);
  const PointNets nets = point_nets(netlist, canvas);
  std::vector<double> x(2, 5.0);
  std::vector<double> y(2, 1.0);
  QuadraticPlacerOptions options;
  options.rounds = 1;
  options.tolerance = 1e-9;
  options.min_distance = 100.0;  // springs of equal strength
  place_quadratically(nets, canvas.grid, options, x, y);
  CHECK(x[0] == doctest::Approx(3.0).epsilon(1e-3));
  CHECK(x[1] == doctest::Approx(6.0).epsilon(1e-3));
  CHECK(y[0] == doctest::Approx(5.0).epsilon(1e-3));
  CHECK(y[1] == doctest::Approx(5.0).epsilon(1e-3));
}

TEST_CASE("clusters without an anchor gather at the centre of the canvas") {
  BlockBuilder block;
  const NodeId a = block.soft("a", 1.0, 1.0);
  const NodeId b = block.soft("b", 1.0, 1.0);
  block.soft("alone", 1.0, 1.0);
  block.connect(a, {b});
  const Netlist netlist = block.build();
  const Canvas canvas = make_canvas(10.0, 20.0, 5, 4);
  const PointNets nets = point_nets(netlist, canvas);
  std::vector<double> x(3, 1.0);
  std::vector<double> y(3, 1.0);
  place_quadratically(nets, canvas.grid, {}, x, y);
  for (std::size_t i = 0; i < x.size(); ++i) {
    CHECK(x[i] == doctest::Approx(2.5).epsilon(0.01));
    CHECK(y[i] == doctest::Approx(2.0).epsilon(0.01));
  }
}

TEST_CASE("rounds bring the quadratic solution closer to the shortest wires") {
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    const auto block = tessera::testing::random_block(seed);
    PointNets nets;
    nets.build(block.netlist,
               block.canvas,
               block.placement,
               OutsidePins::kClamp,
               seed % 2 == 0 ? MoverKinds::kSoft : MoverKinds::kSoftAndHard);
    std::vector<double> x(nets.movers.size(), 4.0);
    std::vector<double> y(nets.movers.size(), 3.5);
    const double before = wirelength(nets, x, y);
    QuadraticPlacerOptions options;
    options.rounds = 1;
    place_quadratically(nets, block.canvas.grid, options, x, y);
    const double once = wirelength(nets, x, y);
    options.rounds = 8;
    place_quadratically(nets, block.canvas.grid, options, x, y);
    const double often = wirelength(nets, x, y);
    CHECK(often < once);
    CHECK(often < before);
  }
}

TEST_CASE("anchors draw movers away from where the nets want them") {
  // port(0) -- a, anchor of a at 8; springs of weight / distance: both pull with their weight.
  BlockBuilder block;
  const NodeId port = block.port("port", 0.0, 5.0);
  const NodeId a = block.soft("a", 1.0, 1.0);
  block.connect(port, {a});
  const Netlist netlist = block.build();
  const Canvas canvas = make_canvas(10.0, 10.0, 10, 10);
  const PointNets nets = point_nets(netlist, canvas);
  const std::vector<double> anchor_x = {8.0};
  const std::vector<double> anchor_y = {5.0};
  QuadraticPlacerOptions options;
  options.rounds = 1;
  options.tolerance = 1e-9;
  options.min_distance = 100.0;  // springs of equal strength for equal weight
  for (const double weight : {0.0, 1.0, 3.0}) {
    CAPTURE(weight);
    std::vector<double> x = {5.0};
    std::vector<double> y = {5.0};
    const tessera::placer::QuadraticAnchors anchors = {anchor_x, anchor_y, weight};
    place_quadratically(nets, canvas.grid, options, x, y, anchors);
    CHECK(x[0] == doctest::Approx(8.0 * weight / (1.0 + weight)).epsilon(1e-3));
  }
}

TEST_CASE("parallel nets are merged and pins close to each other become one point") {
  BlockBuilder block;
  const NodeId port = block.port("p", 0.0, 0.0);
  const NodeId a = block.soft("a", 1.0, 1.0);
  const NodeId b = block.soft("b", 1.0, 1.0);
  block.connect(a, {b}, 2.0);
  block.connect(a, {b}, 0.5);
  block.connect(b, {a});
  block.connect(port, {a, a, port});
  block.connect(a, {a});
  const PointNets nets = point_nets(block.build(), make_canvas(10.0, 10.0, 10, 10));
  // a -> b (2.5, as routed 3), b -> a, port -> a; a -> a is no net.
  CHECK(nets.num_nets == 3);
  float wire = 0.0F;
  float route = 0.0F;
  for (std::size_t net = 0; net < nets.num_nets; ++net) {
    CHECK(nets.degree[net] == 2);
    wire += nets.wire_weight[net];
    route += nets.route_weight[net];
  }
  CHECK(wire == 4.5F);
  CHECK(route == 5.0F);
  CHECK(nets.legs.size() == 3);
  CHECK(nets.num_points() == 3);
}

TEST_CASE("quadratic options outside their range are refused") {
  QuadraticPlacerOptions options;
  options.rounds = 0;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("rounds"), OptionError);
  options = {};
  options.tolerance = 0.0;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("tolerance"), OptionError);
}
