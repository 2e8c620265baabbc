#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include <torch/torch.h>

namespace tessera::gnn {

// Shapes: B batch, V vertices, E edges, D message width.

/// The undirected edges of a graph, shared by all states of a block.
class EdgeList {
 public:
  struct Edge {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    float weight = 0.0F;
  };

  EdgeList(std::size_t num_vertices, std::vector<Edge> edges);

  std::size_t num_vertices() const { return inverse_degree_.size(); }
  const std::vector<Edge>& edges() const { return edges_; }
  /// 1 / degree of each vertex; 0 for vertices without edges.
  const std::vector<float>& inverse_degree() const { return inverse_degree_; }

 private:
  std::vector<Edge> edges_;
  std::vector<float> inverse_degree_;
};

/// What one round of message passing computes.
struct EdgeMessages {
  torch::Tensor nodes;  ///< [B, V, D] mean of the messages of each vertex's edges, 0 without edges
  torch::Tensor pools;  ///< [B, 4, D] mean, variance, maximum, minimum over all edges
};

/// Whether the statistics over all edges are wanted; without them the kernel has a third less to
/// do.
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
/// `first`, `second`: [B, V, D] float32; `slope`: [D] float32. On the CPU, for D = 8, this is the
/// fused kernel (OpenMP over the batch, the same result for any number of threads); otherwise it is
/// `edge_messages_reference`. `edges` must live until the gradients have been computed. Skipped
/// pools may be undefined.
EdgeMessages edge_messages(const torch::Tensor& first,
                           const torch::Tensor& second,
                           const torch::Tensor& slope,
                           const EdgeList& edges,
                           EdgePools pools = EdgePools::kCompute);

/// The same in plain tensor operations: slower, for other devices and for tests.
EdgeMessages edge_messages_reference(const torch::Tensor& first,
                                     const torch::Tensor& second,
                                     const torch::Tensor& slope,
                                     const EdgeList& edges);

}  // namespace tessera::gnn
