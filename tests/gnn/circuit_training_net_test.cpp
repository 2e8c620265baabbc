#include "gnn/circuit_training_net.h"

#include <cstdint>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tests/gnn/episode_states.h"
#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"

namespace {

using tessera::gnn::CircuitTrainingNet;
using tessera::gnn::EdgeList;
using tessera::gnn::encode;
using tessera::gnn::GraphLayout;
using tessera::gnn::kCircuitTrainingModel;
using tessera::gnn::kMetadataFeatures;
using tessera::gnn::kNodeFeatures;
using tessera::gnn::kPublishedMetadata;
using tessera::gnn::kPublishedNodeFeatures;
using tessera::gnn::make_network;
using tessera::gnn::ModelConfig;
using tessera::gnn::PolicyNet;
using tessera::gnn::PolicyValue;
using tessera::gnn::StateBatch;
using tessera::gnn::StateView;
using tessera::netlist_io::GridShape;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Rng;
using tessera::testing::encode_alone;
using tessera::testing::EpisodeStates;
using tessera::testing::first_cells;
using tessera::testing::identity;
using tessera::testing::kRandomBlockMacros;
using tessera::testing::max_difference;
using tessera::testing::own_cells;
using tessera::testing::random_block;
using tessera::testing::toy_block;
using torch::Tensor;
namespace functional = torch::nn::functional;

std::shared_ptr<PolicyNet> published_net(std::uint64_t seed) {
  ModelConfig config;
  config.name = kCircuitTrainingModel;
  return make_network(config, seed);
}

constexpr std::int64_t kVertices = 9;

std::shared_ptr<const EdgeList> random_graph() {
  std::vector<EdgeList::Edge> edges;
  for (std::uint32_t a = 0; a + 1 < kVertices; ++a) {
    for (std::uint32_t b = a + 1; b < kVertices; b += a + 1) {
      edges.push_back({a, b, 0.1F * static_cast<float>(a + b)});
    }
  }
  return std::make_shared<const EdgeList>(kVertices, edges);
}

/// A batch of random states of one graph of `kVertices` vertices, without canvas.
StateBatch random_batch(std::int64_t size,
                        GridShape grid,
                        const std::shared_ptr<const EdgeList>& graph = random_graph()) {
  const auto count = static_cast<std::size_t>(size);
  StateBatch batch;
  batch.nodes = torch::rand({size * kVertices, kNodeFeatures});
  batch.layout = std::make_shared<const GraphLayout>(std::vector(count, graph));
  batch.state_of_vertex = torch::arange(size, torch::kInt64).repeat_interleave(kVertices);
  batch.inverse_vertices = torch::full({size, 1}, 1.0 / kVertices);
  batch.current = torch::randint(0, kVertices, {size}, torch::kInt64) +
                  kVertices * torch::arange(size, torch::kInt64);
  batch.metadata = torch::rand({kMetadataFeatures}).expand({size, kMetadataFeatures}).contiguous();
  batch.grids.assign(count, grid);
  return batch;
}

/// The published network written down once more in plain operations: messages of concatenated
/// features, and the whole canvas of 128 x 128 cells.
class PublishedNetwork {
 public:
  explicit PublishedNetwork(const PolicyNet& net) {
    for (const auto& parameter : net.named_parameters()) {
      parameters_[parameter.key()] = parameter.value();
    }
  }

