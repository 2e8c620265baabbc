#pragma once

#include <memory>

#include <torch/torch.h>

#include "gnn/model_config.h"
#include "gnn/state_batch.h"

namespace tessera::gnn {

/// What a network says about a batch of B states.
struct PolicyValue {
  /// [B, R * W] float32, R x W the grid that all grids of the batch fit into, row 0 at the bottom:
  /// cell (col, row) at row * W + col. Not masked; entries outside a state's grid mean nothing.
  torch::Tensor logits;
  torch::Tensor value;  ///< [B] float32
};

/// A policy and value network.
class PolicyNet : public torch::nn::Module {
 public:
  /// Throws `netlist_io::OptionError` for grids that the network cannot take.
  virtual PolicyValue forward(const StateBatch& batch) = 0;

  virtual const ModelConfig& config() const = 0;

  /// Whether `forward` reads the canvas, which costs the environment something to draw.
  virtual bool reads_canvas() const = 0;
};

/// A network with weights drawn from `seed`.
std::shared_ptr<PolicyNet> make_network(const ModelConfig& config, std::uint64_t seed);

}  // namespace tessera::gnn
