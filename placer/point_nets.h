#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <vector>

#include "cost/congestion.h"
#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// Which nodes a smooth placer moves.
enum class MoverKinds : std::uint8_t {
  kSoft,         ///< soft macros and standard cells
  kSoftAndHard,  ///< hard macros as well
};

/// The nets of a block as a solver that moves some of its nodes sees them, in flat arrays.
///
/// Movers are the nodes that move. A point is a place that nets meet: the centre of a mover, a
/// place that keeps its offset from one (pins of a moved hard macro), or a fixed place. Pins within
/// a quarter of a grid cell of each other are one point, at their mean, and nets with the same
/// driver and the same points are one net: wide buses shrink to a few nets.
///
/// Lengths are in grid cells: columns for x, rows for y.
struct PointNets {
  /// Nets come in groups of this many; entry k of the nets of one group lie side by side.
  static constexpr std::size_t kLanes = 8;

  /// A place that follows a mover.
  struct Attached {
    std::uint32_t mover = 0;
    float dx = 0.0F;
    float dy = 0.0F;
  };

  /// Up to `kLanes` nets of about the same number of points.
  struct Group {
    std::uint32_t first = 0;  ///< entry 0 of its first net in `points`
    std::uint32_t width = 0;  ///< the most points of a net; shorter ones repeat their driver
  };

  std::vector<netlist_io::NodeId> movers;  ///< soft ones first
  std::size_t num_soft_movers = 0;
  std::vector<Attached> attached;
  std::vector<float> fixed_x;
  std::vector<float> fixed_y;

  // Points: centres of the movers, then the attached ones, then the fixed ones.
  std::size_t num_points() const { return movers.size() + attached.size() + fixed_x.size(); }
  std::size_t first_fixed_point() const { return movers.size() + attached.size(); }

  // Nets with a mover, by number of points. Entry k of net n is
  // points[groups[n / kLanes].first + k * kLanes + n % kLanes]; entry 0 is the driver.
  std::vector<Group> groups;
  std::vector<std::uint32_t> points;
  std::vector<std::uint32_t> degree;  ///< per net, padded to whole groups with nets of degree 0
  std::vector<float> wire_weight;     ///< per net, padded likewise
  std::vector<float> route_weight;    ///< per net; 0 where the congestion does not count it
  std::size_t num_nets = 0;

  /// A driver and a sink that at least one net connects.
  struct Leg {
    std::uint32_t source = 0;  ///< point
    std::uint32_t sink = 0;    ///< point
  };
  std::vector<Leg> legs;                    ///< distinct, by source
  std::vector<std::uint32_t> leg_of_entry;  ///< parallel to `points`; of no meaning at drivers

  /// Demand of the nets without a mover, tracks per cell.
  cost::DemandMaps fixed_demand;

  /// Collects the nets, but for those with more than `max_sinks` sinks. Nodes that do not move
  /// count where they stand. Throws `std::invalid_argument` if `placement` is not one of the
  /// netlist.
  void build(const netlist_io::Netlist& netlist,
             const netlist_io::Canvas& canvas,
             const netlist_io::Placement& placement,
             cost::OutsidePins outside_pins,
             MoverKinds kinds,
             int max_sinks = std::numeric_limits<int>::max());

  /// Calls `visit(points, net)` with the points of each net, the driver first.
  template <typename Visit>
  void for_each_net(Visit visit) const {
    std::vector<std::uint32_t> members;
    for (std::size_t net = 0; net < num_nets; ++net) {
      const std::uint32_t* entry = points.data() + groups[net / kLanes].first + net % kLanes;
      members.clear();
      for (std::uint32_t k = 0; k < degree[net]; ++k, entry += kLanes) {
        members.push_back(*entry);
      }
      visit(std::span<const std::uint32_t>(members), net);
    }
  }
};

}  // namespace tessera::placer
