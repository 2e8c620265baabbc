#include "placer/flat/detailed_placer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <stdexcept>
#include <vector>

#include "tests/placer/flat_builder.h"
#include "tests/placer/generated_flat_block.h"
#include "tests/placer/row_checks.h"
#include <doctest/doctest.h>

#include "cost/edge_use.h"
#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/flat/cell_nets.h"
#include "placer/flat/row_legalizer.h"
#include "placer/flat/row_shift.h"

namespace {

using tessera::cost::flat_hpwl;
using tessera::netlist_io::Canvas;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Placement;
using tessera::netlist_io::Rng;
using tessera::placer::CellNets;
using tessera::placer::DetailedPlacerOptions;
using tessera::placer::DetailedPlacerResult;
using tessera::placer::legalize_rows;
using tessera::placer::place_detailed;
using tessera::placer::RowLegalizerOptions;
using tessera::placer::RowOptions;
using tessera::placer::RowShift;
using tessera::testing::bare_canvas;
using tessera::testing::FlatBuilder;
using tessera::testing::generated_block;
using tessera::testing::GeneratedBlock;
using tessera::testing::row_faults;

/// A block in rows, cells around macros.
struct LegalBlock {
  LegalBlock() {
    const GeneratedBlock& block = generated_block();
    const Placement placed =
        tessera::placer::place_flat(block.netlist, block.canvas, block.macros_placed).placement;
    const auto legal = legalize_rows(block.netlist, block.canvas, placed);
    placement = legal.placement;
    rows.row_height = legal.row_height;
  }

  Placement placement;
  RowOptions rows;
};

const LegalBlock& legal_block() {
  static const LegalBlock block;
  return block;
}

/// Random cells and nets that fill `part` of a canvas with a macro, a fixed and some tall cells.
struct RandomRows {
  RandomRows(std::uint64_t seed, double part, const RowOptions& options) {
    Rng rng(seed);
    canvas = bare_canvas(40.0, 16.0);
    FlatBuilder builder;
    std::vector<FlatBuilder::Vertex> cells;
    const auto add = [&](double width, double height) {
      cells.push_back(builder.cell(rng.uniform(0.0, 40.0), rng.uniform(0.0, 16.0), width, height));
    };
    const auto macro = builder.macro(20.0, 8.0, 7.7, 5.1);
    for (double area = 600.0 * part; area > 0.0;) {
      add(0.25 * static_cast<double>(2 + rng.below(8)), 1.0);
      area -= 1.375;
    }
    for (int i = 0; i < 4; ++i) {
      add(1.5, 2.0);
    }
    const auto port = builder.port(0.0, 3.0);
    const auto pin = builder.pin(macro, {1.0, -2.0});
    for (std::size_t net = 0; net < cells.size(); ++net) {
      std::vector<FlatBuilder::Vertex> sinks;
      for (std::uint64_t k = 1 + rng.below(5); k > 0; --k) {
        sinks.push_back(cells[rng.below(cells.size())]);
      }
      if (net % 10 == 0) {
        sinks.push_back(net % 20 == 0 ? port : pin);
      }
      builder.connect(cells[net], sinks);
    }
    netlist = builder.build();
    Placement wanted(netlist);
    wanted.y[cells.front()] = 2.5;
    wanted.fixed[cells.front()] = 1;
    RowLegalizerOptions legal;
    legal.rows = options;
    rows = options;
    rows.row_height = 1.0;
    placement = legalize_rows(netlist, canvas, wanted, legal).placement;
  }

