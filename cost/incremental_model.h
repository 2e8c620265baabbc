#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"

namespace tessera::cost {

/// A number with a fixed number of binary places, so that sums are exact and can be undone.
struct FixedPoint {
  double scale = 1.0;  ///< units per 1; a power of two

  std::int64_t units(double value) const { return std::llrint(value * scale); }
  double value(std::int64_t units) const { return static_cast<double>(units) / scale; }
};

/// What all incremental evaluations of one block share: the netlist boiled down to what the proxy
/// sees of it. Immutable.
///
/// A point is a distinct pin position of a node: pins of one macro with the same offset are one
/// point, and so are all pins of a cluster. Nets with the same driver point and the same set of
/// points are one net with the sum of their weights; nets with all pins on one cluster are none.
class IncrementalModel {
 public:
  using Index = std::uint32_t;
  /// Most rows or columns of the grid.
  static constexpr int kMostLines = 8192;
  /// Longest half perimeter that a net may have, in units of the canvas' own.
  static constexpr double kLongestNet = 16.0;

  /// `netlist` must outlive the model. Throws `netlist_io::OptionError` as `ProxyCost` does
  /// and for a grid of more than `kMostLines` lines a side.
  IncrementalModel(const netlist_io::Netlist& netlist,
                   const netlist_io::Canvas& canvas,
                   const CostOptions& options);

  const netlist_io::Netlist& netlist() const { return netlist_; }
  const netlist_io::Canvas& canvas() const { return canvas_; }
  const CostOptions& options() const { return options_; }

  // Points, in the order of their nodes.
  std::size_t num_points() const { return point_node_.size(); }
  Index first_point(std::size_t node) const { return node_point_start_[node]; }
  Index end_point(std::size_t node) const { return node_point_start_[node + 1]; }
  Index node_of_point(std::size_t point) const { return point_node_[point]; }
  /// In orientation N.
  netlist_io::Offset offset(std::size_t point) const { return point_offset_[point]; }

  // Nets.
  std::size_t num_nets() const { return wire_weight_.size(); }
  /// Distinct points of a net, the driver's first.
  std::span<const Index> points_of(std::size_t net) const {
    return {net_points_.data() + net_point_start_[net],
            net_points_.data() + net_point_start_[net + 1]};
  }
  /// Nets of a node, ascending by number of points.
  std::span<const Index> nets_of(std::size_t node) const {
    return {node_nets_.data() + node_net_start_[node],
            node_nets_.data() + node_net_start_[node + 1]};
  }
  double wire_weight(std::size_t net) const { return wire_weight_[net]; }
  /// Weight in the congestion, where every net counts at least 1.
  double route_weight(std::size_t net) const { return route_weight_[net]; }

  /// Width and height of a node in the cost (clusters squared if the options say so).
  double cost_width(std::size_t node) const { return cost_width_[node]; }
  double cost_height(std::size_t node) const { return cost_height_[node]; }
  bool has_area(std::size_t node) const { return has_area_[node] != 0; }
  bool blocks_routes(std::size_t node) const { return blocks_routes_[node] != 0; }

  // Number formats; see `IncrementalCost`.
  FixedPoint wire_format() const { return wire_format_; }
  FixedPoint density_format() const { return density_format_; }
  FixedPoint congestion_format() const { return congestion_format_; }
  /// Wirelength cost per micron of weighted wire.
  double wire_cost_per_um() const { return wire_cost_per_um_; }
  /// Units that one route of weight 1 adds to each cell that it charges in a row or column; with
  /// smoothing, what reaches each cell of the window around it.
  double row_route_units(int row) const { return row_route_units_[static_cast<std::size_t>(row)]; }
  double col_route_units(int col) const { return col_route_units_[static_cast<std::size_t>(col)]; }
  /// Units that a hard macro adds to a cell of which it blocks this length of a side. Rounded more
  /// coarsely than the format: cells that are covered all over get the same value, and count as one
  /// plateau among the most congested.
  std::int64_t blocked_units_h(double length_um) const {
    return std::llrint(length_um * blocked_per_um_h_) * blocked_unit_;
  }
  std::int64_t blocked_units_v(double length_um) const {
    return std::llrint(length_um * blocked_per_um_v_) * blocked_unit_;
  }
  std::size_t densest_cells() const { return densest_cells_; }
  std::size_t most_congested() const { return most_congested_; }

 private:
  void build_points();
  void build_nets();
  void index_nets_of_nodes();
  void choose_formats();

  const netlist_io::Netlist& netlist_;
  netlist_io::Canvas canvas_;
  CostOptions options_;
  std::vector<Index> node_point_start_;
  std::vector<Index> point_node_;
  std::vector<netlist_io::Offset> point_offset_;
  std::vector<Index> point_of_pin_;  ///< by `PinId`; only used while building
  std::vector<Index> net_point_start_ = {0};
  std::vector<Index> net_points_;
  std::vector<double> wire_weight_;
  std::vector<double> route_weight_;
  std::vector<Index> node_net_start_;
  std::vector<Index> node_nets_;
  std::vector<double> cost_width_;
  std::vector<double> cost_height_;
  std::vector<std::uint8_t> has_area_;
  std::vector<std::uint8_t> blocks_routes_;
  FixedPoint wire_format_;
  FixedPoint density_format_;
  FixedPoint congestion_format_;
  double wire_cost_per_um_ = 0.0;
  std::vector<double> row_route_units_;
  std::vector<double> col_route_units_;
  double blocked_per_um_h_ = 0.0;
  double blocked_per_um_v_ = 0.0;
  std::int64_t blocked_unit_ = 1;
  std::size_t densest_cells_ = 0;
  std::size_t most_congested_ = 1;
};

}  // namespace tessera::cost
