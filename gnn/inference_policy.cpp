#include "gnn/inference_policy.h"

#include <cstddef>
#include <utility>

namespace tessera::gnn {

InferencePolicy::InferencePolicy(std::shared_ptr<const CanvasInference> network,
                                 const placer::MacroProblem& problem)
    : network_(std::move(network)), encoder_(problem) {}

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
  return network_->evaluate({encoder_.edges().get(),
                             workspace.nodes,
                             workspace.cells,
                             problem.vertex_of_step(env.actions().size()),
                             workspace.metadata,
                             workspace.canvas,
                             grid},
                            workspace.scratch,
                            logits);
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
