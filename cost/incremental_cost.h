#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/incremental_model.h"
#include "cost/net_topology.h"
#include "cost/top_sum.h"
#include "netlist_io/ids.h"
#include "netlist_io/orientation.h"
#include "netlist_io/placement.h"

namespace tessera::cost {

/// A new place for a node.
struct NodeMove {
  netlist_io::NodeId node;
  double x = 0.0;  ///< centre, microns
  double y = 0.0;  ///< centre, microns
  netlist_io::Orientation orientation = netlist_io::Orientation::kN;
};

/// The proxy of a placement that changes a node or a few at a time: the same numbers as
/// `ProxyCost`, to 1e-9 relative or better, for a small part of the time.
///
/// All maps and sums are kept in fixed point. The cost is therefore a function of the placement
/// alone, bit by bit, whatever moves led to it; nothing drifts, and undoing restores every bit. A
/// move re-measures the nets of the moved nodes, redraws the routes of those with a pin in another
/// grid cell (of stars, the legs that changed), and updates the sums of the densest and the most
/// congested cells (`TopSum`).
///
/// One thread at a time. Copies are independent and cost one copy of some hundred kilobytes.
class IncrementalCost {
 public:
  /// Evaluates `placement` in full. `model` must outlive this. Throws `netlist_io::OptionError` for
  /// nodes farther from the canvas than a few times its size.
  IncrementalCost(const IncrementalModel& model, const netlist_io::Placement& placement);

  /// Moves one node and returns the new proxy. Moves add up until `keep` or `undo`.
  double move(netlist_io::NodeId node, double x, double y);
  double move(const NodeMove& move);
  /// Moves several nodes at once; the last entry of a node counts.
  double move(std::span<const NodeMove> moves);

  /// Makes the moves since the last `keep` or `undo` permanent.
  void keep();
  /// Takes them back.
  void undo();

  double proxy() const;
  CostBreakdown cost() const;

  double x(netlist_io::NodeId node) const { return nodes_[node.index()].x; }
  double y(netlist_io::NodeId node) const { return nodes_[node.index()].y; }
  netlist_io::Orientation orientation(netlist_io::NodeId node) const {
    return nodes_[node.index()].orientation;
  }
  /// Writes positions and orientations into `placement`; the flags there stay.
  void write_to(netlist_io::Placement& placement) const;

  // What proposals are computed from.
  const IncrementalModel& model() const { return *model_; }
  /// Position and grid cell of a point of the model.
  double point_x(std::size_t point) const { return points_[point].x; }
  double point_y(std::size_t point) const { return points_[point].y; }
  Cell point_cell(std::size_t point) const { return unpack(points_[point].cell); }
  /// Whether the point lies outside the canvas and its nets therefore count nowhere in the
  /// congestion (`OutsidePins::kDrop`).
  bool point_dropped(std::size_t point) const { return (points_[point].cell & kOutside) != 0; }
  /// The maps in units of the model's formats: horizontal congestion [rows x cols] and then
  /// vertical [cols x rows]; density [rows x cols].
  std::span<const std::int64_t> congestion_units() const {
    return {maps_.data(), 2 * grid_.num_cells()};
  }
  std::span<const std::int64_t> density_units() const {
    return {maps_.data() + 2 * grid_.num_cells(), grid_.num_cells()};
  }
  /// Demand over capacity: smoothed nets and macros.
  double horizontal_congestion(Cell cell) const;
  double vertical_congestion(Cell cell) const;
  /// Area over the cell, as a fraction of the cell's.
  double density(Cell cell) const;
  /// What the most congested and the densest cells reach and no others exceed.
  double congestion_threshold() const;
  double density_threshold() const;

  /// Whether two evaluations of one model agree in every bit of placement, maps and sums.
  bool same_state(const IncrementalCost& other) const;

 private:
  using Index = IncrementalModel::Index;
  /// Column, row and, if such pins count nowhere, whether the pin lies outside the canvas.
  using PackedCell = std::uint32_t;
  static constexpr PackedCell kOutside = 0x80000000U;
  static constexpr int kRowShift = 15;
  static constexpr PackedCell kColMask = (1U << kRowShift) - 1;

