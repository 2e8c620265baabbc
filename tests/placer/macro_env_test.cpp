#include "placer/macro_env.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/generator.h"
#include "netlist_io/rng.h"
#include "placer/legality.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rng;
using testing::BlockBuilder;
using testing::equal_macros_block;
using testing::make_canvas;

using Status = StepResult::Status;

std::vector<CellIndex> cells_of(const CellMaskView& mask) {
  std::vector<CellIndex> cells;
  mask.for_each([&cells](CellIndex cell) { cells.push_back(cell); });
  return cells;
}

struct RandomEpisode {
  StepResult last;
  double growth = 0.0;
  std::size_t refusals = 0;
};

/// Plays random actions of the mask to the end. Checks what holds after each.
RandomEpisode play_randomly(MacroEnv& env, Rng& rng) {
  RandomEpisode episode;
  env.reset();
  while (!env.done()) {
    const std::vector<CellIndex> legal = cells_of(env.mask());
    REQUIRE_FALSE(legal.empty());
    const CellIndex action = legal[rng.below(legal.size())];
    const std::size_t placed = env.num_placed();
    const auto other = static_cast<CellIndex>(rng.below(env.problem().canvas().grid.num_cells()));
    if (!env.mask().test(other)) {
      REQUIRE_THROWS_AS(env.step(other), netlist_io::InternalError);
      REQUIRE(env.num_placed() == placed);
    }
    episode.last = env.step(action);
    if (episode.last.status == Status::kRefused) {
      ++episode.refusals;
      std::vector<CellIndex> rest = legal;
      rest.erase(std::find(rest.begin(), rest.end(), action));
      REQUIRE(cells_of(env.mask()) == rest);
      REQUIRE(env.num_placed() == placed);
      continue;
    }
    REQUIRE(env.num_placed() == placed + 1);
    REQUIRE(env.actions().back() == action);
    REQUIRE((episode.last.status == Status::kDone) == env.done());
    REQUIRE((env.done() || episode.last.reward == 0.0));
    episode.growth += episode.last.proxy_growth;
  }
  return episode;
}

/// Whether placing the macros one by one at random legal cells, without looking ahead, gets stuck.
bool naive_placement_dead_ends(const MacroProblem& problem, Rng& rng) {
  GridLegality legality = problem.legality();
  for (std::size_t macro = 0; macro < problem.macros().size(); ++macro) {
    const std::vector<CellIndex> legal = cells_of(legality.mask(macro));
    if (legal.empty()) {
      return true;
    }
    legality.place(macro, legal[rng.below(legal.size())]);
  }
  return false;
}

/// Plays `count` random episodes; returns how often an action was refused.
std::size_t check_random_episodes(const MacroProblem& problem, std::uint64_t count) {
  std::size_t refusals = 0;
  MacroEnv env(problem);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const RandomEpisode episode = play_randomly(env, rng);
    refusals += episode.refusals;
    CHECK(episode.last.status == Status::kDone);
    const LegalityReport report =
        check_legality(problem.netlist(), problem.canvas(), env.placement(), problem.start());
    CHECK(report.legal());
  }
  return refusals;
}

/// 4 x 4 cells of 1 um, one macro of one cell, tied to a port in the corner.
struct OneMacro {
  Canvas canvas = make_canvas(4.0, 4.0, 4, 4);
  Netlist netlist = [] {
    BlockBuilder block;
    const NodeId port = block.port("p", 0.0, 0.0);
    const NodeId macro = block.hard("m", 1.0, 1.0);
    block.connect(port, {macro});
    return block.build();
  }();
  MacroProblemOptions options = [] {
    MacroProblemOptions chosen;
    chosen.prior = PositionPrior::kCanvasCentre;
    chosen.cost.weights = {1.0, 0.0, 0.0};
    return chosen;
  }();
  MacroProblem problem{netlist, canvas, Placement(netlist), options};
};

}  // namespace

TEST_CASE("random episodes finish legally where macros of 2 x 2 cells fill 81 % of the grid") {
  // Centres 1 .. 18, two apart: 9 by 9 macros on 20 x 20 cells cover 81 * 4 / 400 = 81 %.
  const Canvas canvas = make_canvas(20.0, 20.0, 20, 20);
  const Netlist netlist = equal_macros_block(81, 2.0, 2.0, 20.0, 20.0);
  const MacroProblem problem(netlist, canvas, Placement(netlist), {});
  std::size_t dead_ends = 0;
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    Rng rng(seed);
    dead_ends += naive_placement_dead_ends(problem, rng) ? 1 : 0;
  }
  CHECK(dead_ends == 20);  // so it does take the refusals
  CHECK(check_random_episodes(problem, 5) > 0);
}

TEST_CASE("random episodes finish legally where macros of 3 x 3 cells fill the grid") {
  const Canvas canvas = make_canvas(9.0, 9.0, 9, 9);
  const Netlist netlist = equal_macros_block(9, 3.0, 3.0, 9.0, 9.0);
  const MacroProblem problem(netlist, canvas, Placement(netlist), {});
  CHECK(check_random_episodes(problem, 20) > 0);
}

