#include "cost/incremental_model.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <unordered_map>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Offset;
using netlist_io::PinId;

/// FNV-1a over the points of a net.
struct HashPoints {
  std::size_t operator()(const std::vector<IncrementalModel::Index>& points) const {
    std::uint64_t hash = 14695981039346656037ULL;
    for (const IncrementalModel::Index point : points) {
      hash = (hash ^ point) * 1099511628211ULL;
    }
    return static_cast<std::size_t>(hash);
  }
};

/// As many binary places as leave room for `largest` in 62 bits, at most 52.
FixedPoint format_for(double largest) {
  const int integer_bits = std::max(0, std::ilogb(std::max(largest, 1.0)) + 1);
  return {std::ldexp(1.0, std::min(52, 62 - integer_bits))};
}

}  // namespace

IncrementalModel::IncrementalModel(const Netlist& netlist,
                                   const Canvas& canvas,
                                   const CostOptions& options)
    : netlist_(netlist), canvas_(canvas), options_(options) {
  const ProxyCost checks_arguments(netlist, canvas, options);
  if (canvas.grid.cols > kMostLines || canvas.grid.rows > kMostLines) {
    throw netlist_io::OptionError("a grid of " + std::to_string(canvas.grid.cols) + " x " +
                                  std::to_string(canvas.grid.rows) +
                                  " cells is too fine for the incremental cost, expected at most " +
                                  std::to_string(kMostLines) + " a side");
  }
  build_points();
  build_nets();
  index_nets_of_nodes();
  choose_formats();
}

void IncrementalModel::build_points() {
  const std::size_t num_nodes = netlist_.num_nodes();
  node_point_start_.assign(1, 0);
  point_of_pin_.assign(netlist_.num_pins(), 0);
  std::map<std::pair<double, double>, Index> point_at;
  for (std::size_t node = 0; node < num_nodes; ++node) {
    const NodeKind kind = netlist_.kind(NodeId(node));
    const bool square =
        options_.soft_macro_shape == SoftMacroShape::kSquare && kind == NodeKind::kSoftMacro;
    const double width = netlist_.width(NodeId(node));
    const double height = netlist_.height(NodeId(node));
    cost_width_.push_back(square ? std::sqrt(width * height) : width);
    cost_height_.push_back(square ? std::sqrt(width * height) : height);
    has_area_.push_back(kind != NodeKind::kPort && width > 0.0 && height > 0.0 ? 1 : 0);
    blocks_routes_.push_back(kind == NodeKind::kHardMacro ? 1 : 0);
    point_at.clear();
    for (const PinId pin : netlist_.pins_of(NodeId(node))) {
      const Offset offset = netlist_.pin_offset(pin);
      const auto [entry, is_new] =
          point_at.try_emplace({offset.x, offset.y}, static_cast<Index>(point_node_.size()));
      if (is_new) {
        point_node_.push_back(static_cast<Index>(node));
        point_offset_.push_back(offset);
      }
      point_of_pin_[pin.index()] = entry->second;
    }
    node_point_start_.push_back(static_cast<Index>(point_node_.size()));
  }
}

void IncrementalModel::build_nets() {
  std::unordered_map<std::vector<Index>, std::size_t, HashPoints> net_with_points;
  std::vector<Index> points;
  for (std::size_t n = 0; n < netlist_.num_nets(); ++n) {
    const auto pins = netlist_.pins_of(NetId(n));
    points.clear();
    for (const PinId pin : pins) {
      points.push_back(point_of_pin_[pin.index()]);
    }
    const Index driver = points.front();
    std::sort(points.begin(), points.end());
    points.erase(std::unique(points.begin(), points.end()), points.end());
    if (points.size() == 1) {
      continue;  // neither wire nor routes
    }
    std::erase(points, driver);
    points.insert(points.begin(), driver);
    const double weight = netlist_.weight(NetId(n));
    const auto [entry, is_new] = net_with_points.try_emplace(points, wire_weight_.size());
    if (is_new) {
      net_points_.insert(net_points_.end(), points.begin(), points.end());
      net_point_start_.push_back(static_cast<Index>(net_points_.size()));
      wire_weight_.push_back(0.0);
      route_weight_.push_back(0.0);
    }
    wire_weight_[entry->second] += weight;
    route_weight_[entry->second] += std::max(1.0, weight);
  }
  point_of_pin_ = {};
}

