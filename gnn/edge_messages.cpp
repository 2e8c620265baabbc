#include "gnn/edge_messages.h"

#include <algorithm>
#include <array>
#include <limits>
#include <memory>
#include <utility>

namespace tessera::gnn {

EdgeList::EdgeList(std::size_t num_vertices, std::vector<Edge> edges)
    : edges_(std::move(edges)), inverse_degree_(num_vertices, 0.0F) {
  for (const Edge& edge : edges_) {
    inverse_degree_[edge.a] += 1.0F;
    inverse_degree_[edge.b] += 1.0F;
  }
  for (float& degree : inverse_degree_) {
    degree = degree > 0.0F ? 1.0F / degree : 0.0F;
  }
}

namespace {

using torch::Tensor;

enum Pool : std::size_t { kMean, kVariance, kMax, kMin, kNumPools };

/// Message width that the fused kernel is made for: one vector register.
constexpr std::size_t kWidth = 8;
constexpr auto kSignedWidth = static_cast<std::int64_t>(kWidth);

/// The channels of a message. Sums run in the order of the edges in each channel, whatever the
/// instruction set, so that results do not depend on the machine.
using Channels = float __attribute__((vector_size(kWidth * sizeof(float))));
using ChannelIndices = std::int32_t __attribute__((vector_size(kWidth * sizeof(std::int32_t))));
/// The same where they lie in a tensor, at any multiple of four bytes.
using StoredChannels =
    float __attribute__((vector_size(kWidth * sizeof(float)), aligned(4), may_alias));
using StoredIndices =
    std::int32_t __attribute__((vector_size(kWidth * sizeof(std::int32_t)), aligned(4), may_alias));

inline StoredChannels* channels(float* values) {
  return reinterpret_cast<StoredChannels*>(values);
}
inline const StoredChannels* channels(const float* values) {
  return reinterpret_cast<const StoredChannels*>(values);
}

/// One state of the batch.
struct StateView {
  const float* first;   ///< [V, D]
  const float* second;  ///< [V, D]
  const float* slope;   ///< [D]
};

/// What the forward pass fills for one state.
struct StateMessages {
  float* nodes;            ///< [V, D]
  float* pools;            ///< [4, D]
  std::int32_t* argument;  ///< [2, D] edges of the largest and the smallest message
};

template <bool kWithPools>
[[gnu::always_inline]] inline void forward_kernel(const StateView& state,
                                                  const EdgeList& list,
                                                  const StateMessages& out) {
  const std::vector<EdgeList::Edge>& edges = list.edges();
  const StoredChannels* const first = channels(state.first);
  const StoredChannels* const second = channels(state.second);
  const Channels slope = *channels(state.slope);
  StoredChannels* const nodes = channels(out.nodes);
  std::fill(out.nodes, out.nodes + list.num_vertices() * kWidth, 0.0F);

  const Channels zero = {};
  std::array<double, kWidth> sum{};
  std::array<double, kWidth> sum_of_squares{};
  Channels max = zero - std::numeric_limits<float>::infinity();
  Channels min = zero + std::numeric_limits<float>::infinity();
  ChannelIndices argmax = {};
  ChannelIndices argmin = {};
  ChannelIndices index = {};
  // Edges are sorted by their first vertex, whose values stay in registers.
  for (std::size_t i = 0; i < edges.size();) {
    const std::uint32_t a = edges[i].a;
    const Channels first_a = first[a];
    const Channels second_a = second[a];
    Channels run_sum = {};
    Channels run_squares = {};
    for (; i < edges.size() && edges[i].a == a; ++i) {
      const std::uint32_t b = edges[i].b;
      const Channels weighted = edges[i].weight * slope;
      const Channels forth = first_a + second[b] + weighted;
      const Channels back = first[b] + second_a + weighted;
      const Channels message = 0.5F * ((forth > zero ? forth : zero) + (back > zero ? back : zero));
      nodes[b] += message;
      run_sum += message;
      if constexpr (kWithPools) {
        run_squares += message * message;
        argmax = message > max ? index : argmax;
        argmin = message < min ? index : argmin;
        max = message > max ? message : max;
        min = message < min ? message : min;
        index += 1;
      }
    }
    nodes[a] += run_sum;
    if constexpr (kWithPools) {
      for (std::size_t d = 0; d < kWidth; ++d) {
        sum[d] += run_sum[d];
        sum_of_squares[d] += run_squares[d];
      }
    }
  }
  for (std::size_t v = 0; v < list.num_vertices(); ++v) {
    nodes[v] *= list.inverse_degree()[v];
  }
  if constexpr (kWithPools) {
    const double count = static_cast<double>(std::max<std::size_t>(edges.size(), 1));
    for (std::size_t d = 0; d < kWidth; ++d) {
      const double mean = sum[d] / count;
      out.pools[kMean * kWidth + d] = static_cast<float>(mean);
      out.pools[kVariance * kWidth + d] =
          static_cast<float>(std::max(0.0, sum_of_squares[d] / count - mean * mean));
    }
    *channels(out.pools + kMax * kWidth) = edges.empty() ? zero : max;
    *channels(out.pools + kMin * kWidth) = edges.empty() ? zero : min;
    *reinterpret_cast<StoredIndices*>(out.argument) = argmax;
    *reinterpret_cast<StoredIndices*>(out.argument + kWidth) = argmin;
  }
}

__attribute__((target_clones("avx2", "default"))) void forward_state(const StateView& state,
                                                                     const EdgeList& edges,
                                                                     const StateMessages& out) {
  if (out.pools != nullptr) {
    forward_kernel<true>(state, edges, out);
  } else {
    forward_kernel<false>(state, edges, out);
  }
}

/// Gradients of one state: those of the results, and those to fill.
struct StateGradients {
  const float* nodes;            ///< [V, D], divided by the degrees
  const float* pools;            ///< [4, D], null if nothing depends on the pools
  const float* pool_values;      ///< [4, D]
  const std::int32_t* argument;  ///< [2, D]
  float* first;                  ///< [V, D], zero at first
  float* second;                 ///< [V, D], zero at first
  float* slope;                  ///< [D]
};

/// Passes the gradient of an extreme on to the two sides of the one message that it belongs to.
void add_extreme_gradient(const StateView& state,
                          const EdgeList::Edge& edge,
                          std::size_t d,
                          float gradient,
                          const StateGradients& grad) {
  const std::size_t a = edge.a * kWidth + d;
  const std::size_t b = edge.b * kWidth + d;
  const float weighted = edge.weight * state.slope[d];
  const float forth = state.first[a] + state.second[b] + weighted;
  const float back = state.first[b] + state.second[a] + weighted;
  const float forth_gradient = forth > 0.0F ? 0.5F * gradient : 0.0F;
  const float back_gradient = back > 0.0F ? 0.5F * gradient : 0.0F;
  grad.first[a] += forth_gradient;
  grad.second[b] += forth_gradient;
  grad.first[b] += back_gradient;
  grad.second[a] += back_gradient;
  grad.slope[d] += edge.weight * (forth_gradient + back_gradient);
}

template <bool kWithPools>
[[gnu::always_inline]] inline void backward_kernel(const StateView& state,
                                                   const EdgeList& list,
                                                   const StateGradients& grad) {
  const std::vector<EdgeList::Edge>& edges = list.edges();
  const StoredChannels* const first = channels(state.first);
  const StoredChannels* const second = channels(state.second);
  const StoredChannels* const grad_nodes = channels(grad.nodes);
  StoredChannels* const grad_first = channels(grad.first);
  StoredChannels* const grad_second = channels(grad.second);
  const Channels slope = *channels(state.slope);
  const Channels zero = {};

  // d mean / d e = 1 / E; d variance / d e = 2 (e - mean) / E: together constant + factor * e.
  Channels constant = {};
  Channels factor = {};
  if constexpr (kWithPools) {
    const float per_edge = 1.0F / static_cast<float>(std::max<std::size_t>(edges.size(), 1));
    factor = 2.0F * per_edge * *channels(grad.pools + kVariance * kWidth);
    constant = per_edge * *channels(grad.pools + kMean * kWidth) -
               factor * *channels(grad.pool_values + kMean * kWidth);
  }
  Channels grad_slope = {};
  for (std::size_t i = 0; i < edges.size();) {
    const std::uint32_t a = edges[i].a;
    const Channels first_a = first[a];
    const Channels second_a = second[a];
    const Channels outer = grad_nodes[a] + constant;
    Channels run_first = {};
    Channels run_second = {};
    Channels run_slope = {};
    for (; i < edges.size() && edges[i].a == a; ++i) {
      const std::uint32_t b = edges[i].b;
      const float weight = edges[i].weight;
      const Channels weighted = weight * slope;
      const Channels forth = first_a + second[b] + weighted;
      const Channels back = first[b] + second_a + weighted;
      Channels gradient = outer + grad_nodes[b];
      if constexpr (kWithPools) {
        gradient += factor * (0.5F * ((forth > zero ? forth : zero) + (back > zero ? back : zero)));
      }
      gradient *= 0.5F;
      const Channels forth_gradient = forth > zero ? gradient : zero;
      const Channels back_gradient = back > zero ? gradient : zero;
      grad_first[b] += back_gradient;
      grad_second[b] += forth_gradient;
      run_first += forth_gradient;
      run_second += back_gradient;
      run_slope += weight * (forth_gradient + back_gradient);
    }
    grad_first[a] += run_first;
    grad_second[a] += run_second;
    grad_slope += run_slope;
  }
  *channels(grad.slope) = grad_slope;
  if constexpr (kWithPools) {
    for (std::size_t d = 0; d < kWidth && !edges.empty(); ++d) {
      const auto argmax = static_cast<std::size_t>(grad.argument[d]);
      const auto argmin = static_cast<std::size_t>(grad.argument[kWidth + d]);
      add_extreme_gradient(state, edges[argmax], d, grad.pools[kMax * kWidth + d], grad);
      add_extreme_gradient(state, edges[argmin], d, grad.pools[kMin * kWidth + d], grad);
    }
  }
}

__attribute__((target_clones("avx2", "default"))) void backward_state(const StateView& state,
                                                                      const EdgeList& edges,
                                                                      const StateGradients& grad) {
  if (grad.pools != nullptr) {
    backward_kernel<true>(state, edges, grad);
  } else {
    backward_kernel<false>(state, edges, grad);
  }
}

/// Row `i` of a tensor whose leading dimension is the batch; null for an undefined tensor.
template <typename Value>
Value* row_of(const Tensor& tensor, std::int64_t i) {
  return tensor.defined() ? tensor.data_ptr<Value>() + i * tensor.stride(0) : nullptr;
}

class EdgeMessagesFunction : public torch::autograd::Function<EdgeMessagesFunction> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const Tensor& first_in,
                                                const Tensor& second_in,
                                                const Tensor& slope_in,
                                                std::int64_t edges_address,
                                                bool with_pools) {
    const Tensor first = first_in.contiguous();
    const Tensor second = second_in.contiguous();
    const Tensor slope = slope_in.contiguous();
    const EdgeList& edges = *reinterpret_cast<const EdgeList*>(edges_address);
    const std::int64_t batch = first.size(0);
    Tensor nodes = torch::empty_like(first);
    Tensor pools;
    Tensor argument;
    if (with_pools) {
      pools = torch::empty({batch, kNumPools, kSignedWidth});
      argument = torch::empty({batch, 2, kSignedWidth}, torch::kInt32);
    }
    at::parallel_for(0, batch, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        forward_state(
            {row_of<float>(first, i), row_of<float>(second, i), slope.data_ptr<float>()},
            edges,
            {row_of<float>(nodes, i), row_of<float>(pools, i), row_of<std::int32_t>(argument, i)});
      }
    });
    context->save_for_backward({first, second, slope, pools, argument});
    context->saved_data["edges"] = edges_address;
    if (!with_pools) {
      return {nodes};
    }
    return {nodes, pools};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    const auto saved = context->get_saved_variables();
    const Tensor& first = saved[0];
    const Tensor& second = saved[1];
    const Tensor& slope = saved[2];
    const Tensor& pools = saved[3];
    const Tensor& argument = saved[4];
    const EdgeList& edges =
        *reinterpret_cast<const EdgeList*>(context->saved_data["edges"].toInt());
    const std::int64_t batch = first.size(0);

    const Tensor inverse_degree =
        torch::from_blob(const_cast<float*>(edges.inverse_degree().data()), {1, first.size(1), 1});
    const Tensor grad_nodes = gradients[0].defined() ? (gradients[0] * inverse_degree).contiguous()
                                                     : torch::zeros_like(first);
    const bool with_pools = gradients.size() > 1 && gradients[1].defined();
    const Tensor grad_pools = with_pools ? gradients[1].contiguous() : Tensor();
    Tensor grad_first = torch::zeros_like(first);
    Tensor grad_second = torch::zeros_like(second);
    Tensor grad_slope = torch::empty({batch, kSignedWidth});
    at::parallel_for(0, batch, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        backward_state({row_of<float>(first, i), row_of<float>(second, i), slope.data_ptr<float>()},
                       edges,
                       {row_of<float>(grad_nodes, i),
                        row_of<float>(grad_pools, i),
                        row_of<float>(pools, i),
                        row_of<std::int32_t>(argument, i),
                        row_of<float>(grad_first, i),
                        row_of<float>(grad_second, i),
                        row_of<float>(grad_slope, i)});
      }
    });
    return {grad_first, grad_second, grad_slope.sum(0), Tensor(), Tensor()};
  }
};

}  // namespace

