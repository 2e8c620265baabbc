#include "placer/block_symmetry.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "tests/placer/random_block.h"
#include "tests/placer/search_block.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/rng.h"
#include "placer/corpus.h"
#include "placer/macro_env.h"
#include "placer/macro_problem.h"

namespace tessera::placer {
namespace {

using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rng;

/// A generated block as one of a corpus, with a blockage, on a grid that is not square.
CorpusBlock corpus_block(std::uint64_t seed) {
  netlist_io::GeneratedBlock generated = testing::search_block(seed);
  CorpusBlock block;
  block.netlist = std::move(generated.netlist);
  block.canvas = std::move(generated.canvas);
  block.canvas.grid.cols += 3;
  block.placement = std::move(generated.placement);
  return block;
}

/// Plays random legal cells to the end.
Placement random_legal_placement(const CorpusBlock& block, std::uint64_t seed) {
  MacroProblemOptions options;
  options.prior = PositionPrior::kCanvasCentre;
  const MacroProblem problem(block.netlist, block.canvas, block.placement, options);
  MacroEnv env(problem);
  Rng rng(seed);
  while (!env.done()) {
    std::vector<CellIndex> cells;
    env.mask().for_each([&cells](CellIndex cell) { cells.push_back(cell); });
    env.step(cells[rng.below(cells.size())]);
  }
  return env.placement();
}

cost::CostBreakdown cost_of(const CorpusBlock& block, const Placement& placement) {
  return cost::ProxyCost(block.netlist, block.canvas, block.cost).evaluate(placement);
}

/// Wirelength and density of `placement` are the same from all sides; returns the largest relative
/// difference of the congestion.
double check_costs(const CorpusBlock& block, const Placement& placement) {
  const cost::CostBreakdown original = cost_of(block, placement);
  double difference = 0.0;
  for (const Symmetry symmetry : kSymmetries) {
    CAPTURE(to_string(symmetry));
    const cost::CostBreakdown seen = cost_of(
        transform_block(block, symmetry), transform_placement(placement, block.canvas, symmetry));
    CHECK(std::abs(seen.wirelength - original.wirelength) < 1e-9);
    CHECK(std::abs(seen.density - original.density) < 1e-9);
    difference =
        std::max(difference, std::abs(seen.congestion - original.congestion) / original.congestion);
  }
  return difference;
}

}  // namespace

TEST_CASE("the letters of the eight symmetries are distinct and read back") {
  std::set<std::string> letters;
  for (const Symmetry symmetry : kSymmetries) {
    letters.insert(to_string(symmetry));
    CHECK(parse_symmetry(to_string(symmetry)) == symmetry);
  }
  CHECK(letters.size() == 8);
  CHECK_FALSE(parse_symmetry("yx"));
  CHECK_FALSE(parse_symmetry("xt"));
}

TEST_CASE("cells of a grid of 3 x 2 go where the symmetry takes them") {
  // 3 4 5     transposed:  2 5     then flipped in x:  5 2
  // 0 1 2                  1 4                         4 1
  //                        0 3                         3 0
  const netlist_io::GridShape grid = {3, 2};
  const auto image = [&](Symmetry symmetry) {
    std::vector<CellIndex> cells;
    for (CellIndex cell = 0; cell < 6; ++cell) {
      cells.push_back(transform_cell(cell, grid, symmetry));
    }
    return cells;
  };
  CHECK(image({}) == std::vector<CellIndex>{0, 1, 2, 3, 4, 5});
  CHECK(image({false, true, false}) == std::vector<CellIndex>{2, 1, 0, 5, 4, 3});
  CHECK(image({false, false, true}) == std::vector<CellIndex>{3, 4, 5, 0, 1, 2});
  CHECK(image({true, false, false}) == std::vector<CellIndex>{0, 2, 4, 1, 3, 5});
  CHECK(image({true, true, false}) == std::vector<CellIndex>{1, 3, 5, 0, 2, 4});
}

TEST_CASE("orientations are those of the turned world") {
  const Symmetry flip = {false, true, false};
  const Symmetry transpose = {true, false, false};
  CHECK(transform_orientation(Orientation::kFN, flip) == Orientation::kFN);
  CHECK(transform_orientation(Orientation::kE, flip) == Orientation::kW);
  CHECK(transform_orientation(Orientation::kFN, transpose) == Orientation::kFS);
  CHECK(transform_orientation(Orientation::kS, transpose) == Orientation::kS);
  for (const Symmetry symmetry : kSymmetries) {
    CHECK(transform_orientation(Orientation::kN, symmetry) == Orientation::kN);
    for (int i = 0; i < 8; ++i) {
      const auto orientation = static_cast<Orientation>(i);
      CHECK(swaps_axes(transform_orientation(orientation, symmetry)) == swaps_axes(orientation));
    }
  }
}

TEST_CASE("a blockage, a port and the routing tracks move with the canvas") {
  CorpusBlock block;
  netlist_io::NetlistRecords records;
  netlist_io::NodeRecord port;
  port.name = "p";
  port.kind = netlist_io::NodeKind::kPort;
  port.side = netlist_io::Side::kLeft;
  port.y = 1.0;
  records.nodes.push_back(port);
  records.pins.push_back({netlist_io::NodeId(0), "", {}, 1.0, 0});
  block.netlist = netlist_io::Netlist(records);
  block.canvas = {6.0, 4.0, {3, 2}, {{{0.0, 0.0, 2.0, 1.0}, 1.0}}};
  block.placement = Placement(block.netlist);
  block.cost.routes = {10.0, 20.0};
  block.cost.macro_routes = {1.0, 2.0};
  // Transposed to 4 x 6 um: the port (0, 1) to (1, 0), the blockage to (0, 0) .. (1, 2); then
  // flipped upside down: (1, 6) at the top and (0, 4) .. (1, 6).
  const CorpusBlock seen = transform_block(block, {true, false, true});
  CHECK(seen.canvas.width == 4.0);
  CHECK(seen.canvas.height == 6.0);
  CHECK(seen.canvas.grid == netlist_io::GridShape{2, 3});
  CHECK(seen.placement.x[0] == 1.0);
  CHECK(seen.placement.y[0] == 6.0);
  CHECK(seen.netlist.node(netlist_io::NodeId(0)).x == 1.0);
  CHECK(seen.netlist.node(netlist_io::NodeId(0)).y == 6.0);
  CHECK(seen.netlist.node(netlist_io::NodeId(0)).side == netlist_io::Side::kTop);
  const netlist_io::Rect rect = seen.canvas.blockages.at(0).rect;
  CHECK(rect.x0 == 0.0);
  CHECK(rect.y0 == 4.0);
  CHECK(rect.x1 == 1.0);
  CHECK(rect.y1 == 6.0);
  CHECK(seen.cost.routes.horizontal == 20.0);
  CHECK(seen.cost.routes.vertical == 10.0);
  CHECK(seen.cost.macro_routes.horizontal == 2.0);
}

TEST_CASE("each symmetry has an inverse that brings the block back") {
  const testing::RandomBlock random = testing::random_block(3);
  const CorpusBlock block = {"", random.netlist, random.canvas, random.placement, {}};
  const auto text = [](const CorpusBlock& any) { return netlist_io::format_netlist(any.netlist); };
  for (const Symmetry symmetry : kSymmetries) {
    CAPTURE(to_string(symmetry));
    std::size_t inverses = 0;
    for (const Symmetry back : kSymmetries) {
      const CorpusBlock again = transform_block(transform_block(block, symmetry), back);
      double distance = std::abs(again.canvas.width - block.canvas.width);
      for (std::size_t i = 0; i < block.placement.size(); ++i) {
        distance = std::max({distance,
                             std::abs(again.placement.x[i] - block.placement.x[i]),
                             std::abs(again.placement.y[i] - block.placement.y[i])});
      }
      inverses += distance < 1e-9 ? 1 : 0;
    }
    CHECK(inverses == 1);
  }
  CHECK(text(transform_block(block, {})) == text(block));
  CHECK(text(transform_block(block, {false, true, false})) != text(block));
}

TEST_CASE("wirelength and density are the same from all sides, legal placements stay legal") {
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    const CorpusBlock block = corpus_block(seed);
    CHECK(check_costs(block, random_legal_placement(block, seed)) < 0.1);
  }
}