  Netlist netlist;
  Canvas canvas;
  RowOptions rows;
  Placement placement;
};

TEST_CASE("detailed placer: a cell alone goes to the median of its nets") {
  FlatBuilder builder;
  const auto cell = builder.cell(1.0, 0.5, 2.0);
  for (const double x : {9.0, 14.0, 17.0}) {
    builder.connect(builder.port(x, 3.0), {cell});
  }
  const Netlist netlist = builder.build();
  DetailedPlacerOptions options;
  options.passes = 1;
  const DetailedPlacerResult result =
      place_detailed(netlist, bare_canvas(20.0, 4.0), Placement(netlist), options);
  CHECK(result.placement.x[0] == doctest::Approx(14.0));
  // Rows 2 and 3 are as near to the ports.
  CHECK(std::abs(result.placement.y[0] - 3.0) == doctest::Approx(0.5));
  CHECK(result.hpwl_before_um == doctest::Approx(8.0 + 13.0 + 16.0 + 3 * 2.5));
  CHECK(result.hpwl_um == doctest::Approx(5.0 + 0.0 + 3.0 + 3 * 0.5));
  CHECK(result.moves == 1);
}

TEST_CASE("detailed placer: cells in full rows swap") {
  // Ten cells of width 1 fill a row each; the port at the right of each row wants the cell at the
  // far left of the other one.
  FlatBuilder builder;
  for (int i = 0; i < 20; ++i) {
    builder.cell(i % 10 + 0.5, i / 10 + 0.5);
  }
  builder.connect(builder.port(10.0, 0.5), {10});
  builder.connect(builder.port(10.0, 1.5), {0});
  const Netlist netlist = builder.build();
  const Canvas canvas = bare_canvas(10.0, 2.0);
  const DetailedPlacerResult result = place_detailed(netlist, canvas, Placement(netlist));
  CHECK(result.hpwl_before_um == doctest::Approx(2 * 10.5));
  CHECK(result.hpwl_um == doctest::Approx(2 * 0.5));
  CHECK(result.swaps >= 2);
  RowOptions rows;
  rows.row_height = 1.0;
  CHECK(row_faults(netlist, canvas, Placement(netlist), result.placement, rows).none());
}

TEST_CASE("detailed placer: neighbours give way for a cell that has no gap") {
  //  port  a b c . . . d   with gaps of a third of a cell between a, b and c: d belongs between
  FlatBuilder builder;
  const double pitch = 4.0;
  std::vector<FlatBuilder::Vertex> cells;
  for (int i = 0; i < 4; ++i) {
    cells.push_back(builder.cell(2.0 + pitch * i, 0.5, 3.0));
    // Each wants to be where it is, in both directions.
    builder.connect(builder.port(2.0 + pitch * i - 0.5, 0.5), {cells.back()});
    builder.connect(builder.port(2.0 + pitch * i + 0.5, 0.5), {cells.back()});
  }
  const auto stray = builder.cell(38.0, 0.5, 3.0);
  for (int i = 0; i < 8; ++i) {
    builder.connect(builder.port(8.0, 0.5), {stray});
  }
  const Netlist netlist = builder.build();
  const Canvas canvas = bare_canvas(40.0, 1.0);
  DetailedPlacerOptions options;
  options.passes = 1;
  const DetailedPlacerResult result = place_detailed(netlist, canvas, Placement(netlist), options);
  CHECK(std::abs(result.placement.x[stray] - 8.0) < 2.0);
  CHECK(result.moves >= 1);
  RowOptions rows;
  rows.row_height = 1.0;
  CHECK(row_faults(netlist, canvas, Placement(netlist), result.placement, rows).none());
}

TEST_CASE("detailed placer: three neighbours get the best of their orders") {
  FlatBuilder builder;
  const auto a = builder.cell(1.0, 0.5, 2.0);
  const auto b = builder.cell(2.5, 0.5, 1.0);
  const auto c = builder.cell(4.5, 0.5, 3.0);
  builder.connect(builder.port(6.0, 0.5), {a});
  builder.connect(builder.port(0.0, 0.5), {c});
  builder.connect(builder.port(0.0, 0.5), {b});
  const Netlist netlist = builder.build();
  const DetailedPlacerResult result =
      place_detailed(netlist, bare_canvas(6.0, 1.0), Placement(netlist));
  // b c a: 0.5 + 2.5 + 1; c b a: 1.5 + 3.5 + 1.
  CHECK(result.hpwl_um == doctest::Approx(4.0));
  CHECK(result.placement.x[b] == doctest::Approx(0.5));
  CHECK(result.placement.x[c] == doctest::Approx(2.5));
  CHECK(result.placement.x[a] == doctest::Approx(5.0));
}

TEST_CASE("detailed placer: cells that hold each other move along their row together") {
  FlatBuilder builder;
  const auto a = builder.cell(1.0, 0.5, 2.0);
  const auto b = builder.cell(3.0, 0.5, 2.0);
  builder.connect(a, {b});
  builder.connect(b, {a});
  builder.connect(builder.port(15.0, 0.5), {b});
  const Netlist netlist = builder.build();
  const DetailedPlacerResult result =
      place_detailed(netlist, bare_canvas(20.0, 1.0), Placement(netlist));
  CHECK(result.placement.x[b] == doctest::Approx(15.0));
  CHECK(result.placement.x[a] == doctest::Approx(13.0));
  CHECK(result.shifts >= 1);
}

TEST_CASE("detailed placer: of two sites the better one, not the nearer one") {
  FlatBuilder builder;
  const auto cell = builder.cell(1.0, 0.5, 2.0);
  for (const double x : {7.9, 7.9, 7.9, 19.0, 19.0}) {
    builder.connect(builder.port(x, 0.5), {cell});
  }
  const Netlist netlist = builder.build();
  DetailedPlacerOptions options;
  options.rows.site_width = 2.0;
  const DetailedPlacerResult result =
      place_detailed(netlist, bare_canvas(20.0, 1.0), Placement(netlist), options);
  // Centre 7: 3 * 0.9 + 2 * 12; centre 9: 3 * 1.1 + 2 * 10.
  CHECK(result.placement.x[cell] == doctest::Approx(9.0));
  CHECK(result.hpwl_um == doctest::Approx(23.3));
}

TEST_CASE("detailed placer: never more wire, always legal") {
  RowOptions sites;
  sites.site_width = 0.2;
  sites.origin_x = 0.3;
  RowOptions halos;
  halos.halo_x = 0.6;
  halos.halo_y = 1.2;
  for (const double part : {0.3, 0.7, 0.92}) {
    for (const RowOptions& options : {RowOptions(), sites, halos}) {
      if (part > 0.9 && options.site_width + options.halo_x > 0.0) {
        continue;  // does not fit
      }
      for (const std::uint64_t seed : {1, 2, 3}) {
        CAPTURE(part);
        CAPTURE(seed);
        CAPTURE(options.site_width);
        const RandomRows block(seed, part, options);
        DetailedPlacerOptions detailed;
        detailed.rows = options;
        detailed.passes = 3;
        const DetailedPlacerResult result =
            place_detailed(block.netlist, block.canvas, block.placement, detailed);
        CHECK(row_faults(block.netlist, block.canvas, block.placement, result.placement, block.rows)
                  .none());
        CHECK(result.hpwl_um == flat_hpwl(block.netlist, result.placement));
        CHECK(result.hpwl_before_um == flat_hpwl(block.netlist, block.placement));
        CHECK(result.hpwl_um < 0.95 * result.hpwl_before_um);
      }
    }
  }
}

TEST_CASE("detailed placer: a placed block gets shorter wires, more with every pass") {
  const GeneratedBlock& block = generated_block();
  const LegalBlock& legal = legal_block();
  double before = block.hpwl(legal.placement);
  for (const int passes : {0, 1, 2, 3}) {
    CAPTURE(passes);
    DetailedPlacerOptions options;
    options.passes = passes;
    const DetailedPlacerResult result =
        place_detailed(block.netlist, block.canvas, legal.placement, options);
    CHECK(result.hpwl_before_um == block.hpwl(legal.placement));
    CHECK(result.hpwl_um <= before);
    CHECK(row_faults(block.netlist, block.canvas, legal.placement, result.placement, legal.rows)
              .none());
    before = result.hpwl_um;
  }
  CHECK(before < 0.97 * block.hpwl(legal.placement));
}

TEST_CASE("detailed placer: another run and a stop") {
  const GeneratedBlock& block = generated_block();
  const LegalBlock& legal = legal_block();
  const auto run = [&](const DetailedPlacerOptions& options) {
    return place_detailed(block.netlist, block.canvas, legal.placement, options);
  };
  const DetailedPlacerResult first = run({});
  const DetailedPlacerResult second = run({});
  CHECK(first.placement.x == second.placement.x);
  CHECK(first.placement.y == second.placement.y);
  CHECK(first.moves > 0);
  CHECK(first.swaps > 0);
  CHECK(first.reorders > 0);
  CHECK(first.shifts > 0);
  DetailedPlacerOptions stopping;
  int asked = 0;
  stopping.stop = [&] { return ++asked > 1; };
  const DetailedPlacerResult stopped = run(stopping);
  CHECK(stopped.reorders + stopped.shifts == 0);
  CHECK(stopped.hpwl_um < stopped.hpwl_before_um);
  CHECK(row_faults(block.netlist, block.canvas, legal.placement, stopped.placement, legal.rows)
            .none());
}

TEST_CASE("detailed placer: nets of too many sinks do not count") {
  FlatBuilder builder;
  const auto cell = builder.cell(1.0, 0.5, 2.0);
  const auto other = builder.cell(15.0, 0.5, 2.0);
  builder.connect(builder.port(18.0, 0.5), {cell, other});
  builder.connect(builder.port(9.0, 0.5), {cell});
  const Netlist netlist = builder.build();
  DetailedPlacerOptions options;
  options.max_sinks = 1;
  const DetailedPlacerResult result =
      place_detailed(netlist, bare_canvas(20.0, 1.0), Placement(netlist), options);
  CHECK(result.placement.x[0] == doctest::Approx(9.0));
  CHECK(result.placement.x[1] == 15.0);
  CHECK(result.hpwl_um == doctest::Approx(0.0));
}

TEST_CASE("detailed placer: illegal placements and bad options are refused") {
  const auto refuses = [](std::initializer_list<std::array<double, 3>> cells) {
    FlatBuilder builder;
    builder.macro(8.0, 0.5, 2.0, 1.0);
    for (const auto& [x, y, width] : cells) {
      builder.cell(x, y, width);
    }
    const Netlist netlist = builder.build();
    const Canvas canvas = bare_canvas(10.0, 2.0);
    CHECK_THROWS_AS(place_detailed(netlist, canvas, Placement(netlist)), std::invalid_argument);
  };
  refuses({{1.0, 0.5, 2.0}, {2.5, 0.5, 2.0}});  // overlap
  refuses({{1.0, 0.7, 2.0}});                   // between rows
  refuses({{7.0, 0.5, 2.0}});                   // on the macro
  refuses({{0.5, 0.5, 2.0}});                   // outside
  FlatBuilder builder;
  builder.cell(1.0, 0.5, 2.0);
  const Netlist netlist = builder.build();
  const Canvas canvas = bare_canvas(10.0, 2.0);
  DetailedPlacerOptions options;
  CHECK_NOTHROW(place_detailed(netlist, canvas, Placement(netlist), options));
  options.passes = -1;
  CHECK_THROWS_AS(place_detailed(netlist, canvas, Placement(netlist), options), OptionError);
  options.passes = 1;
  options.max_sinks = 0;
  CHECK_THROWS_AS(place_detailed(netlist, canvas, Placement(netlist), options), OptionError);
  options.max_sinks = 1;
  options.rows.site_width = -1.0;
  CHECK_THROWS_AS(place_detailed(netlist, canvas, Placement(netlist), options), OptionError);
  CHECK_THROWS_AS(place_detailed(netlist, canvas, Placement()), std::invalid_argument);
}

TEST_CASE("cell nets: trials and moves agree with the length of all nets") {
  const RandomRows block(17, 0.7, {});
  const std::span<const NodeId> cells = block.netlist.std_cells();
  Placement placement = block.placement;
  CellNets nets(block.netlist, placement, cells, 500);
  Rng rng(4);
  double length = flat_hpwl(block.netlist, placement);
  for (int i = 0; i < 1000; ++i) {
    CAPTURE(i);
    std::vector<CellNets::Move> moves;
    const std::uint64_t first = rng.below(cells.size() - 4);
    for (std::uint64_t k = 0; k <= rng.below(4); ++k) {
      const auto cell = static_cast<std::uint32_t>(first + k);
      // To where others are now and then, so that ends of nets coincide.
      const auto other = static_cast<std::uint32_t>(rng.below(cells.size()));
      const bool meet = rng.below(3) == 0;
      moves.push_back({cell,
                       meet ? nets.x(other) : rng.uniform(0.0, 40.0),
                       meet ? nets.y(other) : rng.uniform(0.0, 16.0)});
    }
    const double change = nets.change(moves);
    for (const CellNets::Move& move : moves) {
      placement.x[cells[move.cell].index()] = move.x;
      placement.y[cells[move.cell].index()] = move.y;
    }
    nets.apply(moves);
    const double now = flat_hpwl(block.netlist, placement);
    REQUIRE(change == doctest::Approx(now - length).epsilon(1e-9));
    length = now;
  }
}

/// A cell of a row whose places are whole numbers.
struct LatticeCell {
  int width = 1;
  int left = 0;
  double slope = 0.0;
  std::vector<std::array<int, 2>> bends;  ///< at, rise

