#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/plc_header.h"

namespace tessera::netlist_io {

/// What the routing layers of a technology offer to the wires between macros and cells.
struct RoutingTracks {
  RoutesPerMicron routes;        ///< of all layers that count, both above 0
  RoutesPerMicron macro_routes;  ///< of those that hard macros block; at most `routes`
};

/// Tracks as far as the LEF tells them.
struct RoutingTracksResult {
  std::optional<RoutingTracks> tracks;
  std::string missing;  ///< what the LEF lacks, as a clause; empty if there are tracks
};

/// Finds the tracks per micron of `library`, and those that the hard macros of a design take away.
/// `macro_masters` has the master of each hard macro, as an index into `library.masters`, once for
/// each macro.
///
/// A layer of type ROUTING has 1 / pitch tracks, in its preferred direction only; the pitch across
/// that direction counts. The layers up to the lowest one that has signal pins of standard cells
/// do not count, for pins, power rails and wires inside the cells fill them: metal1 of most
/// technologies, li1 of those with local interconnect. In a library without such pins, the lowest
/// routing layer does not count. "Up to" is meant in the order of `library.layers`, for LEF asks
/// for layers from the bottom to the top.
///
/// A master blocks a layer if its obstructions and pins cover at least half of its area there,
/// overlaps counted for each.
/// `macro_routes` is the mean over the hard macros, weighted by area. Masters without obstructions
/// on any routing layer say nothing about what they block and are left out of it; where there are
/// hard macros and all are of this kind, nothing is derived: tracks without blockage would be no
/// better founded than the defaults.
RoutingTracksResult find_routing_tracks(const LefLibrary& library,
                                        std::span<const std::uint32_t> macro_masters);

}  // namespace tessera::netlist_io
