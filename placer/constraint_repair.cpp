#include "placer/constraint_repair.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <tuple>
#include <vector>

namespace tessera::placer {

namespace {

/// Boxes and obstacles, in this order, and the pairwise constraints between them.
class ConstraintGraphs {
 public:
  ConstraintGraphs(const BoxProblem& problem, const BoxCorners& start);

  /// Changes axes of pairs until all chains fit.
  bool repair(int max_steps);
  /// Positions near the wishes; all chains must fit.
  BoxCorners place() const;

 private:
  struct Node {
    LatticePoint size;
    LatticePoint min_lo;
    LatticePoint max_lo;
    LatticePoint start;
    LatticePoint want;
  };
  /// The graph of one axis. Everything is in the order of the centres on that axis, "ranks".
  struct Graph {
    std::vector<std::uint32_t> node;  ///< at a rank
    std::vector<std::uint32_t> rank;  ///< of a node: the inverse
    std::vector<std::int32_t> size;
    std::vector<std::int32_t> low;   ///< lowest corner that the chains allow
    std::vector<std::int32_t> high;  ///< highest
    std::vector<std::int32_t> end;   ///< low + size
    /// [ranks x ranks], symmetric: 0 if the pair is kept apart here, else `kFree`.
    std::vector<std::int32_t> apart;

    std::int32_t& pair(std::size_t a, std::size_t b) { return apart[a * node.size() + b]; }
    std::int32_t pair(std::size_t a, std::size_t b) const { return apart[a * node.size() + b]; }
    /// What the chains leave between the nodes at two ranks, were they kept apart here.
    std::int64_t room(std::size_t a, std::size_t b) const {
      return std::int64_t{high[std::max(a, b)]} - end[std::min(a, b)];
    }
  };
  /// Moving a pair of nodes to the other axis.
  struct Change {
    std::size_t from = 0;  ///< axis
    std::uint32_t a = 0;
    std::uint32_t b = 0;
    std::int64_t room = 0;  ///< that would be left between the two

    bool operator<(const Change& other) const {
      return std::tuple(-room, a, b) < std::tuple(-other.room, other.a, other.b);
    }
  };

  /// Added to a coordinate takes it out of any maximum.
  static constexpr std::int32_t kFree = -2 * DbuLattice::kLimit;
  static constexpr std::uint8_t kMaxChanges = 4;

  void add_nodes(const BoxCorners& start);
  void sort_nodes(std::size_t axis);
  void choose_axes();
  void keep_apart(std::size_t axis, std::uint32_t a, std::uint32_t b);
  /// By how much two nodes in their order on the axis overlap at the start; negative if apart.
  std::int64_t start_overlap(std::size_t axis, std::uint32_t a, std::uint32_t b) const;
  void compute_bounds(std::size_t axis);
  /// Sum of what the chains lack; 0 if all fit.
  std::int64_t excess() const;
  void collect_changes(std::size_t axis);
  bool change_best();

  bool movable(std::uint32_t node) const { return node < problem_.boxes.size(); }

