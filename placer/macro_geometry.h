#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/dbu_lattice.h"
#include "placer/grid_legality.h"

namespace tessera::placer {

struct MacroSpaceOptions {
  /// Length of a database unit, microns, > 0. Edges of macros lie on multiples of it.
  double dbu_um = 0.001;
  /// Empty space between two hard macros; neither the canvas edge nor blockages ask for any.
  MacroSpacing spacing;

  /// Throws `netlist_io::OptionError` naming the option, its value and its range.
  void validate() const;
};

/// x and y in database units.
using LatticePoint = std::array<std::int32_t, 2>;

/// Half-open box in database units. Macros carry the spacing at their high ends, blockages lack it
/// at their low ends (which may leave less than nothing): so two boxes overlap if and only if the
/// two come too close.
struct LatticeBox {
  LatticePoint lo;
  LatticePoint hi;

  bool overlaps(const LatticeBox& other, std::size_t axis) const {
    return lo[axis] < other.hi[axis] && other.lo[axis] < hi[axis];
  }
  bool overlaps(const LatticeBox& other) const {
    // No short circuit: in inner loops four comparisons cost less than a branch.
    return ((lo[0] < other.hi[0]) & (other.lo[0] < hi[0]) & (lo[1] < other.hi[1]) &
            (other.lo[1] < hi[1])) != 0;
  }
};

/// The hard macros of a block on the lattice of database units.
///
/// The lower-left corner of a movable macro lies on the lattice; a size that is no whole number of
/// units counts as the next larger, except at the right and the upper edge of the canvas. Fixed
/// macros and blockages are rounded outwards.
struct MacroGeometry {
  /// What never changes about a movable macro; arrays by axis, in orientation N.
  struct Shape {
    std::array<double, 2> half_um{};
    LatticePoint size{};
    /// Highest lower-left corner inside the canvas, [turned][axis]; negative if there is none.
    std::array<LatticePoint, 2> max_lo{};
  };

  DbuLattice lattice;
  LatticePoint gap{};
  LatticePoint room{};                     ///< size of the canvas, rounded up
  std::vector<netlist_io::NodeId> macros;  ///< movable, in file order
  std::vector<Shape> shapes;               ///< of `macros`
  std::vector<LatticeBox> obstacles;       ///< fixed hard macros in file order, blockages

  /// Throws `netlist_io::OptionError` for options out of range and for a canvas beyond 2^29 units.
  MacroGeometry(const netlist_io::Netlist& netlist,
                const netlist_io::Canvas& canvas,
                const netlist_io::Placement& placement,
                const MacroSpaceOptions& options);

  /// Size of the box of a macro, spacing included.
  LatticePoint padded_size(std::size_t macro, netlist_io::Orientation orientation) const {
    const LatticePoint& size = shapes[macro].size;
    const std::size_t x = own_axis(0, orientation);
    return {size[x] + gap[0], size[1 - x] + gap[1]};
  }
  const LatticePoint& max_lo(std::size_t macro, netlist_io::Orientation orientation) const {
    return shapes[macro].max_lo[swaps_axes(orientation) ? 1 : 0];
  }
  /// Lower-left corner nearest to that of a macro with the given centre on `axis`, microns.
  std::int32_t corner(std::size_t macro,
                      double centre,
                      std::size_t axis,
                      netlist_io::Orientation orientation) const {
    return lattice.nearest(centre - shapes[macro].half_um[own_axis(axis, orientation)]);
  }
  /// The inverse: centre on `axis`, microns.
  double centre(std::size_t macro,
                std::int32_t corner,
                std::size_t axis,
                netlist_io::Orientation orientation) const {
    return lattice.um(corner) + shapes[macro].half_um[own_axis(axis, orientation)];
  }

 private:
  /// Axis of the macro that lies along `axis` of the canvas.
  static std::size_t own_axis(std::size_t axis, netlist_io::Orientation orientation) {
    return swaps_axes(orientation) ? 1 - axis : axis;
  }
  void add_movable(netlist_io::NodeId macro,
                   const netlist_io::Netlist& netlist,
                   const netlist_io::Canvas& canvas);
  void add_obstacle(const netlist_io::Rect& rect, bool spaced);
};

}  // namespace tessera::placer
