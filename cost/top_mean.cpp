#include "cost/top_mean.h"

#include <algorithm>
#include <functional>
#include <numeric>

namespace tessera::cost {

double top_mean(std::span<double> values, std::size_t count) {
  const auto end = values.begin() + static_cast<std::ptrdiff_t>(count);
  std::nth_element(values.begin(), end - 1, values.end(), std::greater<>());
  return std::accumulate(values.begin(), end, 0.0) / static_cast<double>(count);
}

}  // namespace tessera::cost
