#pragma once

#include <optional>
#include <span>

#include "netlist_io/canvas.h"
#include "placer/point_nets.h"

namespace tessera::placer {

struct QuadraticPlacerOptions {
  int rounds = 4;              ///< solves with renewed weights, >= 1
  double tolerance = 1e-3;     ///< relative residual at which a solve ends, > 0
  double min_distance = 0.25;  ///< closer pins count as this far apart, cells, > 0
  int threads = 1;             ///< >= 1, two at most are of use; changes no result

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

/// Places that pull at the movers, each at its own: how a placement that spreading has changed
/// draws the next solution after it.
struct QuadraticAnchors {
  std::span<const double> x;  ///< [movers], cells
  std::span<const double> y;  ///< [movers], cells
  double weight = 0.0;        ///< of each, as if it were a net of two pins, >= 0
};

/// Finds the centres of all movers that minimise a quadratic wirelength, with no regard to their
/// sizes: the usual start of analytic placement. Its weights are renewed so that it approaches the
/// half-perimeter wirelength (the "bound-to-bound" model: P. Spindler, U. Schlichtmann and
/// F. Johannes, "Kraftwerk2", IEEE TCAD 27(8), 2008).
///
/// `x` and `y` [movers], cells, are the first guess and the result, inside the grid. Movers that
/// nothing fixed pulls at gather at the centre of the canvas. With `anchors`, the first guess
/// counts from the first round: without, the first rounds smooth it away.
void place_quadratically(const PointNets& nets,
                         netlist_io::GridShape grid,
                         const QuadraticPlacerOptions& options,
                         std::span<double> x,
                         std::span<double> y,
                         const std::optional<QuadraticAnchors>& anchors = std::nullopt);

}  // namespace tessera::placer
