#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"

namespace tessera::placer {

/// The nets as a hypergraph in the format of hMETIS: `nets vertices`, then a line per net with its
/// vertices, counted from 1.
std::string format_hypergraph(const FlatGraph& graph);

/// A line per vertex with its group, -1 for none: hMETIS's fix file, and Circuit Training's
/// `groups.final`.
std::string format_groups(const GroupOf& group_of);

/// The result of a partitioner: the part of every vertex.
struct Partition {
  std::vector<std::int32_t> part_of;  ///< >= 0, or `kNoGroup` [vertices]
  std::int32_t num_parts = 0;         ///< parts are 0 .. num_parts - 1; some may be empty
};

/// Reads a partition as hMETIS writes it, one part per line, plain or gzip. Throws
/// `netlist_io::ParseError` naming the line that is not a part (0 .. num_vertices - 1), and if
/// there are not `num_vertices` lines.
Partition read_partition(const std::string& path, std::size_t num_vertices);

/// Same, of text in memory; `name` stands for the path in errors.
Partition parse_partition(std::string_view text, const std::string& name, std::size_t num_vertices);

}  // namespace tessera::placer
