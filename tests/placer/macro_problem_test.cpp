#include "placer/macro_problem.h"

#include <cstdint>
#include <string>
#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/generator.h"
#include "netlist_io/rng.h"
#include "placer/episodes.h"
#include "placer/policy.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using testing::BlockBuilder;
using testing::equal_macros_block;
using testing::make_canvas;

/// Message of the `InfeasibleError` that the block raises; empty if it raises none.
std::string infeasible_message(const Netlist& netlist,
                               const Canvas& canvas,
                               const Placement& placement,
                               const MacroProblemOptions& options = {}) {
  try {
    const MacroProblem problem(netlist, canvas, placement, options);
  } catch (const InfeasibleError& error) {
    return error.what();
  }
  return "";
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

netlist_io::GeneratedBlock small_block() {
  netlist_io::GeneratorOptions generator;
  generator.ports = 20;
  generator.macros.count = 12;
  generator.clusters.count = 30;
  return netlist_io::generate_block(generator);
}

/// Moves and flips all that may be moved, in the netlist and in the placement, at random.
void scramble(std::uint64_t seed, Netlist& netlist, Placement& placement) {
  netlist_io::Rng rng(seed);
  netlist_io::NetlistRecords records = netlist.records();
  for (std::size_t i = 0; i < records.nodes.size(); ++i) {
    if (placement.fixed[i] != 0) {
      continue;
    }
    placement.x[i] = rng.uniform(-100.0, 2000.0);
    placement.y[i] = rng.uniform(-100.0, 2000.0);
    placement.placed[i] = static_cast<std::uint8_t>(rng.below(2));
    constexpr Orientation kFlips[] = {
        Orientation::kN, Orientation::kS, Orientation::kFN, Orientation::kFS};
    placement.orientation[i] = kFlips[rng.below(4)];
    records.nodes[i].x = rng.uniform(-100.0, 2000.0);
    records.nodes[i].y = rng.uniform(-100.0, 2000.0);
  }
  netlist = Netlist(std::move(records));
}

}  // namespace

TEST_CASE("the input's positions of movable nodes influence nothing") {
  const netlist_io::GeneratedBlock block = small_block();
  for (const PositionPrior prior : {PositionPrior::kCanvasCentre, PositionPrior::kForceDirected}) {
    MacroProblemOptions options;
    options.prior = prior;
    Placement placement = block.placement;
    placement.fixed[block.netlist.hard_macros()[3].index()] = 1;
    const MacroProblem problem(block.netlist, block.canvas, placement, options);
    EpisodesOptions run;
    run.count = 4;
    const EpisodesResult expected = run_episodes(problem, UniformPolicy(), run);
    for (const std::uint64_t seed : {1U, 2U}) {
      CAPTURE(seed);
      Netlist netlist = block.netlist;
      Placement scrambled = placement;
      scramble(seed, netlist, scrambled);
      REQUIRE(scrambled.x != placement.x);
      const MacroProblem other(netlist, block.canvas, scrambled, options);
      CHECK(other.start().x == problem.start().x);
      CHECK(other.start().y == problem.start().y);
      CHECK(other.start().orientation == problem.start().orientation);
      CHECK(other.start().placed == problem.start().placed);
      const EpisodesResult result = run_episodes(other, UniformPolicy(), run);
      CHECK(result.proxies == expected.proxies);
      CHECK(result.best.placement.x == expected.best.placement.x);
      CHECK(result.best.placement.y == expected.best.placement.y);
      CHECK(result.best.placement.orientation == expected.best.placement.orientation);
    }
  }
}

TEST_CASE("an episode starts with fixed nodes and ports placed, the others at the prior") {
  BlockBuilder builder;
  const NodeId port = builder.port("p", 0.0, 3.0);
  const NodeId fixed = builder.hard("fixed", 2.0, 1.0);
  const NodeId turned = builder.hard("turned", 2.0, 1.0, Orientation::kFW);
  const NodeId flipped = builder.hard("flipped", 2.0, 1.0, Orientation::kFS);
  const NodeId cluster = builder.soft("c", 1.0, 1.0);
  builder.connect(port, {fixed, turned, flipped, cluster});
  const Netlist netlist = builder.build();
  Placement placement(netlist);
  placement.x[fixed.index()] = 7.0;
  placement.y[fixed.index()] = 2.0;
  placement.orientation[fixed.index()] = Orientation::kS;
  placement.fixed[fixed.index()] = 1;
  MacroProblemOptions options;
  options.prior = PositionPrior::kCanvasCentre;
  const Canvas canvas = make_canvas(10.0, 8.0, 10, 8);
  const MacroProblem problem(netlist, canvas, placement, options);
  const Placement& start = problem.start();
  CHECK(start.x[port.index()] == 0.0);
  CHECK(start.y[port.index()] == 3.0);
  CHECK(start.placed[port.index()] == 1);
  CHECK(start.x[fixed.index()] == 7.0);
  CHECK(start.orientation[fixed.index()] == Orientation::kS);
  CHECK(start.placed[fixed.index()] == 1);
  for (const NodeId node : {turned, flipped, cluster}) {
    CHECK(start.x[node.index()] == 5.0);
    CHECK(start.y[node.index()] == 4.0);
    CHECK(start.placed[node.index()] == 0);
    CHECK(start.fixed[node.index()] == 0);
  }
  CHECK(start.orientation[turned.index()] == Orientation::kE);
  CHECK(start.orientation[flipped.index()] == Orientation::kN);
  CHECK(problem.macros().size() == 2);
  SUBCASE("macros of the steps are found in the graph") {
    for (std::size_t step = 0; step < problem.macros().size(); ++step) {
      CHECK(problem.graph().macros[problem.vertex_of_step(step)] == problem.macros()[step]);
    }
  }
  SUBCASE("the force-directed prior moves them, and only them, and inside the canvas") {
    options.prior = PositionPrior::kForceDirected;
    const MacroProblem solved(netlist, canvas, placement, options);
    CHECK(solved.start().x[port.index()] == 0.0);
    CHECK(solved.start().x[fixed.index()] == 7.0);
    CHECK(solved.start().x[cluster.index()] != 5.0);
    CHECK(solved.start().placed[cluster.index()] == 0);
    for (const NodeId node : {turned, flipped, cluster}) {
      const netlist_io::Rect box = solved.start().box(netlist, node);
      CHECK(box.x0 >= -1e-9);
      CHECK(box.y0 >= -1e-9);
      CHECK(box.x1 <= 10.0 + 1e-9);
      CHECK(box.y1 <= 8.0 + 1e-9);
    }
  }
}

