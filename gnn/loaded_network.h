#pragma once

#include <memory>
#include <string>
#include <vector>

#include "placer/macro_problem.h"
#include "placer/policy.h"

// No header of LibTorch here.

namespace tessera::gnn {

/// The weights of a checkpoint, ready for any block.
class LoadedNetwork {
 public:
  LoadedNetwork() = default;
  LoadedNetwork(const LoadedNetwork&) = delete;
  LoadedNetwork& operator=(const LoadedNetwork&) = delete;
  virtual ~LoadedNetwork() = default;

  /// `TrainingOptions::environment` of the training; empty if the checkpoint does not say.
  virtual std::string environment() const = 0;

  /// `problem` must outlive the policy; the network may go before it.
  virtual std::unique_ptr<placer::Policy> policy_for(const placer::MacroProblem& problem) const = 0;

  /// The same network seeing the block from other sides, as policies of their own, if it can.
  virtual std::vector<std::unique_ptr<placer::Policy>> views_for(
      const placer::MacroProblem& /*problem*/) const {
    return {};
  }
};

/// Reads a checkpoint whose network can be computed without LibTorch (`CanvasInference`); null if
/// it needs LibTorch. Throws `netlist_io::ParseError`.
std::unique_ptr<LoadedNetwork> load_inference_network(const std::string& path);

}  // namespace tessera::gnn
