#pragma once

#include <span>
#include <vector>

#include "placer/macro_env.h"

namespace tessera::placer {

/// What a policy says about a batch of B states of one problem with A grid cells.
struct PolicyOutput {
  std::vector<float> logits;  ///< [B, A] score of each cell, unnormalised; illegal cells included
  std::vector<float> values;  ///< [B] expected return
};

/// Scores the cells for the current macro. The only way in which `placer/` knows a network.
class Policy {
 public:
  Policy() = default;
  Policy(const Policy&) = delete;
  Policy& operator=(const Policy&) = delete;
  virtual ~Policy() = default;

  /// Evaluates unfinished episodes of one problem. Thread-safe. The result for one episode may
  /// depend in its last bits on the number of episodes in the batch, but on nothing else.
  virtual void evaluate(std::span<const MacroEnv* const> envs, PolicyOutput& output) const = 0;

  /// Whether episodes do not depend on each other at all, nor gain by being evaluated together.
  virtual bool independent() const { return false; }
};

/// Likes every cell equally: sampled, a random legal placement.
class UniformPolicy final : public Policy {
 public:
  void evaluate(std::span<const MacroEnv* const> envs, PolicyOutput& output) const override;
};

}  // namespace tessera::placer
