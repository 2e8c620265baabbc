#pragma once

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

struct FlatPlacementOptions {
  int rounds = 4;              ///< solutions, each after the spreading of the one before, >= 1
  double filling = 0.8;        ///< part of the free area that cells may fill, > 0, <= 1
  double anchor_step = 0.005;  ///< growth per round of the pull to the spread positions, > 0
  /// Whether hard macros that are placed stay, too, or only those that are fixed.
  bool hold_placed_macros = false;
  int threads = 1;  ///< >= 1; changes no result

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

/// True if there are standard cells and none has a position: none is placed, or all stand at one
/// point, as in a netlist file without coordinates.
bool lacks_cell_positions(const netlist_io::Netlist& netlist,
                          const netlist_io::Placement& placement);

/// Gives rough positions, overlaps included, to all standard cells and hard macros that are not
/// fixed: good enough to tell near from far in clustering. Ports stay. Of `canvas` only the size
/// counts; where the movable nodes were does not.
///
/// Hard macros that move are placed first, together with the cells, then the cells around them.
/// Alternates a quadratic solution with spreading over the free area, which pulls at the next one
/// (M.-C. Kim, D.-J. Lee and I. Markov, "SimPL", IEEE TCAD 31(1), 2012).
/// Throws `netlist_io::OptionError` for bad options or a canvas whose sides are not positive.
netlist_io::Placement place_flat_netlist(const netlist_io::Netlist& netlist,
                                         const netlist_io::Canvas& canvas,
                                         const netlist_io::Placement& placement,
                                         const FlatPlacementOptions& options = {});

}  // namespace tessera::placer
