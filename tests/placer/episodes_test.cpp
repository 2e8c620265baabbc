#include "placer/episodes.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "netlist_io/generator.h"
#include "placer/legality.h"
#include "placer/policy.h"

namespace tessera::placer {
namespace {

using netlist_io::GeneratedBlock;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using testing::BlockBuilder;
using testing::make_canvas;

GeneratedBlock small_block() {
  netlist_io::GeneratorOptions generator;
  generator.ports = 20;
  generator.macros.count = 10;
  generator.clusters.count = 20;
  return netlist_io::generate_block(generator);
}

EpisodesResult run_uniform(const MacroProblem& problem,
                           std::size_t count,
                           int threads,
                           std::uint64_t seed = 1) {
  EpisodesOptions options;
  options.count = count;
  options.threads = threads;
  options.seed = seed;
  return run_episodes(problem, UniformPolicy(), options);
}

/// Likes cells the better the higher their index.
class HighestCellPolicy final : public Policy {
 public:
  void evaluate(std::span<const MacroEnv* const> envs, PolicyOutput& output) const override {
    const std::size_t cells = envs.front()->problem().canvas().grid.num_cells();
    output.values.assign(envs.size(), 0.0F);
    output.logits.clear();
    for (std::size_t i = 0; i < envs.size() * cells; ++i) {
      output.logits.push_back(static_cast<float>(i % cells));
    }
  }
};

class ThrowingPolicy final : public Policy {
 public:
  void evaluate(std::span<const MacroEnv* const>, PolicyOutput&) const override {
    throw std::runtime_error("no network");
  }
};

}  // namespace

TEST_CASE("the result of a run does not depend on the number of threads") {
  const GeneratedBlock block = small_block();
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  const EpisodesResult expected = run_uniform(problem, 20, 1);
  REQUIRE(expected.proxies.size() == 20);
  for (const int threads : {1, 2, 3}) {
    CAPTURE(threads);
    const EpisodesResult result = run_uniform(problem, 20, threads);
    CHECK(result.proxies == expected.proxies);
    CHECK(result.best.index == expected.best.index);
    CHECK(result.best.placement.x == expected.best.placement.x);
    CHECK(result.best.placement.y == expected.best.placement.y);
  }
  SUBCASE("nor does an episode depend on how many there are") {
    const EpisodesResult fewer = run_uniform(problem, 5, 2);
    CHECK(std::equal(fewer.proxies.begin(), fewer.proxies.end(), expected.proxies.begin()));
  }
  SUBCASE("but on the seed, save for the first, which is greedy") {
    const EpisodesResult other = run_uniform(problem, 20, 1, 2);
    CHECK(other.proxies[0] == expected.proxies[0]);
    CHECK(other.proxies[1] != expected.proxies[1]);
    CHECK(expected.proxies[2] != expected.proxies[1]);
  }
}

TEST_CASE("the best episode is the one of least proxy and its cost is that of its placement") {
  const GeneratedBlock block = small_block();
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  const EpisodesResult result = run_uniform(problem, 17, 2);
  const auto least = std::min_element(result.proxies.begin(), result.proxies.end());
  CHECK(result.best.index == static_cast<std::size_t>(least - result.proxies.begin()));
  CHECK(result.best.cost.proxy == *least);
  CHECK(problem.proxy_cost().evaluate(result.best.placement).proxy == *least);
  CHECK(
      check_legality(block.netlist, block.canvas, result.best.placement, block.placement).legal());
}

TEST_CASE("a run that is stopped is a run of fewer episodes") {
  const GeneratedBlock block = small_block();
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  const EpisodesResult whole = run_uniform(problem, 200, 1);
  for (const int threads : {1, 3}) {
    CAPTURE(threads);
    std::atomic<int> asked = 0;
    EpisodesOptions options;
    options.count = 200;
    options.threads = threads;
    options.stop = [&] { return ++asked > 150; };
    const EpisodesResult result = run_episodes(problem, UniformPolicy(), options);
    REQUIRE(!result.proxies.empty());
    CHECK(result.proxies.size() < whole.proxies.size());
    CHECK(std::equal(result.proxies.begin(), result.proxies.end(), whole.proxies.begin()));
    CHECK(result.best.index < result.proxies.size());
    CHECK(result.best.cost.proxy ==
          *std::min_element(result.proxies.begin(), result.proxies.end()));
  }
}

TEST_CASE("among equal proxies the first episode is the best") {
  // One macro without nets on one cell: all episodes are the same.
  BlockBuilder builder;
  builder.hard("m", 1.0, 1.0);
  const Netlist netlist = builder.build();
  const MacroProblem problem(netlist, make_canvas(1.0, 1.0, 1, 1), Placement(netlist), {});
  for (const int threads : {1, 3}) {
    CHECK(run_uniform(problem, 40, threads).best.index == 0);
  }
}

TEST_CASE("the first episode is greedy") {
  BlockBuilder builder;
  const NodeId port = builder.port("p", 0.0, 0.0);
  const NodeId macro = builder.hard("m", 1.0, 1.0);
  builder.connect(port, {macro});
  const Netlist netlist = builder.build();
  const MacroProblem problem(netlist, make_canvas(4.0, 4.0, 4, 4), Placement(netlist), {});
  const EpisodesResult result = run_episodes(problem, HighestCellPolicy(), {});
  CHECK(result.proxies.size() == 1);
  CHECK(result.best.placement.x[macro.index()] == 3.5);
  CHECK(result.best.placement.y[macro.index()] == 3.5);
}

/// Likes cells the better the lower their index, and says that its episodes are independent.
class LowestCellPolicy final : public Policy {
 public:
  void evaluate(std::span<const MacroEnv* const> envs, PolicyOutput& output) const override {
    most_at_once_ = std::max(most_at_once_.load(), envs.size());
    HighestCellPolicy().evaluate(envs, output);
    for (float& logit : output.logits) {
      logit = -logit;
    }
  }
  bool independent() const override { return true; }
  std::size_t most_at_once() const { return most_at_once_; }

