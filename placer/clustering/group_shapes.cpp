#include "placer/clustering/group_shapes.h"

#include <algorithm>
#include <numeric>

namespace tessera::placer {

std::vector<GroupShape> measure_groups(const FlatGraph& graph,
                                       const GroupOf& group_of,
                                       std::int32_t num_ids) {
  std::vector<GroupShape> shapes(static_cast<std::size_t>(num_ids));
  for (std::size_t vertex = 0; vertex < group_of.size(); ++vertex) {
    if (group_of[vertex] == kNoGroup) {
      continue;
    }
    GroupShape& shape = shapes[static_cast<std::size_t>(group_of[vertex])];
    const double x = graph.x[vertex];
    const double y = graph.y[vertex];
    ++shape.num_vertices;
    shape.x0 = std::min(shape.x0, x);
    shape.x1 = std::max(shape.x1, x);
    shape.y0 = std::min(shape.y0, y);
    shape.y1 = std::max(shape.y1, y);
    shape.cell_area += graph.area[vertex];
    shape.x += graph.area[vertex] * x;
    shape.y += graph.area[vertex] * y;
  }
  for (GroupShape& shape : shapes) {
    if (shape.cell_area > 0.0) {
      shape.x /= shape.cell_area;
      shape.y /= shape.cell_area;
    }
  }
  return shapes;
}

GroupMembers::GroupMembers(const GroupOf& group_of, std::int32_t num_ids)
    : start_(static_cast<std::size_t>(num_ids) + 1, 0) {
  for (const std::int32_t group : group_of) {
    if (group != kNoGroup) {
      ++start_[static_cast<std::size_t>(group) + 1];
    }
  }
  std::partial_sum(start_.begin(), start_.end(), start_.begin());
  vertices_.resize(start_.back());
  std::vector<std::size_t> next(start_.begin(), start_.end() - 1);
  for (std::size_t vertex = 0; vertex < group_of.size(); ++vertex) {
    if (group_of[vertex] != kNoGroup) {
      vertices_[next[static_cast<std::size_t>(group_of[vertex])]++] =
          static_cast<std::uint32_t>(vertex);
    }
  }
}

std::int32_t count_ids(const GroupOf& group_of) {
  return group_of.empty() ? 0 : *std::max_element(group_of.begin(), group_of.end()) + 1;
}

std::int32_t count_groups(const GroupOf& group_of) {
  std::vector<bool> used(static_cast<std::size_t>(count_ids(group_of)), false);
  for (const std::int32_t group : group_of) {
    if (group != kNoGroup) {
      used[static_cast<std::size_t>(group)] = true;
    }
  }
  return static_cast<std::int32_t>(std::count(used.begin(), used.end(), true));
}

}  // namespace tessera::placer
