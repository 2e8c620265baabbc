#include "app/block_clustering.h"

#include <algorithm>
#include <cstddef>
#include <utility>

#include "app/block_input.h"
#include "app/option_checks.h"
#include "placer/clustering/flat_placement.h"
#include "placer/clustering/hypergraph.h"

namespace tessera::app {

using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Placement;

namespace {

/// Nodes and macro pins: what the lines of a partition file are about.
std::size_t num_vertices(const Netlist& netlist) {
  std::size_t count = netlist.num_nodes();
  for (std::size_t p = 0; p < netlist.num_pins(); ++p) {
    count += netlist.pin(netlist_io::PinId(p)).name.empty() ? 0 : 1;
  }
  return count;
}

/// Whether nearly all standard cells have a place.
bool has_positions(const Netlist& netlist, const Placement& placement) {
  if (placer::lacks_cell_positions(netlist, placement)) {
    return false;  // placed, but all at one point
  }
  constexpr double kMost = 0.95;
  const auto cells = netlist.std_cells();
  const auto placed = std::count_if(
      cells.begin(), cells.end(), [&](NodeId cell) { return placement.placed[cell.index()] != 0; });
  return static_cast<double>(placed) >= kMost * static_cast<double>(cells.size());
}

/// Ports and macros of the clustered block where the flat one has them.
Placement clustered_placement(const Block& block, const FlatBlock& flat) {
  Placement placement(block.netlist);
  for (std::size_t i = 0; i < flat.netlist.num_nodes(); ++i) {
    if (flat.netlist.kind(NodeId(i)) != NodeKind::kStdCell) {
      const std::size_t to = flat.clustering.node_of[i].index();
      placement.x[to] = flat.placement.x[i];
      placement.y[to] = flat.placement.y[i];
      placement.orientation[to] = flat.placement.orientation[i];
      placement.fixed[to] = flat.placement.fixed[i];
      placement.placed[to] = flat.placement.placed[i];
    }
  }
  return placement;
}

}  // namespace

void ClusteringSettings::add_to(CLI::App& command) {
  const char* const group = "Clustering";
  command
      .add_option("--partitions",
                  num_partitions,
                  "parts of the partitioner (default: by the number of cells)")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->group(group);
  command
      .add_option("--max-fanout",
                  options.max_fanout,
                  "nets with more sinks (clock, reset) are left out of the clustered netlist")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str()
      ->type_name("N")
      ->group(group);
  command
      .add_option("--cluster-utilization",
                  options.utilisation,
                  "area of standard cells over the area of their cluster")
      ->check(number_range(0.01, 1.0))
      ->capture_default_str()
      ->group(group);
  command
      .add_option(
          "--partition",
          partition,
          "result of hMETIS or another partitioner, the part of a node a line, instead of a "
          "partition computed here")
      ->type_name("FILE")
      ->group(group);
}

ClusteringSettings ClusteringSettings::with(std::uint64_t seed, int threads) {
  ClusteringSettings settings;
  settings.threads = threads;
  settings.options.seed = seed;
  return settings;
}

void cluster_block(const ClusteringSettings& settings, Block& block) {
  FlatBlock flat;
  flat.netlist = std::move(block.netlist);
  flat.placement = std::move(block.placement);
  placer::ClusteringOptions options = settings.options;
  options.num_partitions = settings.num_partitions.value_or(
      placer::usual_num_partitions(flat.netlist.std_cells().size()));
  std::optional<placer::Partition> partition;
  if (settings.partition) {
    partition = placer::read_partition(*settings.partition, num_vertices(flat.netlist));
  }
  flat.positions_from_input =
      settings.input_positions && has_positions(flat.netlist, flat.placement);
  placer::FlatPlacementOptions rough;
  rough.threads = settings.threads;
  const Placement positions =
      flat.positions_from_input
          ? flat.placement
          : placer::place_flat_netlist(flat.netlist, block.canvas, flat.placement, rough);
  flat.clustering =
      placer::cluster_netlist(flat.netlist, positions, block.canvas, options, partition);
  block.netlist = std::move(flat.clustering.netlist);
  block.placement = clustered_placement(block, flat);
  block.flat = std::move(flat);
}

}  // namespace tessera::app
