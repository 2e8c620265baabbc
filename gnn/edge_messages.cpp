#include "gnn/edge_messages.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>
#include <limits>
#include <memory>
#include <utility>

namespace tessera::gnn {

EdgeList::EdgeList(std::size_t num_vertices, std::vector<Edge> edges)
    : edges_(std::move(edges)), inverse_degree_(num_vertices, 0.0F) {
  for (const Edge& edge : edges_) {
    TORCH_CHECK(std::max(edge.a, edge.b) < num_vertices,
                "expected vertices below ",
                num_vertices,
                ", found an edge between ",
                edge.a,
                " and ",
                edge.b);
    inverse_degree_[edge.a] += 1.0F;
    inverse_degree_[edge.b] += 1.0F;
  }
  for (float& degree : inverse_degree_) {
    degree = degree > 0.0F ? 1.0F / degree : 0.0F;
  }
}

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

enum Pool : std::size_t { kMean, kVariance, kMax, kMin, kNumPools };

/// One state of the batch.
struct StateView {
  const float* first;   ///< [V, D]
  const float* second;  ///< [V, D]
  const float* slope;   ///< [D]
  const EdgeList* graph;
};

/// What the forward pass fills for one state.
struct StateMessages {
  float* nodes;            ///< [V, D]
  float* pools;            ///< [4, D], null if nobody wants them
  std::int32_t* argument;  ///< [2, D] edges of the largest and the smallest message
};

/// Gradients of one state: those of the results, and those to fill.
struct StateGradients {
  const float* nodes;            ///< [V, D], null if nothing depends on the nodes
  const float* pools;            ///< [4, D], null if nothing depends on the pools
  const float* pool_values;      ///< [4, D]
  const std::int32_t* argument;  ///< [2, D]
  float* first;                  ///< [V, D]
  float* second;                 ///< [V, D]
  float* slope;                  ///< [D]
};

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

Sides sides_of(const StateView& state,
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
  static std::int32_t find(const StateView& state,
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

  void write(const StateView& state, const StateMessages& out) const {
    const auto count = static_cast<double>(state.graph->edges().size());
    for (std::size_t d = 0; d < kChannels; ++d) {
      const double mean = 0.5 * sum[d] / count;
      const double mean_square = 0.25 * squares[d] / count;
      out.pools[kMean * kChannels + d] = static_cast<float>(mean);
      out.pools[kVariance * kChannels + d] =
          static_cast<float>(std::max(0.0, mean_square - mean * mean));
      out.pools[kMax * kChannels + d] = 0.5F * max[d];
      out.pools[kMin * kChannels + d] = 0.5F * min[d];
      out.argument[d] = find(state, run_of_max[d], d, max[d]);
      out.argument[kChannels + d] = find(state, run_of_min[d], d, min[d]);
    }
  }
};

/// Sums doubled messages, and halves the sums: the same numbers with a product less per edge.
template <std::size_t kChannels, std::size_t kLanes, bool kWithPools>
[[gnu::always_inline]] inline void forward_kernel(const StateView& state,
                                                  const StateMessages& out) {
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
[[gnu::always_inline]] inline void forward_state(const StateView& state, const StateMessages& out) {
  const std::vector<float>& inverse_degree = state.graph->inverse_degree();
  std::fill_n(out.nodes, inverse_degree.size() * kChannels, 0.0F);
  if (out.pools == nullptr) {
    forward_kernel<kChannels, kLanes, false>(state, out);
  } else if (state.graph->edges().empty()) {
    std::fill_n(out.pools, kNumPools * kChannels, 0.0F);
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
void add_extreme_gradient(const StateView& state,
                          const EdgeList::Edge& edge,
                          std::size_t width,
                          std::size_t d,
                          float gradient,
                          const StateGradients& grad) {
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

void add_extreme_gradients(const StateView& state, std::size_t width, const StateGradients& grad) {
  const std::vector<EdgeList::Edge>& edges = state.graph->edges();
  for (std::size_t d = 0; d < width; ++d) {
    const auto argmax = static_cast<std::size_t>(grad.argument[d]);
    const auto argmin = static_cast<std::size_t>(grad.argument[width + d]);
    add_extreme_gradient(state, edges[argmax], width, d, grad.pools[kMax * width + d], grad);
    add_extreme_gradient(state, edges[argmin], width, d, grad.pools[kMin * width + d], grad);
  }
}

/// `half_nodes`: [V, D], the gradients of the nodes divided by twice their degrees: what one side
/// of a message gets from its vertex.
template <std::size_t kChannels, std::size_t kLanes, bool kWithPools>
[[gnu::always_inline]] inline void backward_kernel(const StateView& state,
                                                   const float* half_nodes,
                                                   const StateGradients& grad) {
  using Values = Channels<kChannels, kLanes>;
  const EdgeList::Edge* edge = state.graph->edges().data();
  const EdgeList::Edge* const end = edge + state.graph->edges().size();
  // d mean / d e = 1 / E; d variance / d e = 2 (e - mean) / E: together, of half a message,
  // constant + factor * 2 e.
  Values constant;
  Values factor;
  if constexpr (kWithPools) {
    const float half_per_edge = 0.5F / static_cast<float>(state.graph->edges().size());
    factor = half_per_edge * Values::load(grad.pools + kVariance * kChannels);
    constant = half_per_edge * Values::load(grad.pools + kMean * kChannels) +
               -2.0F * factor * Values::load(grad.pool_values + kMean * kChannels);
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
[[gnu::always_inline]] inline void backward_state(const StateView& state,
                                                  const StateGradients& grad) {
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

/// The kernels of one message width, for one instruction set.
struct StateKernels {
  void (*forward)(const StateView& state, const StateMessages& out);
  void (*backward)(const StateView& state, const StateGradients& grad);
};

template <std::size_t kChannels>
void forward_baseline(const StateView& state, const StateMessages& out) {
  forward_state<kChannels, 4>(state, out);
}
template <std::size_t kChannels>
void backward_baseline(const StateView& state, const StateGradients& grad) {
  backward_state<kChannels, 4>(state, grad);
}

#ifdef __x86_64__
template <std::size_t kChannels>
[[gnu::target("avx2")]] void forward_avx2(const StateView& state, const StateMessages& out) {
  forward_state<kChannels, 8>(state, out);
}
template <std::size_t kChannels>
[[gnu::target("avx2")]] void backward_avx2(const StateView& state, const StateGradients& grad) {
  backward_state<kChannels, 8>(state, grad);
}
template <std::size_t kChannels>
[[gnu::target("avx512f,avx512vl")]] void forward_avx512(const StateView& state,
                                                        const StateMessages& out) {
  forward_state<kChannels, std::min<std::size_t>(kChannels, 16)>(state, out);
}
template <std::size_t kChannels>
[[gnu::target("avx512f,avx512vl")]] void backward_avx512(const StateView& state,
                                                         const StateGradients& grad) {
  backward_state<kChannels, std::min<std::size_t>(kChannels, 16)>(state, grad);
}
#endif

template <std::size_t kChannels>
StateKernels kernels_of_width() {
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

bool has_kernels(std::int64_t width) {
  return width == 8 || width == 16 || width == 32;
}

StateKernels kernels_for(std::int64_t width) {
  switch (width) {
    case 8:
      return kernels_of_width<8>();
    case 16:
      return kernels_of_width<16>();
    case 32:
      return kernels_of_width<32>();
    default:
      TORCH_CHECK(false, "expected messages of 8, 16 or 32 channels, found ", width);
  }
}

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
      pools = torch::empty({states, kNumPools, width}, first.options());
      argument = torch::empty({states, 2, width}, torch::kInt32);
    }
    const StateKernels kernels = kernels_for(width);
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
    const StateKernels kernels = kernels_for(width);
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
  static StateView view_of(const Tensor& first,
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
  if (!is_fused(first) || !is_fused(second) || !is_fused(slope) || !has_kernels(first.size(1))) {
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
