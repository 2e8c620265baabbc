#include "placer/decoding.h"

#include <algorithm>
#include <cmath>
#include <limits>

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

}  // namespace

Decision decide(MacroEnv& env,
                std::span<const float> logits,
                Decoding decoding,
                netlist_io::Rng& rng) {
  while (true) {
    const CellMaskView mask = env.mask();
    const Softmax softmax = softmax_over(mask, logits);
    Decision decision;
    switch (decoding) {
      case Decoding::kGreedy:
        decision.action = softmax.best;
        break;
      case Decoding::kSample:
        decision.action = sample(mask, logits, softmax, rng);
        break;
    }
    decision.log_prob =
        static_cast<float>(logits[decision.action] - softmax.max - std::log(softmax.sum));
    decision.mask.assign(mask.words().begin(), mask.words().end());
    decision.result = env.step(decision.action);
    if (decision.result.status != StepResult::Status::kRefused) {
      return decision;
    }
  }
}

}  // namespace tessera::placer
