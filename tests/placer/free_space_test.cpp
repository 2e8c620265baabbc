#include "placer/free_space.h"

#include <cstdint>
#include <cstdlib>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

#include "netlist_io/rng.h"

namespace tessera::placer {
namespace {

using netlist_io::Rng;

std::int32_t whole(Rng& rng, std::uint64_t bound) {
  return static_cast<std::int32_t>(rng.below(bound));
}

/// Boxes and obstacles of a few units on 24 x 20 units.
BoxProblem random_problem(Rng& rng) {
  BoxProblem problem;
  for (std::uint64_t i = 2 + rng.below(12); i > 0; --i) {
    MovableBox box;
    box.size = {1 + whole(rng, 8), 1 + whole(rng, 8)};
    box.max_lo = {24 - box.size[0], 20 - box.size[1]};
    box.want = {whole(rng, 1 + static_cast<std::uint64_t>(box.max_lo[0])),
                whole(rng, 1 + static_cast<std::uint64_t>(box.max_lo[1]))};
    problem.boxes.push_back(box);
  }
  for (std::uint64_t i = rng.below(3); i > 0; --i) {
    const LatticePoint lo = {whole(rng, 24), whole(rng, 20)};
    problem.obstacles.push_back({lo, {lo[0] + 1 + whole(rng, 6), lo[1] + 1 + whole(rng, 6)}});
  }
  return problem;
}

/// Least cost over all corners; infinite if there is none.
double least_cost(const MovableBox& box,
                  const std::vector<LatticeBox>& others,
                  const std::array<double, 2>& rate) {
  double least = std::numeric_limits<double>::infinity();
  for (std::int32_t x = 0; x <= box.max_lo[0]; ++x) {
    for (std::int32_t y = 0; y <= box.max_lo[1]; ++y) {
      bool free = true;
      for (const LatticeBox& other : others) {
        free = free && !box.at({x, y}).overlaps(other);
      }
      if (free) {
        least = std::min(least,
                         rate[0] * std::abs(x - box.want[0]) + rate[1] * std::abs(y - box.want[1]));
      }
    }
  }
  return least;
}

}  // namespace

TEST_CASE("the nearest free place is the nearest of all") {
  std::size_t num_full = 0;
  for (std::uint64_t seed = 1; seed <= 400; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const BoxProblem problem = random_problem(rng);
    FreeSpace space(problem);
    std::vector<LatticeBox> others = problem.obstacles;
    const std::array<double, 2> rate = {rng.below(2) == 0 ? 1.0 : 100.0, 1.0};
    for (std::size_t i = 0; i < problem.boxes.size(); ++i) {
      const MovableBox& box = problem.boxes[i];
      const double least = least_cost(box, others, rate);
      const auto corner = space.nearest(i, box.want, rate);
      REQUIRE(corner.has_value() == (least < std::numeric_limits<double>::infinity()));
      if (!corner) {
        ++num_full;
        continue;
      }
      const double cost = rate[0] * std::abs((*corner)[0] - box.want[0]) +
                          rate[1] * std::abs((*corner)[1] - box.want[1]);
      CHECK(cost == least);
      CHECK_FALSE(space.nearest(i, box.want, rate, least).has_value());  // none is nearer
      space.put(i, *corner);
      others.push_back(box.at(*corner));
    }
    space.take(0);
    CHECK(space.nearest(0, problem.boxes[0].want, rate).has_value() ==
          (least_cost(
               problem.boxes[0],
               [&] {
                 std::vector<LatticeBox> rest = problem.obstacles;
                 rest.insert(
                     rest.end(),
                     others.begin() + static_cast<std::ptrdiff_t>(problem.obstacles.size() + 1),
                     others.end());
                 return rest;
               }(),
               rate) < std::numeric_limits<double>::infinity()));
  }
  CHECK(num_full > 50);
}

TEST_CASE("a box that found no place goes first the next time") {
  // Width 10: the small boxes want the middle; the large one, last, then fits only if it goes
  // first.
  BoxProblem problem;
  for (int i = 0; i < 2; ++i) {
    problem.boxes.push_back({{2, 1}, {0, 0}, {8, 0}, {4, 0}});
  }
  problem.boxes.push_back({{6, 1}, {0, 0}, {4, 0}, {0, 0}});
  std::vector<std::size_t> order = {0, 1, 2};
  CHECK_FALSE(place_in_order(problem, order, PlacingRule{}, 0).has_value());
  order = {0, 1, 2};
  const auto corners = place_in_order(problem, order, PlacingRule{}, 1);
  REQUIRE(corners.has_value());
  CHECK((*corners)[2] == LatticePoint{0, 0});
  CHECK(order == std::vector<std::size_t>{2, 0, 1});
}

}  // namespace tessera::placer
