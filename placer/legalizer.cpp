#include "placer/legalizer.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>
#include <string>
#include <vector>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/box_problem.h"
#include "placer/box_spreading.h"
#include "placer/constraint_repair.h"
#include "placer/displacement_descent.h"
#include "placer/feasibility.h"
#include "placer/free_space.h"
#include "placer/keep_inside.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;

namespace {

constexpr std::size_t kSmall = 300;           ///< up to so many macros time for more attempts
constexpr std::size_t kMostForRepair = 5000;  ///< boxes; takes 9 bytes a pair
constexpr int kSweeps = 60;                   ///< more change little
constexpr double kFilling = 0.8;
constexpr double kShake = 0.3;  ///< of the size of a box

/// The legalisation of one placement.
class Legalizer {
 public:
  Legalizer(const Netlist& netlist,
            const Canvas& canvas,
            const Placement& placement,
            const MacroSpaceOptions& options);

  LegalizerResult run();
  /// Throws `InfeasibleError` if there is no room for all.
  void check() const { check_room(netlist_, canvas_, geometry_, problem_); }

 private:
  void add_boxes();
  bool legal(const BoxCorners& corners) const;
  BoxCorners wishes() const;
  BoxCorners solve();
  /// Keeps the result, improved, if it beats the best so far.
  void consider(std::optional<BoxCorners> corners);
  template <typename Key>
  std::vector<std::size_t> order_by(Key key) const;
  double area(std::size_t box) const {
    const LatticePoint& size = problem_.boxes[box].size;
    return static_cast<double>(size[0]) * static_cast<double>(size[1]);
  }
  void repair_from(BoxCorners start);
  void try_near_wishes();
  void try_shaken_wishes();
  void try_packings();
  void pack_into_corners(const std::vector<std::size_t>& first);
  [[noreturn]] void give_up() const;
  LegalizerResult write(const BoxCorners& corners) const;

  const Netlist& netlist_;
  const Canvas& canvas_;
  const Placement& placement_;
  MacroGeometry geometry_;
  BoxProblem problem_;
  std::optional<BoxCorners> best_;
};

Legalizer::Legalizer(const Netlist& netlist,
                     const Canvas& canvas,
                     const Placement& placement,
                     const MacroSpaceOptions& options)
    : netlist_(netlist),
      canvas_(canvas),
      placement_(placement),
      geometry_(netlist, canvas, placement, options) {
  check_sizes(netlist, canvas, placement, geometry_);
  add_boxes();
}

void Legalizer::add_boxes() {
  problem_.obstacles = geometry_.obstacles;
  double total = 0.0;
  for (std::size_t i = 0; i < geometry_.macros.size(); ++i) {
    const NodeId macro = geometry_.macros[i];
    const netlist_io::Orientation orientation = placement_.orientation[macro.index()];
    MovableBox box;
    const MacroGeometry::Shape& shape = geometry_.shape(i, orientation);
    box.size = shape.size;
    box.min_lo = shape.min_lo;
    box.max_lo = shape.max_lo;
    const LatticePoint corner = {geometry_.corner(i, placement_.x[macro.index()], 0, orientation),
                                 geometry_.corner(i, placement_.y[macro.index()], 1, orientation)};
    for (std::size_t axis = 0; axis < 2; ++axis) {
      box.want[axis] = std::clamp(corner[axis], box.min_lo[axis], box.max_lo[axis]);
    }
    problem_.boxes.push_back(box);
    total += area(i);
  }
  const double mean = total / static_cast<double>(std::max<std::size_t>(1, problem_.boxes.size()));
  for (std::size_t i = 0; i < problem_.boxes.size(); ++i) {
    problem_.boxes[i].weight = mean > 0.0 ? std::max(1e-3, area(i) / mean) : 1.0;
  }
}

LegalizerResult Legalizer::run() {
  const BoxCorners start = wishes();
  return write(legal(start) ? start : solve());
}

BoxCorners Legalizer::wishes() const {
  BoxCorners corners;
  for (const MovableBox& box : problem_.boxes) {
    corners.push_back(box.want);
  }
  return corners;
}

bool Legalizer::legal(const BoxCorners& corners) const {
  std::vector<LatticeBox> boxes = geometry_.obstacles;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    boxes.push_back(problem_.boxes[i].at(corners[i]));
  }
  for (std::size_t i = geometry_.obstacles.size(); i < boxes.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (boxes[i].overlaps(boxes[j])) {
        return false;
      }
    }
  }
  return true;
}

BoxCorners Legalizer::solve() {
  check();
  try_near_wishes();
  if (!best_) {
    try_shaken_wishes();
  }
  if (!best_) {
    try_packings();
  }
  if (!best_) {
    give_up();
  }
  if (!legal(*best_)) {
    throw netlist_io::InternalError("a legalised placement has overlaps");
  }
  return *best_;
}

void Legalizer::consider(std::optional<BoxCorners> corners) {
  if (!corners) {
    return;
  }
  reduce_displacement(problem_, *corners, problem_.boxes.size() <= kSmall ? 4 : 2);
  if (!best_ || problem_.displacement(*corners) < problem_.displacement(*best_)) {
    best_ = std::move(corners);
  }
}

