#pragma once

#include <string>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// A clustered block to learn from. A plain value.
struct CorpusBlock {
  std::string name;  ///< what `load_corpus_block` makes it from again
  netlist_io::Netlist netlist;
  netlist_io::Canvas canvas;
  netlist_io::Placement placement;  ///< ports and fixed nodes count
  cost::CostOptions cost;
};

}  // namespace tessera::placer
