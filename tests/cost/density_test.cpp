#include "cost/density.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include <doctest/doctest.h>

#include "netlist_io/rng.h"

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;
using netlist_io::Rng;
using testing::CircuitBuilder;
using testing::from_top;
using testing::make_canvas;

std::vector<double> density_of(const Netlist& netlist,
                               const Canvas& canvas,
                               const Placement& placement,
                               SoftMacroShape shape = SoftMacroShape::kAsGiven) {
  std::vector<double> density = {123.0};  // what was there before does not matter
  compute_density(netlist, canvas, placement, shape, density);
  return density;
}

double cost_of(const std::vector<double>& density) {
  std::vector<double> scratch;
  return density_cost(density, scratch);
}

}  // namespace

TEST_CASE("density is the area of macros over each cell") {
  // Cells of 2 x 2. The hard macro covers x 1 .. 4, y 2 .. 4, the soft one x 2 .. 6, y 3 .. 6:
  // their overlap counts twice. The standard cell covers x 7 .. 8, y 0 .. 1; the port nothing.
  CircuitBuilder builder;
  builder.hard("h", 3.0, 2.0, 2.5, 3.0);
  builder.soft("Grp_s", 4.0, 3.0, 4.0, 4.5);
  builder.std_cell("c", 1.0, 1.0, 7.5, 0.5);
  builder.port("p", 1.0, 1.0);
  const Netlist netlist = builder.build();
  const Canvas canvas = make_canvas(8.0, 6.0, 4, 3);
  CHECK(density_of(netlist, canvas, Placement(netlist)) ==
        from_top({{0.0, 1.0, 1.0, 0.0},      // 2 x 2 / 4 each
                  {0.5, 1.5, 0.5, 0.0},      // 1 x 2 / 4; (2 x 2 + 2 x 1) / 4; 2 x 1 / 4
                  {0.0, 0.0, 0.0, 0.25}}));  // 1 x 1 / 4
}

TEST_CASE("area outside the canvas is lost") {
  CircuitBuilder builder;
  builder.hard("corner", 4.0, 4.0, 0.0, 0.0);    // a quarter inside: 2 x 2
  builder.hard("right", 2.0, 2.0, 8.0, 5.0);     // half of it inside: x 7 .. 8
  builder.hard("beyond", 2.0, 2.0, 11.0, 3.0);   // outside
  builder.hard("below", 2.0, 2.0, 4.0, -3.0);    // outside
  builder.hard("touching", 2.0, 2.0, 9.0, 1.0);  // outside, its edge on that of the canvas
  const Netlist netlist = builder.build();
  const Canvas canvas = make_canvas(8.0, 6.0, 4, 3);
  CHECK(density_of(netlist, canvas, Placement(netlist)) ==
        from_top({{0.0, 0.0, 0.0, 0.5}, {0.0, 0.0, 0.0, 0.0}, {1.0, 0.0, 0.0, 0.0}}));
}

TEST_CASE("a macro far away or larger than the canvas keeps every index in range") {
  CircuitBuilder builder;
  builder.hard("far", 2.0, 2.0, 0.0, 0.0);
  builder.hard("huge", 1e9, 1e9, 0.0, 0.0);
  const Netlist netlist = builder.build();
  Placement placement(netlist);
  placement.x[0] = 1e300;
  placement.y[0] = -1e300;
  const std::vector<double> density = density_of(netlist, make_canvas(8.0, 6.0, 4, 3), placement);
  CHECK(density == std::vector<double>(12, 1.0));
}

TEST_CASE("quarter turns do not exchange width and height in the cost") {
  CircuitBuilder builder;
  builder.hard("h", 4.0, 2.0, 4.0, 3.0);
  const Netlist netlist = builder.build();
  Placement placement(netlist);
  const std::vector<double> expected = density_of(netlist, make_canvas(8.0, 6.0, 4, 3), placement);
  placement.orientation[0] = Orientation::kE;
  CHECK(density_of(netlist, make_canvas(8.0, 6.0, 4, 3), placement) == expected);
  const Rect box = cost_box(netlist, placement, NodeId(0), SoftMacroShape::kAsGiven);
  CHECK(box.width() == 4.0);
  CHECK(box.height() == 2.0);
}

