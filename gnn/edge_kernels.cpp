#include "gnn/edge_kernels.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace tessera::gnn {
namespace {

/// The channels of a message, in registers of `kLanes` floats. Each channel sums over the edges in
/// their order, whatever the width of a register, so that results do not depend on the machine.
template <std::size_t kChannels, std::size_t kLanes>
struct Channels {
  using Register [[gnu::vector_size(kLanes * sizeof(float))]] = float;
  static constexpr std::size_t kRegisters = kChannels / kLanes;

  Register registers[kRegisters] = {};

  [[gnu::always_inline]] static Channels load(const float* values) {
    Channels result;
    std::memcpy(&result.registers, values, sizeof(result.registers));
    return result;
  }
  [[gnu::always_inline]] void store(float* values) const {
    std::memcpy(values, &registers, sizeof(registers));
  }
  [[gnu::always_inline]] void add_to(float* values) const { (load(values) += *this).store(values); }

  [[gnu::always_inline]] Channels& operator+=(const Channels& other) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      registers[i] += other.registers[i];
    }
    return *this;
  }
  [[gnu::always_inline]] friend Channels operator+(const Channels& left, const Channels& right) {
    Channels result = left;
    return result += right;
  }
  [[gnu::always_inline]] friend Channels operator*(const Channels& left, const Channels& right) {
    Channels result;
    for (std::size_t i = 0; i < kRegisters; ++i) {
      result.registers[i] = left.registers[i] * right.registers[i];
    }
    return result;
  }
  [[gnu::always_inline]] friend Channels operator*(float factor, const Channels& values) {
    Channels result;
    for (std::size_t i = 0; i < kRegisters; ++i) {
      result.registers[i] = factor * values.registers[i];
    }
    return result;
  }
  /// The values where `condition` is positive, else 0.
  [[gnu::always_inline]] Channels where_positive(const Channels& condition) const {
    Channels result;
    for (std::size_t i = 0; i < kRegisters; ++i) {
      result.registers[i] = condition.registers[i] > Register{} ? registers[i] : Register{};
    }
    return result;
  }
  [[gnu::always_inline]] Channels relu() const { return where_positive(*this); }
  [[gnu::always_inline]] void raise_to(const Channels& other) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      registers[i] = other.registers[i] > registers[i] ? other.registers[i] : registers[i];
    }
  }
  [[gnu::always_inline]] void lower_to(const Channels& other) {
    for (std::size_t i = 0; i < kRegisters; ++i) {
      registers[i] = other.registers[i] < registers[i] ? other.registers[i] : registers[i];
    }
  }
};

/// The two sides of an edge's message, before the ReLU.
struct Sides {
  float forth;
  float back;
};

Sides sides_of(const EdgeState& state,
               const EdgeList::Edge& edge,
               std::size_t width,
               std::size_t d) {
  const std::size_t a = edge.a * width + d;
  const std::size_t b = edge.b * width + d;
  const float weighted = edge.weight * state.slope[d];
  return {state.first[a] + state.second[b] + weighted, state.first[b] + state.second[a] + weighted};
}

/// The end of the run of edges, from `begin`, that share their first vertex.
[[gnu::always_inline]] inline const EdgeList::Edge* run_end(const EdgeList::Edge* begin,
                                                            const EdgeList::Edge* end) {
  const std::uint32_t a = begin->a;
  while (begin != end && begin->a == a) {
    ++begin;
  }
  return begin;
}

/// Statistics of twice the messages of one run.
template <std::size_t kChannels>
struct RunStatistics {
  std::array<float, kChannels> sum;
  std::array<float, kChannels> squares;
  std::array<float, kChannels> max;
  std::array<float, kChannels> min;
};

/// Statistics of twice the messages of one state, which keep the runs of the extremes: they are
/// looked for in there at the end, so that no edge pays for knowing where they are.
template <std::size_t kChannels>
struct EdgeStatistics {
  std::array<double, kChannels> sum{};
  std::array<double, kChannels> squares{};
  std::array<float, kChannels> max;
  std::array<float, kChannels> min;
  std::array<std::int32_t, kChannels> run_of_max{};  ///< first edge of the run
  std::array<std::int32_t, kChannels> run_of_min{};

  EdgeStatistics() {
    max.fill(-std::numeric_limits<float>::infinity());
    min.fill(std::numeric_limits<float>::infinity());
  }

