#pragma once

#include <cstdint>

#include "netlist_io/plc_header.h"

namespace tessera::cost {

/// Weights of the three terms of the proxy. (1, 0.5, 0.5) are those of Google's internal runs, of
/// the published comparisons and of the 2026 challenge; Circuit Training's own default is
/// (1, 1, 0.5).
struct CostWeights {
  double wirelength = 1.0;
  double density = 0.5;
  double congestion = 0.5;
};

/// What congestion does with a net that has a pin outside the canvas.
enum class OutsidePins : std::uint8_t {
  kClamp,  ///< the pin counts in the nearest cell: the rule of the public leaderboards
  kDrop,   ///< the net counts nowhere in the congestion: the rule of Google's binary
};

/// Whether clusters count with the box of the netlist or with a square of the same area.
enum class SoftMacroShape : std::uint8_t { kAsGiven, kSquare };

/// Everything that the proxy depends on besides netlist, canvas and placement.
struct CostOptions {
  CostWeights weights;
  /// Routing tracks per micron; the defaults are those built into Google's binary.
  netlist_io::RoutesPerMicron routes = {57.031, 56.818};
  /// Routing tracks per micron that a hard macro takes away over its area.
  netlist_io::RoutesPerMicron macro_routes = {39.583, 30.303};
  /// Net demand is spread over this many cells to either side, across its direction. 0: not at all.
  int smooth_range = 0;
  OutsidePins outside_pins = OutsidePins::kClamp;
  SoftMacroShape soft_macro_shape = SoftMacroShape::kAsGiven;

  /// Throws `netlist_io::OptionError` naming the first field outside its range.
  void validate() const;
};

/// The proxy and its parts; `proxy` is the weighted sum of the three.
struct CostBreakdown {
  double proxy = 0.0;
  double wirelength = 0.0;  ///< normalised by (canvas width + height) x sum of net weights
  double density = 0.0;
  double congestion = 0.0;
  double hpwl_um = 0.0;  ///< sum of weight x half-perimeter wirelength, microns
};

}  // namespace tessera::cost
