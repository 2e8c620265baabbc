#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include "gnn/edge_messages.h"
#include "gnn/features.h"
#include "netlist_io/canvas.h"

namespace tessera::gnn {

// Shapes: B states, N vertices of all states together, F = kNodeFeatures, M = kMetadataFeatures,
// C channels, R x W rows and columns of the smallest grid that all grids of the batch fit into.

/// States of any blocks, of different sizes if need be. Graphs lie one after the other, so that
/// there is nothing to pad; canvases are padded with zeros on the right and at the top, and
/// `inside` tells the padding apart.
struct StateBatch {
  torch::Tensor nodes;                        ///< [N, F] float32
  std::shared_ptr<const GraphLayout> layout;  ///< whose vertices those are
  torch::Tensor state_of_vertex;              ///< [N] int64
  torch::Tensor inverse_vertices;             ///< [B, 1] float32, 1 / number of vertices
  torch::Tensor current;                      ///< [B] int64, row of `nodes` of the macro to place
  torch::Tensor metadata;                     ///< [B, M] float32
  torch::Tensor cells;   ///< [N] int64, place of each vertex: its cell of B x R x W
  torch::Tensor canvas;  ///< [B, C, R, W] float32; undefined if not drawn
  torch::Tensor inside;  ///< [B, 1, R, W] float32, 1 in the state's grid
  std::vector<netlist_io::GridShape> grids;  ///< [B]

  std::int64_t size() const { return static_cast<std::int64_t>(grids.size()); }
  /// R and W.
  netlist_io::GridShape common_grid() const;
  /// A copy on another device; itself on its own.
  StateBatch to(torch::Device device) const;
};

}  // namespace tessera::gnn
