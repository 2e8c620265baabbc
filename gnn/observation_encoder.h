#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include <torch/torch.h>

#include "gnn/edge_messages.h"
#include "placer/cell_mask.h"
#include "placer/macro_problem.h"

namespace tessera::gnn {

// Shapes: B batch, V vertices of the macro graph, F = kNodeFeatures, M = kMetadataFeatures.

/// x, y, width, height, is hard macro, is soft macro, is port cluster, is placed. Lengths are
/// fractions of canvas width + height.
inline constexpr std::int64_t kNodeFeatures = 8;
inline constexpr std::int64_t kMetadataFeatures = 12;

/// A batch of states of one block.
struct GraphBatch {
  torch::Tensor nodes;     ///< [B, V, F] float32
  torch::Tensor current;   ///< [B] int64, vertex of the macro to place
  torch::Tensor metadata;  ///< [M] float32
  std::shared_ptr<const EdgeList> edges;
  netlist_io::GridShape grid;
};

/// Turns states of one problem into tensors. A state is the list of cells taken so far; everything
/// else follows from the problem. There is no padding: every array has the block's own size.
///
/// Differences from Circuit Training's features: clusters have their real size (there: 0), the
/// vertical macro routes use the vertical constant (there: the horizontal one), edge weights are
/// log(1 + w / mean w) (there: w / mean w, beyond 100 for hubs), counts are not divided by limits
/// of padded arrays but log-scaled.
class ObservationEncoder {
 public:
  explicit ObservationEncoder(const placer::MacroProblem& problem);

  /// `episodes[b]`: the actions taken so far in the b-th state; unfinished.
  GraphBatch encode(std::span<const std::span<const placer::CellIndex>> episodes) const;

 private:
  void fill_macro(std::size_t vertex, netlist_io::NodeId node);
  void fill_port_cluster(std::size_t vertex, placer::MacroGraph::PortCluster cluster);

  const placer::MacroProblem& problem_;
  double scale_ = 1.0;        ///< canvas width + height, microns
  std::vector<float> start_;  ///< [V, F] features of the start of an episode
  torch::Tensor metadata_;
  std::shared_ptr<const EdgeList> edges_;
};

}  // namespace tessera::gnn
