#include "placer/macro_geometry.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>

#include "netlist_io/errors.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;

void MacroSpaceOptions::validate() const {
  for (const double unit : unit_um) {
    if (!(unit > 0.0 && unit < 1e300)) {
      throw OptionError("unit_um is " + std::to_string(unit) + ", but must be finite and > 0");
    }
  }
  spacing.validate();
}

MacroGeometry::MacroGeometry(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& placement,
                             const MacroSpaceOptions& options)
    : lattice{DbuLattice((options.validate(), options.unit_um[0])), DbuLattice(options.unit_um[1])},
      room{lattice[0].up(canvas.width), lattice[1].up(canvas.height)} {
  if (std::max(room[0], room[1]) >= DbuLattice::kLimit) {
    throw OptionError("unit_um is " + std::to_string(options.unit_um[0]) + " x " +
                      std::to_string(options.unit_um[1]) + ", too short for a canvas of " +
                      std::to_string(canvas.width) + " x " + std::to_string(canvas.height) + " um");
  }
  for (const NodeId macro : netlist.hard_macros()) {
    const Orientation orientation = placement.orientation[macro.index()];
    if (placement.fixed[macro.index()] == 0) {
      add_movable(macro, netlist, canvas, options);
    } else {
      add_obstacle(placement.box(netlist, macro), margin_of(macro, orientation, options.spacing));
    }
  }
  Margin least = least_margin(options.spacing);
  for (std::size_t axis = 0; axis < 2; ++axis) {  // what a macro keeps free is not the blockage's
    std::swap(least.lo[axis], least.hi[axis]);
    least.lo[axis] = -least.lo[axis];
    least.hi[axis] = -least.hi[axis];
  }
  for (const netlist_io::Blockage& blockage : canvas.blockages) {
    add_obstacle(blockage.rect, least);
  }
}

MacroGeometry::Margin MacroGeometry::margin_of(NodeId macro,
                                               Orientation orientation,
                                               const MacroSpacing& spacing) const {
  const Halo halo = spacing.halo_of(macro, orientation);
  const LatticePoint channel = {lattice[0].up(spacing.channel_x_um),
                                lattice[1].up(spacing.channel_y_um)};
  // Each macro brings half of the channel.
  return {{std::max(lattice[0].up(halo.left), channel[0] / 2),
           std::max(lattice[1].up(halo.bottom), channel[1] / 2)},
          {std::max(lattice[0].up(halo.right), channel[0] - channel[0] / 2),
           std::max(lattice[1].up(halo.top), channel[1] - channel[1] / 2)}};
}

MacroGeometry::Margin MacroGeometry::least_margin(const MacroSpacing& spacing) const {
  constexpr std::int32_t kMost = std::numeric_limits<std::int32_t>::max();
  Margin least = {{kMost, kMost}, {kMost, kMost}};
  for (const NodeId macro : macros) {
    // However it is turned.
    for (const Orientation orientation : {Orientation::kN, Orientation::kS, Orientation::kW}) {
      const Margin margin = margin_of(macro, orientation, spacing);
      for (std::size_t axis = 0; axis < 2; ++axis) {
        least.lo[axis] = std::min(least.lo[axis], margin.lo[axis]);
        least.hi[axis] = std::min(least.hi[axis], margin.hi[axis]);
      }
    }
  }
  return macros.empty() ? Margin{} : least;
}

void MacroGeometry::add_movable(NodeId macro,
                                const Netlist& netlist,
                                const Canvas& canvas,
                                const MacroSpaceOptions& options) {
  const std::array<double, 2> room_um = {canvas.width, canvas.height};
  shape_of_.emplace_back();
  for (std::size_t o = 0; o < shape_of_.back().size(); ++o) {
    const auto orientation = static_cast<Orientation>(o);
    const bool swap = swaps_axes(orientation);
    const std::array<double, 2> size_um = {swap ? netlist.height(macro) : netlist.width(macro),
                                           swap ? netlist.width(macro) : netlist.height(macro)};
    const Margin margin = margin_of(macro, orientation, options.spacing);
    std::array<double, 2> phase_um = {0.0, 0.0};
    if (options.rules && !options.rules->empty()) {
      const MacroRule& phase = (*options.rules)[macro.index()];
      phase_um = {phase.x[o], phase.y[o]};
    }
    Shape shape;
    for (std::size_t axis = 0; axis < 2; ++axis) {
      const std::int32_t low = margin.lo[axis];
      const double unit = options.unit_um[axis];
      const double phase = phase_um[axis] - std::floor(phase_um[axis] / unit + 1e-9) * unit;
      shape.centre_um[axis] = lattice[axis].um(low) + phase + 0.5 * size_um[axis];
      shape.size[axis] = low + lattice[axis].up(phase + size_um[axis]) + margin.hi[axis];
      shape.min_lo[axis] = -low;
      shape.max_lo[axis] = lattice[axis].down(room_um[axis] - size_um[axis] - phase) - low;
    }
    shape_of_.back()[o] = add_shape(shape);
  }
  macros.push_back(macro);
}

std::uint32_t MacroGeometry::add_shape(const Shape& shape) {
  // The same a few macros back, mostly.
  const auto known = std::find(shapes_.rbegin(), shapes_.rend(), shape);
  if (known != shapes_.rend()) {
    return static_cast<std::uint32_t>(shapes_.rend() - known - 1);
  }
  shapes_.push_back(shape);
  return static_cast<std::uint32_t>(shapes_.size() - 1);
}

void MacroGeometry::add_obstacle(const Rect& rect, const Margin& grown) {
  LatticeBox box = {{lattice[0].down(rect.x0), lattice[1].down(rect.y0)},
                    {lattice[0].up(rect.x1), lattice[1].up(rect.y1)}};
  for (std::size_t axis = 0; axis < 2; ++axis) {
    box.lo[axis] -= grown.lo[axis];
    box.hi[axis] += grown.hi[axis];
  }
  obstacles.push_back(box);
}

}  // namespace tessera::placer
