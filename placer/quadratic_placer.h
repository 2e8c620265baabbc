#pragma once

#include <span>

#include "netlist_io/canvas.h"
#include "placer/point_nets.h"

namespace tessera::placer {

struct QuadraticPlacerOptions {
  int rounds = 4;              ///< solves with renewed weights, >= 1
  double tolerance = 1e-3;     ///< relative residual at which a solve ends, > 0
  double min_distance = 0.25;  ///< closer pins count as this far apart, cells, > 0

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

/// Finds the centres of all movers that minimise a quadratic wirelength, with no regard to their
/// sizes: the usual start of analytic placement. Its weights are renewed so that it approaches the
/// half-perimeter wirelength (the "bound-to-bound" model: P. Spindler, U. Schlichtmann and
/// F. Johannes, "Kraftwerk2", IEEE TCAD 27(8), 2008).
///
/// `x` and `y` [movers], cells, are the first guess and the result, inside the grid. Movers that
/// nothing fixed pulls at gather at the centre of the canvas.
void place_quadratically(const PointNets& nets,
                         netlist_io::GridShape grid,
                         const QuadraticPlacerOptions& options,
                         std::span<double> x,
                         std::span<double> y);

}  // namespace tessera::placer
