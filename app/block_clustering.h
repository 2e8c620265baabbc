#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <CLI/CLI.hpp>

#include "placer/clustering/clustering.h"

namespace tessera::app {

struct Block;

/// How a flat netlist is clustered.
struct ClusteringSettings {
  /// Parts of the partitioner; as published, but fewer for small netlists, if not given.
  std::optional<int> num_partitions;
  placer::ClusteringOptions options;
  std::optional<std::string> partition;  ///< file of a partitioner's result, instead of ours
  /// Where standard cells are close to each other: as in the input if it has most of them placed.
  /// Otherwise, and by default, by an analytic placement: positions of an input come from another
  /// placer, perhaps a better one, and `place` is not to see them.
  bool input_positions = false;
  int threads = 1;  ///< changes no result

  void add_to(CLI::App& command);
  static ClusteringSettings with(std::uint64_t seed, int threads);
};

/// Replaces the standard cells of a block by clusters. Its canvas must be complete. Throws
/// `netlist_io::ParseError` for a bad partition file.
void cluster_block(const ClusteringSettings& settings, Block& block);

}  // namespace tessera::app