TEST_CASE("random episodes finish legally around fixed macros and blockages with halos") {
  // Macros of 2 x 1 um with a halo of a quarter micron on 12 x 12 cells of 1 um; a fixed macro in
  // the middle, a blockage in a corner.
  BlockBuilder block;
  const NodeId fixed = block.hard("fixed", 3.0, 3.0);
  for (int i = 0; i < 14; ++i) {
    const NodeId macro = block.hard("m" + std::to_string(i), 2.0, 1.0);
    block.connect(fixed, {macro});
  }
  const Netlist netlist = block.build();
  Canvas canvas = make_canvas(12.0, 12.0, 12, 12);
  canvas.blockages.push_back({{0.0, 0.0, 4.0, 4.0}, 1.0});
  Placement placement(netlist);
  placement.x[fixed.index()] = 6.5;
  placement.y[fixed.index()] = 5.5;
  placement.fixed[fixed.index()] = 1;
  MacroProblemOptions options;
  options.spacing = {0.25, 0.25, 0.0, 0.0};
  const MacroProblem problem(netlist, canvas, placement, options);
  REQUIRE(problem.macros().size() == 14);
  MacroEnv env(problem);
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    play_randomly(env, rng);
    CHECK(env.placement().x[fixed.index()] == 6.5);
    CHECK(env.placement().y[fixed.index()] == 5.5);
    std::size_t violations = 0;
    for (const NodeId macro : problem.macros()) {
      const netlist_io::Rect box = env.placement().box(netlist, macro);
      violations += box.x0 < 4.0 && box.y0 < 4.0 ? 1 : 0;
      for (const NodeId other : netlist.hard_macros()) {
        const netlist_io::Rect next = env.placement().box(netlist, other);
        const bool near = box.x0 < next.x1 + 0.5 && next.x0 < box.x1 + 0.5 &&
                          box.y0 < next.y1 + 0.5 && next.y0 < box.y1 + 0.5;
        violations += other != macro && near ? 1 : 0;
      }
    }
    CHECK(violations == 0);
  }
}

TEST_CASE("random episodes of generated blocks finish legally with macros at cell centres") {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    CAPTURE(seed);
    netlist_io::GeneratorOptions generator;
    generator.seed = seed;
    generator.ports = 20;
    generator.macros.count = 15;
    generator.clusters.count = 30;
    generator.hard_utilization = 0.6;
    generator.utilization = 0.8;
    const netlist_io::GeneratedBlock block = netlist_io::generate_block(generator);
    const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
    check_random_episodes(problem, 3);
    MacroEnv env(problem);
    Rng rng(seed);
    play_randomly(env, rng);
    const auto cols = static_cast<CellIndex>(block.canvas.grid.cols);
    for (std::size_t step = 0; step < problem.macros().size(); ++step) {
      const std::size_t node = problem.macros()[step].index();
      const CellIndex cell = env.actions()[step];
      CHECK(env.placement().x[node] ==
            doctest::Approx((cell % cols + 0.5) * block.canvas.cell_width()).epsilon(1e-12));
      CHECK(env.placement().y[node] ==
            doctest::Approx((cell / cols + 0.5) * block.canvas.cell_height()).epsilon(1e-12));
    }
  }
}

TEST_CASE("an action that leaves no room for the rest is refused and leaves the mask") {
  // 6 x 1 cells of 1 um. "three" covers 3 cells (centres 1 .. 4); "two" covers two cells, half of
  // the outer ones (centres 1 .. 4: [0.5, 2.5] .. [3.5, 5.5]).
  // three at 1: [0, 3], two at 4: [3.5, 5.5] fits.  three at 2: [1, 4], two would need
  // [4, ...] but 4 covers [3.5, 5.5]: no.  three at 3: [2, 5] and two at 1: [0.5, 2.5]: no.
  const Canvas canvas = make_canvas(6.0, 1.0, 6, 1);
  BlockBuilder block;
  const NodeId two = block.hard("two", 2.0, 1.0);
  const NodeId three = block.hard("three", 3.0, 1.0);
  block.connect(two, {three});
  const Netlist netlist = block.build();
  const MacroProblem problem(netlist, canvas, Placement(netlist), {});
  REQUIRE(problem.macros()[0] == three);
  MacroEnv env(problem);
  CHECK(cells_of(env.mask()) == std::vector<CellIndex>{1, 2, 3, 4});
  CHECK(env.step(2).status == Status::kRefused);
  CHECK(env.step(3).status == Status::kRefused);
  CHECK(cells_of(env.mask()) == std::vector<CellIndex>{1, 4});
  CHECK_THROWS_AS(env.step(2), netlist_io::InternalError);
  CHECK(env.step(4).status == Status::kPlaced);
  CHECK(cells_of(env.mask()) == std::vector<CellIndex>{1});
  CHECK(env.step(1).status == Status::kDone);
  SUBCASE("a new episode opens the mask again") {
    env.reset();
    CHECK(cells_of(env.mask()) == std::vector<CellIndex>{1, 2, 3, 4});
    CHECK(env.num_placed() == 0);
    CHECK(env.actions().empty());
    CHECK(env.placement().x == problem.start().x);
  }
}

