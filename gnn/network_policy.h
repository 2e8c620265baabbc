#pragma once

#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "gnn/batch_encoder.h"
#include "gnn/policy_net.h"
#include "placer/canvas_observer.h"
#include "placer/policy.h"

namespace tessera::gnn {

/// A network as a policy for the blocks of one problem.
class NetworkPolicy final : public placer::Policy {
 public:
  /// `problem` must outlive the policy. `device`: where the network is.
  NetworkPolicy(std::shared_ptr<PolicyNet> net,
                const placer::MacroProblem& problem,
                torch::Device device = torch::kCPU);

  void evaluate(std::span<const placer::MacroEnv* const> envs,
                placer::PolicyOutput& output) const override;

 private:
  std::unique_ptr<placer::CanvasObserver> borrow_observer() const;
  std::vector<Observation> observe_all(std::span<const placer::MacroEnv* const> envs) const;

  std::shared_ptr<PolicyNet> net_;
  torch::Device device_;
  ObservationEncoder encoder_;
  mutable std::mutex mutex_;
  mutable std::vector<std::unique_ptr<placer::CanvasObserver>> observers_;  ///< not in use
};

}  // namespace tessera::gnn
