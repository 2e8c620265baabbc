#include "placer/flat/bin_density.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "placer/parallel_for.h"

namespace tessera::placer {
namespace {

/// Parts of the boxes that are summed on their own, whatever the number of threads.
constexpr std::size_t kChunks = 8;

}  // namespace

/// What a box covers on one axis: bins `first` to `last`, the outer ones in part.
struct BinDensity::Span {
  int first;
  int last;
  float low;
  float high;

  float covered(int bin) const {
    return std::min(high, static_cast<float>(bin + 1)) - std::max(low, static_cast<float>(bin));
  }
};

BinDensity::BinDensity(
    netlist_io::GridShape grid, std::vector<float> blocked, double cap, Boxes boxes, int threads)
    : grid_(grid),
      blocked_(std::move(blocked)),
      cap_(static_cast<float>(cap)),
      boxes_(std::move(boxes)),
      threads_(threads),
      partial_(2 * kChunks * grid.num_cells()),
      density_(grid.num_cells()) {
  for (std::size_t i = 0; i < boxes_.num_counted; ++i) {
    counted_area_ += static_cast<double>(boxes_.charge(i));
  }
}

float BinDensity::blocked_at(float x, float y) const {
  const int col = std::min(static_cast<int>(x), grid_.cols - 1);
  const int row = std::min(static_cast<int>(y), grid_.rows - 1);
  return blocked_[static_cast<std::size_t>(row) * static_cast<std::size_t>(grid_.cols) +
                  static_cast<std::size_t>(col)];
}

inline BinDensity::Span BinDensity::span_of(float centre, float size, int bins) const {
  const float half = 0.5F * std::max(size, 1.0F);
  const float low = std::max(centre - half, 0.0F);
  const float high = std::min(centre + half, static_cast<float>(bins));
  const int first = std::min(static_cast<int>(low), bins - 1);
  return {first, std::clamp(static_cast<int>(std::ceil(high)) - 1, first, bins - 1), low, high};
}

/// Calls `visit(bin, area)` with the charge of the box in each bin that it covers.
template <typename Visit>
inline void BinDensity::for_each_bin(std::size_t box, float x, float y, Visit visit) const {
  const float width = boxes_.width[box];
  const float height = boxes_.height[box];
  const Span columns = span_of(x, width, grid_.cols);
  const Span rows = span_of(y, height, grid_.rows);
  const float scale = boxes_.charge(box) / ((columns.high - columns.low) * (rows.high - rows.low));
  for (int row = rows.first; row <= rows.last; ++row) {
    const float part = scale * rows.covered(row);
    const std::ptrdiff_t base = static_cast<std::ptrdiff_t>(row) * grid_.cols;
    for (int col = columns.first; col <= columns.last; ++col) {
      visit(static_cast<std::size_t>(base + col), part * columns.covered(col));
    }
  }
}

void BinDensity::scatter(std::size_t first,
                         std::size_t last,
                         std::span<const float> x,
                         std::span<const float> y,
                         std::span<float> map) const {
  for (std::size_t i = first; i < last; ++i) {
    for_each_bin(i, x[i], y[i], [&](std::size_t bin, float area) { map[bin] += area; });
  }
}

void BinDensity::update(std::span<const float> x, std::span<const float> y) {
  const std::size_t bins = grid_.num_cells();
  parallel_for(kChunks, threads_, [&](std::size_t chunk) {
    const auto part = [&](std::size_t begin, std::size_t end, std::size_t which) {
      const std::span<float> map(partial_.data() + (2 * chunk + which) * bins, bins);
      std::fill(map.begin(), map.end(), 0.0F);
      const std::size_t count = end - begin;
      scatter(begin + count * chunk / kChunks, begin + count * (chunk + 1) / kChunks, x, y, map);
    };
    part(0, boxes_.num_counted, 0);
    part(boxes_.num_counted, boxes_.size(), 1);
  });
  add_up();
}

void BinDensity::add_up() {
  const std::size_t bins = grid_.num_cells();
  const auto cols = static_cast<std::size_t>(grid_.cols);
  std::vector<double> excess(static_cast<std::size_t>(grid_.rows));
  parallel_for(excess.size(), threads_, [&](std::size_t row) {
    for (std::size_t bin = row * cols; bin < (row + 1) * cols; ++bin) {
      float counted = 0.0F;
      float filler = 0.0F;
      for (std::size_t chunk = 0; chunk < kChunks; ++chunk) {
        counted += partial_[2 * chunk * bins + bin];
        filler += partial_[(2 * chunk + 1) * bins + bin];
      }
      density_[bin] = counted + filler + cap_ * blocked_[bin];
      excess[row] += static_cast<double>(std::max(counted - cap_ * (1.0F - blocked_[bin]), 0.0F));
    }
  });
  double sum = 0.0;
  for (const double part : excess) {
    sum += part;
  }
  overflow_ = counted_area_ > 0.0 ? sum / counted_area_ : 0.0;
}

void BinDensity::gather(std::span<const float> x,
                        std::span<const float> y,
                        std::span<const float> field_x,
                        std::span<const float> field_y,
                        std::span<float> force_x,
                        std::span<float> force_y) const {
  constexpr std::size_t kTasks = 64;
  parallel_for(kTasks, threads_, [&](std::size_t task) {
    for (std::size_t i = boxes_.size() * task / kTasks; i < boxes_.size() * (task + 1) / kTasks;
         ++i) {
      float sum_x = 0.0F;
      float sum_y = 0.0F;
      for_each_bin(i, x[i], y[i], [&](std::size_t bin, float area) {
        sum_x += area * field_x[bin];
        sum_y += area * field_y[bin];
      });
      force_x[i] = sum_x;
      force_y[i] = sum_y;
    }
  });
}

}  // namespace tessera::placer
