#include "placer/flat/poisson_solver.h"

#include <algorithm>
#include <cmath>
#include <mutex>
#include <numbers>
#include <string>
#include <vector>

#include <fftw3.h>

#include "netlist_io/errors.h"
#include "placer/parallel_for.h"

namespace tessera::placer {
namespace {

/// Rows that one task transforms, and sides of the tiles that one task transposes.
constexpr int kBatch = 8;
constexpr int kTile = 32;

struct FftwFree {
  void operator()(float* memory) const { fftwf_free(memory); }
};
/// Aligned as FFTW likes it.
using Buffer = std::unique_ptr<float, FftwFree>;

Buffer make_buffer(std::size_t size) {
  return Buffer(fftwf_alloc_real(size));
}

/// FFTW's planner serves one thread at a time.
std::mutex& planner_mutex() {
  static std::mutex mutex;
  return mutex;
}

/// A transform of `kBatch` adjacent rows, or of one, in place.
class RowTransform {
 public:
  RowTransform(int length, fftwf_r2r_kind kind, float* memory) : length_(length) {
    const std::lock_guard lock(planner_mutex());
    many_ = plan(kBatch, kind, memory);
    one_ = plan(1, kind, memory);
  }
  ~RowTransform() {
    const std::lock_guard lock(planner_mutex());
    fftwf_destroy_plan(many_);
    fftwf_destroy_plan(one_);
  }
  RowTransform(const RowTransform&) = delete;
  RowTransform& operator=(const RowTransform&) = delete;

  void run(float* memory, int rows, int threads) const {
    const int batches = rows / kBatch;
    const int singles = rows % kBatch;
    const auto stride = static_cast<std::ptrdiff_t>(length_);
    parallel_for(static_cast<std::size_t>(batches), threads, [&](std::size_t batch) {
      float* const first = memory + static_cast<std::ptrdiff_t>(batch) * kBatch * stride;
      fftwf_execute_r2r(many_, first, first);
    });
    for (int i = 0; i < singles; ++i) {
      float* const row = memory + (batches * kBatch + i) * stride;
      fftwf_execute_r2r(one_, row, row);
    }
  }

 private:
  /// Estimated, not measured: a plan may not depend on the mood of the machine. Rows of odd length
  /// are not aligned.
  fftwf_plan plan(int rows, fftwf_r2r_kind kind, float* memory) const {
    return fftwf_plan_many_r2r(1,
                               &length_,
                               rows,
                               memory,
                               nullptr,
                               1,
                               length_,
                               memory,
                               nullptr,
                               1,
                               length_,
                               &kind,
                               FFTW_ESTIMATE | FFTW_UNALIGNED);
  }

  int length_;
  fftwf_plan many_;
  fftwf_plan one_;
};

/// `out` [cols x rows] is `in` [rows x cols] transposed.
void transpose(const float* in, int rows, int cols, float* out, int threads) {
  const int bands = (rows + kTile - 1) / kTile;
  parallel_for(static_cast<std::size_t>(bands), threads, [&](std::size_t band) {
    const int row_begin = static_cast<int>(band) * kTile;
    const int row_end = std::min(row_begin + kTile, rows);
    for (int col_begin = 0; col_begin < cols; col_begin += kTile) {
      const int col_end = std::min(col_begin + kTile, cols);
      for (int row = row_begin; row < row_end; ++row) {
        for (int col = col_begin; col < col_end; ++col) {
          out[static_cast<std::ptrdiff_t>(col) * rows + row] =
              in[static_cast<std::ptrdiff_t>(row) * cols + col];
        }
      }
    }
  });
}

/// Frequencies of the cosines along an axis, per unit of length.
std::vector<float> frequencies(int bins, double bin_size) {
  std::vector<float> w(static_cast<std::size_t>(bins));
  for (int i = 0; i < bins; ++i) {
    w[static_cast<std::size_t>(i)] = static_cast<float>(std::numbers::pi * i / (bins * bin_size));
  }
  return w;
}

}  // namespace

struct PoissonSolver::State {
  State(netlist_io::GridShape shape, double bin_width, double bin_height, int num_threads)
      : grid(shape),
        threads(num_threads),
        coefficients(make_buffer(shape.num_cells())),
        work(make_buffer(shape.num_cells())),
        back(make_buffer(shape.num_cells())),
        wave_x(frequencies(shape.cols, bin_width)),
        wave_y(frequencies(shape.rows, bin_height)),
        cosines_x(shape.cols, FFTW_REDFT10, work.get()),
        cosines_y(shape.rows, FFTW_REDFT10, work.get()),
        back_cosines_x(shape.cols, FFTW_REDFT01, work.get()),
        back_cosines_y(shape.rows, FFTW_REDFT01, work.get()),
        back_sines_x(shape.cols, FFTW_RODFT01, work.get()),
        back_sines_y(shape.rows, FFTW_RODFT01, work.get()) {}

