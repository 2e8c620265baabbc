#include "placer/flat/flat_model.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string>
#include <utility>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/parallel_for.h"
#include "placer/smooth_wirelength.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Placement;
using netlist_io::Rect;

constexpr std::size_t kWireTasks = 64;
constexpr std::size_t kMoverTasks = 64;
/// Movers per bin on average.
constexpr double kMoversPerBin = 2.0;
constexpr double kLeastBins = 32.0;
constexpr double kMostBins = 2048.0;
/// Blockages from this rate on keep cells out.
constexpr double kBlockingRate = 0.5;

/// The least number of bins, not below `least`, whose transform is fast: a power of 2 times 1, 3 or
/// 5.
int fast_size(double least) {
  int best = std::numeric_limits<int>::max();
  for (const int odd : {1, 3, 5}) {
    int size = odd;
    while (size < least) {
      size *= 2;
    }
    best = std::min(best, size);
  }
  return best;
}

/// About square bins, few enough for the movers.
GridShape bin_grid(const Canvas& canvas, std::size_t movers) {
  const double bins = static_cast<double>(movers) / kMoversPerBin;
  const double side = std::sqrt(canvas.width * canvas.height / std::max(bins, 1.0));
  const auto count = [&](double length) {
    return fast_size(std::clamp(length / side, kLeastBins, kMostBins));
  };
  return {count(canvas.width), count(canvas.height)};
}

std::size_t count_movers(const Netlist& netlist, const Placement& placement) {
  const auto moves = [&](NodeId node) { return placement.fixed[node.index()] == 0; };
  return static_cast<std::size_t>(
      std::count_if(netlist.std_cells().begin(), netlist.std_cells().end(), moves) +
      std::count_if(netlist.soft_macros().begin(), netlist.soft_macros().end(), moves));
}

Canvas with_bins(const Canvas& canvas, const Netlist& netlist, const Placement& placement) {
  if (!(canvas.width > 0.0 && canvas.height > 0.0)) {
    throw OptionError("canvas is " + std::to_string(canvas.width) + " x " +
                      std::to_string(canvas.height) + ", expected sides > 0");
  }
  Canvas result = canvas;
  result.grid = bin_grid(canvas, count_movers(netlist, placement));
  return result;
}

PointNets point_nets(const Netlist& netlist,
                     const Canvas& canvas,
                     const Placement& placement,
                     const FlatPlacerOptions& options) {
  PointNets nets;
  nets.build(netlist,
             canvas,
             placement,
             cost::OutsidePins::kClamp,
             options.move_hard_macros ? MoverKinds::kSoftAndHard : MoverKinds::kSoft,
             options.max_sinks);
  return nets;
}

/// Adds the part of each bin that a box covers; parts covered twice end at 1.
void block(const Canvas& canvas, const Rect& box, std::vector<float>& blocked) {
  const auto [cols, rows] = canvas.grid;
  const double x0 = std::clamp(box.x0 / canvas.cell_width(), 0.0, static_cast<double>(cols));
  const double x1 = std::clamp(box.x1 / canvas.cell_width(), 0.0, static_cast<double>(cols));
  const double y0 = std::clamp(box.y0 / canvas.cell_height(), 0.0, static_cast<double>(rows));
  const double y1 = std::clamp(box.y1 / canvas.cell_height(), 0.0, static_cast<double>(rows));
  for (int row = static_cast<int>(y0); row < y1; ++row) {
    const double part_y = std::min(y1, row + 1.0) - std::max(y0, static_cast<double>(row));
    for (int col = static_cast<int>(x0); col < x1; ++col) {
      const double part_x = std::min(x1, col + 1.0) - std::max(x0, static_cast<double>(col));
      float& bin = blocked[static_cast<std::size_t>(row) * static_cast<std::size_t>(cols) +
                           static_cast<std::size_t>(col)];
      bin = std::min(bin + static_cast<float>(part_x * part_y), 1.0F);
    }
  }
}

