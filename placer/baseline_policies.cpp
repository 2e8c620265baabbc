#include "placer/baseline_policies.h"

#include <algorithm>
#include <cstddef>

#include "cost/delta_map.h"

namespace tessera::placer {
namespace {

/// Cells in the order of a spiral: along the lower edge to the right, up, to the left, down, and so
/// on inwards.
std::vector<CellIndex> spiral_order(netlist_io::GridShape grid) {
  std::vector<CellIndex> order;
  order.reserve(grid.num_cells());
  int left = 0;
  int right = grid.cols - 1;
  int bottom = 0;
  int top = grid.rows - 1;
  const auto visit = [&](int col, int row) {
    order.push_back(static_cast<CellIndex>(row * grid.cols + col));
  };
  while (left <= right && bottom <= top) {
    for (int col = left; col <= right; ++col) {
      visit(col, bottom);
    }
    for (int row = bottom + 1; row <= top; ++row) {
      visit(right, row);
    }
    for (int col = right - 1; col >= left && top > bottom; --col) {
      visit(col, top);
    }
    for (int row = top - 1; row > bottom && right > left; --row) {
      visit(left, row);
    }
    ++left;
    --right;
    ++bottom;
    --top;
  }
  return order;
}

}  // namespace

void SpiralPolicy::evaluate(std::span<const MacroEnv* const> envs, PolicyOutput& output) const {
  const std::vector<CellIndex> order = spiral_order(envs.front()->problem().canvas().grid);
  output.values.assign(envs.size(), 0.0F);
  output.logits.resize(envs.size() * order.size());
  for (std::size_t i = 0; i < envs.size(); ++i) {
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      output.logits[i * order.size() + order[rank]] = -static_cast<float>(rank);
    }
  }
}

void GreedyDeltaPolicy::evaluate(std::span<const MacroEnv* const> envs,
                                 PolicyOutput& output) const {
  const MacroProblem& problem = envs.front()->problem();
  const std::size_t num_cells = problem.canvas().grid.num_cells();
  output.values.assign(envs.size(), 0.0F);
  output.logits.resize(envs.size() * num_cells);
  cost::DeltaMapper mapper(problem.incremental_model());
  cost::DeltaMap map;
  std::vector<CellIndex> legal;
  for (std::size_t i = 0; i < envs.size(); ++i) {
    legal.clear();
    envs[i]->mask().for_each([&](CellIndex cell) { legal.push_back(cell); });
    mapper.compute(envs[i]->running_cost(), problem.macros()[envs[i]->num_placed()], legal, map);
    std::transform(map.proxy.begin(),
                   map.proxy.end(),
                   output.logits.begin() + static_cast<std::ptrdiff_t>(i * num_cells),
                   [](double growth) { return static_cast<float>(-growth); });
  }
}

}  // namespace tessera::placer
