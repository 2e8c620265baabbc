#include "gnn/canvas_net.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/gnn/episode_states.h"
#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"
#include "tests/gnn/vivid_network.h"

#include "gnn/network_policy.h"
#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/baseline_policies.h"
#include "placer/episodes.h"
#include "placer/macro_env.h"

namespace {

using tessera::gnn::encode;
using tessera::gnn::make_network;
using tessera::gnn::ModelConfig;
using tessera::gnn::NetworkPolicy;
using tessera::gnn::PolicyNet;
using tessera::gnn::PolicyValue;
using tessera::gnn::StateBatch;
using tessera::gnn::StateView;
using tessera::netlist_io::GridShape;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Rng;
using tessera::placer::CanvasChannel;
using tessera::placer::CellIndex;
using tessera::placer::GreedyDeltaPolicy;
using tessera::placer::index_of;
using tessera::placer::MacroEnv;
using tessera::placer::MacroProblem;
using tessera::placer::Policy;
using tessera::placer::PolicyOutput;
using tessera::testing::encode_alone;
using tessera::testing::EpisodeStates;
using tessera::testing::first_cells;
using tessera::testing::identity;
using tessera::testing::kRandomBlockMacros;
using tessera::testing::max_difference;
using tessera::testing::own_cells;
using tessera::testing::random_block;
using tessera::testing::SmallBlock;
using tessera::testing::toy_block;
using tessera::testing::vivid_network;
using torch::Tensor;

std::int64_t num_parameters(const ModelConfig& config) {
  std::int64_t count = 0;
  for (const Tensor& parameter : make_network(config, 1)->parameters()) {
    count += parameter.numel();
  }
  return count;
}

/// `count` macros of less than a cell and a port on a grid of cells of 10 um.
std::unique_ptr<const SmallBlock> block_of_grid(GridShape grid, int count) {
  tessera::testing::BlockBuilder builder;
  const NodeId port = builder.add_port(0.0, 5.0);
  NodeId previous = port;
  for (int i = 0; i < count; ++i) {
    const NodeId macro = builder.add_hard_macro(5.0 + i, 5.0);
    builder.add_net(previous, {macro});
    previous = macro;
  }
  return tessera::testing::make_block(builder.build(),
                                      10.0 * grid.cols,
                                      10.0 * grid.rows,
                                      grid,
                                      tessera::placer::PositionPrior::kCanvasCentre);
}

Tensor proxy_deltas(const StateBatch& batch) {
  return batch.canvas.select(1, static_cast<std::int64_t>(index_of(CanvasChannel::kProxyDelta)));
}

TEST_CASE("The canvas network has the parameters of its shape") {
  // node (10 + 1) * 16 = 176; edges 3 * (33 + 1) * 16 = 1632; metadata (21 + 1) * 16 = 352;
  // context (6 * 16 + 16 + 1) * 24 = 2712; scatter (16 + 1) * 8 = 136; input (13 + 8) * 24 * 9 + 24
  // = 4560; canvas 3 * (24 * 24 * 9 + 24) = 15624; query 25 * 24 = 600; score 25; factor 1;
  // value (48 + 1) * 32 + 33 = 1601.
  ModelConfig wide;
  wide.canvas_width = 24;
  CHECK(num_parameters(wide) == 27419);
  ModelConfig config = wide;
  config.scatter_width = 0;  // without 136, and 8 * 24 * 9 = 1728 of the input
  CHECK(num_parameters(config) == 27419 - 136 - 1728);
  config = wide;
  config.delta_maps = false;  // they are blanked, not cut out
  CHECK(num_parameters(config) == 27419);
  config = wide;
  config.canvas_layers = 0;
  CHECK(num_parameters(config) == 27419 - 15624);
  config = wide;
  config.graph_layers = 1;
  CHECK(num_parameters(config) == 27419 - 1088);  // 2 * 34 * 16
}

TEST_CASE("Shapes out of range are refused by name") {
  const auto refused = [](auto field, auto value) {
    ModelConfig config;
    config.*field = value;
    try {
      make_network(config, 1);
    } catch (const OptionError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  CHECK(refused(&ModelConfig::name, "transformer").starts_with("model option name "));
  for (const std::int64_t width : {0, 257, -1}) {
    CHECK(refused(&ModelConfig::graph_width, width).starts_with("model option graph_width "));
  }
  CHECK(refused(&ModelConfig::graph_layers, 0).starts_with("model option graph_layers "));
  CHECK(refused(&ModelConfig::graph_layers, 17).starts_with("model option graph_layers "));
  CHECK(refused(&ModelConfig::canvas_width, 0).starts_with("model option canvas_width "));
  CHECK(refused(&ModelConfig::canvas_width, 513).starts_with("model option canvas_width "));
  CHECK(refused(&ModelConfig::canvas_layers, -1).starts_with("model option canvas_layers "));
  CHECK(refused(&ModelConfig::canvas_layers, 17).starts_with("model option canvas_layers "));
  CHECK(refused(&ModelConfig::scatter_width, -1).starts_with("model option scatter_width "));
  CHECK(refused(&ModelConfig::scatter_width, 257).starts_with("model option scatter_width "));
  CHECK(refused(&ModelConfig::canvas_layers, 0).empty());
}

TEST_CASE("Renumbering the macros changes no score of the canvas network") {
  const torch::NoGradGuard no_grad;
  const std::shared_ptr<PolicyNet> net = vivid_network({}, 5);
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CAPTURE(seed);
    std::vector<std::size_t> order = identity(kRandomBlockMacros);
    const auto block = random_block(seed, order);
    Rng rng(seed);
    rng.shuffle(order);
    const auto permuted = random_block(seed, order);
    const std::vector<CellIndex> actions = first_cells(*block->problem, 5);
    const EpisodeStates states(*block->problem, actions);
    const EpisodeStates others(*permuted->problem, actions);
    for (std::size_t step = 0; step < actions.size(); ++step) {
      CAPTURE(step);
      const StateBatch batch = encode_alone(states.seen(step));
      const StateBatch other = encode_alone(others.seen(step));
      CHECK_FALSE(torch::equal(batch.nodes, other.nodes));
      const PolicyValue expected = net->forward(batch);
      const PolicyValue result = net->forward(other);
      CHECK(max_difference(result.logits, expected.logits) < 1e-5);
      CHECK(max_difference(result.value, expected.value) < 1e-5);
    }
  }
}

TEST_CASE("A state has the same scores alone as beside states of other blocks and grids") {
  const torch::NoGradGuard no_grad;
  ModelConfig config;
  SUBCASE("default") {}
  SUBCASE("deep, so that the padding is seen from far") {
    config.canvas_layers = 6;
  }
  const std::shared_ptr<PolicyNet> net = vivid_network(config, 6);
  const auto block = random_block(3, identity(kRandomBlockMacros));
  const auto toy = toy_block();
  const auto wide = block_of_grid({20, 4}, 4);
  const EpisodeStates large(*block->problem, first_cells(*block->problem, 5));
  const EpisodeStates small(*toy->problem, first_cells(*toy->problem, 2));
  const EpisodeStates flat(*wide->problem, first_cells(*wide->problem, 3));
  std::vector<StateView> states = {small.seen(0), large.seen(4), flat.seen(2), small.seen(1)};
  for (const StateView& state : large.all_seen()) {
    states.push_back(state);
  }
  const StateBatch batch = encode(states);
  REQUIRE(batch.common_grid().cols == 20);
  REQUIRE(batch.common_grid().rows == 9);
  const PolicyValue all = net->forward(batch);
  REQUIRE(all.logits.sizes() == at::IntArrayRef({9, 180}));
  REQUIRE(all.value.sizes() == at::IntArrayRef({9}));
  for (std::size_t i = 0; i < states.size(); ++i) {
    CAPTURE(i);
    const StateBatch single = encode_alone(states[i]);
    const PolicyValue alone = net->forward(single);
    const auto row = static_cast<std::int64_t>(i);
    const Tensor expected = own_cells(alone.logits[0], single, 0);
    // Scores are of the order of ten here, and floats round accordingly.
    const double unit = std::max(1.0, expected.abs().max().item<double>());
    CHECK(max_difference(own_cells(all.logits[row], batch, i), expected) < 1e-5 * unit);
    CHECK(max_difference(all.value[row], alone.value[0]) < 1e-5);
  }
  CHECK(max_difference(all.logits[4], all.logits[5]) > 1e-2);  // the states do differ
  CHECK(std::abs((all.value[4] - all.value[5]).item<double>()) > 1e-4);
}

TEST_CASE("Only the padding next to a grid is read, where the encoder writes zeros") {
  // The first convolution reaches one cell beyond the grid; whatever it makes of the padding is
  // blanked before the next. So nothing farther off can matter, whatever it holds.
  const torch::NoGradGuard no_grad;
  const std::shared_ptr<PolicyNet> net = vivid_network({}, 6);
  const auto block = random_block(3, identity(kRandomBlockMacros));
  const auto toy = toy_block();
  const EpisodeStates large(*block->problem, first_cells(*block->problem, 1));
  const EpisodeStates small(*toy->problem, first_cells(*toy->problem, 1));
  const std::vector<StateView> states = {small.seen(0), large.seen(0)};
  StateBatch batch = encode(states);
  const PolicyValue expected = net->forward(batch);
  batch.canvas[0].slice(1, 4).fill_(1e3);  // 3 x 3 cells are the state's own
  batch.canvas[0].slice(2, 4).fill_(-1e3);
  const PolicyValue result = net->forward(batch);
  CHECK(
      torch::equal(own_cells(result.logits[0], batch, 0), own_cells(expected.logits[0], batch, 0)));
  CHECK(torch::equal(result.logits[1], expected.logits[1]));
  CHECK(torch::equal(result.value, expected.value));
  batch.canvas[0].slice(1, 3).fill_(1e3);
  CHECK(max_difference(own_cells(net->forward(batch).logits[0], batch, 0),
                       own_cells(expected.logits[0], batch, 0)) > 1e-2);
}

TEST_CASE("Grids of any size are played") {
  const torch::NoGradGuard no_grad;
  const std::shared_ptr<PolicyNet> net = vivid_network({}, 3);
  const auto toy = toy_block();
  const EpisodeStates small(*toy->problem, first_cells(*toy->problem, 1));
  const PolicyValue alone = net->forward(encode_alone(small.seen(0)));
  for (const GridShape grid : {GridShape{1, 1}, GridShape{3, 128}, GridShape{128, 128}}) {
    CAPTURE(grid.cols);
    CAPTURE(grid.rows);
    const auto block = block_of_grid(grid, grid.cols == 1 ? 1 : 3);
    const EpisodeStates episode(*block->problem, first_cells(*block->problem, 1));
    const std::vector<StateView> states = {episode.seen(0), small.seen(0)};
    const StateBatch batch = encode(states);
    const PolicyValue both = net->forward(batch);
    CHECK(both.logits.isfinite().all().item<bool>());
    CHECK(both.value.isfinite().all().item<bool>());
    CHECK(max_difference(own_cells(both.logits[1], batch, 1), alone.logits[0].view({3, 3})) < 1e-5);
    const NetworkPolicy policy(net, *block->problem);
    const auto result = tessera::placer::run_episodes(*block->problem, policy, {});
    CHECK(result.best.cost.proxy ==
          block->problem->proxy_cost().evaluate(result.best.placement).proxy);
  }
}

TEST_CASE("Episodes of a network do not depend on the number of threads") {
  const auto block = random_block(4, identity(kRandomBlockMacros));
  const NetworkPolicy policy(make_network({}, 2), *block->problem);
  tessera::placer::EpisodesOptions options;
  options.count = 20;
  const auto one = tessera::placer::run_episodes(*block->problem, policy, options);
  options.threads = 3;
  const auto three = tessera::placer::run_episodes(*block->problem, policy, options);
  CHECK(one.proxies == three.proxies);
  CHECK(one.best.placement.x == three.best.placement.x);
  CHECK(one.proxies[1] != one.proxies[2]);  // samples
}

/// How many states of greedy episodes of random blocks the network decides as the greedy rule does.
struct Agreement {
  int states = 0;
  int agreed = 0;
};

CellIndex best_legal(const MacroEnv& env, const Policy& policy) {
  PolicyOutput output;
  const MacroEnv* const envs[] = {&env};
  policy.evaluate(envs, output);
  CellIndex best = env.mask().first().value();
  env.mask().for_each([&](CellIndex cell) {
    if (output.logits[cell] > output.logits[best]) {
      best = cell;
    }
  });
  return best;
}

Agreement agreement_with_greedy_rule(const std::shared_ptr<PolicyNet>& net) {
  Agreement agreement;
  const GreedyDeltaPolicy greedy;
  for (std::uint64_t seed = 1; seed <= 6; ++seed) {
    const auto block = random_block(seed, identity(kRandomBlockMacros));
    const NetworkPolicy policy(net, *block->problem);
    MacroEnv env(*block->problem);
    while (!env.done()) {
      const CellIndex wanted = best_legal(env, greedy);
      ++agreement.states;
      agreement.agreed += best_legal(env, policy) == wanted ? 1 : 0;
      env.step(wanted);
    }
  }
  return agreement;
}

TEST_CASE("Untrained, the network prefers the cell where the proxy grows least") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    const std::shared_ptr<PolicyNet> net = make_network({}, seed);
    const Agreement untrained = agreement_with_greedy_rule(net);
    CHECK(untrained.states >= 36);
    CAPTURE(untrained.agreed);
    CHECK(untrained.agreed > 0.6 * untrained.states);
    const torch::NoGradGuard no_grad;
    net->named_parameters()["query.weight"].zero_();
    net->named_parameters()["score.weight"].zero_();
    const Agreement deltas_alone = agreement_with_greedy_rule(net);
    CHECK(deltas_alone.agreed == deltas_alone.states);
  }
}

