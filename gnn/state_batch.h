#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include <torch/torch.h>

#include "gnn/edge_messages.h"
#include "netlist_io/canvas.h"

namespace tessera::gnn {

// Shapes: B states, N vertices of all states together, F = kNodeFeatures, M = kMetadataFeatures,
// C channels, R x W rows and columns of the smallest grid that all grids of the batch fit into.

/// Features of the published network: x, y, width, height, is hard macro, is soft macro, is port
/// cluster, is placed. Lengths are fractions of canvas width + height.
inline constexpr std::int64_t kPublishedNodeFeatures = 8;
/// These, is current, logarithm of the sum of edge weights.
inline constexpr std::int64_t kNodeFeatures = kPublishedNodeFeatures + 2;

/// Of the published network: counts, routing tracks, shape of grid and canvas.
inline constexpr std::int64_t kPublishedMetadata = 12;
/// Shares of wirelength, density and congestion in the sum of the weights of the proxy.
inline constexpr std::int64_t kWeightMetadata = 3;
/// Scales of the four maps of changes; the last of the metadata.
inline constexpr std::int64_t kDeltaMetadata = 4;
/// Part of the macros placed, running proxy, these.
inline constexpr std::int64_t kStepMetadata = 2 + kDeltaMetadata;
inline constexpr std::int64_t kMetadataFeatures =
    kPublishedMetadata + kWeightMetadata + kStepMetadata;

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
