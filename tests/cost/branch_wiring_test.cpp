#include "cost/branch_wiring.h"

#include <vector>

#include "tests/cost/circuit_builder.h"
#include <doctest/doctest.h>

namespace tessera::cost {
namespace {

using netlist_io::GridShape;
using testing::from_top;

constexpr GridShape kGrid = {5, 4};

/// Capacity 10 everywhere and no demand.
struct Scene {
  EdgeMaps demand = {std::vector<double>(16, 0.0), std::vector<double>(15, 0.0)};
  EdgeMaps capacity = {std::vector<double>(16, 10.0), std::vector<double>(15, 10.0)};

  /// Demand of the branch alone.
  EdgeMaps drawn(const Branch& branch) const {
    HalfWires wires(kGrid);
    draw_cheapest(branch, Prices(kGrid, demand, capacity), kGrid, wires);
    EdgeMaps result = Scene().demand;
    wires.average_into(result, 1.0);
    return result;
  }
};

}  // namespace

TEST_CASE("an edge costs its length, and more if one more wire fills it nearly") {
  Scene scene;
  scene.demand.horizontal = from_top({{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {8, 9, 11, 0}});
  const Prices prices(kGrid, scene.demand, scene.capacity);
  const auto row_price = [&](int col_a, int col_b) {
    return prices.through_col({{col_a, 0}, {col_b, 0}}, col_b);
  };
  CHECK(row_price(0, 1) == doctest::Approx(1.0));  // 9 / 10 with the wire
  CHECK(row_price(1, 2) == doctest::Approx(2.0));  // 10 / 10: 1 + 10 x 0.1
  CHECK(row_price(3, 2) == doctest::Approx(4.0));  // 12 / 10: 1 + 10 x 0.3
  CHECK(row_price(4, 0) == doctest::Approx(8.0));
  // Through row 1 and back: two columns of one edge and four free edges.
  CHECK(prices.through_row({{0, 0}, {4, 0}}, 1) == doctest::Approx(6.0));
  CHECK(prices.through_col({{0, 0}, {4, 3}}, 0) == doctest::Approx(7.0));
}

TEST_CASE("a branch in free space is two Ls") {
  const EdgeMaps drawn = Scene().drawn({{3, 0}, {1, 2}});
  CHECK(drawn.horizontal ==
        from_top({{0, 0, 0, 0}, {0, 0.5, 0.5, 0}, {0, 0, 0, 0}, {0, 0.5, 0.5, 0}}));
  CHECK(drawn.vertical == from_top({{0, 0, 0, 0, 0}, {0, 0.5, 0, 0.5, 0}, {0, 0.5, 0, 0.5, 0}}));
}

TEST_CASE("a branch takes the cheaper one of its Ls") {
  Scene scene;
  scene.demand.horizontal = from_top({{0, 0, 0, 0}, {0, 0, 0, 0}, {0, 0, 0, 0}, {0, 12, 0, 0}});
  const EdgeMaps drawn = scene.drawn({{0, 0}, {4, 2}});
  // Column 0 comes first of the free ones: up, then along row 2.
  CHECK(drawn.horizontal == from_top({{0, 0, 0, 0}, {1, 1, 1, 1}, {0, 0, 0, 0}, {0, 0, 0, 0}}));
  CHECK(drawn.vertical == from_top({{0, 0, 0, 0, 0}, {1, 0, 0, 0, 0}, {1, 0, 0, 0, 0}}));
}

TEST_CASE("a branch takes the cheapest path of two bends, be its middle a column or a row") {
  Scene scene;
  // Row 0 is dear on the left, row 2 on the left and, less so, in the rest.
  scene.demand.horizontal =
      from_top({{0, 0, 0, 0}, {14, 14, 10, 10}, {0, 0, 0, 0}, {0, 0, 13, 13}});
  const EdgeMaps row = scene.drawn({{0, 0}, {4, 2}});
  CHECK(row.horizontal == from_top({{0, 0, 0, 0}, {0, 0, 0, 0}, {1, 1, 1, 1}, {0, 0, 0, 0}}));
  CHECK(row.vertical == from_top({{0, 0, 0, 0, 0}, {0, 0, 0, 0, 1}, {1, 0, 0, 0, 0}}));

  scene.demand.horizontal =
      from_top({{0, 0, 0, 0}, {14, 14, 0, 0}, {30, 30, 30, 30}, {0, 0, 13, 13}});
  const EdgeMaps col = scene.drawn({{0, 0}, {4, 2}});
  CHECK(col.horizontal == from_top({{0, 0, 0, 0}, {0, 0, 1, 1}, {0, 0, 0, 0}, {1, 1, 0, 0}}));
  CHECK(col.vertical == from_top({{0, 0, 0, 0, 0}, {0, 0, 1, 0, 0}, {0, 0, 1, 0, 0}}));
}

TEST_CASE("a branch in dear surroundings stays two Ls if nothing is cheaper") {
  Scene scene;
  scene.capacity.horizontal.assign(16, 1.0);
  scene.capacity.vertical.assign(15, 1.0);
  const EdgeMaps drawn = scene.drawn({{0, 0}, {1, 1}});
  CHECK(drawn.horizontal[0] == 0.5);
  CHECK(drawn.vertical[0] == 0.5);
}

TEST_CASE("averaging moves the demand towards the wires by a share of the difference") {
  HalfWires wires(kGrid);
  wires.draw_through_col({{0, 0}, {1, 0}}, 0);
  HalfWires more(kGrid);
  more.draw_through_row({{0, 0}, {1, 0}}, 0);
  wires.add(more);
  EdgeMaps demand = Scene().demand;
  demand.horizontal[0] = 6.0;
  demand.vertical[3] = 4.0;
  wires.average_into(demand, 0.25);
  CHECK(demand.horizontal[0] == 5.0);  // 6 + (2 - 6) / 4
  CHECK(demand.vertical[3] == 3.0);
}

}  // namespace tessera::cost
