#include "placer/macro_geometry.h"

#include <algorithm>
#include <string>

#include "netlist_io/errors.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Placement;
using netlist_io::Rect;

namespace {

void require_length(const char* name, double value) {
  if (!(value >= 0.0 && value < 1e300)) {
    throw OptionError(std::string(name) + " is " + std::to_string(value) +
                      ", but must be finite and >= 0");
  }
}

}  // namespace

void MacroSpaceOptions::validate() const {
  if (!(dbu_um > 0.0 && dbu_um < 1e300)) {
    throw OptionError("dbu_um is " + std::to_string(dbu_um) + ", but must be finite and > 0");
  }
  require_length("halo_x_um", spacing.halo_x_um);
  require_length("halo_y_um", spacing.halo_y_um);
  require_length("channel_x_um", spacing.channel_x_um);
  require_length("channel_y_um", spacing.channel_y_um);
}

MacroGeometry::MacroGeometry(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& placement,
                             const MacroSpaceOptions& options)
    : lattice((options.validate(), options.dbu_um)),
      gap{lattice.up(options.spacing.gap_x()), lattice.up(options.spacing.gap_y())},
      room{lattice.up(canvas.width), lattice.up(canvas.height)} {
  if (std::max(room[0], room[1]) >= DbuLattice::kLimit) {
    throw OptionError("dbu_um is " + std::to_string(options.dbu_um) +
                      ", too short for a canvas of " + std::to_string(canvas.width) + " x " +
                      std::to_string(canvas.height) + " um");
  }
  for (const NodeId macro : netlist.hard_macros()) {
    if (placement.fixed[macro.index()] == 0) {
      add_movable(macro, netlist, canvas);
    } else {
      add_obstacle(placement.box(netlist, macro), true);
    }
  }
  for (const netlist_io::Blockage& blockage : canvas.blockages) {
    add_obstacle(blockage.rect, false);
  }
}

void MacroGeometry::add_movable(NodeId macro, const Netlist& netlist, const Canvas& canvas) {
  const std::array<double, 2> size_um = {netlist.width(macro), netlist.height(macro)};
  const std::array<double, 2> room_um = {canvas.width, canvas.height};
  Shape shape;
  for (std::size_t axis = 0; axis < 2; ++axis) {
    shape.half_um[axis] = 0.5 * size_um[axis];
    shape.size[axis] = lattice.up(size_um[axis]);
    shape.max_lo[0][axis] = lattice.down(room_um[axis] - size_um[axis]);
    shape.max_lo[1][axis] = lattice.down(room_um[axis] - size_um[1 - axis]);
  }
  macros.push_back(macro);
  shapes.push_back(shape);
}

void MacroGeometry::add_obstacle(const Rect& rect, bool spaced) {
  LatticeBox box = {{lattice.down(rect.x0), lattice.down(rect.y0)},
                    {lattice.up(rect.x1), lattice.up(rect.y1)}};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    (spaced ? box.hi : box.lo)[axis] += gap[axis];
  }
  obstacles.push_back(box);
}

}  // namespace tessera::placer