TEST_CASE("costs of macros in any orientation anywhere are the same from all sides") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    const testing::RandomBlock random = testing::random_block(seed);
    CorpusBlock block = {"", random.netlist, random.canvas, random.placement, {}};
    Rng rng(seed);
    for (const netlist_io::NodeId macro : block.netlist.hard_macros()) {
      block.placement.orientation[macro.index()] = static_cast<Orientation>(rng.below(8));
    }
    check_costs(block, block.placement);
  }
}

TEST_CASE("the legal cells of a macro are those of the original, transformed") {
  CorpusBlock block = corpus_block(1);
  block.canvas.blockages.push_back({{0.0, 0.0, 0.3 * block.canvas.width, 20.0}, 1.0});
  MacroProblemOptions options;
  options.prior = PositionPrior::kCanvasCentre;
  options.order = MacroOrder::kConnectivity;
  const MacroProblem problem(block.netlist, block.canvas, block.placement, options);
  for (const Symmetry symmetry : kSymmetries) {
    CAPTURE(to_string(symmetry));
    const CorpusBlock seen = transform_block(block, symmetry);
    options.cost = seen.cost;
    const MacroProblem other(seen.netlist, seen.canvas, seen.placement, options);
    CHECK(std::ranges::equal(problem.macros(), other.macros()));
    for (std::size_t step = 0; step < problem.macros().size(); ++step) {
      std::set<CellIndex> expected;
      problem.legality().mask(step).for_each([&](CellIndex cell) {
        expected.insert(transform_cell(cell, block.canvas.grid, symmetry));
      });
      std::set<CellIndex> found;
      other.legality().mask(step).for_each([&](CellIndex cell) { found.insert(cell); });
      CHECK(found == expected);
    }
  }
}

}  // namespace tessera::placer