  /// Scores of the canvas [B, 128, 128] and values [B]. All states are of one graph.
  PolicyValue forward(const StateBatch& batch) const {
    const std::int64_t size = batch.size();
    const EdgeList& graph = *batch.layout->graph(0);
    const auto vertices = static_cast<std::int64_t>(graph.num_vertices());
    const Tensor nodes =
        batch.nodes.view({size, vertices, kNodeFeatures}).slice(2, 0, kPublishedNodeFeatures);
    const Tensor metadata = batch.metadata.slice(1, 0, kPublishedMetadata);
    Tensor state_of_vertices = dense("node", nodes).relu();
    Tensor messages;
    for (int layer = 0; layer < 3; ++layer) {
      std::vector<Tensor> sums(static_cast<std::size_t>(vertices), torch::zeros({size, 8}));
      std::vector<double> degree(static_cast<std::size_t>(vertices), 0.0);
      std::vector<Tensor> all;
      for (const EdgeList::Edge& edge : graph.edges()) {
        const Tensor a = state_of_vertices.select(1, edge.a);
        const Tensor b = state_of_vertices.select(1, edge.b);
        const Tensor weight = torch::full({size, 1}, edge.weight);
        const std::string name = "edge." + std::to_string(layer);
        const Tensor message = 0.5 * (dense(name, torch::cat({a, b, weight}, 1)).relu() +
                                      dense(name, torch::cat({b, a, weight}, 1)).relu());
        for (const std::uint32_t end : {edge.a, edge.b}) {
          sums[end] = sums[end] + message;
          degree[end] += 1.0;
        }
        all.push_back(message);
      }
      for (std::size_t v = 0; v < sums.size(); ++v) {
        sums[v] = sums[v] / std::max(degree[v], 1.0);
      }
      state_of_vertices = state_of_vertices + torch::stack(sums, 1);
      messages = torch::stack(all, 1);
    }
    std::vector<Tensor> current;
    for (std::int64_t b = 0; b < size; ++b) {
      current.push_back(state_of_vertices[b][batch.current[b].item<std::int64_t>() - b * vertices]);
    }
    const Tensor own = torch::stack(current);
    const Tensor scores =
        (dense("key", state_of_vertices) * dense("query", own).unsqueeze(1)).sum(2);
    const Tensor attended =
        (scores.softmax(1).unsqueeze(2) * dense("attended_value", state_of_vertices)).sum(1);
    const Tensor state = torch::cat({dense("metadata", metadata).relu(),
                                     messages.mean(1),
                                     messages.var(1, /*unbiased=*/false),
                                     std::get<0>(messages.max(1)),
                                     std::get<0>(messages.min(1)),
                                     attended,
                                     own},
                                    1);
    const Tensor value =
        dense("value.4", dense("value.2", dense("value.0", state).relu()).relu()).squeeze(1);
    return {canvas(state), value};
  }

 private:
  Tensor dense(const std::string& name, const Tensor& input) const {
    return functional::linear(
        input, parameters_.at(name + ".weight"), parameters_.at(name + ".bias"));
  }

  Tensor canvas(const Tensor& state) const {
    Tensor image = dense("policy", state).relu().view({-1, 8, 8, 32}).permute({0, 3, 1, 2});
    for (int layer = 0; layer < 4; ++layer) {
      // "Same" padding: of the 2 n + 1 rows and columns the last is cut off.
      const std::int64_t side = 2 * image.size(2);
      image = up(layer, image, 2, 0).slice(2, 0, side).slice(3, 0, side).relu();
    }
    return up(4, image, 1, 1).squeeze(1);
  }

  Tensor up(int layer, const Tensor& image, std::int64_t stride, std::int64_t padding) const {
    const std::string name = "up." + std::to_string(layer);
    return functional::conv_transpose2d(image,
                                        parameters_.at(name + ".weight"),
                                        functional::ConvTranspose2dFuncOptions()
                                            .bias(parameters_.at(name + ".bias"))
                                            .stride(stride)
                                            .padding(padding));
  }