  const BoxProblem& problem_;
  std::vector<Node> nodes_;
  std::array<Graph, 2> graphs_;
  std::vector<std::uint8_t> num_changes_;  ///< [nodes x nodes], lower node first
  std::vector<Change> candidates_;
  std::vector<std::uint8_t> touched_;
};

ConstraintGraphs::ConstraintGraphs(const BoxProblem& problem, const BoxCorners& start)
    : problem_(problem) {
  add_nodes(start);
  sort_nodes(0);
  sort_nodes(1);
  choose_axes();
  compute_bounds(0);
  compute_bounds(1);
}

void ConstraintGraphs::add_nodes(const BoxCorners& start) {
  for (std::size_t i = 0; i < start.size(); ++i) {
    const MovableBox& box = problem_.boxes[i];
    nodes_.push_back({box.size, box.min_lo, box.max_lo, start[i], box.want});
  }
  for (const LatticeBox& box : problem_.obstacles) {
    const LatticePoint size = {box.hi[0] - box.lo[0], box.hi[1] - box.lo[1]};
    nodes_.push_back({size, box.lo, box.lo, box.lo, box.lo});
  }
  num_changes_.assign(nodes_.size() * nodes_.size(), 0);
}

void ConstraintGraphs::sort_nodes(std::size_t axis) {
  Graph& graph = graphs_[axis];
  graph.node.resize(nodes_.size());
  std::iota(graph.node.begin(), graph.node.end(), std::uint32_t{0});
  const auto centre = [&](std::uint32_t node) {
    return 2 * std::int64_t{nodes_[node].start[axis]} + nodes_[node].size[axis];
  };
  std::stable_sort(graph.node.begin(), graph.node.end(), [&](std::uint32_t a, std::uint32_t b) {
    return centre(a) < centre(b);
  });
  graph.rank.resize(nodes_.size());
  for (std::uint32_t rank = 0; rank < nodes_.size(); ++rank) {
    graph.rank[graph.node[rank]] = rank;
    graph.size.push_back(nodes_[graph.node[rank]].size[axis]);
  }
  graph.low.resize(nodes_.size());
  graph.high.resize(nodes_.size());
  graph.end.resize(nodes_.size());
  graph.apart.assign(nodes_.size() * nodes_.size(), kFree);
}

std::int64_t ConstraintGraphs::start_overlap(std::size_t axis,
                                             std::uint32_t a,
                                             std::uint32_t b) const {
  const bool a_first = graphs_[axis].rank[a] < graphs_[axis].rank[b];
  const Node& first = nodes_[a_first ? a : b];
  const Node& second = nodes_[a_first ? b : a];
  return std::int64_t{first.start[axis]} + first.size[axis] - second.start[axis];
}

void ConstraintGraphs::keep_apart(std::size_t axis, std::uint32_t a, std::uint32_t b) {
  for (std::size_t each = 0; each < 2; ++each) {
    Graph& graph = graphs_[each];
    const std::int32_t value = each == axis ? 0 : kFree;
    graph.pair(graph.rank[a], graph.rank[b]) = value;
    graph.pair(graph.rank[b], graph.rank[a]) = value;
  }
}

void ConstraintGraphs::choose_axes() {
  for (std::uint32_t a = 0; a < problem_.boxes.size(); ++a) {
    for (std::uint32_t b = a + 1; b < nodes_.size(); ++b) {
      keep_apart(start_overlap(0, a, b) < start_overlap(1, a, b) ? 0 : 1, a, b);
    }
  }
}

void ConstraintGraphs::compute_bounds(std::size_t axis) {
  Graph& graph = graphs_[axis];
  const std::size_t count = nodes_.size();
  for (std::size_t i = 0; i < count; ++i) {
    const std::uint32_t node = graph.node[i];
    std::int32_t low = nodes_[node].min_lo[axis];
    if (movable(node)) {
      const std::int32_t* const apart = graph.apart.data() + i * count;
      for (std::size_t j = 0; j < i; ++j) {
        low = std::max(low, graph.end[j] + apart[j]);
      }
    }
    graph.low[i] = std::min(low, DbuLattice::kLimit);
    graph.end[i] = graph.low[i] + graph.size[i];
  }
  for (std::size_t i = count; i-- > 0;) {
    const std::uint32_t node = graph.node[i];
    std::int32_t high = nodes_[node].max_lo[axis];
    if (movable(node)) {
      const std::int32_t* const apart = graph.apart.data() + i * count;
      std::int32_t begin = DbuLattice::kLimit;
      for (std::size_t j = i + 1; j < count; ++j) {
        begin = std::min(begin, graph.high[j] - apart[j]);
      }
      high = std::min(high, begin - graph.size[i]);
    }
    graph.high[i] = std::max(high, -DbuLattice::kLimit);
  }
}

std::int64_t ConstraintGraphs::excess() const {
  std::int64_t sum = 0;
  for (const Graph& graph : graphs_) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      sum += std::max(std::int64_t{0}, std::int64_t{graph.low[i]} - graph.high[i]);
    }
  }
  return sum;
}

