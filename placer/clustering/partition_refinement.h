#pragma once

#include <cstdint>
#include <vector>

#include "netlist_io/rng.h"
#include "placer/clustering/weighted_hypergraph.h"

namespace tessera::placer {

struct RefinementOptions {
  std::int32_t num_parts = 1;
  std::int64_t min_part_weight = 0;  ///< no move makes a part lighter than this
  std::int64_t max_part_weight = 0;  ///< no move makes a part heavier than this
  int cycles = 2;                    ///< times that the levels are gone through, >= 0
  int passes = 3;                    ///< over the vertices of a level, at most, >= 1
};

/// Improves a partition: lowers the sum over nets of weight times (parts that it reaches - 1) by
/// moving vertices, and on coarser levels clumps of vertices of one part, to parts that they are
/// connected with. Never raises it. `part_of` [vertices] has parts 0 .. num_parts - 1.
void refine_partition(const WeightedHypergraph& graph,
                      const RefinementOptions& options,
                      netlist_io::Rng& rng,
                      std::vector<std::int32_t>& part_of);

}  // namespace tessera::placer
