#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/orientation.h"
#include "netlist_io/placement.h"
#include "placer/dbu_lattice.h"
#include "placer/macro_spacing.h"
#include "placer/no_branch.h"

namespace tessera::placer {

/// What a macro asks of the places where it stands.
struct MacroRule {
  /// Where on the lattice the lower-left corner of its box, turned, may stand: at `x + k * unit`,
  /// at `y + k * unit`, microns, by orientation.
  std::array<double, 8> x{};
  std::array<double, 8> y{};
  /// Bit i: may be turned to orientation i.
  std::uint8_t orientations = 0xFF;

  bool allows(netlist_io::Orientation orientation) const {
    return ((orientations >> static_cast<unsigned>(orientation)) & 1U) != 0;
  }
};

struct MacroSpaceOptions {
  /// Lattice on which macros stand, microns, > 0, by axis: the length of a database unit, of the
  /// manufacturing grid, or the pitch of routing tracks.
  std::array<double, 2> unit_um = {0.001, 0.001};
  MacroSpacing spacing;
  /// By node; empty or null: all stand at whole units and may be mirrored.
  std::shared_ptr<const std::vector<MacroRule>> rules;

  bool allows(netlist_io::NodeId macro, netlist_io::Orientation orientation) const {
    return !rules || rules->empty() || (*rules)[macro.index()].allows(orientation);
  }
  /// Throws `netlist_io::OptionError` naming the option, its value and its range.
  void validate() const;
};

/// x and y in lattice units.
using LatticePoint = std::array<std::int32_t, 2>;

/// Half-open box in lattice units. Macros carry their keep-out, blockages lack the least keep-out
/// that every macro has (which may leave less than nothing): so two boxes overlap if the two come
/// too close.
struct LatticeBox {
  LatticePoint lo;
  LatticePoint hi;

  bool overlaps(const LatticeBox& other, std::size_t axis) const {
    return lo[axis] < other.hi[axis] && other.lo[axis] < hi[axis];
  }
  bool overlaps(const LatticeBox& other) const {
    return all_hold(
        lo[0] < other.hi[0], other.lo[0] < hi[0], lo[1] < other.hi[1], other.lo[1] < hi[1]);
  }
};

/// The hard macros of a block on a lattice.
///
/// The lower-left corner of a movable macro lies on the lattice or a fixed distance, less than a
/// unit, to the upper right of it. Boxes reach out to whole units, keep-outs included, except at
/// the right and the upper edge of the canvas. Fixed macros and blockages are rounded outwards.
struct MacroGeometry {
  /// A movable macro in one orientation; arrays by axis.
  struct Shape {
    std::array<double, 2> centre_um{};  ///< from the lattice point of the box to the macro's centre
    LatticePoint size{};                ///< of the box
    LatticePoint min_lo{};              ///< lowest corner of the box with the macro in the canvas
    LatticePoint max_lo{};              ///< highest one; below `min_lo` if there is none

    bool operator==(const Shape&) const = default;
  };

  std::array<DbuLattice, 2> lattice;
  LatticePoint room{};                     ///< size of the canvas, rounded up
  std::vector<netlist_io::NodeId> macros;  ///< movable, in file order
  std::vector<LatticeBox> obstacles;       ///< fixed hard macros in file order, blockages

  /// Throws `netlist_io::OptionError` for options out of range and for a canvas beyond 2^29 units.
  MacroGeometry(const netlist_io::Netlist& netlist,
                const netlist_io::Canvas& canvas,
                const netlist_io::Placement& placement,
                const MacroSpaceOptions& options);

  const Shape& shape(std::size_t macro, netlist_io::Orientation orientation) const {
    return shapes_[shape_of_[macro][static_cast<std::size_t>(orientation)]];
  }
  /// Lattice point of the box nearest to that of a macro with the given centre on `axis`, microns.
  std::int32_t corner(std::size_t macro,
                      double centre,
                      std::size_t axis,
                      netlist_io::Orientation orientation) const {
    return lattice[axis].nearest(centre - shape(macro, orientation).centre_um[axis]);
  }
  /// The inverse: centre on `axis`, microns.
  double centre(std::size_t macro,
                std::int32_t corner,
                std::size_t axis,
                netlist_io::Orientation orientation) const {
    return lattice[axis].um(corner) + shape(macro, orientation).centre_um[axis];
  }

 private:
  /// Keep-out of a turned macro, lattice units.
  struct Margin {
    LatticePoint lo{};
    LatticePoint hi{};
  };

  Margin margin_of(netlist_io::NodeId macro,
                   netlist_io::Orientation orientation,
                   const MacroSpacing& spacing) const;
  void add_movable(netlist_io::NodeId macro,
                   const netlist_io::Netlist& netlist,
                   const netlist_io::Canvas& canvas,
                   const MacroSpaceOptions& options);
  std::uint32_t add_shape(const Shape& shape);
  void add_obstacle(const netlist_io::Rect& rect, const Margin& grown);
  Margin least_margin(const MacroSpacing& spacing) const;

  std::vector<Shape> shapes_;                           ///< distinct ones
  std::vector<std::array<std::uint32_t, 8>> shape_of_;  ///< of `macros`, by orientation
};

}  // namespace tessera::placer
