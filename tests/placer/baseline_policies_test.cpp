#include "placer/baseline_policies.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "cost/delta_map.h"
#include "netlist_io/generator.h"
#include "netlist_io/rng.h"
#include "placer/decoding.h"
#include "placer/episodes.h"
#include "placer/legality.h"
#include "placer/macro_env.h"

namespace tessera::placer {
namespace {

using netlist_io::GridShape;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using testing::BlockBuilder;
using testing::make_canvas;

netlist_io::GeneratedBlock small_block(std::uint64_t seed) {
  netlist_io::GeneratorOptions generator;
  generator.seed = seed;
  generator.ports = 20;
  generator.macros.count = 10;
  generator.clusters.count = 20;
  return netlist_io::generate_block(generator);
}

/// The cells of a grid from the one that the spiral likes best to the one it likes least.
std::vector<CellIndex> spiral(GridShape grid) {
  BlockBuilder builder;
  builder.hard("m", 1.0, 1.0);
  const Netlist netlist = builder.build();
  const MacroProblem problem(
      netlist, make_canvas(grid.cols, grid.rows, grid.cols, grid.rows), Placement(netlist), {});
  const MacroEnv env(problem);
  const std::vector<const MacroEnv*> envs = {&env, &env};
  PolicyOutput output;
  SpiralPolicy().evaluate(envs, output);
  const std::size_t cells = grid.num_cells();
  REQUIRE(output.logits.size() == 2 * cells);
  REQUIRE(output.values.size() == 2);
  CHECK(std::equal(output.logits.begin(),
                   output.logits.begin() + static_cast<std::ptrdiff_t>(cells),
                   output.logits.begin() + static_cast<std::ptrdiff_t>(cells)));
  std::vector<CellIndex> order(cells);
  for (CellIndex cell = 0; cell < cells; ++cell) {
    order[cell] = cell;
  }
  std::stable_sort(order.begin(), order.end(), [&](CellIndex a, CellIndex b) {
    return output.logits[a] > output.logits[b];
  });
  return order;
}

CellIndex best_cell(const std::vector<float>& logits, std::size_t first, const MacroEnv& env) {
  CellIndex best = env.mask().first().value();
  env.mask().for_each(
      [&](CellIndex cell) { best = logits[first + cell] > logits[first + best] ? cell : best; });
  return best;
}

/// By how much the proxy grows over a greedily decoded episode, clusters standing at the prior.
double total_growth(const MacroProblem& problem, const Policy& policy) {
  MacroEnv env(problem);
  const std::vector<const MacroEnv*> envs = {&env};
  netlist_io::Rng rng(1);
  PolicyOutput output;
  double growth = 0.0;
  while (!env.done()) {
    policy.evaluate(envs, output);
    growth += decide(env, output.logits, Decoding::kGreedy, rng).result.proxy_growth;
  }
  return growth;
}

}  // namespace

TEST_CASE("the spiral runs along the edge inwards") {
  //   6 5 4
  //   7 8 3
  //   0 1 2
  CHECK(spiral({3, 3}) == std::vector<CellIndex>{0, 1, 2, 5, 8, 7, 6, 3, 4});
  CHECK(spiral({4, 2}) == std::vector<CellIndex>{0, 1, 2, 3, 7, 6, 5, 4});
  CHECK(spiral({2, 3}) == std::vector<CellIndex>{0, 1, 3, 5, 4, 2});
  CHECK(spiral({4, 1}) == std::vector<CellIndex>{0, 1, 2, 3});
  CHECK(spiral({1, 4}) == std::vector<CellIndex>{0, 1, 2, 3});
  CHECK(spiral({1, 1}) == std::vector<CellIndex>{0});
  CHECK(spiral({3, 4}) == std::vector<CellIndex>{0, 1, 2, 5, 8, 11, 10, 9, 6, 3, 4, 7});
}

TEST_CASE("macros packed along the spiral follow its cells") {
  BlockBuilder builder;
  for (int i = 0; i < 4; ++i) {
    builder.hard("m" + std::to_string(i), 1.0, 1.0);
  }
  const Netlist netlist = builder.build();
  const MacroProblem problem(netlist, make_canvas(3.0, 3.0, 3, 3), Placement(netlist), {});
  const EpisodesResult result = run_episodes(problem, SpiralPolicy(), {});
  // Cells 0, 1, 2 and 5.
  CHECK(result.best.placement.x == std::vector<double>{0.5, 1.5, 2.5, 2.5});
  CHECK(result.best.placement.y == std::vector<double>{0.5, 0.5, 0.5, 1.5});
}

TEST_CASE("the greedy rule takes the cell computed by hand") {
  // The port in the upper left corner of 4 x 4 cells draws the macro there.
  BlockBuilder builder;
  const NodeId port = builder.port("p", 0.0, 4.0);
  const NodeId macro = builder.hard("m", 1.0, 1.0);
  builder.connect(port, {macro});
  const Netlist netlist = builder.build();
  MacroProblemOptions options;
  options.cost.weights = {1.0, 0.0, 0.0};
  const MacroProblem problem(netlist, make_canvas(4.0, 4.0, 4, 4), Placement(netlist), options);
  const EpisodesResult result = run_episodes(problem, GreedyDeltaPolicy(), {});
  CHECK(result.best.placement.x[macro.index()] == 0.5);
  CHECK(result.best.placement.y[macro.index()] == 3.5);
}

TEST_CASE("the greedy rule picks the least change of the proxy among the legal cells") {
  const netlist_io::GeneratedBlock block = small_block(1);
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  const std::size_t num_cells = problem.canvas().grid.num_cells();
  // Two episodes side by side, one a step ahead of the other.
  MacroEnv ahead(problem);
  MacroEnv env(problem);
  ahead.step(ahead.mask().first().value());
  cost::DeltaMapper mapper(problem.incremental_model());
  cost::DeltaMap map;
  PolicyOutput output;
  while (!ahead.done()) {
    CAPTURE(env.num_placed());
    const std::vector<MacroEnv*> both = {&ahead, &env};
    const std::vector<const MacroEnv*> envs = {&ahead, &env};
    GreedyDeltaPolicy().evaluate(envs, output);
    REQUIRE(output.logits.size() == 2 * num_cells);
    for (std::size_t i = 0; i < 2; ++i) {
      mapper.compute(both[i]->running_cost(), problem.macros()[both[i]->num_placed()], map);
      const CellIndex best = best_cell(output.logits, i * num_cells, *both[i]);
      double least = map.proxy[best];
      both[i]->mask().for_each([&](CellIndex cell) { least = std::min(least, map.proxy[cell]); });
      CHECK(map.proxy[best] == doctest::Approx(least).epsilon(1e-6));
      both[i]->step(best);
    }
  }
}

TEST_CASE("the greedy rule keeps the proxy down as long as the clusters stay where they are") {
  // Once they are placed anew, packing along the edge may well be better.
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    const netlist_io::GeneratedBlock block = small_block(seed);
    const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
    CHECK(total_growth(problem, GreedyDeltaPolicy()) < total_growth(problem, SpiralPolicy()));
  }
}

TEST_CASE("episodes of both rules are legal") {
  const netlist_io::GeneratedBlock block = small_block(1);
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  const SpiralPolicy spiral_policy;
  const GreedyDeltaPolicy greedy;
  for (const Policy* const policy : std::initializer_list<const Policy*>{&spiral_policy, &greedy}) {
    const EpisodesResult result = run_episodes(problem, *policy, {});
    CHECK(check_legality(block.netlist, block.canvas, result.best.placement, block.placement)
              .legal());
  }
}

}  // namespace tessera::placer
