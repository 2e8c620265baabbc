#include "placer/displacement_descent.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "placer/free_space.h"

namespace tessera::placer {

namespace {

class Descent {
 public:
  Descent(const BoxProblem& problem, BoxCorners& corners);

  void exchange_equal_boxes();
  void reinsert();
  void slide(std::size_t axis);

 private:
  bool exchange_pays(std::size_t a, std::size_t b) const;
  void move(std::size_t box, const LatticePoint& corner);
  /// Slides `box` and all that it pushes by one step; false if that does not pay.
  bool slide_group(std::size_t box, std::size_t axis);
  /// Fills `group_`; returns what moving it by a unit gains, or nothing if it is stuck.
  std::optional<double> form_group(std::size_t box, std::size_t axis, bool up);
  std::int32_t group_travel(std::size_t axis, bool up) const;
  bool wants(std::size_t box, std::size_t axis, bool up) const {
    const std::int32_t way = problem_.boxes[box].want[axis] - corners_[box][axis];
    return up ? way > 0 : way < 0;
  }
  std::int32_t room_to_edge(std::size_t box, std::size_t axis, bool up) const {
    return up ? problem_.boxes[box].max_lo[axis] - corners_[box][axis]
              : corners_[box][axis] - problem_.boxes[box].min_lo[axis];
  }
  static std::int32_t distance(const LatticeBox& from,
                               const LatticeBox& to,
                               std::size_t axis,
                               bool up) {
    return up ? to.lo[axis] - from.hi[axis] : from.lo[axis] - to.hi[axis];
  }

  const BoxProblem& problem_;
  BoxCorners& corners_;
  FreeSpace space_;
  std::vector<LatticeBox> all_;     ///< movable boxes, then obstacles
  std::vector<std::size_t> order_;  ///< boxes by size
  std::vector<std::size_t> group_;
  std::vector<std::uint8_t> in_group_;
};

Descent::Descent(const BoxProblem& problem, BoxCorners& corners)
    : problem_(problem), corners_(corners), space_(problem), order_(corners.size()) {
  for (std::size_t i = 0; i < corners.size(); ++i) {
    all_.push_back(problem.boxes[i].at(corners[i]));
    space_.put(i, corners[i]);
  }
  all_.insert(all_.end(), problem.obstacles.begin(), problem.obstacles.end());
  in_group_.assign(all_.size(), 0);
  std::iota(order_.begin(), order_.end(), std::size_t{0});
  std::stable_sort(order_.begin(), order_.end(), [&](std::size_t a, std::size_t b) {
    return problem.boxes[a].size < problem.boxes[b].size;
  });
}

void Descent::move(std::size_t box, const LatticePoint& corner) {
  corners_[box] = corner;
  all_[box] = problem_.boxes[box].at(corner);
  space_.put(box, corner);
}

bool Descent::exchange_pays(std::size_t a, std::size_t b) const {
  const MovableBox& box_a = problem_.boxes[a];
  const MovableBox& box_b = problem_.boxes[b];
  return box_a.min_lo == box_b.min_lo && box_a.max_lo == box_b.max_lo &&
         box_a.displacement(corners_[b]) + box_b.displacement(corners_[a]) <
             (1.0 - 1e-9) * (box_a.displacement(corners_[a]) + box_b.displacement(corners_[b]));
}

void Descent::exchange_equal_boxes() {
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const std::size_t a = order_[i];
    for (std::size_t j = i + 1; j < order_.size(); ++j) {
      const std::size_t b = order_[j];
      if (problem_.boxes[a].size != problem_.boxes[b].size) {
        break;
      }
      if (exchange_pays(a, b)) {
        const LatticePoint corner = corners_[a];
        move(a, corners_[b]);
        move(b, corner);
      }
    }
  }
}

void Descent::reinsert() {
  for (std::size_t box = 0; box < corners_.size(); ++box) {
    const MovableBox& movable = problem_.boxes[box];
    if (corners_[box] == movable.want) {
      continue;
    }
    const double now = std::abs(static_cast<double>(corners_[box][0] - movable.want[0])) +
                       std::abs(static_cast<double>(corners_[box][1] - movable.want[1]));
    space_.take(box);
    move(box, space_.nearest(box, movable.want, {1.0, 1.0}, now).value_or(corners_[box]));
  }
}

void Descent::slide(std::size_t axis) {
  // Each step ends with a wish fulfilled or one more box touched.
  const std::size_t max_steps = 64;
  for (std::size_t box = 0; box < corners_.size(); ++box) {
    for (std::size_t step = 0; step < max_steps && slide_group(box, axis); ++step) {
    }
  }
}

bool Descent::slide_group(std::size_t box, std::size_t axis) {
  const std::int32_t way = problem_.boxes[box].want[axis] - corners_[box][axis];
  if (way == 0) {
    return false;
  }
  const bool up = way > 0;
  const std::optional<double> gain = form_group(box, axis, up);
  const std::int32_t travel = gain && *gain > 0.0 ? group_travel(axis, up) : 0;
  for (const std::size_t member : group_) {
    in_group_[member] = 0;
  }
  if (travel <= 0) {
    return false;
  }
  for (const std::size_t member : group_) {
    LatticePoint corner = corners_[member];
    corner[axis] += up ? travel : -travel;
    move(member, corner);
  }
  return true;
}

std::optional<double> Descent::form_group(std::size_t box, std::size_t axis, bool up) {
  double gain = 0.0;
  group_ = {box};
  in_group_[box] = 1;
  for (std::size_t i = 0; i < group_.size(); ++i) {
    const std::size_t member = group_[i];
    const double weight = problem_.boxes[member].weight;
    gain += wants(member, axis, up) ? weight : -weight;
    if (room_to_edge(member, axis, up) == 0) {
      return std::nullopt;
    }
    for (std::size_t other = 0; other < all_.size(); ++other) {
      if (in_group_[other] == 0 && all_[member].overlaps(all_[other], 1 - axis) &&
          distance(all_[member], all_[other], axis, up) == 0) {
        if (other >= corners_.size()) {
          return std::nullopt;
        }
        in_group_[other] = 1;
        group_.push_back(other);
      }
    }
  }
  return gain;
}

std::int32_t Descent::group_travel(std::size_t axis, bool up) const {
  std::int32_t travel = DbuLattice::kLimit;
  for (const std::size_t member : group_) {
    travel = std::min(travel, room_to_edge(member, axis, up));
    if (wants(member, axis, up)) {
      travel =
          std::min(travel, std::abs(problem_.boxes[member].want[axis] - corners_[member][axis]));
    }
    for (std::size_t other = 0; other < all_.size(); ++other) {
      const std::int32_t free = distance(all_[member], all_[other], axis, up);
      if (free >= 0 && free < travel && in_group_[other] == 0 &&
          all_[member].overlaps(all_[other], 1 - axis)) {
        travel = free;
      }
    }
  }
  return travel;
}

}  // namespace

void reduce_displacement(const BoxProblem& problem, BoxCorners& corners, int max_rounds) {
  Descent descent(problem, corners);
  double cost = problem.displacement(corners);
  for (int round = 0; round < max_rounds && cost > 0.0; ++round) {
    descent.exchange_equal_boxes();
    descent.reinsert();
    descent.slide(0);
    descent.slide(1);
    const double next = problem.displacement(corners);
    if (next > 0.999 * cost) {
      break;
    }
    cost = next;
  }
}

}  // namespace tessera::placer
