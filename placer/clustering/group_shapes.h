#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"

namespace tessera::placer {

/// Size and place of a group.
struct GroupShape {
  std::size_t num_vertices = 0;
  double x0 = std::numeric_limits<double>::infinity();  ///< box of the vertices, microns
  double x1 = -std::numeric_limits<double>::infinity();
  double y0 = std::numeric_limits<double>::infinity();
  double y1 = -std::numeric_limits<double>::infinity();
  double cell_area = 0.0;  ///< of its standard cells, square microns
  double x = 0.0;          ///< mean of its standard cells by area; 0 without any, microns
  double y = 0.0;
};

/// Shapes of the groups 0 .. num_ids - 1. Sums run in vertex order.
std::vector<GroupShape> measure_groups(const FlatGraph& graph,
                                       const GroupOf& group_of,
                                       std::int32_t num_ids);

/// Vertices by group, ascending within each.
class GroupMembers {
 public:
  GroupMembers(const GroupOf& group_of, std::int32_t num_ids);

  std::span<const std::uint32_t> of(std::int32_t group) const {
    const auto index = static_cast<std::size_t>(group);
    return {vertices_.data() + start_[index], vertices_.data() + start_[index + 1]};
  }

 private:
  std::vector<std::size_t> start_;
  std::vector<std::uint32_t> vertices_;
};

/// One more than the highest group.
std::int32_t count_ids(const GroupOf& group_of);

/// Number of groups with vertices.
std::int32_t count_groups(const GroupOf& group_of);

}  // namespace tessera::placer
