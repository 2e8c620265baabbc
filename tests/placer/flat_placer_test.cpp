#include "placer/flat/flat_placer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

#include "tests/placer/flat_builder.h"
#include "tests/placer/generated_flat_block.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "placer/clustering/flat_placement.h"
#include "placer/flat/bin_density.h"
#include "placer/flat/nesterov.h"
#include "placer/flat/poisson_solver.h"

namespace {

using tessera::netlist_io::GridShape;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Placement;
using tessera::placer::BinDensity;
using tessera::placer::FlatPlacerOptions;
using tessera::placer::FlatPlacerResult;
using tessera::placer::Nesterov;
using tessera::placer::place_flat;
using tessera::placer::PoissonSolver;
using tessera::testing::bare_canvas;
using tessera::testing::FlatBuilder;
using tessera::testing::generated_block;
using tessera::testing::GeneratedBlock;

constexpr double kPi = std::numbers::pi;

TEST_CASE(
    "flat placer: the field of a cosine of charge is the sine that solves Poisson's equation") {
  const GridShape grid{48, 20};
  const double width = 1.5;
  const double height = 0.5;
  const double u = 3.0 * kPi / (grid.cols * width);
  const double v = 2.0 * kPi / (grid.rows * height);
  std::vector<float> density(grid.num_cells());
  const auto x = [&](int col) { return (col + 0.5) * width; };
  const auto y = [&](int row) { return (row + 0.5) * height; };
  const auto at = [&](int col, int row) { return static_cast<std::size_t>(row * grid.cols + col); };
  for (int row = 0; row < grid.rows; ++row) {
    for (int col = 0; col < grid.cols; ++col) {
      density[at(col, row)] = static_cast<float>(5.0 + std::cos(u * x(col)) * std::cos(v * y(row)));
    }
  }
  std::vector<float> field_x(grid.num_cells());
  std::vector<float> field_y(grid.num_cells());
  PoissonSolver(grid, width, height, 1).solve(density, field_x, field_y);
  double worst = 0.0;
  for (int row = 0; row < grid.rows; ++row) {
    for (int col = 0; col < grid.cols; ++col) {
      const double scale = 1.0 / (u * u + v * v);
      const double ex = scale * u * std::sin(u * x(col)) * std::cos(v * y(row));
      const double ey = scale * v * std::cos(u * x(col)) * std::sin(v * y(row));
      worst = std::max({worst,
                        std::abs(ex - static_cast<double>(field_x[at(col, row)])),
                        std::abs(ey - static_cast<double>(field_y[at(col, row)]))});
    }
  }
  CHECK(worst < 1e-4);
  CHECK_THROWS_AS(PoissonSolver({1, 8}, 1.0, 1.0, 1), OptionError);
}

TEST_CASE("flat placer: bins hold all the area, and overflow counts what is beyond the cap") {
  const GridShape grid{8, 6};
  BinDensity::Boxes boxes;
  boxes.width = {0.4F, 3.0F, 1.0F};
  boxes.height = {0.5F, 2.0F, 1.0F};
  boxes.weight = {1.0F, 1.0F, 0.5F};
  boxes.num_counted = 2;
  std::vector<float> blocked(grid.num_cells());
  blocked[0] = 0.25F;
  BinDensity density(grid, blocked, 0.8, boxes, 1);
  const std::vector<float> x = {5.3F, 2.5F, 7.5F};
  const std::vector<float> y = {1.9F, 3.0F, 5.5F};
  density.update(x, y);
  double sum = 0.0;
  for (const float value : density.density()) {
    sum += static_cast<double>(value);
  }
  CHECK(sum == doctest::Approx(0.2 + 6.0 + 0.5 + 0.8 * 0.25));
  // The large box fills six bins, each 0.2 beyond the cap; the small one stays below it.
  CHECK(density.overflow() == doctest::Approx(6 * 0.2 / 6.2));
  CHECK(density.density()[5 * 8 + 7] == doctest::Approx(0.5));

  const std::vector<float> field_x(grid.num_cells(), 2.0F);
  std::vector<float> field_y(grid.num_cells());
  for (std::size_t bin = 0; bin < field_y.size(); ++bin) {
    field_y[bin] = static_cast<float>(bin / 8);  // the row
  }
  std::vector<float> force_x(3);
  std::vector<float> force_y(3);
  density.gather(x, y, field_x, field_y, force_x, force_y);
  CHECK(force_x[0] == doctest::Approx(0.4));
  CHECK(force_x[1] == doctest::Approx(12.0));
  CHECK(force_y[1] == doctest::Approx(6.0 * 2.5));  // rows 2 and 3
  CHECK(force_y[0] == doctest::Approx(0.2 * 1.4));  // smeared over rows 1 and 2
}

TEST_CASE("flat placer: accelerated descent finds the bottom of a long valley") {
  const std::vector<float> start = {4.0F, 4.0F};
  int calls = 0;
  Nesterov descent(
      start,
      0.1,
      [&](std::span<const float> at, std::span<float> out) {
        ++calls;
        out[0] = at[0] - 1.0F;
        out[1] = 50.0F * (at[1] + 2.0F);
      },
      [](std::span<float> at) { at[1] = std::max(at[1], -1.5F); },
      1);
  for (int i = 0; i < 300; ++i) {
    descent.step(1e9);
  }
  CHECK(descent.solution()[0] == doctest::Approx(1.0).epsilon(1e-2));
  CHECK(descent.solution()[1] == doctest::Approx(-1.5));
  CHECK(calls < 900);
}

TEST_CASE("flat placer: a chain between two ports stretches evenly") {
  FlatBuilder builder;
  const auto left = builder.port(0.0, 10.0);
  const auto right = builder.port(40.0, 10.0);
  std::vector<FlatBuilder::Vertex> cells;
  for (int i = 0; i < 30; ++i) {
    cells.push_back(builder.cell(20.0, 10.0, 0.5, 0.5));
  }
  builder.connect(left, {cells.front()});
  for (std::size_t i = 0; i + 1 < cells.size(); ++i) {
    builder.connect(cells[i], {cells[i + 1]});
  }
  builder.connect(cells.back(), {right});
  const Netlist netlist = builder.build();
  const FlatPlacerResult result =
      place_flat(netlist, bare_canvas(40.0, 20.0), Placement(netlist), {});
  CHECK(result.hpwl_um < 46.0);  // 40 at least
  CHECK(result.overflow <= 0.1);
}

TEST_CASE("flat placer: cells end up short, spread and beside the macros") {
  const GeneratedBlock& block = generated_block();
  const FlatPlacerOptions options;
  const FlatPlacerResult result =
      place_flat(block.netlist, block.canvas, block.macros_placed, options);
  CHECK(result.overflow <= options.stop_overflow);
  CHECK(result.iterations > 10);
  CHECK(result.density_cap == doctest::Approx(options.density_cap));
  CHECK(block.all_inside(result.placement));
  CHECK(block.covered(result.placement) < 0.05);
  CHECK(result.hpwl_um == block.hpwl(result.placement));
  tessera::placer::FlatPlacementOptions rough;
  rough.hold_placed_macros = true;
  Placement placed = block.macros_placed;
  CHECK(result.hpwl_um < 0.9 * block.hpwl(tessera::placer::place_flat_netlist(
                                   block.netlist, block.canvas, placed, rough)));
  for (const NodeId macro : block.netlist.hard_macros()) {
    CHECK(result.placement.x[macro.index()] == block.macros_placed.x[macro.index()]);
  }
}

TEST_CASE("flat placer: the number of threads changes no bit, the seed does") {
  const GeneratedBlock& block = generated_block();
  FlatPlacerOptions options;
  const FlatPlacerResult one =
      place_flat(block.netlist, block.canvas, block.macros_placed, options);
  options.threads = 3;
  const FlatPlacerResult three =
      place_flat(block.netlist, block.canvas, block.macros_placed, options);
  CHECK(one.placement.x == three.placement.x);
  CHECK(one.placement.y == three.placement.y);
  options.seed = 2;
  const FlatPlacerResult other =
      place_flat(block.netlist, block.canvas, block.macros_placed, options);
  CHECK(one.placement.x != other.placement.x);
  CHECK(other.hpwl_um == doctest::Approx(one.hpwl_um).epsilon(0.05));
}

TEST_CASE("flat placer: macros move too, but for the fixed ones, and shorten the wires") {
  const GeneratedBlock& block = generated_block();
  Placement start = block.macros_placed;
  const std::size_t held = block.netlist.hard_macros().front().index();
  start.fixed[held] = 1;
  FlatPlacerOptions options;
  const double around = place_flat(block.netlist, block.canvas, start, options).hpwl_um;
  options.move_hard_macros = true;
  const FlatPlacerResult mixed = place_flat(block.netlist, block.canvas, start, options);
  CHECK(mixed.placement.x[held] == start.x[held]);
  CHECK(mixed.placement.y[held] == start.y[held]);
  CHECK(block.all_inside(mixed.placement));
  CHECK(mixed.hpwl_um < around);
}

TEST_CASE("flat placer: bad options and cells without room are errors") {
  const GeneratedBlock& block = generated_block();
  const auto place_with = [&](auto change) {
    FlatPlacerOptions options;
    change(options);
    return place_flat(block.netlist, block.canvas, block.macros_placed, options);
  };
  CHECK_THROWS_AS(place_with([](FlatPlacerOptions& o) { o.density_cap = 0.0; }), OptionError);
  CHECK_THROWS_AS(place_with([](FlatPlacerOptions& o) { o.halo_x = -1.0; }), OptionError);
  CHECK_THROWS_AS(place_with([](FlatPlacerOptions& o) { o.stop_overflow = 0.0; }), OptionError);
  CHECK_THROWS_AS(place_with([](FlatPlacerOptions& o) { o.threads = 0; }), OptionError);
  CHECK_THROWS_AS(place_flat(block.netlist, bare_canvas(0.0, 1.0), block.macros_placed, {}),
                  OptionError);
  CHECK_THROWS_AS(place_flat(block.netlist, bare_canvas(20.0, 20.0), block.macros_placed, {}),
                  tessera::netlist_io::InfeasibleError);
}

TEST_CASE("flat placer: stops when asked") {
  const GeneratedBlock& block = generated_block();
  FlatPlacerOptions options;
  int asked = 0;
  options.stop = [&] { return ++asked > 5; };
  CHECK(place_flat(block.netlist, block.canvas, block.macros_placed, options).iterations == 5);
}

}  // namespace
