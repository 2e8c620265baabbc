#include "placer/grid_legality.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "netlist_io/placement.h"
#include "netlist_io/rng.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;
using netlist_io::Rng;
using testing::BlockBuilder;
using testing::make_canvas;

// Cells of 4 x 2 um and sizes in whole microns: every coordinate is exact in binary, so the
// geometric check below needs no tolerance.
constexpr double kCellWidth = 4.0;
constexpr double kCellHeight = 2.0;

bool overlap(const Rect& a, const Rect& b, double gap_x, double gap_y) {
  return a.x0 < b.x1 + gap_x && b.x0 < a.x1 + gap_x && a.y0 < b.y1 + gap_y && b.y0 < a.y1 + gap_y;
}

/// A random block: movable and fixed macros, some of them turned, blockages and spacing.
struct Instance {
  Netlist netlist;
  Canvas canvas;
  Placement placement;
  MacroSpacing spacing;
  std::vector<NodeId> movable;
  std::vector<Rect> fixed;

  explicit Instance(std::uint64_t seed) {
    Rng rng(seed);
    const int cols = 3 + static_cast<int>(rng.below(seed % 3 == 0 ? 147 : 40));
    const int rows = 3 + static_cast<int>(rng.below(30));
    canvas = make_canvas(cols * kCellWidth, rows * kCellHeight, cols, rows);
    BlockBuilder block;
    const std::uint64_t num_macros = 2 + rng.below(10);
    for (std::uint64_t i = 0; i < num_macros; ++i) {
      const auto orientation = static_cast<Orientation>(rng.below(8));
      block.hard("m" + std::to_string(i),
                 static_cast<double>(1 + rng.below(16)),
                 static_cast<double>(1 + rng.below(16)),
                 orientation);
    }
    netlist = block.build();
    placement = Placement(netlist);
    for (const NodeId macro : netlist.hard_macros()) {
      if (rng.below(4) != 0) {
        movable.push_back(macro);
        continue;
      }
      const std::size_t i = macro.index();
      placement.fixed[i] = 1;
      placement.x[i] = 0.5 * static_cast<double>(rng.below(static_cast<std::uint64_t>(cols) * 8));
      placement.y[i] = 0.5 * static_cast<double>(rng.below(static_cast<std::uint64_t>(rows) * 4));
      fixed.push_back(placement.box(netlist, macro));
    }
    for (std::uint64_t i = rng.below(3); i > 0; --i) {
      const auto x = static_cast<double>(rng.below(static_cast<std::uint64_t>(cols) * 4));
      const auto y = static_cast<double>(rng.below(static_cast<std::uint64_t>(rows) * 2));
      canvas.blockages.push_back({{x,
                                   y,
                                   x + static_cast<double>(1 + rng.below(9)),
                                   y + static_cast<double>(1 + rng.below(9))},
                                  0.1});
    }
    if (rng.below(2) == 0) {
      spacing = {0.5 * static_cast<double>(rng.below(4)),
                 0.5 * static_cast<double>(rng.below(4)),
                 static_cast<double>(rng.below(5)),
                 static_cast<double>(rng.below(5))};
    }
  }

  Rect box_at(std::size_t macro, CellIndex cell) const {
    Placement moved = placement;
    const auto cols = static_cast<CellIndex>(canvas.grid.cols);
    moved.x[movable[macro].index()] = (cell % cols + 0.5) * kCellWidth;
    moved.y[movable[macro].index()] = (cell / cols + 0.5) * kCellHeight;
    return moved.box(netlist, movable[macro]);
  }

  /// The definition of a legal cell, with `placed` besides the fixed macros.
  bool is_legal(std::size_t macro, CellIndex cell, const std::vector<Rect>& placed) const {
    const Rect box = box_at(macro, cell);
    bool legal =
        box.x0 >= 0.0 && box.y0 >= 0.0 && box.x1 <= canvas.width && box.y1 <= canvas.height;
    for (const auto* obstacles : {&fixed, &placed}) {
      for (const Rect& obstacle : *obstacles) {
        legal = legal && !overlap(box, obstacle, spacing.gap_x(), spacing.gap_y());
      }
    }
    for (const netlist_io::Blockage& blockage : canvas.blockages) {
      legal = legal && !overlap(box, blockage.rect, 0.0, 0.0);
    }
    return legal;
  }
};

/// Number of cells of all masks where the mask and the definition differ.
std::size_t count_differences(const Instance& instance,
                              const GridLegality& legality,
                              const std::vector<Rect>& placed) {
  std::size_t differences = 0;
  const auto num_cells = static_cast<CellIndex>(instance.canvas.grid.num_cells());
  for (std::size_t macro = 0; macro < instance.movable.size(); ++macro) {
    const CellMaskView mask = legality.mask(macro);
    std::vector<CellIndex> expected;
    for (CellIndex cell = 0; cell < num_cells; ++cell) {
      const bool legal = instance.is_legal(macro, cell, placed);
      differences += mask.test(cell) != legal ? 1 : 0;
      if (legal) {
        expected.push_back(cell);
      }
    }
    std::vector<CellIndex> visited;
    mask.for_each([&visited](CellIndex cell) { visited.push_back(cell); });
    differences += visited != expected ? 1 : 0;
    differences += mask.count() != expected.size() ? 1 : 0;
    differences += mask.any() == expected.empty() ? 1 : 0;
    const std::optional<CellIndex> first =
        expected.empty() ? std::nullopt : std::optional(expected.front());
    differences += mask.first() != first ? 1 : 0;
  }
  return differences;
}

}  // namespace

