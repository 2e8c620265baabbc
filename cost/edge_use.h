#pragma once

#include <algorithm>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::cost {

/// Routing tracks of a technology, per micron of the line that they cross. Technologies differ too
/// much for defaults: `validate` of the options refuses zeros.
struct RoutingTracks {
  double horizontal = 0.0;        ///< all layers that run horizontally
  double vertical = 0.0;          ///< all layers that run vertically
  double macro_horizontal = 0.0;  ///< of `horizontal`, taken by a hard macro over its box
  double macro_vertical = 0.0;    ///< of `vertical`, taken by a hard macro over its box
};

/// How the use of the routing edges is estimated.
struct EdgeUseOptions {
  /// Side of a gcell, microns. The canvas is divided evenly into as many as come closest to it.
  double cell_um = 10.0;
  RoutingTracks tracks;
  /// Nets with more sinks are left out (clock and reset get routing of their own); >= 1.
  int max_sinks = 500;
  /// How often wires in nearly full edges look for a way round; >= 0. At 0 every wire takes both of
  /// its L shapes, half each.
  int detour_passes = 4;
  int threads = 1;  ///< >= 1; the result does not depend on it

  /// Throws `netlist_io::OptionError` naming the first field outside its range.
  void validate() const;
};

/// `EdgeUseOptions::cell_um` that suits a canvas: its default, or more where a canvas would have
/// more than a million of such gcells.
double usual_gcell_um(const netlist_io::Canvas& canvas);

/// One value for each edge between two neighbouring gcells.
struct EdgeMaps {
  /// Between columns `col` and `col + 1` of a row, at `col + row * (cols - 1)`; crossed by
  /// horizontal wires.
  std::vector<double> horizontal;
  /// Between rows `row` and `row + 1` of a column, at `col + row * cols`; crossed by vertical
  /// wires.
  std::vector<double> vertical;
};

/// Average congestion of the edges: mean use of the most used ones, horizontal and vertical in one
/// list. The highest use where the share is less than one edge; 0 without edges.
struct AverageCongestion {
  double top_half_percent = 0.0;
  double top_1_percent = 0.0;
  double top_2_percent = 0.0;
  double top_5_percent = 0.0;

  /// The four together (RC of N. Viswanathan et al., "The DAC 2012 routability-driven placement
  /// contest and benchmark suite", DAC 2012).
  double mean() const {
    return 0.25 * (top_half_percent + top_1_percent + top_2_percent + top_5_percent);
  }
};

/// Estimated global routing of a placement.
struct EdgeUse {
  netlist_io::GridShape grid;
  EdgeMaps demand;    ///< wires
  EdgeMaps capacity;  ///< tracks left over by the hard macros
  AverageCongestion ace;
  double overflow = 0.0;          ///< sum of the demand above the capacity, tracks
  double routed_length_um = 0.0;  ///< of the wires between gcells; none within a gcell
  /// Length of wire per area in each gcell, um / um^2, at `col + row * cols`; compares with the
  /// tracks per micron of both directions together.
  std::vector<double> rudy;
};

/// Use of one edge: demand over capacity. An edge with less than one free track counts as having
/// one, so that wires through a fully blocked edge weigh as many full edges as there are wires.
inline double edge_use(double demand, double capacity) {
  return demand / std::max(capacity, 1.0);
}

/// Estimates what global routing asks of each edge between gcells. Meant for flat netlists; soft
/// macros are nodes like others and block nothing. Net weights are not used.
///
/// Reads the size of `canvas`, not its grid. Pins outside count in the nearest gcell; positions
/// must be finite. Where a macro touches or covers the line between two gcells it blocks it over
/// its own extent. Time is linear in pins, but quadratic in the gcells of one net. Throws
/// `netlist_io::OptionError`.
EdgeUse estimate_edge_use(const netlist_io::Netlist& netlist,
                          const netlist_io::Canvas& canvas,
                          const netlist_io::Placement& placement,
                          const EdgeUseOptions& options);

/// Use of the most used of the edges of each gcell, at `col + row * cols`.
std::vector<double> gcell_use(const EdgeUse& edges);

/// Sum over the nets of at most `max_sinks` sinks of weight times the half-perimeter of their pins,
/// microns.
double flat_hpwl(const netlist_io::Netlist& netlist,
                 const netlist_io::Placement& placement,
                 int max_sinks = 500);

}  // namespace tessera::cost
