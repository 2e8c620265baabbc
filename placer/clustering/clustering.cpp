// Clustering of flat netlists after A. Mirhoseini et al., "A graph placement methodology for fast
// chip design", Nature 594, 2021, doi:10.1038/s41586-021-03544-w, in the form of the grouper that
// the Circuit Training project published.
//
// Differences, unless a partition is given: METIS on a graph of the nets in place of hMETIS; macros
// get no part from it; a refinement of the groups at the end.

#include "placer/clustering/clustering.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <stdexcept>
#include <string>
#include <utility>

#include "netlist_io/errors.h"
#include "placer/clustering/clustered_netlist.h"
#include "placer/clustering/flat_graph.h"
#include "placer/clustering/group_breakup.h"
#include "placer/clustering/group_merging.h"
#include "placer/clustering/group_refinement.h"
#include "placer/clustering/group_shapes.h"
#include "placer/clustering/partitioner.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::OptionError;
using netlist_io::Placement;

/// The longest side of a group is that of this many groups tiling the canvas.
constexpr double kTilesOfCanvas = 16.0;
/// Groups below the mean size over this are small.
constexpr std::int64_t kMeanOverSmall = 4;

void require_canvas(const Canvas& canvas) {
  if (!(canvas.width > 0.0 && canvas.height > 0.0)) {
    throw OptionError("canvas is " + std::to_string(canvas.width) + " x " +
                      std::to_string(canvas.height) + ", expected sides > 0");
  }
}

/// Vertices of fixed groups keep them; the parts of the others count from there.
GroupOf combine(const FixedGroups& fixed, const Partition& partition) {
  if (partition.part_of.size() != fixed.group_of.size()) {
    throw std::invalid_argument("a partition of " + std::to_string(partition.part_of.size()) +
                                " vertices, expected " + std::to_string(fixed.group_of.size()));
  }
  GroupOf group_of = fixed.group_of;
  for (std::size_t vertex = 0; vertex < group_of.size(); ++vertex) {
    if (group_of[vertex] == kNoGroup && partition.part_of[vertex] != kNoGroup) {
      group_of[vertex] = fixed.num_groups + partition.part_of[vertex];
    }
  }
  return group_of;
}

ClusteringThresholds find_thresholds(const Canvas& canvas,
                                     std::size_t num_vertices,
                                     std::int32_t num_groups) {
  ClusteringThresholds thresholds;
  thresholds.breakup_um = std::sqrt(canvas.width * canvas.height / kTilesOfCanvas);
  thresholds.closeness_um = 0.5 * thresholds.breakup_um;
  thresholds.merge_vertices =
      static_cast<std::int64_t>(num_vertices) / std::max(num_groups, 1) / kMeanOverSmall;
  return thresholds;
}

}  // namespace

int usual_num_partitions(std::size_t num_std_cells) {
  constexpr std::size_t kLeastCells = 10;
  const auto usual = static_cast<std::size_t>(ClusteringOptions().num_partitions);
  return static_cast<int>(std::clamp(num_std_cells / kLeastCells, std::size_t{1}, usual));
}

void ClusteringOptions::validate() const {
  const auto require = [](bool valid, const char* name, double value, const char* range) {
    if (!valid) {
      throw OptionError(std::string(name) + " is " + std::to_string(value) + ", expected " + range);
    }
  };
  require(max_fanout >= 1, "max_fanout", max_fanout, ">= 1");
  require(num_partitions >= 1, "num_partitions", num_partitions, ">= 1");
  require(logic_levels >= 0, "logic_levels", logic_levels, ">= 0");
  require(utilisation > 0.0 && utilisation <= 1.0, "utilisation", utilisation, "> 0 and <= 1");
}

