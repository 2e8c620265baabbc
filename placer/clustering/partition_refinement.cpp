// Refinement of a partition of a hypergraph in V-cycles: G. Karypis and V. Kumar, "Multilevel k-way
// Hypergraph Partitioning", DAC 1999, doi:10.1145/309847.309954.
//
// Differences: the objective can grow faster than connectivity minus one, theirs; a level is made
// by uniting vertices with their most connected neighbour of the same part until the number of
// vertices halves; moves are greedy, in random order, without queues.

#include "placer/clustering/partition_refinement.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <optional>
#include <span>
#include <utility>

namespace tessera::placer {
namespace {

using netlist_io::Rng;

/// Levels of fewer vertices per part are not made coarser: clumps would be whole parts.
constexpr std::size_t kMinVerticesPerPart = 8;
/// Heaviest clump, as part of the heaviest part.
constexpr std::int64_t kClumpsPerPart = 6;
/// Larger nets do not tell which vertices belong together and would take most of the time.
constexpr std::size_t kMaxNetForClumps = 50;

/// Costs are integers, so that gains are exact: one part more for a net costs this.
constexpr std::int64_t kCostScale = 100;

/// Moves vertices one at a time.
class Mover {
 public:
  Mover(const WeightedHypergraph& graph,
        const RefinementOptions& options,
        const PartReach* reach,
        std::vector<std::int32_t>& part_of)
      : graph_(graph),
        options_(options),
        reach_(reach),
        span_growth_(std::llround(static_cast<double>(kCostScale) * options.span_growth)),
        part_of_(part_of),
        part_weight_(static_cast<std::size_t>(options.num_parts), 0),
        connection_(static_cast<std::size_t>(options.num_parts), 0) {
    for (std::size_t vertex = 0; vertex < graph.num_vertices(); ++vertex) {
      part_weight_[static_cast<std::size_t>(part_of[vertex])] += graph.vertex_weight[vertex];
    }
    if (reach_ != nullptr) {
      find_centres();
    }
    reached_.resize(graph.net_vertices.size());
    num_reached_.assign(graph.num_nets(), 0);
    for (std::size_t net = 0; net < graph.num_nets(); ++net) {
      for (const std::uint32_t vertex : graph.net(net)) {
        enter(net, part_of[vertex]);
      }
    }
  }

  void run(Rng& rng) {
    std::vector<std::uint32_t> order(graph_.num_vertices());
    std::iota(order.begin(), order.end(), 0U);
    for (int pass = 0; pass < options_.passes; ++pass) {
      rng.shuffle(order);
      std::int64_t gained = 0;
      for (const std::uint32_t vertex : order) {
        gained += move_if_better(vertex);
      }
      if (gained == 0) {
        break;
      }
    }
  }

 private:
  /// A part that a net reaches, with so many vertices.
  struct Reached {
    std::int32_t part = 0;
    std::int32_t count = 0;
  };

  std::span<Reached> reached(std::size_t net) {
    return {reached_.data() + graph_.net_start[net], num_reached_[net]};
  }

  /// Cost of one part more for a net that reaches `parts`.
  std::int64_t marginal(std::size_t parts) const {
    return kCostScale + span_growth_ * (static_cast<std::int64_t>(parts) - 1);
  }

  void enter(std::size_t net, std::int32_t part) {
    for (Reached& entry : reached(net)) {
      if (entry.part == part) {
        ++entry.count;
        return;
      }
    }
    reached_[graph_.net_start[net] + num_reached_[net]++] = {part, 1};
  }

  void leave(std::size_t net, std::int32_t part) {
    const std::span<Reached> entries = reached(net);
    const auto entry = std::find_if(
        entries.begin(), entries.end(), [&](const Reached& e) { return e.part == part; });
    if (--entry->count == 0) {
      *entry = entries.back();
      --num_reached_[net];
    }
  }

  void find_centres() {
    centre_x_.assign(part_weight_.size(), 0.0);
    centre_y_.assign(part_weight_.size(), 0.0);
    for (std::size_t vertex = 0; vertex < graph_.num_vertices(); ++vertex) {
      const auto part = static_cast<std::size_t>(part_of_[vertex]);
      centre_x_[part] += reach_->x[vertex] * graph_.vertex_weight[vertex];
      centre_y_[part] += reach_->y[vertex] * graph_.vertex_weight[vertex];
    }
    for (std::size_t part = 0; part < part_weight_.size(); ++part) {
      const auto weight = static_cast<double>(std::max<std::int64_t>(part_weight_[part], 1));
      centre_x_[part] /= weight;
      centre_y_[part] /= weight;
    }
  }

  bool within_reach(std::uint32_t vertex, std::int32_t part) const {
    const auto index = static_cast<std::size_t>(part);
    return reach_ == nullptr ||
           (std::abs(reach_->x[vertex] - centre_x_[index]) <= reach_->max_distance_um &&
            std::abs(reach_->y[vertex] - centre_y_[index]) <= reach_->max_distance_um);
  }