  [[gnu::always_inline]] void add(const RunStatistics<kChannels>& run, std::int32_t first_edge) {
    for (std::size_t d = 0; d < kChannels; ++d) {
      sum[d] += run.sum[d];
      squares[d] += run.squares[d];
    }
    for (std::size_t d = 0; d < kChannels; ++d) {
      run_of_max[d] = run.max[d] > max[d] ? first_edge : run_of_max[d];
      run_of_min[d] = run.min[d] < min[d] ? first_edge : run_of_min[d];
      max[d] = run.max[d] > max[d] ? run.max[d] : max[d];
      min[d] = run.min[d] < min[d] ? run.min[d] : min[d];
    }
  }

  /// First edge of the run at `first_edge` whose doubled message in channel `d` is `value`.
  static std::int32_t find(const EdgeState& state,
                           std::int32_t first_edge,
                           std::size_t d,
                           float value) {
    const std::vector<EdgeList::Edge>& edges = state.graph->edges();
    const EdgeList::Edge* const begin = edges.data() + first_edge;
    const EdgeList::Edge* const end = run_end(begin, edges.data() + edges.size());
    const EdgeList::Edge* const found = std::find_if(begin, end, [&](const EdgeList::Edge& edge) {
      const Sides sides = sides_of(state, edge, kChannels, d);
      return std::max(sides.forth, 0.0F) + std::max(sides.back, 0.0F) == value;
    });
    return first_edge + static_cast<std::int32_t>(found == end ? 0 : found - begin);
  }

  void write(const EdgeState& state, const EdgeStateMessages& out) const {
    const auto count = static_cast<double>(state.graph->edges().size());
    for (std::size_t d = 0; d < kChannels; ++d) {
      const double mean = 0.5 * sum[d] / count;
      const double mean_square = 0.25 * squares[d] / count;
      out.pools[kMeanPool * kChannels + d] = static_cast<float>(mean);
      out.pools[kVariancePool * kChannels + d] =
          static_cast<float>(std::max(0.0, mean_square - mean * mean));
      out.pools[kMaxPool * kChannels + d] = 0.5F * max[d];
      out.pools[kMinPool * kChannels + d] = 0.5F * min[d];
      out.argument[d] = find(state, run_of_max[d], d, max[d]);
      out.argument[kChannels + d] = find(state, run_of_min[d], d, min[d]);
    }
  }
};

/// Sums doubled messages, and halves the sums: the same numbers with a product less per edge.
template <std::size_t kChannels, std::size_t kLanes, bool kWithPools>
[[gnu::always_inline]] inline void forward_kernel(const EdgeState& state,
                                                  const EdgeStateMessages& out) {
  using Values = Channels<kChannels, kLanes>;
  const EdgeList::Edge* const begin = state.graph->edges().data();
  const EdgeList::Edge* const end = begin + state.graph->edges().size();
  const float* const first = state.first;
  const float* const second = state.second;
  float* const nodes = out.nodes;
  const Values slope = Values::load(state.slope);
  EdgeStatistics<kChannels> statistics;
  // The values of the vertex that a run of edges shares stay in registers.
  for (const EdgeList::Edge* edge = begin; edge != end;) {
    const EdgeList::Edge* const run = edge;
    const std::size_t a = run->a * kChannels;
    const Values first_a = Values::load(first + a);
    const Values second_a = Values::load(second + a);
    Values sum;
    Values squares;
    Values max = Values::load(statistics.max.data());
    Values min = Values::load(statistics.min.data());
    for (; edge != end && edge->a == run->a; ++edge) {
      const std::size_t b = edge->b * kChannels;
      const Values weighted = edge->weight * slope;
      const Values forth = first_a + Values::load(second + b) + weighted;
      const Values back = Values::load(first + b) + second_a + weighted;
      const Values message = forth.relu() + back.relu();
      message.add_to(nodes + b);
      sum += message;
      if constexpr (kWithPools) {
        squares += message * message;
        max.raise_to(message);
        min.lower_to(message);
      }
    }
    sum.add_to(nodes + a);
    if constexpr (kWithPools) {
      RunStatistics<kChannels> totals;
      sum.store(totals.sum.data());
      squares.store(totals.squares.data());
      max.store(totals.max.data());
      min.store(totals.min.data());
      statistics.add(totals, static_cast<std::int32_t>(run - begin));
    }
  }
  if constexpr (kWithPools) {
    statistics.write(state, out);
  }
}

