#pragma once

#include <span>
#include <vector>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::cost {

/// Box that a macro or standard cell fills in the cost. Unlike its outline for legality, it never
/// exchanges width and height: the published evaluators ignore quarter turns here.
netlist_io::Rect cost_box(const netlist_io::Netlist& netlist,
                          const netlist_io::Placement& placement,
                          netlist_io::NodeId node,
                          SoftMacroShape shape);

/// Fills `density` [rows x cols, row-major from the bottom] with the area of all macros (and
/// standard cells) over each grid cell, as a fraction of the cell's area. Overlaps add up, so that
/// values above 1 occur; area outside the canvas is lost.
void compute_density(const netlist_io::Netlist& netlist,
                     const netlist_io::Canvas& canvas,
                     const netlist_io::Placement& placement,
                     SoftMacroShape shape,
                     std::vector<double>& density);

/// Half the mean of the densest tenth of the cells; on grids of fewer than 10 cells, half the mean
/// of the occupied ones. `scratch` is overwritten.
double density_cost(std::span<const double> density, std::vector<double>& scratch);

}  // namespace tessera::cost
