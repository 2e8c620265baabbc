#include "gnn/edge_messages.h"

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

#include "gnn/edge_kernels.h"

namespace tessera::gnn {

GraphLayout::GraphLayout(std::vector<std::shared_ptr<const EdgeList>> graphs)
    : graphs_(std::move(graphs)), first_vertex_(1, 0) {
  first_vertex_.reserve(graphs_.size() + 1);
  for (const auto& graph : graphs_) {
    const auto vertices = static_cast<std::int64_t>(graph->num_vertices());
    first_vertex_.push_back(first_vertex_.back() + vertices);
  }
}

const GraphTensors& GraphLayout::tensors(torch::Device device) const {
  // A device may be named with or without its index; tensors always tell it the same way.
  const torch::Device placed = torch::empty({0}, torch::TensorOptions(device)).device();
  const std::lock_guard lock(mutex_);
  for (const auto& made : tensors_) {
    if (made->a.device() == placed) {
      return *made;
    }
  }
  tensors_.push_back(std::make_unique<const GraphTensors>(make_tensors(placed)));
  return *tensors_.back();
}

GraphTensors GraphLayout::make_tensors(torch::Device device) const {
  std::vector<std::int64_t> a;
  std::vector<std::int64_t> b;
  std::vector<float> weight;
  std::vector<std::int64_t> state_of_edge;
  std::vector<float> inverse_degree;
  std::vector<std::int64_t> state_of_vertex;
  for (std::size_t i = 0; i < graphs_.size(); ++i) {
    const EdgeList& list = *graphs_[i];
    for (const EdgeList::Edge& edge : list.edges()) {
      a.push_back(first_vertex_[i] + edge.a);
      b.push_back(first_vertex_[i] + edge.b);
      weight.push_back(edge.weight);
    }
    const std::vector<float>& inverse = list.inverse_degree();
    inverse_degree.insert(inverse_degree.end(), inverse.begin(), inverse.end());
    state_of_edge.resize(a.size(), static_cast<std::int64_t>(i));
    state_of_vertex.resize(inverse_degree.size(), static_cast<std::int64_t>(i));
  }
  // They are kept for later calls, some of which may want gradients.
  const c10::InferenceMode normal_mode(false);
  const auto to_device = [device](const auto& values) { return torch::tensor(values).to(device); };
  return {to_device(a),
          to_device(b),
          to_device(weight),
          to_device(state_of_edge),
          to_device(inverse_degree).unsqueeze(1),
          to_device(state_of_vertex)};
}

namespace {

using torch::Tensor;

/// Row `i` of a contiguous tensor; null for an undefined one.
template <typename Value>
Value* row_of(const Tensor& tensor, std::int64_t i) {
  return tensor.defined() ? tensor.data_ptr<Value>() + i * tensor.stride(0) : nullptr;
}

/// Calls work(i) for each state. Each thread takes the next state when it has finished one: graphs
/// may differ much in size.
template <typename Work>
void for_each_state(const GraphLayout& layout, const Work& work) {
  const std::size_t states = layout.num_states();
  std::atomic<std::size_t> next = 0;
  const auto workers =
      std::min(static_cast<std::int64_t>(states), static_cast<std::int64_t>(at::get_num_threads()));
  at::parallel_for(0, workers, 1, [&](std::int64_t /*begin*/, std::int64_t /*end*/) {
    for (std::size_t i = next++; i < states; i = next++) {
      work(i);
    }
  });
}

/// Keeps a layout alive as long as the node of the autograd graph that needs it.
struct LayoutHolder : torch::CustomClassHolder {
  explicit LayoutHolder(std::shared_ptr<const GraphLayout> held) : layout(std::move(held)) {}
  std::shared_ptr<const GraphLayout> layout;
};

class EdgeMessagesFunction : public torch::autograd::Function<EdgeMessagesFunction> {
 public:
  static torch::autograd::variable_list forward(torch::autograd::AutogradContext* context,
                                                const Tensor& first_in,
                                                const Tensor& second_in,
                                                const Tensor& slope_in,
                                                const std::shared_ptr<const GraphLayout>& layout,
                                                bool with_pools) {
    const Tensor first = first_in.contiguous();
    const Tensor second = second_in.contiguous();
    const Tensor slope = slope_in.contiguous();
    const auto states = static_cast<std::int64_t>(layout->num_states());
    const std::int64_t width = first.size(1);
    const Tensor nodes = torch::empty_like(first);
    Tensor pools;
    Tensor argument;
    if (with_pools) {
      pools = torch::empty({states, kNumEdgePools, width}, first.options());
      argument = torch::empty({states, 2, width}, torch::kInt32);
    }
    const EdgeKernels kernels = edge_kernels(width);
    for_each_state(*layout, [&](std::size_t i) {
      const auto state = static_cast<std::int64_t>(i);
      kernels.forward(view_of(first, second, slope, *layout, i),
                      {row_of<float>(nodes, layout->first_vertex(i)),
                       row_of<float>(pools, state),
                       row_of<std::int32_t>(argument, state)});
    });
    context->save_for_backward({first, second, slope, pools, argument});
    context->saved_data["layout"] =
        c10::IValue::make_capsule(c10::make_intrusive<LayoutHolder>(layout));
    if (!with_pools) {
      return {nodes};
    }
    return {nodes, pools};
  }

  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context,
                                                 torch::autograd::variable_list gradients) {
    TORCH_CHECK(!torch::GradMode::is_enabled(), "edge messages have no second derivatives");
    const auto saved = context->get_saved_variables();
    const Tensor& first = saved[0];
    const Tensor& second = saved[1];
    const Tensor& slope = saved[2];
    const auto holder = context->saved_data["layout"].toCapsule();
    const GraphLayout& layout = *static_cast<const LayoutHolder&>(*holder).layout;
    const std::int64_t width = first.size(1);

    const Tensor grad_nodes = gradients[0].defined() ? gradients[0].contiguous() : Tensor();
    const bool with_pools = gradients.size() > 1 && gradients[1].defined();
    const Tensor grad_pools = with_pools ? gradients[1].contiguous() : Tensor();
    const Tensor grad_first = torch::empty_like(first);
    const Tensor grad_second = torch::empty_like(second);
    const Tensor grad_slope =
        torch::empty({static_cast<std::int64_t>(layout.num_states()), width}, first.options());
    const EdgeKernels kernels = edge_kernels(width);
    for_each_state(layout, [&](std::size_t i) {
      const auto state = static_cast<std::int64_t>(i);
      const std::int64_t vertex = layout.first_vertex(i);
      kernels.backward(view_of(first, second, slope, layout, i),
                       {row_of<float>(grad_nodes, vertex),
                        row_of<float>(grad_pools, state),
                        row_of<float>(saved[3], state),
                        row_of<std::int32_t>(saved[4], state),
                        row_of<float>(grad_first, vertex),
                        row_of<float>(grad_second, vertex),
                        row_of<float>(grad_slope, state)});
    });
    return {grad_first, grad_second, grad_slope.sum(0), Tensor(), Tensor()};
  }

