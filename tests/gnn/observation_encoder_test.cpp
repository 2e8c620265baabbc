#include "gnn/observation_encoder.h"

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"

namespace {

using tessera::gnn::GraphBatch;
using tessera::gnn::kMetadataFeatures;
using tessera::gnn::kNodeFeatures;
using tessera::gnn::ObservationEncoder;
using tessera::netlist_io::NodeId;
using tessera::placer::CellIndex;
using tessera::placer::PositionPrior;
using tessera::testing::BlockBuilder;
using tessera::testing::make_block;

TEST_CASE("Features are those computed by hand") {
  // Canvas 100 x 60, 10 x 6 cells of 10 x 10; lengths are divided by 100 + 60 = 160.
  //
  //   port (0, 35)  -- soft 10 x 20
  //   small 10 x 10 -- big 20 x 10
  BlockBuilder builder;
  const NodeId port = builder.add_port(0.0, 37.0);
  const NodeId small = builder.add_hard_macro(10.0, 10.0);
  const NodeId soft = builder.add_soft_macro(10.0, 20.0);
  const NodeId big = builder.add_hard_macro(20.0, 10.0);
  builder.add_net(big, {small}, 2.0);
  builder.add_net(soft, {port}, 6.0);
  const auto block =
      make_block(builder.build(), 100.0, 60.0, {10, 6}, PositionPrior::kCanvasCentre);
  const ObservationEncoder encoder(*block->problem);

  // The big macro stands at cell 23, column 3, row 2: centre (35, 25).
  const std::vector<CellIndex> actions = {23};
  const std::vector<std::span<const CellIndex>> states = {std::span(actions).first(0), actions};
  const GraphBatch batch = encoder.encode(states);
  REQUIRE(batch.nodes.sizes() == at::IntArrayRef({2, 4, kNodeFeatures}));
  CHECK(batch.grid.cols == 10);
  CHECK(batch.grid.rows == 6);

  // Vertices: small, soft, big, then the cluster of the port. Its cell is (0, 3): in the border
  // column it is drawn to the border, x = 0; along it, it stands at the cell's centre, y = 35.
  const float big_x[] = {50.0F, 35.0F};
  const float big_y[] = {30.0F, 25.0F};
  for (std::int64_t b = 0; b < 2; ++b) {
    CAPTURE(b);
    const float expected[4][kNodeFeatures] = {
        {50.0F / 160, 30.0F / 160, 10.0F / 160, 10.0F / 160, 1, 0, 0, 0},
        {50.0F / 160, 30.0F / 160, 10.0F / 160, 20.0F / 160, 0, 1, 0, 0},
        {big_x[b] / 160, big_y[b] / 160, 20.0F / 160, 10.0F / 160, 1, 0, 0, b == 1 ? 1.0F : 0.0F},
        {0.0F, 35.0F / 160, 0.0F, 0.0F, 0, 0, 1, 1},
    };
    for (std::int64_t v = 0; v < 4; ++v) {
      for (std::int64_t f = 0; f < kNodeFeatures; ++f) {
        CAPTURE(v);
        CAPTURE(f);
        CHECK(batch.nodes[b][v][f].item<float>() == doctest::Approx(expected[v][f]));
      }
    }
  }
  // The larger macro comes first: vertex 2, then vertex 0.
  CHECK(batch.current[0].item<std::int64_t>() == 2);
  CHECK(batch.current[1].item<std::int64_t>() == 0);

  // Edge weights, mean (2 + 6) / 2 = 4: log(1 + 2 / 4) = 0.405465, log(1 + 6 / 4) = 0.916291.
  const auto& edges = batch.edges->edges();
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
  const std::array<double, kMetadataFeatures> metadata = {0.119280,
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
    CHECK(batch.metadata[static_cast<std::int64_t>(i)].item<double>() ==
          doctest::Approx(metadata[i]).epsilon(1e-5));
  }
}

TEST_CASE("Vertices are the block's own, without padding") {
  const auto block = tessera::testing::random_block(1, tessera::testing::identity(14));
  const ObservationEncoder encoder(*block->problem);
  const std::vector<std::span<const CellIndex>> states(3);
  const GraphBatch batch = encoder.encode(states);
  const auto vertices = static_cast<std::int64_t>(block->problem->graph().num_vertices());
  CHECK(batch.nodes.sizes() == at::IntArrayRef({3, vertices, kNodeFeatures}));
  CHECK(batch.edges->edges().size() == block->problem->graph().edges.size());
  CHECK(torch::equal(batch.nodes[0], batch.nodes[2]));
}

}  // namespace
