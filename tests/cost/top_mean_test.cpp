#include "cost/top_mean.h"

#include <vector>

#include <doctest/doctest.h>

namespace tessera::cost {

TEST_CASE("the mean of the largest values counts the right number of them") {
  const auto mean = [](std::vector<double> values, std::size_t count) {
    return top_mean(values, count);
  };
  CHECK(mean({1.0, 5.0, 3.0}, 1) == 5.0);
  CHECK(mean({1.0, 5.0, 3.0}, 2) == 4.0);  // (5 + 3) / 2
  CHECK(mean({1.0, 5.0, 3.0}, 3) == 3.0);  // (1 + 5 + 3) / 3
  CHECK(mean({2.0, 7.0, 7.0, 0.0, 7.0}, 2) == 7.0);
  CHECK(mean({2.0, 7.0, 7.0, 0.0, 7.0}, 4) == 5.75);  // (3 x 7 + 2) / 4
  CHECK(mean({-1.0, -2.0}, 1) == -1.0);
}

}  // namespace tessera::cost
