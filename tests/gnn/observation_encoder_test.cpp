#include "gnn/observation_encoder.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <memory>
#include <vector>

#include "tests/gnn/episode_states.h"
#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"

#include "placer/canvas_observer.h"
#include "placer/macro_env.h"

namespace {

using tessera::gnn::encode;
using tessera::gnn::kMetadataFeatures;
using tessera::gnn::kNodeFeatures;
using tessera::gnn::kPublishedMetadata;
using tessera::gnn::kStepMetadata;
using tessera::gnn::kWeightMetadata;
using tessera::gnn::Observation;
using tessera::gnn::ObservationEncoder;
using tessera::gnn::observe;
using tessera::gnn::StateBatch;
using tessera::gnn::StateView;
using tessera::netlist_io::NodeId;
using tessera::placer::CanvasObserver;
using tessera::placer::CanvasScales;
using tessera::placer::CellIndex;
using tessera::placer::kNumCanvasChannels;
using tessera::placer::MacroEnv;
using tessera::placer::PositionPrior;
using tessera::testing::BlockBuilder;
using tessera::testing::encode_alone;
using tessera::testing::EpisodeStates;
using tessera::testing::first_cells;
using tessera::testing::identity;
using tessera::testing::kRandomBlockMacros;
using tessera::testing::make_block;
using tessera::testing::own_cells;
using tessera::testing::random_block;
using tessera::testing::SmallBlock;
using tessera::testing::toy_block;

/// Canvas 100 x 60, 10 x 6 cells of 10 x 10:
///
///   port (0, 37)  -- soft 10 x 20
///   small 10 x 10 -- big 20 x 10
std::unique_ptr<const SmallBlock> two_pairs() {
  BlockBuilder builder;
  const NodeId port = builder.add_port(0.0, 37.0);
  const NodeId small = builder.add_hard_macro(10.0, 10.0);
  const NodeId soft = builder.add_soft_macro(10.0, 20.0);
  const NodeId big = builder.add_hard_macro(20.0, 10.0);
  builder.add_net(big, {small}, 2.0);
  builder.add_net(soft, {port}, 6.0);
  return make_block(builder.build(), 100.0, 60.0, {10, 6}, PositionPrior::kCanvasCentre);
}

TEST_CASE("Features are those computed by hand") {
  // Lengths are divided by 100 + 60 = 160.
  const auto block = two_pairs();
  const ObservationEncoder encoder(*block->problem);

  // The big macro stands at cell 23, column 3, row 2: centre (35, 25).
  const std::vector<CellIndex> actions = {23};
  const std::vector<StateView> states = {{&encoder, {}, nullptr}, {&encoder, actions, nullptr}};
  const StateBatch batch = encode(states);
  REQUIRE(batch.nodes.sizes() == at::IntArrayRef({2 * 4, kNodeFeatures}));
  REQUIRE(batch.size() == 2);
  CHECK(batch.grids[1].cols == 10);
  CHECK(batch.grids[1].rows == 6);
  CHECK_FALSE(batch.canvas.defined());

  // Vertices: small, soft, big, then the cluster of the port. Its cell is (0, 3): in the border
  // column it is drawn to the border, x = 0; along it, it stands at the cell's centre, y = 35.
  // The larger macro comes first: big, then small.
  // Edge weights, mean (2 + 6) / 2 = 4: log(1 + 2 / 4) = 0.405465, log(1 + 6 / 4) = 0.916291, the
  // only ones of their ends: log(1 + 0.405465) / 4 = 0.085092, log(1 + 0.916291) / 4 = 0.162598.
  const float big_x[] = {50.0F, 35.0F};
  const float big_y[] = {30.0F, 25.0F};
  for (std::int64_t b = 0; b < 2; ++b) {
    CAPTURE(b);
    const float moved = b == 1 ? 1.0F : 0.0F;
    const float weak = 0.085092F;
    const float strong = 0.162598F;
    const float expected[4][kNodeFeatures] = {
        {50.0F / 160, 30.0F / 160, 10.0F / 160, 10.0F / 160, 1, 0, 0, 0, moved, weak},
        {50.0F / 160, 30.0F / 160, 10.0F / 160, 20.0F / 160, 0, 1, 0, 0, 0, strong},
        {big_x[b] / 160, big_y[b] / 160, 20.0F / 160, 10.0F / 160, 1, 0, 0, moved, 1 - moved, weak},
        {0.0F, 35.0F / 160, 0.0F, 0.0F, 0, 0, 1, 1, 0, strong},
    };
    for (std::int64_t v = 0; v < 4; ++v) {
      for (std::int64_t f = 0; f < kNodeFeatures; ++f) {
        CAPTURE(v);
        CAPTURE(f);
        CHECK(batch.nodes[4 * b + v][f].item<float>() == doctest::Approx(expected[v][f]));
      }
    }
  }
  // Vertex 2 of the first state, vertex 0 of the second.
  CHECK(batch.current[0].item<std::int64_t>() == 2);
  CHECK(batch.current[1].item<std::int64_t>() == 4 + 0);

  const auto& edges = batch.layout->graph(0)->edges();
  REQUIRE(edges.size() == 2);
  CHECK(edges[0].a == 0);
  CHECK(edges[0].b == 2);
  CHECK(edges[0].weight == doctest::Approx(0.405465));
  CHECK(edges[1].a == 1);
  CHECK(edges[1].b == 3);
  CHECK(edges[1].weight == doctest::Approx(0.916291));

  // log(1 + n) / log(10^4): 2 edges and 2 hard macros 0.119280, 1 soft macro and 1 cluster
  // 0.075257. log(1 + tracks / 1000): 57.031 * 60 = 3421.86 -> 1.486561; 56.818 * 100 = 5681.8
  // -> 1.899387; 39.583 * 60 = 2374.98 -> 1.216390; 30.303 * 100 = 3030.3 -> 1.393841.
  const std::array<double, kPublishedMetadata> metadata = {0.119280,
                                                           0.119280,
                                                           0.075257,
                                                           0.075257,
                                                           1.486561,
                                                           1.899387,
                                                           1.216390,
                                                           1.393841,
                                                           10.0 / 128,
                                                           6.0 / 128,
                                                           100.0 / 160,
                                                           60.0 / 160};
  for (std::size_t i = 0; i < metadata.size(); ++i) {
    CAPTURE(i);
    CHECK(batch.metadata[1][static_cast<std::int64_t>(i)].item<double>() ==
          doctest::Approx(metadata[i]).epsilon(1e-5));
  }
}

TEST_CASE("Weights and steps follow the published metadata") {
  // Weights 1, 0.5, 0.5: shares 1/2, 1/4, 1/4.
  const auto block = two_pairs();
  const ObservationEncoder encoder(*block->problem);
  Observation observation;
  observation.canvas.assign(kNumCanvasChannels * 60, at::Half(0.0F));
  observation.step = {0.5F, 1.25F, 0.1F, 0.2F, 0.3F, 0.4F};
  const std::array<double, kWeightMetadata + kStepMetadata> expected = {
      0.5, 0.25, 0.25, 0.5, 1.25, 0.1, 0.2, 0.3, 0.4};
  const StateBatch seen = encode_alone({&encoder, {}, &observation});
  const StateBatch blind = encode_alone({&encoder, {}, nullptr});
  REQUIRE(seen.metadata.sizes() == at::IntArrayRef({1, kMetadataFeatures}));
  for (std::size_t i = 0; i < expected.size(); ++i) {
    CAPTURE(i);
    const auto at = kPublishedMetadata + static_cast<std::int64_t>(i);
    CHECK(seen.metadata[0][at].item<double>() == doctest::Approx(expected[i]));
    CHECK(blind.metadata[0][at].item<double>() ==
          doctest::Approx(i < kWeightMetadata ? expected[i] : 0.0));
  }
}

TEST_CASE("The step's figures are those of the episode") {
  const auto block = toy_block();
  MacroEnv env(*block->problem);
  env.step(4);
  CanvasObserver observer(*block->problem);
  std::vector<float> scratch;
  const Observation observation = observe(observer, env, scratch);
  std::vector<float> channels(kNumCanvasChannels * 9);
  const CanvasScales scales = observer.observe(env, channels);
  CHECK(observation.step[0] == doctest::Approx(1.0 / 3.0));
  CHECK(observation.step[1] == doctest::Approx(env.running_cost().proxy()));
  for (std::size_t i = 0; i < 4; ++i) {
    CAPTURE(i);
    // One decade is a quarter; a mean of 1 is 1.
    REQUIRE(scales.deltas[i].mean > 0.0);
    CHECK(observation.step[2 + i] ==
          doctest::Approx(1.0 + std::log10(scales.deltas[i].mean) / 4.0).epsilon(1e-5));
  }
}

TEST_CASE("What is observed is the observer's channels to a thousandth") {
  const auto block = random_block(1, identity(kRandomBlockMacros));
  MacroEnv env(*block->problem);
  CanvasObserver observer(*block->problem);
  std::vector<float> scratch;
  for (const CellIndex action : first_cells(*block->problem, 4)) {
    const Observation observation = observe(observer, env, scratch);
    std::vector<float> channels(kNumCanvasChannels * 11 * 9);
    observer.observe(env, channels);
    REQUIRE(observation.canvas.size() == channels.size());
    for (std::size_t i = 0; i < channels.size(); ++i) {
      CAPTURE(i);
      const double error = static_cast<float>(observation.canvas[i]) - channels[i];
      CHECK(std::abs(error) <= 1e-3 * std::max(1.0F, std::abs(channels[i])));
    }
    env.step(action);
  }
}

TEST_CASE("Cells of vertices lie in the planes of their states") {
  // The block of two pairs, 10 x 6 cells, beside the toy, 3 x 3, in planes of 10 x 6 cells.
  const auto block = two_pairs();
  const auto toy = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const ObservationEncoder toy_encoder(*toy->problem);
  const std::vector<CellIndex> actions = {23};
  const std::vector<CellIndex> toy_actions = {8, 0};
  const std::vector<StateView> states = {{&toy_encoder, toy_actions, nullptr},
                                         {&encoder, actions, nullptr}};
  const StateBatch batch = encode(states);
  CHECK(batch.common_grid().cols == 10);
  CHECK(batch.common_grid().rows == 6);
  // The toy's macros in file order: large at cell 8, column and row 2; medium at cell 0.
  CHECK(batch.cells[0].item<std::int64_t>() == 2 + 2 * 10);
  CHECK(batch.cells[1].item<std::int64_t>() == 0);
  // Centre (50, 30): column 5, row 3, also of the cluster; big at column 3, row 2; the port in the
  // left column, row 3.
  const std::int64_t first = batch.layout->first_vertex(1);
  const std::vector<std::int64_t> expected = {35, 35, 23, 30};
  REQUIRE(batch.cells.size(0) == first + 4);
  for (std::int64_t v = 0; v < 4; ++v) {
    CAPTURE(v);
    CHECK(batch.cells[first + v].item<std::int64_t>() ==
          60 + expected[static_cast<std::size_t>(v)]);
    CHECK(batch.state_of_vertex[first + v].item<std::int64_t>() == 1);
  }
  CHECK(batch.state_of_vertex[first - 1].item<std::int64_t>() == 0);
  CHECK(batch.inverse_vertices[1][0].item<float>() == 0.25F);
  CHECK(batch.current[1].item<std::int64_t>() == first + 0);
}

TEST_CASE("Canvases are padded with zeros beyond the grids") {
  const auto block = random_block(1, identity(kRandomBlockMacros));
  const auto toy = toy_block();
  const EpisodeStates large(*block->problem, first_cells(*block->problem, 2));
  const EpisodeStates small(*toy->problem, first_cells(*toy->problem, 2));
  const std::vector<StateView> states = {small.seen(1), large.seen(1)};
  const StateBatch batch = encode(states);
  REQUIRE(batch.canvas.sizes() ==
          at::IntArrayRef({2, static_cast<std::int64_t>(kNumCanvasChannels), 9, 11}));
  CHECK(batch.inside.sum().item<double>() == 9.0 + 99.0);
  CHECK((batch.canvas * (1.0 - batch.inside)).abs().sum().item<double>() == 0.0);
  for (std::size_t i = 0; i < states.size(); ++i) {
    CAPTURE(i);
    const StateBatch alone = encode_alone(states[i]);
    const auto row = static_cast<std::int64_t>(i);
    for (std::int64_t channel = 0; channel < batch.canvas.size(1); ++channel) {
      CHECK(
          torch::equal(own_cells(batch.canvas[row][channel], batch, i), alone.canvas[0][channel]));
    }
    CHECK(own_cells(batch.inside[row][0], batch, i).min().item<float>() == 1.0F);
  }
}

TEST_CASE("Vertices are the block's own, without padding") {
  const auto block = random_block(1, identity(kRandomBlockMacros));
  const ObservationEncoder encoder(*block->problem);
  const std::vector<StateView> states(3, StateView{&encoder, {}, nullptr});
  const StateBatch batch = encode(states);
  const auto vertices = static_cast<std::int64_t>(block->problem->graph().num_vertices());
  CHECK(encoder.num_vertices() == vertices);
  CHECK(batch.nodes.sizes() == at::IntArrayRef({3 * vertices, kNodeFeatures}));
  CHECK(batch.layout->graph(0)->edges().size() == block->problem->graph().edges.size());
  CHECK(torch::equal(batch.nodes.slice(0, 0, vertices), batch.nodes.slice(0, 2 * vertices)));
}

}  // namespace
