#include "gnn/canvas_inference.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <stdexcept>
#include <string>

#include "gnn/features.h"
#include "netlist_io/errors.h"
#include "placer/canvas_observer.h"

namespace tessera::gnn {
namespace {

using netlist_io::GridShape;
using placer::CanvasChannel;
using placer::index_of;

constexpr std::array<std::ptrdiff_t, 1> kHere = {0};
/// Empty cells around an image, as many as the widest dilation reaches.
constexpr std::size_t kPadding = 4;

std::size_t dilation_of(std::size_t layer) {
  return std::size_t{1} << (layer % 3);
}

void relu(std::span<float> values) {
  for (float& value : values) {
    value = std::max(value, 0.0F);
  }
}

/// `rows` rows of a dense layer into `output`.
void apply_dense(const LayerWeights& layer,
                 std::vector<float>& input,
                 std::size_t rows,
                 std::vector<float>& output) {
  input.resize((rows + kLayerSlack) * layer.inputs());
  output.resize(rows * layer.stride());
  apply_layer(layer, input.data(), kHere, layer.bias(), rows, output.data());
}

/// An image with padding: the value of a channel of a cell is at `at(col, row) * channels`.
struct PaddedImage {
  explicit PaddedImage(GridShape grid)
      : cols(static_cast<std::size_t>(grid.cols)),
        rows(static_cast<std::size_t>(grid.rows)),
        pitch(cols + 2 * kPadding) {}

  std::size_t at(std::size_t col, std::size_t row) const {
    return (row + kPadding) * pitch + col + kPadding;
  }
  std::size_t size(std::size_t channels) const {
    return ((rows + 2 * kPadding) * pitch + kLayerSlack) * channels;
  }

