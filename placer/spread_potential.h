#pragma once

#include <span>
#include <vector>

#include "netlist_io/canvas.h"

namespace tessera::placer {

/// The potential that moves area from overfull cells to free ones.
///
/// Solves the Poisson equation on the grid with the density above a target as positive charge and
/// the free area below it as negative charge, scaled to neutrality, and no flow through the canvas
/// edge: going downhill leads out of piles of any size to the nearest free area, and nothing pulls
/// once no cell is overfull. Electrostatic placers (J. Lu et al., "ePlace", ACM TODAES 20(2), 2015)
/// use the density itself as charge, which spreads everything evenly; the proxy wants no more than
/// cells filled up to the target.
class SpreadPotential {
 public:
  /// Prepares the cosine transforms of a grid: quadratic in its sides.
  void reset(netlist_io::GridShape grid);

  /// Computes the potential of `density` [rows x cols] and returns the area above `target`, cells.
  double compute(std::span<const double> density, double target);

  /// [rows x cols], cells squared.
  std::span<const double> values() const { return potential_; }

 private:
  netlist_io::GridShape grid_{0, 0};
  std::vector<double> col_waves_;  ///< [cols x cols], orthonormal, one wave a row
  std::vector<double> row_waves_;  ///< [rows x rows]
  std::vector<double> inverse_;    ///< [rows x cols], reciprocal eigenvalues
  std::vector<double> potential_;
  std::vector<double> scratch_;
};

}  // namespace tessera::placer
