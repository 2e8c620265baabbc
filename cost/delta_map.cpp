#include "cost/delta_map.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "cost/cell_range.h"
#include "cost/macro_blockage.h"

namespace tessera::cost {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::Rect;

namespace {

Rect box_around(const IncrementalModel& model, std::size_t node, double x, double y) {
  const double width = model.cost_width(node);
  const double height = model.cost_height(node);
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

/// Centre of cell `index`.
double centre(int index, double size) {
  return (index + 0.5) * size;
}

/// Adds the lines of routes to maps laid out like those of `IncrementalCost`.
class UnitLines {
 public:
  UnitLines(const IncrementalModel& model, double weight, std::vector<std::int64_t>& values)
      : model_(model), grid_(model.canvas().grid), weight_(weight), values_(values) {}

  void along_row(int row, int a, int b) {
    const std::int64_t units = std::llrint(weight_ * model_.row_route_units(row));
    const int range = model_.options().smooth_range;
    for (int r = std::max(0, row - range); r <= std::min(grid_.rows - 1, row + range); ++r) {
      add(r * grid_.cols, a, b, units);
    }
  }

  void along_col(int col, int a, int b) {
    const std::int64_t units = std::llrint(weight_ * model_.col_route_units(col));
    const int range = model_.options().smooth_range;
    for (int c = std::max(0, col - range); c <= std::min(grid_.cols - 1, col + range); ++c) {
      add((grid_.cols + c) * grid_.rows, a, b, units);
    }
  }

 private:
  void add(int line, int a, int b, std::int64_t units) {
    const auto [first, last] = std::minmax(a, b);
    for (int i = first; i < last; ++i) {
      values_[static_cast<std::size_t>(line + i)] += units;
    }
  }

  const IncrementalModel& model_;
  GridShape grid_;
  double weight_;
  std::vector<std::int64_t>& values_;
};

}  // namespace

/// Sums what the lines of a route cost on the tangent plane.
class DeltaMapper::TangentLines {
 public:
  explicit TangentLines(const DeltaMapper& mapper)
      : mapper_(mapper), grid_(mapper.model_->canvas().grid) {}

  void along_row(int row, int a, int b) {
    const double* const prefix = mapper_.prefix_h_.data() + row * (grid_.cols + 1);
    sum += std::abs(prefix[b] - prefix[a]);
  }
  void along_col(int col, int a, int b) {
    const double* const prefix = mapper_.prefix_v_.data() + col * (grid_.rows + 1);
    sum += std::abs(prefix[b] - prefix[a]);
  }

  double sum = 0.0;