  double cost(int x) const {
    double sum = slope * x;
    for (const auto& [at, rise] : bends) {
      sum += rise * std::max(x - at, 0);
    }
    return sum;
  }
};

/// The least cost of cells in their order between 0 and `length`, by trying all places.
double best_cost(const std::vector<LatticeCell>& cells, int length) {
  constexpr double kFar = std::numeric_limits<double>::infinity();
  // best[x]: of the cells so far with all ends at most x.
  std::vector<double> best(static_cast<std::size_t>(length + 1), 0.0);
  for (const LatticeCell& cell : cells) {
    std::vector<double> next(best.size(), kFar);
    for (int x = cell.width; x <= length; ++x) {
      const auto at = static_cast<std::size_t>(x);
      const double here =
          best[static_cast<std::size_t>(x - cell.width)] + cell.cost(x - cell.width);
      next[at] = std::min(next[at - 1], here);
    }
    best = next;
  }
  return best.back();
}

TEST_CASE("row shift: no other places along a row are better") {
  constexpr int kLength = 30;
  Rng rng(21);
  RowShift shift;
  for (int round = 0; round < 2000; ++round) {
    CAPTURE(round);
    std::vector<LatticeCell> cells;
    for (int end = 0; true;) {
      LatticeCell cell;
      cell.width = static_cast<int>(1 + rng.below(4));
      cell.left = end + static_cast<int>(rng.below(4));
      end = cell.left + cell.width;
      if (end > kLength) {
        break;
      }
      cell.slope = -static_cast<double>(rng.below(5));
      for (std::uint64_t k = rng.below(5); k > 0; --k) {
        cell.bends.push_back(
            {static_cast<int>(rng.below(41)) - 5, static_cast<int>(1 + rng.below(3))});
      }
      cells.push_back(cell);
    }
    shift.clear();
    for (const LatticeCell& cell : cells) {
      shift.add_cell(cell.left, cell.width, cell.slope);
      for (const auto& [at, rise] : cell.bends) {
        shift.add_bend(at, rise);
      }
    }
    const std::span<const double> lefts = shift.solve(0.0, kLength);
    REQUIRE(lefts.size() == cells.size());
    double cost = 0.0;
    double end = 0.0;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      REQUIRE(lefts[i] == std::round(lefts[i]));
      REQUIRE(lefts[i] >= end);
      end = lefts[i] + cells[i].width;
      cost += cells[i].cost(static_cast<int>(lefts[i]));
    }
    REQUIRE(end <= kLength);
    REQUIRE(cost == doctest::Approx(best_cost(cells, kLength)));
  }
}

TEST_CASE("row shift: among places of the same cost a cell takes the nearest") {
  RowShift shift;
  const auto solved = [&](double left) {
    shift.clear();
    shift.add_cell(left, 1.0, -1.0);
    shift.add_bend(2.0, 1.0);
    shift.add_bend(6.0, 1.0);
    return shift.solve(0.0, 10.0).front();
  };
  CHECK(solved(1.0) == 2.0);
  CHECK(solved(4.0) == 4.0);
  CHECK(solved(8.0) == 6.0);
}

TEST_CASE("row shift: cells that nothing pulls stay") {
  RowShift shift;
  shift.add_cell(2.0, 1.0, 0.0);
  shift.add_cell(5.0, 1.0, -1.0);
  shift.add_bend(4.0, 2.0);
  const std::span<const double> lefts = shift.solve(0.0, 10.0);
  CHECK(lefts[0] == 2.0);
  CHECK(lefts[1] == 4.0);
}

}  // namespace
