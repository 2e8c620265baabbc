#include "gnn/edge_messages.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <numeric>
#include <utility>
#include <vector>

#include "tests/gnn/torch_doctest.h"

#include "netlist_io/rng.h"

namespace {

using tessera::gnn::edge_messages;
using tessera::gnn::edge_messages_reference;
using tessera::gnn::EdgeList;
using tessera::gnn::EdgeMessages;
using tessera::gnn::EdgePools;
using tessera::gnn::GraphLayout;
using tessera::netlist_io::Rng;
using tessera::testing::max_difference;
using torch::Tensor;

using GraphPointer = std::shared_ptr<const EdgeList>;
using LayoutPointer = std::shared_ptr<const GraphLayout>;

constexpr std::int64_t kWidth = 8;

GraphPointer make_graph(std::size_t vertices, std::vector<EdgeList::Edge> edges) {
  return std::make_shared<const EdgeList>(vertices, std::move(edges));
}

LayoutPointer make_layout(std::vector<GraphPointer> graphs) {
  return std::make_shared<const GraphLayout>(std::move(graphs));
}

/// Edges between random vertices, ascending; `isolated` vertices at the end have none.
GraphPointer random_graph(std::size_t vertices, std::size_t isolated, std::size_t count, Rng& rng) {
  std::vector<EdgeList::Edge> edges;
  for (std::size_t i = 0; i < count; ++i) {
    const auto a = static_cast<std::uint32_t>(i * (vertices - isolated - 1) / count);
    const auto b = static_cast<std::uint32_t>(a + 1 + rng.below(vertices - isolated - a - 1));
    edges.push_back({a, b, static_cast<float>(rng.uniform(0.0, 2.0))});
  }
  return make_graph(vertices, edges);
}

/// Three blocks of different size; the second one has no edges.
std::vector<GraphPointer> ragged_graphs(Rng& rng) {
  return {random_graph(30, 2, 120, rng), make_graph(5, {}), random_graph(11, 0, 25, rng)};
}

/// Inputs that want gradients.
struct Inputs {
  Tensor first;
  Tensor second;
  Tensor slope;
};

/// `shape`: of `first` and `second`; the last number is the width.
Inputs random_inputs(const std::vector<std::int64_t>& shape,
                     torch::ScalarType type = torch::kFloat32) {
  return {torch::randn(shape, type).requires_grad_(),
          torch::randn(shape, type).requires_grad_(),
          torch::randn({shape.back()}, type).requires_grad_()};
}

/// Random factors of all results.
struct ResultWeights {
  Tensor nodes;
  Tensor pools;
};

ResultWeights random_weights(const EdgeMessages& result) {
  return {torch::randn_like(result.nodes), torch::randn_like(result.pools)};
}

Tensor weighted_sum(const EdgeMessages& result, const ResultWeights& weights) {
  return (result.nodes * weights.nodes).sum() + (result.pools * weights.pools).sum();
}

std::vector<Tensor> gradients(const EdgeMessages& result,
                              const Inputs& inputs,
                              const ResultWeights& weights) {
  return torch::autograd::grad({weighted_sum(result, weights)},
                               {inputs.first, inputs.second, inputs.slope});
}

/// Rows of one state.
Tensor rows_of(const Tensor& rows, const GraphLayout& layout, std::size_t state) {
  return rows.slice(0, layout.first_vertex(state), layout.first_vertex(state + 1));
}

TEST_CASE("The messages of one edge are those computed by hand") {
  // Vertices 0 and 1 joined by an edge of weight 2, vertex 2 alone. In channel 0:
  //   forth: first[0] + second[1] + 2 * slope = 1 + 4 + 2 * 0.5 = 6
  //   back:  first[1] + second[0] + 2 * slope = 2 - 8 + 2 * 0.5 = -5, cut to 0
  //   message: (6 + 0) / 2 = 3
  const GraphPointer edges = make_graph(3, {{0, 1, 2.0F}});
  Inputs inputs = {
      torch::zeros({1, 3, kWidth}), torch::zeros({1, 3, kWidth}), torch::zeros(kWidth)};
  inputs.first[0][0][0] = 1.0F;
  inputs.first[0][1][0] = 2.0F;
  inputs.second[0][0][0] = -8.0F;
  inputs.second[0][1][0] = 4.0F;
  inputs.slope[0] = 0.5F;
  const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, edges);
  CHECK(result.nodes[0][0][0].item<float>() == 3.0F);
  CHECK(result.nodes[0][1][0].item<float>() == 3.0F);
  CHECK(result.nodes[0][2][0].item<float>() == 0.0F);
  CHECK(result.pools[0][0][0].item<float>() == 3.0F);  // mean
  CHECK(result.pools[0][1][0].item<float>() == 0.0F);  // variance
  CHECK(result.pools[0][2][0].item<float>() == 3.0F);  // maximum
  CHECK(result.pools[0][3][0].item<float>() == 3.0F);  // minimum
  CHECK(result.nodes.slice(2, 1).abs().max().item<float>() == 0.0F);
}

