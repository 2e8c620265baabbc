#include "gnn/circuit_training_net.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "gnn/edge_messages.h"
#include "gnn/initialisation.h"
#include "netlist_io/errors.h"

namespace tessera::gnn {
namespace {

using torch::Tensor;

constexpr std::int64_t kWidth = 8;  ///< of vertex and edge embeddings
constexpr std::int64_t kEdgeLayers = 3;
constexpr std::int64_t kSeedCells = 8;  ///< side of the image that the dense layer makes
constexpr std::int64_t kSeedChannels = 32;
constexpr std::array<std::int64_t, 4> kUpChannels = {16, 8, 4, 2};
/// metadata, four pools, attention, current macro
constexpr std::int64_t kStateWidth = 7 * kWidth;

/// A half-open range of cells along one axis.
struct Window {
  std::int64_t begin;
  std::int64_t end;
  std::int64_t size() const { return end - begin; }
};

struct Window2d {
  Window rows;
  Window cols;
};

Tensor slice(const Tensor& image, const Window2d& window) {
  return image.slice(2, window.rows.begin, window.rows.end)
      .slice(3, window.cols.begin, window.cols.end);
}

/// Inputs that reach the outputs `out` of a transposed convolution with kernel 3 and stride 2,
/// where input i reaches 2i, 2i + 1 and 2i + 2.
Window stride2_inputs(Window out) {
  return {std::max<std::int64_t>(0, (out.begin - 1) / 2), (out.end - 1) / 2 + 1};
}

/// Inputs that reach the outputs `out` with kernel 3, stride 1 and padding 1.
Window stride1_inputs(Window out, std::int64_t size) {
  return {std::max<std::int64_t>(0, out.begin - 1), std::min(size, out.end + 1)};
}

Window2d stride2_inputs(const Window2d& out) {
  return {stride2_inputs(out.rows), stride2_inputs(out.cols)};
}

/// Transposed convolution of the part `in` of an image; returns the part `out` of the result.
/// `offset`: coordinate of the first result of input 0, -1 with padding 1.
Tensor convolve_window(const Tensor& image,
                       const torch::nn::ConvTranspose2dImpl& layer,
                       std::int64_t stride,
                       std::int64_t offset,
                       const Window2d& in,
                       const Window2d& out) {
  const Tensor full = torch::conv_transpose2d(image, layer.weight, layer.bias, stride);
  const std::int64_t row0 = stride * in.rows.begin + offset;
  const std::int64_t col0 = stride * in.cols.begin + offset;
  return slice(
      full,
      {{out.rows.begin - row0, out.rows.end - row0}, {out.cols.begin - col0, out.cols.end - col0}});
}

}  // namespace

CircuitTrainingNet::CircuitTrainingNet() {
  using torch::nn::Linear;
  metadata_layer_ = register_module("metadata", Linear(kPublishedMetadata, kWidth));
  node_layer_ = register_module("node", Linear(kPublishedNodeFeatures, kWidth));
  register_module("edge", edge_layers_);
  for (std::int64_t i = 0; i < kEdgeLayers; ++i) {
    edge_layers_->push_back(Linear(2 * kWidth + 1, kWidth));
  }
  query_ = register_module("query", Linear(kWidth, kWidth));
  key_ = register_module("key", Linear(kWidth, kWidth));
  attended_value_ = register_module("attended_value", Linear(kWidth, kWidth));
  policy_layer_ =
      register_module("policy", Linear(kStateWidth, kSeedCells * kSeedCells * kSeedChannels));
  register_module("up", up_layers_);
  std::int64_t channels = kSeedChannels;
  for (const std::int64_t next : kUpChannels) {
    up_layers_->push_back(
        torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(channels, next, 3).stride(2)));
    channels = next;
  }
  up_layers_->push_back(
      torch::nn::ConvTranspose2d(torch::nn::ConvTranspose2dOptions(channels, 1, 3).padding(1)));
  value_head_ = register_module("value",
                                torch::nn::Sequential(Linear(kStateWidth, 32),
                                                      torch::nn::ReLU(),
                                                      Linear(32, 8),
                                                      torch::nn::ReLU(),
                                                      Linear(8, 1)));
  draw_weights(*this);
  config_.name = kCircuitTrainingModel;
}

PolicyValue CircuitTrainingNet::forward(const StateBatch& batch) {
  const netlist_io::GridShape common = batch.common_grid();
  std::vector<Tensor> logits;
  std::vector<Tensor> values;
  for (std::int64_t begin = 0; begin < batch.size();) {
    const auto& graph = batch.layout->graph(static_cast<std::size_t>(begin));
    std::int64_t end = begin + 1;
    while (end < batch.size() && batch.layout->graph(static_cast<std::size_t>(end)) == graph) {
      ++end;
    }
    const PolicyValue part = forward_block(batch, begin, end);
    const netlist_io::GridShape grid = batch.grids[static_cast<std::size_t>(begin)];
    const Tensor image = part.logits.view({end - begin, grid.rows, grid.cols});
    logits.push_back(
        torch::constant_pad_nd(image, {0, common.cols - grid.cols, 0, common.rows - grid.rows})
            .flatten(1));
    values.push_back(part.value);
    begin = end;
  }
  return logits.size() == 1 ? PolicyValue{logits.front(), values.front()}
                            : PolicyValue{torch::cat(logits), torch::cat(values)};
}

