#include "gnn/edge_list.h"

#include <algorithm>
#include <stdexcept>
#include <string>
#include <utility>

namespace tessera::gnn {

EdgeList::EdgeList(std::size_t num_vertices, std::vector<Edge> edges)
    : edges_(std::move(edges)), inverse_degree_(num_vertices, 0.0F) {
  for (const Edge& edge : edges_) {
    if (std::max(edge.a, edge.b) >= num_vertices) {
      throw std::invalid_argument("expected vertices below " + std::to_string(num_vertices) +
                                  ", found an edge between " + std::to_string(edge.a) + " and " +
                                  std::to_string(edge.b));
    }
    inverse_degree_[edge.a] += 1.0F;
    inverse_degree_[edge.b] += 1.0F;
  }
  for (float& degree : inverse_degree_) {
    degree = degree > 0.0F ? 1.0F / degree : 0.0F;
  }
}

}  // namespace tessera::gnn
