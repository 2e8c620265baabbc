#include "placer/clustering/group_breakup.h"

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "placer/clustering/group_shapes.h"

namespace tessera::placer {
namespace {

/// Column and row of a tile, from the one around the centroid.
struct Tile {
  double column = 0.0;
  double row = 0.0;

  auto operator<=>(const Tile&) const = default;
};

/// Number of tiles of size `length` from the middle one to `distance`, ties away from it.
double tile_index(double distance, double extent, double length) {
  return extent < length ? 0.0 : std::trunc(distance / length + (distance < 0.0 ? -0.5 : 0.5));
}

}  // namespace

void break_up_groups(const FlatGraph& graph, double max_extent_um, GroupOf& group_of) {
  const std::int32_t num_ids = count_ids(group_of);
  const std::vector<GroupShape> shapes = measure_groups(graph, group_of, num_ids);
  const GroupMembers members(group_of, num_ids);
  std::int32_t next_id = num_ids;
  for (std::int32_t group = 0; group < num_ids; ++group) {
    const GroupShape& shape = shapes[static_cast<std::size_t>(group)];
    const double width = shape.x1 - shape.x0;
    const double height = shape.y1 - shape.y0;
    if (!(width > max_extent_um || height > max_extent_um)) {
      continue;
    }
    std::map<Tile, std::int32_t> group_of_tile = {{Tile{}, group}};
    for (const std::uint32_t vertex : members.of(group)) {
      const Tile tile = {tile_index(graph.x[vertex] - shape.x, width, max_extent_um),
                         tile_index(graph.y[vertex] - shape.y, height, max_extent_um)};
      const auto [found, is_new] = group_of_tile.try_emplace(tile, next_id);
      next_id += is_new ? 1 : 0;
      group_of[vertex] = found->second;
    }
  }
}

}  // namespace tessera::placer
