#include "placer/box_spreading.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <span>
#include <tuple>
#include <vector>

namespace tessera::placer {

namespace {

/// A box in real coordinates; a limit of an obstacle is where it stands.
struct Body {
  std::array<double, 2> lo;
  std::array<double, 2> size;
  std::array<double, 2> min_lo{};
  std::array<double, 2> max_lo{};
  double mobility = 0.0;  ///< reciprocal of its area; 0 for obstacles

  void shift(std::size_t axis, double way) {
    lo[axis] = std::clamp(lo[axis] + way, min_lo[axis], max_lo[axis]);
  }
};

std::vector<Body> make_bodies(const BoxProblem& problem, const BoxCorners& corners) {
  std::vector<Body> bodies;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const MovableBox& box = problem.boxes[i];
    Body body;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      body.lo[axis] = corners[i][axis];
      body.size[axis] = box.size[axis];
      body.min_lo[axis] = box.min_lo[axis];
      body.max_lo[axis] = box.max_lo[axis];
    }
    body.mobility = 1.0 / std::max(1.0, body.size[0] * body.size[1]);
    bodies.push_back(body);
  }
  for (const LatticeBox& box : problem.obstacles) {
    Body body;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      body.lo[axis] = box.lo[axis];
      body.size[axis] = box.hi[axis] - box.lo[axis];
    }
    bodies.push_back(body);
  }
  return bodies;
}

/// Pushes two bodies apart if they overlap; returns by how much they did, on the lesser axis.
double separate(Body& a, Body& b) {
  std::array<double, 2> depth;
  std::array<bool, 2> a_first;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const double to_right = a.lo[axis] + a.size[axis] - b.lo[axis];
    const double to_left = b.lo[axis] + b.size[axis] - a.lo[axis];
    a_first[axis] = to_right <= to_left;
    depth[axis] = std::min(to_right, to_left);
    if (depth[axis] <= 0.0) {
      return 0.0;
    }
  }
  const std::size_t axis = depth[0] <= depth[1] ? 0 : 1;
  const double share = a.mobility / (a.mobility + b.mobility);
  const double way = a_first[axis] ? depth[axis] : -depth[axis];
  if (a.mobility > 0.0) {
    a.shift(axis, -way * share);
  }
  if (b.mobility > 0.0) {
    b.shift(axis, way * (1.0 - share));
  }
  return depth[axis];
}

/// Recursive halving of the canvas.
class Partition {
 public:
  Partition(const BoxProblem& problem, double filling);

  BoxCorners run();

 private:
  struct Region {
    std::array<double, 2> lo;
    std::array<double, 2> hi;
  };

  void split(const Region& region, std::span<std::size_t> boxes);
  double capacity(const Region& region) const;
  double centre(std::size_t box, std::size_t axis) const {
    return corners_[box][axis] + 0.5 * problem_.boxes[box].size[axis];
  }
  void move_inside(const Region& region, std::size_t box);
  /// The axis along which the region holds more boxes.
  std::size_t cut_axis(const Region& region, std::span<const std::size_t> boxes) const;

  const BoxProblem& problem_;
  double filling_;
  BoxCorners corners_;
  std::vector<double> area_;
};

Partition::Partition(const BoxProblem& problem, double filling)
    : problem_(problem), filling_(filling) {
  for (const MovableBox& box : problem.boxes) {
    corners_.push_back(box.want);
    area_.push_back(static_cast<double>(box.size[0]) * static_cast<double>(box.size[1]));
  }
}

BoxCorners Partition::run() {
  Region canvas = {{0.0, 0.0}, {0.0, 0.0}};
  for (const MovableBox& box : problem_.boxes) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      canvas.lo[axis] = std::min(canvas.lo[axis], static_cast<double>(box.min_lo[axis]));
      canvas.hi[axis] =
          std::max(canvas.hi[axis], static_cast<double>(box.max_lo[axis] + box.size[axis]));
    }
  }
  std::vector<std::size_t> all(problem_.boxes.size());
  std::iota(all.begin(), all.end(), std::size_t{0});
  split(canvas, all);
  return corners_;
}

double Partition::capacity(const Region& region) const {
  double free = (region.hi[0] - region.lo[0]) * (region.hi[1] - region.lo[1]);
  for (const LatticeBox& other : problem_.obstacles) {
    std::array<double, 2> shared;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      shared[axis] = std::min(region.hi[axis], static_cast<double>(other.hi[axis])) -
                     std::max(region.lo[axis], static_cast<double>(other.lo[axis]));
    }
    free -= std::max(0.0, shared[0]) * std::max(0.0, shared[1]);
  }
  return std::max(0.0, free);  // overlapping obstacles count twice
}

