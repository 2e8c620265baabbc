#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tessera::cost {

/// Exact sum of the k largest of an array of integers that changes a little between calls.
///
/// Remembers a threshold that separates the k largest. One branch-free pass counts and sums what
/// lies above it; as long as it still separates them, that is all. Otherwise a second
/// pass collects the values close to it on the side where the new one lies, in a window that widens
/// until it holds enough of them. The result depends on the values only, not on earlier calls.
class TopSum {
 public:
  /// `count`: k, >= 1.
  explicit TopSum(std::size_t count) : count_(count) {}

  /// `values`: at least k of them, none negative. The sum of the k largest must fit 63 bits.
  std::int64_t operator()(std::span<const std::int64_t> values);

  /// A value of which the last array had at most k above and at least k above or equal. As long as
  /// only values below it change, to at most it, the sum stays.
  std::int64_t threshold() const { return threshold_; }

 private:
  std::int64_t lower_threshold(std::span<const std::int64_t> values, std::size_t missing);
  std::uint64_t raise_threshold(std::span<const std::int64_t> values, std::size_t excess);
  std::span<std::int64_t> collect(std::span<const std::int64_t> values,
                                  std::int64_t low,
                                  std::int64_t high,
                                  std::size_t needed);

  std::size_t count_;
  std::int64_t threshold_ = 0;
  std::int64_t window_ = std::int64_t{1} << 20;
  std::vector<std::int64_t> nearest_;  ///< scratch
};

}  // namespace tessera::cost
