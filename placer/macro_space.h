#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/incremental_cost.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/macro_geometry.h"

namespace tessera::placer {

/// How far a macro can slide before it touches something or the canvas edge, microns, >= 0.
struct FreeTravel {
  double left = 0.0;
  double right = 0.0;
  double down = 0.0;
  double up = 0.0;
};

/// Which hard macro stands where, for the inner loop of a search that keeps them off each other.
///
/// Coordinates are whole database units inside, so that abutting macros never overlap by rounding.
/// The lower-left corner of a movable macro lies on that lattice; a size that is no whole number
/// counts as the next larger. Two macros conflict if they come closer than the spacing on both
/// axes; a macro and a blockage if they overlap. Touching is legal. Fixed macros and blockages are
/// rounded outwards.
///
/// Boxes are found through buckets of about the mean size of a macro: a query looks at a handful
/// of boxes, however many macros there are. Nothing allocates after construction; a copy costs a
/// few flat arrays. Queries are const and thread-safe. Whatever takes a macro wants a movable hard
/// macro of the netlist.
class MacroSpace {
 public:
  /// Takes all hard macros of `placement` and the blockages of the canvas. Movable macros go to the
  /// lattice position nearest to their own, inside the canvas where they fit it; those not placed
  /// stay out until moved in. The positions need not be legal, see `legal`.
  /// Throws `OptionError` for options out of range and for a canvas beyond 2^29 database units.
  MacroSpace(const netlist_io::Netlist& netlist,
             const netlist_io::Canvas& canvas,
             const netlist_io::Placement& placement,
             const MacroSpaceOptions& options = {});

  /// The movable hard macros in file order.
  std::span<const netlist_io::NodeId> macros() const { return geometry_.macros; }

  /// The lattice position nearest to the given centre at which the macro is inside the canvas. If
  /// it is larger than the canvas, its lower-left corner is that of the canvas.
  cost::NodeMove snap(const cost::NodeMove& pose) const;
  double snap_x(netlist_io::NodeId macro, double x, netlist_io::Orientation orientation) const;
  double snap_y(netlist_io::NodeId macro, double y, netlist_io::Orientation orientation) const;

  /// Where the macro is, on the lattice; where it was last if it has been taken out.
  cost::NodeMove pose(netlist_io::NodeId macro) const;

  /// Whether the macro may stand there: inside the canvas and in conflict with nothing but its own
  /// old place. A centre off the lattice counts as the nearest one on it.
  bool fits(const cost::NodeMove& pose) const;
  bool fits(netlist_io::NodeId macro,
            double x,
            double y,
            netlist_io::Orientation orientation) const {
    return fits(cost::NodeMove{macro, x, y, orientation});
  }
  /// Whether all these macros, each named once, may move there together. Quadratic in their number.
  bool fits(std::span<const cost::NodeMove> poses) const;

  /// Moves a macro, or takes it in, at the lattice position nearest to the given one. Does not
  /// check: the caller has asked `fits`.
  void move(const cost::NodeMove& pose);
  void move(netlist_io::NodeId macro, double x, double y, netlist_io::Orientation orientation) {
    move(cost::NodeMove{macro, x, y, orientation});
  }
  void move(std::span<const cost::NodeMove> poses);
  /// Takes the macro out: it is in nobody's way until moved again.
  void remove(netlist_io::NodeId macro);

  /// How far the macro can slide from its place along each axis.
  FreeTravel free_travel(netlist_io::NodeId macro) const;

  /// Whether all movable macros are in and each fits where it is.
  bool legal() const;

  /// Writes position and orientation of all movable hard macros.
  void write(netlist_io::Placement& placement) const;

 private:
  using Item = std::uint32_t;
  using Slot = std::uint32_t;
  static constexpr std::uint32_t kNone = 0xFFFFFFFF;

  /// An item in the list of a bucket. Each item owns as many entries as it can need.
  struct Entry {
    Item item = 0;
    Slot next = kNone;
    Slot previous = kNone;
  };
  struct BucketRange {
    LatticePoint first;
    LatticePoint last;
  };

  void build_buckets();
  /// Number of buckets that a movable item can overlap, wherever it stands and however it is
  /// turned.
  std::size_t entries_needed(Item item) const;
  std::size_t num_buckets(const LatticeBox& box) const;

  Item item_of(netlist_io::NodeId macro) const { return item_of_node_[macro.index()]; }
  double snap_on(std::size_t axis,
                 Item item,
                 double centre,
                 netlist_io::Orientation orientation) const;
  LatticeBox box_at(Item item, const cost::NodeMove& pose) const;
  bool inside(Item item, const LatticeBox& box, netlist_io::Orientation orientation) const;
  BucketRange buckets_of(const LatticeBox& box) const;
  std::size_t bucket(std::int32_t col, std::int32_t row) const {
    return static_cast<std::size_t>(row) * static_cast<std::size_t>(num_buckets_[0]) +
           static_cast<std::size_t>(col);
  }
  /// Whether `accept(item)` for every item, but `self`, that conflicts with `box`.
  template <typename Accept>
  bool all_conflicts(const LatticeBox& box, Item self, Accept accept) const;
  void link(Item item);
  void unlink(Item item);
  double travel(Item item, std::size_t axis, int direction) const;

  MacroGeometry geometry_;
  std::array<int, 2> shift_{};  ///< a bucket is 2^shift database units long
  LatticePoint num_buckets_{};
  std::vector<Item> item_of_node_;  ///< the movable macros come first, then the obstacles
  std::vector<netlist_io::Orientation> orientations_;  ///< movable items
  std::vector<std::uint8_t> present_;                  ///< movable items
  std::vector<LatticeBox> boxes_;                      ///< all items
  std::vector<Slot> first_slot_;                       ///< all items
  std::vector<Slot> heads_;                            ///< buckets, row by row
  std::vector<Entry> entries_;
};

}  // namespace tessera::placer
