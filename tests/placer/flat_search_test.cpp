#include "placer/flat/flat_search.h"

#include <algorithm>
#include <cstddef>
#include <limits>
#include <memory>
#include <stdexcept>
#include <vector>

#include "tests/placer/flat_builder.h"
#include "tests/placer/generated_flat_block.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "placer/flat/macro_polish.h"
#include "placer/legality.h"
#include "placer/legalizer.h"

namespace {

using tessera::netlist_io::InfeasibleError;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::Placement;
using tessera::placer::FlatCandidate;
using tessera::placer::FlatSearchOptions;
using tessera::placer::FlatSearchResult;
using tessera::placer::FlatTrial;
using tessera::placer::Halo;
using tessera::placer::legalize_macros;
using tessera::placer::MacroPolishResult;
using tessera::placer::MacroSpaceOptions;
using tessera::placer::polish_macros;
using tessera::placer::search_flat;
using tessera::testing::FlatBuilder;
using tessera::testing::generated_block;
using tessera::testing::GeneratedBlock;

constexpr int kMaxSinks = 500;

FlatSearchOptions search_options(const GeneratedBlock& block, std::size_t trials) {
  FlatSearchOptions options;
  options.trials = trials;
  options.legalize = [&block](const Placement& placement, const std::vector<Halo>& channels) {
    MacroSpaceOptions space;
    space.spacing.own_halos = std::make_shared<const std::vector<Halo>>(channels);
    return legalize_macros(block.netlist, block.canvas, placement, space).placement;
  };
  return options;
}

FlatSearchResult search(const GeneratedBlock& block,
                        const FlatSearchOptions& options,
                        const std::vector<FlatCandidate>& candidates = {}) {
  const Placement fixed(block.netlist);
  return search_flat(block.netlist, block.canvas, fixed, candidates, options);
}

TEST_CASE("macro polish turns a macro towards its wires and swaps macros that stand crosswise") {
  FlatBuilder builder;
  const auto left = builder.port(0.0, 10.0);
  const auto right = builder.port(100.0, 10.0);
  const auto a = builder.macro(80.0, 10.0, 10.0, 10.0);
  const auto b = builder.macro(20.0, 10.0, 10.0, 10.0);
  builder.connect(left, {builder.pin(a, {4.0, 0.0})});
  builder.connect(right, {builder.pin(b, {4.0, 0.0})});
  const Netlist netlist = builder.build();
  const MacroPolishResult result = polish_macros(netlist, Placement(netlist), kMaxSinks);
  const std::size_t first = netlist.hard_macros()[0].index();
  const std::size_t second = netlist.hard_macros()[1].index();
  CHECK(result.placement.x[first] == 20.0);
  CHECK(result.placement.x[second] == 80.0);
  CHECK(result.swaps == 1);
  // Pins at the sides that look at their ports.
  const double first_pin = transform({4.0, 0.0}, result.placement.orientation[first]).x;
  const double second_pin = transform({4.0, 0.0}, result.placement.orientation[second]).x;
  CHECK(first_pin == -4.0);
  CHECK(second_pin == 4.0);
  CHECK(result.gained_um == doctest::Approx((84.0 + 76.0) - (16.0 + 16.0)));
}

TEST_CASE("macro polish leaves fixed macros, other sizes and nets of many sinks alone") {
  FlatBuilder builder;
  const auto left = builder.port(0.0, 10.0);
  const auto right = builder.port(100.0, 10.0);
  const auto a = builder.macro(80.0, 10.0, 10.0, 10.0);
  const auto b = builder.macro(20.0, 10.0, 10.0, 12.0);
  builder.connect(left, {builder.pin(a)});
  builder.connect(right, {builder.pin(b)});
  const Netlist netlist = builder.build();
  CHECK(polish_macros(netlist, Placement(netlist), kMaxSinks).swaps == 0);

  FlatBuilder many;
  const auto port = many.port(0.0, 10.0);
  const auto macro = many.macro(80.0, 10.0, 10.0, 10.0);
  many.connect(port, {many.pin(macro, {4.0, 0.0}), many.cell(5.0, 10.0), many.cell(6.0, 10.0)});
  const Netlist wide = many.build();
  CHECK(polish_macros(wide, Placement(wide), 2).turns == 0);
  CHECK(polish_macros(wide, Placement(wide), 3).turns == 1);
  Placement fixed(wide);
  fixed.fixed[wide.hard_macros()[0].index()] = 1;
  CHECK(polish_macros(wide, fixed, 3).turns == 0);
}

TEST_CASE("flat search finds legal macros with shorter wires than a random placement") {
  const GeneratedBlock& block = generated_block();
  const FlatSearchResult result =
      search(block, search_options(block, 2), {{"random", block.macros_placed}});
  REQUIRE(result.trials.size() == 3);
  CHECK(result.trials[0].name == "random");
  CHECK(result.trials[0].judged);
  CHECK(result.winner.judged);
  CHECK(result.winner.name != "random");
  CHECK(result.winner.hpwl_um < 0.9 * result.trials[0].hpwl_um);
  for (const FlatTrial& trial : result.trials) {
    CHECK(result.winner.hpwl_um <= trial.hpwl_um);
  }
  CHECK(result.winner.hpwl_um == block.hpwl(result.placement));
  CHECK(tessera::placer::check_legality(
            block.netlist, block.canvas, result.placement, Placement(block.netlist))
            .overlaps == 0);
}

TEST_CASE("flat search: edges in heavy use outweigh shorter wires") {
  const GeneratedBlock& block = generated_block();
  FlatSearchOptions options = search_options(block, 1);
  const FlatSearchResult plain = search(block, options, {{"random", block.macros_placed}});
  REQUIRE(plain.winner.name != "random");
  CHECK(plain.winner.edge_use == 0.0);
  CHECK(plain.winner.scaled_hpwl_um == plain.winner.hpwl_um);
  options.tracks = {12.0, 12.0, 8.0, 8.0};
  options.usual_edge_use = 0.05;
  const FlatSearchResult routed = search(block, options, {{"random", block.macros_placed}});
  for (std::size_t i = 0; i < routed.trials.size(); ++i) {
    const FlatTrial& trial = routed.trials[i];
    CHECK(trial.hpwl_um == plain.trials[i].hpwl_um);
    REQUIRE(trial.edge_use > options.usual_edge_use);
    const double penalty = 4.0 * trial.edge_use + 3.0 * (trial.edge_use - options.usual_edge_use);
    CHECK(trial.scaled_hpwl_um == doctest::Approx(trial.hpwl_um * (1.0 + penalty)));
    CHECK(routed.winner.scaled_hpwl_um <= trial.scaled_hpwl_um);
  }
}

TEST_CASE("flat search: the number of threads changes nothing, a known good candidate wins") {
  const GeneratedBlock& block = generated_block();
  FlatSearchOptions options = search_options(block, 2);
  const FlatSearchResult one = search(block, options);
  options.threads = 3;
  const FlatSearchResult three = search(block, options);
  CHECK(one.placement.x == three.placement.x);
  CHECK(one.winner.name == three.winner.name);

  options.trials = 0;
  const FlatSearchResult given =
      search(block, options, {{"random", block.macros_placed}, {"found", one.placement}});
  CHECK(given.winner.name == "found");
  CHECK(given.winner.hpwl_um == one.winner.hpwl_um);
}

TEST_CASE("flat search varies the best of the new placements, to advantage") {
  const GeneratedBlock& block = generated_block();
  const FlatSearchResult result = search(block, search_options(block, 6));
  REQUIRE(result.trials.size() == 6);
  CHECK(result.trials[1].name == "mixed-size 2");
  CHECK(result.trials[2].name == "refinement 1");
  CHECK(result.trials[5].name == "refinement 4");
  CHECK(result.winner.name.starts_with("refinement"));
  CHECK(result.winner.hpwl_um < std::min(result.trials[0].hpwl_um, result.trials[1].hpwl_um));
}

TEST_CASE("flat search widens channels where routing edges are in heavy use") {
  const GeneratedBlock& block = generated_block();
  FlatSearchOptions options = search_options(block, 6);
  options.tracks = {1.0, 1.0, 0.8, 0.8};
  const FlatSearchResult result = search(block, options);
  REQUIRE(result.trials.size() == 6);
  const auto names = [&](std::size_t trial) { return result.trials[trial].name; };
  CHECK(names(0) == "mixed-size 1");
  CHECK(names(2) == "refinement 1");
  CHECK(names(4) == "wider channels 1");
  CHECK(names(5) == "wider channels 2");
  double before = result.trials[0].edge_use;
  for (std::size_t i = 0; i < 4; ++i) {
    before = std::min(before, result.trials[i].edge_use);
  }
  CHECK(std::min(result.trials[4].edge_use, result.trials[5].edge_use) < before);
}

TEST_CASE(
    "a long flat search ends with its best: wider channels while they pay, then refinements") {
  const GeneratedBlock& block = generated_block();
  FlatSearchOptions options = search_options(block, 40);
  options.tracks = {1.0, 1.0, 0.8, 0.8};
  const FlatSearchResult result = search(block, options);
  REQUIRE(result.trials.size() == 40);
  constexpr std::size_t kRounds = 30;  // the other trials are kept
  constexpr double kNone = std::numeric_limits<double>::infinity();
  const auto cost_of = [&](std::size_t i) {
    return result.trials[i].judged ? result.trials[i].scaled_hpwl_um : kNone;
  };
  double best = kNone;
  for (std::size_t i = 0; i < kRounds; ++i) {
    best = std::min(best, cost_of(i));
  }
  int failed = 0;  // batches that did not pay, one after the other
  for (std::size_t i = kRounds; i < result.trials.size();) {
    const bool widened = failed < 3;
    const std::size_t end = std::min(i + (widened ? 2 : 4), result.trials.size());
    double found = kNone;
    for (; i < end; ++i) {
      CHECK(result.trials[i].name.starts_with(widened ? "wider channels" : "refinement"));
      found = std::min(found, cost_of(i));
    }
    failed = found < best ? 0 : failed + 1;
    best = std::min(best, found);
  }
  CHECK(result.winner.scaled_hpwl_um == best);
}

TEST_CASE("a long flat search under a time limit keeps the last quarter of it for its best") {
  constexpr std::size_t kLimit = 40;  // trials; stands for the time
  const GeneratedBlock& block = generated_block();
  FlatSearchOptions options = search_options(block, 1'000'000);
  options.tracks = {1.0, 1.0, 0.8, 0.8};
  std::size_t made = 0;
  options.progress = [&](const FlatTrial&) { ++made; };
  options.stop = [&] { return made >= kLimit; };
  options.time_used = [&] { return static_cast<double>(made) / kLimit; };
  const FlatSearchResult result = search(block, options);
  CHECK(result.stopped);
  const auto new_ones = [&](std::size_t begin, std::size_t end) {
    return std::count_if(result.trials.begin() + static_cast<std::ptrdiff_t>(begin),
                         result.trials.begin() + static_cast<std::ptrdiff_t>(end),
                         [](const FlatTrial& trial) { return trial.name.starts_with("mixed"); });
  };
  constexpr std::size_t kRounds = 32;  // two whole ones, the first to end after 30 trials
  REQUIRE(result.trials.size() > kRounds);
  CHECK(new_ones(0, kRounds) == 8);
  CHECK(new_ones(kRounds, result.trials.size()) == 0);

  made = 0;
  options.time_used = nullptr;  // goes on with rounds
  const FlatSearchResult rounds = search(block, options);
  REQUIRE(rounds.trials.size() > kRounds);
  CHECK(rounds.trials[kRounds].name == "mixed-size 9");
}

TEST_CASE("flat search, stopped, returns what is legal; without anything legal it fails") {
  const GeneratedBlock& block = generated_block();
  FlatSearchOptions options = search_options(block, 8);
  options.stop = [] { return true; };
  const FlatSearchResult stopped = search(block, options, {{"random", block.macros_placed}});
  CHECK(stopped.stopped);
  CHECK_FALSE(stopped.winner.judged);
  CHECK(stopped.winner.name == "random");
  CHECK(stopped.placement.x == block.macros_placed.x);

  options.stop = nullptr;
  options.trials = 1;
  options.legalize = [](const Placement&, const std::vector<Halo>&) -> Placement {
    throw InfeasibleError("no room");
  };
  CHECK_THROWS_AS(search(block, options, {{"random", block.macros_placed}}), InfeasibleError);
  options.legalize = nullptr;
  CHECK_THROWS_AS(search(block, options), std::invalid_argument);
}

TEST_CASE("flat search: quotas grow with the time and shrink with the netlist") {
  const GeneratedBlock& block = generated_block();
  const auto trials = [&](double seconds, int threads) {
    return tessera::placer::nominal_flat_trials(block.netlist, 1, seconds, threads);
  };
  CHECK(trials(0.0, 2) == 1);
  CHECK(trials(2.0, 2) > trials(1.0, 2));
  CHECK(trials(2.0, 4) > trials(2.0, 2));
  CHECK(trials(1e6, 4) == 240);
}

}  // namespace
