#include "placer/smooth_wirelength.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "cost/target_clones.h"

namespace tessera::placer {
namespace {

constexpr std::size_t kLanes = PointNets::kLanes;

/// One value of each net of a group. Each lane computes on its own, so that results do not depend
/// on the instruction set.
using Lanes = float __attribute__((vector_size(kLanes * sizeof(float))));
using LaneIndices = std::int32_t __attribute__((vector_size(kLanes * sizeof(std::int32_t))));

/// Replaces x <= 0 by e^x to about 2e-7 relative; below -80 by about 1e-35.
[[gnu::always_inline]] inline void exponentiate(Lanes& x) {
  constexpr float kLog2E = 1.44269504F;
  constexpr float kRound = 12582912.0F;  // 1.5 * 2^23: adding it leaves no room for fractions
  const Lanes low = Lanes{} - 80.0F;
  const Lanes exponent = (x > low ? x : low) * kLog2E;
  const Lanes whole = (exponent + kRound) - kRound;
  const Lanes f = exponent - whole;  // -0.5 .. 0.5
  // 2^f: Taylor polynomial of degree 6.
  Lanes power = 1.5403530e-4F * f + 1.3333558e-3F;
  power = power * f + 9.6181291e-3F;
  power = power * f + 5.5504109e-2F;
  power = power * f + 2.4022651e-1F;
  power = power * f + 6.9314718e-1F;
  power = power * f + 1.0F;
  const LaneIndices bits = (__builtin_convertvector(whole, LaneIndices) + 127) << 23;
  x = power * __builtin_bit_cast(Lanes, bits);
}

/// A soft maximum of each net along one direction, relative to the true one.
struct SoftExtreme {
  Lanes sum = {};     ///< of the exponentials
  Lanes moment = {};  ///< of exponential times distance to the extreme pin, <= 0

  [[gnu::always_inline]] void add(const Lanes& exponential, const Lanes& distance) {
    sum += exponential;
    moment += exponential * distance;
  }
};

/// What one group needs in memory, per point of a net. Aligned as the widest clone wants it.
struct alignas(sizeof(Lanes)) Entry {
  Lanes position;
  Lanes up;    ///< exponentials towards the upper extreme
  Lanes down;  ///< and towards the lower one
};

[[gnu::always_inline]] inline void gather(const std::uint32_t* points,
                                          const float* position,
                                          Lanes& out) {
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    out[lane] = position[points[lane]];
  }
}

/// Weighted lengths of a group's nets.
struct GroupLengths {
  Lanes smooth;
  Lanes exact;
};

/// Calls `take(k, slope)` with the derivatives by entry k of the nets.
template <typename TakeSlope>
[[gnu::always_inline]] inline void visit_group(const PointNets::Group& group,
                                               const std::uint32_t* points,
                                               const std::uint32_t* degree,
                                               const Lanes& weight,
                                               const float* position,
                                               float inverse_gamma,
                                               Entry* entries,
                                               GroupLengths& lengths,
                                               TakeSlope take) {
  gather(points, position, entries[0].position);
  Lanes high = entries[0].position;
  Lanes low = high;
  for (std::size_t k = 1; k < group.width; ++k) {
    Lanes& x = entries[k].position;
    gather(points + k * kLanes, position, x);
    high = x > high ? x : high;
    low = x < low ? x : low;
  }
  LaneIndices count;
  for (std::size_t lane = 0; lane < kLanes; ++lane) {
    count[lane] = static_cast<std::int32_t>(std::max(degree[lane], 1U));
  }
  SoftExtreme upper;
  SoftExtreme lower;
  for (std::size_t k = 0; k < group.width; ++k) {
    Entry& entry = entries[k];
    const Lanes below = entry.position - high;
    const Lanes above = low - entry.position;
    entry.up = below * inverse_gamma;
    entry.down = above * inverse_gamma;
    exponentiate(entry.up);
    exponentiate(entry.down);
    // Shorter nets repeat their driver; the copies count nothing.
    const LaneIndices real = static_cast<std::int32_t>(k) < count;
    entry.up = real ? entry.up : Lanes{};
    entry.down = real ? entry.down : Lanes{};
    upper.add(entry.up, below);
    lower.add(entry.down, above);
  }
  const Lanes mean_below = upper.moment / upper.sum;
  const Lanes mean_above = lower.moment / lower.sum;
  lengths.smooth = weight * ((high + mean_below) - (low - mean_above));
  lengths.exact = weight * (high - low);
  const Lanes up_scale = weight / upper.sum;
  const Lanes down_scale = weight / lower.sum;
  for (std::size_t k = 0; k < group.width; ++k) {
    const Entry& entry = entries[k];
    const Lanes below = entry.position - high;
    const Lanes above = low - entry.position;
    const Lanes slope = entry.up * up_scale * (1.0F + (below - mean_below) * inverse_gamma) -
                        entry.down * down_scale * (1.0F + (above - mean_above) * inverse_gamma);
    take(k, slope);
  }
}

/// What all groups of a call share.
struct Axis {
  const float* position;
  float inverse_gamma;
  Entry* entries;  ///< working memory for the widest group
};

/// `take(group, k, slope)` gets the derivatives, as `visit_group` has them.
template <typename TakeSlope>
[[gnu::always_inline]] inline SmoothLength visit_groups(
    const PointNets& nets, std::size_t begin, std::size_t end, const Axis& axis, TakeSlope take) {
  SmoothLength total;
  for (std::size_t i = begin; i < end; ++i) {
    Lanes weight;
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      weight[lane] = nets.wire_weight[i * kLanes + lane];
    }
    const PointNets::Group& group = nets.groups[i];
    GroupLengths lengths;
    visit_group(
        group,
        nets.points.data() + group.first,
        nets.degree.data() + i * kLanes,
        weight,
        axis.position,
        axis.inverse_gamma,
        axis.entries,
        lengths,
        [&](std::size_t k, const Lanes& slope)
            __attribute__((always_inline)) { take(group, k, slope); });
    for (std::size_t lane = 0; lane < kLanes; ++lane) {
      total.smooth += static_cast<double>(lengths.smooth[lane]);
      total.exact += static_cast<double>(lengths.exact[lane]);
    }
  }
  return total;
}

