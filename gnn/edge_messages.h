#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <vector>

#include <torch/torch.h>

#include "gnn/edge_list.h"

namespace tessera::gnn {

// Shapes: B states of a batch, V vertices of one state, N vertices of all states, E edges of all
// states, D message width.

/// The graphs of a batch as tensors, for plain tensor operations. Rows count the vertices of all
/// states.
struct GraphTensors {
  torch::Tensor a;                ///< [E] int64, row of an edge's first vertex
  torch::Tensor b;                ///< [E] int64, row of its second vertex
  torch::Tensor weight;           ///< [E] float32
  torch::Tensor state_of_edge;    ///< [E] int64
  torch::Tensor inverse_degree;   ///< [N, 1] float32, 0 for vertices without edges
  torch::Tensor state_of_vertex;  ///< [N] int64
};

/// The graphs of a batch of states, one after another: vertex v of state i is row
/// first_vertex(i) + v. States may share a graph. All functions may be called from several threads.
class GraphLayout {
 public:
  explicit GraphLayout(std::vector<std::shared_ptr<const EdgeList>> graphs);

  std::size_t num_states() const { return graphs_.size(); }
  /// Of all states.
  std::int64_t num_vertices() const { return first_vertex_.back(); }
  /// Also for `state` == num_states(): the end of the last state.
  std::int64_t first_vertex(std::size_t state) const { return first_vertex_[state]; }
  const std::shared_ptr<const EdgeList>& graph(std::size_t state) const { return graphs_[state]; }
  /// Made on first use and kept for each device.
  const GraphTensors& tensors(torch::Device device) const;

 private:
  GraphTensors make_tensors(torch::Device device) const;

  std::vector<std::shared_ptr<const EdgeList>> graphs_;
  std::vector<std::int64_t> first_vertex_;                            ///< [B + 1]
  mutable std::mutex mutex_;                                          ///< of tensors_
  mutable std::vector<std::unique_ptr<const GraphTensors>> tensors_;  ///< one for each device
};

/// What one round of message passing computes.
struct EdgeMessages {
  torch::Tensor nodes;  ///< [N, D] mean of the messages of each vertex's edges, 0 without edges
  /// [B, 4, D] mean, variance, maximum, minimum over all edges of a state, 0 without edges
  torch::Tensor pools;
};

/// Whether the statistics over all edges are wanted; without them the kernel has less to do.
enum class EdgePools : std::uint8_t { kCompute, kSkip };

/// Messages of all edges, their means at the vertices and their statistics, in one fused operation
/// with a backward of its own.
///
/// The message of edge (i, j, w) is symmetric:
///   e = (relu(first_i + second_j + w * slope) + relu(first_j + second_i + w * slope)) / 2
/// where `first` and `second` are the products of the vertices' features with the two halves of the
/// layer's matrix, the bias in `first`. So a matrix product per vertex and an addition per edge
/// replace the published product per edge of the concatenated features, with the same result.
///
/// `first`, `second`: [N, D]; `slope`: [D], of the same floating-point type. On the CPU, for
/// float32 and D = 8, 16 or 32, this is the fused kernel, one thread per state: a state's result
/// depends neither on the number of threads, nor on the instruction set, nor on the other states of
/// the batch. It has no second derivatives. Otherwise it is `edge_messages_reference`. Skipped
/// pools are undefined. Throws c10::Error if the shapes do not fit.
EdgeMessages edge_messages(const torch::Tensor& first,
                           const torch::Tensor& second,
                           const torch::Tensor& slope,
                           const std::shared_ptr<const GraphLayout>& layout,
                           EdgePools pools = EdgePools::kCompute);

/// The same for states that share one graph: `first`, `second` and the returned nodes are
/// [B, V, D].
EdgeMessages edge_messages(const torch::Tensor& first,
                           const torch::Tensor& second,
                           const torch::Tensor& slope,
                           const std::shared_ptr<const EdgeList>& edges,
                           EdgePools pools = EdgePools::kCompute);

/// The same in plain tensor operations, for any device, width and floating-point type. The gradient
/// of an extreme that several messages share is divided among them; the fused kernel gives it to
/// the first.
EdgeMessages edge_messages_reference(const torch::Tensor& first,
                                     const torch::Tensor& second,
                                     const torch::Tensor& slope,
                                     const std::shared_ptr<const GraphLayout>& layout,
                                     EdgePools pools = EdgePools::kCompute);

}  // namespace tessera::gnn
