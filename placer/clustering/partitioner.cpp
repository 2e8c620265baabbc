#include "placer/clustering/partitioner.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <mutex>
#include <numeric>
#include <span>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <metis.h>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/clustering/partition_refinement.h"
#include "placer/clustering/weighted_hypergraph.h"

namespace tessera::placer {
namespace {

/// METIS knows graphs only. A net of d vertices becomes edges of this weight over d - 1 each.
constexpr double kNetScale = 120.0;
/// Nets of up to this many vertices become cliques, larger ones stars around their driver: cliques
/// see the cut best, but their edges grow with the square of the size.
constexpr std::size_t kMaxClique = 10;
/// Lightest and heaviest part over the mean, for the refinement. hMETIS, used with 5 % a bisection,
/// leaves parts of up to twice the mean. Wider bounds lower the cut, but empty many parts.
constexpr double kMinImbalance = 0.25;
constexpr double kMaxImbalance = 1.5;

/// A net over many parts is long and congests: it is worse than as many cuts spread over nets
/// between two parts (docs/experiments.md).
constexpr double kSpanGrowth = 0.3;
/// Fewest vertices for a part: METIS stumbles over bisections that leave nothing for one side.
constexpr std::size_t kMinVerticesPerPart = 4;

/// Numbers of the vertices that are partitioned: fixed groups first, then the other vertices but
/// macros.
struct Contraction {
  static constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

  std::vector<std::uint32_t> number_of;  ///< or `kNone` [vertices]
  std::vector<std::int32_t> weight;
};

Contraction contract_fixed_groups(const FlatGraph& graph, const FixedGroups& fixed) {
  Contraction contraction;
  contraction.number_of.assign(graph.num_vertices(), Contraction::kNone);
  // A fixed group weighs little, whatever its size: it will be a group of its own, and the parts
  // share the other vertices.
  contraction.weight.assign(static_cast<std::size_t>(fixed.num_groups), 1);
  for (std::size_t vertex = 0; vertex < graph.num_vertices(); ++vertex) {
    if (fixed.group_of[vertex] != kNoGroup) {
      contraction.number_of[vertex] = static_cast<std::uint32_t>(fixed.group_of[vertex]);
    } else if (graph.kind[vertex] != VertexKind::kMacro) {
      contraction.number_of[vertex] = static_cast<std::uint32_t>(contraction.weight.size());
      contraction.weight.push_back(1);
    }
  }
  return contraction;
}

/// The graph as METIS wants it: adjacency in compressed sparse rows, both directions.
struct MetisGraph {
  std::vector<idx_t> start;
  std::vector<idx_t> neighbour;
  std::vector<idx_t> edge_weight;
  std::vector<idx_t> vertex_weight;
};

struct Edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
  idx_t weight = 0;
};

std::vector<Edge> collect_edges(const WeightedHypergraph& graph) {
  std::vector<Edge> edges;
  for (std::size_t net = 0; net < graph.num_nets(); ++net) {
    const std::span<const std::uint32_t> members = graph.net(net);
    const std::size_t size = members.size();
    const auto weight =
        static_cast<idx_t>(std::max(1.0, kNetScale / static_cast<double>(size - 1)));
    const std::size_t hubs = size <= kMaxClique ? size : 1;
    for (std::size_t a = 0; a < hubs; ++a) {
      for (std::size_t b = a + 1; b < size; ++b) {
        edges.push_back({members[a], members[b], weight});
        edges.push_back({members[b], members[a], weight});
      }
    }
  }
  return edges;
}

/// Stable counting sort by one end.
void sort_by(std::uint32_t Edge::*end, std::size_t num_vertices, std::vector<Edge>& edges) {
  std::vector<std::size_t> next(num_vertices + 1, 0);
  for (const Edge& edge : edges) {
    ++next[edge.*end + 1];
  }
  std::partial_sum(next.begin(), next.end(), next.begin());
  std::vector<Edge> sorted(edges.size());
  for (const Edge& edge : edges) {
    sorted[next[edge.*end]++] = edge;
  }
  edges.swap(sorted);
}

/// Sorts the edges into rows and adds up parallel ones.
MetisGraph make_metis_graph(const WeightedHypergraph& graph) {
  std::vector<Edge> edges = collect_edges(graph);
  sort_by(&Edge::to, graph.num_vertices(), edges);
  sort_by(&Edge::from, graph.num_vertices(), edges);
  MetisGraph result;
  result.vertex_weight.assign(graph.vertex_weight.begin(), graph.vertex_weight.end());
  result.start.assign(1, 0);
  std::size_t at = 0;
  for (std::size_t vertex = 0; vertex < graph.num_vertices(); ++vertex) {
    const auto row = static_cast<std::size_t>(result.start.back());
    for (; at < edges.size() && edges[at].from == vertex; ++at) {
      const auto to = static_cast<idx_t>(edges[at].to);
      if (result.neighbour.size() > row && result.neighbour.back() == to) {
        result.edge_weight.back() += edges[at].weight;
      } else {
        result.neighbour.push_back(to);
        result.edge_weight.push_back(edges[at].weight);
      }
    }
    result.start.push_back(static_cast<idx_t>(result.neighbour.size()));
  }
  return result;
}

/// Recursive bisection: direct k-way partitioning is no better and takes twice as long for hundreds
/// of parts.
std::vector<std::int32_t> run_metis(MetisGraph graph, idx_t num_parts, std::uint64_t seed) {
  auto num_vertices = static_cast<idx_t>(graph.vertex_weight.size());
  num_parts =
      std::min(num_parts, static_cast<idx_t>(graph.vertex_weight.size() / kMinVerticesPerPart));
  std::vector<idx_t> part(graph.vertex_weight.size(), 0);
  if (num_parts < 2) {
    return part;
  }
  idx_t options[METIS_NOPTIONS];
  METIS_SetDefaultOptions(options);
  options[METIS_OPTION_SEED] = static_cast<idx_t>(seed % 0x7fffffffU) + 1;  // 0 means 1
  options[METIS_OPTION_NUMBERING] = 0;
  idx_t num_constraints = 1;
  idx_t cut = 0;
  static std::mutex turn;  // METIS draws from a generator that the whole process shares
  const std::lock_guard<std::mutex> lock(turn);
  const int status = METIS_PartGraphRecursive(&num_vertices,
                                              &num_constraints,
                                              graph.start.data(),
                                              graph.neighbour.data(),
                                              graph.vertex_weight.data(),
                                              nullptr,
                                              graph.edge_weight.data(),
                                              &num_parts,
                                              nullptr,
                                              nullptr,
                                              options,
                                              &cut,
                                              part.data());
  if (status != METIS_OK) {
    throw std::runtime_error("METIS failed with status " + std::to_string(status));
  }
  return part;
}

}  // namespace

