// The proxy cost of Circuit Training as a smooth function of positions, after the facts about it
// that local searches found: only the densest tenth of the cells and the most congested twentieth
// count, so that a mean over all cells (as in electrostatic placers) pulls the wrong way.
#include "placer/smooth_proxy.h"

#include <algorithm>
#include <cmath>

#include "cost/density.h"
#include "cost/macro_blockage.h"
#include "placer/smooth_wirelength.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Placement;
using netlist_io::Rect;

void SmoothProxy::load(const Netlist& netlist,
                       const Canvas& canvas,
                       const Placement& placement,
                       const cost::CostOptions& options,
                       MoverKinds kinds) {
  grid_ = canvas.grid;
  const double net_weight = netlist.num_nets() > 0 ? netlist.total_net_weight() : 1.0;
  const double wire_scale = 1.0 / ((canvas.width + canvas.height) * net_weight);
  wire_scale_x_ = wire_scale * canvas.cell_width();
  wire_scale_y_ = wire_scale * canvas.cell_height();
  capacity_h_ = canvas.cell_height() * options.routes.horizontal;
  capacity_v_ = canvas.cell_width() * options.routes.vertical;
  blocked_h_ = options.macro_routes.horizontal / options.routes.horizontal;
  blocked_v_ = options.macro_routes.vertical / options.routes.vertical;
  smooth_range_ = options.smooth_range;
  nets_.build(netlist, canvas, placement, options.outside_pins, kinds);
  load_boxes(netlist, canvas, placement, options);
  potential_.reset(grid_);
  hard_price_.assign(grid_.num_cells(), 0.0);
  forget_congestion();
  density_mean_.reset();
  congestion_mean_.reset();
}

void SmoothProxy::load_boxes(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& placement,
                             const cost::CostOptions& options) {
  half_width_.clear();
  half_height_.clear();
  cost_width_.clear();
  cost_height_.clear();
  std::vector<std::uint8_t> moves(netlist.num_nodes(), 0);
  // Sizes are taken at the origin: elsewhere, they would depend in their last bits on positions
  // that must not count.
  Placement at_origin = placement;
  for (const NodeId node : nets_.movers) {
    moves[node.index()] = 1;
    at_origin.x[node.index()] = 0.0;
    at_origin.y[node.index()] = 0.0;
    const Rect outline = at_origin.box(netlist, node);
    half_width_.push_back(0.5 * outline.width() / canvas.cell_width());
    half_height_.push_back(0.5 * outline.height() / canvas.cell_height());
    const Rect box = cost::cost_box(netlist, at_origin, node, options.soft_macro_shape);
    cost_width_.push_back(box.width() / canvas.cell_width());
    cost_height_.push_back(box.height() / canvas.cell_height());
  }
  standing_density_.assign(grid_.num_cells(), 0.0);
  standing_blockage_.assign_zero(grid_.num_cells());
  obstacles_.clear();
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    if (moves[i] == 0 && netlist.kind(NodeId(i)) != NodeKind::kPort) {
      add_standing(netlist, canvas, placement, options, NodeId(i));
    }
  }
  for (const netlist_io::Blockage& blockage : canvas.blockages) {
    const Rect& rect = blockage.rect;
    obstacles_.push_back({0.5 * (rect.x0 + rect.x1) / canvas.cell_width(),
                          0.5 * (rect.y0 + rect.y1) / canvas.cell_height(),
                          0.5 * rect.width() / canvas.cell_width(),
                          0.5 * rect.height() / canvas.cell_height()});
  }
}