TEST_CASE("A layout puts the vertices of its states one after another") {
  const LayoutPointer layout = make_layout(
      {make_graph(3, {{0, 2, 1.0F}}), make_graph(0, {}), make_graph(2, {{0, 1, 5.0F}})});
  CHECK(layout->num_states() == 3);
  CHECK(layout->num_vertices() == 5);
  CHECK(layout->first_vertex(0) == 0);
  CHECK(layout->first_vertex(1) == 3);
  CHECK(layout->first_vertex(2) == 3);
  CHECK(layout->first_vertex(3) == 5);
  const auto& tensors = layout->tensors(torch::kCPU);
  CHECK(torch::equal(tensors.a, torch::tensor({0, 3}, torch::kInt64)));
  CHECK(torch::equal(tensors.b, torch::tensor({2, 4}, torch::kInt64)));
  CHECK(torch::equal(tensors.weight, torch::tensor({1.0F, 5.0F})));
  CHECK(torch::equal(tensors.state_of_edge, torch::tensor({0, 2}, torch::kInt64)));
  CHECK(torch::equal(tensors.state_of_vertex, torch::tensor({0, 0, 0, 2, 2}, torch::kInt64)));
  CHECK(torch::equal(tensors.inverse_degree,
                     torch::tensor({1.0F, 0.0F, 1.0F, 1.0F, 1.0F}).unsqueeze(1)));
  CHECK(&layout->tensors(torch::kCPU) == &tensors);  // made once
}

TEST_CASE("The fused kernel agrees with plain tensor operations, forward and backward") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    for (const std::int64_t width : {8, 16, 32}) {
      CAPTURE(seed);
      CAPTURE(width);
      torch::manual_seed(seed);
      Rng rng(seed);
      std::vector<GraphPointer> graphs = {make_graph(2, {})};
      const std::size_t states = 1 + rng.below(5);
      for (std::size_t i = 0; i < states; ++i) {
        graphs.push_back(random_graph(4 + rng.below(60), 2, 1 + rng.below(300), rng));
      }
      const LayoutPointer layout = make_layout(graphs);
      const Inputs inputs = random_inputs({layout->num_vertices(), width});
      const EdgeMessages fused = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
      const EdgeMessages plain =
          edge_messages_reference(inputs.first, inputs.second, inputs.slope, layout);
      CHECK(max_difference(fused.nodes, plain.nodes) <
            1e-5 * plain.nodes.abs().max().item<double>());
      CHECK(max_difference(fused.pools, plain.pools) <
            1e-5 * plain.pools.abs().max().item<double>());
      const Tensor isolated = fused.nodes.slice(0, layout->num_vertices() - 2);
      CHECK(isolated.abs().max().item<float>() == 0.0F);

      const ResultWeights weights = random_weights(fused);
      const auto found = gradients(fused, inputs, weights);
      const auto expected = gradients(plain, inputs, weights);
      for (std::size_t i = 0; i < found.size(); ++i) {
        CAPTURE(i);
        CHECK(max_difference(found[i], expected[i]) <
              1e-5 * expected[i].abs().max().item<double>());
      }
    }
  }
}

