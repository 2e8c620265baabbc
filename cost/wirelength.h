#pragma once

#include <vector>

#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::cost {

/// Position of every pin of a netlist, microns, indexed by `PinId`.
struct PinPositions {
  std::vector<double> x;
  std::vector<double> y;

  /// Takes the positions from a placement: centre of the node plus the pin's offset turned by the
  /// node's orientation.
  void update(const netlist_io::Netlist& netlist, const netlist_io::Placement& placement);

  /// The same for the pins of one node only.
  void update(const netlist_io::Netlist& netlist,
              const netlist_io::Placement& placement,
              netlist_io::NodeId node);
};

/// Half-perimeter wirelength of one net, microns, without its weight.
double hpwl_um(const netlist_io::Netlist& netlist, const PinPositions& pins, netlist_io::NetId net);

/// Sum over all nets of weight x half-perimeter wirelength, microns.
double weighted_hpwl_um(const netlist_io::Netlist& netlist, const PinPositions& pins);

}  // namespace tessera::cost
