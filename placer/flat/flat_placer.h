#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

struct FlatPlacerOptions {
  /// Part of the area beside the hard macros, in every bin, that cells may fill; > 0, <= 1. Raised
  /// where they would not fit below it.
  double density_cap = 0.7;
  /// Moves hard macros that are not fixed as well. They keep their orientation and overlap a little
  /// at the end. Otherwise all hard macros count where they stand.
  bool move_hard_macros = false;
  /// Starts from the positions of the placed ones among the nodes that move.
  bool use_current = false;
  /// Factor of the energy at the start, relative to the pull of the wires; > 0. From good positions
  /// on, more of it keeps them.
  double first_weight = 0.1;
  /// Nets with more sinks pull at nothing: clocks and resets, which get trees of their own.
  int max_sinks = 500;
  double halo_x = 0.0;  ///< microns beside each hard macro that cells keep out of, >= 0
  double halo_y = 0.0;  ///< microns above and below it, >= 0
  /// [nodes] or empty: how much more room than its area each mover gets, >= 1. Of a hard macro that
  /// moves, its box with the halo grows so; of a fixed one nothing does.
  std::vector<float> room;
  /// Area of cells in overfull bins, as a part of all their area, at which a run ends (but not
  /// within its first hundred steps); > 0.
  double stop_overflow = 0.1;
  int max_iterations = 1000;  ///< gradient steps at most, >= 0
  std::uint64_t seed = 1;     ///< of the jitter at the start
  int threads = 1;            ///< >= 1; changes no result
  /// Asked before every step, from the calling thread; true ends the run where it is.
  std::function<bool()> stop;

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

struct FlatPlacerResult {
  netlist_io::Placement placement;
  double hpwl_um = 0.0;      ///< of the nets with at most `max_sinks` sinks, weighted
  double overflow = 0.0;     ///< see `FlatPlacerOptions::stop_overflow`
  double density_cap = 0.0;  ///< in force
  int iterations = 0;
};

/// Places the standard cells (and soft macros) of a flat netlist, of a hundred thousand to
/// millions, around its hard macros: evenly enough for a legaliser, rows disregarded. Minimises the
/// smoothed half-perimeter wirelength and the energy of the density as a charge (J. Lu et al.,
/// "ePlace", ACM TODAES 20(2), 2015; with movable macros as in "ePlace-MS", IEEE TCAD 34(5), 2015).
///
/// Of `canvas` the size counts. Ports, fixed nodes and, unless they move, all hard macros stay
/// where `placement` has them. Throws `netlist_io::OptionError` for bad options or a canvas whose
/// sides are not positive, `netlist_io::InfeasibleError` for cells of more area than there is
/// beside the hard macros.
FlatPlacerResult place_flat(const netlist_io::Netlist& netlist,
                            const netlist_io::Canvas& canvas,
                            const netlist_io::Placement& placement,
                            const FlatPlacerOptions& options = {});

}  // namespace tessera::placer