EdgeMessages edge_messages(const Tensor& first,
                           const Tensor& second,
                           const Tensor& slope,
                           const EdgeList& edges,
                           EdgePools pools) {
  TORCH_CHECK(first.dim() == 3 && first.sizes() == second.sizes(),
              "expected two [B, V, D] tensors");
  TORCH_CHECK(first.size(1) == static_cast<std::int64_t>(edges.num_vertices()),
              "expected ",
              edges.num_vertices(),
              " vertices, found ",
              first.size(1));
  const bool fused = first.device().is_cpu() && first.size(2) == kSignedWidth &&
                     first.scalar_type() == torch::kFloat32;
  if (!fused) {
    return edge_messages_reference(first, second, slope, edges);
  }
  const bool with_pools = pools == EdgePools::kCompute;
  const auto result = EdgeMessagesFunction::apply(
      first, second, slope, reinterpret_cast<std::int64_t>(&edges), with_pools);
  return {result[0], with_pools ? result[1] : Tensor()};
}

EdgeMessages edge_messages_reference(const Tensor& first,
                                     const Tensor& second,
                                     const Tensor& slope,
                                     const EdgeList& edges) {
  const auto count = static_cast<std::int64_t>(edges.edges().size());
  const auto indices = torch::TensorOptions(torch::kInt64);
  Tensor a = torch::empty({count}, indices);
  Tensor b = torch::empty({count}, indices);
  Tensor weight = torch::empty({count});
  for (std::int64_t i = 0; i < count; ++i) {
    const EdgeList::Edge& edge = edges.edges()[static_cast<std::size_t>(i)];
    a.data_ptr<std::int64_t>()[i] = edge.a;
    b.data_ptr<std::int64_t>()[i] = edge.b;
    weight.data_ptr<float>()[i] = edge.weight;
  }
  a = a.to(first.device());
  b = b.to(first.device());
  const Tensor weighted = weight.to(first.options()).unsqueeze(1) * slope;  // [E, D]
  const Tensor forth = first.index_select(1, a) + second.index_select(1, b) + weighted;
  const Tensor back = first.index_select(1, b) + second.index_select(1, a) + weighted;
  const Tensor messages = 0.5 * (forth.relu() + back.relu());  // [B, E, D]

  const Tensor sums = torch::zeros_like(first).index_add(1, a, messages).index_add(1, b, messages);
  const Tensor inverse_degree =
      torch::tensor(at::ArrayRef<float>(edges.inverse_degree())).to(first.options());
  Tensor pools;
  if (count == 0) {
    pools = torch::zeros({first.size(0), std::int64_t{kNumPools}, first.size(2)}, first.options());
  } else {
    pools = torch::stack({messages.mean(1),
                          messages.var(1, /*unbiased=*/false),
                          std::get<0>(messages.max(1)),
                          std::get<0>(messages.min(1))},
                         1);
  }
  return {sums * inverse_degree.unsqueeze(1), pools};
}

}  // namespace tessera::gnn