TEST_CASE("Sums run in the order of the edges, bit for bit on every machine") {
  for (const std::int64_t width : {8, 16, 32}) {
    CAPTURE(width);
    torch::manual_seed(8);
    Rng rng(8);
    const GraphPointer graph = random_graph(25, 1, 200, rng);
    const Inputs inputs = random_inputs({25, width});
    const torch::NoGradGuard no_grad;
    const EdgeMessages result =
        edge_messages(inputs.first, inputs.second, inputs.slope, make_layout({graph}));
    const auto first = inputs.first.accessor<float, 2>();
    const auto second = inputs.second.accessor<float, 2>();
    const auto slope = inputs.slope.accessor<float, 1>();
    Tensor expected = torch::zeros_like(inputs.first);
    auto sums = expected.accessor<float, 2>();
    // A vertex receives the edges that it shares with later vertices in one sum of their own.
    const std::vector<EdgeList::Edge>& edges = graph->edges();
    for (std::int64_t d = 0; d < width; ++d) {
      float run = 0.0F;
      for (std::size_t i = 0; i < edges.size(); ++i) {
        const std::int64_t a = edges[i].a;
        const std::int64_t b = edges[i].b;
        const float weighted = edges[i].weight * slope[d];
        const float forth = first[a][d] + second[b][d] + weighted;
        const float back = first[b][d] + second[a][d] + weighted;
        const float message = 0.5F * (std::max(forth, 0.0F) + std::max(back, 0.0F));
        sums[b][d] += message;
        run += message;
        if (i + 1 == edges.size() || edges[i + 1].a != edges[i].a) {
          sums[a][d] += run;
          run = 0.0F;
        }
      }
    }
    const Tensor inverse_degree = torch::tensor(graph->inverse_degree()).unsqueeze(1);
    CHECK(torch::equal(result.nodes, expected * inverse_degree));
  }
}

TEST_CASE("States of a ragged batch have the results that each has alone, bit for bit") {
  for (const std::int64_t width : {8, 16, 32}) {
    CAPTURE(width);
    torch::manual_seed(4);
    Rng rng(4);
    const std::vector<GraphPointer> graphs = ragged_graphs(rng);
    const LayoutPointer layout = make_layout(graphs);
    const Inputs inputs = random_inputs({layout->num_vertices(), width});
    const EdgeMessages batch = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
    const ResultWeights weights = random_weights(batch);
    const auto batch_gradients = gradients(batch, inputs, weights);
    for (std::size_t i = 0; i < graphs.size(); ++i) {
      CAPTURE(i);
      const auto state = static_cast<std::int64_t>(i);
      const Inputs alone = {rows_of(inputs.first, *layout, i).detach().requires_grad_(),
                            rows_of(inputs.second, *layout, i).detach().requires_grad_(),
                            inputs.slope};
      const EdgeMessages result =
          edge_messages(alone.first, alone.second, alone.slope, make_layout({graphs[i]}));
      CHECK(torch::equal(result.nodes, rows_of(batch.nodes, *layout, i)));
      CHECK(torch::equal(result.pools[0], batch.pools[state]));
      const auto found =
          gradients(result,
                    alone,
                    {rows_of(weights.nodes, *layout, i), weights.pools.slice(0, state, state + 1)});
      CHECK(torch::equal(found[0], rows_of(batch_gradients[0], *layout, i)));
      CHECK(torch::equal(found[1], rows_of(batch_gradients[1], *layout, i)));
    }
  }
}

TEST_CASE("A state more leaves the other states as they are, bit for bit") {
  torch::manual_seed(6);
  Rng rng(6);
  std::vector<GraphPointer> graphs = ragged_graphs(rng);
  const LayoutPointer all = make_layout(graphs);
  graphs.pop_back();
  const LayoutPointer fewer = make_layout(graphs);
  const Inputs inputs = random_inputs({all->num_vertices(), 16});
  const EdgeMessages with = edge_messages(inputs.first, inputs.second, inputs.slope, all);
  const EdgeMessages without = edge_messages(inputs.first.slice(0, 0, fewer->num_vertices()),
                                             inputs.second.slice(0, 0, fewer->num_vertices()),
                                             inputs.slope,
                                             fewer);
  CHECK(torch::equal(with.nodes.slice(0, 0, fewer->num_vertices()), without.nodes));
  CHECK(torch::equal(with.pools.slice(0, 0, 2), without.pools));
}