std::vector<float> blocked_bins(const Netlist& netlist,
                                const Canvas& canvas,
                                const Placement& placement,
                                const FlatPlacerOptions& options) {
  std::vector<float> blocked(canvas.grid.num_cells());
  for (const NodeId macro : netlist.hard_macros()) {
    if (options.move_hard_macros && placement.fixed[macro.index()] == 0) {
      continue;
    }
    Rect box = placement.box(netlist, macro);
    box = {box.x0 - options.halo_x,
           box.y0 - options.halo_y,
           box.x1 + options.halo_x,
           box.y1 + options.halo_y};
    block(canvas, box, blocked);
  }
  for (const netlist_io::Blockage& blockage : canvas.blockages) {
    if (blockage.rate >= kBlockingRate) {
      block(canvas, blockage.rect, blocked);
    }
  }
  return blocked;
}

/// A side of a bin, in sides of the square of the same area.
float relative_side(double side, double other) {
  return static_cast<float>(side / std::sqrt(side * other));
}

/// The cap, or more where the cells would not fit below it.
double fitting_cap(double cap, double area, double free_area) {
  if (area > free_area) {
    throw netlist_io::InfeasibleError("cells of " +
                                      std::to_string(area / std::max(free_area, 1e-9) * 100.0) +
                                      " % of the area beside the hard macros cannot be placed");
  }
  constexpr double kRoom = 1.02;
  return free_area > 0.0 ? std::min(std::max(cap, kRoom * area / free_area), 1.0) : cap;
}

BinDensity bin_density(const Netlist& netlist,
                       const Canvas& canvas,
                       const Placement& placement,
                       const PointNets& nets,
                       const FlatPlacerOptions& options) {
  std::vector<float> blocked = blocked_bins(netlist, canvas, placement, options);
  BinDensity::Boxes boxes;
  double soft_area = 0.0;
  double hard_area = 0.0;
  for (std::size_t i = 0; i < nets.movers.size(); ++i) {
    Rect box = placement.box(netlist, nets.movers[i]);
    const bool hard = i >= nets.num_soft_movers;
    const std::size_t node = nets.movers[i].index();
    const double stretch =
        options.room.empty() ? 1.0 : std::sqrt(static_cast<double>(options.room[node]));
    const double width = stretch * (box.width() + (hard ? 2.0 * options.halo_x : 0.0));
    const double height = stretch * (box.height() + (hard ? 2.0 * options.halo_y : 0.0));
    boxes.width.push_back(static_cast<float>(width / canvas.cell_width()));
    boxes.height.push_back(static_cast<float>(height / canvas.cell_height()));
    boxes.weight.push_back(1.0F);
    (hard ? hard_area : soft_area) +=
        static_cast<double>(boxes.width.back()) * static_cast<double>(boxes.height.back());
  }
  boxes.num_counted = boxes.size();
  double free_area = -hard_area;
  for (const float part : blocked) {
    free_area += static_cast<double>(1.0F - part);
  }
  const double cap = fitting_cap(options.density_cap, soft_area, free_area);
  std::fill(boxes.weight.begin() + static_cast<std::ptrdiff_t>(nets.num_soft_movers),
            boxes.weight.end(),
            static_cast<float>(cap));
  const double spare = cap * free_area - soft_area;
  const auto fillers = static_cast<std::size_t>(std::max(std::round(spare), 0.0));
  const std::size_t total = boxes.size() + fillers;
  boxes.width.resize(total, 1.0F);
  boxes.height.resize(total, 1.0F);
  boxes.weight.resize(
      total, fillers > 0 ? static_cast<float>(spare / static_cast<double>(fillers)) : 1.0F);
  return {canvas.grid, std::move(blocked), cap, std::move(boxes), options.threads};
}

}  // namespace

