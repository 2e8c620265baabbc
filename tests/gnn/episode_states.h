#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <torch/torch.h>

#include "gnn/batch_encoder.h"
#include "gnn/rollout.h"
#include "gnn/state_batch.h"
#include "placer/cell_mask.h"
#include "placer/macro_problem.h"

namespace tessera::testing {

/// The first cells of the masks of an episode's first `count` macros.
std::vector<placer::CellIndex> first_cells(const placer::MacroProblem& problem, std::size_t count);

/// The states of an episode before each of some actions, and what is seen in them. `problem` must
/// outlive them.
class EpisodeStates {
 public:
  EpisodeStates(const placer::MacroProblem& problem, std::vector<placer::CellIndex> actions);

  std::size_t size() const { return actions_.size(); }
  const gnn::ObservationEncoder& encoder() const { return *encoder_; }
  /// With its canvas.
  gnn::StateView seen(std::size_t step) const;
  /// Without.
  gnn::StateView blind(std::size_t step) const;
  std::vector<gnn::StateView> all_seen() const;
  std::vector<gnn::StateView> all_blind() const;

 private:
  std::unique_ptr<const gnn::ObservationEncoder> encoder_;
  std::vector<placer::CellIndex> actions_;
  std::vector<gnn::Observation> observations_;
};

/// One state as a batch of its own.
gnn::StateBatch encode_alone(const gnn::StateView& state);

/// The cells of a state's own grid out of a padded map of a batch: [R * W] or [R, W] in,
/// [rows, cols] out.
torch::Tensor own_cells(const torch::Tensor& map, const gnn::StateBatch& batch, std::size_t state);

/// `count` plain episodes of one block.
std::vector<gnn::EpisodePlan> plain_plans(const gnn::ObservationEncoder& encoder,
                                          std::size_t count);

}  // namespace tessera::testing