TEST_CASE("clusters are squared on demand, hard macros never") {
  CircuitBuilder builder;
  builder.soft("Grp_s", 8.0, 2.0, 10.0, 20.0);
  builder.hard("h", 8.0, 2.0, 10.0, 20.0);
  const Netlist netlist = builder.build();
  const Placement placement(netlist);
  const Rect soft = cost_box(netlist, placement, NodeId(0), SoftMacroShape::kSquare);
  CHECK(soft.x0 == 8.0);  // side sqrt(8 x 2) = 4
  CHECK(soft.x1 == 12.0);
  CHECK(soft.y0 == 18.0);
  CHECK(soft.y1 == 22.0);
  const Rect as_given = cost_box(netlist, placement, NodeId(0), SoftMacroShape::kAsGiven);
  CHECK(as_given.x0 == 6.0);
  CHECK(as_given.y1 == 21.0);
  const Rect hard = cost_box(netlist, placement, NodeId(1), SoftMacroShape::kSquare);
  CHECK(hard.x0 == 6.0);
  CHECK(hard.y1 == 21.0);
}

TEST_CASE("the density cost is half the mean of the densest tenth") {
  std::vector<double> density(29, 0.0);
  CHECK(cost_of(density) == 0.0);
  density[3] = 0.75;
  CHECK(cost_of(density) == 0.1875);  // 29 / 10 = 2 cells: 0.5 x (0.75 + 0) / 2
  density[17] = 0.25;
  density[28] = 0.125;
  CHECK(cost_of(density) == 0.25);  // 0.5 x (0.75 + 0.25) / 2
  density.push_back(0.0);
  CHECK(cost_of(density) == 0.1875);  // 3 cells: 0.5 x (0.75 + 0.25 + 0.125) / 3 = 0.1875
}

TEST_CASE("on fewer than ten cells the density cost is half the mean of the occupied ones") {
  CHECK(cost_of({0.5, 0.0, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}) == 0.1875);  // 0.5 x 0.75 / 2
  CHECK(cost_of({0.0, 0.0, 0.0, 0.0}) == 0.0);
  CHECK(cost_of({2.0}) == 1.0);
  // Ten cells: the densest one.
  CHECK(cost_of({0.5, 0.0, 0.25, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0}) == 0.25);
}

TEST_CASE("the sum of the density is the area inside the canvas over the area of a cell") {
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const Canvas canvas = make_canvas(rng.uniform(1.0, 50.0),
                                      rng.uniform(1.0, 50.0),
                                      static_cast<int>(1 + rng.below(30)),
                                      static_cast<int>(1 + rng.below(30)));
    CircuitBuilder builder;
    double area = 0.0;
    for (int i = 0; i < 10; ++i) {
      const double width = rng.uniform(0.0, 0.6) * canvas.width;
      const double height = rng.uniform(0.0, 0.6) * canvas.height;
      const double x = rng.uniform(-0.3, 1.3) * canvas.width;
      const double y = rng.uniform(-0.3, 1.3) * canvas.height;
      builder.hard("m" + std::to_string(i), width, height, x, y);
      const double inside_x = std::min(x + width / 2, canvas.width) - std::max(x - width / 2, 0.0);
      const double inside_y =
          std::min(y + height / 2, canvas.height) - std::max(y - height / 2, 0.0);
      area += std::max(0.0, inside_x) * std::max(0.0, inside_y);
    }
    const Netlist netlist = builder.build();
    const std::vector<double> density = density_of(netlist, canvas, Placement(netlist));
    const double sum = std::accumulate(density.begin(), density.end(), 0.0);
    CHECK(std::abs(sum * canvas.cell_width() * canvas.cell_height() - area) <= 1e-10 * area);
  }
}

}  // namespace tessera::cost
