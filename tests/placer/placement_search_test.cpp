#include "placer/placement_search.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "tests/placer/search_block.h"
#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "placer/gradient_placer.h"
#include "placer/legality.h"
#include "placer/optimizer.h"

namespace tessera::placer {
namespace {

using netlist_io::GeneratedBlock;
using netlist_io::NodeId;
using netlist_io::Placement;

bool same(const Placement& a, const Placement& b) {
  return a.x == b.x && a.y == b.y && a.orientation == b.orientation;
}

double proxy_of(const GeneratedBlock& block, const Placement& placement) {
  return cost::ProxyCost(block.netlist, block.canvas, {}).evaluate(placement).proxy;
}

PlacementSearchOptions quick(PlacementClass placement_class = PlacementClass::kFree) {
  PlacementSearchOptions options;
  options.search.placement_class = placement_class;
  options.budget.evals = 30'000;
  options.threads = 2;
  return options;
}

PlacementSearchResult search(const GeneratedBlock& block,
                             const Placement& start,
                             const PlacementSearchOptions& options) {
  const std::vector<Placement> starts = {start};
  return search_placement(block.netlist, block.canvas, starts, block.placement, options);
}

}  // namespace

TEST_CASE("the optimizer does not depend on the number of threads") {
  const GeneratedBlock block = testing::search_block();
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  const std::vector<Placement> starts = {block.placement};
  OptimizerOptions options;
  options.evals = 90'000;
  options.chains = 3;
  std::vector<OptimizerResult> results;
  for (const int threads : {1, 2, 3}) {
    options.threads = threads;
    results.push_back(optimize_placement(problem, starts, options));
  }
  CHECK(same(results[0].placement, results[1].placement));
  CHECK(same(results[0].placement, results[2].placement));
  CHECK(results[0].cost.proxy == results[1].cost.proxy);
  CHECK(results[0].evals == 90'000);
  REQUIRE(results[0].finalists.size() == 3);
  CHECK(proxy_of(block, results[0].finalists[0]) <= proxy_of(block, results[0].finalists[2]));
  options.seed = 2;
  CHECK_FALSE(same(optimize_placement(problem, starts, options).placement, results[0].placement));
}

TEST_CASE("the optimizer stops when asked, with something legal and no worse than the start") {
  const GeneratedBlock block = testing::search_block();
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  const std::vector<Placement> starts = {block.placement};
  OptimizerOptions options;
  options.evals = 100'000'000;
  options.start_temperature = 1.0;  // hot: where the chains are is worse than the start
  options.end_temperature = 0.9;
  int asked = 0;
  options.stop = [&asked] { return ++asked == 2; };
  int told = 0;
  options.progress = [&told](const OptimizerProgress& progress) {
    ++told;
    CHECK(progress.evals_done <= progress.evals_total);
  };
  const OptimizerResult result = optimize_placement(problem, starts, options);
  CHECK(result.stopped);
  CHECK(told == 2);
  CHECK(result.cost.proxy <= proxy_of(block, block.placement) + 1e-9);
  CHECK(check_legality(block.netlist, block.canvas, result.placement, block.placement).legal());
}

TEST_CASE("bad options of the optimizer") {
  const GeneratedBlock block = testing::search_block();
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  const std::vector<Placement> starts = {block.placement};
  const auto rejected = [&](auto change) {
    OptimizerOptions options;
    options.evals = 1000;
    change(options);
    CHECK_THROWS_AS(optimize_placement(problem, starts, options), netlist_io::OptionError);
  };
  rejected([](OptimizerOptions& options) { options.chains = 0; });
  rejected([](OptimizerOptions& options) { options.threads = 0; });
  rejected([](OptimizerOptions& options) { options.end_temperature = 0.0; });
  rejected([](OptimizerOptions& options) { options.start_temperature = 1e-9; });
  rejected([](OptimizerOptions& options) { options.start_temperature = NAN; });
}

TEST_CASE("searching from a legal placement never makes it worse") {
  const GeneratedBlock block = testing::search_block();
  PlacementSearchOptions options = quick();
  const PlacementSearchResult result = search(block, block.placement, options);
  CHECK(result.cost.proxy < proxy_of(block, block.placement));
  CHECK_FALSE(result.legalized);
  CHECK_FALSE(result.stopped);
  CHECK(result.evals == options.budget.evals);
  CHECK(result.cost.proxy == proxy_of(block, result.placement));
  CHECK(check_legality(block.netlist, block.canvas, result.placement, block.placement).legal());
  // Searching on from the end, for no time at all, changes nothing.
  options.budget.evals = 0;
  const PlacementSearchResult again = search(block, result.placement, options);
  CHECK(same(again.placement, result.placement));
}

TEST_CASE("searching from an illegal placement legalises it first") {
  const GeneratedBlock block = testing::search_block();
  Placement piled = block.placement;
  for (const NodeId macro : block.netlist.hard_macros()) {
    piled.x[macro.index()] = 0.5 * block.canvas.width;
    piled.y[macro.index()] = 0.5 * block.canvas.height;
  }
  const PlacementSearchResult result = search(block, piled, quick());
  CHECK(result.legalized);
  CHECK(check_legality(block.netlist, block.canvas, result.placement, block.placement).legal());
}

TEST_CASE("in the grid class the clusters are a function of the hard macros") {
  const GeneratedBlock block = testing::search_block();
  PlacementSearchOptions options = quick(PlacementClass::kGrid);
  options.budget.evals = 400'000;  // also some rounds of macro moves with the cluster placer
  const PlacementSearchResult result = search(block, block.placement, options);
  CHECK(check_legality(block.netlist, block.canvas, result.placement, block.placement).legal());
  for (const NodeId macro : block.netlist.hard_macros()) {
    const double col = result.placement.x[macro.index()] / block.canvas.cell_width() - 0.5;
    const double row = result.placement.y[macro.index()] / block.canvas.cell_height() - 0.5;
    CHECK(std::abs(col - std::round(col)) < 1e-9);
    CHECK(std::abs(row - std::round(row)) < 1e-9);
  }
  Placement replaced = result.placement;
  for (const NodeId cluster : block.netlist.soft_macros()) {
    replaced.x[cluster.index()] = 0.0;
    replaced.y[cluster.index()] = 0.0;
    replaced.placed[cluster.index()] = 0;
  }
  GradientPlacer(block.netlist, block.canvas, {}).run(replaced);
  CHECK(same(replaced, result.placement));
}

TEST_CASE("the same quota gives the same result on any number of threads") {
  const GeneratedBlock block = testing::search_block(3);
  for (const PlacementClass placement_class : {PlacementClass::kGrid, PlacementClass::kFree}) {
    PlacementSearchOptions options = quick(placement_class);
    options.analytic_starts = 2;
    options.budget.evals = 300'000;
    options.threads = 1;
    const PlacementSearchResult one = search(block, block.placement, options);
    options.threads = 2;
    const PlacementSearchResult two = search(block, block.placement, options);
    CHECK(same(one.placement, two.placement));
    CHECK(one.cost.proxy == two.cost.proxy);
  }
}

TEST_CASE("a time budget reports the quota that gives the same result") {
  const GeneratedBlock block = testing::search_block();
  PlacementSearchOptions options = quick();
  options.budget.time_s = 0.6;
  const PlacementSearchResult timed = search(block, block.placement, options);
  // On a starved machine, nothing may be left for the search: no moves are a quota, too.
  CHECK(timed.evals % options.chains == 0);
  CHECK(check_legality(block.netlist, block.canvas, timed.placement, block.placement).legal());
  if (!timed.stopped) {  // the machine may have been busier than when its speed was measured
    options.budget = {timed.evals, {}};
    CHECK(same(search(block, block.placement, options).placement, timed.placement));
  }
}

TEST_CASE("an odd quota is reported as used, and that gives the same result") {
  const GeneratedBlock block = testing::search_block();
  PlacementSearchOptions options = quick();
  options.chains = 3;
  options.budget.evals = 30'001;
  const PlacementSearchResult odd = search(block, block.placement, options);
  CHECK(odd.evals == 30'000);
  options.budget.evals = odd.evals;
  CHECK(same(search(block, block.placement, options).placement, odd.placement));
}

TEST_CASE("a search where nothing can move returns what is there") {
  GeneratedBlock block = testing::search_block();
  std::fill(block.placement.fixed.begin(), block.placement.fixed.end(), std::uint8_t{1});
  PlacementSearchOptions options = quick();
  CHECK(same(search(block, block.placement, options).placement, block.placement));
  options.budget.time_s = 0.2;
  CHECK(same(search(block, block.placement, options).placement, block.placement));
}

TEST_CASE("a start that violates the spacing is not legal") {
  const GeneratedBlock block = testing::search_block();
  PlacementSearchOptions options = quick();
  const PlacementSearchResult dense = search(block, block.placement, options);
  options.search.space.spacing.halo_x_um = 3.0;
  options.search.space.spacing.halo_y_um = 3.0;
  const PlacementSearchResult spaced = search(block, dense.placement, options);
  CHECK(spaced.legalized);
  CHECK(MacroSpace(block.netlist, block.canvas, spaced.placement, options.search.space).legal());
}

TEST_CASE("analytic starts alone are enough") {
  const GeneratedBlock block = testing::search_block();
  PlacementSearchOptions options = quick();
  options.analytic_starts = 2;
  const PlacementSearchResult result =
      search_placement(block.netlist, block.canvas, {}, block.placement, options);
  CHECK(check_legality(block.netlist, block.canvas, result.placement, block.placement).legal());
  REQUIRE(result.stages.size() == 2);
  CHECK(result.stages[0].name == "analytic");
  CHECK(result.cost.proxy <= result.stages[0].proxy);
}

TEST_CASE("blocks without hard macros or without clusters") {
  testing::BlockBuilder only_soft;
  const auto port = only_soft.port("p", 0.0, 5.0);
  const auto first = only_soft.soft("Grp_0", 1.0, 1.0);
  const auto second = only_soft.soft("Grp_1", 1.0, 1.0);
  only_soft.connect(port, {first});
  only_soft.connect(first, {second});
  testing::BlockBuilder only_hard;
  const auto left = only_hard.port("p", 0.0, 5.0);
  const auto macro = only_hard.hard("m", 2.0, 2.0);
  only_hard.connect(left, {macro});
  const netlist_io::Canvas canvas = testing::make_canvas(10.0, 10.0, 5, 5);
  for (const netlist_io::Netlist& netlist : {only_soft.build(), only_hard.build()}) {
    Placement start(netlist);
    for (std::size_t i = 1; i < start.size(); ++i) {
      start.x[i] = start.y[i] = 5.0;
    }
    for (const PlacementClass placement_class : {PlacementClass::kGrid, PlacementClass::kFree}) {
      const std::vector<Placement> starts = {start};
      const PlacementSearchResult result =
          search_placement(netlist, canvas, starts, start, quick(placement_class));
      CHECK(check_legality(netlist, canvas, result.placement, start).legal());
      CHECK(result.cost.wirelength < 0.3);
    }
  }
}

TEST_CASE("a block that cannot be placed says so") {
  const netlist_io::Netlist netlist = testing::equal_macros_block(5, 6.0, 6.0, 10.0, 10.0);
  const netlist_io::Canvas canvas = testing::make_canvas(10.0, 10.0, 5, 5);
  const Placement start(netlist);
  const std::vector<Placement> starts = {start};
  for (const PlacementClass placement_class : {PlacementClass::kGrid, PlacementClass::kFree}) {
    CHECK_THROWS_AS(search_placement(netlist, canvas, starts, start, quick(placement_class)),
                    netlist_io::InfeasibleError);
  }
}

}  // namespace tessera::placer
