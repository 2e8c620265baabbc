#include "placer/point_nets.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>
#include <unordered_map>

#include "cost/cell_range.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::PinId;
using netlist_io::Placement;

/// Pins closer than 1 / kSubcells of a cell on both axes become one point.
constexpr double kSubcells = 4.0;
constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();

/// Pins with the same base in the same part of a cell, and the sum of their positions.
struct PinCluster {
  double sum_x = 0.0;
  double sum_y = 0.0;
  double count = 0.0;
};

/// Numbers the clusters of pins in the order in which they turn up.
class PinClusters {
 public:
  /// `base`: the mover, or `kNone` for a fixed pin; x and y in cells from it.
  std::uint32_t add(std::uint32_t base, double x, double y) {
    const std::uint64_t key =
        (static_cast<std::uint64_t>(base) << 32) | (subcell(x) << 16) | subcell(y);
    const auto [slot, inserted] =
        index_.try_emplace(key, static_cast<std::uint32_t>(clusters_.size()));
    if (inserted) {
      clusters_.emplace_back();
      bases_.push_back(base);
    }
    PinCluster& cluster = clusters_[slot->second];
    cluster.sum_x += x;
    cluster.sum_y += y;
    cluster.count += 1.0;
    return slot->second;
  }

  std::size_t size() const { return clusters_.size(); }
  std::uint32_t base(std::size_t i) const { return bases_[i]; }
  float x(std::size_t i) const { return mean(clusters_[i].sum_x, clusters_[i].count); }
  float y(std::size_t i) const { return mean(clusters_[i].sum_y, clusters_[i].count); }

 private:
  static std::uint64_t subcell(double cells) {
    constexpr double kOrigin = 32768.0;
    return static_cast<std::uint64_t>(
        std::clamp(std::floor(cells * kSubcells) + kOrigin, 0.0, 2.0 * kOrigin - 1.0));
  }
  static float mean(double sum, double count) { return static_cast<float>(sum / count); }

  std::unordered_map<std::uint64_t, std::uint32_t> index_;
  std::vector<PinCluster> clusters_;
  std::vector<std::uint32_t> bases_;
};

/// A net before merging: its points in `Builder::members_`, the driver's first, the others
/// descending, so that fixed ones come before movers.
struct DraftNet {
  std::uint32_t first = 0;
  std::uint32_t degree = 0;
  std::uint64_t hash = 0;
  double wire_weight = 0.0;
  double route_weight = 0.0;
};

class Builder {
 public:
  Builder(const Netlist& netlist,
          const Canvas& canvas,
          const Placement& placement,
          cost::OutsidePins outside_pins,
          int max_sinks,
          PointNets& out)
      : netlist_(netlist),
        canvas_(canvas),
        placement_(placement),
        outside_pins_(outside_pins),
        max_sinks_(max_sinks),
        out_(out) {}

  void build(MoverKinds kinds) {
    collect_movers(kinds);
    collect_points();
    collect_nets();
    merge_nets();
    write_groups();
    collect_legs();
  }

 private:
  void collect_movers(MoverKinds kinds) {
    out_.movers.clear();
    mover_of_node_.assign(netlist_.num_nodes(), kNone);
    const auto add = [&](std::span<const NodeId> nodes) {
      for (const NodeId node : nodes) {
        if (placement_.fixed[node.index()] == 0) {
          mover_of_node_[node.index()] = static_cast<std::uint32_t>(out_.movers.size());
          out_.movers.push_back(node);
        }
      }
    };
    add(netlist_.soft_macros());
    add(netlist_.std_cells());
    out_.num_soft_movers = out_.movers.size();
    if (kinds == MoverKinds::kSoftAndHard) {
      add(netlist_.hard_macros());
    }
  }

  /// Position in cells of a pin, from its mover or, if that is `kNone`, from the canvas corner.
  Offset pin_position(PinId pin, std::uint32_t mover) const {
    const std::size_t node = netlist_.pin_node(pin).index();
    Offset position = transform(netlist_.pin_offset(pin), placement_.orientation[node]);
    if (mover == kNone) {
      position.x += placement_.x[node];
      position.y += placement_.y[node];
    }
    return {position.x / canvas_.cell_width(), position.y / canvas_.cell_height()};
  }

  bool at_centre(std::uint32_t mover, PinId pin) const {
    const Offset offset = netlist_.pin_offset(pin);
    return mover != kNone && offset.x == 0.0 && offset.y == 0.0;
  }

  void collect_points() {
    PinClusters clusters;
    std::vector<std::uint32_t> cluster_of_pin(netlist_.num_pins(), kNone);
    for (std::size_t i = 0; i < netlist_.num_pins(); ++i) {
      const std::uint32_t mover = mover_of_node_[netlist_.pin_node(PinId(i)).index()];
      if (!at_centre(mover, PinId(i))) {
        const Offset position = pin_position(PinId(i), mover);
        cluster_of_pin[i] = clusters.add(mover, position.x, position.y);
      }
    }
    const std::vector<std::uint32_t> point_of_cluster = number_clusters(clusters);
    point_of_pin_.resize(netlist_.num_pins());
    for (std::size_t i = 0; i < netlist_.num_pins(); ++i) {
      point_of_pin_[i] = cluster_of_pin[i] == kNone
                             ? mover_of_node_[netlist_.pin_node(PinId(i)).index()]
                             : point_of_cluster[cluster_of_pin[i]];
    }
  }

