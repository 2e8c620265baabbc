#pragma once

#include <span>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/grid_legality.h"
#include "placer/macro_space.h"

namespace tessera::placer {

/// Which hard macro stands at which grid-cell centre: `MacroSpace` under the rules of the grid
/// class, where nothing stands between the cells. Positions given snap to the nearest centre.
class GridMacroSpace {
 public:
  /// Takes the movable hard macros of `placement` at the cells nearest to them, where they need not
  /// be legal.
  GridMacroSpace(const netlist_io::Netlist& netlist,
                 const netlist_io::Canvas& canvas,
                 const netlist_io::Placement& placement,
                 const MacroSpacing& spacing);

  std::span<const netlist_io::NodeId> macros() const { return macros_; }

  /// The nearest cell centre; for macros that do not fit there, still that centre.
  cost::NodeMove snap(const cost::NodeMove& pose) const;

  /// Whether all these macros, each named once, may move to the cells nearest to these positions.
  bool fits(std::span<const cost::NodeMove> poses) const;
  /// Does not check: the caller has asked `fits`.
  void move(std::span<const cost::NodeMove> poses);

  /// Whether every macro fits where it is.
  bool legal() const;

 private:
  CellIndex cell_at(double x, double y) const;

  netlist_io::Canvas canvas_;
  std::vector<netlist_io::NodeId> macros_;
  std::vector<std::uint32_t> index_of_node_;
  GridLegality empty_;            ///< fixed macros and blockages only
  std::vector<CellIndex> cells_;  ///< of `macros_`
};

/// Moves the movable hard macros to cell centres at which they are legal, each, the largest first,
/// to the nearest one that leaves it no conflict with those before it; if they do not all fit that
/// way, all go to where `find_grid_packing` has them. Soft macros stay. Throws
/// `netlist_io::InfeasibleError`, naming a macro, if neither works.
netlist_io::Placement legalize_on_grid(const netlist_io::Netlist& netlist,
                                       const netlist_io::Canvas& canvas,
                                       const netlist_io::Placement& placement,
                                       const MacroSpacing& spacing);

}  // namespace tessera::placer
