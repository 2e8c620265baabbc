#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "cost/edge_use.h"
#include "netlist_io/placement.h"
#include "placer/macro_spacing.h"

namespace tessera::app {

/// What the page needs to know about a netlist. Ports and macros only, in the order of the netlist:
/// standard cells, of which there may be a million, show in the density. Arrays by node are
/// `names`, `kinds` (a letter each: `m` hard macro, `s` soft macro, `p` port), `width`, `height`
/// (microns, orientation N), `num_pins` and `num_nets`. The pins of node i on nets are numbered
/// from `first_pin[i]`; `pin_x`, `pin_y` are their offsets from its centre in orientation N. Net j
/// has the pins `net_pins[net_start[j]]` up to `net_start[j + 1]`, its driver, if that is no
/// standard cell, first. `master` is there if the input has LEF masters; `std_cells` counts what
/// was left out.
nlohmann::ordered_json netlist_payload(const Block& block);

/// Where the nodes of `netlist_payload` are: `x`, `y` (centres, microns), `orientation` (its name),
/// and `placed`, a digit a node.
nlohmann::ordered_json positions_payload(const Block& block,
                                         const netlist_io::Placement& placement);

/// Canvas, grid, blockages, halos, fixed nodes and the maps of the exact cost. Maps go by row from
/// the lower left: `density` is the fraction of the area of a cell, `horizontal` and `vertical` the
/// demand over the capacity of its routing.
nlohmann::ordered_json floorplan_payload(const Block& block,
                                         const netlist_io::Placement& placement,
                                         const placer::MacroSpacing& spacing);

/// Maps of a flat placement: `grid` (columns and rows of gcells), `edges`, the use of the most used
/// routing edge of each gcell, and `rudy`, wire per area in um / um^2; both by row from the lower
/// left.
nlohmann::ordered_json flat_maps_payload(const cost::EdgeUse& edges);

}  // namespace tessera::app
