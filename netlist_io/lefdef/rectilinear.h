#pragma once

#include <optional>
#include <span>
#include <vector>

#include "netlist_io/lefdef/def_design.h"

namespace tessera::netlist_io {

/// Rectangles without overlap that make up the inside of a polygon whose edges are horizontal or
/// vertical, from the bottom to the top; none if an edge is not. The last corner is joined to the
/// first. Where the polygon crosses itself, inside is what an odd number of edges separates from
/// the outside.
std::optional<std::vector<DefRect>> decompose_rectilinear(std::span<const DefPoint> corners);

/// The smallest rectangle around `points`, of which there is at least one.
DefRect bounding_box(std::span<const DefPoint> points);

}  // namespace tessera::netlist_io
