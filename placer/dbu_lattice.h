#pragma once

#include <cmath>
#include <cstdint>

namespace tessera::placer {

/// Converts between microns and whole database units.
///
/// A length that misses a whole number by less than `kSlack` counts as that number: so much may
/// have been lost in floating point. Results are limited to +-`kLimit`, so that sums of three fit
/// into 32 bits.
class DbuLattice {
 public:
  static constexpr std::int32_t kLimit = 1 << 29;
  static constexpr double kSlack = 1e-6;  ///< database units

  /// `dbu_um`: length of a database unit, microns, > 0.
  explicit DbuLattice(double dbu_um) : per_um_(1.0 / dbu_um) {
    // 1 / 0.001 is 1000 but for rounding; dividing by a whole number gives the nearest decimals.
    const double whole = std::round(per_um_);
    if (std::abs(per_um_ - whole) < 1e-9 * per_um_) {
      per_um_ = whole;
    }
  }

  std::int32_t nearest(double um) const { return floor_of(um * per_um_ + 0.5); }
  std::int32_t down(double um) const { return floor_of(um * per_um_ + kSlack); }
  std::int32_t up(double um) const { return -floor_of(kSlack - um * per_um_); }
  double um(std::int32_t dbu) const { return static_cast<double>(dbu) / per_um_; }

 private:
  static std::int32_t floor_of(double dbu) {
    constexpr double kEnd = kLimit;
    // Truncation of a positive number: no call of std::floor in inner loops.
    const double low = dbu > -kEnd ? dbu : -kEnd;
    const double inside = low < kEnd ? low : kEnd;
    return static_cast<std::int32_t>(static_cast<std::int64_t>(inside + kEnd) - kLimit);
  }

  double per_um_;
};

}  // namespace tessera::placer
