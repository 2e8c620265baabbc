#include "placer/spread_potential.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>

namespace tessera::placer {
namespace {

/// Orthonormal cosine waves of a row of `count` cells: waves[u * count + i].
std::vector<double> cosine_waves(int count) {
  std::vector<double> waves;
  for (int u = 0; u < count; ++u) {
    const double scale = std::sqrt((u == 0 ? 1.0 : 2.0) / count);
    for (int i = 0; i < count; ++i) {
      waves.push_back(scale * std::cos(std::numbers::pi * u * (i + 0.5) / count));
    }
  }
  return waves;
}

/// Eigenvalue of the second difference for wave `u` of `count`.
double eigenvalue(int u, int count) {
  return 2.0 - 2.0 * std::cos(std::numbers::pi * u / count);
}

/// out [rows x cols] = matrix [rows x rows], transposed on request, times in [rows x cols].
void multiply_left(const std::vector<double>& matrix,
                   bool transposed,
                   std::size_t rows,
                   std::size_t cols,
                   const std::vector<double>& in,
                   std::vector<double>& out) {
  out.assign(rows * cols, 0.0);
  for (std::size_t r = 0; r < rows; ++r) {
    double* const to = out.data() + r * cols;
    for (std::size_t k = 0; k < rows; ++k) {
      const double factor = transposed ? matrix[k * rows + r] : matrix[r * rows + k];
      const double* const from = in.data() + k * cols;
      for (std::size_t c = 0; c < cols; ++c) {
        to[c] += factor * from[c];
      }
    }
  }
}

/// out [rows x cols] = in [rows x cols] times matrix [cols x cols], transposed on request.
void multiply_right(const std::vector<double>& matrix,
                    bool transposed,
                    std::size_t rows,
                    std::size_t cols,
                    const std::vector<double>& in,
                    std::vector<double>& out) {
  out.assign(rows * cols, 0.0);
  for (std::size_t r = 0; r < rows; ++r) {
    double* const to = out.data() + r * cols;
    const double* const from = in.data() + r * cols;
    if (transposed) {
      for (std::size_t c = 0; c < cols; ++c) {
        double sum = 0.0;
        for (std::size_t k = 0; k < cols; ++k) {
          sum += from[k] * matrix[c * cols + k];
        }
        to[c] = sum;
      }
      continue;
    }
    for (std::size_t k = 0; k < cols; ++k) {
      for (std::size_t c = 0; c < cols; ++c) {
        to[c] += from[k] * matrix[k * cols + c];
      }
    }
  }
}

}  // namespace

void SpreadPotential::reset(netlist_io::GridShape grid) {
  if (grid == grid_) {
    return;
  }
  grid_ = grid;
  col_waves_ = cosine_waves(grid.cols);
  row_waves_ = cosine_waves(grid.rows);
  inverse_.clear();
  for (int v = 0; v < grid.rows; ++v) {
    for (int u = 0; u < grid.cols; ++u) {
      const double value = eigenvalue(u, grid.cols) + eigenvalue(v, grid.rows);
      inverse_.push_back(value > 0.0 ? 1.0 / value : 0.0);
    }
  }
  if (!inverse_.empty()) {
    inverse_.front() = 0.0;
  }
}

double SpreadPotential::compute(std::span<const double> density, double target) {
  double over = 0.0;
  double under = 0.0;
  for (const double value : density) {
    (value > target ? over : under) += std::abs(value - target);
  }
  potential_.assign(density.size(), 0.0);
  if (over <= 0.0 || under <= 0.0) {
    return over;
  }
  const double sink = over / under;
  for (std::size_t i = 0; i < density.size(); ++i) {
    const double charge = density[i] - target;
    potential_[i] = charge > 0.0 ? charge : sink * charge;
  }
  const auto rows = static_cast<std::size_t>(grid_.rows);
  const auto cols = static_cast<std::size_t>(grid_.cols);
  multiply_left(row_waves_, false, rows, cols, potential_, scratch_);
  multiply_right(col_waves_, true, rows, cols, scratch_, potential_);
  for (std::size_t i = 0; i < potential_.size(); ++i) {
    potential_[i] *= inverse_[i];
  }
  multiply_left(row_waves_, true, rows, cols, potential_, scratch_);
  multiply_right(col_waves_, false, rows, cols, scratch_, potential_);
  return over;
}

}  // namespace tessera::placer
