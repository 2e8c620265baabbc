#pragma once

#include <memory>
#include <span>

#include "gnn/circuit_training_net.h"
#include "gnn/observation_encoder.h"
#include "placer/policy.h"

namespace tessera::gnn {

/// A network as a policy for the blocks of one problem.
class NetworkPolicy final : public placer::Policy {
 public:
  /// `problem` must outlive the policy.
  NetworkPolicy(CircuitTrainingNet net, const placer::MacroProblem& problem);

  void evaluate(std::span<const placer::MacroEnv* const> envs,
                placer::PolicyOutput& output) const override;

 private:
  mutable CircuitTrainingNet net_;  ///< `forward` is not const in LibTorch, but changes nothing
  ObservationEncoder encoder_;
};

}  // namespace tessera::gnn
