#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// What a vertex of a `FlatGraph` is in the netlist.
enum class VertexKind : std::uint8_t { kPort, kMacro, kMacroPin, kStdCell };

/// A flat netlist (no soft macros) as clustering sees it: one vertex for every port, standard cell,
/// hard macro and macro pin, numbered as in the file (`file_index`), with its position.
///
/// Macros have no nets: their pins do.
struct FlatGraph {
  std::vector<VertexKind> kind;          // [vertices]
  std::vector<netlist_io::NodeId> node;  ///< the vertex's node, or the node of the pin [vertices]
  std::vector<double> x;                 ///< centre or pin position, microns [vertices]
  std::vector<double> y;                 ///< centre or pin position, microns [vertices]
  std::vector<double> area;              ///< of a standard cell, square microns; else 0 [vertices]

  // Nets of at most `max_fanout` sinks, by the vertex of their driver.
  std::vector<std::uint32_t> net_start = {0};  // [nets + 1]
  std::vector<std::uint32_t> net_vertices;     ///< driver first, then its distinct sinks
  std::vector<double> net_weight;              // [nets]

  std::size_t num_vertices() const { return kind.size(); }
  std::size_t num_nets() const { return net_weight.size(); }

  /// Driver, then the distinct sinks in file order. A driver that is its own sink comes twice.
  std::span<const std::uint32_t> net(std::size_t index) const {
    return {net_vertices.data() + net_start[index], net_vertices.data() + net_start[index + 1]};
  }
};

/// Collects vertices and nets; nets with more than `max_fanout` sinks are left out, as clock and
/// reset say nothing about who belongs together. Pins stand at the macro's centre plus their offset
/// turned by its orientation in `placement`.
///
/// Throws `std::invalid_argument` if the netlist has soft macros, the placement is not one of the
/// netlist, or the file indices of nodes and pins are not 0 .. n - 1.
FlatGraph make_flat_graph(const netlist_io::Netlist& netlist,
                          const netlist_io::Placement& placement,
                          int max_fanout);

}  // namespace tessera::placer
