#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tessera::placer {

/// A smooth mean of the `count` largest of some values, from above:
///     min over t of  t + 1/count * sum of s(v - t),   s(z) = max(z, 0) rounded off on |z| < width,
/// the "conditional value at risk" (R. T. Rockafellar and S. Uryasev, "Optimization of conditional
/// value-at-risk", Journal of Risk 2(3), 2000) with s(z) = (z + width)^2 / (4 width) there. As
/// width goes to 0 it becomes the exact mean.
class SoftTopMean {
 public:
  /// Returns the mean; `weights()` are then its derivatives, which sum to 1. `count` >= 1 need not
  /// be whole, `width` > 0. The threshold t of the last call is where the search for the next
  /// starts; it does not change the result beyond rounding.
  double evaluate(std::span<const double> values, double count, double width);

  std::span<const double> weights() const { return weights_; }
  double threshold() const { return threshold_; }
  /// Forgets the threshold, so that the next result depends on the next values alone.
  void reset() { threshold_ = 0.0; }

 private:
  void find_threshold(std::span<const double> values, double count, double width);

  double threshold_ = 0.0;
  std::vector<double> weights_;
};

}  // namespace tessera::placer
