#include "gnn/inference_policy.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tessera::gnn {
namespace {

/// Left and right change sides in maps of the cells, one after another.
void flip_columns(std::span<float> maps, netlist_io::GridShape grid) {
  const auto cols = static_cast<std::size_t>(grid.cols);
  for (std::size_t row = 0; row < maps.size(); row += cols) {
    const auto begin = maps.begin() + static_cast<std::ptrdiff_t>(row);
    std::reverse(begin, begin + grid.cols);
  }
}

/// Top and bottom, likewise.
void flip_rows(std::span<float> maps, netlist_io::GridShape grid) {
  const auto cols = static_cast<std::ptrdiff_t>(grid.cols);
  const auto cells = static_cast<std::ptrdiff_t>(grid.num_cells());
  const auto size = static_cast<std::ptrdiff_t>(maps.size());
  for (std::ptrdiff_t map = 0; map < size; map += cells) {
    const auto begin = maps.begin() + map;
    for (std::ptrdiff_t low = 0, high = cells - cols; low < high; low += cols, high -= cols) {
      std::swap_ranges(begin + low, begin + low + cols, begin + high);
    }
  }
}

}  // namespace

InferencePolicy::InferencePolicy(std::shared_ptr<const CanvasInference> network,
                                 const placer::MacroProblem& problem,
                                 CanvasFlips flips)
    : network_(std::move(network)), encoder_(problem), flips_(flips) {}

std::unique_ptr<InferencePolicy::Workspace> InferencePolicy::borrow() const {
  const std::lock_guard lock(mutex_);
  if (workspaces_.empty()) {
    return std::make_unique<Workspace>(encoder_.problem());
  }
  std::unique_ptr<Workspace> workspace = std::move(workspaces_.back());
  workspaces_.pop_back();
  return workspace;
}

void InferencePolicy::give_back(std::unique_ptr<Workspace> workspace) const {
  const std::lock_guard lock(mutex_);
  workspaces_.push_back(std::move(workspace));
}

float InferencePolicy::evaluate(const placer::MacroEnv& env,
                                Workspace& workspace,
                                std::span<float> logits) const {
  const placer::MacroProblem& problem = encoder_.problem();
  const netlist_io::GridShape grid = problem.canvas().grid;
  const auto vertices = static_cast<std::size_t>(encoder_.num_vertices());
  workspace.canvas.resize(placer::kNumCanvasChannels * grid.num_cells());
  workspace.nodes.resize(vertices * kNodeFeatures);
  workspace.cells.resize(vertices);
  workspace.metadata.resize(kMetadataFeatures);
  const StepMetadata step = observe_state(workspace.observer, env, workspace.canvas);
  encoder_.write_metadata(&step, workspace.metadata.data());
  encoder_.write_nodes(env.actions(), grid.cols, workspace.nodes.data(), workspace.cells.data());
  const std::span<float> canvas = workspace.canvas;
  if (flips_.x) {
    flip_columns(canvas, grid);
    encoder_.flip_x(workspace.nodes, workspace.cells);
  }
  if (flips_.y) {
    flip_rows(canvas, grid);
    encoder_.flip_y(workspace.nodes, workspace.cells);
  }
  const float value = network_->evaluate({encoder_.edges().get(),
                                          workspace.nodes,
                                          workspace.cells,
                                          problem.vertex_of_step(env.actions().size()),
                                          workspace.metadata,
                                          canvas,
                                          grid},
                                         workspace.scratch,
                                         logits);
  if (flips_.x) {
    flip_columns(logits, grid);
  }
  if (flips_.y) {
    flip_rows(logits, grid);
  }
  return value;
}

void InferencePolicy::evaluate(std::span<const placer::MacroEnv* const> envs,
                               placer::PolicyOutput& output) const {
  const std::size_t cells = encoder_.problem().canvas().grid.num_cells();
  output.logits.resize(envs.size() * cells);
  output.values.resize(envs.size());
  std::unique_ptr<Workspace> workspace = borrow();
  for (std::size_t i = 0; i < envs.size(); ++i) {
    output.values[i] =
        evaluate(*envs[i], *workspace, std::span(output.logits).subspan(i * cells, cells));
  }
  give_back(std::move(workspace));
}

}  // namespace tessera::gnn
