#include "placer/clustering/group_refinement.h"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "netlist_io/rng.h"
#include "placer/clustering/group_shapes.h"
#include "placer/clustering/partition_refinement.h"
#include "placer/clustering/weighted_hypergraph.h"

namespace tessera::placer {
namespace {

/// Lightest and heaviest group that a move may make, over the mean. Emptying groups would leave
/// fewer, larger clusters than the partition was asked for.
constexpr double kMinImbalance = 0.2;
constexpr double kMaxImbalance = 2.0;
/// As for the partition before.
constexpr double kSpanGrowth = 0.3;
/// Farthest cell from the middle of a group that it may join, over the longest side of a group.
constexpr double kReach = 0.5;

/// The standard cells and their groups, both counted from 0 without gaps.
struct CellGroups {
  std::vector<std::uint32_t> number_of;  ///< or `kNone` [vertices]
  std::vector<std::uint32_t> vertex;     // [cells]
  std::vector<std::int32_t> part_of;     // [cells]
  std::vector<std::int32_t> group;       ///< that a part stands for [parts]
  std::vector<std::int64_t> size;        // [parts]
};

CellGroups collect_cells(const FlatGraph& graph, const GroupOf& group_of) {
  CellGroups cells;
  cells.number_of.assign(graph.num_vertices(), WeightedHypergraph::kNone);
  std::vector<std::int32_t> part_of_group(static_cast<std::size_t>(count_ids(group_of)), kNoGroup);
  for (std::uint32_t vertex = 0; vertex < graph.num_vertices(); ++vertex) {
    if (graph.kind[vertex] != VertexKind::kStdCell || group_of[vertex] == kNoGroup) {
      continue;
    }
    std::int32_t& part = part_of_group[static_cast<std::size_t>(group_of[vertex])];
    if (part == kNoGroup) {
      part = static_cast<std::int32_t>(cells.group.size());
      cells.group.push_back(group_of[vertex]);
      cells.size.push_back(0);
    }
    cells.number_of[vertex] = static_cast<std::uint32_t>(cells.vertex.size());
    cells.vertex.push_back(vertex);
    cells.part_of.push_back(part);
    ++cells.size[static_cast<std::size_t>(part)];
  }
  return cells;
}

PartReach make_reach(const FlatGraph& graph, const CellGroups& cells, double max_extent_um) {
  PartReach reach;
  reach.max_distance_um = kReach * max_extent_um;
  for (const std::uint32_t vertex : cells.vertex) {
    reach.x.push_back(graph.x[vertex]);
    reach.y.push_back(graph.y[vertex]);
  }
  return reach;
}

RefinementOptions make_options(const CellGroups& cells) {
  RefinementOptions options;
  options.num_parts = static_cast<std::int32_t>(cells.group.size());
  const double mean = static_cast<double>(cells.vertex.size()) / options.num_parts;
  options.min_part_weight = static_cast<std::int64_t>(kMinImbalance * mean);
  options.max_part_weight = std::max(*std::max_element(cells.size.begin(), cells.size.end()),
                                     static_cast<std::int64_t>(kMaxImbalance * mean));
  options.span_growth = kSpanGrowth;
  return options;
}

}  // namespace

void refine_groups(const FlatGraph& graph,
                   double max_extent_um,
                   std::uint64_t seed,
                   GroupOf& group_of) {
  CellGroups cells = collect_cells(graph, group_of);
  if (cells.group.size() < 2) {
    return;
  }
  const WeightedHypergraph hypergraph =
      contract(graph, cells.number_of, std::vector<std::int32_t>(cells.vertex.size(), 1));
  const PartReach reach = make_reach(graph, cells, max_extent_um);
  netlist_io::Rng rng = netlist_io::Rng::derive(seed, "group refinement");
  refine_partition(hypergraph, make_options(cells), &reach, rng, cells.part_of);
  for (std::size_t cell = 0; cell < cells.vertex.size(); ++cell) {
    group_of[cells.vertex[cell]] = cells.group[static_cast<std::size_t>(cells.part_of[cell])];
  }
}

}  // namespace tessera::placer
