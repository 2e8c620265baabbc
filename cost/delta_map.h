#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

#include "cost/incremental_cost.h"
#include "cost/incremental_model.h"
#include "cost/net_topology.h"
#include "cost/top_sum.h"
#include "netlist_io/ids.h"

namespace tessera::cost {

/// Change of the cost if one node went to the centre of each grid cell; [rows x cols], row-major
/// from the bottom. Legality is not looked at.
struct DeltaMap {
  std::vector<double> wirelength;  ///< exact
  std::vector<double> density;     ///< exact
  std::vector<double> congestion;  ///< never more than the exact change
  std::vector<double> proxy;       ///< their weighted sum: never more than the exact change
};

/// Computes delta maps, for whoever wants to see all places of a node at once (a policy, a greedy
/// placer), each for a small part of the time of trying all cells.
///
/// The wirelength falls into a sum over columns and one over rows. The density is evaluated for
/// each cell, on a map without the node. The congestion is bounded from below: it is the mean of
/// the largest values, hence convex in the map, so that without the node's nets it has a tangent
/// plane (weights on the most congested cells) that lies below it everywhere; on that plane a line
/// of a route costs one difference of prefix sums.
///
/// Holds scratch memory: one per thread. `model` must outlive it.
class DeltaMapper {
 public:
  explicit DeltaMapper(const IncrementalModel& model);

  /// `cost`: a state of the model without moves that await `keep` or `undo`.
  void compute(const IncrementalCost& cost, netlist_io::NodeId node, DeltaMap& map);

  /// The same for some cells, row-major indices, in about their share of the time; the entries of
  /// all others are 0.
  void compute(const IncrementalCost& cost,
               netlist_io::NodeId node,
               std::span<const std::uint32_t> cells,
               DeltaMap& map);

 private:
  using Index = IncrementalModel::Index;
  class TangentLines;
  /// A net of the node without the node's pins.
  struct OtherPins {
    bool driver_is_own = false;
    bool outside = false;     ///< a pin drops the net
    std::vector<Cell> cells;  ///< distinct; the driver's first unless the driver is the node's
  };

  /// What the routes of some nets of the node have in common.
  struct NetGroup {
    bool driver_is_own = false;
    std::vector<Index> own;           ///< classes of the node's points, the driver's first
    std::vector<std::size_t> others;  ///< cells of the other pins

    auto operator<=>(const NetGroup&) const = default;
  };

  void compute_wanted(const IncrementalCost& cost, netlist_io::NodeId node, DeltaMap& map);
  std::size_t index_of(Cell cell) const {
    return static_cast<std::size_t>(cell.col + cell.row * model_->canvas().grid.cols);
  }
  void add_wirelength(const IncrementalCost& cost, std::size_t node, DeltaMap& map);
  void add_density(const IncrementalCost& cost, std::size_t node, DeltaMap& map);
  void add_congestion(const IncrementalCost& cost, std::size_t node, DeltaMap& map);
  void locate_own_points(const IncrementalCost& cost, std::size_t node);
  void find_own_classes(std::size_t count);
  void remove_node(const IncrementalCost& cost, std::size_t node);
  void build_tangent();
  void add_blockage(std::size_t node, DeltaMap& map);
  void group_nets(const IncrementalCost& cost, std::size_t node);
  void add_group(const NetGroup& group, double weight, DeltaMap& map);
  void add_leg(double weight, DeltaMap& map);
  void add_route(double weight, DeltaMap& map);
  /// Cell of a pin of the node if the node went to (col, row); negative if that drops the net.
  Cell own_cell(Index own_point, int col, int row) const {
    const netlist_io::GridShape grid = model_->canvas().grid;
    return {
        own_col_[own_point * static_cast<std::size_t>(grid.cols) + static_cast<std::size_t>(col)],
        own_row_[own_point * static_cast<std::size_t>(grid.rows) + static_cast<std::size_t>(row)]};
  }
  void collect_others(const IncrementalCost& cost, std::size_t node, std::size_t net);

  const IncrementalModel* model_;
  std::vector<Cell> wanted_;          ///< where the node could go, by row and column
  std::vector<std::int64_t> values_;  ///< horizontal [rows x cols], vertical [cols x rows]
  std::vector<std::int64_t> density_;
  TopSum top_congestion_;
  TopSum top_density_;
  double base_congestion_ = 0.0;  ///< without the node
  std::vector<double> weight_;    ///< of `values_` on the tangent plane, per unit
  std::vector<double> prefix_h_;  ///< [rows x (cols + 1)], smoothed weights summed along rows
  std::vector<double> prefix_v_;  ///< [cols x (rows + 1)]
  std::vector<int> own_col_;      ///< [points of the node x cols]; -1 outside the canvas
  std::vector<int> own_row_;
  OtherPins others_;
  std::vector<Index> own_class_;       ///< of the node's points
  std::map<NetGroup, double> groups_;  ///< and their weights
  std::vector<Index> own_points_;      ///< of the nets at hand, counted from the node's first
  std::vector<Cell> cells_;
  std::vector<double> per_col_;
  std::vector<double> per_row_;
};

}  // namespace tessera::cost
