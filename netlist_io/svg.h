#pragma once

#include <span>
#include <string>

#include "netlist_io/canvas.h"
#include "netlist_io/ids.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::netlist_io {

/// What a drawing shows.
struct SvgOptions {
  double width_px = 900.0;  ///< drawing width without margins, pixels; > 0
  bool show_grid = true;    ///< grid lines
  bool show_soft_macros = true;
  bool show_ports = true;
  bool show_names = true;   ///< names on hard macros large enough for them
  bool show_legend = true;  ///< below the canvas: what is drawn, and a length to compare with
  std::string title;        ///< shown above the canvas; nothing if empty

  /// Throws `OptionError` naming the option, its value and its range.
  void validate() const;
};

/// Draws a placement as a self-contained SVG image, y pointing up: hard macros (fixed ones hatched,
/// a notch in the corner that is lower left in orientation N), soft macros and standard cells
/// translucent, ports as ticks that point outwards, blockages. Hovering shows names. Colours are
/// told apart by colour-blind readers (Okabe and Ito, "Color universal design", 2008). Nodes that
/// are not placed are left out. The text depends on the arguments alone.
std::string format_svg(const Netlist& netlist,
                       const Canvas& canvas,
                       const Placement& placement,
                       const SvgOptions& options = {});

/// How an episode is shown.
struct SvgAnimationOptions {
  SvgOptions picture;
  double step_s = 0.15;  ///< from one macro to the next, seconds; > 0
  double hold_s = 2.0;   ///< the finished placement before all starts again, seconds; > 0

  /// Throws `OptionError` naming the option, its value and its range.
  void validate() const;
};

/// Draws an episode as one SVG image that moves (SMIL): the nodes of `order` appear one after the
/// other where `placement` has them, then the soft macros. Where nothing moves, as on paper, it
/// shows the finished placement.
std::string format_svg_animation(const Netlist& netlist,
                                 const Canvas& canvas,
                                 const Placement& placement,
                                 std::span<const NodeId> order,
                                 const SvgAnimationOptions& options = {});

}  // namespace tessera::netlist_io