void SmoothProxy::add_standing(const Netlist& netlist,
                               const Canvas& canvas,
                               const Placement& placement,
                               const cost::CostOptions& options,
                               NodeId node) {
  const Rect box = cost::cost_box(netlist, placement, node, options.soft_macro_shape);
  const double cell_area = canvas.cell_width() * canvas.cell_height();
  cost::for_each_covered_cell(box, canvas, [&](int col, int row, double area) {
    standing_density_[static_cast<std::size_t>(row * grid_.cols + col)] += area / cell_area;
  });
  if (netlist.kind(node) != NodeKind::kHardMacro) {
    return;
  }
  cost::for_each_blocked_cell(box, canvas, [&](int col, int row, double h_um, double v_um) {
    const auto cell = static_cast<std::size_t>(row * grid_.cols + col);
    standing_blockage_.horizontal[cell] += h_um * options.macro_routes.horizontal / capacity_h_;
    standing_blockage_.vertical[cell] += v_um * options.macro_routes.vertical / capacity_v_;
  });
  const Rect outline = placement.box(netlist, node);
  obstacles_.push_back({placement.x[node.index()] / canvas.cell_width(),
                        placement.y[node.index()] / canvas.cell_height(),
                        0.5 * outline.width() / canvas.cell_width(),
                        0.5 * outline.height() / canvas.cell_height()});
}

void SmoothProxy::place_points(std::span<const double> x, std::span<const double> y) {
  point_x_.resize(nets_.num_points());
  point_y_.resize(nets_.num_points());
  for (std::size_t i = 0; i < x.size(); ++i) {
    point_x_[i] = static_cast<float>(x[i]);
    point_y_[i] = static_cast<float>(y[i]);
  }
  std::size_t point = x.size();
  for (const PointNets::Attached& attached : nets_.attached) {
    point_x_[point] = point_x_[attached.mover] + attached.dx;
    point_y_[point] = point_y_[attached.mover] + attached.dy;
    ++point;
  }
  std::copy(nets_.fixed_x.begin(),
            nets_.fixed_x.end(),
            point_x_.begin() + static_cast<std::ptrdiff_t>(point));
  std::copy(nets_.fixed_y.begin(),
            nets_.fixed_y.end(),
            point_y_.begin() + static_cast<std::ptrdiff_t>(point));
}

double SmoothProxy::add_wirelength(const SmoothProxyParameters& parameters) {
  const auto gamma = static_cast<float>(parameters.gamma);
  return wire_scale_x_ * add_smooth_wirelength(nets_, point_x_, gamma, wire_gradient_x_) +
         wire_scale_y_ * add_smooth_wirelength(nets_, point_y_, gamma, wire_gradient_y_);
}

void SmoothProxy::spread_movers(const SmoothProxyParameters& parameters,
                                std::span<const double> x,
                                std::span<const double> y) {
  boxes_.resize(x.size());
  density_ = standing_density_;
  hard_density_.assign(grid_.num_cells(), 0.0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    boxes_[i] =
        SpreadBox::inflated(cost_width_[i], cost_height_[i], is_hard(i) ? 0.0 : parameters.min_box);
    spread_box(boxes_[i], x[i], y[i], grid_, is_hard(i) ? hard_density_ : density_);
  }
  if (nets_.num_soft_movers < x.size()) {
    for (std::size_t cell = 0; cell < density_.size(); ++cell) {
      density_[cell] += hard_density_[cell];
    }
  }
}

double SmoothProxy::price_density(const SmoothProxyParameters& parameters) {
  const double count = parameters.density_fraction * static_cast<double>(density_.size());
  // The density cost is half the mean.
  const double cost =
      0.5 *
      density_mean_.evaluate(density_, std::max(1.0, std::floor(count)), parameters.density_width);
  for (std::size_t cell = 0; cell < density_.size(); ++cell) {
    soft_price_[cell] = 0.5 * parameters.weights.density * density_mean_.weights()[cell];
  }
  return cost;
}

/// Fills `smoothed_` with the demand of all nets in fractions of the capacity, smoothed, plus the
/// blockage.
void SmoothProxy::smooth_demand() {
  cost::DemandMaps demand = congestion_.demand();
  for (std::size_t cell = 0; cell < demand.horizontal.size(); ++cell) {
    demand.horizontal[cell] =
        (demand.horizontal[cell] + nets_.fixed_demand.horizontal[cell]) / capacity_h_;
    demand.vertical[cell] =
        (demand.vertical[cell] + nets_.fixed_demand.vertical[cell]) / capacity_v_;
  }
  smoothed_ = standing_blockage_;
  cost::add_smoothed(demand, grid_, smooth_range_, smoothed_);
  for (std::size_t cell = 0; cell < hard_density_.size(); ++cell) {
    smoothed_.horizontal[cell] += blocked_h_ * hard_density_[cell];
    smoothed_.vertical[cell] += blocked_v_ * hard_density_[cell];
  }
}