void ConstraintGraphs::collect_changes(std::size_t axis) {
  const Graph& graph = graphs_[axis];
  const Graph& other = graphs_[1 - axis];
  const std::size_t count = nodes_.size();
  for (std::size_t i = 0; i < count; ++i) {
    // A pair without room is on a chain that is too long; so are its boxes.
    if (graph.low[i] <= graph.high[i] && movable(graph.node[i])) {
      continue;
    }
    for (std::size_t j = i + 1; j < count; ++j) {
      const std::int64_t room = graph.room(i, j);
      if (graph.pair(i, j) != 0 || room >= 0) {
        continue;
      }
      const std::uint32_t a = std::min(graph.node[i], graph.node[j]);
      const std::uint32_t b = std::max(graph.node[i], graph.node[j]);
      const std::int64_t new_room = other.room(other.rank[a], other.rank[b]);
      if (new_room > room && num_changes_[a * count + b] < kMaxChanges) {
        candidates_.push_back({axis, a, b, new_room});
      }
    }
  }
}

bool ConstraintGraphs::change_best() {
  candidates_.clear();
  collect_changes(0);
  collect_changes(1);
  // Several at a time where there is room, but one a box: what is known about the room of a box is
  // no longer true after a change.
  const std::size_t most = 1 + problem_.boxes.size() / 32;
  const std::size_t looked_at = std::min(candidates_.size(), 8 * most);
  std::partial_sort(candidates_.begin(),
                    candidates_.begin() + static_cast<std::ptrdiff_t>(looked_at),
                    candidates_.end());
  candidates_.resize(looked_at);
  touched_.assign(nodes_.size(), 0);
  std::size_t changed = 0;
  for (const Change& change : candidates_) {
    if (changed == most || (changed > 0 && change.room < 0)) {
      break;
    }
    if (touched_[change.a] == 0 && touched_[change.b] == 0) {
      touched_[change.a] = 1;
      touched_[change.b] = movable(change.b) ? 1 : 0;
      keep_apart(1 - change.from, change.a, change.b);
      ++num_changes_[change.a * nodes_.size() + change.b];
      ++changed;
    }
  }
  compute_bounds(0);
  compute_bounds(1);
  return changed > 0;
}

bool ConstraintGraphs::repair(int max_steps) {
  std::int64_t least = excess();
  int fruitless = 0;
  const int patience = 20 + static_cast<int>(problem_.boxes.size()) / 4;
  for (int step = 0; step < max_steps && least > 0 && fruitless < patience; ++step, ++fruitless) {
    if (!change_best()) {
      return false;
    }
    const std::int64_t now = excess();
    if (now < least) {
      least = now;
      fruitless = 0;
    }
  }
  return least == 0;
}

BoxCorners ConstraintGraphs::place() const {
  BoxCorners corners(nodes_.size());
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const Graph& graph = graphs_[axis];
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const std::uint32_t node = graph.node[i];
      std::int32_t low = nodes_[node].min_lo[axis];
      for (std::size_t j = 0; j < i && movable(node); ++j) {
        if (graph.pair(i, j) == 0) {
          low = std::max(low, corners[graph.node[j]][axis] + graph.size[j]);
        }
      }
      corners[node][axis] = std::max(low, std::min(nodes_[node].want[axis], graph.high[i]));
    }
  }
  corners.resize(problem_.boxes.size());
  return corners;
}

}  // namespace

std::optional<BoxCorners> repair_constraints(const BoxProblem& problem,
                                             const BoxCorners& start,
                                             int max_steps) {
  ConstraintGraphs graphs(problem, start);
  if (!graphs.repair(max_steps)) {
    return std::nullopt;
  }
  return graphs.place();
}

}  // namespace tessera::placer
