#pragma once

#include <span>
#include <vector>

#include <torch/torch.h>

#include "gnn/observation_encoder.h"
#include "gnn/state_batch.h"

namespace tessera::gnn {

/// What has to be seen at the time of a state, because it is dear to draw again.
struct Observation {
  /// [C, rows, cols] of `placer::CanvasObserver`; in half precision, because training keeps all
  /// states of an iteration.
  std::vector<at::Half> canvas;
  StepMetadata step{};
};

/// Looks at an unfinished episode. `scratch` serves any calls of one thread.
Observation observe(placer::CanvasObserver& observer,
                    const placer::MacroEnv& env,
                    std::vector<float>& scratch);

/// A state to encode.
struct StateView {
  const ObservationEncoder* encoder = nullptr;
  std::span<const placer::CellIndex> actions;  ///< taken so far; the episode is not finished
  const Observation* observation = nullptr;    ///< null: the batch has no canvas
};

/// States as tensors on the CPU; all observed or none.
StateBatch encode(std::span<const StateView> states);

}  // namespace tessera::gnn
