#pragma once

#include <cstdint>
#include <vector>

#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/macro_graph.h"

namespace tessera::placer {

/// In which order an episode places the movable hard macros.
enum class MacroOrder : std::uint8_t {
  /// Descending area, ties in file order: the order of Circuit Training.
  kArea,
  /// The largest macro first, then always the one most strongly connected to those before it,
  /// directly or through one other node (after LinkPlace, which counts shared nets).
  kConnectivity,
};

/// The hard macros that are not fixed in `placement`, in the order in which to place them.
std::vector<netlist_io::NodeId> order_macros(const netlist_io::Netlist& netlist,
                                             const netlist_io::Placement& placement,
                                             const MacroGraph& graph,
                                             MacroOrder order);

}  // namespace tessera::placer
