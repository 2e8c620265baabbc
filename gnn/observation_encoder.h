#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "gnn/edge_list.h"
#include "gnn/features.h"
#include "placer/canvas_observer.h"
#include "placer/cell_mask.h"
#include "placer/macro_env.h"
#include "placer/macro_problem.h"

// No header of LibTorch here.

namespace tessera::gnn {

/// The metadata of a state that is not the same for all states of a block.
using StepMetadata = std::array<float, kStepMetadata>;

/// Draws the canvas of an unfinished episode, [C, rows, cols] of `placer::CanvasObserver`.
StepMetadata observe_state(placer::CanvasObserver& observer,
                           const placer::MacroEnv& env,
                           std::span<float> canvas);

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
  /// Left and right change sides in what `write_nodes` wrote, with the columns of the grid as
  /// stride.
  void flip_x(std::span<float> nodes, std::span<std::int64_t> cells) const;
  /// Top and bottom, likewise.
  void flip_y(std::span<float> nodes, std::span<std::int64_t> cells) const;
  /// Writes the metadata, [M]. `step`: what was observed, zeros if null.
  void write_metadata(const StepMetadata* step, float* metadata) const;

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

}  // namespace tessera::gnn
