#pragma once

#include <cstdint>
#include <vector>

#include "netlist_io/canvas.h"
#include "placer/clustering/flat_graph.h"

namespace tessera::placer {

/// A group for each vertex of a `FlatGraph`: an id >= 0, or `kNoGroup`.
using GroupOf = std::vector<std::int32_t>;
inline constexpr std::int32_t kNoGroup = -1;

/// Groups that are known before any partitioning.
struct FixedGroups {
  GroupOf group_of;
  std::int32_t num_groups = 0;  ///< ids are 0 .. num_groups - 1
};

/// Groups the pins of each hard macro, in file order of the macros; then the ports of each side of
/// the canvas (top, right, bottom, left, by its two diagonals) in runs along the edge no longer
/// than a grid cell; then, `logic_levels` times, the standard cells that directly drive or are
/// driven by a grouped vertex, first come, first served. Macros themselves stay without a group.
///
/// The rules are those of Circuit Training's grouper.
FixedGroups find_fixed_groups(const FlatGraph& graph,
                              const netlist_io::Canvas& canvas,
                              int logic_levels);

}  // namespace tessera::placer
