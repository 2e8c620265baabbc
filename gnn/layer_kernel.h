#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "gnn/tensor_file.h"

namespace tessera::gnn {

/// A linear layer or a convolution, its output channels padded with zeros so that they fill whole
/// registers. T taps: 1, or the 9 cells of a 3 x 3 convolution, row by row from below.
class LayerWeights {
 public:
  static constexpr std::size_t kLanes = 16;  ///< output channels come in multiples of these

  LayerWeights() = default;

  /// Output channels, padded.
  std::size_t stride() const { return stride_; }
  std::size_t outputs() const { return outputs_; }
  std::size_t inputs() const { return inputs_; }
  std::size_t taps() const { return taps_; }
  const float* values() const { return values_.data(); }    ///< [T, inputs, stride]
  const std::vector<float>& bias() const { return bias_; }  ///< [stride]

  /// The layer NAME.weight, [outputs, inputs] or [outputs, inputs, 3, 3], and NAME.bias of a file.
  /// Throws `netlist_io::ParseError` if they are not there or have another shape.
  static LayerWeights linear(const TensorFile& file,
                             const std::string& name,
                             std::int64_t outputs,
                             std::int64_t inputs);
  static LayerWeights convolution(const TensorFile& file,
                                  const std::string& name,
                                  std::int64_t outputs,
                                  std::int64_t inputs);
  /// Columns [first, first + inputs) of a matrix [outputs, columns], without a bias if that is
  /// empty.
  static LayerWeights columns(std::span<const float> matrix,
                              std::span<const float> bias,
                              std::size_t outputs,
                              std::size_t columns,
                              std::size_t first,
                              std::size_t inputs);

 private:
  LayerWeights(std::size_t taps, std::size_t inputs, std::size_t outputs);

  std::size_t taps_ = 1;
  std::size_t inputs_ = 0;
  std::size_t outputs_ = 0;
  std::size_t stride_ = 0;
  std::vector<float> values_;
  std::vector<float> bias_;
};

/// Rows that `apply_layer` may read beyond the last one.
inline constexpr std::size_t kLayerSlack = 7;

/// output[r, :] = bias + sum over taps t of weights[t] * input[r + offset(t), :], for `count` rows:
/// rows of `inputs` values in, rows of `stride` values out. `offsets`: [T], in values. Up to
/// `kLayerSlack` rows of input after the last must be readable.
///
/// Sums run over taps and inputs in their order for any instruction set, so that results do not
/// depend on the machine.
void apply_layer(const LayerWeights& layer,
                 const float* input,
                 std::span<const std::ptrdiff_t> offsets,
                 std::span<const float> bias,
                 std::size_t count,
                 float* output);

}  // namespace tessera::gnn