  /// Returns by how much the objective falls.
  std::int64_t move_if_better(std::uint32_t vertex) {
    const std::int32_t own = part_of_[vertex];
    if (part_weight_[static_cast<std::size_t>(own)] - graph_.vertex_weight[vertex] <
        options_.min_part_weight) {
      return 0;
    }
    std::int64_t base = 0;  // gain of a part that no net reaches
    candidates_.clear();
    for (const std::uint32_t net : graph_.nets_of(vertex)) {
      const std::int64_t weight = graph_.net_weight[net];
      const std::span<const Reached> entries = reached(net);
      const bool alone = std::any_of(entries.begin(), entries.end(), [&](const Reached& entry) {
        return entry.part == own && entry.count == 1;
      });
      const std::int64_t gain = weight * marginal(entries.size() - (alone ? 1 : 0));
      base -= alone ? 0 : gain;
      for (const Reached& entry : entries) {
        if (entry.part == own) {
          continue;
        }
        std::int64_t& connection = connection_[static_cast<std::size_t>(entry.part)];
        if (connection == 0) {
          candidates_.push_back(entry.part);
        }
        connection += gain;
      }
    }
    const Choice best = choose(vertex, base);
    for (const std::int32_t part : candidates_) {
      connection_[static_cast<std::size_t>(part)] = 0;
    }
    if (best.part == own) {
      return 0;
    }
    move(vertex, best.part);
    return best.gain;
  }

  struct Choice {
    std::int32_t part = 0;
    std::int64_t gain = 0;
  };

  /// The part with the highest gain that takes the vertex; of equal ones the lightest. The gain of
  /// a part is `base` plus its connection.
  Choice choose(std::uint32_t vertex, std::int64_t base) const {
    const std::int64_t weight = graph_.vertex_weight[vertex];
    const auto weight_with = [&](std::int32_t part) {
      return part_weight_[static_cast<std::size_t>(part)] + weight;
    };
    Choice best{part_of_[vertex], 0};
    std::int64_t best_weight = weight_with(best.part) - weight;
    for (const std::int32_t part : candidates_) {
      const std::int64_t gain = base + connection_[static_cast<std::size_t>(part)];
      const std::int64_t new_weight = weight_with(part);
      const bool better = gain > best.gain || (gain == best.gain && new_weight < best_weight);
      if (better && new_weight <= options_.max_part_weight && within_reach(vertex, part)) {
        best = {part, gain};
        best_weight = new_weight;
      }
    }
    return best;
  }

  void move(std::uint32_t vertex, std::int32_t part) {
    const std::int32_t old = part_of_[vertex];
    for (const std::uint32_t net : graph_.nets_of(vertex)) {
      leave(net, old);
      enter(net, part);
    }
    part_weight_[static_cast<std::size_t>(old)] -= graph_.vertex_weight[vertex];
    part_weight_[static_cast<std::size_t>(part)] += graph_.vertex_weight[vertex];
    part_of_[vertex] = part;
  }

  const WeightedHypergraph& graph_;
  const RefinementOptions& options_;
  const PartReach* reach_;
  std::int64_t span_growth_;
  std::vector<std::int32_t>& part_of_;
  std::vector<std::int64_t> part_weight_;
  std::vector<double> centre_x_;  ///< of parts at the start, with `reach_` [parts]
  std::vector<double> centre_y_;
  std::vector<Reached> reached_;            ///< by net, as many places as it has vertices
  std::vector<std::uint32_t> num_reached_;  // [nets]
  std::vector<std::int64_t> connection_;    ///< scratch: weight of nets to a part; 0 between moves
  std::vector<std::int32_t> candidates_;    ///< scratch: parts with a connection
};

/// Which vertices form one of the next level.
struct Clumps {
  std::vector<std::uint32_t> clump_of;
  std::vector<std::int32_t> weight;
};

/// Unites vertices with the neighbour of their part that they share the most nets with (a net of d
/// vertices counts 1 / (d - 1)), or with its clump.
class Clumper {
 public:
  Clumper(const WeightedHypergraph& graph,
          std::span<const std::int32_t> part_of,
          std::int64_t max_weight)
      : graph_(graph), part_of_(part_of), max_weight_(max_weight) {
    clumps_.clump_of.assign(graph.num_vertices(), kNone);
    strength_.assign(graph.num_vertices(), 0.0);
  }

  Clumps run(Rng& rng) {
    std::vector<std::uint32_t> order(graph_.num_vertices());
    std::iota(order.begin(), order.end(), 0U);
    rng.shuffle(order);
    for (const std::uint32_t vertex : order) {
      if (clumps_.clump_of[vertex] == kNone) {
        unite(vertex, best_neighbour(vertex));
      }
    }
    return std::move(clumps_);
  }