/// Derivatives with respect to the demand in tracks: the adjoint of the smoothing.
void SmoothProxy::price_demand(double weight) {
  const std::span<const double> vertical = congestion_mean_.weights().first(grid_.num_cells());
  const std::span<const double> horizontal = congestion_mean_.weights().subspan(grid_.num_cells());
  demand_price_.assign_zero(grid_.num_cells());
  for (int row = 0; row < grid_.rows; ++row) {
    const int row0 = std::max(0, row - smooth_range_);
    const int row1 = std::min(grid_.rows - 1, row + smooth_range_);
    for (int col = 0; col < grid_.cols; ++col) {
      const int col0 = std::max(0, col - smooth_range_);
      const int col1 = std::min(grid_.cols - 1, col + smooth_range_);
      double sum_h = 0.0;
      for (int r = row0; r <= row1; ++r) {
        sum_h += horizontal[static_cast<std::size_t>(r * grid_.cols + col)];
      }
      double sum_v = 0.0;
      for (int c = col0; c <= col1; ++c) {
        sum_v += vertical[static_cast<std::size_t>(row * grid_.cols + c)];
      }
      const auto cell = static_cast<std::size_t>(row * grid_.cols + col);
      demand_price_.horizontal[cell] = weight * sum_h / (capacity_h_ * (row1 - row0 + 1));
      demand_price_.vertical[cell] = weight * sum_v / (capacity_v_ * (col1 - col0 + 1));
    }
  }
}

void SmoothProxy::price_congestion(const SmoothProxyParameters& parameters) {
  congestion_.route(nets_, grid_, point_x_, point_y_);
  smooth_demand();
  congestion_values_.assign(smoothed_.vertical.begin(), smoothed_.vertical.end());
  congestion_values_.insert(
      congestion_values_.end(), smoothed_.horizontal.begin(), smoothed_.horizontal.end());
  const double count =
      parameters.congestion_fraction * static_cast<double>(congestion_values_.size());
  congestion_cost_ = congestion_mean_.evaluate(
      congestion_values_, std::max(1.0, std::floor(count)), parameters.congestion_width);
  price_demand(parameters.weights.congestion);
  congestion_.set_gradient(nets_, demand_price_, point_gradient_x_, point_gradient_y_);
  const std::size_t num_cells = grid_.num_cells();
  for (std::size_t cell = 0; cell < num_cells; ++cell) {
    blockage_price_[cell] =
        parameters.weights.congestion * (blocked_v_ * congestion_mean_.weights()[cell] +
                                         blocked_h_ * congestion_mean_.weights()[num_cells + cell]);
  }
}

void SmoothProxy::forget_congestion() {
  congestion_cost_ = 0.0;
  point_gradient_x_.assign(nets_.num_points(), 0.0);
  point_gradient_y_.assign(nets_.num_points(), 0.0);
  blockage_price_.assign(grid_.num_cells(), 0.0);
}

void SmoothProxy::add_box_gradient(std::span<const double> x,
                                   std::span<const double> y,
                                   std::span<double> gradient_x,
                                   std::span<double> gradient_y) const {
  for (std::size_t i = 0; i < x.size(); ++i) {
    const SpreadSlopes slopes =
        spread_slopes(boxes_[i], x[i], y[i], grid_, is_hard(i) ? hard_price_ : soft_price_);
    gradient_x[i] += slopes.x;
    gradient_y[i] += slopes.y;
  }
}

