#include "placer/grid_clearance.h"

#include <array>
#include <cmath>
#include <cstddef>
#include <initializer_list>

#include "tests/placer/search_block.h"
#include <doctest/doctest.h>

#include "netlist_io/rng.h"
#include "placer/annealing.h"
#include "placer/search_problem.h"
#include "placer/search_state.h"

namespace tessera::placer {
namespace {

using netlist_io::NodeId;
using netlist_io::Rng;

constexpr double kCell = 8.0;
constexpr int kCells = 10;

/// Distance to the nearest line between cells, cells; the canvas' own edges are none.
double distance_to_line(double position, double cell, int count) {
  const double line = std::round(position / cell);
  return line <= 0.0 || line >= count ? 0.5 : std::abs(position / cell - line);
}

}  // namespace

TEST_CASE("points too close to a line are moved to the side they are on") {
  const GridClearance clearance(kCell, kCells);
  CHECK(clearance.shift(20.0) == 0.0);
  CHECK(clearance.shift(24.0 + 0.0013 * kCell) == 0.0);
  CHECK(clearance.shift(24.0 + 0.0005 * kCell) == doctest::Approx(0.0008 * kCell));
  CHECK(clearance.shift(24.0 - 0.0005 * kCell) == doctest::Approx(-0.0008 * kCell));
  CHECK(clearance.shift(24.0) == doctest::Approx(0.0013 * kCell));
  SUBCASE("the edges of the canvas are no lines") {
    CHECK(clearance.shift(0.0) == 0.0);
    CHECK(clearance.shift(0.001) == 0.0);
    CHECK(clearance.shift(kCell * kCells) == 0.0);
  }
}

TEST_CASE("boxes are moved until both edges are clear") {
  const GridClearance clearance(kCell, kCells);
  Rng rng(3);
  for (const double cells : {0.3, 1.0, 1.9964, 2.0, 2.0013, 3.4}) {
    const double size = cells * kCell;
    CAPTURE(cells);
    for (int i = 0; i < 2000; ++i) {
      const double low = (static_cast<double>(1 + rng.below(5)) + rng.uniform(-0.01, 0.01)) * kCell;
      const double centre = clearance.clear_edges(low + 0.5 * size, size);
      REQUIRE(std::abs(centre - low - 0.5 * size) < 0.006 * kCell);
      REQUIRE(distance_to_line(centre - 0.5 * size, kCell, kCells) > 0.00119);
      REQUIRE(distance_to_line(centre + 0.5 * size, kCell, kCells) > 0.00119);
    }
  }
}

TEST_CASE("what a free search has moved is clear of the grid lines") {
  const auto block = testing::search_block();
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  AnnealingChain chain(SearchState(problem, block.placement), Rng(1));
  chain.run(50'000, 1e-4, 1e-6);
  const cost::IncrementalCost& cost = chain.state().cost();
  const std::array<double, 2> cell = {block.canvas.cell_width(), block.canvas.cell_height()};
  const std::array<int, 2> count = {block.canvas.grid.cols, block.canvas.grid.rows};
  std::size_t hard_moved = 0;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    CAPTURE(axis);
    for (const NodeId node : problem.movable_soft()) {
      const double centre = axis == 0 ? cost.x(node) : cost.y(node);
      CHECK(distance_to_line(centre, cell[axis], count[axis]) > 0.001);
    }
    for (const NodeId node : problem.movable_hard()) {
      const std::size_t i = node.index();
      const double centre = axis == 0 ? cost.x(node) : cost.y(node);
      const double start = axis == 0 ? block.placement.x[i] : block.placement.y[i];
      const double half =
          0.5 * (axis == 0 ? block.netlist.width(node) : block.netlist.height(node));
      if (std::abs(centre - start) > 0.01) {
        ++hard_moved;
        CHECK(distance_to_line(centre - half, cell[axis], count[axis]) > 0.001);
        CHECK(distance_to_line(centre + half, cell[axis], count[axis]) > 0.001);
      }
    }
  }
  CHECK(hard_moved > 10);
}

}  // namespace tessera::placer
