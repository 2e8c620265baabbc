#include "placer/search_problem.h"

#include <map>
#include <utility>

#include "placer/keep_inside.h"

namespace tessera::placer {

using cost::NodeMove;
using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Placement;

SearchProblem::SearchProblem(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& placement,
                             const SearchOptions& options)
    : options_(options),
      model_(netlist, canvas, options.cost),
      clearance_{GridClearance(canvas.cell_width(), canvas.grid.cols),
                 GridClearance(canvas.cell_height(), canvas.grid.rows)} {
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    const NodeKind kind = netlist.kind(NodeId(i));
    if (placement.fixed[i] != 0 || kind == NodeKind::kPort) {
      continue;
    }
    (kind == NodeKind::kHardMacro ? hard_ : soft_).push_back(NodeId(i));
  }
  group_hard_by_size();
}

void SearchProblem::group_hard_by_size() {
  const Netlist& netlist = model_.netlist();
  group_of_node_.assign(netlist.num_nodes(), 0);
  std::map<std::pair<double, double>, std::uint32_t> group_of_size;
  for (const NodeId macro : hard_) {
    const auto [entry, is_new] = group_of_size.try_emplace(
        {netlist.width(macro), netlist.height(macro)}, static_cast<std::uint32_t>(groups_.size()));
    if (is_new) {
      groups_.emplace_back();
    }
    groups_[entry->second].push_back(macro);
    group_of_node_[macro.index()] = entry->second;
  }
}

NodeMove SearchProblem::settle_soft(const NodeMove& move) const {
  const Extent extent =
      outer_extent(netlist(), move.node, move.orientation, options_.cost.soft_macro_shape);
  const auto settle =
      [](double centre, double size, double length, const GridClearance& clearance) {
        const double inside = clamp_centre(centre, size, length);
        const double by = clearance.shift(inside);
        const double clear = clamp_centre(inside + by, size, length);
        // At the canvas edge, perhaps only the other side of the line is free.
        return clearance.shift(clear) == 0.0 ? clear : clamp_centre(inside - by, size, length);
      };
  return {move.node,
          settle(move.x, extent.width, canvas().width, clearance_[0]),
          settle(move.y, extent.height, canvas().height, clearance_[1]),
          move.orientation};
}

}  // namespace tessera::placer
