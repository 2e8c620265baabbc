#pragma once

#include <cstdint>

#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"

namespace tessera::placer {

/// Moves standard cells between the groups that have some, so that nets reach fewer groups. A cell
/// joins only a group whose middle is within half of `max_extent_um` of it along either axis.
///
/// Break-up and merging follow positions and sizes and cut nets that the partition had spared; this
/// wins many of them back. It is a step of ours, not of Circuit Training's grouper.
void refine_groups(const FlatGraph& graph,
                   double max_extent_um,
                   std::uint64_t seed,
                   GroupOf& group_of);

}  // namespace tessera::placer
