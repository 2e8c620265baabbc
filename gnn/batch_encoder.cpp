#include "gnn/batch_encoder.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace tessera::gnn {

Observation observe(placer::CanvasObserver& observer,
                    const placer::MacroEnv& env,
                    std::vector<float>& scratch) {
  scratch.resize(placer::kNumCanvasChannels * env.problem().canvas().grid.num_cells());
  Observation observation;
  observation.step = observe_state(observer, env, scratch);
  observation.canvas.assign(scratch.begin(), scratch.end());
  return observation;
}

namespace {

/// Copies the channels of one state to where they lie in the padded canvases.
void copy_canvas(const Observation& observation,
                 netlist_io::GridShape grid,
                 netlist_io::GridShape common,
                 at::Half* canvas) {
  const auto cols = static_cast<std::size_t>(grid.cols);
  const auto rows = static_cast<std::size_t>(grid.rows);
  const at::Half* from = observation.canvas.data();
  for (std::size_t channel = 0; channel < placer::kNumCanvasChannels; ++channel) {
    at::Half* const plane = canvas + channel * common.num_cells();
    for (std::size_t row = 0; row < rows; ++row, from += cols) {
      std::copy_n(from, cols, plane + row * static_cast<std::size_t>(common.cols));
    }
  }
}

StateBatch allocate(std::span<const StateView> states) {
  StateBatch batch;
  std::vector<std::shared_ptr<const EdgeList>> graphs;
  for (const StateView& state : states) {
    graphs.push_back(state.encoder->edges());
    batch.grids.push_back(state.encoder->problem().canvas().grid);
  }
  batch.layout = std::make_shared<const GraphLayout>(std::move(graphs));
  const std::int64_t vertices = batch.layout->num_vertices();
  batch.nodes = torch::empty({vertices, kNodeFeatures});
  batch.cells = torch::empty({vertices}, torch::kInt64);
  batch.state_of_vertex = torch::empty({vertices}, torch::kInt64);
  batch.inverse_vertices = torch::empty({batch.size(), 1});
  batch.current = torch::empty({batch.size()}, torch::kInt64);
  batch.metadata = torch::empty({batch.size(), kMetadataFeatures});
  const netlist_io::GridShape common = batch.common_grid();
  batch.inside = torch::zeros({batch.size(), 1, common.rows, common.cols});
  return batch;
}

}  // namespace

StateBatch encode(std::span<const StateView> states) {
  StateBatch batch = allocate(states);
  const netlist_io::GridShape common = batch.common_grid();
  const bool observed = states.front().observation != nullptr;
  torch::Tensor canvas;
  if (observed) {
    canvas = torch::zeros({batch.size(),
                           static_cast<std::int64_t>(placer::kNumCanvasChannels),
                           common.rows,
                           common.cols},
                          torch::kHalf);
  }
  for (std::size_t i = 0; i < states.size(); ++i) {
    const StateView& state = states[i];
    const auto row = static_cast<std::int64_t>(i);
    const std::int64_t first = batch.layout->first_vertex(i);
    std::int64_t* const cells = batch.cells.data_ptr<std::int64_t>() + first;
    state.encoder->write_nodes(
        state.actions, common.cols, batch.nodes.data_ptr<float>() + first * kNodeFeatures, cells);
    const auto offset = row * static_cast<std::int64_t>(common.num_cells());
    const std::int64_t vertices = state.encoder->num_vertices();
    std::for_each(cells, cells + vertices, [offset](std::int64_t& cell) { cell += offset; });
    std::fill_n(batch.state_of_vertex.data_ptr<std::int64_t>() + first, vertices, row);
    batch.inverse_vertices.data_ptr<float>()[i] = 1.0F / static_cast<float>(vertices);
    batch.current.data_ptr<std::int64_t>()[i] =
        first +
        static_cast<std::int64_t>(state.encoder->problem().vertex_of_step(state.actions.size()));
    state.encoder->write_metadata(observed ? &state.observation->step : nullptr,
                                  batch.metadata.data_ptr<float>() + row * kMetadataFeatures);
    batch.inside[row].slice(1, 0, batch.grids[i].rows).slice(2, 0, batch.grids[i].cols).fill_(1.0);
    if (observed) {
      copy_canvas(
          *state.observation,
          batch.grids[i],
          common,
          canvas.data_ptr<at::Half>() + i * placer::kNumCanvasChannels * common.num_cells());
    }
  }
  if (observed) {
    batch.canvas = canvas.to(torch::kFloat32);
  }
  return batch;
}

}  // namespace tessera::gnn
