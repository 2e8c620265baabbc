#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "gnn/canvas_inference.h"
#include "gnn/observation_encoder.h"
#include "placer/canvas_observer.h"
#include "placer/policy.h"

// No header of LibTorch here.

namespace tessera::gnn {

/// The side from which a network sees the canvas.
struct CanvasFlips {
  bool x = false;  ///< left and right change sides
  bool y = false;  ///< top and bottom change sides
};

/// A network as a policy for the blocks of one problem, computed without LibTorch.
class InferencePolicy final : public placer::Policy {
 public:
  /// `problem` must outlive the policy.
  InferencePolicy(std::shared_ptr<const CanvasInference> network,
                  const placer::MacroProblem& problem,
                  CanvasFlips flips = {});

  void evaluate(std::span<const placer::MacroEnv* const> envs,
                placer::PolicyOutput& output) const override;
  bool independent() const override { return true; }

 private:
  /// What one evaluation at a time needs.
  struct Workspace {
    explicit Workspace(const placer::MacroProblem& problem) : observer(problem) {}

    placer::CanvasObserver observer;
    CanvasInference::Scratch scratch;
    std::vector<float> canvas;
    std::vector<float> nodes;
    std::vector<std::int64_t> cells;
    std::vector<float> metadata;
  };

  std::unique_ptr<Workspace> borrow() const;
  void give_back(std::unique_ptr<Workspace> workspace) const;
  float evaluate(const placer::MacroEnv& env, Workspace& workspace, std::span<float> logits) const;

  std::shared_ptr<const CanvasInference> network_;
  ObservationEncoder encoder_;
  CanvasFlips flips_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<Workspace>> workspaces_;  ///< not in use
};

}  // namespace tessera::gnn