FlatModel::FlatModel(const Netlist& netlist,
                     const Canvas& canvas,
                     const Placement& placement,
                     const FlatPlacerOptions& options)
    : canvas_(with_bins(canvas, netlist, placement)),
      threads_(options.threads),
      nets_(point_nets(netlist, canvas_, placement, options)),
      density_(bin_density(netlist, canvas_, placement, nets_, options)),
      scale_x_(relative_side(canvas_.cell_width(), canvas_.cell_height())),
      scale_y_(relative_side(canvas_.cell_height(), canvas_.cell_width())),
      poisson_(canvas_.grid,
               static_cast<double>(scale_x_),
               static_cast<double>(scale_y_),
               options.threads) {
  collect_entries();
  points_x_.resize(nets_.num_points());
  points_y_.resize(nets_.num_points());
  std::copy(nets_.fixed_x.begin(),
            nets_.fixed_x.end(),
            points_x_.begin() + static_cast<std::ptrdiff_t>(nets_.first_fixed_point()));
  std::copy(nets_.fixed_y.begin(),
            nets_.fixed_y.end(),
            points_y_.begin() + static_cast<std::ptrdiff_t>(nets_.first_fixed_point()));
  entry_x_.resize(nets_.points.size());
  entry_y_.resize(nets_.points.size());
  field_x_.resize(canvas_.grid.num_cells());
  field_y_.resize(canvas_.grid.num_cells());
  force_x_.resize(num_boxes());
  force_y_.resize(num_boxes());
}

/// Which entries of the nets pull at each mover, and where to cut the nets into tasks.
void FlatModel::collect_entries() {
  constexpr std::size_t kLanes = PointNets::kLanes;
  const auto mover_of = [&](std::uint32_t point) {
    return point < num_movers() ? point : nets_.attached[point - num_movers()].mover;
  };
  const auto for_each_entry = [&](auto visit) {
    for (std::size_t net = 0; net < nets_.num_nets; ++net) {
      const std::size_t first = nets_.groups[net / kLanes].first + net % kLanes;
      for (std::uint32_t k = 0; k < nets_.degree[net]; ++k) {
        const std::size_t entry = first + k * kLanes;
        if (nets_.points[entry] < nets_.first_fixed_point()) {
          visit(mover_of(nets_.points[entry]), entry, nets_.wire_weight[net]);
        }
      }
    }
  };
  entry_start_.assign(num_movers() + 1, 0);
  pull_.assign(num_movers(), 0.0F);
  for_each_entry([&](std::uint32_t mover, std::size_t, float weight) {
    ++entry_start_[mover + 1];
    pull_[mover] += weight;
  });
  for (std::size_t i = 0; i < num_movers(); ++i) {
    entry_start_[i + 1] += entry_start_[i];
  }
  entries_of_mover_.resize(entry_start_.back());
  std::vector<std::uint32_t> next(entry_start_.begin(), entry_start_.end() - 1);
  for_each_entry([&](std::uint32_t mover, std::size_t entry, float) {
    entries_of_mover_[next[mover]++] = static_cast<std::uint32_t>(entry);
  });
  group_tasks_.assign(kWireTasks + 1, nets_.groups.size());
  std::size_t group = 0;
  for (std::size_t task = 0; task < kWireTasks; ++task) {
    while (group < nets_.groups.size() &&
           nets_.groups[group].first < nets_.points.size() * task / kWireTasks) {
      ++group;
    }
    group_tasks_[task] = group;
  }
}

void FlatModel::set_points(std::span<const float> point) {
  const std::size_t boxes = num_boxes();
  const std::size_t movers = num_movers();
  std::copy_n(point.begin(), movers, points_x_.begin());
  std::copy_n(point.begin() + static_cast<std::ptrdiff_t>(boxes), movers, points_y_.begin());
  for (std::size_t i = 0; i < nets_.attached.size(); ++i) {
    const PointNets::Attached& attached = nets_.attached[i];
    points_x_[movers + i] = point[attached.mover] + attached.dx;
    points_y_[movers + i] = point[boxes + attached.mover] + attached.dy;
  }
}