void IncrementalModel::index_nets_of_nodes() {
  std::vector<std::vector<Index>> nets(netlist_.num_nodes());
  std::vector<Index> order(num_nets());
  for (std::size_t net = 0; net < num_nets(); ++net) {
    order[net] = static_cast<Index>(net);
  }
  std::stable_sort(order.begin(), order.end(), [this](Index a, Index b) {
    return points_of(a).size() < points_of(b).size();
  });
  for (const Index net : order) {
    for (const Index point : points_of(net)) {
      std::vector<Index>& of_node = nets[point_node_[point]];
      if (of_node.empty() || of_node.back() != net) {
        of_node.push_back(net);
      }
    }
  }
  node_net_start_.assign(1, 0);
  for (const std::vector<Index>& of_node : nets) {
    node_nets_.insert(node_nets_.end(), of_node.begin(), of_node.end());
    node_net_start_.push_back(static_cast<Index>(node_nets_.size()));
  }
}

void IncrementalModel::choose_formats() {
  const netlist_io::GridShape grid = canvas_.grid;
  const auto num_cells = static_cast<double>(grid.num_cells());
  densest_cells_ = grid.num_cells() / 10;
  most_congested_ = std::max<std::size_t>(1, 2 * grid.num_cells() / 20);

  const double half_perimeter = canvas_.width + canvas_.height;
  const double net_weight = netlist_.num_nets() > 0 ? netlist_.total_net_weight() : 1.0;
  wire_cost_per_um_ = 1.0 / (half_perimeter * net_weight);
  // Nodes may stand somewhat outside the canvas.
  wire_format_ = format_for(kLongestNet * half_perimeter * std::max(1.0, net_weight));

  const double cell_area = canvas_.cell_width() * canvas_.cell_height();
  density_format_ = format_for(2.0 * netlist_.total_area() / cell_area + num_cells);

  // A route charges a cell at most once per leg; a hard macro takes at most all its tracks.
  const double capacity_h = canvas_.cell_height() * options_.routes.horizontal;
  const double capacity_v = canvas_.cell_width() * options_.routes.vertical;
  double legs = 0.0;
  for (std::size_t net = 0; net < num_nets(); ++net) {
    legs += route_weight_[net] * static_cast<double>(points_of(net).size());
  }
  const double macro_share = std::max(options_.macro_routes.horizontal / options_.routes.horizontal,
                                      options_.macro_routes.vertical / options_.routes.vertical);
  const double worst_cell = legs / std::min(capacity_h, capacity_v) +
                            macro_share * static_cast<double>(netlist_.hard_macros().size());
  congestion_format_ = format_for(worst_cell * static_cast<double>(most_congested_));

  const double coarse_scale = std::min(congestion_format_.scale, std::ldexp(1.0, 36));
  blocked_unit_ = static_cast<std::int64_t>(congestion_format_.scale / coarse_scale);
  blocked_per_um_h_ = coarse_scale * options_.macro_routes.horizontal / capacity_h;
  blocked_per_um_v_ = coarse_scale * options_.macro_routes.vertical / capacity_v;

  const int range = options_.smooth_range;
  for (int row = 0; row < grid.rows; ++row) {
    const int window = std::min(grid.rows - 1, row + range) - std::max(0, row - range) + 1;
    row_route_units_.push_back(congestion_format_.scale / (capacity_h * window));
  }
  for (int col = 0; col < grid.cols; ++col) {
    const int window = std::min(grid.cols - 1, col + range) - std::max(0, col - range) + 1;
    col_route_units_.push_back(congestion_format_.scale / (capacity_v * window));
  }
}

}  // namespace tessera::cost
