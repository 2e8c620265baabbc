#pragma once

#include <concepts>

namespace tessera::placer {

/// Whether all conditions hold, every one of them evaluated: in inner loops a few comparisons cost
/// less than a branch.
template <std::same_as<bool>... Condition>
constexpr bool all_hold(Condition... conditions) {
  return (static_cast<unsigned>(conditions) & ...) != 0U;
}

}  // namespace tessera::placer
