#pragma once

#include "placer/clustering/fixed_groups.h"
#include "placer/clustering/flat_graph.h"

namespace tessera::placer {

/// Breaks up every group whose box is longer than `max_extent_um` on an axis: around the centroid
/// of its standard cells lie tiles of that size (one tile on an axis on which the box is shorter);
/// the vertices in the tile of the centroid keep the group, those in each other tile become a new
/// one. New ids follow the highest one, in the order of groups, then of vertices.
///
/// The rules are those of Circuit Training's grouper.
void break_up_groups(const FlatGraph& graph, double max_extent_um, GroupOf& group_of);

}  // namespace tessera::placer