 private:
  mutable std::atomic<std::size_t> most_at_once_ = 0;
};

TEST_CASE("views play a greedy episode each before any is sampled") {
  const GeneratedBlock block = small_block();
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  const auto greedy_proxy = [&](const Policy& policy) {
    return run_episodes(problem, policy, {}).proxies.front();
  };
  const HighestCellPolicy highest;
  const LowestCellPolicy lowest;
  REQUIRE(greedy_proxy(highest) != greedy_proxy(lowest));
  EpisodesOptions options;
  options.views = {&highest, &lowest};
  options.count = 5;
  for (const int threads : {1, 3}) {
    options.threads = threads;
    const EpisodesResult result = run_episodes(problem, lowest, options);
    REQUIRE(result.proxies.size() == 5);
    CHECK(result.proxies[0] == greedy_proxy(lowest));
    CHECK(result.proxies[1] == greedy_proxy(highest));
    CHECK(result.proxies[2] == greedy_proxy(lowest));
    CHECK(result.proxies[3] != result.proxies[4]);
  }
  CHECK(lowest.most_at_once() == 1);
  options.count = 2;  // no more than asked for
  CHECK(run_episodes(problem, lowest, options).proxies.size() == 2);
}

TEST_CASE("a block without movable hard macros has its clusters placed") {
  BlockBuilder builder;
  const NodeId port = builder.port("p", 0.0, 2.0);
  const NodeId cluster = builder.soft("c", 1.0, 1.0);
  builder.connect(port, {cluster});
  const Netlist netlist = builder.build();
  const MacroProblem problem(netlist, make_canvas(4.0, 4.0, 4, 4), Placement(netlist), {});
  const EpisodesResult result = run_uniform(problem, 3, 1);
  CHECK(result.proxies.size() == 3);
  CHECK(result.best.placement.placed[cluster.index()] == 1);
  CHECK(result.best.cost.proxy == problem.proxy_cost().evaluate(result.best.placement).proxy);
  CHECK(result.best.cost.proxy > 0.0);
}

TEST_CASE("a run that is stopped keeps the groups of eight that are finished") {
  const GeneratedBlock block = small_block();
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  EpisodesOptions options;
  options.count = 1000;
  std::vector<std::size_t> done;
  std::vector<double> best;
  options.progress = [&](std::size_t episodes, double proxy) {
    done.push_back(episodes);
    best.push_back(proxy);
  };
  SUBCASE("at once: the first episode is finished all the same") {
    options.stop = [] { return true; };
    const EpisodesResult result = run_episodes(problem, UniformPolicy(), options);
    CHECK(result.proxies == run_uniform(problem, 1, 1).proxies);
    CHECK(done == std::vector<std::size_t>{1});
  }
  SUBCASE("at once, with several threads") {
    options.stop = [] { return true; };
    options.threads = 3;
    CHECK(run_episodes(problem, UniformPolicy(), options).proxies.size() == 1);
  }
  SUBCASE("in the middle of the fourth group") {
    std::size_t calls_since = 0;
    options.stop = [&] { return done.size() == 3 && ++calls_since > 3; };
    const EpisodesResult result = run_episodes(problem, UniformPolicy(), options);
    CHECK(calls_since > 3);
    CHECK(result.proxies.size() == 24);
    CHECK(done == std::vector<std::size_t>{8, 16, 24});
    CHECK(std::is_sorted(best.rbegin(), best.rend()));
    CHECK(best.back() == result.best.cost.proxy);
    const EpisodesResult full = run_uniform(problem, 24, 1);
    CHECK(result.proxies == full.proxies);
  }
}

TEST_CASE("an exception of the policy leaves the run") {
  const GeneratedBlock block = small_block();
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  EpisodesOptions options;
  options.count = 40;
  options.threads = 2;
  CHECK_THROWS_WITH_AS(
      run_episodes(problem, ThrowingPolicy(), options), "no network", std::runtime_error);
}

}  // namespace tessera::placer
