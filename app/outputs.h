#pragma once

#include <string>
#include <vector>

#include "app/block_input.h"
#include "netlist_io/placement.h"

namespace tessera::app {

/// Throws `netlist_io::OptionError` for an output whose name has no known ending: `.plc[.gz]`,
/// `.pb.txt[.gz]` or `.svg`, and `std::runtime_error` for one in a folder that is not there. Called
/// before long work starts.
void check_output_names(const std::vector<std::string>& paths);

/// Writes a placement of `block` to each path in the format of its name. Fixed flags are written
/// as the input had them.
void write_outputs(const std::vector<std::string>& paths,
                   const Block& block,
                   netlist_io::Placement placement);

}  // namespace tessera::app
