#include "placer/clustering/weighted_hypergraph.h"

#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <utility>

namespace tessera::placer {
namespace {

/// Fills `vertex_start` and `vertex_nets`.
void index_vertices(WeightedHypergraph& graph) {
  graph.vertex_start.assign(graph.num_vertices() + 1, 0);
  for (const std::uint32_t vertex : graph.net_vertices) {
    ++graph.vertex_start[vertex + 1];
  }
  std::partial_sum(
      graph.vertex_start.begin(), graph.vertex_start.end(), graph.vertex_start.begin());
  std::vector<std::uint32_t> next(graph.vertex_start.begin(), graph.vertex_start.end() - 1);
  graph.vertex_nets.resize(graph.net_vertices.size());
  for (std::size_t net = 0; net < graph.num_nets(); ++net) {
    for (const std::uint32_t vertex : graph.net(net)) {
      graph.vertex_nets[next[vertex]++] = static_cast<std::uint32_t>(net);
    }
  }
}

template <typename Graph, typename NetWeight>
WeightedHypergraph contract_graph(const Graph& fine,
                                  std::span<const std::uint32_t> coarse_of,
                                  std::vector<std::int32_t> coarse_weight,
                                  NetWeight net_weight) {
  WeightedHypergraph coarse;
  coarse.vertex_weight = std::move(coarse_weight);
  std::vector<std::size_t> last_net(coarse.num_vertices(), 0);
  for (std::size_t net = 0; net < fine.num_nets(); ++net) {
    const std::size_t first = coarse.net_vertices.size();
    for (const std::uint32_t vertex : fine.net(net)) {
      const std::uint32_t member = coarse_of[vertex];
      if (member == WeightedHypergraph::kNone) {
        continue;
      }
      if (last_net[member] != net + 1) {
        last_net[member] = net + 1;
        coarse.net_vertices.push_back(member);
      }
    }
    if (coarse.net_vertices.size() - first < 2) {
      coarse.net_vertices.resize(first);
      continue;
    }
    coarse.net_start.push_back(static_cast<std::uint32_t>(coarse.net_vertices.size()));
    coarse.net_weight.push_back(net_weight(net));
  }
  index_vertices(coarse);
  return coarse;
}

}  // namespace

WeightedHypergraph contract(const WeightedHypergraph& fine,
                            std::span<const std::uint32_t> coarse_of,
                            std::vector<std::int32_t> coarse_weight) {
  return contract_graph(fine, coarse_of, std::move(coarse_weight), [&](std::size_t net) {
    return fine.net_weight[net];
  });
}

WeightedHypergraph contract(const FlatGraph& fine,
                            std::span<const std::uint32_t> coarse_of,
                            std::vector<std::int32_t> coarse_weight) {
  return contract_graph(
      fine, coarse_of, std::move(coarse_weight), [](std::size_t) { return std::int32_t{1}; });
}

}  // namespace tessera::placer