TEST_CASE("The map of changes counts by its factor, and not at all when switched off") {
  const torch::NoGradGuard no_grad;
  const auto block = random_block(2, identity(kRandomBlockMacros));
  const EpisodeStates episode(*block->problem, first_cells(*block->problem, 3));
  const StateBatch batch = encode(episode.all_seen());
  ModelConfig config;
  const std::shared_ptr<PolicyNet> with = make_network(config, 4);
  with->named_parameters()["query.weight"].zero_();
  with->named_parameters()["score.weight"].zero_();
  // log(1 + e^7) = 7.000911
  CHECK(max_difference(with->forward(batch).logits, -7.000911 * proxy_deltas(batch).flatten(1)) <
        1e-4);

  config.delta_maps = false;
  const std::shared_ptr<PolicyNet> without = vivid_network(config, 4);
  const PolicyValue expected = without->forward(batch);
  StateBatch other = batch;
  other.canvas = batch.canvas.clone();
  other.canvas
      .slice(1,
             static_cast<std::int64_t>(index_of(CanvasChannel::kWirelengthDelta)),
             static_cast<std::int64_t>(index_of(CanvasChannel::kProxyDelta)) + 1)
      .fill_(2.5);
  CHECK(torch::equal(without->forward(other).logits, expected.logits));
  CHECK(torch::equal(without->forward(other).value, expected.value));
  CHECK_FALSE(torch::equal(vivid_network({}, 4)->forward(other).logits,
                           vivid_network({}, 4)->forward(batch).logits));
}

