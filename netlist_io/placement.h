#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/ids.h"
#include "netlist_io/netlist.h"
#include "netlist_io/orientation.h"

namespace tessera::netlist_io {

/// Where the nodes are: one entry per node of a netlist. A plain value; owns no netlist.
struct Placement {
  std::vector<double> x;  ///< centre, microns
  std::vector<double> y;  ///< centre, microns
  std::vector<Orientation> orientation;
  std::vector<std::uint8_t> fixed;   ///< 1: may not be moved
  std::vector<std::uint8_t> placed;  ///< 1: the position counts

  Placement() = default;
  /// Everything at the netlist's own position and orientation, placed; ports fixed.
  explicit Placement(const Netlist& netlist);

  std::size_t size() const { return x.size(); }

  /// Box of a macro; width and height exchanged in orientations E, FE, W and FW.
  Rect box(const Netlist& netlist, NodeId node) const {
    return box(node, netlist.width(node), netlist.height(node));
  }

 private:
  Rect box(NodeId node, double width, double height) const {
    const std::size_t i = node.index();
    const bool swap = swaps_axes(orientation[i]);
    const double half_x = 0.5 * (swap ? height : width);
    const double half_y = 0.5 * (swap ? width : height);
    return {x[i] - half_x, y[i] - half_y, x[i] + half_x, y[i] + half_y};
  }
};

}  // namespace tessera::netlist_io
