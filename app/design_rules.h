#pragma once

#include "app/block_input.h"
#include "placer/macro_geometry.h"

namespace tessera::app {

/// Where a block lets its macros stand. From LEF/DEF: halos of the DEF, the manufacturing grid,
/// where pins meet tracks, orientations. From Bookshelf: at whole numbers if its macros have no
/// others. Otherwise anywhere.
placer::MacroSpaceOptions design_rules(const Block& block);

}  // namespace tessera::app