 private:
  static EdgeState view_of(const Tensor& first,
                           const Tensor& second,
                           const Tensor& slope,
                           const GraphLayout& layout,
                           std::size_t state) {
    const std::int64_t vertex = layout.first_vertex(state);
    return {row_of<float>(first, vertex),
            row_of<float>(second, vertex),
            slope.data_ptr<float>(),
            layout.graph(state).get()};
  }
};

void check_inputs(const Tensor& first,
                  const Tensor& second,
                  const Tensor& slope,
                  const GraphLayout& layout) {
  TORCH_CHECK(first.dim() == 2 && first.sizes() == second.sizes(),
              "expected two [N, D] tensors, found ",
              first.sizes(),
              " and ",
              second.sizes());
  TORCH_CHECK(first.size(0) == layout.num_vertices(),
              "expected ",
              layout.num_vertices(),
              " vertices, found ",
              first.size(0));
  TORCH_CHECK(slope.dim() == 1 && slope.size(0) == first.size(1),
              "expected a slope for each of ",
              first.size(1),
              " channels, found ",
              slope.sizes());
}

/// Statistics of the messages [E, D] of each state, [B, 4, D].
Tensor pool_reference(const Tensor& messages, const GraphTensors& graph, std::int64_t states) {
  const Tensor& state = graph.state_of_edge;
  const Tensor zeros = torch::zeros({states, messages.size(1)}, messages.options());
  const Tensor count = torch::zeros({states, 1}, messages.options())
                           .index_add(0, state, torch::ones_like(messages.slice(1, 0, 1)))
                           .clamp_min(1);
  const Tensor mean = zeros.index_add(0, state, messages) / count;
  const Tensor centred = messages - mean.index_select(0, state);
  const Tensor variance = zeros.index_add(0, state, centred * centred) / count;
  const Tensor index = state.unsqueeze(1).expand_as(messages);
  const Tensor max = zeros.scatter_reduce(0, index, messages, "amax", /*include_self=*/false);
  const Tensor min = zeros.scatter_reduce(0, index, messages, "amin", /*include_self=*/false);
  return torch::stack({mean, variance, max, min}, 1);
}

}  // namespace

