#include "cost/incremental_cost.h"

#include <algorithm>
#include <cmath>
#include <string>

#include "cost/cell_range.h"
#include "cost/macro_blockage.h"
#include "netlist_io/errors.h"

namespace tessera::cost {

using netlist_io::Canvas;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::Placement;
using netlist_io::Rect;

namespace {

Rect box_around(double x, double y, double width, double height) {
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

}  // namespace

/// Adds the lines of a route to the maps, spread over the smoothing window.
class IncrementalCost::RouteLines {
 public:
  RouteLines(IncrementalCost& cost, double weight)
      : cost_(cost),
        weight_(weight),
        grid_(cost.grid_),
        range_(cost.model_->options().smooth_range) {}

  void along_row(int row, int a, int b) {
    if (a == b) {
      return;
    }
    const auto [first, last] = std::minmax(a, b);
    const std::int64_t units = std::llrint(weight_ * cost_.model_->row_route_units(row));
    const int row1 = std::min(grid_.rows - 1, row + range_);
    for (int r = std::max(0, row - range_); r <= row1; ++r) {
      cost_.deposit(
          cost_.horizontal_index(first, r), static_cast<std::size_t>(last - first), units);
    }
  }

  void along_col(int col, int a, int b) {
    if (a == b) {
      return;
    }
    const auto [first, last] = std::minmax(a, b);
    const std::int64_t units = std::llrint(weight_ * cost_.model_->col_route_units(col));
    const int col1 = std::min(grid_.cols - 1, col + range_);
    for (int c = std::max(0, col - range_); c <= col1; ++c) {
      cost_.deposit(cost_.vertical_index(c, first), static_cast<std::size_t>(last - first), units);
    }
  }