  std::size_t cols;
  std::size_t rows;
  std::size_t pitch;
};

/// Convolves an image, cols x rows cells in all, into `rows` without padding.
void convolve(const LayerWeights& layer,
              const PaddedImage& shape,
              const std::vector<float>& image,
              std::span<const float> bias,
              std::size_t dilation,
              std::vector<float>& output) {
  std::array<std::ptrdiff_t, 9> offsets{};
  const auto step = static_cast<std::ptrdiff_t>(dilation * layer.inputs());
  const auto pitch = static_cast<std::ptrdiff_t>(shape.pitch);
  for (std::ptrdiff_t tap = 0; tap < 9; ++tap) {
    offsets[static_cast<std::size_t>(tap)] = ((tap / 3 - 1) * pitch + tap % 3 - 1) * step;
  }
  output.resize(shape.cols * shape.rows * layer.stride());
  for (std::size_t row = 0; row < shape.rows; ++row) {
    apply_layer(layer,
                image.data() + shape.at(0, row) * layer.inputs(),
                offsets,
                bias,
                shape.cols,
                output.data() + row * shape.cols * layer.stride());
  }
}

}  // namespace

bool CanvasInference::supports(const ModelConfig& config) {
  // Rows of vertices and cells must have no padding.
  const auto whole = [](std::int64_t width) {
    return width % static_cast<std::int64_t>(LayerWeights::kLanes) == 0;
  };
  return config.name == kCanvasModel && has_edge_kernels(config.graph_width) &&
         whole(config.graph_width) && whole(config.canvas_width);
}

CanvasInference::CanvasInference(const TensorFile& file)
    : config_(read_model_config(file.metadata, file.path)), path_(file.path), kernels_{} {
  if (!supports(config_)) {
    throw std::invalid_argument("the network of " + file.path + " needs LibTorch");
  }
  const std::int64_t width = config_.graph_width;
  const std::int64_t canvas = config_.canvas_width;
  const auto channels = static_cast<std::int64_t>(placer::kNumCanvasChannels);
  const auto name = [](const std::string& layer) { return kModelPrefix + layer; };
  kernels_ = edge_kernels(width);
  node_ = LayerWeights::linear(file, name("node"), width, kNodeFeatures);
  const auto columns = static_cast<std::size_t>(width);
  for (std::int64_t i = 0; i < config_.graph_layers; ++i) {
    const std::string layer = name("edge." + std::to_string(i));
    const std::vector<float> matrix = file.floats(layer + ".weight", {width, 2 * width + 1});
    const std::vector<float> bias = file.floats(layer + ".bias", {width});
    EdgeLayer edge = {LayerWeights::columns(matrix, bias, columns, 2 * columns + 1, 0, columns),
                      LayerWeights::columns(matrix, {}, columns, 2 * columns + 1, columns, columns),
                      std::vector<float>(columns)};
    for (std::size_t row = 0; row < columns; ++row) {
      edge.slope[row] = matrix[row * (2 * columns + 1) + 2 * columns];
    }
    edges_.push_back(std::move(edge));
  }
  metadata_ = LayerWeights::linear(file, name("metadata"), kMetadataWidth, kMetadataFeatures);
  context_ = LayerWeights::linear(file, name("context"), canvas, 6 * width + kMetadataWidth);
  if (config_.scatter_width > 0) {
    scatter_ = LayerWeights::linear(file, name("scatter"), config_.scatter_width, width);
  }
  input_ = LayerWeights::convolution(file, name("input"), canvas, channels + config_.scatter_width);
  for (std::int64_t i = 0; i < config_.canvas_layers; ++i) {
    convolutions_.push_back(
        LayerWeights::convolution(file, name("canvas." + std::to_string(i)), canvas, canvas));
  }
  query_ = LayerWeights::linear(file, name("query"), canvas, canvas);
  score_ = file.floats(name("score.weight"), {1, canvas, 1, 1});
  score_bias_ = file.floats(name("score.bias"), {1}).front();
  const float factor = file.floats(name("delta_factor"), {1}).front();
  delta_factor_ = factor > 20.0F ? factor : std::log1p(std::exp(factor));
  hidden_value_ = LayerWeights::linear(file, name("value.0"), kValueWidth, 2 * canvas);
  value_ = LayerWeights::linear(file, name("value.2"), 1, kValueWidth);
}

void CanvasInference::encode_graph(const State& state, Scratch& scratch) const {
  const std::size_t count = state.edges->num_vertices();
  const auto width = static_cast<std::size_t>(config_.graph_width);
  scratch.rows.assign(state.nodes.begin(), state.nodes.end());
  apply_dense(node_, scratch.rows, count, scratch.vertices);
  relu(scratch.vertices);
  scratch.messages.resize(count * width);
  scratch.pools.resize(kNumEdgePools * width);
  scratch.argument.resize(2 * width);
  for (std::size_t i = 0; i < edges_.size(); ++i) {
    const EdgeLayer& layer = edges_[i];
    apply_dense(layer.first, scratch.vertices, count, scratch.first);
    apply_dense(layer.second, scratch.vertices, count, scratch.second);
    const bool last = i + 1 == edges_.size();
    kernels_.forward({scratch.first.data(), scratch.second.data(), layer.slope.data(), state.edges},
                     {scratch.messages.data(),
                      last ? scratch.pools.data() : nullptr,
                      last ? scratch.argument.data() : nullptr});
    for (std::size_t j = 0; j < count * width; ++j) {
      scratch.vertices[j] += scratch.messages[j];
    }
  }
}

void CanvasInference::encode_context(const State& state, Scratch& scratch) const {
  const std::size_t count = state.edges->num_vertices();
  const auto width = static_cast<std::size_t>(config_.graph_width);
  std::vector<float>& rows = scratch.rows;
  rows.assign(state.metadata.begin(), state.metadata.end());
  if (!config_.delta_maps) {
    std::fill(rows.end() - kDeltaMetadata, rows.end(), 0.0F);
  }
  std::vector<float> metadata;
  apply_dense(metadata_, rows, 1, metadata);
  relu(metadata);

  rows.assign(2 * width, 0.0F);
  const float* const vertices = scratch.vertices.data();
  std::copy_n(vertices + state.current * width, width, rows.begin());
  for (std::size_t v = 0; v < count; ++v) {
    for (std::size_t d = 0; d < width; ++d) {
      rows[width + d] += vertices[v * width + d];
    }
  }
  for (std::size_t d = 0; d < width; ++d) {
    rows[width + d] /= static_cast<float>(count);
  }
  rows.insert(rows.end(), scratch.pools.begin(), scratch.pools.end());
  rows.insert(rows.end(), metadata.begin(), metadata.begin() + kMetadataWidth);
  apply_dense(context_, rows, 1, scratch.context);
  relu(scratch.context);
}

void CanvasInference::draw_input(const State& state, Scratch& scratch) const {
  const PaddedImage shape(state.grid);
  const std::size_t channels = input_.inputs();
  std::vector<float>& input = scratch.input;
  input.assign(shape.size(channels), 0.0F);
  const float* from = state.canvas.data();
  for (std::size_t channel = 0; channel < placer::kNumCanvasChannels; ++channel) {
    const bool seen = config_.delta_maps || channel < index_of(CanvasChannel::kWirelengthDelta) ||
                      channel > index_of(CanvasChannel::kProxyDelta);
    for (std::size_t row = 0; row < shape.rows; ++row, from += shape.cols) {
      for (std::size_t col = 0; seen && col < shape.cols; ++col) {
        input[shape.at(col, row) * channels + channel] = from[col];
      }
    }
  }
  if (config_.scatter_width == 0) {
    return;
  }
  const std::size_t count = state.edges->num_vertices();
  apply_dense(scatter_, scratch.vertices, count, scratch.embedded);
  relu(scratch.embedded);
  for (std::size_t v = 0; v < count; ++v) {
    const auto cell = static_cast<std::size_t>(state.cells[v]);
    float* const to = input.data() + shape.at(cell % shape.cols, cell / shape.cols) * channels +
                      placer::kNumCanvasChannels;
    const float* const embedded = scratch.embedded.data() + v * scatter_.stride();
    for (std::size_t i = 0; i < scatter_.outputs(); ++i) {
      to[i] += embedded[i];
    }
  }
}

void CanvasInference::encode_canvas(const State& state, Scratch& scratch) const {
  const PaddedImage shape(state.grid);
  const auto width = static_cast<std::size_t>(config_.canvas_width);
  std::vector<float> bias = input_.bias();
  for (std::size_t i = 0; i < width; ++i) {
    bias[i] += scratch.context[i];
  }
  convolve(input_, shape, scratch.input, bias, 1, scratch.next);
  scratch.image.assign(shape.size(width), 0.0F);
  const auto add = [&] {
    for (std::size_t row = 0; row < shape.rows; ++row) {
      const float* const from = scratch.next.data() + row * shape.cols * width;
      float* const to = scratch.image.data() + shape.at(0, row) * width;
      for (std::size_t i = 0; i < shape.cols * width; ++i) {
        to[i] += std::max(from[i], 0.0F);
      }
    }
  };
  add();
  for (std::size_t i = 0; i < convolutions_.size(); ++i) {
    const LayerWeights& layer = convolutions_[i];
    convolve(layer, shape, scratch.image, layer.bias(), dilation_of(i), scratch.next);
    add();
  }
}

void CanvasInference::score_cells(const State& state,
                                  const Scratch& scratch,
                                  std::span<float> logits) const {
  const PaddedImage shape(state.grid);
  const auto width = static_cast<std::size_t>(config_.canvas_width);
  std::vector<float> context = scratch.context;
  std::vector<float> weights;
  apply_dense(query_, context, 1, weights);
  const float scale = 1.0F / std::sqrt(static_cast<float>(width));
  for (std::size_t i = 0; i < width; ++i) {
    weights[i] = weights[i] * scale + score_[i];
  }
  const std::span<const float> delta = state.canvas.subspan(
      index_of(CanvasChannel::kProxyDelta) * shape.cols * shape.rows, shape.cols * shape.rows);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    for (std::size_t col = 0; col < shape.cols; ++col) {
      const float* const cell = scratch.image.data() + shape.at(col, row) * width;
      const std::size_t index = row * shape.cols + col;
      float sum = score_bias_;
      for (std::size_t i = 0; i < width; ++i) {
        sum += weights[i] * cell[i];
      }
      logits[index] = config_.delta_maps ? sum - delta_factor_ * delta[index] : sum;
    }
  }
}

