#include "placer/flat/row_legalizer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <stdexcept>
#include <vector>

#include "tests/placer/flat_builder.h"
#include "tests/placer/generated_flat_block.h"
#include "tests/placer/row_checks.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"

namespace {

using tessera::netlist_io::Canvas;
using tessera::netlist_io::InfeasibleError;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Placement;
using tessera::netlist_io::Rng;
using tessera::placer::legalize_rows;
using tessera::placer::RowLegalizerOptions;
using tessera::placer::RowLegalizerResult;
using tessera::testing::bare_canvas;
using tessera::testing::FlatBuilder;
using tessera::testing::generated_block;
using tessera::testing::GeneratedBlock;
using tessera::testing::row_faults;
using tessera::testing::RowFaults;

/// A cell of some size that wants its centre somewhere.
struct WantedCell {
  double x;
  double y;
  double width;
  double height = 1.0;
};

Netlist netlist_of(const std::vector<WantedCell>& cells) {
  FlatBuilder builder;
  for (const WantedCell& cell : cells) {
    builder.cell(cell.x, cell.y, cell.width, cell.height);
  }
  return builder.build();
}

/// Cells of random widths that fill `part` of a canvas and want to be anywhere on it.
std::vector<WantedCell> random_cells(const Canvas& canvas, double part, Rng& rng) {
  std::vector<WantedCell> cells;
  double area = part * canvas.width * canvas.height;
  while (true) {
    const double width = 0.25 * static_cast<double>(2 + rng.below(8));
    area -= width;
    if (area < 0.0) {
      return cells;
    }
    cells.push_back({rng.uniform(0.0, canvas.width), rng.uniform(0.0, canvas.height), width, 1.0});
  }
}

RowFaults faults_of(const Netlist& netlist,
                    const Canvas& canvas,
                    const RowLegalizerResult& result,
                    RowLegalizerOptions options = {}) {
  options.rows.row_height = result.row_height;
  return row_faults(netlist, canvas, Placement(netlist), result.placement, options.rows);
}

TEST_CASE("row legaliser: two cells that want the same place share the shift") {
  const Netlist netlist = netlist_of({{6.0, 0.5, 2.0}, {6.0, 0.5, 2.0}});
  const RowLegalizerResult result =
      legalize_rows(netlist, bare_canvas(20.0, 1.0), Placement(netlist));
  // Left ends want 5: (x - 5)^2 + (x + 2 - 5)^2 is least at 4.
  CHECK(result.placement.x[0] == doctest::Approx(5.0));
  CHECK(result.placement.x[1] == doctest::Approx(7.0));
  CHECK(result.mean_displacement_um == doctest::Approx(1.0));
  CHECK(result.max_displacement_um == doctest::Approx(1.0));
  CHECK(result.num_cells == 2);
  CHECK(result.num_rows == 1);
}

TEST_CASE(
    "row legaliser: a cell goes to the next row where that is nearer than the end of its own") {
  const std::vector<WantedCell> cells = {{5.0, 0.5, 10.0}, {5.0, 0.6, 4.0}};
  const Netlist netlist = netlist_of(cells);
  const RowLegalizerResult result =
      legalize_rows(netlist, bare_canvas(40.0, 2.0), Placement(netlist));
  CHECK(result.placement.x[1] == doctest::Approx(5.0));
  CHECK(result.placement.y[0] == doctest::Approx(0.5));
  CHECK(result.placement.y[1] == doctest::Approx(1.5));
}

TEST_CASE("row legaliser: legal cells stay where they are") {
  FlatBuilder builder;
  builder.macro(5.0, 2.0, 4.0, 4.0);
  builder.cell(1.5, 0.5, 3.0);
  builder.cell(8.0, 0.5, 2.0);
  builder.cell(9.5, 0.5, 1.0);
  builder.cell(2.0, 3.5, 2.0);
  const Netlist netlist = builder.build();
  const RowLegalizerResult result =
      legalize_rows(netlist, bare_canvas(10.0, 4.0), Placement(netlist));
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    CHECK(result.placement.x[i] == doctest::Approx(Placement(netlist).x[i]));
    CHECK(result.placement.y[i] == Placement(netlist).y[i]);
  }
}

TEST_CASE("row legaliser: macros with halos, fixed cells and blockages stay clear") {
  constexpr double kHaloX = 1.3;
  constexpr double kHaloY = 0.4;
  Canvas canvas = bare_canvas(30.0, 20.0);
  canvas.blockages.push_back({{22.5, 3.2, 27.5, 9.1}, 1.0});
  Rng rng(3);
  FlatBuilder builder;
  builder.macro(8.0, 7.0, 6.0, 8.0);
  builder.macro(16.5, 15.0, 4.0, 7.0, tessera::netlist_io::Orientation::kE);
  builder.port(30.0, 10.0);
  const auto fixed = builder.cell(25.0, 12.5, 3.0);
  for (const WantedCell& cell : random_cells(canvas, 0.5, rng)) {
    builder.cell(cell.x, cell.y, cell.width, cell.height);
  }
  const Netlist netlist = builder.build();
  Placement placement(netlist);
  placement.fixed[fixed] = 1;
  RowLegalizerOptions options;
  options.rows.halo_x = kHaloX;
  options.rows.halo_y = kHaloY;
  const RowLegalizerResult result = legalize_rows(netlist, canvas, placement, options);
  options.rows.row_height = result.row_height;
  CHECK(result.row_height == 1.0);
  CHECK(result.num_rows == 20);
  CHECK(row_faults(netlist, canvas, placement, result.placement, options.rows).none());
  SUBCASE("without halos cells come nearer") {
    const RowLegalizerResult nearer = legalize_rows(netlist, canvas, placement);
    CHECK_FALSE(row_faults(netlist, canvas, placement, nearer.placement, options.rows).none());
    CHECK(nearer.mean_displacement_um < result.mean_displacement_um);
  }
}

