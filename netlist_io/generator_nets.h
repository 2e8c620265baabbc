#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

#include "netlist_io/generator.h"
#include "netlist_io/generator_library.h"

// Internal to the generator: who drives whom in a synthetic block.

namespace tessera::netlist_io::generator {

enum class EndKind : std::uint8_t { kCluster, kPort, kMacroPin };

/// A sink: the input of a cluster, a port, or a pin of a macro.
struct NetEnd {
  EndKind kind = EndKind::kCluster;
  std::size_t owner = 0;  ///< cluster, port or macro
  std::size_t pin = 0;    ///< of a macro

  auto operator<=>(const NetEnd&) const = default;
};

using NetSinks = std::vector<NetEnd>;

/// Nets driven by one cluster.
struct ClusterNets {
  std::vector<NetSinks> multi;      ///< two or more distinct sinks, weight 1
  std::map<NetEnd, double> single;  ///< weight per sink
};

/// All nets, by driver; empty sinks where a port or a pin drives none.
struct CircuitNets {
  std::vector<NetSinks> ports;
  std::vector<std::vector<NetSinks>> macro_pins;  ///< per macro and pin
  std::vector<ClusterNets> clusters;
};

/// Locations of clusters in the unit square: one per cell of a square grid, jittered, some cells
/// empty, so that they cover it evenly.
std::vector<HiddenPoint> scatter_clusters(std::size_t count, std::uint64_t seed);

/// Connects ports, macros and clusters. `clusters` and `areas` are indexed alike.
CircuitNets make_nets(const GeneratorOptions& options,
                      const MacroLibrary& library,
                      const std::vector<PortPlan>& ports,
                      const std::vector<HiddenPoint>& clusters,
                      const std::vector<double>& areas);

}  // namespace tessera::netlist_io::generator
