#include "placer/clustering/group_merging.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "placer/clustering/group_shapes.h"

namespace tessera::placer {
namespace {

/// How many nets each small group shares with every group.
class Adjacency {
 public:
  Adjacency(std::span<const GroupShape> shapes, std::size_t small_size) : num_ids_(shapes.size()) {
    row_of_.assign(num_ids_, kNoRow);
    std::size_t num_rows = 0;
    for (std::size_t id = 0; id < num_ids_; ++id) {
      if (shapes[id].num_vertices > 0 && shapes[id].num_vertices <= small_size) {
        row_of_[id] = num_rows++;
      }
    }
    shared_nets_.assign(num_rows * num_ids_, 0);
    last_net_.assign(num_ids_, 0);
  }

  /// Counts one net; vertices without a group do not matter.
  void add_net(std::span<const std::uint32_t> vertices, const GroupOf& group_of) {
    ++net_;
    groups_.clear();
    for (const std::uint32_t vertex : vertices) {
      if (group_of[vertex] == kNoGroup) {
        continue;
      }
      const auto group = static_cast<std::size_t>(group_of[vertex]);
      if (last_net_[group] != net_) {
        last_net_[group] = net_;
        groups_.push_back(group);
      }
    }
    for (const std::size_t a : groups_) {
      if (row_of_[a] == kNoRow) {
        continue;
      }
      for (const std::size_t b : groups_) {
        shared_nets_[row_of_[a] * num_ids_ + b] += a != b ? 1 : 0;
      }
    }
  }

  bool is_small(std::size_t group) const { return row_of_[group] != kNoRow; }

  /// Nets that a small group shares with each group.
  std::span<const std::uint32_t> of(std::size_t group) const {
    return {shared_nets_.data() + row_of_[group] * num_ids_, num_ids_};
  }

 private:
  static constexpr std::size_t kNoRow = ~std::size_t{0};

  std::size_t num_ids_;
  std::vector<std::size_t> row_of_;
  std::vector<std::uint32_t> shared_nets_;  // [small groups, ids]
  std::vector<std::size_t> last_net_;       ///< number of the net that named the group last
  std::vector<std::size_t> groups_;
  std::size_t net_ = 0;
};

class Merger {
 public:
  Merger(const FlatGraph& graph, const MergeLimits& limits, GroupOf& group_of)
      : graph_(graph), limits_(limits), group_of_(group_of), num_ids_(count_ids(group_of)) {
    collect_macro_nets();
  }

  /// One pass; true if another has to follow.
  bool pass() {
    shapes_ = measure_groups(graph_, group_of_, num_ids_);
    const Adjacency adjacency = connect();
    std::vector<std::size_t> size(shapes_.size());
    std::vector<std::size_t> merged_into(shapes_.size());
    for (std::size_t id = 0; id < shapes_.size(); ++id) {
      size[id] = shapes_[id].num_vertices;
      merged_into[id] = id;
    }
    // Who lived in `id` at the start of the pass, and where those vertices are now, are two things:
    // an emptied group may get new members.
    bool again = false;
    for (std::size_t id = 0; id < shapes_.size(); ++id) {
      if (!adjacency.is_small(id) || size[id] > limits_.small_size) {
        continue;
      }
      const std::optional<std::size_t> target = best_target(id, adjacency.of(id));
      if (!target) {
        continue;
      }
      std::replace(merged_into.begin(), merged_into.end(), id, *target);
      size[*target] += size[id];
      size[id] = 0;
      again = again || size[*target] <= limits_.small_size;
    }
    for (std::int32_t& group : group_of_) {
      if (group != kNoGroup) {
        group = static_cast<std::int32_t>(merged_into[static_cast<std::size_t>(group)]);
      }
    }
    return again;
  }

 private:
  /// Each macro with its driving pins, as if it were a net.
  void collect_macro_nets() {
    std::vector<std::size_t> net_of_node(graph_.num_vertices(), 0);
    for (std::size_t vertex = 0; vertex < graph_.num_vertices(); ++vertex) {
      if (graph_.kind[vertex] == VertexKind::kMacro) {
        net_of_node[graph_.node[vertex].index()] = macro_nets_.size();
        macro_nets_.push_back({static_cast<std::uint32_t>(vertex)});
      }
    }
    for (std::size_t net = 0; net < graph_.num_nets(); ++net) {
      const std::uint32_t driver = graph_.net(net).front();
      if (graph_.kind[driver] == VertexKind::kMacroPin) {
        macro_nets_[net_of_node[graph_.node[driver].index()]].push_back(driver);
      }
    }
  }

  Adjacency connect() const {
    Adjacency adjacency(shapes_, limits_.small_size);
    for (std::size_t net = 0; net < graph_.num_nets(); ++net) {
      adjacency.add_net(graph_.net(net), group_of_);
    }
    for (const std::vector<std::uint32_t>& net : macro_nets_) {
      adjacency.add_net(net, group_of_);
    }
    return adjacency;
  }

  std::optional<std::size_t> best_target(std::size_t id,
                                         std::span<const std::uint32_t> shared_nets) const {
    std::optional<std::size_t> best;
    for (std::size_t other = 0; other < shared_nets.size(); ++other) {
      const double distance =
          std::abs(shapes_[other].x - shapes_[id].x) + std::abs(shapes_[other].y - shapes_[id].y);
      if (shared_nets[other] > (best ? shared_nets[*best] : 0) &&
          distance <= limits_.max_distance_um) {
        best = other;
      }
    }
    return best;
  }

  const FlatGraph& graph_;
  const MergeLimits& limits_;
  GroupOf& group_of_;
  std::int32_t num_ids_;
  std::vector<GroupShape> shapes_;
  std::vector<std::vector<std::uint32_t>> macro_nets_;
};

}  // namespace

int merge_small_groups(const FlatGraph& graph, const MergeLimits& limits, GroupOf& group_of) {
  Merger merger(graph, limits, group_of);
  int passes = 1;
  while (merger.pass()) {
    ++passes;
  }
  return passes;
}

}  // namespace tessera::placer