 private:
  IncrementalCost& cost_;
  double weight_;
  netlist_io::GridShape grid_;
  int range_;
};

IncrementalCost::IncrementalCost(const IncrementalModel& model, const Placement& placement)
    : model_(&model),
      cell_width_(model.canvas().cell_width()),
      cell_height_(model.canvas().cell_height()),
      grid_(model.canvas().grid),
      points_(model.num_points()),
      net_wire_(model.num_nets(), 0),
      maps_(3 * model.canvas().grid.num_cells(), 0),
      top_congestion_(model.most_congested()),
      top_density_(std::max<std::size_t>(1, model.densest_cells())),
      cell_stamp_(model.canvas().grid.num_cells(), 0),
      net_stamp_(model.num_nets(), 0) {
  const double farthest =
      IncrementalModel::kLongestNet * (model.canvas().width + model.canvas().height) / 4.0;
  for (std::size_t node = 0; node < placement.size(); ++node) {
    if (!(std::abs(placement.x[node]) <= farthest && std::abs(placement.y[node]) <= farthest)) {
      throw netlist_io::OptionError("node \"" + model.netlist().name(NodeId(node)) + "\" at (" +
                                    std::to_string(placement.x[node]) + ", " +
                                    std::to_string(placement.y[node]) +
                                    ") um is too far from the canvas to be searched with");
    }
    nodes_.push_back({placement.x[node], placement.y[node], placement.orientation[node]});
    place_points(node, nodes_[node]);
    add_area(node, 1);
    add_blockage(node, 1);
  }
  for (Point& point : points_) {
    point.routed_cell = point.cell;
  }
  for (std::size_t net = 0; net < model.num_nets(); ++net) {
    const std::span<const Index> points = model.points_of(net);
    net_wire_[net] = measure(points, model.wire_weight(net));
    totals_.wire += net_wire_[net];
    collect_cells(points, &Point::cell, new_cells_);
    RouteLines lines(*this, model.route_weight(net));
    draw_route(std::span<const Cell>(new_cells_), lines);
  }
  density_changed_ = true;
  finish_move();
  keep();
}

double IncrementalCost::move(NodeId node, double x, double y) {
  return move({node, x, y, nodes_[node.index()].orientation});
}

double IncrementalCost::move(const NodeMove& move) {
  begin_move();
  const std::size_t node = move.node.index();
  place_node(node, {move.x, move.y, move.orientation});
  const auto changed = [this](std::size_t point) {
    return points_[point].cell != points_[point].routed_cell;
  };
  bool cells_changed = false;
  for (std::size_t point = model_->first_point(node); point < model_->end_point(node); ++point) {
    cells_changed = cells_changed || changed(point);
  }
  for (const Index net : model_->nets_of(node)) {
    update_net(net, cells_changed);
  }
  return finish_move();
}

double IncrementalCost::move(std::span<const NodeMove> moves) {
  begin_move();
  for (const NodeMove& move : moves) {
    place_node(move.node.index(), {move.x, move.y, move.orientation});
  }
  ++net_epoch_;
  for (const NodeMove& move : moves) {
    for (const Index net : model_->nets_of(move.node.index())) {
      if (net_stamp_[net] != net_epoch_) {
        net_stamp_[net] = net_epoch_;
        update_net(net, true);
      }
    }
  }
  return finish_move();
}

void IncrementalCost::begin_move() {
  if (!moved_) {
    moved_ = true;
    saved_totals_ = totals_;
  }
  first_moved_point_ = saved_points_.size();
}

/// Brings the sums up to date and the routed cells in line with the pins.
double IncrementalCost::finish_move() {
  for (std::size_t i = first_moved_point_; i < saved_points_.size(); ++i) {
    Point& point = points_[saved_points_[i].point];
    point.routed_cell = point.cell;
  }
  const std::size_t num_cells = grid_.num_cells();
  totals_.congestion = top_congestion_({maps_.data(), 2 * num_cells});
  totals_.congestion_bar = top_congestion_.threshold();
  if (density_changed_) {
    update_density_sum();
    density_changed_ = false;
  }
  return proxy();
}

void IncrementalCost::update_density_sum() {
  const std::size_t num_cells = grid_.num_cells();
  const std::span<const std::int64_t> density(maps_.data() + 2 * num_cells, num_cells);
  totals_.density_cells = model_->densest_cells();
  if (totals_.density_cells > 0) {
    totals_.density = top_density_(density);
    totals_.density_bar = top_density_.threshold();
    return;
  }
  // On grids of fewer than ten cells the mean of the occupied ones counts.
  totals_.density = 0;
  totals_.density_bar = 0;
  for (const std::int64_t units : density) {
    totals_.density += units;
    totals_.density_cells += units != 0 ? 1 : 0;
  }
}

void IncrementalCost::keep() {
  moved_ = false;
  saved_nodes_.clear();
  saved_points_.clear();
  saved_nets_.clear();
  deposits_.clear();
}

void IncrementalCost::undo() {
  if (!moved_) {
    return;
  }
  for (std::size_t i = saved_nodes_.size(); i-- > 0;) {
    nodes_[saved_nodes_[i].node] = saved_nodes_[i].value;
  }
  for (std::size_t i = saved_points_.size(); i-- > 0;) {
    points_[saved_points_[i].point] = saved_points_[i].value;
  }
  for (std::size_t i = saved_nets_.size(); i-- > 0;) {
    net_wire_[saved_nets_[i].net] = saved_nets_[i].wire;
  }
  for (const Deposit& deposit : deposits_) {
    add_to_maps({deposit.first, deposit.length, -deposit.units});
  }
  totals_ = saved_totals_;
  keep();
}

IncrementalCost::PackedCell IncrementalCost::locate(double x, double y) const {
  const Canvas& canvas = model_->canvas();
  const int col = detail::cell_index(x, cell_width_, 0, grid_.cols - 1);
  const int row = detail::cell_index(y, cell_height_, 0, grid_.rows - 1);
  const auto cell = (static_cast<PackedCell>(row) << kRowShift) | static_cast<PackedCell>(col);
  if (model_->options().outside_pins == OutsidePins::kClamp) {
    return cell;
  }
  const bool inside = x >= 0.0 && x <= canvas.width && y >= 0.0 && y <= canvas.height;
  return inside ? cell : cell | kOutside;
}

void IncrementalCost::place_node(std::size_t node, const Node& target) {
  saved_nodes_.push_back({static_cast<Index>(node), nodes_[node]});
  add_area(node, -1);
  add_blockage(node, -1);
  for (std::size_t point = model_->first_point(node); point < model_->end_point(node); ++point) {
    saved_points_.push_back({static_cast<Index>(point), points_[point]});
  }
  nodes_[node] = target;
  place_points(node, target);
  add_area(node, 1);
  add_blockage(node, 1);
}

void IncrementalCost::place_points(std::size_t node, const Node& target) {
  for (std::size_t i = model_->first_point(node); i < model_->end_point(node); ++i) {
    const Offset offset = transform(model_->offset(i), target.orientation);
    Point& point = points_[i];
    point.x = target.x + offset.x;
    point.y = target.y + offset.y;
    point.cell = locate(point.x, point.y);
  }
}

/// Adds the area of a node to the density, `sign` times.
void IncrementalCost::add_area(std::size_t node, std::int64_t sign) {
  if (!model_->has_area(node)) {
    return;
  }
  const Rect box = box_around(
      nodes_[node].x, nodes_[node].y, model_->cost_width(node), model_->cost_height(node));
  const FixedPoint format = model_->density_format();
  const double cell_area = cell_width_ * cell_height_;
  for_each_covered_cell(box, model_->canvas(), [&](int col, int row, double area) {
    const std::int64_t units = sign * format.units(area / cell_area);
    const std::size_t index = density_index(col, row);
    const std::int64_t before = maps_[index];
    // Changes among the cells below the densest do not show.
    density_changed_ =
        density_changed_ || before >= totals_.density_bar || before + units > totals_.density_bar;
    deposit(index, 1, units);
  });
}

/// Adds the tracks that a hard macro takes away to the congestion, `sign` times.
void IncrementalCost::add_blockage(std::size_t node, std::int64_t sign) {
  if (!model_->blocks_routes(node)) {
    return;
  }
  const Rect box = box_around(
      nodes_[node].x, nodes_[node].y, model_->cost_width(node), model_->cost_height(node));
  for_each_blocked_cell(
      box, model_->canvas(), [&](int col, int row, double horizontal_um, double vertical_um) {
        deposit(horizontal_index(col, row), 1, sign * model_->blocked_units_h(horizontal_um));
        deposit(vertical_index(col, row), 1, sign * model_->blocked_units_v(vertical_um));
      });
}

std::int64_t IncrementalCost::measure(std::span<const Index> points, double weight) const {
  double x0 = points_[points[0]].x;
  double x1 = x0;
  double y0 = points_[points[0]].y;
  double y1 = y0;
  for (std::size_t i = 1; i < points.size(); ++i) {
    const Point& point = points_[points[i]];
    x0 = std::min(x0, point.x);
    x1 = std::max(x1, point.x);
    y0 = std::min(y0, point.y);
    y1 = std::max(y1, point.y);
  }
  return model_->wire_format().units(weight * ((x1 - x0) + (y1 - y0)));
}

/// Measures a net anew and, if pins may have changed their cells, its routes.
void IncrementalCost::update_net(std::size_t net, bool cells_changed) {
  const std::span<const Index> points = model_->points_of(net);
  const std::int64_t wire = measure(points, model_->wire_weight(net));
  saved_nets_.push_back({static_cast<Index>(net), net_wire_[net]});
  totals_.wire += wire - net_wire_[net];
  net_wire_[net] = wire;
  if (!cells_changed) {
    return;
  }
  if (points.size() == 2) {
    reroute_pair(points_[points[0]], points_[points[1]], model_->route_weight(net));
    return;
  }
  for (const Index point : points) {
    if (points_[point].cell != points_[point].routed_cell) {
      reroute(net);
      return;
    }
  }
}

void IncrementalCost::reroute_pair(const Point& source, const Point& sink, double weight) {
  if (source.cell == source.routed_cell && sink.cell == sink.routed_cell) {
    return;
  }
  if (source.routed_cell != sink.routed_cell &&
      ((source.routed_cell | sink.routed_cell) & kOutside) == 0) {
    RouteLines lines(*this, -weight);
    detail::route_two_cells(unpack(source.routed_cell), unpack(sink.routed_cell), lines);
  }
  if (source.cell != sink.cell && ((source.cell | sink.cell) & kOutside) == 0) {
    RouteLines lines(*this, weight);
    detail::route_two_cells(unpack(source.cell), unpack(sink.cell), lines);
  }
}

void IncrementalCost::reroute(std::size_t net) {
  const std::span<const Index> points = model_->points_of(net);
  collect_cells(points, &Point::routed_cell, old_cells_);
  collect_cells(points, &Point::cell, new_cells_);
  const double weight = model_->route_weight(net);
  if (old_cells_.size() > 3 && new_cells_.size() > 3 && old_cells_[0] == new_cells_[0]) {
    redraw_legs(weight);
    return;
  }
  RouteLines old_lines(*this, -weight);
  draw_route(std::span<const Cell>(old_cells_), old_lines);
  RouteLines new_lines(*this, weight);
  draw_route(std::span<const Cell>(new_cells_), new_lines);
}

/// Redraws the legs of a star to `new_cells_` that were not there with `old_cells_`.
void IncrementalCost::redraw_legs(double weight) {
  const std::uint32_t in_old = ++stamp_;
  const std::uint32_t in_both = ++stamp_;
  for (const Cell cell : old_cells_) {
    cell_stamp_[horizontal_index(cell.col, cell.row)] = in_old;
  }
  RouteLines new_lines(*this, weight);
  for (const Cell cell : new_cells_) {
    std::uint32_t& stamp = cell_stamp_[horizontal_index(cell.col, cell.row)];
    if (stamp == in_old) {
      stamp = in_both;
    } else {
      detail::route_two_cells(new_cells_[0], cell, new_lines);
    }
  }
  RouteLines old_lines(*this, -weight);
  for (const Cell cell : old_cells_) {
    if (cell_stamp_[horizontal_index(cell.col, cell.row)] == in_old) {
      detail::route_two_cells(old_cells_[0], cell, old_lines);
    }
  }
}

/// The distinct cells of some points, in order; none if one of the points drops the net.
void IncrementalCost::collect_cells(std::span<const Index> points,
                                    PackedCell Point::*which,
                                    std::vector<Cell>& cells) {
  cells.clear();
  ++stamp_;
  for (const Index point : points) {
    const PackedCell packed = points_[point].*which;
    if ((packed & kOutside) != 0) {
      cells.clear();
      return;
    }
    const Cell cell = unpack(packed);
    std::uint32_t& stamp = cell_stamp_[horizontal_index(cell.col, cell.row)];
    if (stamp != stamp_) {
      stamp = stamp_;
      cells.push_back(cell);
    }
  }
}

double IncrementalCost::proxy() const {
  return cost().proxy;
}

CostBreakdown IncrementalCost::cost() const {
  const CostWeights& weights = model_->options().weights;
  CostBreakdown cost;
  cost.hpwl_um = model_->wire_format().value(totals_.wire);
  cost.wirelength = cost.hpwl_um * model_->wire_cost_per_um();
  const auto density_cells = static_cast<double>(std::max<std::size_t>(1, totals_.density_cells));
  cost.density = 0.5 * model_->density_format().value(totals_.density) / density_cells;
  cost.congestion = model_->congestion_format().value(totals_.congestion) /
                    static_cast<double>(model_->most_congested());
  cost.proxy = weights.wirelength * cost.wirelength + weights.density * cost.density +
               weights.congestion * cost.congestion;
  return cost;
}

void IncrementalCost::write_to(Placement& placement) const {
  for (std::size_t node = 0; node < nodes_.size(); ++node) {
    placement.x[node] = nodes_[node].x;
    placement.y[node] = nodes_[node].y;
    placement.orientation[node] = nodes_[node].orientation;
  }
}

double IncrementalCost::horizontal_congestion(Cell cell) const {
  return model_->congestion_format().value(maps_[horizontal_index(cell.col, cell.row)]);
}

double IncrementalCost::vertical_congestion(Cell cell) const {
  return model_->congestion_format().value(maps_[vertical_index(cell.col, cell.row)]);
}

double IncrementalCost::density(Cell cell) const {
  return model_->density_format().value(maps_[density_index(cell.col, cell.row)]);
}

double IncrementalCost::congestion_threshold() const {
  return model_->congestion_format().value(totals_.congestion_bar);
}

double IncrementalCost::density_threshold() const {
  return model_->density_format().value(totals_.density_bar);
}

bool IncrementalCost::same_state(const IncrementalCost& other) const {
  return nodes_ == other.nodes_ && points_ == other.points_ && net_wire_ == other.net_wire_ &&
         maps_ == other.maps_ && totals_.wire == other.totals_.wire &&
         totals_.density == other.totals_.density &&
         totals_.density_cells == other.totals_.density_cells &&
         totals_.congestion == other.totals_.congestion;
}

}  // namespace tessera::cost