double SmoothProxy::add_overlap(const SmoothProxyParameters& parameters,
                                std::span<const double> x,
                                std::span<const double> y,
                                std::span<double> gradient_x,
                                std::span<double> gradient_y) const {
  double total = 0.0;
  // The depth by which two boxes penetrate each other, not the common area: boxes inside others
  // have a way out, too.
  const auto visit = [&](std::size_t i, const Obstacle& other, auto push_other) {
    const double dx = x[i] - other.x;
    const double dy = y[i] - other.y;
    const double depth_x = half_width_[i] + other.half_width - std::abs(dx);
    const double depth_y = half_height_[i] + other.half_height - std::abs(dy);
    if (depth_x <= 0.0 || depth_y <= 0.0) {
      return;
    }
    total += depth_x * depth_y;
    const double push_x = parameters.overlap_weight * (dx >= 0.0 ? -depth_y : depth_y);
    const double push_y = parameters.overlap_weight * (dy >= 0.0 ? -depth_x : depth_x);
    gradient_x[i] += push_x;
    gradient_y[i] += push_y;
    push_other(push_x, push_y);
  };
  for (std::size_t i = nets_.num_soft_movers; i < x.size(); ++i) {
    for (std::size_t j = nets_.num_soft_movers; j < i; ++j) {
      visit(i, {x[j], y[j], half_width_[j], half_height_[j]}, [&](double push_x, double push_y) {
        gradient_x[j] -= push_x;
        gradient_y[j] -= push_y;
      });
    }
    for (const Obstacle& obstacle : obstacles_) {
      visit(i, obstacle, [](double, double) {});
    }
  }
  return total;
}

void SmoothProxy::fold_gradient(const SmoothProxyParameters& parameters,
                                std::span<double> gradient_x,
                                std::span<double> gradient_y) const {
  const double scale_x = parameters.weights.wirelength * wire_scale_x_;
  const double scale_y = parameters.weights.wirelength * wire_scale_y_;
  const auto add = [&](std::size_t point, std::size_t mover) {
    gradient_x[mover] +=
        point_gradient_x_[point] + scale_x * static_cast<double>(wire_gradient_x_[point]);
    gradient_y[mover] +=
        point_gradient_y_[point] + scale_y * static_cast<double>(wire_gradient_y_[point]);
  };
  for (std::size_t i = 0; i < num_movers(); ++i) {
    add(i, i);
  }
  for (std::size_t i = 0; i < nets_.attached.size(); ++i) {
    add(num_movers() + i, nets_.attached[i].mover);
  }
}

SmoothTerms SmoothProxy::evaluate(const SmoothProxyParameters& parameters,
                                  std::span<const double> x,
                                  std::span<const double> y,
                                  std::span<double> gradient_x,
                                  std::span<double> gradient_y) {
  const std::size_t num_points = nets_.num_points();
  place_points(x, y);
  wire_gradient_x_.assign(num_points, 0.0F);
  wire_gradient_y_.assign(num_points, 0.0F);
  std::fill(gradient_x.begin(), gradient_x.end(), 0.0);
  std::fill(gradient_y.begin(), gradient_y.end(), 0.0);
  soft_price_.assign(grid_.num_cells(), 0.0);

  SmoothTerms terms;
  if (parameters.weights.wirelength > 0.0) {
    terms.wirelength = add_wirelength(parameters);
  }
  spread_movers(parameters, x, y);
  if (parameters.weights.density > 0.0) {
    terms.density = price_density(parameters);
  }
  if (parameters.spread_weight > 0.0) {
    terms.overfull = potential_.compute(density_, parameters.spread_target);
    for (std::size_t cell = 0; cell < soft_price_.size(); ++cell) {
      soft_price_[cell] += parameters.spread_weight * potential_.values()[cell];
    }
  }
  if (parameters.weights.congestion <= 0.0) {
    forget_congestion();
  } else if (!parameters.keep_congestion) {
    price_congestion(parameters);
  }
  terms.congestion = congestion_cost_;
  for (std::size_t cell = 0; cell < soft_price_.size(); ++cell) {
    hard_price_[cell] = soft_price_[cell] + blockage_price_[cell];
  }
  add_box_gradient(x, y, gradient_x, gradient_y);
  if (parameters.overlap_weight > 0.0) {
    terms.overlap = add_overlap(parameters, x, y, gradient_x, gradient_y);
  }
  fold_gradient(parameters, gradient_x, gradient_y);
  terms.value = parameters.weights.wirelength * terms.wirelength +
                parameters.weights.density * terms.density +
                parameters.weights.congestion * terms.congestion +
                parameters.overlap_weight * terms.overlap;
  return terms;
}

}  // namespace tessera::placer