template <std::size_t kChannels, std::size_t kLanes>
[[gnu::always_inline]] inline void forward_state(const EdgeState& state,
                                                 const EdgeStateMessages& out) {
  const std::vector<float>& inverse_degree = state.graph->inverse_degree();
  std::fill_n(out.nodes, inverse_degree.size() * kChannels, 0.0F);
  if (out.pools == nullptr) {
    forward_kernel<kChannels, kLanes, false>(state, out);
  } else if (state.graph->edges().empty()) {
    std::fill_n(out.pools, kNumEdgePools * kChannels, 0.0F);
  } else {
    forward_kernel<kChannels, kLanes, true>(state, out);
  }
  using Values = Channels<kChannels, kLanes>;
  for (std::size_t v = 0; v < inverse_degree.size(); ++v) {
    float* const node = out.nodes + v * kChannels;
    (0.5F * inverse_degree[v] * Values::load(node)).store(node);
  }
}

/// Passes the gradient of an extreme on to the two sides of the one message that it belongs to.
void add_extreme_gradient(const EdgeState& state,
                          const EdgeList::Edge& edge,
                          std::size_t width,
                          std::size_t d,
                          float gradient,
                          const EdgeStateGradients& grad) {
  const std::size_t a = edge.a * width + d;
  const std::size_t b = edge.b * width + d;
  const Sides sides = sides_of(state, edge, width, d);
  const float forth_gradient = sides.forth > 0.0F ? 0.5F * gradient : 0.0F;
  const float back_gradient = sides.back > 0.0F ? 0.5F * gradient : 0.0F;
  grad.first[a] += forth_gradient;
  grad.second[b] += forth_gradient;
  grad.first[b] += back_gradient;
  grad.second[a] += back_gradient;
  grad.slope[d] += edge.weight * (forth_gradient + back_gradient);
}

void add_extreme_gradients(const EdgeState& state,
                           std::size_t width,
                           const EdgeStateGradients& grad) {
  const std::vector<EdgeList::Edge>& edges = state.graph->edges();
  for (std::size_t d = 0; d < width; ++d) {
    const auto argmax = static_cast<std::size_t>(grad.argument[d]);
    const auto argmin = static_cast<std::size_t>(grad.argument[width + d]);
    add_extreme_gradient(state, edges[argmax], width, d, grad.pools[kMaxPool * width + d], grad);
    add_extreme_gradient(state, edges[argmin], width, d, grad.pools[kMinPool * width + d], grad);
  }
}

/// `half_nodes`: [V, D], the gradients of the nodes divided by twice their degrees: what one side
/// of a message gets from its vertex.
template <std::size_t kChannels, std::size_t kLanes, bool kWithPools>
[[gnu::always_inline]] inline void backward_kernel(const EdgeState& state,
                                                   const float* half_nodes,
                                                   const EdgeStateGradients& grad) {
  using Values = Channels<kChannels, kLanes>;
  const EdgeList::Edge* edge = state.graph->edges().data();
  const EdgeList::Edge* const end = edge + state.graph->edges().size();
  // d mean / d e = 1 / E; d variance / d e = 2 (e - mean) / E: together, of half a message,
  // constant + factor * 2 e.
  Values constant;
  Values factor;
  if constexpr (kWithPools) {
    const float half_per_edge = 0.5F / static_cast<float>(state.graph->edges().size());
    factor = half_per_edge * Values::load(grad.pools + kVariancePool * kChannels);
    constant = half_per_edge * Values::load(grad.pools + kMeanPool * kChannels) +
               -2.0F * factor * Values::load(grad.pool_values + kMeanPool * kChannels);
  }
  const float* const first = state.first;
  const float* const second = state.second;
  float* const grad_first = grad.first;
  float* const grad_second = grad.second;
  const Values slope = Values::load(state.slope);
  Values grad_slope;
  while (edge != end) {
    const std::uint32_t vertex = edge->a;
    const std::size_t a = vertex * kChannels;
    const Values first_a = Values::load(first + a);
    const Values second_a = Values::load(second + a);
    const Values outer = Values::load(half_nodes + a) + constant;
    Values run_first;
    Values run_second;
    Values run_slope;
    for (; edge != end && edge->a == vertex; ++edge) {
      const std::size_t b = edge->b * kChannels;
      const Values weighted = edge->weight * slope;
      const Values forth = first_a + Values::load(second + b) + weighted;
      const Values back = Values::load(first + b) + second_a + weighted;
      Values gradient = outer + Values::load(half_nodes + b);
      if constexpr (kWithPools) {
        gradient += factor * (forth.relu() + back.relu());
      }
      const Values forth_gradient = gradient.where_positive(forth);
      const Values back_gradient = gradient.where_positive(back);
      back_gradient.add_to(grad_first + b);
      forth_gradient.add_to(grad_second + b);
      run_first += forth_gradient;
      run_second += back_gradient;
      run_slope += edge->weight * (forth_gradient + back_gradient);
    }
    run_first.add_to(grad_first + a);
    run_second.add_to(grad_second + a);
    grad_slope += run_slope;
  }
  grad_slope.store(grad.slope);
  if constexpr (kWithPools) {
    add_extreme_gradients(state, kChannels, grad);
  }
}

