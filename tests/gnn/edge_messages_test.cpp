#include "gnn/edge_messages.h"

#include <cstdint>
#include <vector>

#include "tests/gnn/torch_doctest.h"

#include "netlist_io/rng.h"

namespace {

using tessera::gnn::edge_messages;
using tessera::gnn::edge_messages_reference;
using tessera::gnn::EdgeList;
using tessera::gnn::EdgeMessages;
using tessera::gnn::EdgePools;
using tessera::netlist_io::Rng;
using tessera::testing::max_difference;
using torch::Tensor;

constexpr std::int64_t kWidth = 8;

/// Edges between random vertices, ascending; `isolated` vertices at the end have none.
EdgeList random_edges(std::size_t vertices, std::size_t isolated, std::size_t count, Rng& rng) {
  std::vector<EdgeList::Edge> edges;
  for (std::size_t i = 0; i < count; ++i) {
    const auto a = static_cast<std::uint32_t>(i * (vertices - isolated - 1) / count);
    const auto b = static_cast<std::uint32_t>(a + 1 + rng.below(vertices - isolated - a - 1));
    edges.push_back({a, b, static_cast<float>(rng.uniform(0.0, 2.0))});
  }
  return EdgeList(vertices, edges);
}

/// Inputs that want gradients.
struct Inputs {
  Tensor first;
  Tensor second;
  Tensor slope;
};

Inputs random_inputs(std::int64_t batch, std::int64_t vertices, std::int64_t width) {
  return {torch::randn({batch, vertices, width}).requires_grad_(),
          torch::randn({batch, vertices, width}).requires_grad_(),
          torch::randn({width}).requires_grad_()};
}

/// Gradients of a random weighting of all results.
std::vector<Tensor> gradients(const EdgeMessages& result,
                              const Inputs& inputs,
                              const Tensor& node_weights,
                              const Tensor& pool_weights) {
  const Tensor sum = (result.nodes * node_weights).sum() + (result.pools * pool_weights).sum();
  return torch::autograd::grad({sum}, {inputs.first, inputs.second, inputs.slope});
}

TEST_CASE("The messages of one edge are those computed by hand") {
  // Vertices 0 and 1 joined by an edge of weight 2, vertex 2 alone. In channel 0:
  //   forth: first[0] + second[1] + 2 * slope = 1 + 4 + 2 * 0.5 = 6
  //   back:  first[1] + second[0] + 2 * slope = 2 - 8 + 2 * 0.5 = -5, cut to 0
  //   message: (6 + 0) / 2 = 3
  const EdgeList edges(3, {{0, 1, 2.0F}});
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

TEST_CASE("The fused kernel agrees with plain tensor operations, forward and backward") {
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    torch::manual_seed(seed);
    Rng rng(seed);
    const std::size_t vertices = 4 + rng.below(60);
    const EdgeList edges = random_edges(vertices, 2, 1 + rng.below(300), rng);
    const auto batch = static_cast<std::int64_t>(1 + rng.below(5));
    const Inputs inputs = random_inputs(batch, static_cast<std::int64_t>(vertices), kWidth);
    const EdgeMessages fused = edge_messages(inputs.first, inputs.second, inputs.slope, edges);
    const EdgeMessages plain =
        edge_messages_reference(inputs.first, inputs.second, inputs.slope, edges);
    CHECK(max_difference(fused.nodes, plain.nodes) < 1e-5);
    CHECK(max_difference(fused.pools, plain.pools) < 1e-5);
    CHECK(fused.nodes.slice(1, static_cast<std::int64_t>(vertices) - 2).abs().max().item<float>() ==
          0.0F);

    const Tensor node_weights = torch::randn_like(fused.nodes);
    const Tensor pool_weights = torch::randn_like(fused.pools);
    const auto found = gradients(fused, inputs, node_weights, pool_weights);
    const auto expected = gradients(plain, inputs, node_weights, pool_weights);
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(i);
      const double scale = 1.0 + expected[i].abs().max().item<double>();
      CHECK(max_difference(found[i], expected[i]) < 1e-5 * scale);
    }
  }
}

TEST_CASE("Messages without pools are the same, and so are their gradients") {
  torch::manual_seed(5);
  Rng rng(5);
  const EdgeList edges = random_edges(20, 1, 70, rng);
  const Inputs inputs = random_inputs(3, 20, kWidth);
  const EdgeMessages with = edge_messages(inputs.first, inputs.second, inputs.slope, edges);
  const EdgeMessages without =
      edge_messages(inputs.first, inputs.second, inputs.slope, edges, EdgePools::kSkip);
  CHECK(torch::equal(with.nodes, without.nodes));
  const Tensor weights = torch::randn_like(with.nodes);
  const auto expected = torch::autograd::grad({(with.nodes * weights).sum()},
                                              {inputs.first, inputs.second, inputs.slope});
  const auto found = torch::autograd::grad({(without.nodes * weights).sum()},
                                           {inputs.first, inputs.second, inputs.slope});
  for (std::size_t i = 0; i < found.size(); ++i) {
    CHECK(torch::equal(found[i], expected[i]));
  }
}