TEST_CASE("a packing of all macros is known from the start and is legal") {
  const netlist_io::GeneratedBlock block = small_block();
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  GridLegality legality = problem.legality();
  for (const std::size_t macro : problem.packing_order()) {
    CHECK(legality.mask(macro).test(problem.packing()[macro]));
    legality.place(macro, problem.packing()[macro]);
  }
  CHECK(problem.packing().size() == 12);
}

TEST_CASE("a packing is found that descending area misses") {
  // 7 x 1 cells of 1 um. "wide" is 2.5 x 0.5 (1.25 um2), "tall" 1 x 1: by area, wide at its first
  // cell, 1 (covers 0.25 .. 2.75); with tall first, wide stands elsewhere. A fixed macro at cell 6
  // and a blockage below the upper edge of cells 2 .. 5 leave tall only cells 0 and 1.
  Canvas canvas = make_canvas(7.0, 1.0, 7, 1);
  canvas.blockages.push_back({{2.0, 0.9, 7.0, 1.0}, 1.0});
  BlockBuilder builder;
  const NodeId wide = builder.hard("wide", 2.5, 0.5);
  const NodeId tall = builder.hard("tall", 1.0, 1.0);
  builder.connect(wide, {tall});
  const Netlist netlist = builder.build();
  const MacroProblem problem(netlist, canvas, Placement(netlist), {});
  REQUIRE(problem.macros()[0] == wide);
  CHECK_FALSE(pack_first_fit(problem.legality(), std::vector<std::size_t>{0, 1}).has_value());
  // tall at 0; wide then at 2: 1.25 .. 3.75.
  CHECK(problem.packing()[1] == 0);
  CHECK(problem.packing()[0] == 2);
}

TEST_CASE("a macro larger than the canvas is named") {
  BlockBuilder builder;
  builder.hard("small", 1.0, 1.0);
  builder.hard("core/huge", 12.0, 1.0);
  const Netlist netlist = builder.build();
  const std::string message =
      infeasible_message(netlist, make_canvas(10.0, 10.0, 10, 10), Placement(netlist));
  CHECK(contains(message, "\"core/huge\""));
  CHECK(contains(message, "is larger than the canvas"));
  SUBCASE("turned the other way it may be too high instead") {
    Placement turned(netlist);
    turned.orientation[1] = Orientation::kW;
    CHECK(contains(infeasible_message(netlist, make_canvas(20.0, 10.0, 10, 10), turned),
                   "\"core/huge\""));
    CHECK(infeasible_message(netlist, make_canvas(10.0, 20.0, 10, 20), turned).empty());
  }
}

TEST_CASE("a macro that fits at no grid cell is named") {
  // 10 um wide on 2 columns of 5.5 um: centred at 2.75 or 8.25 it reaches out on one side.
  BlockBuilder builder;
  builder.hard("broad", 10.0, 1.0);
  const Netlist netlist = builder.build();
  const std::string message =
      infeasible_message(netlist, make_canvas(11.0, 10.0, 2, 10), Placement(netlist));
  CHECK(contains(message, "\"broad\""));
  CHECK(contains(message, "fits at no grid cell"));
}

TEST_CASE("macros that cannot all be packed raise an error naming the largest") {
  // Centres 1 .. 8 of 10, two apart: 4 x 4 = 16 macros of 2 x 2 cells.
  const Canvas canvas = make_canvas(10.0, 10.0, 10, 10);
  const Netlist fits = equal_macros_block(16, 2.0, 2.0, 10.0, 10.0);
  CHECK(infeasible_message(fits, canvas, Placement(fits)).empty());
  const Netlist too_many = equal_macros_block(17, 2.0, 2.0, 10.0, 10.0);
  const std::string message = infeasible_message(too_many, canvas, Placement(too_many));
  CHECK(contains(message, "no legal placement of the 17 movable hard macros"));
  CHECK(contains(message, "\"m0\""));
  SUBCASE("spacing counts") {
    // 3 um apart: centres 1, 4, 7 and no more: 3 in a row, four rows.
    MacroProblemOptions options;
    options.spacing.channel_x_um = 0.5;
    CHECK(contains(infeasible_message(fits, canvas, Placement(fits), options), "16 movable"));
    const Netlist twelve = equal_macros_block(12, 2.0, 2.0, 10.0, 10.0);
    CHECK(infeasible_message(twelve, canvas, Placement(twelve), options).empty());
  }
}

}  // namespace tessera::placer