TEST_CASE("States that share a graph may come as [B, V, D], with the same results") {
  torch::manual_seed(7);
  Rng rng(7);
  const GraphPointer graph = random_graph(20, 1, 70, rng);
  const Inputs inputs = random_inputs({3, 20, kWidth});
  const EdgeMessages blocks = edge_messages(inputs.first, inputs.second, inputs.slope, graph);
  const EdgeMessages rows = edge_messages(inputs.first.flatten(0, 1),
                                          inputs.second.flatten(0, 1),
                                          inputs.slope,
                                          make_layout({graph, graph, graph}));
  CHECK(torch::equal(blocks.nodes.flatten(0, 1), rows.nodes));
  CHECK(torch::equal(blocks.pools, rows.pools));
}

TEST_CASE("Vertices with other numbers have the same messages") {
  torch::manual_seed(10);
  Rng rng(10);
  constexpr std::int64_t kVertices = 24;
  const GraphPointer graph = random_graph(kVertices, 1, 90, rng);
  std::vector<std::int64_t> number(kVertices);
  std::iota(number.begin(), number.end(), 0);
  for (std::size_t i = number.size(); i-- > 1;) {
    std::swap(number[i], number[rng.below(i + 1)]);
  }
  std::vector<EdgeList::Edge> edges;
  for (const EdgeList::Edge& edge : graph->edges()) {
    edges.push_back({static_cast<std::uint32_t>(number[edge.b]),
                     static_cast<std::uint32_t>(number[edge.a]),
                     edge.weight});
  }
  std::sort(edges.begin(), edges.end(), [](const EdgeList::Edge& l, const EdgeList::Edge& r) {
    return l.a != r.a ? l.a < r.a : l.b < r.b;
  });
  const Tensor order = torch::tensor(number).argsort();  // old number of each new vertex
  for (const std::int64_t width : {8, 16, 32}) {
    CAPTURE(width);
    const Inputs inputs = random_inputs({kVertices, width});
    const EdgeMessages before =
        edge_messages(inputs.first, inputs.second, inputs.slope, make_layout({graph}));
    const EdgeMessages after = edge_messages(inputs.first.index_select(0, order),
                                             inputs.second.index_select(0, order),
                                             inputs.slope,
                                             make_layout({make_graph(kVertices, edges)}));
    CHECK(max_difference(after.nodes, before.nodes.index_select(0, order)) < 1e-5);
    CHECK(max_difference(after.pools, before.pools) < 1e-5);
  }
}

TEST_CASE("Messages without pools are the same, and so are their gradients") {
  torch::manual_seed(5);
  Rng rng(5);
  const LayoutPointer layout = make_layout(ragged_graphs(rng));
  const Inputs inputs = random_inputs({layout->num_vertices(), 16});
  const EdgeMessages with = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
  const EdgeMessages without =
      edge_messages(inputs.first, inputs.second, inputs.slope, layout, EdgePools::kSkip);
  CHECK(torch::equal(with.nodes, without.nodes));
  CHECK_FALSE(without.pools.defined());
  const Tensor weights = torch::randn_like(with.nodes);
  const auto expected = torch::autograd::grad({(with.nodes * weights).sum()},
                                              {inputs.first, inputs.second, inputs.slope});
  const auto found = torch::autograd::grad({(without.nodes * weights).sum()},
                                           {inputs.first, inputs.second, inputs.slope});
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(torch::equal(found[i], expected[i]));
  }
}

