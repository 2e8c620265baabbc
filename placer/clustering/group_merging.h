#pragma once

#include <cstddef>

#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"

namespace tessera::placer {

struct MergeLimits {
  std::size_t small_size = 0;    ///< groups of at most this many vertices merge
  double max_distance_um = 0.0;  ///< only with groups whose centroid is this near (Manhattan), > 0
};

/// Merges small groups, in passes, into the near group that they share the most nets with (ties:
/// the lowest id; a macro and its driving pins count as a net too). Connections and centroids are
/// those at the start of a pass, sizes are up to date; another pass follows while a group that one
/// merged into is still small. Returns the number of passes.
///
/// The rules are those of Circuit Training's grouper.
int merge_small_groups(const FlatGraph& graph, const MergeLimits& limits, GroupOf& group_of);

}  // namespace tessera::placer
