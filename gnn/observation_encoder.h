#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <torch/torch.h>

#include "gnn/edge_messages.h"
#include "gnn/state_batch.h"
#include "placer/canvas_observer.h"
#include "placer/cell_mask.h"
#include "placer/macro_env.h"
#include "placer/macro_problem.h"

namespace tessera::gnn {

/// What has to be seen at the time of a state, because it is dear to draw again.
struct Observation {
  /// [C, rows, cols] of `placer::CanvasObserver`; in half precision, because training keeps all
  /// states of an iteration.
  std::vector<at::Half> canvas;
  std::array<float, kStepMetadata> step{};
};

/// Looks at an unfinished episode. `scratch` serves any calls of one thread.
Observation observe(placer::CanvasObserver& observer,
                    const placer::MacroEnv& env,
                    std::vector<float>& scratch);

/// The parts of the tensors of a block's states that are always the same. A state is the list of
/// cells taken so far and what was observed; everything else follows from the problem.
///
/// Differences from Circuit Training's features: clusters have their real size (there: 0), the
/// vertical macro routes use the vertical constant (there: the horizontal one), edge weights are
/// log(1 + w / mean w) (there: w / mean w, beyond 100 for hubs), counts are not divided by limits
/// of padded arrays but log-scaled.
class ObservationEncoder {
 public:
  /// `problem` must outlive the encoder.
  explicit ObservationEncoder(const placer::MacroProblem& problem);

  const placer::MacroProblem& problem() const { return problem_; }
  const std::shared_ptr<const EdgeList>& edges() const { return edges_; }
  std::int64_t num_vertices() const { return static_cast<std::int64_t>(edges_->num_vertices()); }

  /// Writes the features of the vertices, [V, F], and their cells, col + row * `stride`, [V], after
  /// these actions.
  void write_nodes(std::span<const placer::CellIndex> actions,
                   int stride,
                   float* nodes,
                   std::int64_t* cells) const;
  /// Writes the metadata, [M], zeros for what was not observed.
  void write_metadata(const Observation* observation, float* metadata) const;

 private:
  void fill_macro(std::size_t vertex, netlist_io::NodeId node);
  void fill_port_cluster(std::size_t vertex, placer::MacroGraph::PortCluster cluster);
  void fill_weights();

  const placer::MacroProblem& problem_;
  double scale_ = 1.0;        ///< canvas width + height, microns
  std::vector<float> start_;  ///< [V, F] features of the start of an episode
  std::vector<float> metadata_;
  std::shared_ptr<const EdgeList> edges_;
};

/// A state to encode.
struct StateView {
  const ObservationEncoder* encoder = nullptr;
  std::span<const placer::CellIndex> actions;  ///< taken so far; the episode is not finished
  const Observation* observation = nullptr;    ///< null: the batch has no canvas
};

/// States as tensors on the CPU; all observed or none.
StateBatch encode(std::span<const StateView> states);

}  // namespace tessera::gnn
