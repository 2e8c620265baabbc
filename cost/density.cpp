#include "cost/density.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cost/cell_range.h"
#include "cost/top_mean.h"

namespace tessera::cost {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Placement;
using netlist_io::Rect;

Rect cost_box(const Netlist& netlist,
              const Placement& placement,
              NodeId node,
              SoftMacroShape shape) {
  double width = netlist.width(node);
  double height = netlist.height(node);
  if (shape == SoftMacroShape::kSquare && netlist.kind(node) == NodeKind::kSoftMacro) {
    width = height = std::sqrt(width * height);
  }
  const double x = placement.x[node.index()];
  const double y = placement.y[node.index()];
  return {x - width / 2, y - height / 2, x + width / 2, y + height / 2};
}

void compute_density(const Netlist& netlist,
                     const Canvas& canvas,
                     const Placement& placement,
                     SoftMacroShape shape,
                     std::vector<double>& density) {
  const auto cols = static_cast<std::size_t>(canvas.grid.cols);
  density.assign(canvas.grid.num_cells(), 0.0);
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    if (netlist.kind(NodeId(i)) == NodeKind::kPort) {
      continue;
    }
    const Rect box = cost_box(netlist, placement, NodeId(i), shape);
    for_each_covered_cell(box, canvas, [&](int col, int row, double area) {
      density[static_cast<std::size_t>(row) * cols + static_cast<std::size_t>(col)] += area;
    });
  }
  const double cell_area = canvas.cell_width() * canvas.cell_height();
  for (double& value : density) {
    value /= cell_area;
  }
}

double density_cost(std::span<const double> density, std::vector<double>& scratch) {
  scratch.assign(density.begin(), density.end());
  const std::size_t densest = density.size() / 10;
  if (densest > 0) {
    return 0.5 * top_mean(scratch, densest);
  }
  std::erase(scratch, 0.0);
  if (scratch.empty()) {
    return 0.0;
  }
  return 0.5 * std::accumulate(scratch.begin(), scratch.end(), 0.0) /
         static_cast<double>(scratch.size());
}

}  // namespace tessera::cost
