#pragma once

#include "app/block_input.h"
#include "placer/macro_geometry.h"

namespace tessera::app {

/// Fills in where a block lets its macros stand, `macro_rules` and `tracks`. From LEF/DEF: halos of
/// the DEF, the manufacturing grid, where pins meet tracks, orientations. From Bookshelf: at whole
/// numbers if its macros have no others. Otherwise anywhere.
void find_design_rules(Block& block);

}  // namespace tessera::app
