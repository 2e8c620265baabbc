#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/hypergraph.h"

namespace tessera::placer {

/// How standard cells become clusters. The defaults are those of Circuit Training.
struct ClusteringOptions {
  int max_fanout = 500;      ///< nets with more sinks (clock, reset) do not count and vanish, >= 1
  int num_partitions = 500;  ///< parts besides one per fixed group; more: smaller clusters, >= 1
  int logic_levels = 1;      ///< levels of logic that join the ports and macros they touch, >= 0
  double utilisation = 0.5;  ///< area of the cells over that of their cluster, > 0, <= 1
  std::uint64_t seed = 0;    ///< of the partitioner

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

/// As many parts as published, but not so many that parts of small blocks are single cells.
int usual_num_partitions(std::size_t num_std_cells);

/// What the steps of the clustering counted.
struct ClusteringCounts {
  std::int32_t fixed_groups = 0;
  std::int32_t after_partition = 0;  ///< groups with vertices
  std::int32_t after_breakup = 0;
  std::int32_t after_merge = 0;
  std::int32_t clusters = 0;  ///< groups with standard cells: soft macros
  int merge_passes = 0;
};

/// The limits that follow from the canvas and the number of groups.
struct ClusteringThresholds {
  double breakup_um = 0.0;          ///< longest side of a group
  double closeness_um = 0.0;        ///< farthest group to merge with, Manhattan
  std::int64_t merge_vertices = 0;  ///< groups of at most so many vertices merge
};

struct ClusteringResult {
  netlist_io::Netlist netlist;
  /// For each node of the flat netlist its node in `netlist`: standard cells have their cluster.
  std::vector<netlist_io::NodeId> node_of;
  GroupOf group_of;  ///< group of every node and pin of the flat file, by `file_index`
  ClusteringCounts counts;
  ClusteringThresholds thresholds;

  /// Positions of a placement of `netlist` for the flat one: ports and hard macros stand where they
  /// do there, standard cells at the centre of their cluster. Flags come from `flat_placement`.
  netlist_io::Placement spread_to_flat(const netlist_io::Placement& clustered,
                                       const netlist_io::Placement& flat_placement) const;

  /// The other way round: ports and hard macros of `clustered` stand where they do in the flat
  /// placement, clusters at the mean of their cells by area. Flags come from `clustered`; what is
  /// fixed there stays.
  netlist_io::Placement collect_from_flat(const netlist_io::Netlist& flat_netlist,
                                          const netlist_io::Placement& flat_placement,
                                          const netlist_io::Placement& clustered) const;

 private:
  /// Throws `std::invalid_argument` if a placement is not one of its netlist.
  void require_placements(const netlist_io::Placement& flat,
                          const netlist_io::Placement& clustered) const;
};

/// Turns a flat netlist into one of hard macros and clusters, by the steps of Circuit Training's
/// grouper: fixed groups, partition, break-up of long groups, merging of small ones.
///
/// Needs positions of all nodes (`place_flat_netlist` finds them for standard cells that have
/// none); pins turn with the orientations in `placement`. Of `canvas` size and grid count. Without
/// `partition`, partitions the netlist itself; with one (of hMETIS, say), uses that.
///
/// Throws `netlist_io::OptionError` for bad options or a canvas whose sides are not positive,
/// `std::invalid_argument` if the netlist has soft macros or placement or partition are not of it.
ClusteringResult cluster_netlist(const netlist_io::Netlist& flat,
                                 const netlist_io::Placement& placement,
                                 const netlist_io::Canvas& canvas,
                                 const ClusteringOptions& options = {},
                                 const std::optional<Partition>& partition = std::nullopt);

}  // namespace tessera::placer