  std::vector<std::uint32_t> number_clusters(const PinClusters& clusters) {
    out_.attached.clear();
    out_.fixed_x.clear();
    out_.fixed_y.clear();
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      if (clusters.base(i) != kNone) {
        out_.attached.push_back({clusters.base(i), clusters.x(i), clusters.y(i)});
      } else {
        out_.fixed_x.push_back(clusters.x(i));
        out_.fixed_y.push_back(clusters.y(i));
      }
    }
    std::vector<std::uint32_t> point(clusters.size());
    auto next_attached = static_cast<std::uint32_t>(out_.movers.size());
    auto next_fixed = static_cast<std::uint32_t>(out_.first_fixed_point());
    for (std::size_t i = 0; i < clusters.size(); ++i) {
      point[i] = clusters.base(i) != kNone ? next_attached++ : next_fixed++;
    }
    return point;
  }

  bool dropped(NetId net) const {
    if (outside_pins_ == cost::OutsidePins::kClamp) {
      return false;
    }
    const std::span<const PinId> pins = netlist_.pins_of(net);
    return std::any_of(pins.begin(), pins.end(), [&](PinId pin) {
      if (mover_of_node_[netlist_.pin_node(pin).index()] != kNone) {
        return false;
      }
      const Offset at = pin_position(pin, kNone);
      return !(at.x >= 0.0 && at.x <= canvas_.grid.cols && at.y >= 0.0 &&
               at.y <= canvas_.grid.rows);
    });
  }

  void collect_nets() {
    out_.fixed_demand.assign_zero(canvas_.grid.num_cells());
    drafts_.clear();
    members_.clear();
    for (std::size_t i = 0; i < netlist_.num_nets(); ++i) {
      const NetId net(i);
      const std::span<const PinId> pins = netlist_.pins_of(net);
      if (pins.size() - 1 > static_cast<std::size_t>(max_sinks_)) {
        continue;
      }
      // Unlike in the wirelength, weights below 1 count as 1 in the congestion.
      const double route_weight = dropped(net) ? 0.0 : std::max(1.0, netlist_.weight(net));
      const auto moves = [&](PinId pin) {
        return mover_of_node_[netlist_.pin_node(pin).index()] != kNone;
      };
      if (std::any_of(pins.begin(), pins.end(), moves)) {
        add_draft(pins, netlist_.weight(net), route_weight);
      } else if (route_weight > 0.0) {
        route_fixed_net(pins, route_weight);
      }
    }
  }

  void add_draft(std::span<const PinId> pins, double wire_weight, double route_weight) {
    const std::size_t first = members_.size();
    const std::uint32_t driver = point_of_pin_[pins.front().index()];
    members_.push_back(driver);
    for (const PinId pin : pins.subspan(1)) {
      if (point_of_pin_[pin.index()] != driver) {
        members_.push_back(point_of_pin_[pin.index()]);
      }
    }
    const auto sinks = members_.begin() + static_cast<std::ptrdiff_t>(first + 1);
    std::sort(sinks, members_.end(), std::greater<>());
    members_.erase(std::unique(sinks, members_.end()), members_.end());
    if (members_.size() == first + 1) {
      members_.pop_back();
      return;  // all pins in one place
    }
    DraftNet net{static_cast<std::uint32_t>(first),
                 static_cast<std::uint32_t>(members_.size() - first),
                 14695981039346656037ULL,
                 wire_weight,
                 route_weight};
    for (std::size_t i = first; i < members_.size(); ++i) {
      net.hash = (net.hash ^ members_[i]) * 1099511628211ULL;  // FNV-1a on words
    }
    drafts_.push_back(net);
  }

  void route_fixed_net(std::span<const PinId> pins, double weight) {
    cells_.clear();
    for (const PinId pin : pins) {
      const Offset at = pin_position(pin, kNone);
      const cost::Cell cell = {cost::detail::cell_index(at.x, 1.0, 0, canvas_.grid.cols - 1),
                               cost::detail::cell_index(at.y, 1.0, 0, canvas_.grid.rows - 1)};
      if (std::find(cells_.begin(), cells_.end(), cell) == cells_.end()) {
        cells_.push_back(cell);
      }
    }
    cost::route_net(cells_, weight, canvas_.grid.cols, out_.fixed_demand);
  }

  bool same_points(const DraftNet& a, const DraftNet& b) const {
    return a.hash == b.hash && a.degree == b.degree &&
           std::equal(members_.begin() + a.first,
                      members_.begin() + a.first + a.degree,
                      members_.begin() + b.first);
  }

  void merge_nets() {
    std::sort(drafts_.begin(), drafts_.end(), [](const DraftNet& a, const DraftNet& b) {
      if (a.degree != b.degree) {
        return a.degree < b.degree;
      }
      return a.hash != b.hash ? a.hash < b.hash : a.first < b.first;
    });
    std::size_t kept = 0;
    for (const DraftNet& net : drafts_) {
      if (kept > 0 && same_points(drafts_[kept - 1], net)) {
        drafts_[kept - 1].wire_weight += net.wire_weight;
        drafts_[kept - 1].route_weight += net.route_weight;
      } else {
        drafts_[kept++] = net;
      }
    }
    drafts_.resize(kept);
  }

  void write_groups() {
    constexpr std::size_t kLanes = PointNets::kLanes;
    const std::size_t num_groups = (drafts_.size() + kLanes - 1) / kLanes;
    out_.num_nets = drafts_.size();
    out_.groups.clear();
    out_.points.clear();
    out_.degree.assign(num_groups * kLanes, 0);
    out_.wire_weight.assign(num_groups * kLanes, 0.0F);
    out_.route_weight.assign(num_groups * kLanes, 0.0F);
    for (std::size_t group = 0; group < num_groups; ++group) {
      const std::size_t begin = group * kLanes;
      const std::size_t end = std::min(begin + kLanes, drafts_.size());
      const std::uint32_t width = drafts_[end - 1].degree;
      const auto first = static_cast<std::uint32_t>(out_.points.size());
      out_.groups.push_back({first, width});
      out_.points.resize(first + width * kLanes, 0);
      for (std::size_t net = begin; net < end; ++net) {
        write_net(drafts_[net], net, first + static_cast<std::uint32_t>(net - begin), width);
      }
    }
  }

  void write_net(const DraftNet& draft, std::size_t net, std::size_t entry, std::uint32_t width) {
    out_.degree[net] = draft.degree;
    out_.wire_weight[net] = static_cast<float>(draft.wire_weight);
    out_.route_weight[net] = static_cast<float>(draft.route_weight);
    for (std::uint32_t k = 0; k < width; ++k, entry += PointNets::kLanes) {
      out_.points[entry] = members_[draft.first + (k < draft.degree ? k : 0)];
    }
  }

  /// Sorts the sinks of all nets by source, in linear time, and numbers the distinct ones of each.
  void collect_legs() {
    std::vector<std::uint32_t> start(out_.num_points() + 1, 0);
    for_each_sink([&](std::uint32_t source, std::size_t) { ++start[source + 1]; });
    std::partial_sum(start.begin(), start.end(), start.begin());
    std::vector<std::uint32_t> entries(start.back());
    for_each_sink([&](std::uint32_t source, std::size_t entry) {
      entries[start[source]++] = static_cast<std::uint32_t>(entry);
    });
    out_.legs.clear();
    out_.leg_of_entry.assign(out_.points.size(), 0);
    std::vector<std::uint32_t> leg_to(out_.num_points(), kNone);
    std::uint32_t next = 0;
    for (std::uint32_t source = 0; source < out_.num_points(); ++source) {
      const std::size_t first_leg = out_.legs.size();
      for (; next < start[source]; ++next) {  // `start` now holds the ends
        const std::uint32_t sink = out_.points[entries[next]];
        if (leg_to[sink] == kNone || leg_to[sink] < first_leg) {
          leg_to[sink] = static_cast<std::uint32_t>(out_.legs.size());
          out_.legs.push_back({source, sink});
        }
        out_.leg_of_entry[entries[next]] = leg_to[sink];
      }
    }
  }

  template <typename Visit>
  void for_each_sink(Visit visit) const {
    constexpr std::size_t kLanes = PointNets::kLanes;
    for (std::size_t net = 0; net < out_.num_nets; ++net) {
      const std::size_t driver = out_.groups[net / kLanes].first + net % kLanes;
      for (std::uint32_t k = 1; k < out_.degree[net]; ++k) {
        visit(out_.points[driver], driver + k * kLanes);
      }
    }
  }

  const Netlist& netlist_;
  const Canvas& canvas_;
  const Placement& placement_;
  cost::OutsidePins outside_pins_;
  int max_sinks_;
  PointNets& out_;
  std::vector<std::uint32_t> mover_of_node_;
  std::vector<std::uint32_t> point_of_pin_;
  std::vector<DraftNet> drafts_;
  std::vector<std::uint32_t> members_;
  std::vector<cost::Cell> cells_;
};

}  // namespace

void PointNets::build(const Netlist& netlist,
                      const Canvas& canvas,
                      const Placement& placement,
                      cost::OutsidePins outside_pins,
                      MoverKinds kinds,
                      int max_sinks) {
  if (placement.size() != netlist.num_nodes()) {
    throw std::invalid_argument("the placement has " + std::to_string(placement.size()) +
                                " nodes, the netlist " + std::to_string(netlist.num_nodes()));
  }
  Builder(netlist, canvas, placement, outside_pins, max_sinks, *this).build(kinds);
}

}  // namespace tessera::placer
