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

}  // namespace tessera::placer