Partition partition_flat_graph(const FlatGraph& graph,
                               const FixedGroups& fixed,
                               std::int32_t num_parts,
                               std::uint64_t seed) {
  if (num_parts < 1) {
    throw netlist_io::OptionError("num_parts is " + std::to_string(num_parts) + ", expected >= 1");
  }
  Contraction contraction = contract_fixed_groups(graph, fixed);
  const WeightedHypergraph hypergraph =
      contract(graph, contraction.number_of, std::move(contraction.weight));
  std::vector<std::int32_t> part = run_metis(make_metis_graph(hypergraph), num_parts, seed);

  RefinementOptions refinement;
  refinement.num_parts = num_parts;
  const double mean = static_cast<double>(hypergraph.num_vertices()) / num_parts;
  refinement.min_part_weight = static_cast<std::int64_t>(kMinImbalance * mean);
  refinement.max_part_weight = static_cast<std::int64_t>(kMaxImbalance * mean + 1.0);
  refinement.span_growth = kSpanGrowth;
  netlist_io::Rng rng = netlist_io::Rng::derive(seed, "partition refinement");
  refine_partition(hypergraph, refinement, nullptr, rng, part);

  Partition partition;
  partition.num_parts = num_parts;
  partition.part_of.assign(graph.num_vertices(), kNoGroup);
  for (std::size_t vertex = 0; vertex < graph.num_vertices(); ++vertex) {
    if (contraction.number_of[vertex] != Contraction::kNone) {
      partition.part_of[vertex] = part[contraction.number_of[vertex]];
    }
  }
  return partition;
}

}  // namespace tessera::placer
