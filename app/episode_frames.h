#pragma once

#include <span>
#include <string>

#include "app/block_input.h"
#include "netlist_io/ids.h"
#include "netlist_io/placement.h"

namespace tessera::app {

/// Throws `netlist_io::OptionError` for a name of frames that is none: a folder, an `.svg`, or an
/// `.svg` with one `%d` or `%0Nd`; and `std::runtime_error` for a folder that is not there.
void check_frames_path(const std::string& path);

/// Writes an episode, the macros of `order` placed one after the other, then the clusters. To a
/// folder (`frame_0000.svg` and so on) or a name with `%d`, one image after each macro, the first
/// before any, the last with the clusters; else one image that moves.
void write_episode_frames(const std::string& path,
                          const Block& block,
                          const netlist_io::Placement& placement,
                          std::span<const netlist_io::NodeId> order);

}  // namespace tessera::app
