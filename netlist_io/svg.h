#pragma once

#include <string>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::netlist_io {

/// What a drawing shows.
struct SvgOptions {
  double width_px = 900.0;  ///< drawing width without margins, pixels; > 0
  bool show_grid = true;    ///< grid lines
  bool show_soft_macros = true;
  bool show_ports = true;
  bool show_names = true;  ///< names on hard macros large enough for them
  std::string title;       ///< shown above the canvas; nothing if empty

  /// Throws `OptionError` naming the option, its value and its range.
  void validate() const;
};

/// Draws a placement as a self-contained SVG image, y pointing up: hard macros (fixed ones hatched,
/// a notch in the corner that is lower left in orientation N), soft macros and standard cells
/// translucent, ports, blockages. Hovering shows names. Colours are told apart by colour-blind
/// readers (Okabe and Ito, "Color universal design", 2008). Nodes that are not placed are left out.
/// The text depends on the arguments alone.
std::string format_svg(const Netlist& netlist,
                       const Canvas& canvas,
                       const Placement& placement,
                       const SvgOptions& options = {});

}  // namespace tessera::netlist_io
