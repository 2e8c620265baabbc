#include <algorithm>
#include <cmath>
#include <span>
#include <string>

#include "app/bench/bench.h"
#include "cost/delta_map.h"
#include "cost/incremental_cost.h"
#include "netlist_io/generator.h"
#include "netlist_io/rng.h"
#include "placer/gradient_placer.h"
#include "placer/legalizer.h"

namespace tessera::bench {
namespace {

using cost::IncrementalCost;
using cost::IncrementalModel;
using netlist_io::Canvas;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rng;

constexpr std::size_t kMoves = 20'000;

/// Random moves of random nodes of `nodes` by up to `reach` of the canvas on each axis, every
/// `keep_every`-th kept and the others undone; 0: none.
void move_around(IncrementalCost& cost,
                 std::span<const NodeId> nodes,
                 double reach,
                 std::size_t keep_every,
                 Rng& rng) {
  const Canvas& canvas = cost.model().canvas();
  for (std::size_t i = 0; i < kMoves; ++i) {
    const NodeId node = nodes[rng.below(nodes.size())];
    const double x = cost.x(node) + rng.uniform(-reach, reach) * canvas.width;
    const double y = cost.y(node) + rng.uniform(-reach, reach) * canvas.height;
    g_sink = cost.move(node, std::clamp(x, 0.0, canvas.width), std::clamp(y, 0.0, canvas.height));
    if (keep_every > 0 && i % keep_every == 0) {
      cost.keep();
    } else {
      cost.undo();
    }
  }
}

void measure_maps(const Block& block, const IncrementalCost& cost, Stopwatch& stopwatch) {
  cost::DeltaMapper mapper(cost.model());
  cost::DeltaMap map;
  Rng rng(1);
  const auto measure = [&](const std::string& name, std::span<const NodeId> nodes) {
    stopwatch.measure("change map of a " + name, 21, 1, [&] {
      mapper.compute(cost, nodes[rng.below(nodes.size())], map);
      g_sink = map.proxy.front();
    });
  };
  measure("soft macro", block.netlist.soft_macros());
  measure("hard macro", block.netlist.hard_macros());
}

void measure_analytic(const Block& block, Stopwatch& stopwatch) {
  placer::GradientPlacerOptions options;
  options.cost = block.cost;
  placer::GradientScratch scratch;
  Placement placed = block.placement;
  const auto measure = [&](const std::string& name) {
    const placer::GradientPlacer placer(block.netlist, block.canvas, options);
    stopwatch.measure(name, 5, 1, [&] {
      placed = block.placement;
      placer.run(placed, scratch);
      g_sink = placed.x.front();
    });
  };
  options.iterations = 100;
  measure("gradient placement of the clusters, 100 steps");
  options.iterations = 300;
  measure("gradient placement of the clusters, 300 steps");
  options.move_hard_macros = true;
  options.iterations = 1000;
  measure("gradient placement of everything, 1000 steps");
  stopwatch.measure("legalising that", 5, 1, [&] {
    g_sink = placer::legalize_macros(block.netlist, block.canvas, placed).total_displacement_um;
  });
}

}  // namespace

void measure_search(const Block& block, Stopwatch& stopwatch) {
  const IncrementalModel model(block.netlist, block.canvas, block.cost);
  IncrementalCost cost(model, block.placement);
  stopwatch.measure("incremental cost: copy", 101, 1, [&] {
    const IncrementalCost copy = cost;  // NOLINT: the copy is what is measured
    g_sink = copy.proxy();
  });
  Rng rng(1);
  const auto measure = [&](const std::string& name, auto nodes, double reach, std::size_t keep) {
    stopwatch.measure(name, 11, kMoves, [&] { move_around(cost, nodes, reach, keep, rng); });
  };
  measure("soft macro, up to 1 % of the canvas, undone", block.netlist.soft_macros(), 0.01, 0);
  measure("soft macro, up to 5 % of the canvas, undone", block.netlist.soft_macros(), 0.05, 0);
  measure("soft macro, anywhere, undone", block.netlist.soft_macros(), 1.0, 0);
  measure("hard macro, up to 5 % of the canvas, undone", block.netlist.hard_macros(), 0.05, 0);
  measure("soft macro, up to 5 %, every fifth kept", block.netlist.soft_macros(), 0.05, 5);
  measure_maps(block, cost, stopwatch);
  measure_analytic(block, stopwatch);
}

void measure_growth(Stopwatch& stopwatch) {
  for (const double factor : {0.25, 1.0, 4.0, 16.0}) {
    netlist_io::GeneratorOptions options;
    options.ports = static_cast<int>(std::lround(500 * std::sqrt(factor)));
    options.macros.count = static_cast<int>(std::lround(128 * factor));
    options.clusters.count = static_cast<int>(std::lround(800 * factor));
    const netlist_io::GeneratedBlock block = netlist_io::generate_block(options);
    const IncrementalModel model(block.netlist, block.canvas, {});
    IncrementalCost cost(model, block.placement);
    Rng rng(1);
    const std::string size = std::to_string(block.netlist.num_nets()) + " nets, grid " +
                             std::to_string(block.canvas.grid.cols) + " x " +
                             std::to_string(block.canvas.grid.rows);
    // Two cells each way, whatever the grid.
    const double reach = 2.0 / std::max(block.canvas.grid.cols, block.canvas.grid.rows);
    stopwatch.measure(
        "synthetic block, " + size + ": soft macro by two cells, undone", 5, kMoves, [&] {
          move_around(cost, block.netlist.soft_macros(), reach, 0, rng);
        });
  }
}

}  // namespace tessera::bench