TEST_CASE("Gradients of the fused kernel agree with finite differences") {
  torch::manual_seed(3);
  Rng rng(3);
  const EdgeList edges = random_edges(5, 1, 6, rng);
  const Inputs inputs = random_inputs(1, 5, kWidth);
  const Tensor node_weights = torch::randn({1, 5, kWidth});
  const Tensor pool_weights = torch::randn({1, 4, kWidth});
  const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, edges);
  const auto found = gradients(result, inputs, node_weights, pool_weights);

  const torch::NoGradGuard no_grad;
  const auto value = [&] {
    const EdgeMessages at = edge_messages(inputs.first, inputs.second, inputs.slope, edges);
    return (at.nodes.to(torch::kFloat64) * node_weights).sum().item<double>() +
           (at.pools.to(torch::kFloat64) * pool_weights).sum().item<double>();
  };
  // Values are of order one and float32: differences over 2e-3 are exact to some 1e-4.
  constexpr float kStep = 1e-3F;
  const Tensor* const tensors[] = {&inputs.first, &inputs.second, &inputs.slope};
  for (std::size_t t = 0; t < 3; ++t) {
    float* const numbers = tensors[t]->data_ptr<float>();
    for (std::int64_t i = 0; i < tensors[t]->numel(); ++i) {
      CAPTURE(t);
      CAPTURE(i);
      const float old = numbers[i];
      numbers[i] = old + kStep;
      const double above = value();
      numbers[i] = old - kStep;
      const double below = value();
      numbers[i] = old;
      const double slope = (above - below) / (2.0 * kStep);
      CHECK(found[t].data_ptr<float>()[i] == doctest::Approx(slope).epsilon(0.01).scale(0.1));
    }
  }
}

TEST_CASE("Without edges there are no messages and no gradients") {
  torch::manual_seed(1);
  const EdgeList edges(3, {});
  const Inputs inputs = random_inputs(2, 3, kWidth);
  const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, edges);
  CHECK(torch::equal(result.nodes, torch::zeros({2, 3, kWidth})));
  CHECK(torch::equal(result.pools, torch::zeros({2, 4, kWidth})));
  const auto found =
      gradients(result, inputs, torch::ones({2, 3, kWidth}), torch::ones({2, 4, kWidth}));
  for (const Tensor& gradient : found) {
    CHECK(gradient.abs().max().item<float>() == 0.0F);
  }
}

TEST_CASE("Messages do not depend on the number of threads, bit for bit") {
  torch::manual_seed(9);
  Rng rng(9);
  const EdgeList edges = random_edges(50, 0, 400, rng);
  const Inputs inputs = random_inputs(7, 50, kWidth);
  const Tensor node_weights = torch::randn({7, 50, kWidth});
  const Tensor pool_weights = torch::randn({7, 4, kWidth});
  std::vector<std::vector<Tensor>> results;
  for (const int threads : {1, 2}) {
    torch::set_num_threads(threads);
    const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, edges);
    results.push_back(gradients(result, inputs, node_weights, pool_weights));
    results.back().push_back(result.nodes);
    results.back().push_back(result.pools);
  }
  torch::set_num_threads(1);
  for (std::size_t i = 0; i < results[0].size(); ++i) {
    CAPTURE(i);
    CHECK(torch::equal(results[0][i], results[1][i]));
  }
}

TEST_CASE("Messages of another width take the plain way") {
  torch::manual_seed(2);
  Rng rng(2);
  const EdgeList edges = random_edges(10, 1, 20, rng);
  const Inputs inputs = random_inputs(2, 10, 5);
  const EdgeMessages result = edge_messages(inputs.first, inputs.second, inputs.slope, edges);
  const EdgeMessages plain =
      edge_messages_reference(inputs.first, inputs.second, inputs.slope, edges);
  CHECK(torch::equal(result.nodes, plain.nodes));
  CHECK(torch::equal(result.pools, plain.pools));
}

TEST_CASE("Inputs that do not fit the edges are refused") {
  const EdgeList edges(3, {{0, 1, 1.0F}});
  const Tensor slope = torch::zeros({kWidth});
  const Tensor four = torch::zeros({1, 4, kWidth});
  const auto call = [&] { edge_messages(four, four, slope, edges); };
  CHECK_THROWS_AS(call(), c10::Error);
}

}  // namespace