TEST_CASE("row legaliser: cells of several rows stand at rows and keep the others off") {
  Rng rng(5);
  const Canvas canvas = bare_canvas(40.0, 30.0);
  std::vector<WantedCell> cells = random_cells(canvas, 0.55, rng);
  const std::size_t num_low = cells.size();
  for (int i = 0; i < 40; ++i) {
    cells.push_back({rng.uniform(0.0, 40.0),
                     rng.uniform(0.0, 30.0),
                     rng.uniform(0.5, 3.0),
                     i % 2 == 0 ? 2.0 : 2.6});
  }
  const Netlist netlist = netlist_of(cells);
  const RowLegalizerResult result = legalize_rows(netlist, canvas, Placement(netlist));
  CHECK(result.row_height == 1.0);
  CHECK(result.num_tall == 40);
  CHECK(result.num_cells == num_low + 40);
  CHECK(faults_of(netlist, canvas, result).none());
  CHECK(result.mean_displacement_um < 3.0);
}

TEST_CASE("row legaliser: a tall cell goes to the nearest place that is free in all its rows") {
  //  row 2  .........
  //  row 1  ....mm...   the macro takes 4..6 in row 1
  //  row 0  ..m......   and another 2..3 in row 0
  FlatBuilder builder;
  builder.macro(5.0, 1.5, 2.0, 1.0);
  builder.macro(2.5, 0.5, 1.0, 1.0);
  const auto tall = builder.cell(3.6, 1.0, 2.0, 2.0);
  for (int i = 0; i < 3; ++i) {
    builder.cell(8.5, 2.5, 0.5);
  }
  const Netlist netlist = builder.build();
  const Canvas canvas = bare_canvas(9.0, 3.0);
  const RowLegalizerResult result = legalize_rows(netlist, canvas, Placement(netlist));
  // In rows 0 and 1, the left end 2.6 fits at 0 or from 6 on; in rows 1 and 2, up to 2.0.
  CHECK(result.placement.x[tall] == doctest::Approx(3.0));
  CHECK(result.placement.y[tall] == doctest::Approx(2.0));
  CHECK(faults_of(netlist, canvas, result).none());
}

TEST_CASE("row legaliser: nearly full rows") {
  for (const std::uint64_t seed : {1, 2, 3, 4}) {
    CAPTURE(seed);
    Rng rng(seed);
    const Canvas canvas = bare_canvas(60.0, 24.0);
    const Netlist netlist = netlist_of(random_cells(canvas, 0.95, rng));
    const RowLegalizerResult result = legalize_rows(netlist, canvas, Placement(netlist));
    CHECK(faults_of(netlist, canvas, result).none());
    // An average cell has to go some rows, not across the canvas.
    CHECK(result.mean_displacement_um < 8.0);
  }
}

TEST_CASE("row legaliser: rows can be filled to the last site") {
  Rng rng(9);
  std::vector<WantedCell> cells;
  for (int i = 0; i < 200; ++i) {
    cells.push_back({rng.uniform(0.0, 20.0), rng.uniform(0.0, 10.0), 1.0});
  }
  const Netlist netlist = netlist_of(cells);
  const Canvas canvas = bare_canvas(20.0, 10.0);
  CHECK(faults_of(netlist, canvas, legalize_rows(netlist, canvas, Placement(netlist))).none());
  cells.push_back({1.0, 1.0, 0.01});
  const Netlist more = netlist_of(cells);
  CHECK_THROWS_AS(legalize_rows(more, canvas, Placement(more)), InfeasibleError);
}

TEST_CASE("row legaliser: wide cells find room where going from left to right leaves them none") {
  // Those of width 4 both want to be in the first row, which then has room for none of width 6.
  const Netlist netlist =
      netlist_of({{2.0, 0.5, 4.0}, {6.0, 0.5, 4.0}, {7.2, 0.5, 6.0}, {7.4, 0.5, 6.0}});
  const Canvas canvas = bare_canvas(10.0, 2.0);
  CHECK(faults_of(netlist, canvas, legalize_rows(netlist, canvas, Placement(netlist))).none());
}

