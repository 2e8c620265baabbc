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

enum Pool : std::int64_t { kMean, kVariance, kMax, kMin, kNumPools };

/// Widest message the kernel takes; it keeps one on the stack.
constexpr std::int64_t kMaxWidth = 64;

/// Pointers of one state of the batch.
struct StateView {
  const float* first;
  const float* second;
  const float* slope;
  std::int64_t width;
};

/// The two one-sided messages of an edge before their mean.
template <typename Visit>
inline void for_each_channel(const StateView& state, const EdgeList::Edge& edge, Visit visit) {
  const float* const first_a = state.first + edge.a * state.width;
  const float* const first_b = state.first + edge.b * state.width;
  const float* const second_a = state.second + edge.a * state.width;
  const float* const second_b = state.second + edge.b * state.width;
  for (std::int64_t d = 0; d < state.width; ++d) {
    const float weighted = edge.weight * state.slope[d];
    visit(d, first_a[d] + second_b[d] + weighted, first_b[d] + second_a[d] + weighted);
  }
}

/// Extreme messages and the edges they belong to, one per channel.
struct Extremes {
  std::array<float, kMaxWidth> max;
  std::array<float, kMaxWidth> min;
};

__attribute__((target_clones("avx2", "default"))) void forward_state(const StateView& state,
                                                                     const EdgeList& edges,
                                                                     float* nodes,
                                                                     float* pools,
                                                                     std::int64_t* argument) {
  const std::int64_t width = state.width;
  std::array<double, kMaxWidth> sum{};
  std::array<double, kMaxWidth> sum_of_squares{};
  Extremes extremes;
  extremes.max.fill(-std::numeric_limits<float>::infinity());
  extremes.min.fill(std::numeric_limits<float>::infinity());
  std::fill(nodes, nodes + static_cast<std::int64_t>(edges.num_vertices()) * width, 0.0F);

  std::int64_t index = 0;
  for (const EdgeList::Edge& edge : edges.edges()) {
    float* const node_a = nodes + edge.a * width;
    float* const node_b = nodes + edge.b * width;
    for_each_channel(state, edge, [&](std::int64_t d, float forth, float back) {
      const float message = 0.5F * (std::max(forth, 0.0F) + std::max(back, 0.0F));
      node_a[d] += message;
      node_b[d] += message;
      sum[static_cast<std::size_t>(d)] += message;
      sum_of_squares[static_cast<std::size_t>(d)] += message * message;
      if (message > extremes.max[static_cast<std::size_t>(d)]) {
        extremes.max[static_cast<std::size_t>(d)] = message;
        argument[d] = index;
      }
      if (message < extremes.min[static_cast<std::size_t>(d)]) {
        extremes.min[static_cast<std::size_t>(d)] = message;
        argument[width + d] = index;
      }
    });
    ++index;
  }

  for (std::size_t v = 0; v < edges.num_vertices(); ++v) {
    for (std::int64_t d = 0; d < width; ++d) {
      nodes[static_cast<std::int64_t>(v) * width + d] *= edges.inverse_degree()[v];
    }
  }
  const double count = static_cast<double>(std::max<std::int64_t>(index, 1));
  for (std::int64_t d = 0; d < width; ++d) {
    const auto i = static_cast<std::size_t>(d);
    const double mean = sum[i] / count;
    pools[kMean * width + d] = static_cast<float>(mean);
    pools[kVariance * width + d] =
        static_cast<float>(std::max(0.0, sum_of_squares[i] / count - mean * mean));
    pools[kMax * width + d] = index > 0 ? extremes.max[i] : 0.0F;
    pools[kMin * width + d] = index > 0 ? extremes.min[i] : 0.0F;
  }
}

/// Gradients of one state. `grad_nodes` is already divided by the degrees.
struct StateGradients {
  const float* nodes;
  const float* pools;
  const float* pool_values;
  const std::int64_t* argument;
  float* first;
  float* second;
  float* slope;
};

__attribute__((target_clones("avx2", "default"))) void backward_state(const StateView& state,
                                                                      const EdgeList& edges,
                                                                      const StateGradients& grad) {
  const std::int64_t width = state.width;
  const float per_edge = 1.0F / static_cast<float>(std::max<std::size_t>(edges.edges().size(), 1));
  std::int64_t index = 0;
  for (const EdgeList::Edge& edge : edges.edges()) {
    const std::int64_t a = static_cast<std::int64_t>(edge.a) * width;
    const std::int64_t b = static_cast<std::int64_t>(edge.b) * width;
    for_each_channel(state, edge, [&](std::int64_t d, float forth, float back) {
      const float message = 0.5F * (std::max(forth, 0.0F) + std::max(back, 0.0F));
      // d mean = 1/E; d variance = 2 (e - mean) / E; the extremes belong to one edge each.
      float gradient = grad.nodes[a + d] + grad.nodes[b + d] +
                       per_edge * (grad.pools[kMean * width + d] +
                                   2.0F * grad.pools[kVariance * width + d] *
                                       (message - grad.pool_values[kMean * width + d]));
      gradient += grad.argument[d] == index ? grad.pools[kMax * width + d] : 0.0F;
      gradient += grad.argument[width + d] == index ? grad.pools[kMin * width + d] : 0.0F;
      const float forth_gradient = forth > 0.0F ? 0.5F * gradient : 0.0F;
      const float back_gradient = back > 0.0F ? 0.5F * gradient : 0.0F;
      grad.first[a + d] += forth_gradient;
      grad.second[b + d] += forth_gradient;
      grad.first[b + d] += back_gradient;
      grad.second[a + d] += back_gradient;
      grad.slope[d] += edge.weight * (forth_gradient + back_gradient);
    });
    ++index;
  }
}

