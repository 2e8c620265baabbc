#include "placer/flat/routing_room.h"

#include <algorithm>
#include <cstddef>
#include <span>

#include "cost/cell_range.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rect;

/// Mean over the gcells that a box touches but not those wholly inside.
double use_along(const Rect& box, const Canvas& gcells, std::span<const double> use) {
  const cost::CellRange range = cost::covered_cells(box, gcells);
  double sum = 0.0;
  int count = 0;
  for (int row = range.row0; row <= range.row1; ++row) {
    const bool outer_row = row == range.row0 || row == range.row1;
    const int step = outer_row ? 1 : std::max(range.col1 - range.col0, 1);
    for (int col = range.col0; col <= range.col1; col += step) {
      sum += use[static_cast<std::size_t>(col) +
                 static_cast<std::size_t>(row) * static_cast<std::size_t>(gcells.grid.cols)];
      ++count;
    }
  }
  return count > 0 ? sum / count : 0.0;
}

/// Scales down what all get beyond their own area to `most_area`, um^2, and to half of the area
/// that nothing needs.
void limit(const Netlist& netlist, double canvas_area, double most_area, std::span<float> room) {
  double own = 0.0;
  double extra = 0.0;
  for (std::size_t i = 0; i < room.size(); ++i) {
    const double area = netlist.width(NodeId(i)) * netlist.height(NodeId(i));
    own += area;
    extra += area * (static_cast<double>(room[i]) - 1.0);
  }
  const double most = std::min(most_area, 0.5 * std::max(canvas_area - own, 0.0));
  if (extra > most) {
    const auto scale = static_cast<float>(most / extra);
    for (float& factor : room) {
      factor = 1.0F + scale * (factor - 1.0F);
    }
  }
}

/// Greatest use of the edges between neighbouring gcells of a strip: of those that vertical wires
/// cross if it is a column beside a macro, else of the others.
double most_use(const Rect& strip, const Canvas& gcells, const cost::EdgeUse& edges, bool column) {
  const cost::EdgeMaps& demand = edges.demand;
  const cost::EdgeMaps& capacity = edges.capacity;
  const int cols = edges.grid.cols;
  const cost::CellRange range = cost::covered_cells(strip, gcells);
  const int last_col = column ? range.col1 : std::min(range.col1, cols - 2);
  const int last_row = column ? std::min(range.row1, edges.grid.rows - 2) : range.row1;
  double most = 0.0;
  for (int row = range.row0; row <= last_row; ++row) {
    for (int col = range.col0; col <= last_col; ++col) {
      const int stride = column ? cols : cols - 1;
      const auto edge = static_cast<std::size_t>(col + row * stride);
      most = std::max(most,
                      column ? cost::edge_use(demand.vertical[edge], capacity.vertical[edge])
                             : cost::edge_use(demand.horizontal[edge], capacity.horizontal[edge]));
    }
  }
  return most;
}

}  // namespace

std::vector<float> room_for_routing(const Netlist& netlist,
                                    const Canvas& canvas,
                                    const Placement& placement,
                                    const cost::EdgeUse& edges,
                                    const std::vector<float>& before,
                                    const RoutingRoomOptions& options) {
  Canvas gcells = canvas;
  gcells.grid = edges.grid;
  const std::vector<double> use = cost::gcell_use(edges);
  std::vector<float> room = before;
  room.resize(netlist.num_nodes(), 1.0F);
  const auto give = [&](NodeId node, double found) {
    const double excess = std::max(found / options.usual_use, 1.0);
    const double factor = static_cast<double>(room[node.index()]) * excess * excess;
    room[node.index()] = static_cast<float>(std::min(factor, options.most_room));
  };
  const auto give_at_centre = [&](NodeId node) {
    const Rect centre = {placement.x[node.index()],
                         placement.y[node.index()],
                         placement.x[node.index()],
                         placement.y[node.index()]};
    give(node, use_along(centre, gcells, use));
  };
  for (const auto& cells : {netlist.std_cells(), netlist.soft_macros()}) {
    std::for_each(cells.begin(), cells.end(), give_at_centre);
  }
  for (const NodeId macro : netlist.hard_macros()) {
    if (placement.fixed[macro.index()] == 0) {
      give(macro, use_along(placement.box(netlist, macro), gcells, use));
    }
  }
  const double canvas_area = canvas.width * canvas.height;
  limit(netlist, canvas_area, options.most_area * canvas_area, room);
  return room;
}

std::vector<Halo> channels_for_routing(const Netlist& netlist,
                                       const Canvas& canvas,
                                       const Placement& placement,
                                       const cost::EdgeUse& edges,
                                       const std::vector<Halo>& before,
                                       const RoutingChannelOptions& options) {
  Canvas gcells = canvas;
  gcells.grid = edges.grid;
  const double width = gcells.cell_width();
  const double height = gcells.cell_height();
  std::vector<Halo> halos = before;
  halos.resize(netlist.num_nodes());
  const auto wanted = [&](const Rect& strip, bool column) {
    const double use = most_use(strip, gcells, edges, column);
    return options.gain * std::max(use / options.usual_use - 1.0, 0.0);
  };
  for (const NodeId macro : netlist.hard_macros()) {
    if (placement.fixed[macro.index()] != 0) {
      continue;
    }
    const Rect box = placement.box(netlist, macro);
    const Halo grown = {width * wanted({box.x0 - width, box.y0, box.x0, box.y1}, true),
                        height * wanted({box.x0, box.y0 - height, box.x1, box.y0}, false),
                        width * wanted({box.x1, box.y0, box.x1 + width, box.y1}, true),
                        height * wanted({box.x0, box.y1, box.x1, box.y1 + height}, false)};
    const Halo unturned = turned(grown, netlist_io::inverse(placement.orientation[macro.index()]));
    Halo& halo = halos[macro.index()];
    const double most = options.most_gcells * std::max(width, height);
    halo = {std::min(halo.left + unturned.left, most),
            std::min(halo.bottom + unturned.bottom, most),
            std::min(halo.right + unturned.right, most),
            std::min(halo.top + unturned.top, most)};
  }
  return halos;
}

}  // namespace tessera::placer
