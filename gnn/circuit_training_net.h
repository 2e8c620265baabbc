#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include "gnn/policy_net.h"

namespace tessera::gnn {

/// The published policy and value network (Circuit Training, head of 2025): three rounds of edge
/// messages, an attention of the current macro over all vertices, a dense layer and transposed
/// convolutions up to a canvas of 128 x 128 cells, whose middle is the block's grid.
///
/// 125,826 parameters. Differences from the published code: vertices and edges are not padded, so
/// that pools, degrees and attention see the block and nothing else; layers of the same shape
/// start from different random numbers; the convolutions compute only the part of the canvas that
/// the grid covers, which changes no value.
class CircuitTrainingNet final : public PolicyNet {
 public:
  /// Largest grid side.
  static constexpr std::int64_t kCanvasCells = 128;

  /// Draws the weights (Glorot normal, biases 0) from Torch's global generator.
  CircuitTrainingNet();

  /// Throws `netlist_io::OptionError` if the grid has more than 128 columns or rows.
  PolicyValue forward(const StateBatch& batch) override;

  const ModelConfig& config() const override { return config_; }
  bool reads_canvas() const override { return false; }

 private:
  PolicyValue forward_block(const StateBatch& batch, std::int64_t begin, std::int64_t end);
  torch::Tensor attend(const torch::Tensor& vertices, const torch::Tensor& current);
  torch::Tensor upsample(const torch::Tensor& state, netlist_io::GridShape grid);

  ModelConfig config_;
  torch::nn::Linear metadata_layer_{nullptr};
  torch::nn::Linear node_layer_{nullptr};
  torch::nn::ModuleList edge_layers_;
  torch::nn::Linear query_{nullptr};
  torch::nn::Linear key_{nullptr};
  torch::nn::Linear attended_value_{nullptr};
  torch::nn::Linear policy_layer_{nullptr};
  torch::nn::ModuleList up_layers_;
  torch::nn::Sequential value_head_;
};

}  // namespace tessera::gnn
