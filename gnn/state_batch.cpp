#include "gnn/state_batch.h"

#include <algorithm>

namespace tessera::gnn {

netlist_io::GridShape StateBatch::common_grid() const {
  netlist_io::GridShape common{0, 0};
  for (const netlist_io::GridShape grid : grids) {
    common.cols = std::max(common.cols, grid.cols);
    common.rows = std::max(common.rows, grid.rows);
  }
  return common;
}

StateBatch StateBatch::to(torch::Device device) const {
  StateBatch copy = *this;
  for (torch::Tensor* const tensor : {&copy.nodes,
                                      &copy.state_of_vertex,
                                      &copy.inverse_vertices,
                                      &copy.current,
                                      &copy.metadata,
                                      &copy.cells,
                                      &copy.canvas,
                                      &copy.inside}) {
    if (tensor->defined()) {
      *tensor = tensor->to(device);
    }
  }
  return copy;
}

}  // namespace tessera::gnn