TEST_CASE("Gradients of the pools alone agree with plain tensor operations") {
  torch::manual_seed(11);
  Rng rng(11);
  const LayoutPointer layout = make_layout(ragged_graphs(rng));
  const Inputs inputs = random_inputs({layout->num_vertices(), 32});
  const auto gradients_of_pools = [&](const EdgeMessages& result, const Tensor& weights) {
    return torch::autograd::grad({(result.pools * weights).sum()},
                                 {inputs.first, inputs.second, inputs.slope});
  };
  const EdgeMessages fused = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
  const Tensor weights = torch::randn_like(fused.pools);
  const auto found = gradients_of_pools(fused, weights);
  const auto expected = gradients_of_pools(
      edge_messages_reference(inputs.first, inputs.second, inputs.slope, layout), weights);
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(max_difference(found[i], expected[i]) < 1e-5 * expected[i].abs().max().item<double>());
  }
}

TEST_CASE("Gradients of the plain tensor operations agree with finite differences") {
  torch::manual_seed(3);
  Rng rng(3);
  const LayoutPointer layout =
      make_layout({random_graph(5, 1, 6, rng), make_graph(1, {}), random_graph(4, 0, 5, rng)});
  const Inputs inputs = random_inputs({layout->num_vertices(), 3}, torch::kFloat64);
  const auto compute = [&] {
    return edge_messages_reference(inputs.first, inputs.second, inputs.slope, layout);
  };
  const EdgeMessages result = compute();
  const ResultWeights weights = random_weights(result);
  const auto found = gradients(result, inputs, weights);

  const torch::NoGradGuard no_grad;
  constexpr double kStep = 1e-6;  // the sums are of order one: exact to some 1e-10
  const Tensor* const tensors[] = {&inputs.first, &inputs.second, &inputs.slope};
  for (std::size_t t = 0; t < 3; ++t) {
    double* const numbers = tensors[t]->data_ptr<double>();
    for (std::int64_t i = 0; i < tensors[t]->numel(); ++i) {
      CAPTURE(t);
      CAPTURE(i);
      const double old = numbers[i];
      numbers[i] = old + kStep;
      const double above = weighted_sum(compute(), weights).item<double>();
      numbers[i] = old - kStep;
      const double below = weighted_sum(compute(), weights).item<double>();
      numbers[i] = old;
      const double slope = (above - below) / (2.0 * kStep);
      CHECK(found[t].data_ptr<double>()[i] == doctest::Approx(slope).epsilon(1e-7).scale(1.0));
    }
  }
}

TEST_CASE("Without edges there are no messages and no gradients") {
  for (const std::int64_t width : {5, 8, 16, 32}) {  // 5: in plain tensor operations
    CAPTURE(width);
    torch::manual_seed(1);
    const LayoutPointer layout = make_layout({make_graph(3, {}), make_graph(1, {})});
    const Inputs inputs = random_inputs({4, width});
    const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
    CHECK(torch::equal(result.nodes, torch::zeros({4, width})));
    CHECK(torch::equal(result.pools, torch::zeros({2, 4, width})));
    const auto found =
        gradients(result, inputs, {torch::ones({4, width}), torch::ones({2, 4, width})});
    for (const Tensor& gradient : found) {
      CHECK(gradient.abs().max().item<float>() == 0.0F);
    }
  }
}

TEST_CASE("A batch of no states has no messages") {
  const LayoutPointer layout = make_layout({});
  const Inputs inputs = random_inputs({0, 16});
  const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
  CHECK(result.nodes.sizes() == torch::IntArrayRef({0, 16}));
  CHECK(result.pools.sizes() == torch::IntArrayRef({0, 4, 16}));
}

