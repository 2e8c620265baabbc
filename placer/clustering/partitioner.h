#pragma once

#include <cstdint>

#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"
#include "placer/clustering/hypergraph.h"

namespace tessera::placer {

/// Splits the vertices into `num_parts` parts of about equal numbers of vertices that few nets
/// connect. A fixed group stays together and in effect pulls at what it is connected with. Macros,
/// which have no nets, get no part. Parts stay empty where there are fewer than four vertices for
/// each. The same seed gives the same parts.
///
/// Uses METIS (G. Karypis and V. Kumar, "Multilevel k-way Partitioning Scheme for Irregular
/// Graphs", Journal of Parallel and Distributed Computing 48(1), 1998). Calls from several threads
/// take turns: METIS draws from a generator of the process.
///
/// Throws `netlist_io::OptionError` if `num_parts` < 1, `std::runtime_error` if METIS fails.
Partition partition_flat_graph(const FlatGraph& graph,
                               const FixedGroups& fixed,
                               std::int32_t num_parts,
                               std::uint64_t seed);

}  // namespace tessera::placer
