#pragma once

#include <cstddef>
#include <functional>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/flat/row_space.h"

namespace tessera::placer {

struct DetailedPlacerOptions {
  RowOptions rows;  ///< those that the placement is legal in
  int passes = 2;   ///< over all cells, >= 0; later ones gain less
  /// Nets with more sinks do not count.
  int max_sinks = 500;
  /// Asked between the steps of a pass; true ends the run, with the placement legal.
  std::function<bool()> stop;

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

struct DetailedPlacerResult {
  netlist_io::Placement placement;
  double hpwl_before_um = 0.0;  ///< of the nets with at most `max_sinks` sinks, weighted
  double hpwl_um = 0.0;         ///< the same at the end; never more
  std::size_t moves = 0;        ///< of a cell to a gap, widened where needed
  std::size_t swaps = 0;
  std::size_t reorders = 0;  ///< of three neighbours
  std::size_t shifts = 0;    ///< of the cells of a segment
};

/// Shortens the nets of a legal placement of cells in rows, which stays legal.
///
/// Each pass looks at three kinds of changes: cells that move to where their nets would be
/// shortest, or swap with one there (M. Pan, N. Viswanathan, C. Chu, "An efficient and effective
/// detailed placement algorithm", ICCAD 2005); new orders of three neighbours; and the best places
/// along a row for cells in the order they have (see `RowShift`). Every change is measured exactly
/// and made only if it gains.
///
/// Differences from the paper: room is made by pushing a few neighbours aside as a part of the
/// move, so that no overlap needs a penalty; shifts along rows are exact.
///
/// Cells of more than one row stay. Throws `netlist_io::OptionError` for bad options,
/// `std::invalid_argument` for a placement of another netlist or one that is not legal in the rows.
/// Deterministic.
DetailedPlacerResult place_detailed(const netlist_io::Netlist& netlist,
                                    const netlist_io::Canvas& canvas,
                                    const netlist_io::Placement& placement,
                                    const DetailedPlacerOptions& options = {});

}  // namespace tessera::placer