  std::map<std::string, Tensor> parameters_;
};

TEST_CASE("The network has the published number of parameters") {
  const CircuitTrainingNet net;
  std::map<std::string, std::int64_t> count;  // by the first part of the name
  std::int64_t total = 0;
  for (const auto& parameter : net.named_parameters()) {
    const std::string& name = parameter.key();
    const bool numbered = name.starts_with("up.");
    count[name.substr(0, numbered ? name.find('.', 3) : name.find('.'))] +=
        parameter.value().numel();
    total += parameter.value().numel();
  }
  CHECK(count["policy"] == 116736);                                       // (56 + 1) * 2048
  CHECK(count["up.0"] == 4624);                                           // 32 * 16 * 9 + 16
  CHECK(count["up.1"] == 1160);                                           // 16 * 8 * 9 + 8
  CHECK(count["up.2"] == 292);                                            // 8 * 4 * 9 + 4
  CHECK(count["up.3"] == 74);                                             // 4 * 2 * 9 + 2
  CHECK(count["up.4"] == 19);                                             // 2 * 1 * 9 + 1
  CHECK(count["value"] == 2097);                                          // 57 * 32 + 33 * 8 + 9
  CHECK(count["edge"] == 432);                                            // 3 * (17 + 1) * 8
  CHECK(count["query"] + count["key"] + count["attended_value"] == 216);  // 3 * (8 + 1) * 8
  CHECK(count["metadata"] == 104);                                        // (12 + 1) * 8
  CHECK(count["node"] == 72);                                             // (8 + 1) * 8
  CHECK(total == 125826);
}

TEST_CASE("The network is the published one, its scores the middle of the whole canvas") {
  const torch::NoGradGuard no_grad;
  const std::shared_ptr<PolicyNet> net = published_net(11);
  // Biases that are not zero, so that they count.
  for (auto& parameter : net->named_parameters()) {
    if (parameter.key().find("bias") != std::string::npos) {
      parameter.value().normal_(0.0, 0.1);
    }
  }
  const PublishedNetwork published(*net);
  for (const GridShape grid : {GridShape{1, 1},
                               GridShape{2, 1},
                               GridShape{1, 128},
                               GridShape{24, 21},
                               GridShape{39, 36},
                               GridShape{127, 3},
                               GridShape{128, 128}}) {
    CAPTURE(grid.cols);
    CAPTURE(grid.rows);
    const StateBatch batch = random_batch(2, grid);
    const PolicyValue result = net->forward(batch);
    const PolicyValue whole = published.forward(batch);
    const std::int64_t row0 = (128 - grid.rows) / 2;
    const std::int64_t col0 = (128 - grid.cols) / 2;
    const Tensor middle =
        whole.logits.slice(1, row0, row0 + grid.rows).slice(2, col0, col0 + grid.cols).flatten(1);
    REQUIRE(result.logits.sizes() == at::IntArrayRef({2, std::int64_t{grid.cols} * grid.rows}));
    REQUIRE(result.value.sizes() == at::IntArrayRef({2}));
    CHECK(max_difference(result.logits, middle) < 1e-5);
    CHECK(max_difference(result.value, whole.value) < 1e-5);
    CHECK(middle.abs().max().item<double>() > 1e-3);  // there was something to compare
  }
}

TEST_CASE("Grids beyond the canvas are refused") {
  const std::shared_ptr<PolicyNet> net = published_net(1);
  for (const GridShape grid : {GridShape{129, 1}, GridShape{1, 129}}) {
    const StateBatch batch = random_batch(1, grid);
    CHECK_THROWS_WITH_AS(net->forward(batch), doctest::Contains("129"), OptionError);
  }
}

TEST_CASE("A graph without edges has finite scores") {
  const std::shared_ptr<PolicyNet> net = published_net(1);
  const StateBatch batch = random_batch(
      2, {5, 4}, std::make_shared<const EdgeList>(kVertices, std::vector<EdgeList::Edge>()));
  const PolicyValue result = net->forward(batch);
  CHECK(result.logits.isfinite().all().item<bool>());
  CHECK(result.value.isfinite().all().item<bool>());
}

TEST_CASE("Renumbering the macros of a netlist changes neither scores nor value") {
  const torch::NoGradGuard no_grad;
  const std::shared_ptr<PolicyNet> net = published_net(5);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    std::vector<std::size_t> order = identity(kRandomBlockMacros);
    const auto block = random_block(seed, order);
    Rng rng(seed);
    rng.shuffle(order);
    const auto permuted = random_block(seed, order);
    const std::vector<tessera::placer::CellIndex> actions = first_cells(*block->problem, 5);
    const EpisodeStates states(*block->problem, actions);
    const EpisodeStates others(*permuted->problem, actions);
    for (std::size_t step = 0; step < actions.size(); ++step) {
      CAPTURE(step);
      const StateBatch batch = encode_alone(states.blind(step));
      const StateBatch other = encode_alone(others.blind(step));
      CHECK_FALSE(torch::equal(batch.nodes, other.nodes));
      const PolicyValue expected = net->forward(batch);
      const PolicyValue result = net->forward(other);
      CHECK(max_difference(result.logits, expected.logits) < 1e-5);
      CHECK(max_difference(result.value, expected.value) < 1e-5);
    }
  }
}

TEST_CASE("A state has the same scores alone as in a batch") {
  const torch::NoGradGuard no_grad;
  const std::shared_ptr<PolicyNet> net = published_net(6);
  const auto block = random_block(3, identity(kRandomBlockMacros));
  const EpisodeStates episode(*block->problem, first_cells(*block->problem, 5));
  const auto toy = toy_block();
  const EpisodeStates small(*toy->problem, first_cells(*toy->problem, 2));
  std::vector<StateView> states = episode.all_blind();
  SUBCASE("of states of one block") {}
  SUBCASE("of states of two blocks with grids of different sizes") {
    states.insert(states.begin() + 2, small.blind(1));
    states.push_back(small.blind(0));
  }
  const StateBatch batch = encode(states);
  const PolicyValue all = net->forward(batch);
  for (std::size_t i = 0; i < states.size(); ++i) {
    CAPTURE(i);
    const StateBatch single = encode_alone(states[i]);
    const PolicyValue alone = net->forward(single);
    const auto row = static_cast<std::int64_t>(i);
    CHECK(max_difference(own_cells(all.logits[row], batch, i),
                         own_cells(alone.logits[0], single, 0)) < 1e-6);
    CHECK(max_difference(all.value[row], alone.value[0]) < 1e-6);
  }
  CHECK(max_difference(all.logits[0], all.logits[1]) > 1e-4);  // the states do differ
}

}  // namespace
