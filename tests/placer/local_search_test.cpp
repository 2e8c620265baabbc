#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/placer/search_block.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/rng.h"
#include "placer/annealing.h"
#include "placer/grid_macro_space.h"
#include "placer/legality.h"
#include "placer/legalizer.h"
#include "placer/move_proposals.h"
#include "placer/search_problem.h"
#include "placer/search_state.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::GeneratedBlock;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rng;

SearchOptions options_for(PlacementClass placement_class) {
  SearchOptions options;
  options.placement_class = placement_class;
  return options;
}

bool at_cell_centre(const Canvas& canvas, double x, double y) {
  const double col = x / canvas.cell_width() - 0.5;
  const double row = y / canvas.cell_height() - 0.5;
  return std::abs(col - std::round(col)) < 1e-9 && std::abs(row - std::round(row)) < 1e-9;
}

}  // namespace

TEST_CASE("every kind of proposal keeps the placement legal") {
  const GeneratedBlock block = testing::search_block();
  for (const PlacementClass placement_class : {PlacementClass::kGrid, PlacementClass::kFree}) {
    CAPTURE(static_cast<int>(placement_class));
    const SearchProblem problem(
        block.netlist, block.canvas, block.placement, options_for(placement_class));
    for (std::size_t kind = 0; kind < kNumProposals; ++kind) {
      const auto proposal = static_cast<Proposal>(kind);
      CAPTURE(std::string(to_string(proposal)));
      if (!MoveProposals(problem).possible(proposal)) {
        CHECK(proposal == Proposal::kHardSlide);  // nothing slides between cells
        CHECK(placement_class == PlacementClass::kGrid);
        continue;
      }
      SearchState state(problem, block.placement);
      MoveProposals proposals(problem);
      Rng rng(kind);
      std::size_t found = 0;
      for (int i = 0; i < 500; ++i) {
        const auto moves = proposals.draw(proposal, state, 0.1, rng);
        if (moves.empty()) {
          continue;
        }
        ++found;
        REQUIRE(state.fits(moves));
        state.try_moves(moves);
        state.keep();
      }
      CHECK(found > 20);
      Placement placement = block.placement;
      state.write_to(placement);
      const LegalityReport report =
          check_legality(block.netlist, block.canvas, placement, block.placement);
      CHECK(report.overlaps == 0);
      CHECK(report.outside == 0);
      CHECK(report.moved_fixed == 0);
      for (const NodeId macro : block.netlist.hard_macros()) {
        const std::size_t i = macro.index();
        CHECK(netlist_io::swaps_axes(placement.orientation[i]) ==
              netlist_io::swaps_axes(block.placement.orientation[i]));
        if (placement_class == PlacementClass::kGrid) {
          CHECK(at_cell_centre(block.canvas, placement.x[i], placement.y[i]));
        }
      }
    }
  }
}

TEST_CASE("flips reach all four mirror images and no turned ones") {
  const GeneratedBlock block = testing::search_block();
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  SearchState state(problem, block.placement);
  MoveProposals proposals(problem);
  Rng rng(3);
  std::array<int, 8> seen{};
  for (int i = 0; i < 400; ++i) {
    const auto moves = proposals.draw(Proposal::kHardFlip, state, 0.1, rng);
    REQUIRE(moves.size() == 1);
    ++seen[static_cast<std::size_t>(moves[0].orientation)];
    state.try_moves(moves);
    state.keep();
  }
  for (const Orientation upright :
       {Orientation::kN, Orientation::kFN, Orientation::kS, Orientation::kFS}) {
    CHECK(seen[static_cast<std::size_t>(upright)] > 40);
  }
  CHECK(seen[static_cast<std::size_t>(Orientation::kE)] == 0);
  CHECK(seen[static_cast<std::size_t>(Orientation::kFW)] == 0);
}