template <typename Key>
std::vector<std::size_t> Legalizer::order_by(Key key) const {
  std::vector<std::size_t> order(problem_.boxes.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(
      order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return key(a) > key(b); });
  return order;
}

void Legalizer::repair_from(BoxCorners start) {
  const std::size_t count = problem_.boxes.size();
  if (count + problem_.obstacles.size() > kMostForRepair) {
    return;
  }
  // Time of a step is quadratic: together about 5 ms at 130 macros, half a second at 2000.
  const std::size_t steps = std::min(count, std::size_t{400'000'000} / (count * count));
  push_apart(problem_, start, kSweeps);
  consider(repair_constraints(problem_, start, static_cast<int>(steps)));
}

void Legalizer::try_near_wishes() {
  repair_from(wishes());
  if (!best_) {
    repair_from(partition_boxes(problem_, kFilling));
  }
  if (!best_) {
    std::vector<std::size_t> order = order_by([&](std::size_t i) { return area(i); });
    consider(place_in_order(problem_, order, PlacingRule{}, 0));
  }
}

void Legalizer::try_shaken_wishes() {
  netlist_io::Rng rng = netlist_io::Rng::derive(1, "legalizer");
  const int tries = problem_.boxes.size() <= kSmall ? 30 : 1;
  for (int i = 0; i < tries && !best_; ++i) {
    BoxProblem shaken = problem_;
    for (MovableBox& box : shaken.boxes) {
      for (std::size_t axis = 0; axis < 2; ++axis) {
        const double way = kShake * rng.uniform(-1.0, 1.0) * box.size[axis];
        box.want[axis] = std::clamp(
            box.want[axis] + static_cast<std::int32_t>(way), box.min_lo[axis], box.max_lo[axis]);
      }
    }
    repair_from(partition_boxes(shaken, kFilling));
  }
}

void Legalizer::try_packings() {
  const auto width = [&](std::size_t i) { return problem_.boxes[i].size[0]; };
  const auto height = [&](std::size_t i) { return problem_.boxes[i].size[1]; };
  const bool small = problem_.boxes.size() <= kSmall;
  pack_into_corners(order_by([&](std::size_t i) { return area(i); }));
  if (small || !best_) {
    pack_into_corners(order_by(height));
  }
  if (small) {
    pack_into_corners(order_by(width));
  }
}

void Legalizer::pack_into_corners(const std::vector<std::size_t>& first) {
  const bool small = problem_.boxes.size() <= kSmall;
  for (int corner = 0; corner < 4; ++corner) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      PlacingRule rule;
      rule.toward = PlacingRule::Toward::kCorner;
      rule.high = {(corner & 1) != 0, (corner & 2) != 0};
      rule.rate[axis] = 1e6;
      std::vector<std::size_t> order = first;
      consider(place_in_order(problem_, order, rule, small ? 30 : 0));
      if (best_ && !small) {
        return;
      }
    }
  }
}

void Legalizer::give_up() const {
  const std::size_t largest = order_by([&](std::size_t i) { return area(i); }).front();
  throw InfeasibleError("no legal placement of the " + std::to_string(problem_.boxes.size()) +
                        " movable hard macros on the " + describe_canvas(canvas_) +
                        " was found, though there may be one; the largest is " +
                        describe_macro(netlist_, geometry_.macros[largest]));
}

LegalizerResult Legalizer::write(const BoxCorners& corners) const {
  LegalizerResult result;
  result.placement = placement_;
  Placement& placement = result.placement;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const std::size_t node = geometry_.macros[i].index();
    const netlist_io::Orientation orientation = placement.orientation[node];
    const double x = geometry_.centre(i, corners[i][0], 0, orientation);
    const double y = geometry_.centre(i, corners[i][1], 1, orientation);
    const double way = std::abs(x - placement.x[node]) + std::abs(y - placement.y[node]);
    result.total_displacement_um += way;
    result.largest_displacement_um = std::max(result.largest_displacement_um, way);
    placement.x[node] = x;
    placement.y[node] = y;
    placement.placed[node] = 1;
  }
  return result;
}

}  // namespace

void pull_soft_macros_inside(const Netlist& netlist, const Canvas& canvas, Placement& placement) {
  for (const NodeId macro : netlist.soft_macros()) {
    const std::size_t i = macro.index();
    if (placement.fixed[i] == 0) {
      const Extent extent =
          outer_extent(netlist, macro, placement.orientation[i], cost::SoftMacroShape::kAsGiven);
      placement.x[i] = clamp_centre(placement.x[i], extent.width, canvas.width);
      placement.y[i] = clamp_centre(placement.y[i], extent.height, canvas.height);
    }
  }
}

LegalizerResult legalize_macros(const Netlist& netlist,
                                const Canvas& canvas,
                                const Placement& placement,
                                const MacroSpaceOptions& options) {
  LegalizerResult result = Legalizer(netlist, canvas, placement, options).run();
  pull_soft_macros_inside(netlist, canvas, result.placement);
  return result;
}

void check_feasible(const Netlist& netlist,
                    const Canvas& canvas,
                    const Placement& placement,
                    const MacroSpaceOptions& options) {
  Legalizer(netlist, canvas, placement, options).check();
}

}  // namespace tessera::placer