/// The states `begin` to `end`, which are all of one block.
PolicyValue CircuitTrainingNet::forward_block(const StateBatch& batch,
                                              std::int64_t begin,
                                              std::int64_t end) {
  const std::int64_t size = end - begin;
  const std::int64_t first = batch.layout->first_vertex(static_cast<std::size_t>(begin));
  const std::int64_t last = batch.layout->first_vertex(static_cast<std::size_t>(end));
  const auto& edges = batch.layout->graph(static_cast<std::size_t>(begin));
  const Tensor nodes = batch.nodes.slice(0, first, last)
                           .slice(1, 0, kPublishedNodeFeatures)
                           .reshape({size, -1, kPublishedNodeFeatures});
  Tensor vertices = node_layer_->forward(nodes).relu();  // [B, V, D]
  Tensor pools;                                          // [B, 4, D]
  for (std::size_t i = 0; i < edge_layers_->size(); ++i) {
    const auto& layer = *edge_layers_[i]->as<torch::nn::Linear>();
    const auto parts = layer.weight.split_with_sizes({kWidth, kWidth, 1}, 1);
    const EdgeMessages messages =
        edge_messages(torch::linear(vertices, parts[0], layer.bias),
                      torch::linear(vertices, parts[1]),
                      parts[2].squeeze(1),
                      edges,
                      i + 1 == edge_layers_->size() ? EdgePools::kCompute : EdgePools::kSkip);
    vertices = vertices + messages.nodes;
    pools = messages.pools;
  }
  // States of one block begin with equal numbers of vertices before them.
  const Tensor row = batch.current.slice(0, begin, end) - first -
                     torch::arange(size, batch.current.options()) * vertices.size(1);
  const Tensor current =
      vertices.gather(1, row.view({size, 1, 1}).expand({size, 1, kWidth})).squeeze(1);
  // The same for all states of the block.
  const Tensor metadata =
      metadata_layer_->forward(batch.metadata[begin].slice(0, 0, kPublishedMetadata))
          .relu()
          .expand({size, kWidth});
  const Tensor state =
      torch::cat({metadata, pools.flatten(1), attend(vertices, current), current}, 1);  // [B, 7 D]
  return {upsample(state, batch.grids[static_cast<std::size_t>(begin)]),
          value_head_->forward(state).squeeze(1)};
}

Tensor CircuitTrainingNet::attend(const Tensor& vertices, const Tensor& current) {
  const Tensor query = query_->forward(current).unsqueeze(2);         // [B, D, 1]
  const Tensor scores = key_->forward(vertices).bmm(query);           // [B, V, 1]
  const Tensor weights = scores.softmax(1).transpose(1, 2);           // [B, 1, V]
  return weights.bmm(attended_value_->forward(vertices)).squeeze(1);  // [B, D]
}

Tensor CircuitTrainingNet::upsample(const Tensor& state, netlist_io::GridShape grid) {
  if (grid.cols > kCanvasCells || grid.rows > kCanvasCells) {
    throw netlist_io::OptionError("the grid has " + std::to_string(grid.cols) + " x " +
                                  std::to_string(grid.rows) +
                                  " cells, the network takes up to 128 x 128");
  }
  // The grid is the middle of the canvas. From the last layer to the first, find the part of each
  // layer's image that matters to it.
  const std::int64_t row0 = (kCanvasCells - grid.rows) / 2;
  const std::int64_t col0 = (kCanvasCells - grid.cols) / 2;
  const Window2d grid_window = {{row0, row0 + grid.rows}, {col0, col0 + grid.cols}};
  std::array<Window2d, kUpChannels.size() + 1> inputs{};
  inputs.back() = {stride1_inputs(grid_window.rows, kCanvasCells),
                   stride1_inputs(grid_window.cols, kCanvasCells)};
  for (std::size_t i = kUpChannels.size(); i-- > 0;) {
    inputs[i] = stride2_inputs(inputs[i + 1]);
  }

  // The dense layer makes the image channels-last, as published.
  Tensor image = policy_layer_->forward(state)
                     .relu()
                     .view({-1, kSeedCells, kSeedCells, kSeedChannels})
                     .permute({0, 3, 1, 2});
  image = slice(image, inputs.front());
  for (std::size_t i = 0; i < kUpChannels.size(); ++i) {
    const auto& layer = *up_layers_[i]->as<torch::nn::ConvTranspose2d>();
    image = convolve_window(image, layer, 2, 0, inputs[i], inputs[i + 1]).relu();
  }
  const auto& last = *up_layers_[kUpChannels.size()]->as<torch::nn::ConvTranspose2d>();
  return convolve_window(image, last, 1, -1, inputs.back(), grid_window).flatten(1);
}

}  // namespace tessera::gnn
