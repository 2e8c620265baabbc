#include "placer/flat/row_shift.h"

#include <algorithm>
#include <limits>

namespace tessera::placer {
namespace {

/// Slopes below this, in net weights, come from rounding.
constexpr double kFlat = 1e-9;

}  // namespace

void RowShift::clear() {
  cells_.clear();
  bends_.clear();
}

void RowShift::add_cell(double left, double width, double slope) {
  cells_.push_back({left, width, slope, bends_.size()});
}

void RowShift::add_bend(double at, double rise) {
  bends_.push_back({at, rise});
}

std::span<const double> RowShift::solve(double x0, double x1) {
  x0_ = x0;
  x1_ = x1;
  num_clusters_ = 0;
  for (std::size_t cell = 0; cell < cells_.size(); ++cell) {
    start_cluster(cell);
    while (num_clusters_ > 1) {
      const Cluster& before = clusters_[num_clusters_ - 2];
      if (before.x + before.width <= clusters_[num_clusters_ - 1].x) {
        break;
      }
      merge_last();
    }
  }
  solution_.clear();
  for (std::size_t k = 0; k < num_clusters_; ++k) {
    double x = clusters_[k].x;
    for (std::size_t i = 0; i < clusters_[k].num_cells; ++i) {
      x += i > 0 ? cells_[solution_.size() - 1].width : 0.0;
      solution_.push_back(x);
    }
  }
  return solution_;
}

void RowShift::start_cluster(std::size_t cell) {
  if (num_clusters_ == clusters_.size()) {
    clusters_.emplace_back();
  }
  Cluster& cluster = clusters_[num_clusters_++];
  cluster.left = cells_[cell].left;
  cluster.width = cells_[cell].width;
  cluster.slope = cells_[cell].slope;
  cluster.num_cells = 1;
  const std::size_t end = cell + 1 < cells_.size() ? cells_[cell + 1].first_bend : bends_.size();
  cluster.bends.assign(bends_.begin() + static_cast<std::ptrdiff_t>(cells_[cell].first_bend),
                       bends_.begin() + static_cast<std::ptrdiff_t>(end));
  std::sort(cluster.bends.begin(), cluster.bends.end());
  find_best(cluster);
}

/// Joins the last cluster to the one before, from the back so that no other memory is needed.
void RowShift::merge_last() {
  const Cluster& last = clusters_[--num_clusters_];
  Cluster& cluster = clusters_[num_clusters_ - 1];
  std::size_t left = cluster.bends.size();
  std::size_t right = last.bends.size();
  cluster.bends.resize(left + right);
  for (std::size_t to = left + right; right > 0; --to) {
    const double at = last.bends[right - 1].at - cluster.width;
    if (left > 0 && cluster.bends[left - 1].at > at) {
      cluster.bends[to - 1] = cluster.bends[--left];
    } else {
      cluster.bends[to - 1] = {at, last.bends[--right].rise};
    }
  }
  cluster.slope += last.slope;
  cluster.width += last.width;
  cluster.num_cells += last.num_cells;
  find_best(cluster);
}

void RowShift::find_best(Cluster& cluster) const {
  double slope = cluster.slope;
  double lo = slope < -kFlat ? std::numeric_limits<double>::infinity()
                             : -std::numeric_limits<double>::infinity();
  double hi = std::numeric_limits<double>::infinity();
  for (const Bend& bend : cluster.bends) {
    if (slope > kFlat) {
      break;
    }
    const bool falls = slope < -kFlat;
    slope += bend.rise;
    lo = falls ? bend.at : lo;
    hi = slope > kFlat ? bend.at : hi;
  }
  if (cluster.slope > kFlat) {
    hi = -std::numeric_limits<double>::infinity();
  } else if (slope < -kFlat) {
    lo = std::numeric_limits<double>::infinity();
  }
  const double best = std::max(std::min(cluster.left, hi), lo);
  cluster.x = std::max(std::min(best, x1_ - cluster.width), x0_);
}

}  // namespace tessera::placer