 private:
  static constexpr std::uint32_t kNone = ~std::uint32_t{0};

  std::int64_t weight_at(std::uint32_t vertex) const {
    const std::uint32_t clump = clumps_.clump_of[vertex];
    return clump == kNone ? graph_.vertex_weight[vertex] : clumps_.weight[clump];
  }

  /// `vertex` itself if there is none.
  std::uint32_t best_neighbour(std::uint32_t vertex) {
    neighbours_.clear();
    for (const std::uint32_t net : graph_.nets_of(vertex)) {
      const std::span<const std::uint32_t> members = graph_.net(net);
      if (members.size() > kMaxNetForClumps) {
        continue;
      }
      const double share = graph_.net_weight[net] / static_cast<double>(members.size() - 1);
      for (const std::uint32_t member : members) {
        if (member != vertex && part_of_[member] == part_of_[vertex]) {
          if (strength_[member] == 0.0) {
            neighbours_.push_back(member);
          }
          strength_[member] += share;
        }
      }
    }
    std::uint32_t best = vertex;
    double best_strength = 0.0;
    for (const std::uint32_t other : neighbours_) {
      if (strength_[other] > best_strength &&
          graph_.vertex_weight[vertex] + weight_at(other) <= max_weight_) {
        best = other;
        best_strength = strength_[other];
      }
      strength_[other] = 0.0;
    }
    return best;
  }

  void unite(std::uint32_t vertex, std::uint32_t other) {
    std::uint32_t clump = clumps_.clump_of[other];
    if (clump == kNone) {
      clump = static_cast<std::uint32_t>(clumps_.weight.size());
      clumps_.weight.push_back(graph_.vertex_weight[other]);
      clumps_.clump_of[other] = clump;
    }
    if (vertex != other) {
      clumps_.clump_of[vertex] = clump;
      clumps_.weight[clump] += graph_.vertex_weight[vertex];
    }
  }

  const WeightedHypergraph& graph_;
  std::span<const std::int32_t> part_of_;
  std::int64_t max_weight_;
  Clumps clumps_;
  std::vector<double> strength_;           ///< scratch; 0 between vertices
  std::vector<std::uint32_t> neighbours_;  ///< scratch
};

PartReach contract(const PartReach& fine, const WeightedHypergraph& graph, const Clumps& clumps) {
  PartReach coarse;
  coarse.max_distance_um = fine.max_distance_um;
  coarse.x.assign(clumps.weight.size(), 0.0);
  coarse.y.assign(clumps.weight.size(), 0.0);
  for (std::size_t vertex = 0; vertex < graph.num_vertices(); ++vertex) {
    const std::uint32_t clump = clumps.clump_of[vertex];
    const double share = static_cast<double>(graph.vertex_weight[vertex]) / clumps.weight[clump];
    coarse.x[clump] += share * fine.x[vertex];
    coarse.y[clump] += share * fine.y[vertex];
  }
  return coarse;
}

/// One V-cycle from this level down and back.
void refine_levels(const WeightedHypergraph& graph,
                   const RefinementOptions& options,
                   const PartReach* reach,
                   Rng& rng,
                   std::vector<std::int32_t>& part_of) {
  const auto num_parts = static_cast<std::size_t>(options.num_parts);
  if (graph.num_vertices() > kMinVerticesPerPart * num_parts) {
    const std::int64_t max_weight = options.max_part_weight / kClumpsPerPart;
    const Clumps clumps = Clumper(graph, part_of, max_weight).run(rng);
    // Levels that hardly differ are not worth their time.
    if (10 * clumps.weight.size() < 9 * graph.num_vertices()) {
      std::vector<std::int32_t> coarse_part(clumps.weight.size());
      for (std::size_t vertex = 0; vertex < part_of.size(); ++vertex) {
        coarse_part[clumps.clump_of[vertex]] = part_of[vertex];
      }
      const WeightedHypergraph coarse = contract(graph, clumps.clump_of, clumps.weight);
      std::optional<PartReach> coarse_reach;
      if (reach != nullptr) {
        coarse_reach = contract(*reach, graph, clumps);
      }
      refine_levels(coarse, options, coarse_reach ? &*coarse_reach : nullptr, rng, coarse_part);
      for (std::size_t vertex = 0; vertex < part_of.size(); ++vertex) {
        part_of[vertex] = coarse_part[clumps.clump_of[vertex]];
      }
    }
  }
  Mover(graph, options, reach, part_of).run(rng);
}

}  // namespace

void refine_partition(const WeightedHypergraph& graph,
                      const RefinementOptions& options,
                      const PartReach* reach,
                      Rng& rng,
                      std::vector<std::int32_t>& part_of) {
  for (int cycle = 0; cycle < options.cycles; ++cycle) {
    refine_levels(graph, options, reach, rng, part_of);
  }
}

}  // namespace tessera::placer
