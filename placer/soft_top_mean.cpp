#include "placer/soft_top_mean.h"

#include <algorithm>
#include <cmath>

namespace tessera::placer {
namespace {

/// Derivative of the rounded-off max(z, 0).
double slope(double z, double width) {
  return std::clamp((z + width) / (2.0 * width), 0.0, 1.0);
}

double rounded_max(double z, double width) {
  if (z >= width) {
    return z;
  }
  return z <= -width ? 0.0 : (z + width) * (z + width) / (4.0 * width);
}

}  // namespace

/// Newton's method on sum of slopes = count, which is piecewise linear and falls with the
/// threshold; bisection where a step leaves the bracket.
void SoftTopMean::find_threshold(std::span<const double> values, double count, double width) {
  const auto [low_it, high_it] = std::minmax_element(values.begin(), values.end());
  double low = *low_it - width;  // sum of slopes >= count
  double high = *high_it + width;
  double t = std::clamp(threshold_, low, high);
  constexpr int kMaxSteps = 60;
  for (int step = 0; step < kMaxSteps; ++step) {
    double sum = 0.0;
    double inside = 0.0;
    for (const double value : values) {
      const double z = value - t;
      sum += slope(z, width);
      inside += std::abs(z) < width ? 1.0 : 0.0;
    }
    const double excess = sum - count;
    if (std::abs(excess) <= 1e-9 * count) {
      break;
    }
    (excess > 0.0 ? low : high) = t;
    const double next = inside > 0.0 ? t + excess * 2.0 * width / inside : low;
    t = next > low && next < high ? next : 0.5 * (low + high);
  }
  threshold_ = t;
}

double SoftTopMean::evaluate(std::span<const double> values, double count, double width) {
  const auto size = static_cast<double>(values.size());
  if (count >= size) {  // the plain mean
    double sum = 0.0;
    for (const double value : values) {
      sum += value;
    }
    weights_.assign(values.size(), 1.0 / size);
    return sum / size;
  }
  find_threshold(values, count, width);
  weights_.resize(values.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double z = values[i] - threshold_;
    sum += rounded_max(z, width);
    weights_[i] = slope(z, width) / count;
  }
  return threshold_ + sum / count;
}

}  // namespace tessera::placer