void Partition::move_inside(const Region& region, std::size_t box) {
  const MovableBox& movable = problem_.boxes[box];
  for (std::size_t axis = 0; axis < 2; ++axis) {
    const double half = 0.5 * movable.size[axis];
    double lo = region.lo[axis];
    double hi = region.hi[axis] - movable.size[axis];
    if (lo > hi) {
      lo = hi = 0.5 * (region.lo[axis] + region.hi[axis]) - half;
    }
    const double corner = std::clamp(static_cast<double>(corners_[box][axis]), lo, hi);
    corners_[box][axis] =
        std::clamp(static_cast<std::int32_t>(corner), movable.min_lo[axis], movable.max_lo[axis]);
  }
}

std::size_t Partition::cut_axis(const Region& region, std::span<const std::size_t> boxes) const {
  std::array<double, 2> total = {0.0, 0.0};
  for (const std::size_t box : boxes) {
    total[0] += problem_.boxes[box].size[0];
    total[1] += problem_.boxes[box].size[1];
  }
  return (region.hi[0] - region.lo[0]) * total[1] >= (region.hi[1] - region.lo[1]) * total[0] ? 0
                                                                                              : 1;
}

void Partition::split(const Region& region, std::span<std::size_t> boxes) {
  if (boxes.size() < 2) {
    for (const std::size_t box : boxes) {
      move_inside(region, box);
    }
    return;
  }
  const std::size_t axis = cut_axis(region, boxes);
  std::sort(boxes.begin(), boxes.end(), [&](std::size_t a, std::size_t b) {
    return std::tuple(centre(a, axis), a) < std::tuple(centre(b, axis), b);
  });
  Region low = region;
  Region high = region;
  low.hi[axis] = high.lo[axis] = 0.5 * (region.lo[axis] + region.hi[axis]);
  double total = 0.0;
  for (const std::size_t box : boxes) {
    total += area_[box];
  }
  const double room_low = capacity(low);
  const double room_high = capacity(high);
  const double most = std::max(filling_, total / std::max(1.0, room_low + room_high));

  // As many to the lower half as lie there, but no more than either half can take.
  std::size_t count = 0;
  double taken = 0.0;
  for (; count < boxes.size(); ++count) {
    const double area = area_[boxes[count]];
    const bool lies_there = centre(boxes[count], axis) < low.hi[axis];
    const bool low_full = taken + 0.5 * area > most * room_low;
    const bool high_full = total - taken - 0.5 * area > most * room_high;
    if (low_full || !(lies_there || high_full)) {
      break;
    }
    taken += area;
  }
  const bool uneven = taken > most * room_low || total - taken > most * room_high;
  const bool parted = count > 0 && count < boxes.size();
  if (uneven && !parted) {  // one large box and no room to share
    for (const std::size_t box : boxes) {
      move_inside(region, box);
    }
    return;
  }
  if (uneven && problem_.obstacles.empty()) {
    low.hi[axis] = high.lo[axis] =
        region.lo[axis] + (region.hi[axis] - region.lo[axis]) * taken / total;
  }
  split(low, boxes.first(count));
  split(high, boxes.subspan(count));
}

}  // namespace

void push_apart(const BoxProblem& problem, BoxCorners& corners, int max_sweeps) {
  const std::size_t count = problem.boxes.size();
  std::vector<Body> bodies = make_bodies(problem, corners);
  double mean_side = 0.0;
  for (std::size_t i = 0; i < count; ++i) {
    mean_side += 0.5 * (bodies[i].size[0] + bodies[i].size[1]) / static_cast<double>(count);
  }
  double deepest = mean_side;
  for (int sweep = 0; sweep < max_sweeps && deepest > 0.01 * mean_side; ++sweep) {
    deepest = 0.0;
    for (std::size_t i = 0; i < count; ++i) {
      for (std::size_t j = i + 1; j < bodies.size(); ++j) {
        deepest = std::max(deepest, separate(bodies[i], bodies[j]));
      }
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    corners[i] = {static_cast<std::int32_t>(bodies[i].lo[0]),
                  static_cast<std::int32_t>(bodies[i].lo[1])};
  }
}

BoxCorners partition_boxes(const BoxProblem& problem, double filling) {
  return Partition(problem, filling).run();
}

}  // namespace tessera::placer
