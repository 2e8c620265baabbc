#pragma once

#include <cstdint>

#include <torch/torch.h>

#include "gnn/policy_net.h"

namespace tessera::gnn {

/// The default network: an edge-based graph encoder and a convolutional encoder of the canvas,
/// which meet in a score for each cell.
///
/// - Graph: vertex embeddings, rounds of messages along weighted edges (`edge_messages`) with
///   residuals; it sees which vertices are placed and where.
/// - Context of the state: current macro, mean over vertices, statistics of the last messages,
///   metadata.
/// - Canvas: the channels of `placer::CanvasObserver` and the embeddings of all vertices added up
/// at
///   the cells of their places; 3 x 3 convolutions, the later ones residual and dilated by 1, 2, 4,
///   ..., conditioned on the context. The padding of smaller grids in a batch is zero after each
///   layer, which is what the convolutions see beyond the edge of a canvas anyway: nothing leaks.
/// - Policy: a linear score of each cell's features, their product with a query made of the
/// context,
///   minus a learned multiple of the map of proxy changes; at first, that map alone decides.
/// - Value: from the context and the mean over the cells.
class CanvasNet final : public PolicyNet {
 public:
  /// Draws the weights from Torch's global generator. Throws `netlist_io::OptionError`.
  explicit CanvasNet(ModelConfig config);

  /// `batch` must have a canvas.
  PolicyValue forward(const StateBatch& batch) override;

  const ModelConfig& config() const override { return config_; }
  bool reads_canvas() const override { return true; }

 private:
  /// Of a batch: vertex embeddings [N, D] and context [B, H].
  struct Encoded {
    torch::Tensor vertices;
    torch::Tensor context;
  };
  Encoded encode_graph(const StateBatch& batch);
  torch::Tensor encode_canvas(const StateBatch& batch, const Encoded& encoded);
  torch::Tensor scatter(const StateBatch& batch, const torch::Tensor& vertices);

  ModelConfig config_;
  torch::nn::Linear node_layer_{nullptr};
  torch::nn::ModuleList edge_layers_;
  torch::nn::Linear metadata_layer_{nullptr};
  torch::nn::Linear context_layer_{nullptr};
  torch::nn::Linear scatter_layer_{nullptr};
  torch::nn::Conv2d input_convolution_{nullptr};
  torch::nn::ModuleList convolutions_;
  torch::nn::Linear query_{nullptr};
  torch::nn::Conv2d score_{nullptr};
  torch::Tensor delta_factor_;  ///< [1], before softplus
  torch::nn::Sequential value_head_;
};

}  // namespace tessera::gnn
