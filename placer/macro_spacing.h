#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <memory>
#include <vector>

#include "netlist_io/ids.h"
#include "netlist_io/orientation.h"

namespace tessera::placer {

/// Keep-out of one macro, microns, from its edges.
struct Halo {
  double left = 0.0;
  double bottom = 0.0;
  double right = 0.0;
  double top = 0.0;

  bool operator==(const Halo&) const = default;
};

/// The halo as it lies on the canvas once the macro is turned.
Halo turned(const Halo& halo, netlist_io::Orientation orientation);

/// Empty space that hard macros keep between each other; neither the canvas edge nor blockages ask
/// for any, except where macros have halos of their own that differ: then what exceeds the smallest
/// of them keeps blockages away as well.
struct MacroSpacing {
  double halo_x_um = 0.0;     ///< keep-out of each macro to the left and to the right
  double halo_y_um = 0.0;     ///< keep-out of each macro below and above
  double channel_x_um = 0.0;  ///< least horizontal gap between two macros side by side
  double channel_y_um = 0.0;  ///< least vertical gap between two macros one above the other
  /// Keep-outs of single macros by node, in orientation N, empty or one a node; the larger of these
  /// and those above counts.
  std::shared_ptr<const std::vector<Halo>> own_halos = nullptr;

  /// Keep-out of a macro as it lies on the canvas. Halos meet between two macros, that of one after
  /// that of the other; a channel is shared.
  Halo halo_of(netlist_io::NodeId macro, netlist_io::Orientation orientation) const;
  /// Gap between two macros without halos of their own.
  double gap_x() const { return std::max(2.0 * halo_x_um, channel_x_um); }
  double gap_y() const { return std::max(2.0 * halo_y_um, channel_y_um); }

  /// Throws `netlist_io::OptionError` naming the option, its value and its range.
  void validate() const;
};

}  // namespace tessera::placer
