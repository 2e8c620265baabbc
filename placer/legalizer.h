#pragma once

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/macro_geometry.h"

namespace tessera::placer {

struct LegalizerResult {
  netlist_io::Placement placement;
  double total_displacement_um = 0.0;    ///< |dx| + |dy|, summed over the movable hard macros
  double largest_displacement_um = 0.0;  ///< |dx| + |dy|
};

/// Moves movable soft macros inside the canvas, or to its centre if they are larger than it.
void pull_soft_macros_inside(const netlist_io::Netlist& netlist,
                             const netlist_io::Canvas& canvas,
                             netlist_io::Placement& placement);

/// Moves the movable hard macros of any placement to a legal one near by: on the lattice of
/// database units, inside the canvas, at least the spacing apart, off fixed macros and blockages.
/// Fixed nodes and orientations stay. What is legal on the lattice already is merely rounded to it.
/// Soft macros are pulled inside.
///
/// Less displacement, weighted by area, is better; that it is the least is not promised. Tries to
/// keep the relative order (`repair_constraints`, from the given positions, then from evenly spread
/// ones), then one macro after the other at the nearest free place, then, for dense blocks,
/// packings from the corners; what is found is improved by `reduce_displacement`. Deterministic.
///
/// Throws `netlist_io::InfeasibleError`, naming a macro, if one is larger than the canvas, if one
/// fits nowhere between fixed macros and blockages, if the area does not suffice, or if no legal
/// placement was found; the message tells which. Throws `netlist_io::OptionError` for options out
/// of range.
LegalizerResult legalize_macros(const netlist_io::Netlist& netlist,
                                const netlist_io::Canvas& canvas,
                                const netlist_io::Placement& placement,
                                const MacroSpaceOptions& options = {});

/// Looks at once for reasons why `legalize_macros` must fail: throws `netlist_io::InfeasibleError`
/// as it does for sizes, area and macros that fit nowhere, and `netlist_io::OptionError`.
void check_feasible(const netlist_io::Netlist& netlist,
                    const netlist_io::Canvas& canvas,
                    const netlist_io::Placement& placement,
                    const MacroSpaceOptions& options = {});

}  // namespace tessera::placer