class EdgeMessagesFunction : public torch::autograd::Function<EdgeMessagesFunction> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const Tensor& first_in,
                                                const Tensor& second_in,
                                                const Tensor& slope_in,
                                                std::int64_t edges_address) {
    const Tensor first = first_in.contiguous();
    const Tensor second = second_in.contiguous();
    const Tensor slope = slope_in.contiguous();
    const EdgeList& edges = *reinterpret_cast<const EdgeList*>(edges_address);
    const std::int64_t batch = first.size(0);
    const std::int64_t width = first.size(2);
    Tensor nodes = torch::empty_like(first);
    Tensor pools = torch::empty({batch, kNumPools, width});
    Tensor argument = torch::full({batch, 2, width}, -1, torch::kInt64);
    const std::int64_t stride = first.size(1) * width;
    at::parallel_for(0, batch, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const StateView state{first.data_ptr<float>() + i * stride,
                              second.data_ptr<float>() + i * stride,
                              slope.data_ptr<float>(),
                              width};
        forward_state(state,
                      edges,
                      nodes.data_ptr<float>() + i * stride,
                      pools.data_ptr<float>() + i * kNumPools * width,
                      argument.data_ptr<std::int64_t>() + i * 2 * width);
      }
    });
    context->save_for_backward({first, second, slope, pools, argument});
    context->saved_data["edges"] = edges_address;
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
    const std::int64_t width = first.size(2);
    const std::int64_t stride = first.size(1) * width;

    const Tensor inverse_degree =
        torch::from_blob(const_cast<float*>(edges.inverse_degree().data()), {1, first.size(1), 1});
    const Tensor grad_nodes = gradients[0].defined() ? (gradients[0] * inverse_degree).contiguous()
                                                     : first.new_zeros(first.sizes());
    const Tensor grad_pools =
        gradients[1].defined() ? gradients[1].contiguous() : pools.new_zeros(pools.sizes());
    Tensor grad_first = torch::zeros_like(first);
    Tensor grad_second = torch::zeros_like(second);
    Tensor grad_slope = torch::zeros({batch, width});
    at::parallel_for(0, batch, 1, [&](std::int64_t begin, std::int64_t end) {
      for (std::int64_t i = begin; i < end; ++i) {
        const StateView state{first.data_ptr<float>() + i * stride,
                              second.data_ptr<float>() + i * stride,
                              slope.data_ptr<float>(),
                              width};
        backward_state(state,
                       edges,
                       {grad_nodes.data_ptr<float>() + i * stride,
                        grad_pools.data_ptr<float>() + i * kNumPools * width,
                        pools.data_ptr<float>() + i * kNumPools * width,
                        argument.data_ptr<std::int64_t>() + i * 2 * width,
                        grad_first.data_ptr<float>() + i * stride,
                        grad_second.data_ptr<float>() + i * stride,
                        grad_slope.data_ptr<float>() + i * width});
      }
    });
    return {grad_first, grad_second, grad_slope.sum(0), Tensor()};
  }
};

}  // namespace

EdgeMessages edge_messages(const Tensor& first,
                           const Tensor& second,
                           const Tensor& slope,
                           const EdgeList& edges) {
  TORCH_CHECK(first.dim() == 3 && first.sizes() == second.sizes(),
              "expected two [B, V, D] tensors");
  TORCH_CHECK(first.size(1) == static_cast<std::int64_t>(edges.num_vertices()),
              "expected ",
              edges.num_vertices(),
              " vertices, found ",
              first.size(1));
  if (!first.device().is_cpu() || first.size(2) > kMaxWidth ||
      first.scalar_type() != torch::kFloat32) {
    return edge_messages_reference(first, second, slope, edges);
  }
  auto result =
      EdgeMessagesFunction::apply(first, second, slope, reinterpret_cast<std::int64_t>(&edges));
  return {result[0], result[1]};
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
    pools = torch::zeros({first.size(0), kNumPools, first.size(2)}, first.options());
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