TEST_CASE("masks hold exactly the cells that geometry allows, after every macro placed") {
  std::size_t wide_grids = 0;
  std::size_t placements = 0;
  for (std::uint64_t seed = 1; seed <= 150; ++seed) {
    CAPTURE(seed);
    const Instance instance(seed);
    wide_grids += instance.canvas.grid.cols > 128 ? 1 : 0;
    GridLegality legality(
        instance.netlist, instance.canvas, instance.placement, instance.movable, instance.spacing);
    std::vector<Rect> placed;
    REQUIRE(count_differences(instance, legality, placed) == 0);
    Rng rng = Rng::derive(seed, "cells");
    for (std::size_t macro = 0; macro < instance.movable.size(); ++macro) {
      std::vector<CellIndex> legal;
      legality.mask(macro).for_each([&legal](CellIndex cell) { legal.push_back(cell); });
      if (legal.empty()) {
        continue;
      }
      const CellIndex cell = legal[rng.below(legal.size())];
      legality.place(macro, cell);
      placed.push_back(instance.box_at(macro, cell));
      ++placements;
      REQUIRE(count_differences(instance, legality, placed) == 0);
    }
  }
  CHECK(wide_grids > 0);  // the instances do reach into the third word of a row
  CHECK(placements > 300);
}

TEST_CASE("two macros conflict at two cells exactly if their boxes do, spacing included") {
  std::size_t conflicts = 0;
  std::size_t checks = 0;
  for (std::uint64_t seed = 201; seed <= 260; ++seed) {
    CAPTURE(seed);
    const Instance instance(seed);
    if (instance.movable.size() < 2) {
      continue;
    }
    const GridLegality legality(
        instance.netlist, instance.canvas, instance.placement, instance.movable, instance.spacing);
    Rng rng = Rng::derive(seed, "pairs");
    for (int i = 0; i < 200; ++i) {
      const std::size_t a = rng.below(instance.movable.size());
      const std::size_t b = rng.below(instance.movable.size());
      const auto cell_a = static_cast<CellIndex>(rng.below(instance.canvas.grid.num_cells()));
      const auto cell_b = static_cast<CellIndex>(rng.below(instance.canvas.grid.num_cells()));
      const bool expected = overlap(instance.box_at(a, cell_a),
                                    instance.box_at(b, cell_b),
                                    instance.spacing.gap_x(),
                                    instance.spacing.gap_y());
      REQUIRE(legality.conflict(a, cell_a, b, cell_b) == expected);
      conflicts += expected ? 1 : 0;
      ++checks;
    }
  }
  CHECK(conflicts > 100);
  CHECK(conflicts < checks);
}

TEST_CASE("macros may touch each other and the edge although cell sizes are not exact in binary") {
  // 24 x 21 cells; macros of exactly 3 x 3 cells tile the canvas without a gap: 8 x 7 = 56.
  const Canvas canvas = make_canvas(1433.406, 1433.406, 24, 21);
  BlockBuilder block;
  for (int i = 0; i < 57; ++i) {
    block.hard("m" + std::to_string(i), 3 * canvas.cell_width(), 3 * canvas.cell_height());
  }
  const Netlist netlist = block.build();
  const GridLegality legality(netlist, canvas, Placement(netlist), netlist.hard_macros(), {});
  // Centres 1 .. 22 and 1 .. 19.
  CHECK(legality.mask(0).count() == 22 * 19);
  std::vector<std::size_t> order(56);
  for (std::size_t i = 0; i < order.size(); ++i) {
    order[i] = i;
  }
  const auto cells = pack_first_fit(legality, order);
  REQUIRE(cells.has_value());
  CHECK((*cells)[0] == 1 + 1 * 24);
  CHECK((*cells)[1] == 4 + 1 * 24);
  CHECK((*cells)[8] == 1 + 4 * 24);
  CHECK((*cells)[55] == 22 + 19 * 24);
  order.push_back(56);
  CHECK_FALSE(pack_first_fit(legality, order).has_value());
}

