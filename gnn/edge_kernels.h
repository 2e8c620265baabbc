#pragma once

#include <cstddef>
#include <cstdint>

#include "gnn/edge_list.h"

namespace tessera::gnn {

// Shapes: V vertices and E edges of one state, D message width.

/// Rows of the statistics over all edges.
enum EdgePool : std::size_t { kMeanPool, kVariancePool, kMaxPool, kMinPool, kNumEdgePools };

/// One state of the batch.
struct EdgeState {
  const float* first;   ///< [V, D]
  const float* second;  ///< [V, D]
  const float* slope;   ///< [D]
  const EdgeList* graph;
};

/// What the forward pass fills for one state.
struct EdgeStateMessages {
  float* nodes;            ///< [V, D]
  float* pools;            ///< [4, D], null if nobody wants them
  std::int32_t* argument;  ///< [2, D] edges of the largest and the smallest message
};

/// Gradients of one state: those of the results, and those to fill.
struct EdgeStateGradients {
  const float* nodes;            ///< [V, D], null if nothing depends on the nodes
  const float* pools;            ///< [4, D], null if nothing depends on the pools
  const float* pool_values;      ///< [4, D]
  const std::int32_t* argument;  ///< [2, D]
  float* first;                  ///< [V, D]
  float* second;                 ///< [V, D]
  float* slope;                  ///< [D]
};

/// The kernels of one message width, for one instruction set.
struct EdgeKernels {
  void (*forward)(const EdgeState& state, const EdgeStateMessages& out);
  void (*backward)(const EdgeState& state, const EdgeStateGradients& grad);
};

/// Whether there are kernels for messages of `width` channels: 8, 16 or 32.
bool has_edge_kernels(std::int64_t width);

/// The fused kernels of `edge_messages`, for the instruction set of this machine; results do not
/// depend on it. Throws `std::invalid_argument` for other widths.
EdgeKernels edge_kernels(std::int64_t width);

}  // namespace tessera::gnn