  /// `coefficients` [cols x rows]: of the potential, scaled for the way back. Column u holds what
  /// varies with frequency u along x.
  void transform(std::span<const float> density) {
    std::copy(density.begin(), density.end(), work.get());
    cosines_x.run(work.get(), grid.rows, threads);
    transpose(work.get(), grid.rows, grid.cols, coefficients.get(), threads);
    cosines_y.run(coefficients.get(), grid.cols, threads);
    // Twice the length along each axis is what FFTW's transforms there and back multiply by.
    const float scale = 1.0F / (4.0F * static_cast<float>(grid.num_cells()));
    for_each_column([&](int u, float* column) {
      const float wx = wave_x[static_cast<std::size_t>(u)];
      for (int v = 0; v < grid.rows; ++v) {
        const float wy = wave_y[static_cast<std::size_t>(v)];
        const float square = wx * wx + wy * wy;
        column[v] = square > 0.0F ? column[v] * scale / square : 0.0F;
      }
    });
  }

  /// Minus the slope of the potential along x: sines of x.
  void field_along_x(std::span<float> field) {
    for_each_column([&](int u, const float* column) {
      const float wx = wave_x[static_cast<std::size_t>(u)];
      float* const out = work.get() + static_cast<std::ptrdiff_t>(u) * grid.rows;
      for (int v = 0; v < grid.rows; ++v) {
        out[v] = column[v] * wx;
      }
    });
    back_cosines_y.run(work.get(), grid.cols, threads);
    transpose(work.get(), grid.cols, grid.rows, back.get(), threads);
    // The series of sines has no constant and starts with the first frequency.
    for_each_row([&](int, float* row) {
      std::copy(row + 1, row + grid.cols, row);
      row[grid.cols - 1] = 0.0F;
    });
    back_sines_x.run(back.get(), grid.rows, threads);
    std::copy(back.get(), back.get() + grid.num_cells(), field.begin());
  }

  void field_along_y(std::span<float> field) {
    for_each_column([&](int u, const float* column) {
      float* const out = work.get() + static_cast<std::ptrdiff_t>(u) * grid.rows;
      for (int v = 1; v < grid.rows; ++v) {
        out[v - 1] = column[v] * wave_y[static_cast<std::size_t>(v)];
      }
      out[grid.rows - 1] = 0.0F;
    });
    back_sines_y.run(work.get(), grid.cols, threads);
    transpose(work.get(), grid.cols, grid.rows, back.get(), threads);
    back_cosines_x.run(back.get(), grid.rows, threads);
    std::copy(back.get(), back.get() + grid.num_cells(), field.begin());
  }

  template <typename Visit>
  void for_each_column(Visit visit) {
    parallel_for(static_cast<std::size_t>(grid.cols), threads, [&](std::size_t u) {
      visit(static_cast<int>(u), coefficients.get() + static_cast<std::ptrdiff_t>(u) * grid.rows);
    });
  }
  template <typename Visit>
  void for_each_row(Visit visit) {
    parallel_for(static_cast<std::size_t>(grid.rows), threads, [&](std::size_t row) {
      visit(static_cast<int>(row), back.get() + static_cast<std::ptrdiff_t>(row) * grid.cols);
    });
  }

  netlist_io::GridShape grid;
  int threads;
  Buffer coefficients;
  Buffer work;
  Buffer back;
  std::vector<float> wave_x;
  std::vector<float> wave_y;
  RowTransform cosines_x;
  RowTransform cosines_y;
  RowTransform back_cosines_x;
  RowTransform back_cosines_y;
  RowTransform back_sines_x;
  RowTransform back_sines_y;
};

PoissonSolver::PoissonSolver(netlist_io::GridShape grid,
                             double bin_width,
                             double bin_height,
                             int threads) {
  if (grid.cols < 2 || grid.rows < 2) {
    throw netlist_io::OptionError("grid is " + std::to_string(grid.cols) + " x " +
                                  std::to_string(grid.rows) + ", expected 2 x 2 or more");
  }
  state_ = std::make_unique<State>(grid, bin_width, bin_height, threads);
}

PoissonSolver::~PoissonSolver() = default;
PoissonSolver::PoissonSolver(PoissonSolver&&) noexcept = default;
PoissonSolver& PoissonSolver::operator=(PoissonSolver&&) noexcept = default;

void PoissonSolver::solve(std::span<const float> density,
                          std::span<float> field_x,
                          std::span<float> field_y) {
  state_->transform(density);
  state_->field_along_x(field_x);
  state_->field_along_y(field_y);
}

}  // namespace tessera::placer