TEST_CASE("Every parameter has a gradient") {
  const auto block = random_block(2, identity(kRandomBlockMacros));
  const EpisodeStates episode(*block->problem, first_cells(*block->problem, 5));
  const StateBatch batch = encode(episode.all_seen());
  ModelConfig config;
  SUBCASE("default") {}
  SUBCASE("without scattered vertices") {
    config.scatter_width = 0;
  }
  SUBCASE("without maps of changes") {
    config.delta_maps = false;
  }
  SUBCASE("of a width without fused kernel") {
    config.graph_width = 12;
  }
  const std::shared_ptr<PolicyNet> net = vivid_network(config, 9);
  const PolicyValue output = net->forward(batch);
  (output.logits.log_softmax(1).select(1, 7).sum() + output.value.sum()).backward();
  for (const auto& parameter : net->named_parameters()) {
    CAPTURE(parameter.key());
    const Tensor& gradient = parameter.value().grad();
    // A number added to all scores of a state changes no probability.
    const bool matters =
        parameter.key() != "score.bias" && (config.delta_maps || parameter.key() != "delta_factor");
    if (matters) {
      REQUIRE(gradient.defined());
      CHECK(gradient.abs().max().item<double>() > 1e-9);
    }
  }
}

TEST_CASE("A batch without canvas is refused") {
  const auto toy = toy_block();
  const EpisodeStates small(*toy->problem, first_cells(*toy->problem, 1));
  const std::shared_ptr<PolicyNet> net = make_network({}, 1);
  CHECK(net->reads_canvas());
  CHECK_THROWS_AS(net->forward(encode_alone(small.blind(0))), c10::Error);
}

}  // namespace
