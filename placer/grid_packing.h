#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <vector>

#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/cell_mask.h"
#include "placer/grid_legality.h"

namespace tessera::placer {

/// One way to place macros on the grid.
struct GridPacking {
  std::vector<std::size_t> order;  ///< in which first-fit packing completes; indices of macros
  std::vector<CellIndex> cells;    ///< by macro
};

/// Looks for an order in which `pack_first_fit` places all `macros`: by area, which is the order of
/// the published grid selection and so works on a grid that it chose, by height, by width, and,
/// where blockages or fixed macros leave narrow room, in random orders. Deterministic. None: not
/// found.
///
/// `legality`: of the same macros. Sizes are those of their boxes in `placement`.
std::optional<GridPacking> find_grid_packing(const netlist_io::Netlist& netlist,
                                             const netlist_io::Placement& placement,
                                             std::span<const netlist_io::NodeId> macros,
                                             const GridLegality& legality);

}  // namespace tessera::placer