template <std::size_t kChannels, std::size_t kLanes>
[[gnu::always_inline]] inline void backward_state(const EdgeState& state,
                                                  const EdgeStateGradients& grad) {
  using Values = Channels<kChannels, kLanes>;
  const std::vector<float>& inverse_degree = state.graph->inverse_degree();
  const std::size_t size = inverse_degree.size() * kChannels;
  const auto half_nodes = std::make_unique_for_overwrite<float[]>(size);
  for (std::size_t v = 0; v < inverse_degree.size(); ++v) {
    const std::size_t row = v * kChannels;
    const Values values = grad.nodes != nullptr ? Values::load(grad.nodes + row) : Values();
    (0.5F * inverse_degree[v] * values).store(half_nodes.get() + row);
  }
  std::fill_n(grad.first, size, 0.0F);
  std::fill_n(grad.second, size, 0.0F);
  if (grad.pools != nullptr && !state.graph->edges().empty()) {
    backward_kernel<kChannels, kLanes, true>(state, half_nodes.get(), grad);
  } else {
    backward_kernel<kChannels, kLanes, false>(state, half_nodes.get(), grad);
  }
}

template <std::size_t kChannels>
void forward_baseline(const EdgeState& state, const EdgeStateMessages& out) {
  forward_state<kChannels, 4>(state, out);
}
template <std::size_t kChannels>
void backward_baseline(const EdgeState& state, const EdgeStateGradients& grad) {
  backward_state<kChannels, 4>(state, grad);
}

#ifdef __x86_64__
template <std::size_t kChannels>
[[gnu::target("avx2")]] void forward_avx2(const EdgeState& state, const EdgeStateMessages& out) {
  forward_state<kChannels, 8>(state, out);
}
template <std::size_t kChannels>
[[gnu::target("avx2")]] void backward_avx2(const EdgeState& state, const EdgeStateGradients& grad) {
  backward_state<kChannels, 8>(state, grad);
}
template <std::size_t kChannels>
[[gnu::target("avx512f,avx512vl")]] void forward_avx512(const EdgeState& state,
                                                        const EdgeStateMessages& out) {
  forward_state<kChannels, std::min<std::size_t>(kChannels, 16)>(state, out);
}
template <std::size_t kChannels>
[[gnu::target("avx512f,avx512vl")]] void backward_avx512(const EdgeState& state,
                                                         const EdgeStateGradients& grad) {
  backward_state<kChannels, std::min<std::size_t>(kChannels, 16)>(state, grad);
}
#endif

template <std::size_t kChannels>
EdgeKernels kernels_of_width() {
#ifdef __x86_64__
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512vl")) {
    return {forward_avx512<kChannels>, backward_avx512<kChannels>};
  }
  if (__builtin_cpu_supports("avx2")) {
    return {forward_avx2<kChannels>, backward_avx2<kChannels>};
  }
#endif
  return {forward_baseline<kChannels>, backward_baseline<kChannels>};
}

}  // namespace

bool has_edge_kernels(std::int64_t width) {
  return width == 8 || width == 16 || width == 32;
}

EdgeKernels edge_kernels(std::int64_t width) {
  switch (width) {
    case 8:
      return kernels_of_width<8>();
    case 16:
      return kernels_of_width<16>();
    case 32:
      return kernels_of_width<32>();
    default:
      throw std::invalid_argument("expected messages of 8, 16 or 32 channels, found " +
                                  std::to_string(width));
  }
}

}  // namespace tessera::gnn