FlatModel::Measures FlatModel::gradient(std::span<const float> point, std::span<float> gradient) {
  set_points(point);
  std::array<Extents, kWireTasks> lengths{};
  parallel_for(kWireTasks, threads_, [&](std::size_t task) {
    const std::size_t begin = group_tasks_[task];
    const std::size_t end = group_tasks_[task + 1];
    lengths[task] = {
        smooth_wirelength_by_entry(nets_, begin, end, points_x_, gamma_, entry_x_).exact,
        smooth_wirelength_by_entry(nets_, begin, end, points_y_, gamma_, entry_y_).exact};
  });
  const std::size_t boxes = num_boxes();
  const std::span<const float> x = point.first(boxes);
  const std::span<const float> y = point.subspan(boxes);
  density_.update(x, y);
  poisson_.solve(density_.density(), field_x_, field_y_);
  density_.gather(x, y, field_x_, field_y_, force_x_, force_y_);

  std::array<Slopes, kMoverTasks> slopes{};
  parallel_for(kMoverTasks, threads_, [&](std::size_t task) {
    slopes[task] = combine(boxes * task / kMoverTasks, boxes * (task + 1) / kMoverTasks, gradient);
  });
  Measures measures;
  measures.overflow = density_.overflow();
  for (const auto& [length_x, length_y] : lengths) {
    measures.hpwl +=
        static_cast<double>(scale_x_) * length_x + static_cast<double>(scale_y_) * length_y;
  }
  for (const Slopes& part : slopes) {
    measures.wire_slope += part.wire;
    measures.density_slope += part.density;
  }
  return measures;
}

FlatModel::Slopes FlatModel::combine(std::size_t begin,
                                     std::size_t end,
                                     std::span<float> gradient) const {
  const std::size_t boxes = num_boxes();
  Slopes sums;
  for (std::size_t i = begin; i < end; ++i) {
    float wire_x = 0.0F;
    float wire_y = 0.0F;
    float pull = 0.0F;
    if (i < num_movers()) {
      for (std::uint32_t k = entry_start_[i]; k < entry_start_[i + 1]; ++k) {
        wire_x += entry_x_[entries_of_mover_[k]];
        wire_y += entry_y_[entries_of_mover_[k]];
      }
      wire_x *= scale_x_;
      wire_y *= scale_y_;
      pull = pull_[i];
      sums.wire += static_cast<double>(std::abs(wire_x) + std::abs(wire_y));
      sums.density += static_cast<double>(std::abs(force_x_[i]) + std::abs(force_y_[i]));
    }
    const float curvature = std::max(pull + density_weight_ * density_.boxes().charge(i), 1.0F);
    gradient[i] = (wire_x - density_weight_ * force_x_[i]) / curvature;
    gradient[boxes + i] = (wire_y - density_weight_ * force_y_[i]) / curvature;
  }
  return sums;
}

void FlatModel::project(std::span<float> point) const {
  const BinDensity::Boxes& boxes = density_.boxes();
  const auto clamp = [&](std::span<float> centres, const std::vector<float>& size, int bins) {
    parallel_for(kMoverTasks, threads_, [&](std::size_t task) {
      for (std::size_t i = centres.size() * task / kMoverTasks;
           i < centres.size() * (task + 1) / kMoverTasks;
           ++i) {
        const float half = 0.5F * std::min(size[i], static_cast<float>(bins));
        centres[i] = std::clamp(centres[i], half, static_cast<float>(bins) - half);
      }
    });
  };
  clamp(point.first(boxes.size()), boxes.width, canvas_.grid.cols);
  clamp(point.subspan(boxes.size()), boxes.height, canvas_.grid.rows);
}

void FlatModel::scatter_fillers(std::uint64_t seed, std::span<float> point) const {
  const std::size_t boxes = num_boxes();
  netlist_io::Rng rng = netlist_io::Rng::derive(seed, "flat_placer.fillers");
  constexpr int kTries = 20;  // to find a free place; where little is free, any will do
  for (std::size_t i = num_movers(); i < boxes; ++i) {
    for (int attempt = 0; attempt < kTries; ++attempt) {
      point[i] = static_cast<float>(rng.uniform(0.0, canvas_.grid.cols));
      point[boxes + i] = static_cast<float>(rng.uniform(0.0, canvas_.grid.rows));
      if (rng.uniform() >= static_cast<double>(density_.blocked_at(point[i], point[boxes + i]))) {
        break;
      }
    }
  }
}

}  // namespace tessera::placer
