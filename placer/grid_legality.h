#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/cell_mask.h"
#include "placer/macro_spacing.h"

namespace tessera::placer {

/// At which grid-cell centres each movable hard macro may stand, given those placed so far.
///
/// A macro is legal at a cell if its box, centred there, stays inside the canvas and overlaps
/// neither a fixed or placed hard macro (with the spacing) nor a blockage; touching is legal.
/// Macros of one size share a set of cells, kept as bits: placing a macro clears, in each set, the
/// rectangle of centres at which the two would overlap. So a mask is there at once, and placing
/// costs some ten nanoseconds a size.
///
/// Copies share the geometry and are cheap: 16 bytes a grid row and size.
class GridLegality {
 public:
  /// `macros`: the movable hard macros, which the other calls name by their position in this list.
  /// Fixed hard macros count where `placement` has them, orientations are its own.
  GridLegality(const netlist_io::Netlist& netlist,
               const netlist_io::Canvas& canvas,
               const netlist_io::Placement& placement,
               std::span<const netlist_io::NodeId> macros,
               const MacroSpacing& spacing);

  /// Cells at which `macro` may stand now. Valid until the next `place` or assignment.
  CellMaskView mask(std::size_t macro) const;

  /// Notes `macro` at `cell`: nothing may overlap it from now on.
  void place(std::size_t macro, CellIndex cell);

  /// Whether the two macros would overlap, or come closer than the spacing, at these cells.
  bool conflict(std::size_t macro_a, CellIndex cell_a, std::size_t macro_b, CellIndex cell_b) const;

  netlist_io::GridShape grid() const;
  std::size_t num_sizes() const;

 private:
  struct Geometry;

  std::shared_ptr<const Geometry> geometry_;
  std::vector<std::uint64_t> words_;  ///< [sizes x rows x words per row]
};

/// Places the macros of `order` one after the other at their first legal cell in row-major order
/// and returns their cells, or nothing if one does not fit.
std::optional<std::vector<CellIndex>> pack_first_fit(GridLegality legality,
                                                     std::span<const std::size_t> order);

}  // namespace tessera::placer