EdgeMessages edge_messages(const Tensor& first,
                           const Tensor& second,
                           const Tensor& slope,
                           const std::shared_ptr<const GraphLayout>& layout,
                           EdgePools pools) {
  check_inputs(first, second, slope, *layout);
  const auto is_fused = [](const Tensor& tensor) {
    return tensor.device().is_cpu() && tensor.scalar_type() == torch::kFloat32;
  };
  if (!is_fused(first) || !is_fused(second) || !is_fused(slope) ||
      !has_edge_kernels(first.size(1))) {
    return edge_messages_reference(first, second, slope, layout, pools);
  }
  const bool with_pools = pools == EdgePools::kCompute;
  const auto result = EdgeMessagesFunction::apply(first, second, slope, layout, with_pools);
  return {result[0], with_pools ? result[1] : Tensor()};
}

EdgeMessages edge_messages(const Tensor& first,
                           const Tensor& second,
                           const Tensor& slope,
                           const std::shared_ptr<const EdgeList>& edges,
                           EdgePools pools) {
  TORCH_CHECK(first.dim() == 3 && first.sizes() == second.sizes(),
              "expected two [B, V, D] tensors, found ",
              first.sizes(),
              " and ",
              second.sizes());
  TORCH_CHECK(first.size(1) == static_cast<std::int64_t>(edges->num_vertices()),
              "expected ",
              edges->num_vertices(),
              " vertices, found ",
              first.size(1));
  const auto layout = std::make_shared<const GraphLayout>(
      std::vector<std::shared_ptr<const EdgeList>>(static_cast<std::size_t>(first.size(0)), edges));
  const EdgeMessages rows =
      edge_messages(first.flatten(0, 1), second.flatten(0, 1), slope, layout, pools);
  return {rows.nodes.view(first.sizes()), rows.pools};
}

EdgeMessages edge_messages_reference(const Tensor& first,
                                     const Tensor& second,
                                     const Tensor& slope,
                                     const std::shared_ptr<const GraphLayout>& layout,
                                     EdgePools pools) {
  check_inputs(first, second, slope, *layout);
  const GraphTensors& graph = layout->tensors(first.device());
  const Tensor weighted = graph.weight.to(first.scalar_type()).unsqueeze(1) * slope;  // [E, D]
  const Tensor forth = first.index_select(0, graph.a) + second.index_select(0, graph.b) + weighted;
  const Tensor back = first.index_select(0, graph.b) + second.index_select(0, graph.a) + weighted;
  const Tensor messages = 0.5 * (forth.relu() + back.relu());  // [E, D]
  const Tensor sums =
      torch::zeros_like(first).index_add(0, graph.a, messages).index_add(0, graph.b, messages);
  const Tensor nodes = sums * graph.inverse_degree.to(first.scalar_type());
  if (pools == EdgePools::kSkip) {
    return {nodes, Tensor()};
  }
  return {nodes, pool_reference(messages, graph, static_cast<std::int64_t>(layout->num_states()))};
}

}  // namespace tessera::gnn