  struct Node {
    double x = 0.0;
    double y = 0.0;
    netlist_io::Orientation orientation = netlist_io::Orientation::kN;
    bool operator==(const Node&) const = default;
  };
  struct Point {
    double x = 0.0;
    double y = 0.0;
    PackedCell cell = 0;
    PackedCell routed_cell = 0;  ///< where the routes in the maps have it
    bool operator==(const Point&) const = default;
  };
  struct Totals {
    std::int64_t wire = 0;            ///< weighted half-perimeter, units
    std::int64_t congestion = 0;      ///< sum of the most congested values, units
    std::int64_t congestion_bar = 0;  ///< no fewer reach it, no more exceed it
    std::int64_t density = 0;         ///< sum of the densest cells, units
    std::int64_t density_bar = 0;     ///< no fewer reach it, no more exceed it
    std::size_t density_cells = 0;    ///< number of these
  };
  struct SavedNode {
    Index node = 0;
    Node value;
  };
  struct SavedPoint {
    Index point = 0;
    Point value;
  };
  struct SavedNet {
    Index net = 0;
    std::int64_t wire = 0;
  };
  /// `units` added to `length` consecutive entries of `maps_`.
  struct Deposit {
    std::uint32_t first = 0;
    std::uint32_t length = 0;
    std::int64_t units = 0;
  };
  class RouteLines;

  static Cell unpack(PackedCell cell) {
    return {static_cast<int>(cell & kColMask), static_cast<int>((cell & ~kOutside) >> kRowShift)};
  }
  PackedCell locate(double x, double y) const;
  std::size_t horizontal_index(int col, int row) const {
    return static_cast<std::size_t>(row * grid_.cols + col);
  }
  std::size_t vertical_index(int col, int row) const {
    return static_cast<std::size_t>((grid_.cols + col) * grid_.rows + row);
  }
  std::size_t density_index(int col, int row) const {
    return static_cast<std::size_t>((2 * grid_.rows + row) * grid_.cols + col);
  }

  void place_node(std::size_t node, const Node& target);
  void place_points(std::size_t node, const Node& target);
  void add_area(std::size_t node, std::int64_t sign);
  void add_blockage(std::size_t node, std::int64_t sign);
  void update_net(std::size_t net, bool cells_changed);
  std::int64_t measure(std::span<const Index> points, double weight) const;
  void reroute(std::size_t net);
  void reroute_pair(const Point& source, const Point& sink, double weight);
  void redraw_legs(double weight);
  void collect_cells(std::span<const Index> points,
                     PackedCell Point::*which,
                     std::vector<Cell>& cells);
  void add_to_maps(const Deposit& deposit) {
    std::int64_t* const values = maps_.data() + deposit.first;
    for (std::uint32_t i = 0; i < deposit.length; ++i) {
      values[i] += deposit.units;
    }
  }
  void deposit(std::size_t first, std::size_t length, std::int64_t units) {
    deposits_.push_back(
        {static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(length), units});
    add_to_maps(deposits_.back());
  }
  void begin_move();
  double finish_move();
  void update_density_sum();

  const IncrementalModel* model_;
  double cell_width_;
  double cell_height_;
  netlist_io::GridShape grid_;
  std::vector<Node> nodes_;
  std::vector<Point> points_;
  std::vector<std::int64_t> net_wire_;
  /// Horizontal congestion [rows x cols], vertical [cols x rows], density [rows x cols].
  std::vector<std::int64_t> maps_;
  Totals totals_;
  TopSum top_congestion_;
  TopSum top_density_;

  // What undoing needs; entries from `first_moved_point_` on belong to the present move.
  bool moved_ = false;
  Totals saved_totals_;
  std::vector<SavedNode> saved_nodes_;
  std::vector<SavedPoint> saved_points_;
  std::size_t first_moved_point_ = 0;
  std::vector<SavedNet> saved_nets_;
  std::vector<Deposit> deposits_;

  // Scratch.
  std::vector<Cell> old_cells_;
  std::vector<Cell> new_cells_;
  std::vector<std::uint32_t> cell_stamp_;
  std::uint32_t stamp_ = 0;
  std::vector<std::uint32_t> net_stamp_;
  std::uint32_t net_epoch_ = 0;
  bool density_changed_ = false;
};

}  // namespace tessera::cost
