#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace tessera::gnn {

/// The undirected edges of a graph. Kernels are fastest if they are sorted by their first vertex.
class EdgeList {
 public:
  struct Edge {
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    float weight = 0.0F;
  };

  /// Throws `std::invalid_argument` if an edge names a vertex that is not there.
  EdgeList(std::size_t num_vertices, std::vector<Edge> edges);

  std::size_t num_vertices() const { return inverse_degree_.size(); }
  const std::vector<Edge>& edges() const { return edges_; }
  /// 1 / degree of each vertex; 0 for vertices without edges.
  const std::vector<float>& inverse_degree() const { return inverse_degree_; }

 private:
  std::vector<Edge> edges_;
  std::vector<float> inverse_degree_;
};

}  // namespace tessera::gnn