TESSERA_TARGET_CLONES("avx2", "default")
void add_all_groups(const PointNets& nets, const Axis& axis, float* gradient, double& total) {
  total = visit_groups(
              nets,
              0,
              nets.groups.size(),
              axis,
              [&](const PointNets::Group& group, std::size_t k, const Lanes& slope)
                  __attribute__((always_inline)) {
                    const std::uint32_t* points = nets.points.data() + group.first + k * kLanes;
                    for (std::size_t lane = 0; lane < kLanes; ++lane) {
                      gradient[points[lane]] += slope[lane];
                    }
                  })
              .smooth;
}

TESSERA_TARGET_CLONES("avx2", "default")
void write_some_groups(const PointNets& nets,
                       std::size_t begin,
                       std::size_t end,
                       const Axis& axis,
                       float* entry_gradient,
                       SmoothLength& total) {
  total = visit_groups(
      nets,
      begin,
      end,
      axis,
      [&](const PointNets::Group& group, std::size_t k, const Lanes& slope)
          __attribute__((always_inline)) {
            float* out = entry_gradient + group.first + k * kLanes;
            for (std::size_t lane = 0; lane < kLanes; ++lane) {
              out[lane] = slope[lane];
            }
          });
}

std::vector<Entry> entries_for(std::span<const PointNets::Group> groups) {
  std::uint32_t width = 0;
  for (const PointNets::Group& group : groups) {
    width = std::max(width, group.width);
  }
  return std::vector<Entry>(width);
}

}  // namespace

double add_smooth_wirelength(const PointNets& nets,
                             std::span<const float> position,
                             float gamma,
                             std::span<float> gradient) {
  std::vector<Entry> entries = entries_for(nets.groups);
  double total = 0.0;
  add_all_groups(nets, {position.data(), 1.0F / gamma, entries.data()}, gradient.data(), total);
  return total;
}

SmoothLength smooth_wirelength_by_entry(const PointNets& nets,
                                        std::size_t begin,
                                        std::size_t end,
                                        std::span<const float> position,
                                        float gamma,
                                        std::span<float> entry_gradient) {
  std::vector<Entry> entries = entries_for(std::span(nets.groups).subspan(begin, end - begin));
  SmoothLength total;
  write_some_groups(nets,
                    begin,
                    end,
                    {position.data(), 1.0F / gamma, entries.data()},
                    entry_gradient.data(),
                    total);
  return total;
}

}  // namespace tessera::placer
