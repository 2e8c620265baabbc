#pragma once

#include <cstdint>
#include <vector>

#include "netlist_io/rng.h"
#include "placer/clustering/weighted_hypergraph.h"

namespace tessera::placer {

/// Keeps parts compact: where vertices are, and how far from the middle of its part one may be that
/// moves there.
struct PartReach {
  std::vector<double> x;  ///< of vertices, microns [vertices]
  std::vector<double> y;
  double max_distance_um = 0.0;  ///< along either axis
};

struct RefinementOptions {
  std::int32_t num_parts = 1;
  std::int64_t min_part_weight = 0;  ///< no move makes a part lighter than this
  std::int64_t max_part_weight = 0;  ///< no move makes a part heavier than this
  /// The k-th further part of a net costs 1 + (k - 1) * this, >= 0. With 0 the objective is
  /// connectivity minus one; with more, one net over many parts is worse than many over two.
  double span_growth = 0.0;
  int cycles = 2;  ///< times that the levels are gone through, >= 0
  int passes = 3;  ///< over the vertices of a level, at most, >= 1
};

/// Improves a partition: lowers the sum over nets of weight times the cost of the parts that it
/// reaches by moving vertices, and on coarser levels clumps of vertices of one part, to parts that
/// they are connected with. Never raises it. `part_of` [vertices] has parts 0 .. num_parts - 1.
/// With `reach`, parts take only vertices near their middle.
void refine_partition(const WeightedHypergraph& graph,
                      const RefinementOptions& options,
                      const PartReach* reach,
                      netlist_io::Rng& rng,
                      std::vector<std::int32_t>& part_of);

}  // namespace tessera::placer