Placement ClusteringResult::spread_to_flat(const Placement& clustered,
                                           const Placement& flat_placement) const {
  require_placements(flat_placement, clustered);
  Placement placement = flat_placement;
  for (std::size_t i = 0; i < node_of.size(); ++i) {
    if (flat_placement.fixed[i] != 0) {
      continue;  // single cells of a cluster, too
    }
    const std::size_t node = node_of[i].index();
    placement.x[i] = clustered.x[node];
    placement.y[i] = clustered.y[node];
    placement.orientation[i] = clustered.orientation[node];
    placement.placed[i] = clustered.placed[node];
  }
  return placement;
}

Placement ClusteringResult::collect_from_flat(const Netlist& flat_netlist,
                                              const Placement& flat_placement,
                                              const Placement& clustered) const {
  require_placements(flat_placement, clustered);
  Placement placement = clustered;
  std::vector<double> area(clustered.size());
  std::vector<double> sum_x(clustered.size());
  std::vector<double> sum_y(clustered.size());
  for (std::size_t i = 0; i < node_of.size(); ++i) {
    const std::size_t node = node_of[i].index();
    if (clustered.fixed[node] != 0) {
      continue;
    }
    if (flat_netlist.kind(NodeId(i)) != NodeKind::kStdCell) {
      placement.x[node] = flat_placement.x[i];
      placement.y[node] = flat_placement.y[i];
      placement.orientation[node] = flat_placement.orientation[i];
      placement.placed[node] = flat_placement.placed[i];
      continue;
    }
    const double part = flat_netlist.width(NodeId(i)) * flat_netlist.height(NodeId(i));
    area[node] += part;
    sum_x[node] += part * flat_placement.x[i];
    sum_y[node] += part * flat_placement.y[i];
  }
  for (std::size_t node = 0; node < area.size(); ++node) {
    if (area[node] > 0.0) {
      placement.x[node] = sum_x[node] / area[node];
      placement.y[node] = sum_y[node] / area[node];
      placement.placed[node] = 1;
    }
  }
  return placement;
}

void ClusteringResult::require_placements(const Placement& flat, const Placement& clustered) const {
  // Every node of the clustered netlist stands for some of the flat one.
  const auto last = std::max_element(node_of.begin(), node_of.end());
  const std::size_t num_clustered = last == node_of.end() ? 0 : last->index() + 1;
  if (flat.size() != node_of.size() || clustered.size() != num_clustered) {
    throw std::invalid_argument("a placement is not one of the netlist");
  }
}

ClusteringResult cluster_netlist(const Netlist& flat,
                                 const Placement& placement,
                                 const Canvas& canvas,
                                 const ClusteringOptions& options,
                                 const std::optional<Partition>& partition) {
  options.validate();
  require_canvas(canvas);
  const FlatGraph graph = make_flat_graph(flat, placement, options.max_fanout);
  const FixedGroups fixed = find_fixed_groups(graph, canvas, options.logic_levels);
  ClusteringResult result;
  result.counts.fixed_groups = fixed.num_groups;

  GroupOf& group_of = result.group_of;
  group_of = combine(
      fixed,
      partition ? *partition
                : partition_flat_graph(
                      graph, fixed, options.num_partitions + fixed.num_groups, options.seed));
  result.counts.after_partition = count_groups(group_of);
  result.thresholds = find_thresholds(canvas, graph.num_vertices(), result.counts.after_partition);

  break_up_groups(graph, result.thresholds.breakup_um, group_of);
  result.counts.after_breakup = count_groups(group_of);

  const MergeLimits limits = {static_cast<std::size_t>(result.thresholds.merge_vertices),
                              result.thresholds.closeness_um};
  result.counts.merge_passes = merge_small_groups(graph, limits, group_of);
  if (!partition) {
    refine_groups(graph, result.thresholds.breakup_um, options.seed, group_of);
  }
  result.counts.after_merge = count_groups(group_of);

  ClusteredNetlist clustered =
      make_clustered_netlist(flat, placement, graph, group_of, canvas, options.utilisation);
  result.counts.clusters = static_cast<std::int32_t>(clustered.netlist.soft_macros().size());
  result.netlist = std::move(clustered.netlist);
  result.node_of = std::move(clustered.node_of);
  return result;
}

}  // namespace tessera::placer