TEST_CASE("macros of three cells tile any canvas although rounding makes some of them too large") {
  // 3 * 0.1 is more than 0.3 in binary, for example.
  Rng rng(1);
  std::size_t rounded_up = 0;
  for (int i = 0; i < 300; ++i) {
    const int side = 3 * static_cast<int>(2 + rng.below(4));
    const double length = 0.1 * static_cast<double>(1 + rng.below(20000));
    CAPTURE(side);
    CAPTURE(length);
    const Canvas canvas = make_canvas(length, length, side, side);
    const double macro = 3 * canvas.cell_width();
    rounded_up += macro / canvas.cell_width() > 3.0 ? 1 : 0;
    BlockBuilder block;
    std::vector<std::size_t> order;
    for (int k = 0; k < side * side / 9; ++k) {
      block.hard("m" + std::to_string(k), macro, macro);
      order.push_back(order.size());
    }
    const Netlist netlist = block.build();
    const GridLegality legality(netlist, canvas, Placement(netlist), netlist.hard_macros(), {});
    CHECK(pack_first_fit(legality, order).has_value());
  }
  CHECK(rounded_up > 0);
}

TEST_CASE("first-fit packing follows the given order and takes the lowest, then leftmost cell") {
  // 6 x 1 cells of 1 um. "wide" (3 um) may stand at 1 .. 4, "small" (1 um) anywhere.
  const Canvas canvas = make_canvas(6.0, 1.0, 6, 1);
  BlockBuilder block;
  block.hard("wide", 3.0, 1.0);
  block.hard("small", 1.0, 1.0);
  const Netlist netlist = block.build();
  const GridLegality legality(netlist, canvas, Placement(netlist), netlist.hard_macros(), {});
  // wide at 1 covers 0 .. 2; small goes to 3.
  CHECK(pack_first_fit(legality, std::vector<std::size_t>{0, 1}) == std::vector<CellIndex>{1, 3});
  // small at 0; wide at 2 covers 1 .. 3. Cells come in the order of the list.
  CHECK(pack_first_fit(legality, std::vector<std::size_t>{1, 0}) == std::vector<CellIndex>{0, 2});
  CHECK(pack_first_fit(legality, {}) == std::vector<CellIndex>{});
}

TEST_CASE("halos add up between two macros, a channel is shared, blockages need no gap") {
  // 9 x 1 cells of 1 um, a fixed macro over cell 4, a blockage over cell 0.
  Canvas canvas = make_canvas(9.0, 1.0, 9, 1);
  canvas.blockages.push_back({{0.0, 0.0, 1.0, 1.0}, 0.1});
  BlockBuilder block;
  block.hard("fixed", 1.0, 1.0);
  block.hard("movable", 1.0, 1.0);
  const Netlist netlist = block.build();
  Placement placement(netlist);
  placement.x[0] = 4.5;
  placement.y[0] = 0.5;
  placement.fixed[0] = 1;
  const auto legal_cells = [&](const MacroSpacing& spacing) {
    const GridLegality legality(
        netlist, canvas, placement, netlist.hard_macros().subspan(1), spacing);
    std::vector<CellIndex> cells;
    legality.mask(0).for_each([&cells](CellIndex cell) { cells.push_back(cell); });
    return cells;
  };
  CHECK(legal_cells({}) == std::vector<CellIndex>{1, 2, 3, 5, 6, 7, 8});
  // Gap 2 * 0.5 = 1 um: cells 3 and 5 are too near.
  CHECK(legal_cells({0.5, 0.0, 0.0, 0.0}) == std::vector<CellIndex>{1, 2, 6, 7, 8});
  // A channel of 1 um does the same; one of 1.5 um takes two cells on each side.
  CHECK(legal_cells({0.0, 0.0, 1.0, 0.0}) == std::vector<CellIndex>{1, 2, 6, 7, 8});
  CHECK(legal_cells({0.0, 0.0, 1.5, 0.0}) == std::vector<CellIndex>{1, 7, 8});
  // Halo 2 * 0.5 and channel 2: the larger counts, they do not add up.
  CHECK(legal_cells({0.5, 0.0, 2.0, 0.0}) == std::vector<CellIndex>{1, 7, 8});
  // The vertical spacing alone takes nothing away beside the macro.
  CHECK(legal_cells({0.0, 3.0, 0.0, 3.0}) == std::vector<CellIndex>{1, 2, 3, 5, 6, 7, 8});
}

TEST_CASE("macros of one size share a set of cells and copies do not") {
  const Canvas canvas = make_canvas(8.0, 8.0, 8, 8);
  BlockBuilder block;
  block.hard("a", 2.0, 1.0);
  block.hard("b", 1.0, 2.0, Orientation::kE);  // stands 2 x 1
  block.hard("c", 1.0, 1.0);
  const Netlist netlist = block.build();
  GridLegality legality(netlist, canvas, Placement(netlist), netlist.hard_macros(), {});
  CHECK(legality.num_sizes() == 2);
  const GridLegality copy = legality;
  legality.place(2, 0);
  CHECK(copy.mask(2).test(0));
  CHECK_FALSE(legality.mask(2).test(0));
  // "c" covers [0, 1]; "a" at column 1 covers [0.5, 2.5].
  CHECK(copy.mask(0).test(1));
  CHECK_FALSE(legality.mask(0).test(1));
  CHECK_FALSE(legality.mask(1).test(1));
}

}  // namespace tessera::placer
