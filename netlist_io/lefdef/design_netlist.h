#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::netlist_io {

/// What was counted, left out or guessed on the way from a DEF to a netlist.
struct DesignNetlistReport {
  std::size_t supply_nets = 0;        ///< power and ground, left out
  std::size_t dangling_nets = 0;      ///< fewer than two ends, left out
  std::size_t weightless_nets = 0;    ///< of weight 0, left out
  std::size_t guessed_drivers = 0;    ///< nets without an output: the first inout or the first end
  std::size_t multi_driver_nets = 0;  ///< all outputs but the first count as sinks
  std::size_t unconnected_cells = 0;  ///< standard cells on no net, left out
  std::size_t pins_without_shapes = 0;  ///< connected macro pins, taken at the macro's centre
  std::size_t unplaced_ports = 0;       ///< spread evenly over the boundary
  std::size_t renamed_ports = 0;        ///< NAME.port, for a component has the name
};

/// A DEF design as a flat netlist on a canvas.
///
/// The canvas is the bounding box of the die area, its lower-left corner moved to (0, 0); what a
/// polygon die cuts off and what lies outside the bounding box of the rows is blocked (rate 1), and
/// so are hard placement blockages (rate 0.99). Hard macros are components of class BLOCK, PAD or
/// RING, or of no class and higher than a row; COVER components are left out. Fixed are FIXED
/// hard macros and all ports. Node order: ports, hard macros each with its connected pins, standard
/// cells, all in file order.
struct DesignNetlist {
  Netlist netlist;
  Placement placement;  ///< as in the DEF; `placed` tells what had a place there
  Canvas canvas;        ///< 10 x 10 cells
  DefPoint origin;      ///< lower-left corner of the canvas in the DEF
  std::vector<std::uint32_t> component_of_node;  ///< index, `kNoComponent` for ports
  DesignNetlistReport report;

  static constexpr std::uint32_t kNoComponent = 0xFFFFFFFF;
};

/// Throws `ParseError` naming the file if the design has no die area with an area or nothing in it.
DesignNetlist make_design_netlist(const LefLibrary& library, const DefDesign& design);

/// A point of the canvas, microns, as the DEF says it, rounded to the nearest database unit.
DefPoint def_point(const DesignNetlist& netlist, const DefDesign& design, double x, double y);

}  // namespace tessera::netlist_io