 private:
  const DeltaMapper& mapper_;
  GridShape grid_;
};

DeltaMapper::DeltaMapper(const IncrementalModel& model)
    : model_(&model),
      top_congestion_(model.most_congested()),
      top_density_(std::max<std::size_t>(1, model.densest_cells())) {}

void DeltaMapper::compute(const IncrementalCost& cost, NodeId node, DeltaMap& map) {
  const GridShape grid = model_->canvas().grid;
  wanted_.clear();
  for (int row = 0; row < grid.rows; ++row) {
    for (int col = 0; col < grid.cols; ++col) {
      wanted_.push_back({col, row});
    }
  }
  compute_wanted(cost, node, map);
}

void DeltaMapper::compute(const IncrementalCost& cost,
                          NodeId node,
                          std::span<const std::uint32_t> cells,
                          DeltaMap& map) {
  const auto cols = static_cast<std::uint32_t>(model_->canvas().grid.cols);
  wanted_.clear();
  for (const std::uint32_t cell : cells) {
    wanted_.push_back({static_cast<int>(cell % cols), static_cast<int>(cell / cols)});
  }
  compute_wanted(cost, node, map);
}

void DeltaMapper::compute_wanted(const IncrementalCost& cost, NodeId node, DeltaMap& map) {
  const std::size_t num_cells = model_->canvas().grid.num_cells();
  map.wirelength.assign(num_cells, 0.0);
  map.density.assign(num_cells, 0.0);
  map.congestion.assign(num_cells, 0.0);
  map.proxy.assign(num_cells, 0.0);
  add_wirelength(cost, node.index(), map);
  add_density(cost, node.index(), map);
  add_congestion(cost, node.index(), map);
  const CostWeights& weights = model_->options().weights;
  for (const Cell to : wanted_) {
    const std::size_t i = index_of(to);
    map.proxy[i] = weights.wirelength * map.wirelength[i] + weights.density * map.density[i] +
                   weights.congestion * map.congestion[i];
  }
}

void DeltaMapper::add_wirelength(const IncrementalCost& cost, std::size_t node, DeltaMap& map) {
  const Canvas& canvas = model_->canvas();
  const GridShape grid = canvas.grid;
  per_col_.assign(static_cast<std::size_t>(grid.cols), 0.0);
  per_row_.assign(static_cast<std::size_t>(grid.rows), 0.0);
  const double here_x = cost.x(NodeId(node));
  const double here_y = cost.y(NodeId(node));
  double now = 0.0;
  for (const Index net : model_->nets_of(node)) {
    constexpr double kFar = std::numeric_limits<double>::infinity();
    struct Range {
      double low = kFar;
      double high = -kFar;
      void add(double value) {
        low = std::min(low, value);
        high = std::max(high, value);
      }
      /// Length of this range and `own` shifted by `shift` together.
      double joint(const Range& own, double shift) const {
        return std::max(high, own.high + shift) - std::min(low, own.low + shift);
      }
    };
    Range others_x;
    Range others_y;
    Range own_x;
    Range own_y;
    for (const Index point : model_->points_of(net)) {
      const bool own = model_->node_of_point(point) == node;
      (own ? own_x : others_x).add(cost.point_x(point) - (own ? here_x : 0.0));
      (own ? own_y : others_y).add(cost.point_y(point) - (own ? here_y : 0.0));
    }
    const double weight = model_->wire_weight(net);
    now += weight * (others_x.joint(own_x, here_x) + others_y.joint(own_y, here_y));
    for (int col = 0; col < grid.cols; ++col) {
      per_col_[static_cast<std::size_t>(col)] +=
          weight * others_x.joint(own_x, centre(col, canvas.cell_width()));
    }
    for (int row = 0; row < grid.rows; ++row) {
      per_row_[static_cast<std::size_t>(row)] +=
          weight * others_y.joint(own_y, centre(row, canvas.cell_height()));
    }
  }
  for (const Cell to : wanted_) {
    const double um = per_col_[static_cast<std::size_t>(to.col)] +
                      per_row_[static_cast<std::size_t>(to.row)] - now;
    map.wirelength[index_of(to)] = um * model_->wire_cost_per_um();
  }
}

void DeltaMapper::add_density(const IncrementalCost& cost, std::size_t node, DeltaMap& map) {
  const Canvas& canvas = model_->canvas();
  const std::span<const std::int64_t> now = cost.density_units();
  density_.assign(now.begin(), now.end());
  if (!model_->has_area(node)) {
    return;
  }
  const FixedPoint format = model_->density_format();
  const double cell_area = canvas.cell_width() * canvas.cell_height();
  const auto add = [&](double x, double y, std::int64_t sign) {
    for_each_covered_cell(
        box_around(*model_, node, x, y), canvas, [&](int col, int row, double area) {
          density_[static_cast<std::size_t>(row * canvas.grid.cols + col)] +=
              sign * format.units(area / cell_area);
        });
  };
  const auto density_cost = [&] {
    std::size_t count = model_->densest_cells();
    std::int64_t sum = 0;
    if (count > 0) {
      sum = top_density_(density_);
    } else {
      for (const std::int64_t units : density_) {
        sum += units;
        count += units != 0 ? 1 : 0;
      }
    }
    return 0.5 * model_->density_format().value(sum) /
           static_cast<double>(std::max<std::size_t>(1, count));
  };
  const double before = density_cost();
  add(cost.x(NodeId(node)), cost.y(NodeId(node)), -1);
  for (const Cell to : wanted_) {
    const double x = centre(to.col, canvas.cell_width());
    const double y = centre(to.row, canvas.cell_height());
    add(x, y, 1);
    map.density[index_of(to)] = density_cost() - before;
    add(x, y, -1);
  }
}

/// Columns and rows of the node's pins for each column and row that the node could go to.
void DeltaMapper::locate_own_points(const IncrementalCost& cost, std::size_t node) {
  const Canvas& canvas = model_->canvas();
  const bool drop = model_->options().outside_pins == OutsidePins::kDrop;
  own_col_.clear();
  own_row_.clear();
  const auto locate = [drop](double position, double size, double length, int count) {
    const bool outside = !(position >= 0.0 && position <= length);
    return drop && outside ? -1 : detail::cell_index(position, size, 0, count - 1);
  };
  for (Index point = model_->first_point(node); point < model_->end_point(node); ++point) {
    const Offset offset = transform(model_->offset(point), cost.orientation(NodeId(node)));
    for (int col = 0; col < canvas.grid.cols; ++col) {
      own_col_.push_back(locate(centre(col, canvas.cell_width()) + offset.x,
                                canvas.cell_width(),
                                canvas.width,
                                canvas.grid.cols));
    }
    for (int row = 0; row < canvas.grid.rows; ++row) {
      own_row_.push_back(locate(centre(row, canvas.cell_height()) + offset.y,
                                canvas.cell_height(),
                                canvas.height,
                                canvas.grid.rows));
    }
  }
  find_own_classes(static_cast<std::size_t>(model_->end_point(node) - model_->first_point(node)));
}

/// Points that are in the same cell wherever the node goes have the first of them as their class.
void DeltaMapper::find_own_classes(std::size_t count) {
  const auto cols = static_cast<std::size_t>(model_->canvas().grid.cols);
  const auto rows = static_cast<std::size_t>(model_->canvas().grid.rows);
  const auto same = [](const std::vector<int>& table, std::size_t a, std::size_t b, std::size_t n) {
    return std::equal(table.data() + a * n, table.data() + (a + 1) * n, table.data() + b * n);
  };
  own_class_.clear();
  std::vector<Index> classes;
  for (std::size_t point = 0; point < count; ++point) {
    const auto found = std::find_if(classes.begin(), classes.end(), [&](Index other) {
      return same(own_col_, point, other, cols) && same(own_row_, point, other, rows);
    });
    own_class_.push_back(found == classes.end() ? static_cast<Index>(point) : *found);
    if (own_class_.back() == point) {
      classes.push_back(own_class_.back());
    }
  }
}

/// The other pins of a net: their distinct cells.
void DeltaMapper::collect_others(const IncrementalCost& cost, std::size_t node, std::size_t net) {
  others_.cells.clear();
  others_.outside = false;
  const std::span<const Index> points = model_->points_of(net);
  others_.driver_is_own = model_->node_of_point(points[0]) == node;
  for (const Index point : points) {
    if (model_->node_of_point(point) == node) {
      continue;
    }
    others_.outside = others_.outside || cost.point_dropped(point);
    const Cell cell = cost.point_cell(point);
    if (std::find(others_.cells.begin(), others_.cells.end(), cell) == others_.cells.end()) {
      others_.cells.push_back(cell);
    }
  }
}

/// Fills `values_` with the congestion without the node and its nets.
void DeltaMapper::remove_node(const IncrementalCost& cost, std::size_t node) {
  const std::span<const std::int64_t> now = cost.congestion_units();
  values_.assign(now.begin(), now.end());
  for (const Index net : model_->nets_of(node)) {
    cells_.clear();
    bool dropped = false;
    for (const Index point : model_->points_of(net)) {
      dropped = dropped || cost.point_dropped(point);
      const Cell cell = cost.point_cell(point);
      if (std::find(cells_.begin(), cells_.end(), cell) == cells_.end()) {
        cells_.push_back(cell);
      }
    }
    if (!dropped) {
      UnitLines lines(*model_, -model_->route_weight(net), values_);
      draw_route(std::span<const Cell>(cells_), lines);
    }
  }
  if (model_->blocks_routes(node)) {
    const GridShape grid = model_->canvas().grid;
    for_each_blocked_cell(
        box_around(*model_, node, cost.x(NodeId(node)), cost.y(NodeId(node))),
        model_->canvas(),
        [&](int col, int row, double horizontal_um, double vertical_um) {
          values_[static_cast<std::size_t>(row * grid.cols + col)] -=
              model_->blocked_units_h(horizontal_um);
          values_[static_cast<std::size_t>((grid.cols + col) * grid.rows + row)] -=
              model_->blocked_units_v(vertical_um);
        });
  }
}

/// Weights of the values in the mean of the largest, and their prefix sums along the lines.
void DeltaMapper::build_tangent() {
  const std::int64_t sum = top_congestion_(values_);
  const std::int64_t bar = top_congestion_.threshold();
  const auto most = static_cast<double>(model_->most_congested());
  base_congestion_ = model_->congestion_format().value(sum) / most;
  double above = 0.0;
  double equal = 0.0;
  for (const std::int64_t value : values_) {
    above += value > bar ? 1.0 : 0.0;
    equal += value == bar ? 1.0 : 0.0;
  }
  // Values at the bar share what is left of the count.
  const double share = equal > 0.0 ? (most - above) / equal : 0.0;
  weight_.resize(values_.size());
  const double per_unit = model_->congestion_format().value(1) / most;
  std::transform(values_.begin(), values_.end(), weight_.begin(), [&](std::int64_t value) {
    return per_unit * (value > bar ? 1.0 : value == bar ? share : 0.0);
  });

  const GridShape grid = model_->canvas().grid;
  const int range = model_->options().smooth_range;
  const auto fill = [range](
                        const double* weights, int lines, int length, auto units, auto& prefix) {
    prefix.assign(static_cast<std::size_t>(lines) * static_cast<std::size_t>(length + 1), 0.0);
    for (int line = 0; line < lines; ++line) {
      double* const out = prefix.data() + line * (length + 1);
      for (int i = 0; i < length; ++i) {
        double sum_of_window = 0.0;
        for (int l = std::max(0, line - range); l <= std::min(lines - 1, line + range); ++l) {
          sum_of_window += weights[l * length + i];
        }
        out[i + 1] = out[i] + units(line) * sum_of_window;
      }
    }
  };
  fill(
      weight_.data(),
      grid.rows,
      grid.cols,
      [this](int row) { return model_->row_route_units(row); },
      prefix_h_);
  fill(
      weight_.data() + grid.num_cells(),
      grid.cols,
      grid.rows,
      [this](int col) { return model_->col_route_units(col); },
      prefix_v_);
}

void DeltaMapper::add_blockage(std::size_t node, DeltaMap& map) {
  if (!model_->blocks_routes(node)) {
    return;
  }
  const Canvas& canvas = model_->canvas();
  const GridShape grid = canvas.grid;
  for (const Cell to : wanted_) {
    double& sum = map.congestion[index_of(to)];
    for_each_blocked_cell(
        box_around(*model_,
                   node,
                   centre(to.col, canvas.cell_width()),
                   centre(to.row, canvas.cell_height())),
        canvas,
        [&](int col, int row, double horizontal_um, double vertical_um) {
          const auto h = static_cast<std::size_t>(row * grid.cols + col);
          const auto v = static_cast<std::size_t>((grid.cols + col) * grid.rows + row);
          sum += weight_[h] * static_cast<double>(model_->blocked_units_h(horizontal_um)) +
                 weight_[v] * static_cast<double>(model_->blocked_units_v(vertical_um));
        });
  }
}

/// Adds up the nets of the node by what their routes depend on: nets of a bus mostly share it. Nets
/// dropped by a pin of another node are left out.
void DeltaMapper::group_nets(const IncrementalCost& cost, std::size_t node) {
  groups_.clear();
  for (const Index net : model_->nets_of(node)) {
    collect_others(cost, node, net);
    if (others_.outside) {
      continue;
    }
    NetGroup group;
    group.driver_is_own = others_.driver_is_own;
    for (const Index point : model_->points_of(net)) {
      if (model_->node_of_point(point) == node) {
        const Index own = own_class_[point - model_->first_point(node)];
        if (std::find(group.own.begin(), group.own.end(), own) == group.own.end()) {
          group.own.push_back(own);
        }
      }
    }
    for (const Cell cell : others_.cells) {
      group.others.push_back(index_of(cell));
    }
    groups_[std::move(group)] += model_->route_weight(net);
  }
}

void DeltaMapper::add_group(const NetGroup& group, double weight, DeltaMap& map) {
  const auto cols = static_cast<std::size_t>(model_->canvas().grid.cols);
  own_points_ = group.own;
  others_.driver_is_own = group.driver_is_own;
  others_.cells.clear();
  for (const std::size_t cell : group.others) {
    others_.cells.push_back({static_cast<int>(cell % cols), static_cast<int>(cell / cols)});
  }
  const std::size_t num_others = others_.cells.size();
  const bool is_leg = num_others == 1 || (num_others > 3 && !others_.driver_is_own);
  if (own_points_.size() == 1 && is_leg) {
    add_leg(weight, map);
  } else {
    add_route(weight, map);
  }
}

/// A net of which one leg of a star, or its only one, ends at the node's one pin.
void DeltaMapper::add_leg(double weight, DeltaMap& map) {
  double fixed_legs = 0.0;
  if (others_.cells.size() > 1) {
    TangentLines lines(*this);
    draw_route(std::span<const Cell>(others_.cells), lines);
    fixed_legs = lines.sum;
  }
  for (const Cell to : wanted_) {
    const Cell own = own_cell(own_points_[0], to.col, to.row);
    if (own.col < 0 || own.row < 0) {
      continue;  // dropped
    }
    TangentLines lines(*this);
    if (others_.driver_is_own) {
      detail::route_two_cells(own, others_.cells[0], lines);
    } else if (std::find(others_.cells.begin(), others_.cells.end(), own) == others_.cells.end()) {
      detail::route_two_cells(others_.cells[0], own, lines);
    }
    map.congestion[index_of(to)] += weight * (fixed_legs + lines.sum);
  }
}

/// Any net: its whole route for every cell.
void DeltaMapper::add_route(double weight, DeltaMap& map) {
  const auto add_new = [this](Cell cell) {
    if (std::find(cells_.begin(), cells_.end(), cell) == cells_.end()) {
      cells_.push_back(cell);
    }
  };
  for (const Cell to : wanted_) {
    cells_.clear();
    if (!others_.driver_is_own) {
      cells_ = others_.cells;
    }
    bool dropped = false;
    for (const Index point : own_points_) {
      const Cell cell = own_cell(point, to.col, to.row);
      dropped = dropped || cell.col < 0 || cell.row < 0;
      add_new(cell);
    }
    if (dropped) {
      continue;
    }
    if (others_.driver_is_own) {
      std::for_each(others_.cells.begin(), others_.cells.end(), add_new);
    }
    TangentLines lines(*this);
    draw_route(std::span<const Cell>(cells_), lines);
    map.congestion[index_of(to)] += weight * lines.sum;
  }
}

void DeltaMapper::add_congestion(const IncrementalCost& cost, std::size_t node, DeltaMap& map) {
  locate_own_points(cost, node);
  remove_node(cost, node);
  build_tangent();
  add_blockage(node, map);
  group_nets(cost, node);
  for (const auto& [group, weight] : groups_) {
    add_group(group, weight, map);
  }
  const double change_of_base = base_congestion_ - cost.cost().congestion;
  for (const Cell to : wanted_) {
    map.congestion[index_of(to)] += change_of_base;
  }
}

}  // namespace tessera::cost
