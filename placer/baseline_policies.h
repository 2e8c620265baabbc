#pragma once

#include <span>
#include <vector>

#include "placer/policy.h"

namespace tessera::placer {

// What a learned policy has to beat. Decode them greedily; sampled they make no sense.

/// Packs the macros along a spiral of cells from the lower left corner along the edge inwards.
class SpiralPolicy final : public Policy {
 public:
  void evaluate(std::span<const MacroEnv* const> envs, PolicyOutput& output) const override;
};

/// Puts each macro where the proxy grows least, clusters and later macros counting at their prior
/// positions: after the greedy use of wire masks (Lai et al., NeurIPS 2022) with the whole proxy.
class GreedyDeltaPolicy final : public Policy {
 public:
  void evaluate(std::span<const MacroEnv* const> envs, PolicyOutput& output) const override;
};

}  // namespace tessera::placer
