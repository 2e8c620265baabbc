#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "gnn/edge_kernels.h"
#include "gnn/edge_list.h"
#include "gnn/layer_kernel.h"
#include "gnn/model_config.h"
#include "gnn/tensor_file.h"
#include "netlist_io/canvas.h"

// No header of LibTorch here.

namespace tessera::gnn {

/// The forward pass of `CanvasNet` without LibTorch, for one state at a time: what `place` needs of
/// a trained network, ready within milliseconds of the start of the program. Sums are in another
/// order than LibTorch's, results differ in their last digits; they do not depend on the machine.
class CanvasInference {
 public:
  /// Shapes: V vertices, F node features, M metadata, C canvas channels.
  struct State {
    const EdgeList* edges = nullptr;
    std::span<const float> nodes;         ///< [V, F]
    std::span<const std::int64_t> cells;  ///< [V], col + row * cols
    std::size_t current = 0;              ///< vertex of the macro to place
    std::span<const float> metadata;      ///< [M]
    std::span<const float> canvas;        ///< [C, rows, cols]
    netlist_io::GridShape grid;
  };

  /// Memory for one evaluation at a time.
  struct Scratch {
    std::vector<float> vertices, first, second, messages, pools, context, embedded;
    std::vector<float> input, image, next, rows;
    std::vector<std::int32_t> argument;
  };

  /// Whether this is a network that can be computed here: a canvas network with messages of a width
  /// that has kernels.
  static bool supports(const ModelConfig& config);

  /// Takes the parameters from under `kModelPrefix`. Throws `netlist_io::ParseError` as
  /// `read_model_config` does, or if a tensor does not fit, and `std::invalid_argument` for a
  /// network that is not supported.
  explicit CanvasInference(const TensorFile& file);

  /// Writes the score of each cell, [rows * cols], and returns the value of the state.
  float evaluate(const State& state, Scratch& scratch, std::span<float> logits) const;

 private:
  struct EdgeLayer {
    LayerWeights first;
    LayerWeights second;
    std::vector<float> slope;
  };

  void encode_graph(const State& state, Scratch& scratch) const;
  void encode_context(const State& state, Scratch& scratch) const;
  void draw_input(const State& state, Scratch& scratch) const;
  void encode_canvas(const State& state, Scratch& scratch) const;
  void score_cells(const State& state, const Scratch& scratch, std::span<float> logits) const;
  float value_of(const State& state, const Scratch& scratch) const;

  ModelConfig config_;
  std::string path_;  ///< of the checkpoint
  EdgeKernels kernels_;
  LayerWeights node_;
  std::vector<EdgeLayer> edges_;
  LayerWeights metadata_;
  LayerWeights context_;
  LayerWeights scatter_;
  LayerWeights input_;
  std::vector<LayerWeights> convolutions_;
  LayerWeights query_;
  std::vector<float> score_;  ///< [H]
  float score_bias_ = 0.0F;
  float delta_factor_ = 0.0F;  ///< after softplus
  LayerWeights hidden_value_;
  LayerWeights value_;
};

}  // namespace tessera::gnn
