#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "placer/clustering/flat_graph.h"

namespace tessera::placer {

/// A hypergraph whose vertices stand for one or several of a finer one: a level of a multilevel
/// partitioner. Nets have at least two vertices, each once.
struct WeightedHypergraph {
  /// In place of a vertex's number when it is left out of the coarser level.
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::vector<std::int32_t> vertex_weight;        // [vertices]
  std::vector<std::int32_t> net_weight;           // [nets]
  std::vector<std::uint32_t> net_start = {0};     // [nets + 1]
  std::vector<std::uint32_t> net_vertices;        ///< by net; of flat nets the driver first
  std::vector<std::uint32_t> vertex_start = {0};  // [vertices + 1]
  std::vector<std::uint32_t> vertex_nets;         ///< by vertex, ascending

  std::size_t num_vertices() const { return vertex_weight.size(); }
  std::size_t num_nets() const { return net_weight.size(); }
  std::span<const std::uint32_t> net(std::size_t index) const {
    return {net_vertices.data() + net_start[index], net_vertices.data() + net_start[index + 1]};
  }
  std::span<const std::uint32_t> nets_of(std::size_t vertex) const {
    return {vertex_nets.data() + vertex_start[vertex],
            vertex_nets.data() + vertex_start[vertex + 1]};
  }
};

/// Unites the vertices with the same number in `coarse_of` (0 .. n - 1, n the size of
/// `coarse_weight`); those with `kNone` are left out. Nets that end up in one vertex vanish.
WeightedHypergraph contract(const WeightedHypergraph& fine,
                            std::span<const std::uint32_t> coarse_of,
                            std::vector<std::int32_t> coarse_weight);

/// Same, of a flat graph, all of whose nets weigh 1.
WeightedHypergraph contract(const FlatGraph& fine,
                            std::span<const std::uint32_t> coarse_of,
                            std::vector<std::int32_t> coarse_weight);

}  // namespace tessera::placer
