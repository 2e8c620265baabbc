#include "placer/flat/macro_polish.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>
#include <span>
#include <utility>
#include <vector>

#include "netlist_io/orientation.h"

namespace tessera::placer {
namespace {

using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::Orientation;
using netlist_io::PinId;
using netlist_io::Placement;

constexpr std::array kUpright = {
    Orientation::kN, Orientation::kFN, Orientation::kS, Orientation::kFS};
constexpr std::array kTurned = {
    Orientation::kE, Orientation::kFE, Orientation::kW, Orientation::kFW};
/// Rounds over all macros and pairs; few gain anything after the third.
constexpr int kMaxRounds = 8;
/// A gain below this part of a net's usual length is rounding.
constexpr double kLeastGainUm = 1e-6;

class Polisher {
 public:
  Polisher(const Netlist& netlist, const Placement& placement, int max_sinks)
      : netlist_(netlist), placement_(placement), max_sinks_(max_sinks), seen_(netlist.num_nets()) {
    for (const NodeId macro : netlist.hard_macros()) {
      if (placement.fixed[macro.index()] == 0) {
        macros_.push_back(macro);
      }
    }
  }

  MacroPolishResult run() {
    MacroPolishResult result;
    const std::vector<Orientation> before = placement_.orientation;
    for (int round = 0; round < kMaxRounds; ++round) {
      const double turned = turn_all();
      const double swapped = swap_all(result.swaps);
      result.gained_um += turned + swapped;
      if (!(turned + swapped > kLeastGainUm)) {
        break;
      }
    }
    for (const NodeId macro : macros_) {
      result.turns += before[macro.index()] != placement_.orientation[macro.index()] ? 1U : 0U;
    }
    result.placement = std::move(placement_);
    return result;
  }

 private:
  double extent(NetId net) const {
    constexpr double kFar = std::numeric_limits<double>::max();
    double x0 = kFar, x1 = -kFar, y0 = kFar, y1 = -kFar;
    for (const PinId pin : netlist_.pins_of(net)) {
      const std::size_t node = netlist_.pin_node(pin).index();
      const Offset offset = transform(netlist_.pin_offset(pin), placement_.orientation[node]);
      x0 = std::min(x0, placement_.x[node] + offset.x);
      x1 = std::max(x1, placement_.x[node] + offset.x);
      y0 = std::min(y0, placement_.y[node] + offset.y);
      y1 = std::max(y1, placement_.y[node] + offset.y);
    }
    return (x1 - x0) + (y1 - y0);
  }

  /// Of the nets that count, on any of the macros.
  double length(std::span<const NodeId> macros) {
    ++stamp_;
    double total = 0.0;
    for (const NodeId macro : macros) {
      for (const NetId net : netlist_.nets_of(macro)) {
        if (seen_[net.index()] != stamp_ &&
            netlist_.pins_of(net).size() - 1 <= static_cast<std::size_t>(max_sinks_)) {
          seen_[net.index()] = stamp_;
          total += netlist_.weight(net) * extent(net);
        }
      }
    }
    return total;
  }

  double turn_all() {
    double gained = 0.0;
    for (const NodeId macro : macros_) {
      Orientation& orientation = placement_.orientation[macro.index()];
      const Orientation original = orientation;
      const std::array one = {macro};
      const double before = length(one);
      double best = before;
      Orientation best_orientation = original;
      for (const Orientation other : swaps_axes(original) ? kTurned : kUpright) {
        orientation = other;
        const double now = length(one);
        if (now < best - kLeastGainUm) {
          best = now;
          best_orientation = other;
        }
      }
      orientation = best_orientation;
      gained += before - best;
    }
    return gained;
  }

  bool interchangeable(NodeId a, NodeId b) const {
    const bool same_turn = swaps_axes(placement_.orientation[a.index()]) ==
                           swaps_axes(placement_.orientation[b.index()]);
    return same_turn && netlist_.width(a) == netlist_.width(b) &&
           netlist_.height(a) == netlist_.height(b);
  }

  /// Exchanges everything about where the two stand, orientation included: pins stay where the
  /// other's were, if they are of the same master.
  void exchange(NodeId a, NodeId b) {
    std::swap(placement_.x[a.index()], placement_.x[b.index()]);
    std::swap(placement_.y[a.index()], placement_.y[b.index()]);
    std::swap(placement_.orientation[a.index()], placement_.orientation[b.index()]);
  }

  double swap_all(std::size_t& swaps) {
    double gained = 0.0;
    for (std::size_t i = 0; i < macros_.size(); ++i) {
      for (std::size_t j = i + 1; j < macros_.size(); ++j) {
        if (!interchangeable(macros_[i], macros_[j])) {
          continue;
        }
        const std::array pair = {macros_[i], macros_[j]};
        const double before = length(pair);
        exchange(macros_[i], macros_[j]);
        const double gain = before - length(pair);
        if (gain > kLeastGainUm) {
          gained += gain;
          ++swaps;
        } else {
          exchange(macros_[i], macros_[j]);
        }
      }
    }
    return gained;
  }

  const Netlist& netlist_;
  Placement placement_;
  int max_sinks_;
  std::vector<NodeId> macros_;
  std::vector<std::uint32_t> seen_;
  std::uint32_t stamp_ = 0;
};

}  // namespace

MacroPolishResult polish_macros(const Netlist& netlist, const Placement& placement, int max_sinks) {
  return Polisher(netlist, placement, max_sinks).run();
}

}  // namespace tessera::placer
