#include "gnn/canvas_net.h"

#include <cmath>
#include <utility>

#include "gnn/edge_messages.h"
#include "gnn/initialisation.h"
#include "gnn/row_sum.h"
#include "placer/canvas_observer.h"

namespace tessera::gnn {
namespace {

using placer::CanvasChannel;
using placer::index_of;
using torch::Tensor;

constexpr auto kChannels = static_cast<std::int64_t>(placer::kNumCanvasChannels);
/// Of the map of proxy changes at first: cells a tenth of the mean change worse than the best are
/// chosen half as often.
constexpr double kDeltaFactor = 7.0;
/// The learned part of the scores starts small.
constexpr double kScoreScale = 0.05;

}  // namespace

CanvasNet::CanvasNet(ModelConfig config) : config_(std::move(config)) {
  using torch::nn::Conv2d;
  using torch::nn::Conv2dOptions;
  using torch::nn::Linear;
  config_.validate();
  const std::int64_t width = config_.graph_width;
  const std::int64_t canvas = config_.canvas_width;
  node_layer_ = register_module("node", Linear(kNodeFeatures, width));
  register_module("edge", edge_layers_);
  for (std::int64_t i = 0; i < config_.graph_layers; ++i) {
    edge_layers_->push_back(Linear(2 * width + 1, width));
  }
  metadata_layer_ = register_module("metadata", Linear(kMetadataFeatures, kMetadataWidth));
  context_layer_ = register_module("context", Linear(6 * width + kMetadataWidth, canvas));
  if (config_.scatter_width > 0) {
    scatter_layer_ = register_module("scatter", Linear(width, config_.scatter_width));
  }
  input_convolution_ = register_module(
      "input", Conv2d(Conv2dOptions(kChannels + config_.scatter_width, canvas, 3).padding(1)));
  register_module("canvas", convolutions_);
  for (std::int64_t i = 0; i < config_.canvas_layers; ++i) {
    const std::int64_t dilation = std::int64_t{1} << (i % 3);
    convolutions_->push_back(
        Conv2d(Conv2dOptions(canvas, canvas, 3).padding(dilation).dilation(dilation)));
  }
  query_ = register_module("query", Linear(canvas, canvas));
  score_ = register_module("score", Conv2d(Conv2dOptions(canvas, 1, 1)));
  delta_factor_ = register_parameter("delta_factor", torch::full({1}, kDeltaFactor));
  value_head_ = register_module(
      "value",
      torch::nn::Sequential(
          Linear(2 * canvas, kValueWidth), torch::nn::ReLU(), Linear(kValueWidth, 1)));
  draw_weights(*this);
  const torch::NoGradGuard no_grad;
  query_->weight.mul_(kScoreScale);
  score_->weight.mul_(kScoreScale);
}

CanvasNet::Encoded CanvasNet::encode_graph(const StateBatch& batch) {
  const std::int64_t width = config_.graph_width;
  Tensor vertices = node_layer_->forward(batch.nodes).relu();
  Tensor pools;
  for (std::size_t i = 0; i < edge_layers_->size(); ++i) {
    const auto& layer = *edge_layers_[i]->as<torch::nn::Linear>();
    const auto parts = layer.weight.split_with_sizes({width, width, 1}, 1);
    const EdgeMessages messages =
        edge_messages(torch::linear(vertices, parts[0], layer.bias),
                      torch::linear(vertices, parts[1]),
                      parts[2].squeeze(1),
                      batch.layout,
                      i + 1 == edge_layers_->size() ? EdgePools::kCompute : EdgePools::kSkip);
    vertices = vertices + messages.nodes;
    pools = messages.pools;
  }
  const Tensor current = vertices.index_select(0, batch.current);
  const Tensor mean =
      row_sum(vertices, batch.state_of_vertex, batch.size()) * batch.inverse_vertices;
  Tensor seen = batch.metadata;
  if (!config_.delta_maps) {
    seen = seen.clone();
    seen.slice(1, kMetadataFeatures - kDeltaMetadata, kMetadataFeatures).zero_();
  }
  const Tensor metadata = metadata_layer_->forward(seen).relu();
  const Tensor context =
      context_layer_->forward(torch::cat({current, mean, pools.flatten(1), metadata}, 1)).relu();
  return {vertices, context};
}

Tensor CanvasNet::scatter(const StateBatch& batch, const Tensor& vertices) {
  const std::int64_t rows = batch.canvas.size(2);
  const std::int64_t cols = batch.canvas.size(3);
  const std::int64_t width = config_.scatter_width;
  const Tensor embedded = scatter_layer_->forward(vertices).relu();
  return row_sum(embedded, batch.cells, batch.size() * rows * cols)
      .view({batch.size(), rows, cols, width})
      .permute({0, 3, 1, 2});
}

Tensor CanvasNet::encode_canvas(const StateBatch& batch, const Encoded& encoded) {
  Tensor input = batch.canvas;
  if (!config_.delta_maps) {
    input = input.clone();
    input
        .slice(1,
               static_cast<std::int64_t>(index_of(CanvasChannel::kWirelengthDelta)),
               static_cast<std::int64_t>(index_of(CanvasChannel::kProxyDelta)) + 1)
        .zero_();
  }
  if (config_.scatter_width > 0) {
    input = torch::cat({input, scatter(batch, encoded.vertices)}, 1);
  }
  const Tensor context = encoded.context.unsqueeze(2).unsqueeze(3);
  Tensor image = (input_convolution_->forward(input) + context).relu() * batch.inside;
  for (const auto& module : *convolutions_) {
    image = image + module->as<torch::nn::Conv2d>()->forward(image).relu() * batch.inside;
  }
  return image;
}

PolicyValue CanvasNet::forward(const StateBatch& batch) {
  TORCH_CHECK(batch.canvas.defined(), "the canvas network needs a canvas");
  const Encoded encoded = encode_graph(batch);
  const Tensor image = encode_canvas(batch, encoded);  // [B, H, R, W]
  const Tensor cells = image.flatten(2);               // [B, H, R W]
  const double scale = 1.0 / std::sqrt(static_cast<double>(config_.canvas_width));
  const Tensor query = query_->forward(encoded.context).unsqueeze(1) * scale;  // [B, 1, H]
  Tensor logits = (query.bmm(cells) + score_->forward(image).flatten(2)).squeeze(1);
  if (config_.delta_maps) {
    const Tensor delta =
        batch.canvas.select(1, static_cast<std::int64_t>(index_of(CanvasChannel::kProxyDelta)));
    logits = logits - torch::softplus(delta_factor_) * delta.flatten(1);
  }
  const Tensor mean = cells.sum(2) / batch.inside.sum({2, 3});  // [B, H]
  const Tensor value = value_head_->forward(torch::cat({encoded.context, mean}, 1)).squeeze(1);
  return {logits, value};
}

}  // namespace tessera::gnn
