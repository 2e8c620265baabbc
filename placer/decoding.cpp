#include "placer/decoding.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <utility>

namespace tessera::placer {
namespace {

struct Softmax {
  double max = -std::numeric_limits<double>::infinity();
  double sum = 0.0;
  CellIndex best = 0;
};

Softmax softmax_over(const CellMaskView& mask, std::span<const float> logits) {
  Softmax softmax;
  mask.for_each([&](CellIndex cell) {
    if (logits[cell] > softmax.max) {
      softmax.max = logits[cell];
      softmax.best = cell;
    }
  });
  mask.for_each([&](CellIndex cell) { softmax.sum += std::exp(logits[cell] - softmax.max); });
  if (!(softmax.sum > 0.0)) {
    throw ScoreError("the policy's scores of cells are not numbers");
  }
  return softmax;
}

CellIndex sample(const CellMaskView& mask,
                 std::span<const float> logits,
                 const Softmax& softmax,
                 netlist_io::Rng& rng) {
  double left = rng.uniform() * softmax.sum;
  CellIndex chosen = softmax.best;
  bool found = false;
  mask.for_each([&](CellIndex cell) {
    if (found) {
      return;
    }
    left -= std::exp(logits[cell] - softmax.max);
    if (left < 0.0) {
      chosen = cell;
      found = true;
    }
  });
  return chosen;
}

/// Takes the action if the environment lets us.
std::optional<Decision> try_action(MacroEnv& env,
                                   CellIndex action,
                                   std::span<const float> logits,
                                   const Softmax& softmax) {
  Decision decision;
  decision.action = action;
  decision.log_prob = static_cast<float>(logits[action] - softmax.max - std::log(softmax.sum));
  decision.mask.assign(env.mask().words().begin(), env.mask().words().end());
  decision.result = env.step(action);
  if (decision.result.status == StepResult::Status::kRefused) {
    return std::nullopt;
  }
  return decision;
}

}  // namespace

Decision decide(MacroEnv& env,
                std::span<const float> logits,
                Decoding decoding,
                netlist_io::Rng& rng) {
  while (true) {
    const CellMaskView mask = env.mask();
    const Softmax softmax = softmax_over(mask, logits);
    const CellIndex action =
        decoding == Decoding::kGreedy ? softmax.best : sample(mask, logits, softmax, rng);
    std::optional<Decision> decision = try_action(env, action, logits, softmax);
    if (decision) {
      return std::move(*decision);
    }
  }
}

Decision decide_for(MacroEnv& env,
                    CellIndex action,
                    std::span<const float> logits,
                    netlist_io::Rng& rng) {
  std::optional<Decision> decision =
      try_action(env, action, logits, softmax_over(env.mask(), logits));
  return decision ? std::move(*decision) : decide(env, logits, Decoding::kSample, rng);
}

}  // namespace tessera::placer
