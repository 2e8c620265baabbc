#include "placer/gradient_placer.h"

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/placer/random_block.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "placer/force_directed.h"

namespace {

using tessera::cost::CostBreakdown;
using tessera::cost::ProxyCost;
using tessera::netlist_io::Canvas;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::NodeKind;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Placement;
using tessera::netlist_io::PlcFile;
using tessera::netlist_io::Rect;
using tessera::placer::GradientPlacer;
using tessera::placer::GradientPlacerOptions;
using tessera::placer::GradientScratch;
using tessera::testing::random_block;
using tessera::testing::RandomBlock;

GradientPlacerOptions short_schedule() {
  GradientPlacerOptions options;
  options.iterations = 40;
  options.cost.routes = {3.0, 4.0};
  options.cost.macro_routes = {1.0, 2.0};
  return options;
}

void check_inside(const Netlist& netlist, const Canvas& canvas, const Placement& placement) {
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    if (netlist.kind(NodeId(i)) == NodeKind::kPort) {
      continue;
    }
    const Rect box = placement.box(netlist, NodeId(i));
    CHECK(box.x0 >= 0.0);
    CHECK(box.y0 >= 0.0);
    CHECK(box.x1 <= canvas.width);
    CHECK(box.y1 <= canvas.height);
  }
}

}  // namespace

TEST_CASE("gradient placement moves clusters only, keeps them inside and lowers the cost") {
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CAPTURE(seed);
    RandomBlock block = random_block(seed);
    const NodeId fixed = block.netlist.soft_macros()[3];
    block.placement.fixed[fixed.index()] = 1;
    const NodeId unplaced = block.netlist.soft_macros()[5];
    block.placement.placed[unplaced.index()] = 0;
    const GradientPlacerOptions options = short_schedule();
    Placement placement = block.placement;
    GradientPlacer(block.netlist, block.canvas, options).run(placement);
    check_inside(block.netlist, block.canvas, placement);
    CHECK(placement.placed[unplaced.index()] == 1);
    for (std::size_t i = 0; i < placement.size(); ++i) {
      if (block.netlist.kind(NodeId(i)) != NodeKind::kSoftMacro || i == fixed.index()) {
        CHECK(placement.x[i] == block.placement.x[i]);
        CHECK(placement.y[i] == block.placement.y[i]);
      }
    }
    const ProxyCost cost(block.netlist, block.canvas, options.cost);
    CHECK(cost.evaluate(placement).proxy < cost.evaluate(block.placement).proxy);
  }
}

TEST_CASE("hard macros move along on request and end up nearly apart") {
  for (std::uint64_t seed = 1; seed <= 4; ++seed) {
    CAPTURE(seed);
    RandomBlock block = random_block(seed);
    block.placement.fixed[block.netlist.hard_macros()[0].index()] = 1;
    GradientPlacerOptions options = short_schedule();
    options.iterations = 200;
    options.move_hard_macros = true;
    Placement placement = block.placement;
    GradientPlacer(block.netlist, block.canvas, options).run(placement);
    check_inside(block.netlist, block.canvas, placement);
    double overlap = 0.0;
    double area = 0.0;
    const auto macros = block.netlist.hard_macros();
    CHECK(placement.x[macros[0].index()] == block.placement.x[macros[0].index()]);
    for (std::size_t i = 0; i < macros.size(); ++i) {
      const Rect a = placement.box(block.netlist, macros[i]);
      area += a.width() * a.height();
      for (std::size_t j = 0; j < i; ++j) {
        const Rect b = placement.box(block.netlist, macros[j]);
        overlap += std::max(0.0, std::min(a.x1, b.x1) - std::max(a.x0, b.x0)) *
                   std::max(0.0, std::min(a.y1, b.y1) - std::max(a.y0, b.y0));
      }
    }
    CHECK(overlap < 0.05 * area);
  }
}

