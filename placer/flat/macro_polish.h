#pragma once

#include <cstddef>

#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

struct MacroPolishResult {
  netlist_io::Placement placement;
  double gained_um = 0.0;  ///< of weighted half-perimeter wirelength
  std::size_t swaps = 0;
  std::size_t turns = 0;  ///< macros that ended in another orientation
};

/// Shortens the wires of hard macros, everything else where it is: turns each macro that is not
/// fixed to the best orientation with the same box (N, S, FN, FS; or E, W, FE, FW), and exchanges
/// pairs of the same size, as long as that gains. No box on the canvas appears or disappears, so
/// what was legal stays legal, but for rules that single out a macro or the place of its pins.
///
/// Nets with more than `max_sinks` sinks do not count. Deterministic.
MacroPolishResult polish_macros(const netlist_io::Netlist& netlist,
                                const netlist_io::Placement& placement,
                                int max_sinks);

}  // namespace tessera::placer
