#pragma once

#include <cstddef>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/flat/row_space.h"

namespace tessera::placer {

struct RowLegalizerOptions {
  RowOptions rows;
};

struct RowLegalizerResult {
  netlist_io::Placement placement;
  double row_height = 0.0;  ///< microns
  std::size_t num_rows = 0;
  std::size_t num_cells = 0;  ///< that were placed
  std::size_t num_tall = 0;   ///< of these, in more than one row
  // Displacement: |dx| + |dy|.
  double mean_displacement_um = 0.0;
  double max_displacement_um = 0.0;
};

/// Puts the standard cells and soft macros of `placement` that are not fixed into rows, near where
/// they stand and overlapping nothing: not each other, hard macros with their halos, fixed cells or
/// blockages of cells.
///
/// Cells of more than one row come first, the largest first, each to the nearest place. The others
/// follow the method "Abacus" (P. Spindler, U. Schlichtmann, F. M. Johannes, ISPD 2008): from left
/// to right, each into the row where it would end nearest, and along each row cells give way so
/// that the sum of the squares of their shifts is least. Where cells are too many for that to find
/// all a place, the widest go first. Which rows power rails suit is not looked at. Deterministic;
/// takes about 1 us per cell.
///
/// Of `canvas` the size and blockages count. Throws `netlist_io::OptionError` for bad options,
/// `std::invalid_argument` for a placement of another netlist, `netlist_io::InfeasibleError` naming
/// a cell for which no room was found.
RowLegalizerResult legalize_rows(const netlist_io::Netlist& netlist,
                                 const netlist_io::Canvas& canvas,
                                 const netlist_io::Placement& placement,
                                 const RowLegalizerOptions& options = {});

}  // namespace tessera::placer