TEST_CASE("Messages do not depend on the number of threads, bit for bit") {
  torch::manual_seed(9);
  Rng rng(9);
  std::vector<GraphPointer> graphs = ragged_graphs(rng);
  for (std::size_t i = 0; i < 6; ++i) {
    graphs.push_back(random_graph(10 + rng.below(50), 0, 400, rng));
  }
  const LayoutPointer layout = make_layout(graphs);
  const Inputs inputs = random_inputs({layout->num_vertices(), 16});
  ResultWeights weights;
  std::vector<std::vector<Tensor>> results;
  for (const int threads : {1, 2, 3}) {
    torch::set_num_threads(threads);
    const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
    if (results.empty()) {
      weights = random_weights(result);
    }
    results.push_back(gradients(result, inputs, weights));
    results.back().push_back(result.nodes);
    results.back().push_back(result.pools);
  }
  torch::set_num_threads(1);
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    CAPTURE(i);
    CHECK(torch::equal(results[0][i], results[1][i]));
    CHECK(torch::equal(results[0][i], results[2][i]));
  }
}

TEST_CASE("Gradients keep the layout alive, and let it go") {
  torch::manual_seed(12);
  Rng rng(12);
  LayoutPointer layout = make_layout(ragged_graphs(rng));
  const std::weak_ptr<const GraphLayout> watched = layout;
  const Inputs inputs = random_inputs({layout->num_vertices(), 16});
  EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
  const ResultWeights weights = random_weights(result);
  const auto expected =
      gradients(edge_messages(inputs.first, inputs.second, inputs.slope, layout), inputs, weights);
  layout.reset();
  CHECK_FALSE(watched.expired());
  const auto found = gradients(result, inputs, weights);
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(torch::equal(found[i], expected[i]));
  }
  result = {};
  CHECK(watched.expired());
}

TEST_CASE("Tensors of a layout made in inference mode serve training too") {
  torch::manual_seed(13);
  Rng rng(13);
  const LayoutPointer layout = make_layout(ragged_graphs(rng));
  {
    const c10::InferenceMode inference;
    layout->tensors(torch::kCPU);
  }
  const Inputs inputs = random_inputs({layout->num_vertices(), 5});
  const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
  CHECK(gradients(result, inputs, random_weights(result)).size() == 3);
}

TEST_CASE("Messages of another width or type take the plain way") {
  torch::manual_seed(2);
  Rng rng(2);
  const LayoutPointer layout = make_layout(ragged_graphs(rng));
  const auto check = [&](const Inputs& inputs) {
    const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
    const EdgeMessages plain =
        edge_messages_reference(inputs.first, inputs.second, inputs.slope, layout);
    CHECK(torch::equal(result.nodes, plain.nodes));
    CHECK(torch::equal(result.pools, plain.pools));
  };
  check(random_inputs({layout->num_vertices(), 5}));
  check(random_inputs({layout->num_vertices(), 16}, torch::kFloat64));
}

TEST_CASE("Second derivatives are refused") {
  torch::manual_seed(14);
  const LayoutPointer layout = make_layout({make_graph(2, {{0, 1, 1.0F}})});
  const Inputs inputs = random_inputs({2, 8});
  const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, layout);
  const auto call = [&] {
    torch::autograd::grad(
        {result.nodes.sum()}, {inputs.first}, {}, /*retain_graph=*/true, /*create_graph=*/true);
  };
  CHECK_THROWS_AS(call(), c10::Error);
}

TEST_CASE("Inputs that do not fit the edges are refused") {
  const GraphPointer graph = make_graph(3, {{0, 1, 1.0F}});
  const Tensor slope = torch::zeros({kWidth});
  const Tensor four = torch::zeros({4, kWidth});
  const Tensor three = torch::zeros({3, kWidth});
  const auto call = [&](const Tensor& first, const Tensor& second, const Tensor& weights) {
    edge_messages(first, second, weights, make_layout({graph}));
  };
  CHECK_NOTHROW(call(three, three, slope));
  CHECK_THROWS_AS(call(four, four, slope), c10::Error);
  CHECK_THROWS_AS(call(three, four, slope), c10::Error);
  CHECK_THROWS_AS(call(three, three, torch::zeros({16})), c10::Error);
  const auto call_block = [&] {
    edge_messages(four.unsqueeze(0), four.unsqueeze(0), slope, graph);
  };
  CHECK_THROWS_AS(call_block(), c10::Error);
  CHECK_THROWS_AS(make_graph(3, {{0, 3, 1.0F}}), std::invalid_argument);
}

}  // namespace
