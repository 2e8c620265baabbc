#pragma once

#include "app/block_input.h"
#include "placer/macro_geometry.h"

namespace tessera::app {

/// Where a block from LEF/DEF lets its macros stand: halos of the DEF, the manufacturing grid, and
/// where pins meet tracks.
placer::MacroSpaceOptions design_rules(const Block& block);

}  // namespace tessera::app
