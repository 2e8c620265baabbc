#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "netlist_io/canvas.h"

namespace tessera::placer {

/// The field of a charge density in a closed box: Poisson's equation with a potential whose slope
/// across the border is 0, solved by cosine transforms (J. Lu et al., "ePlace: electrostatics-based
/// placement using fast Fourier transform and Nesterov's method", ACM TODAES 20(2), 2015,
/// equations 20 to 24). What all the charge together would do cancels: only differences of density
/// from its mean drive the field.
///
/// Holds working memory: one call at a time.
class PoissonSolver {
 public:
  /// `bin_width` and `bin_height` in any unit of length; `threads` >= 1 changes no result.
  /// Throws `netlist_io::OptionError` for a grid with fewer than two bins on an axis.
  PoissonSolver(netlist_io::GridShape grid, double bin_width, double bin_height, int threads);
  ~PoissonSolver();
  PoissonSolver(PoissonSolver&&) noexcept;
  PoissonSolver& operator=(PoissonSolver&&) noexcept;

  /// `density` [rows x cols]: charge per area, row by row from the bottom. `field_x` and `field_y`
  /// [rows x cols]: minus the slope of the potential at the middle of each bin, in charge per area
  /// times length. They may not overlap.
  void solve(std::span<const float> density, std::span<float> field_x, std::span<float> field_y);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tessera::placer
