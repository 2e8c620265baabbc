#include "cost/top_sum.h"

#include <algorithm>
#include <functional>
#include <limits>
#include <numeric>

#include "cost/target_clones.h"

namespace tessera::cost {
namespace {

struct Above {
  std::int64_t count = 0;  ///< values > threshold
  std::uint64_t sum = 0;   ///< of these, modulo 2^64
  std::int64_t equal = 0;  ///< values == threshold
};

TESSERA_TARGET_CLONES("avx512f", "avx2", "default")
Above count_above(const std::int64_t* values, std::size_t size, std::int64_t threshold) {
  std::int64_t count = 0;
  std::uint64_t sum = 0;  // wraps where a low threshold lets far more than k values through
  std::int64_t equal = 0;
  for (std::size_t i = 0; i < size; ++i) {
    const std::int64_t value = values[i];
    count += value > threshold ? 1 : 0;
    sum += value > threshold ? static_cast<std::uint64_t>(value) : 0;
    equal += value == threshold ? 1 : 0;
  }
  return {count, sum, equal};
}

/// Writes the values in [low, high] to `out` (room for `size` values) and returns how many.
std::size_t collect_between(const std::int64_t* values,
                            std::size_t size,
                            std::int64_t low,
                            std::int64_t high,
                            std::int64_t* out) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < size; ++i) {
    out[count] = values[i];
    count += values[i] >= low && values[i] <= high ? 1U : 0U;
  }
  return count;
}

}  // namespace

std::int64_t TopSum::operator()(std::span<const std::int64_t> values) {
  const Above above = count_above(values.data(), values.size(), threshold_);
  const auto num_above = static_cast<std::size_t>(above.count);
  const auto num_equal = static_cast<std::size_t>(above.equal);
  if (num_above > count_) {
    return static_cast<std::int64_t>(above.sum - raise_threshold(values, num_above - count_));
  }
  if (num_above + num_equal < count_) {
    const std::int64_t equal_sum = above.equal * threshold_;
    return static_cast<std::int64_t>(above.sum) + equal_sum +
           lower_threshold(values, count_ - num_above - num_equal);
  }
  return static_cast<std::int64_t>(above.sum) +
         static_cast<std::int64_t>(count_ - num_above) * threshold_;
}

/// Moves the threshold up to the k-th largest value; returns the sum of the `excess` values between
/// the old threshold and it that are not among the k largest.
std::uint64_t TopSum::raise_threshold(std::span<const std::int64_t> values, std::size_t excess) {
  const std::int64_t low = threshold_ + 1;
  const std::int64_t top = std::numeric_limits<std::int64_t>::max();
  const std::span<std::int64_t> nearest = collect(values, low, top, excess + 1);
  const auto kth = nearest.begin() + static_cast<std::ptrdiff_t>(excess);
  std::nth_element(nearest.begin(), kth, nearest.end());
  threshold_ = *kth;
  return std::accumulate(nearest.begin(), kth, std::uint64_t{0}, [](std::uint64_t sum, auto value) {
    return sum + static_cast<std::uint64_t>(value);
  });
}

/// Moves the threshold down to the k-th largest value; returns the sum of the `missing` largest
/// values below the old one.
std::int64_t TopSum::lower_threshold(std::span<const std::int64_t> values, std::size_t missing) {
  const std::int64_t bottom = std::numeric_limits<std::int64_t>::min();
  const std::span<std::int64_t> nearest = collect(values, bottom, threshold_ - 1, missing);
  const auto kth = nearest.begin() + static_cast<std::ptrdiff_t>(missing) - 1;
  std::nth_element(nearest.begin(), kth, nearest.end(), std::greater<>());
  threshold_ = *kth;
  return std::accumulate(nearest.begin(), kth + 1, std::int64_t{0});
}

/// At least `needed` of the values in [low, high], those nearest to the threshold; one end of the
/// range is next to it.
std::span<std::int64_t> TopSum::collect(std::span<const std::int64_t> values,
                                        std::int64_t low,
                                        std::int64_t high,
                                        std::size_t needed) {
  constexpr std::size_t kMany = 64;
  const bool upwards = low == threshold_ + 1;
  nearest_.resize(values.size());
  for (;;) {
    std::int64_t from = low;
    std::int64_t to = high;
    if (upwards) {
      to = high - low > window_ ? low + window_ : high;
    } else {
      from = high > window_ ? high - window_ : low;
    }
    const std::size_t found =
        collect_between(values.data(), values.size(), from, to, nearest_.data());
    if (found >= needed) {
      if (found > kMany && window_ > 1) {
        window_ /= 2;
      }
      return {nearest_.data(), found};
    }
    window_ = window_ > std::numeric_limits<std::int64_t>::max() / 4
                  ? std::numeric_limits<std::int64_t>::max()
                  : 4 * window_;
  }
}

}  // namespace tessera::cost
