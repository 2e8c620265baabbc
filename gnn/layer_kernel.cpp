#include "gnn/layer_kernel.h"

#include <algorithm>
#include <cstring>

namespace tessera::gnn {

LayerWeights::LayerWeights(std::size_t taps, std::size_t inputs, std::size_t outputs)
    : taps_(taps),
      inputs_(inputs),
      outputs_(outputs),
      stride_((outputs + kLanes - 1) / kLanes * kLanes),
      values_(taps * inputs * stride_, 0.0F),
      bias_(stride_, 0.0F) {}

LayerWeights LayerWeights::columns(std::span<const float> matrix,
                                   std::span<const float> bias,
                                   std::size_t outputs,
                                   std::size_t columns,
                                   std::size_t first,
                                   std::size_t inputs) {
  LayerWeights layer(1, inputs, outputs);
  std::copy(bias.begin(), bias.end(), layer.bias_.begin());
  for (std::size_t out = 0; out < outputs; ++out) {
    for (std::size_t in = 0; in < inputs; ++in) {
      layer.values_[in * layer.stride_ + out] = matrix[out * columns + first + in];
    }
  }
  return layer;
}

LayerWeights LayerWeights::linear(const TensorFile& file,
                                  const std::string& name,
                                  std::int64_t outputs,
                                  std::int64_t inputs) {
  const auto columns = static_cast<std::size_t>(inputs);
  return LayerWeights::columns(file.floats(name + ".weight", {outputs, inputs}),
                               file.floats(name + ".bias", {outputs}),
                               static_cast<std::size_t>(outputs),
                               columns,
                               0,
                               columns);
}

LayerWeights LayerWeights::convolution(const TensorFile& file,
                                       const std::string& name,
                                       std::int64_t outputs,
                                       std::int64_t inputs) {
  constexpr std::size_t kTaps = 9;
  const std::vector<float> matrix = file.floats(name + ".weight", {outputs, inputs, 3, 3});
  const std::vector<float> bias = file.floats(name + ".bias", {outputs});
  LayerWeights layer(kTaps, static_cast<std::size_t>(inputs), static_cast<std::size_t>(outputs));
  std::copy(bias.begin(), bias.end(), layer.bias_.begin());
  for (std::size_t out = 0; out < layer.outputs_; ++out) {
    for (std::size_t in = 0; in < layer.inputs_; ++in) {
      for (std::size_t tap = 0; tap < kTaps; ++tap) {
        layer.values_[(tap * layer.inputs_ + in) * layer.stride_ + out] =
            matrix[(out * layer.inputs_ + in) * kTaps + tap];
      }
    }
  }
  return layer;
}

namespace {

struct LayerCall {
  const LayerWeights* layer;
  const float* input;
  std::span<const std::ptrdiff_t> offsets;
  const float* bias;
  std::size_t count;
  float* output;
};

/// `kRegister`: floats of a register; `kRows`: rows at a time.
template <std::size_t kRegister, std::size_t kRows>
[[gnu::always_inline]] inline void apply(const LayerCall& call) {
  static_assert(kRows <= kLayerSlack + 1);
  using Register [[gnu::vector_size(kRegister * sizeof(float))]] = float;
  constexpr std::size_t kRegisters = LayerWeights::kLanes / kRegister;
  const std::size_t inputs = call.layer->inputs();
  const std::size_t stride = call.layer->stride();
  for (std::size_t row = 0; row < call.count; row += kRows) {
    for (std::size_t lane = 0; lane < stride; lane += LayerWeights::kLanes) {
      Register sums[kRows][kRegisters];
      for (auto& sum : sums) {
        for (std::size_t i = 0; i < kRegisters; ++i) {
          std::memcpy(&sum[i], call.bias + lane + i * kRegister, sizeof(Register));
        }
      }
      const float* weights = call.layer->values() + lane;
      for (const std::ptrdiff_t offset : call.offsets) {
        const float* const values = call.input + static_cast<std::ptrdiff_t>(row * inputs) + offset;
        for (std::size_t in = 0; in < inputs; ++in, weights += stride) {
          Register column[kRegisters];
          // One by one: a copy of them all would go through memory.
#pragma GCC unroll 4
          for (std::size_t i = 0; i < kRegisters; ++i) {
            std::memcpy(&column[i], weights + i * kRegister, sizeof(Register));
          }
#pragma GCC unroll 8
          for (std::size_t k = 0; k < kRows; ++k) {
            const float value = values[k * inputs + in];
#pragma GCC unroll 4
            for (std::size_t i = 0; i < kRegisters; ++i) {
              sums[k][i] += value * column[i];
            }
          }
        }
      }
      const std::size_t valid = std::min(kRows, call.count - row);
      for (std::size_t k = 0; k < valid; ++k) {
        std::memcpy(call.output + (row + k) * stride + lane, &sums[k], sizeof(sums[k]));
      }
    }
  }
}

void apply_baseline(const LayerCall& call) {
  apply<4, 2>(call);
}

#ifdef __x86_64__
[[gnu::target("avx2")]] void apply_avx2(const LayerCall& call) {
  apply<8, 4>(call);
}
[[gnu::target("avx512f,avx512vl")]] void apply_avx512(const LayerCall& call) {
  apply<16, 8>(call);
}
#endif

}  // namespace

void apply_layer(const LayerWeights& layer,
                 const float* input,
                 std::span<const std::ptrdiff_t> offsets,
                 std::span<const float> bias,
                 std::size_t count,
                 float* output) {
  const LayerCall call = {&layer, input, offsets, bias.data(), count, output};
#ifdef __x86_64__
  static const bool has_avx512 =
      __builtin_cpu_supports("avx512f") != 0 && __builtin_cpu_supports("avx512vl") != 0;
  static const bool has_avx2 = __builtin_cpu_supports("avx2") != 0;
  if (has_avx512) {
    apply_avx512(call);
    return;
  }
  if (has_avx2) {
    apply_avx2(call);
    return;
  }
#endif
  apply_baseline(call);
}

}  // namespace tessera::gnn