TEST_CASE("row legaliser: what does not fit is said") {
  const Canvas canvas = bare_canvas(10.0, 2.0);
  const Netlist wide = netlist_of({{5.0, 0.5, 1.0}, {5.0, 0.5, 10.5}});
  CHECK_THROWS_WITH_AS(legalize_rows(wide, canvas, Placement(wide)),
                       "no row has room left for cell \"n1\", 10.500000 x 1.000000 um",
                       InfeasibleError);
  const Netlist tall = netlist_of({{5.0, 0.5, 1.0}, {3.0, 0.5, 1.0}, {5.0, 0.5, 1.0, 2.5}});
  CHECK_THROWS_AS(legalize_rows(tall, canvas, Placement(tall)), InfeasibleError);
  const Netlist many = netlist_of(std::vector<WantedCell>(21, {5.0, 0.5, 1.0}));
  CHECK_THROWS_WITH_AS(legalize_rows(many, canvas, Placement(many)),
                       "cells take 21.000000 um^2 of the rows, which have 20.000000 um^2 free",
                       InfeasibleError);
}

TEST_CASE("row legaliser: cells begin at sites and take whole ones") {
  Rng rng(11);
  const Canvas canvas = bare_canvas(30.0, 12.0);
  FlatBuilder builder;
  builder.macro(11.1, 6.05, 5.3, 4.3);
  for (const WantedCell& cell : random_cells(canvas, 0.5, rng)) {
    builder.cell(cell.x, cell.y, cell.width, cell.height);
  }
  const Netlist netlist = builder.build();
  RowLegalizerOptions options;
  options.rows.site_width = 0.3;
  options.rows.origin_x = 0.7;
  options.rows.origin_y = 0.45;
  const RowLegalizerResult result = legalize_rows(netlist, canvas, Placement(netlist), options);
  CHECK(result.num_rows == 11);
  CHECK(faults_of(netlist, canvas, result, options).none());
}

TEST_CASE("row legaliser: neither the order of the cells nor another run changes anything") {
  Rng rng(13);
  const Canvas canvas = bare_canvas(40.0, 20.0);
  std::vector<WantedCell> cells = random_cells(canvas, 0.8, rng);
  cells.push_back({11.0, 7.0, 2.0, 3.0});
  const Netlist netlist = netlist_of(cells);
  const Placement first = legalize_rows(netlist, canvas, Placement(netlist)).placement;
  const Placement second = legalize_rows(netlist, canvas, Placement(netlist)).placement;
  CHECK(first.x == second.x);
  CHECK(first.y == second.y);
  std::reverse(cells.begin(), cells.end());
  const Netlist reversed = netlist_of(cells);
  Placement third = legalize_rows(reversed, canvas, Placement(reversed)).placement;
  std::reverse(third.x.begin(), third.x.end());
  std::reverse(third.y.begin(), third.y.end());
  CHECK(first.x == third.x);
  CHECK(first.y == third.y);
}

TEST_CASE("row legaliser: a placed block becomes legal with little more wire") {
  const GeneratedBlock& block = generated_block();
  const tessera::placer::FlatPlacerResult placed =
      tessera::placer::place_flat(block.netlist, block.canvas, block.macros_placed);
  const RowLegalizerResult result = legalize_rows(block.netlist, block.canvas, placed.placement);
  tessera::placer::RowOptions rows;
  rows.row_height = result.row_height;
  const RowFaults faults =
      row_faults(block.netlist, block.canvas, placed.placement, result.placement, rows);
  CHECK(faults.overlaps == 0);
  CHECK(faults.outside == 0);
  CHECK(faults.off_row == 0);
  CHECK(faults.moved == 0);
  CHECK(result.num_cells == block.netlist.std_cells().size());
  CHECK(result.mean_displacement_um < 2.0 * result.row_height);
  CHECK(block.hpwl(result.placement) < 1.15 * placed.hpwl_um);
}

TEST_CASE("row legaliser: options and sizes are checked") {
  const Netlist netlist = netlist_of({{5.0, 0.5, 1.0}});
  const auto legalize = [&](double tessera::placer::RowOptions::*field, double value) {
    RowLegalizerOptions options;
    options.rows.*field = value;
    return legalize_rows(netlist, bare_canvas(10.0, 2.0), Placement(netlist), options);
  };
  using Rows = tessera::placer::RowOptions;
  for (const auto field : {&Rows::row_height,
                           &Rows::site_width,
                           &Rows::origin_x,
                           &Rows::origin_y,
                           &Rows::halo_x,
                           &Rows::halo_y}) {
    CHECK_THROWS_AS(legalize(field, -0.1), OptionError);
    CHECK_THROWS_AS(legalize(field, std::numeric_limits<double>::infinity()), OptionError);
  }
  CHECK(legalize(&Rows::row_height, 2.0).num_rows == 1);
  CHECK_THROWS_AS(legalize(&Rows::row_height, 2.5), InfeasibleError);
  CHECK_THROWS_AS(legalize_rows(netlist, bare_canvas(0.0, 2.0), Placement(netlist)), OptionError);
  CHECK_THROWS_AS(legalize_rows(netlist, bare_canvas(10.0, 2.0), Placement()),
                  std::invalid_argument);
}

}  // namespace