TEST_CASE("gradient placement repeats exactly, with used scratch and on several threads") {
  const RandomBlock small = random_block(1);
  const RandomBlock block = random_block(2);
  const GradientPlacerOptions options = short_schedule();
  const GradientPlacer placer(block.netlist, block.canvas, options);
  Placement first = block.placement;
  placer.run(first);

  GradientScratch scratch;
  Placement other = small.placement;
  GradientPlacer(small.netlist, small.canvas, options).run(other, scratch);
  Placement second = block.placement;
  placer.run(second, scratch);
  CHECK(second.x == first.x);
  CHECK(second.y == first.y);

  std::vector<Placement> results(3, block.placement);
  std::vector<std::thread> threads;
  for (Placement& result : results) {
    threads.emplace_back([&placer, &result] { placer.run(result); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const Placement& result : results) {
    CHECK(result.x == first.x);
    CHECK(result.y == first.y);
  }

  GradientPlacerOptions other_seed = options;
  other_seed.seed = 2;
  Placement different = block.placement;
  GradientPlacer(block.netlist, block.canvas, other_seed).run(different);
  CHECK(different.x != first.x);
}

TEST_CASE("the start is the quadratic solution or the current positions") {
  const RandomBlock block = random_block(3);
  GradientPlacerOptions options = short_schedule();
  options.iterations = 0;
  options.jitter = 0.0;
  Placement quadratic = block.placement;
  GradientPlacer(block.netlist, block.canvas, options).run(quadratic);
  CHECK(quadratic.x != block.placement.x);
  options.use_current = true;
  Placement current = block.placement;
  GradientPlacer(block.netlist, block.canvas, options).run(current);
  for (std::size_t i = 0; i < current.size(); ++i) {
    CHECK(current.x[i] == doctest::Approx(block.placement.x[i]));
    CHECK(current.y[i] == doctest::Approx(block.placement.y[i]));
  }
}

TEST_CASE("clusters larger than the canvas and grids of one cell are survived") {
  RandomBlock block = random_block(4);
  block.canvas.grid = {1, 1};
  block.canvas.width = 5.0;
  Placement placement = block.placement;
  GradientPlacer(block.netlist, block.canvas, short_schedule()).run(placement);
  for (const NodeId node : block.netlist.soft_macros()) {
    CHECK(std::isfinite(placement.x[node.index()]));
    CHECK(std::isfinite(placement.y[node.index()]));
    if (block.netlist.width(node) > 5.0) {
      CHECK(placement.x[node.index()] == 2.5);
    }
  }
  const Netlist empty;
  Placement nothing(empty);
  GradientPlacer(empty, block.canvas, short_schedule()).run(nothing);
}

TEST_CASE("gradient options outside their range are refused") {
  GradientPlacerOptions options;
  options.iterations = -1;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("iterations"), OptionError);
  options = {};
  options.gamma.last = 0.0;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("gamma.last"), OptionError);
  options = {};
  options.density_fraction.first = 1.5;
  CHECK_THROWS_WITH_AS(
      options.validate(), doctest::Contains("density_fraction.first"), OptionError);
  const RandomBlock block = random_block(1);
  Placement wrong;
  CHECK_THROWS_AS(GradientPlacer(block.netlist, block.canvas).run(wrong), std::invalid_argument);
}

TEST_CASE("clusters of a real block land far below the published force-directed solution") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const std::filesystem::path folder = benchmarks / "clustered" / "ng45_ariane133";
  const std::string path = (folder / "netlist.pb.txt.gz").string();
  const Netlist netlist = tessera::netlist_io::read_netlist({&path, 1}).netlist;
  const PlcFile plc = tessera::netlist_io::read_plc((folder / "initial.plc").string(), netlist);
  Canvas canvas;
  canvas.width = *plc.header.width;
  canvas.height = *plc.header.height;
  canvas.grid = {*plc.header.cols, *plc.header.rows};
  GradientPlacerOptions options;
  options.cost.routes = *plc.header.routes;
  options.cost.macro_routes = *plc.header.macro_routes;
  options.iterations = 150;
  const ProxyCost cost(netlist, canvas, options.cost);
  Placement published = plc.placement;
  tessera::placer::ForceDirectedPlacer(netlist, canvas).run(published);
  Placement placement = plc.placement;
  GradientPlacer(netlist, canvas, options).run(placement);
  CHECK(cost.evaluate(published).proxy > 0.8);
  CHECK(cost.evaluate(placement).proxy < 0.65);
}
