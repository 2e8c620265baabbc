#pragma once

#include <string>
#include <vector>

#include "app/block_input.h"
#include "app/command.h"
#include "app/place_flags.h"
#include "netlist_io/placement.h"

namespace tessera::app {

/// Looks for reasons why a search could not succeed before it starts. Throws
/// `netlist_io::InfeasibleError` if the macros cannot all be placed; warns of, and
/// returns what is wrong with fixed macros. `fixed`: what may not move, where it stands;
/// `on_grid_only`: macros will stand at the centres of grid cells, whatever the design's own rules.
std::vector<std::string> check_feasibility(const Block& block,
                                           const netlist_io::Placement& fixed,
                                           const EnvironmentFlags& environment,
                                           bool on_grid_only);

}  // namespace tessera::app
