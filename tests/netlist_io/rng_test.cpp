#include "netlist_io/rng.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <vector>

#include <doctest/doctest.h>

namespace tessera::netlist_io {

TEST_CASE("equal seeds give equal numbers, other seeds others") {
  Rng a(42);
  Rng b(42);
  Rng c(43);
  bool differs = false;
  for (int i = 0; i < 100; ++i) {
    const std::uint64_t value = a.next();
    CHECK(value == b.next());
    differs = differs || value != c.next();
  }
  CHECK(differs);
}

TEST_CASE("streams differ by seed, purpose and index") {
  const std::array<std::uint64_t, 4> first = {Rng::derive(1, "moves").next(),
                                              Rng::derive(2, "moves").next(),
                                              Rng::derive(1, "order").next(),
                                              Rng::derive(1, "moves", 1).next()};
  for (std::size_t i = 0; i < first.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      CHECK(first[i] != first[j]);
    }
  }
  CHECK(Rng::derive(1, "moves").next() == first[0]);
}

TEST_CASE("a stream goes on where its saved state was taken") {
  Rng a(7);
  a.next();
  Rng b(0);
  b.set_state(a.state());
  CHECK(a.next() == b.next());
}

TEST_CASE("numbers stay in their range and fill it evenly") {
  Rng rng(3);
  constexpr int kDraws = 100000;
  std::array<int, 7> counts = {};
  double sum = 0.0;
  double normal_sum = 0.0;
  double normal_squares = 0.0;
  for (int i = 0; i < kDraws; ++i) {
    const double u = rng.uniform(-1.0, 3.0);
    REQUIRE(u >= -1.0);
    REQUIRE(u < 3.0);
    sum += u;
    const std::uint64_t k = rng.below(counts.size());
    REQUIRE(k < counts.size());
    ++counts[k];
    const double z = rng.normal();
    normal_sum += z;
    normal_squares += z * z;
  }
  // Standard errors: 1.15 / sqrt(n) = 0.0037, sqrt(n p q) = 111, 1 / sqrt(n) = 0.0032, 0.0045.
  CHECK(std::abs(sum / kDraws - 1.0) < 0.02);
  for (const int count : counts) {
    CHECK(std::abs(count - kDraws / 7) < 600);
  }
  CHECK(std::abs(normal_sum / kDraws) < 0.02);
  CHECK(std::abs(normal_squares / kDraws - 1.0) < 0.03);
}

TEST_CASE("shuffle permutes, the same way for the same seed") {
  std::vector<int> items(100);
  std::iota(items.begin(), items.end(), 0);
  const std::vector<int> ordered = items;
  std::vector<int> again = items;
  Rng a(9);
  Rng b(9);
  a.shuffle(items);
  b.shuffle(again);
  CHECK(items == again);
  CHECK(items != ordered);
  std::sort(items.begin(), items.end());
  CHECK(items == ordered);
}

}  // namespace tessera::netlist_io
