#pragma once

#include "app/block_input.h"
#include "placer/flat/row_space.h"
#include "placer/macro_geometry.h"

namespace tessera::app {

/// Fills in where a block lets its macros stand, `macro_rules` and `tracks`. From LEF/DEF: halos of
/// the DEF, the manufacturing grid, where pins meet tracks, orientations. From Bookshelf: at whole
/// numbers if its macros have no others. Otherwise anywhere.
void find_design_rules(Block& block);

/// The rows for standard cells: those of a DEF, which go from its first row upwards without gaps,
/// with the sites that most of its rows have. Otherwise of the height of most cells, without sites.
placer::RowOptions cell_rows(const Block& block);

}  // namespace tessera::app
