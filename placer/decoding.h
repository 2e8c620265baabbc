#pragma once

#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "netlist_io/rng.h"
#include "placer/cell_mask.h"
#include "placer/macro_env.h"

namespace tessera::placer {

/// Scores that are not numbers, such as those of a network whose training diverged.
class ScoreError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// How scores become actions.
enum class Decoding : std::uint8_t {
  kGreedy,  ///< the best-scored cell; ties go to the lowest index
  kSample,  ///< a cell drawn with its probability
};

/// The action taken in one step.
struct Decision {
  CellIndex action = 0;
  float log_prob = 0.0F;  ///< of the action among the cells of the mask at the time it was accepted
  StepResult result;
  std::vector<std::uint64_t> mask;  ///< words of that mask
};

/// Chooses an action by softmax over the cells in the mask, all others having probability zero, and
/// takes it; chooses again while the environment refuses.
/// `logits`: [A] scores of the cells. Throws `ScoreError` if they are no numbers.
Decision decide(MacroEnv& env,
                std::span<const float> logits,
                Decoding decoding,
                netlist_io::Rng& rng);

/// Takes `action`, which must be in the mask; if the environment refuses it, samples another.
Decision decide_for(MacroEnv& env,
                    CellIndex action,
                    std::span<const float> logits,
                    netlist_io::Rng& rng);

}  // namespace tessera::placer