TEST_CASE("turned nodes keep both boxes inside, and their flips stay turned") {
  GeneratedBlock block = testing::search_block();
  const NodeId macro = block.netlist.hard_macros()[0];
  for (const NodeId cluster : block.netlist.soft_macros()) {
    block.placement.orientation[cluster.index()] = Orientation::kE;
  }
  block.placement.orientation[macro.index()] = Orientation::kE;
  const SearchOptions options;
  const Placement legal = legalize_macros(block.netlist, block.canvas, block.placement).placement;
  const SearchProblem problem(block.netlist, block.canvas, legal, options);
  AnnealingChain chain(SearchState(problem, legal), Rng(1));
  chain.run(30'000, 1e-2, 1e-3);
  Placement placement = legal;
  chain.state().write_to(placement);
  CHECK(check_legality(block.netlist, block.canvas, placement, legal).legal());
  CHECK(netlist_io::swaps_axes(placement.orientation[macro.index()]));
  for (const NodeId cluster : block.netlist.soft_macros()) {
    for (const netlist_io::Rect& box :
         {placement.box(block.netlist, cluster),
          cost::cost_box(block.netlist, placement, cluster, options.cost.soft_macro_shape)}) {
      CHECK(box.x0 >= 0.0);
      CHECK(box.x1 <= block.canvas.width);
      CHECK(box.y0 >= 0.0);
      CHECK(box.y1 <= block.canvas.height);
    }
  }
}

TEST_CASE("the kinds of proposals account for every move") {
  const GeneratedBlock block = testing::search_block();
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  AnnealingChain chain(SearchState(problem, block.placement), Rng(1));
  chain.run(25'000, 1e-3, 1e-4);
  ProposalStats all;
  for (const ProposalStats& stats : chain.stats()) {
    CHECK(stats.accepted <= stats.tried);
    CHECK(stats.tried <= stats.drawn);
    all += stats;
  }
  CHECK(all.drawn == 25'000);
  CHECK(all.accepted > 1000);
  CHECK(all.gain > 0.0);
}

TEST_CASE("annealing where nothing can move is refused") {
  GeneratedBlock block = testing::search_block();
  std::fill(block.placement.fixed.begin(), block.placement.fixed.end(), std::uint8_t{1});
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  CHECK(problem.nothing_moves());
  const SearchState start(problem, block.placement);
  CHECK_THROWS_AS(AnnealingChain(start, Rng(1)), std::invalid_argument);
}

TEST_CASE("fixed nodes never move") {
  GeneratedBlock block = testing::search_block();
  const NodeId macro = block.netlist.hard_macros()[0];
  const NodeId cluster = block.netlist.soft_macros()[0];
  block.placement.fixed[macro.index()] = 1;
  block.placement.fixed[cluster.index()] = 1;
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  AnnealingChain chain(SearchState(problem, block.placement), Rng(1));
  chain.run(20'000, 1e-2, 1e-3);
  Placement placement = block.placement;
  chain.state().write_to(placement);
  for (const NodeId node : {macro, cluster}) {
    CHECK(placement.x[node.index()] == block.placement.x[node.index()]);
    CHECK(placement.y[node.index()] == block.placement.y[node.index()]);
  }
  CHECK(check_legality(block.netlist, block.canvas, placement, block.placement).legal());
}

TEST_CASE("a search state refuses an illegal start and takes moves back") {
  GeneratedBlock block = testing::search_block();
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  SearchState state(problem, block.placement);
  const double proxy = state.proxy();
  const NodeId cluster = block.netlist.soft_macros()[0];
  const std::vector<cost::NodeMove> moves = {
      {cluster, 0.5 * block.canvas.width, 0.5 * block.canvas.height, Orientation::kN}};
  const double tried = state.try_moves(moves);
  state.undo();
  CHECK(state.proxy() == proxy);
  CHECK(state.cost().proxy() == proxy);
  CHECK(state.try_moves(moves) == tried);
  state.keep();
  CHECK(state.proxy() == tried);

  const NodeId a = block.netlist.hard_macros()[0];
  const NodeId b = block.netlist.hard_macros()[1];
  block.placement.x[a.index()] = block.placement.x[b.index()];
  block.placement.y[a.index()] = block.placement.y[b.index()];
  CHECK_THROWS_AS(SearchState(problem, block.placement), std::invalid_argument);
}

TEST_CASE("annealing improves the exact proxy, the same way each time") {
  const GeneratedBlock block = testing::search_block();
  const SearchProblem problem(block.netlist, block.canvas, block.placement, {});
  const SearchState start(problem, block.placement);
  AnnealingChain chain(start, Rng(7));
  AnnealingChain same(start, Rng(7));
  AnnealingChain other(start, Rng(8));
  chain.run(30'000, 1e-4, 1e-6);
  same.run(30'000, 1e-4, 1e-6);
  other.run(30'000, 1e-4, 1e-6);
  CHECK(chain.state().proxy() < 0.9 * start.proxy());
  CHECK(chain.state().cost().same_state(same.state().cost()));
  CHECK_FALSE(chain.state().cost().same_state(other.state().cost()));
  Placement placement = block.placement;
  chain.state().write_to(placement);
  const double full = cost::ProxyCost(block.netlist, block.canvas, {}).evaluate(placement).proxy;
  CHECK(chain.state().proxy() == doctest::Approx(full).epsilon(1e-9));
}

TEST_CASE("the grid space knows conflicts as boxes do") {
  const GeneratedBlock block = testing::search_block(5);
  GridMacroSpace space(block.netlist, block.canvas, block.placement, {});
  CHECK(space.legal());
  Placement placement = block.placement;
  Rng rng(11);
  int num_fit = 0;
  const auto macros = space.macros();
  for (int i = 0; i < 3000; ++i) {
    std::vector<cost::NodeMove> poses;
    Placement moved = placement;
    const std::size_t first = rng.below(macros.size());
    const std::size_t count = 1 + rng.below(2);
    for (std::size_t k = 0; k < count; ++k) {
      const NodeId macro = macros[(first + k) % macros.size()];
      const cost::NodeMove pose = space.snap({macro,
                                              rng.uniform() * block.canvas.width,
                                              rng.uniform() * block.canvas.height,
                                              placement.orientation[macro.index()]});
      poses.push_back(pose);
      moved.x[macro.index()] = pose.x;
      moved.y[macro.index()] = pose.y;
    }
    const LegalityReport report =
        check_legality(block.netlist, block.canvas, moved, block.placement);
    REQUIRE(space.fits(poses) == (report.overlaps == 0 && report.outside == 0));
    if (space.fits(poses)) {
      space.move(poses);
      placement = moved;
      ++num_fit;
    }
  }
  CHECK(num_fit > 30);
  CHECK(space.legal());
}

TEST_CASE("legalising on the grid") {
  const GeneratedBlock block = testing::search_block(2);
  Placement piled = block.placement;
  for (const NodeId macro : block.netlist.hard_macros()) {
    piled.x[macro.index()] = 0.4 * block.canvas.width;
    piled.y[macro.index()] = 0.6 * block.canvas.height;
  }
  const Placement legal = legalize_on_grid(block.netlist, block.canvas, piled, {});
  CHECK(GridMacroSpace(block.netlist, block.canvas, legal, {}).legal());
  // What is legal at cell centres stays.
  const Placement same = legalize_on_grid(block.netlist, block.canvas, block.placement, {});
  for (const NodeId macro : block.netlist.hard_macros()) {
    CHECK(same.x[macro.index()] == doctest::Approx(block.placement.x[macro.index()]));
    CHECK(same.y[macro.index()] == doctest::Approx(block.placement.y[macro.index()]));
  }
}

}  // namespace tessera::placer
