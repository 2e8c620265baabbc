#include "placer/free_space.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace tessera::placer {

namespace {

/// Overlaps nothing.
constexpr LatticeBox kNowhere = {{-DbuLattice::kLimit, -DbuLattice::kLimit},
                                 {-DbuLattice::kLimit, -DbuLattice::kLimit}};

}  // namespace

/// One call of `nearest`.
struct FreeSpace::Search {
  const MovableBox& box;
  LatticePoint target;
  std::array<double, 2> rate;
  std::optional<LatticePoint> best;
  double best_cost;  ///< a better place costs less

  double cost(std::size_t axis, std::int32_t coordinate) const {
    return rate[axis] * std::abs(static_cast<double>(coordinate - target[axis]));
  }
  bool inside(std::size_t axis, std::int32_t coordinate) const {
    return coordinate >= box.min_lo[axis] && coordinate <= box.max_lo[axis];
  }
};

FreeSpace::FreeSpace(const BoxProblem& problem)
    : problem_(problem), taken_(problem.boxes.size(), kNowhere) {
  taken_.insert(taken_.end(), problem.obstacles.begin(), problem.obstacles.end());
}

void FreeSpace::put(std::size_t box, const LatticePoint& corner) {
  taken_[box] = problem_.boxes[box].at(corner);
}

void FreeSpace::take(std::size_t box) {
  taken_[box] = kNowhere;
}

std::optional<LatticePoint> FreeSpace::nearest(std::size_t box,
                                               const LatticePoint& target,
                                               const std::array<double, 2>& rate,
                                               double limit) {
  Search search = {problem_.boxes[box], target, rate, {}, limit};
  window_ = taken_;
  shrink_window(search);
  search_column(search, target[0], window_);
  shrink_window(search);
  sort_window();
  collect_columns(search);
  for (const std::int32_t x : columns_) {
    if (search.cost(0, x) >= search.best_cost) {
      break;
    }
    if (search_column(search, x, around_column(search, x))) {
      shrink_window(search);
    }
  }
  return search.best;
}

void FreeSpace::shrink_window(const Search& search) {
  if (search.best_cost == std::numeric_limits<double>::infinity()) {
    return;
  }
  std::array<double, 2> reach;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    reach[axis] = search.best_cost / search.rate[axis];
  }
  std::erase_if(window_, [&](const LatticeBox& other) {
    const auto beyond = [&](std::size_t axis) {
      const double lo = other.lo[axis] - search.box.size[axis];
      return lo > search.target[axis] + reach[axis] ||
             other.hi[axis] < search.target[axis] - reach[axis];
    };
    return beyond(0) || beyond(1);
  });
}

void FreeSpace::sort_window() {
  std::sort(window_.begin(), window_.end(), [](const LatticeBox& a, const LatticeBox& b) {
    return a.lo[0] < b.lo[0];
  });
  widest_ = 0;
  for (const LatticeBox& other : window_) {
    widest_ = std::max(widest_, other.hi[0] - other.lo[0]);
  }
}

std::span<const LatticeBox> FreeSpace::around_column(const Search& search, std::int32_t x) const {
  const auto first_from = [this](std::int32_t edge) {
    return std::lower_bound(
        window_.begin(), window_.end(), edge, [](const LatticeBox& box, std::int32_t at) {
          return box.lo[0] < at;
        });
  };
  return {first_from(x - widest_), first_from(x + search.box.size[0])};
}

void FreeSpace::collect_columns(const Search& search) {
  columns_.clear();
  const auto add = [&](std::int32_t x) {
    if (search.inside(0, x) && search.cost(0, x) < search.best_cost) {
      columns_.push_back(x);
    }
  };
  for (const LatticeBox& other : window_) {
    add(other.lo[0] - search.box.size[0]);
    add(other.hi[0]);
  }
  std::sort(columns_.begin(), columns_.end(), [&](std::int32_t a, std::int32_t b) {
    const double cost_a = search.cost(0, a);
    const double cost_b = search.cost(0, b);
    return cost_a < cost_b || (cost_a == cost_b && a < b);
  });
  columns_.erase(std::unique(columns_.begin(), columns_.end()), columns_.end());
}

bool FreeSpace::search_column(Search& search, std::int32_t x, std::span<const LatticeBox> others) {
  const std::optional<std::int32_t> y = nearest_in_column(search, x, others);
  const double cost = y ? search.cost(0, x) + search.cost(1, *y) : search.best_cost;
  if (cost >= search.best_cost) {
    return false;
  }
  search.best_cost = cost;
  search.best = {x, *y};
  return true;
}

std::optional<std::int32_t> FreeSpace::nearest_in_column(const Search& search,
                                                         std::int32_t x,
                                                         std::span<const LatticeBox> others) {
  const LatticePoint& size = search.box.size;
  const std::int32_t target = search.target[1];
  intervals_.clear();
  for (const LatticeBox& other : others) {
    if (x < other.hi[0] && other.lo[0] < x + size[0]) {
      intervals_.push_back({other.lo[1] - size[1], other.hi[1]});
    }
  }
  std::sort(intervals_.begin(), intervals_.end(), [](const Interval& a, const Interval& b) {
    return a.lo < b.lo;
  });
  // Look for the union of intervals around the target.
  Interval joined = {std::numeric_limits<std::int32_t>::min(),
                     std::numeric_limits<std::int32_t>::min()};
  for (const Interval& next : intervals_) {
    if (next.lo >= joined.hi) {
      if (joined.hi > target) {
        break;
      }
      joined = next;
    }
    joined.hi = std::max(joined.hi, next.hi);
  }
  if (joined.lo >= target || joined.hi <= target) {
    return target;
  }
  const bool below = search.inside(1, joined.lo);
  const bool above = search.inside(1, joined.hi);
  if (!below && !above) {
    return std::nullopt;
  }
  if (below && above) {
    return search.cost(1, joined.lo) <= search.cost(1, joined.hi) ? joined.lo : joined.hi;
  }
  return below ? joined.lo : joined.hi;
}

namespace {

LatticePoint target_of(const MovableBox& box, const PlacingRule& rule) {
  if (rule.toward == PlacingRule::Toward::kWant) {
    return box.want;
  }
  return {rule.high[0] ? box.max_lo[0] : box.min_lo[0],
          rule.high[1] ? box.max_lo[1] : box.min_lo[1]};
}

/// Fills `corners`; returns the index into `order` of the first box that found no place.
std::optional<std::size_t> place_once(const BoxProblem& problem,
                                      std::span<const std::size_t> order,
                                      const PlacingRule& rule,
                                      BoxCorners& corners) {
  FreeSpace space(problem);
  for (std::size_t i = 0; i < order.size(); ++i) {
    const std::size_t box = order[i];
    const std::optional<LatticePoint> corner =
        space.nearest(box, target_of(problem.boxes[box], rule), rule.rate);
    if (!corner) {
      return i;
    }
    corners[box] = *corner;
    space.put(box, *corner);
  }
  return std::nullopt;
}

}  // namespace

std::optional<BoxCorners> place_in_order(const BoxProblem& problem,
                                         std::vector<std::size_t>& order,
                                         const PlacingRule& rule,
                                         int retries) {
  BoxCorners corners(problem.boxes.size());
  for (int i = 0; i <= retries; ++i) {
    const std::optional<std::size_t> stuck = place_once(problem, order, rule, corners);
    if (!stuck) {
      return corners;
    }
    const auto at = order.begin() + static_cast<std::ptrdiff_t>(*stuck);
    std::rotate(order.begin(), at, at + 1);
  }
  return std::nullopt;
}

}  // namespace tessera::placer
