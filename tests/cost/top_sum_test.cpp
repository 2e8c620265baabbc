#include "cost/top_sum.h"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

#include "netlist_io/rng.h"

namespace tessera::cost {
namespace {

using netlist_io::Rng;

std::int64_t sorted_top_sum(std::vector<std::int64_t> values, std::size_t count) {
  std::sort(values.begin(), values.end(), std::greater<>());
  return std::accumulate(
      values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count), std::int64_t{0});
}

}  // namespace

TEST_CASE("the sum of the largest follows an array that changes") {
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const std::size_t size = 1 + rng.below(300);
    const std::size_t count = 1 + rng.below(size);
    // Plateaus of equal values are the rule under macros.
    const std::uint64_t num_values = seed % 3 == 0 ? 3 : (std::uint64_t{1} << (1 + rng.below(50)));
    std::vector<std::int64_t> values(size);
    const auto draw = [&] { return static_cast<std::int64_t>(rng.below(num_values)); };
    std::generate(values.begin(), values.end(), draw);
    TopSum top_sum(count);
    for (int round = 0; round < 100; ++round) {
      REQUIRE(top_sum(values) == sorted_top_sum(values, count));
      const std::int64_t threshold = top_sum.threshold();
      const auto above = std::count_if(
          values.begin(), values.end(), [&](std::int64_t value) { return value > threshold; });
      REQUIRE(static_cast<std::size_t>(above) <= count);
      REQUIRE(static_cast<std::size_t>(
                  above + std::count(values.begin(), values.end(), threshold)) >= count);
      const std::uint64_t changes = rng.below(rng.below(8) == 0 ? size : 4);
      for (std::uint64_t i = 0; i < changes; ++i) {
        values[rng.below(size)] = draw();
      }
    }
  }
}

TEST_CASE("only the sum of the largest has to fit, not that of all values") {
  const std::vector<std::int64_t> values(100, std::int64_t{1} << 61);
  TopSum top_sum(3);
  CHECK(top_sum(values) == (std::int64_t{3} << 61));
}

TEST_CASE("the sum of the largest survives jumps of scale") {
  TopSum top_sum(2);
  std::vector<std::int64_t> values = {1, 2, 3, 4};
  CHECK(top_sum(values) == 7);
  values = {std::int64_t{1} << 60, 2, std::int64_t{1} << 59, 4};
  CHECK(top_sum(values) == (std::int64_t{3} << 59));
  values = {0, 0, 0, 1};
  CHECK(top_sum(values) == 1);
  values = {0, 0, 0, 0};
  CHECK(top_sum(values) == 0);
}

}  // namespace tessera::cost
