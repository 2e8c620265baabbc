#include "placer/overlap_repulsion.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "placer/no_branch.h"

namespace tessera::placer {
void OverlapRepulsion::reset(std::span<const RepulsionBox> boxes, std::span<const Vector2> points) {
  boxes_.assign(boxes.begin(), boxes.end());
  order_.resize(boxes.size());
  for (std::size_t i = 0; i < boxes_.size(); ++i) {
    order_[i] = {points[boxes_[i].point].x - boxes_[i].half_width, static_cast<std::uint32_t>(i)};
  }
  std::sort(order_.begin(), order_.end());
  for (std::vector<double>* array : {&right_, &low_, &high_}) {
    array->resize(boxes_.size());
  }
  left_.assign(boxes_.size() + 1, std::numeric_limits<double>::infinity());
  centre_.resize(boxes_.size());
  push_.resize(boxes_.size());
  overlapping_.resize(boxes_.size());
}

void OverlapRepulsion::sort_by_left_edge(std::span<const Vector2> points) {
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const RepulsionBox& box = boxes_[order_[i].box];
    const Entry entry = {points[box.point].x - box.half_width, order_[i].box};
    std::size_t hole = i;
    for (; hole > 0 && entry < order_[hole - 1]; --hole) {
      order_[hole] = order_[hole - 1];
    }
    order_[hole] = entry;
  }
}

void OverlapRepulsion::load_sweep_arrays(std::span<const Vector2> points) {
  for (std::size_t i = 0; i < order_.size(); ++i) {
    const RepulsionBox& box = boxes_[order_[i].box];
    const Vector2 centre = points[box.point];
    left_[i] = order_[i].left;
    right_[i] = centre.x + box.half_width;
    low_[i] = centre.y - box.half_height;
    high_[i] = centre.y + box.half_height;
    centre_[i] = centre;
    push_[i] = {};
  }
}

std::size_t OverlapRepulsion::find_overlapping(std::size_t row) {
  const double right = right_[row];
  const double low = low_[row];
  const double high = high_[row];
  const double* left_edges = left_.data();
  const double* lows = low_.data();
  const double* highs = high_.data();
  std::uint32_t* found = overlapping_.data();
  std::size_t num_found = 0;
  for (std::size_t other = row + 1; left_edges[other] < right; ++other) {
    // No branch: whether a candidate overlaps is hard to predict.
    found[num_found] = static_cast<std::uint32_t>(other);
    num_found += static_cast<std::size_t>(all_hold(lows[other] < high, low < highs[other]));
  }
  return num_found;
}

Vector2 OverlapRepulsion::unit_vector(std::size_t to, std::size_t from) const {
  const double dx = centre_[to].x - centre_[from].x;
  const double dy = centre_[to].y - centre_[from].y;
  const double squared = dx * dx + dy * dy;
  if (squared > 0.0) {
    const double inverse = 1.0 / std::sqrt(squared);
    return {dx * inverse, dy * inverse};
  }
  const double diagonal = order_[to].box < order_[from].box ? -std::sqrt(0.5) : std::sqrt(0.5);
  return {diagonal, diagonal};
}

void OverlapRepulsion::push_row(std::size_t row) {
  const std::size_t num_found = find_overlapping(row);
  Vector2 sum;
  for (std::size_t i = 0; i < num_found; ++i) {
    const std::size_t other = overlapping_[i];
    const Vector2 unit = unit_vector(row, other);
    sum.x += unit.x;
    sum.y += unit.y;
    push_[other].x -= unit.x;
    push_[other].y -= unit.y;
  }
  push_[row].x += sum.x;
  push_[row].y += sum.y;
}

void OverlapRepulsion::add_forces(std::span<const Vector2> points,
                                  double magnitude,
                                  std::span<Vector2> forces) {
  sort_by_left_edge(points);
  load_sweep_arrays(points);
  for (std::size_t row = 0; row < order_.size(); ++row) {
    push_row(row);
  }
  for (std::size_t i = 0; i < order_.size(); ++i) {
    Vector2& force = forces[boxes_[order_[i].box].point];
    force.x += magnitude * push_[i].x;
    force.y += magnitude * push_[i].y;
  }
}

}  // namespace tessera::placer
