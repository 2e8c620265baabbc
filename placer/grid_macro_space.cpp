#include "placer/grid_macro_space.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

#include "cost/cell_range.h"
#include "netlist_io/errors.h"
#include "placer/cell_centre.h"
#include "placer/grid_packing.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;

namespace {

std::vector<NodeId> movable_hard_macros(const Netlist& netlist, const Placement& placement) {
  std::vector<NodeId> macros;
  for (const NodeId node : netlist.hard_macros()) {
    if (placement.fixed[node.index()] == 0) {
      macros.push_back(node);
    }
  }
  return macros;
}

}  // namespace

GridMacroSpace::GridMacroSpace(const Netlist& netlist,
                               const Canvas& canvas,
                               const Placement& placement,
                               const MacroSpacing& spacing)
    : canvas_(canvas),
      macros_(movable_hard_macros(netlist, placement)),
      index_of_node_(netlist.num_nodes(), 0),
      empty_(netlist, canvas, placement, macros_, spacing) {
  for (std::size_t i = 0; i < macros_.size(); ++i) {
    const std::size_t node = macros_[i].index();
    index_of_node_[node] = static_cast<std::uint32_t>(i);
    cells_.push_back(cell_at(placement.x[node], placement.y[node]));
  }
}

CellIndex GridMacroSpace::cell_at(double x, double y) const {
  const netlist_io::GridShape grid = canvas_.grid;
  const int col = cost::detail::cell_index(x, canvas_.cell_width(), 0, grid.cols - 1);
  const int row = cost::detail::cell_index(y, canvas_.cell_height(), 0, grid.rows - 1);
  return static_cast<CellIndex>(col + row * grid.cols);
}

cost::NodeMove GridMacroSpace::snap(const cost::NodeMove& pose) const {
  const CellIndex cell = cell_at(pose.x, pose.y);
  const CellCentre centre = cell_centre(canvas_, cell);
  return {pose.node, centre.x, centre.y, pose.orientation};
}

bool GridMacroSpace::fits(std::span<const cost::NodeMove> poses) const {
  for (std::size_t i = 0; i < poses.size(); ++i) {
    const std::uint32_t macro = index_of_node_[poses[i].node.index()];
    const CellIndex cell = cell_at(poses[i].x, poses[i].y);
    if (!empty_.mask(macro).test(cell)) {
      return false;
    }
    for (std::size_t j = i + 1; j < poses.size(); ++j) {
      const std::uint32_t other = index_of_node_[poses[j].node.index()];
      if (empty_.conflict(macro, cell, other, cell_at(poses[j].x, poses[j].y))) {
        return false;
      }
    }
    for (std::size_t other = 0; other < macros_.size(); ++other) {
      if (other != macro && empty_.conflict(macro, cell, other, cells_[other]) &&
          std::none_of(poses.begin(), poses.end(), [&](const cost::NodeMove& pose) {
            return pose.node == macros_[other];
          })) {
        return false;
      }
    }
  }
  return true;
}

void GridMacroSpace::move(std::span<const cost::NodeMove> poses) {
  for (const cost::NodeMove& pose : poses) {
    cells_[index_of_node_[pose.node.index()]] = cell_at(pose.x, pose.y);
  }
}

bool GridMacroSpace::legal() const {
  for (std::size_t i = 0; i < macros_.size(); ++i) {
    if (!empty_.mask(i).test(cells_[i])) {
      return false;
    }
    for (std::size_t other = i + 1; other < macros_.size(); ++other) {
      if (empty_.conflict(i, cells_[i], other, cells_[other])) {
        return false;
      }
    }
  }
  return true;
}

namespace {

/// The cell of `mask` nearest to (x, y), if there is one.
std::optional<CellIndex> nearest_cell(CellMaskView mask, const Canvas& canvas, double x, double y) {
  std::optional<CellIndex> nearest;
  double least = std::numeric_limits<double>::infinity();
  mask.for_each([&](CellIndex cell) {
    const CellCentre centre = cell_centre(canvas, cell);
    const double distance = std::abs(centre.x - x) + std::abs(centre.y - y);
    if (distance < least) {
      least = distance;
      nearest = cell;
    }
  });
  return nearest;
}

}  // namespace

Placement legalize_on_grid(const Netlist& netlist,
                           const Canvas& canvas,
                           const Placement& placement,
                           const MacroSpacing& spacing) {
  const std::vector<NodeId> macros = movable_hard_macros(netlist, placement);
  const GridLegality empty(netlist, canvas, placement, macros, spacing);
  std::vector<std::size_t> order(macros.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return netlist.width(macros[a]) * netlist.height(macros[a]) >
           netlist.width(macros[b]) * netlist.height(macros[b]);
  });

  std::vector<CellIndex> cells(macros.size());
  GridLegality legality = empty;
  bool all_fit = true;
  for (const std::size_t i : order) {
    const std::size_t node = macros[i].index();
    const std::optional<CellIndex> cell =
        nearest_cell(legality.mask(i), canvas, placement.x[node], placement.y[node]);
    if (!cell) {
      all_fit = false;
      break;
    }
    cells[i] = *cell;
    legality.place(i, *cell);
  }
  if (!all_fit) {
    std::optional<GridPacking> packing = find_grid_packing(netlist, placement, macros, empty);
    if (!packing) {
      throw netlist_io::InfeasibleError("no legal placement at grid-cell centres was found for '" +
                                        netlist.name(macros[order.front()]) +
                                        "' and the other hard macros");
    }
    cells = std::move(packing->cells);
  }
  Placement legal = placement;
  for (std::size_t i = 0; i < macros.size(); ++i) {
    const CellCentre centre = cell_centre(canvas, cells[i]);
    legal.x[macros[i].index()] = centre.x;
    legal.y[macros[i].index()] = centre.y;
    legal.placed[macros[i].index()] = 1;
  }
  return legal;
}

}  // namespace tessera::placer