float CanvasInference::value_of(const State& state, const Scratch& scratch) const {
  const PaddedImage shape(state.grid);
  const auto width = static_cast<std::size_t>(config_.canvas_width);
  std::vector<double> sums(width, 0.0);
  for (std::size_t row = 0; row < shape.rows; ++row) {
    const float* const cells = scratch.image.data() + shape.at(0, row) * width;
    for (std::size_t i = 0; i < shape.cols * width; ++i) {
      sums[i % width] += cells[i];
    }
  }
  std::vector<float> seen(scratch.context.begin(), scratch.context.end());
  for (const double sum : sums) {
    seen.push_back(static_cast<float>(sum / static_cast<double>(shape.cols * shape.rows)));
  }
  std::vector<float> hidden;
  apply_dense(hidden_value_, seen, 1, hidden);
  relu(hidden);
  std::vector<float> value;
  apply_dense(value_, hidden, 1, value);
  return value.front();
}

float CanvasInference::evaluate(const State& state,
                                Scratch& scratch,
                                std::span<float> logits) const {
  encode_graph(state, scratch);
  encode_context(state, scratch);
  draw_input(state, scratch);
  encode_canvas(state, scratch);
  score_cells(state, scratch, logits);
  if (!std::all_of(
          logits.begin(), logits.end(), [](float logit) { return std::isfinite(logit); })) {
    throw netlist_io::ParseError({path_, 0, 0},
                                 "the network's score of a cell is not a finite number");
  }
  return value_of(state, scratch);
}

}  // namespace tessera::gnn