TEST_CASE("the episode pays minus the exact proxy of the final placement") {
  netlist_io::GeneratorOptions generator;
  generator.ports = 20;
  generator.macros.count = 10;
  generator.clusters.count = 30;
  const netlist_io::GeneratedBlock block = netlist_io::generate_block(generator);
  MacroProblemOptions options;
  options.cost.weights = {1.0, 0.25, 0.75};
  const MacroProblem problem(block.netlist, block.canvas, block.placement, options);
  MacroEnv env(problem);
  Rng rng(1);
  const RandomEpisode episode = play_randomly(env, rng);
  const cost::ProxyCost proxy_cost(block.netlist, block.canvas, options.cost);
  const cost::CostBreakdown expected = proxy_cost.evaluate(env.placement());
  CHECK(episode.last.cost.proxy == expected.proxy);
  CHECK(episode.last.cost.hpwl_um == expected.hpwl_um);
  CHECK(episode.last.reward == -expected.proxy);
  CHECK(expected.proxy == doctest::Approx(expected.wirelength + 0.25 * expected.density +
                                          0.75 * expected.congestion));
  SUBCASE("the growth of the proxy adds up, clusters standing at the prior") {
    Placement before_clusters = env.placement();
    for (const NodeId cluster : block.netlist.soft_macros()) {
      before_clusters.x[cluster.index()] = problem.start().x[cluster.index()];
      before_clusters.y[cluster.index()] = problem.start().y[cluster.index()];
    }
    const double difference =
        proxy_cost.evaluate(before_clusters).proxy - proxy_cost.evaluate(problem.start()).proxy;
    CHECK(episode.growth == doctest::Approx(difference).epsilon(1e-9));
  }
}

TEST_CASE("the growth of the proxy has the value computed by hand") {
  // Port at (0, 0), macro at the centre (2, 2): HPWL 4. At cell 0, (0.5, 0.5): HPWL 1.
  // Change -3, over (4 + 4) um times a net weight of 1: -0.375.
  const OneMacro block;
  MacroEnv env(block.problem);
  const StepResult result = env.step(0);
  CHECK(result.status == Status::kDone);
  CHECK(result.proxy_growth == doctest::Approx(-0.375));
  // HPWL 1 over 8.
  CHECK(result.cost.wirelength == doctest::Approx(0.125));
  CHECK(env.placement().placed[1] == 1);
  CHECK(env.done());
  CHECK_THROWS_AS(env.step(0), netlist_io::InternalError);
}

TEST_CASE("actions beyond the grid throw") {
  const OneMacro block;
  MacroEnv env(block.problem);
  CHECK_THROWS_AS(env.step(16), netlist_io::InternalError);
  CHECK_THROWS_AS(env.step(0xffffffffU), netlist_io::InternalError);
  CHECK(env.num_placed() == 0);
}

TEST_CASE("a block without movable hard macros is finished at once") {
  BlockBuilder builder;
  const NodeId port = builder.port("p", 0.0, 5.0);
  const NodeId fixed = builder.hard("fixed", 2.0, 2.0);
  const NodeId cluster = builder.soft("c", 1.0, 1.0);
  builder.connect(port, {fixed, cluster});
  const Netlist netlist = builder.build();
  Placement placement(netlist);
  placement.x[fixed.index()] = 8.0;
  placement.y[fixed.index()] = 8.0;
  placement.fixed[fixed.index()] = 1;
  const Canvas canvas = make_canvas(10.0, 10.0, 10, 10);
  const MacroProblem problem(netlist, canvas, placement, {});
  MacroEnv env(problem);
  CHECK(env.done());
  CHECK_FALSE(env.mask().any());
  const StepResult result = env.finish();
  CHECK(result.status == Status::kDone);
  CHECK(result.reward == -problem.proxy_cost().evaluate(env.placement()).proxy);
  CHECK(env.placement().x[fixed.index()] == 8.0);
  CHECK(check_legality(netlist, canvas, env.placement(), placement).legal());
}

TEST_CASE("a block without nets can be played") {
  BlockBuilder builder;
  builder.hard("a", 1.0, 1.0);
  builder.hard("b", 1.0, 1.0);
  const Netlist netlist = builder.build();
  MacroProblemOptions options;
  options.cost.weights = {1.0, 0.0, 0.0};
  const MacroProblem problem(netlist, make_canvas(4.0, 4.0, 4, 4), Placement(netlist), options);
  MacroEnv env(problem);
  CHECK(env.step(0).proxy_growth == 0.0);
  const StepResult result = env.step(15);
  CHECK(result.status == Status::kDone);
  CHECK(result.cost.wirelength == 0.0);
}

}  // namespace tessera::placer
