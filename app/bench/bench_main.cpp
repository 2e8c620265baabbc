#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <string>
#include <vector>

#include "app/bench/bench.h"
#include "cost/proxy_cost.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/placement.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"
#include "placer/decoding.h"
#include "placer/force_directed.h"
#include "placer/grid_legality.h"
#include "placer/macro_env.h"
#include "placer/macro_problem.h"
#ifdef TESSERA_BENCH_WITH_TORCH
#include <span>

#include "gnn/adam.h"
#include "gnn/circuit_training_net.h"
#include "gnn/model_file.h"
#include "gnn/observation_encoder.h"
#include "gnn/ppo.h"
#include "gnn/rollout.h"
#endif

// Measures the parts of the placer on one public block and prints
// `{"results": [{"name", "median_ms", "runs"}]}` on stdout, for scripts/bench_table.py.

namespace {

namespace cost = tessera::cost;
namespace netlist_io = tessera::netlist_io;
namespace placer = tessera::placer;
using tessera::bench::Block;
using tessera::bench::g_sink;
using tessera::bench::Stopwatch;

constexpr const char* kBlock = "ng45_ariane133";

Block read_block(const std::string& netlist_path, const std::string& plc_path) {
  const std::vector<std::string> paths = {netlist_path};
  netlist_io::NetlistFile file = netlist_io::read_netlist(paths);
  netlist_io::PlcFile plc = netlist_io::read_plc(plc_path, file.netlist);
  Block block;
  const netlist_io::PlcHeader header = netlist_io::merge_headers(file.header, plc.header);
  block.canvas.width = header.width.value();
  block.canvas.height = header.height.value();
  block.canvas.grid = {header.cols.value(), header.rows.value()};
  block.canvas.blockages = header.blockages;
  block.cost.routes = header.routes.value_or(block.cost.routes);
  block.cost.macro_routes = header.macro_routes.value_or(block.cost.macro_routes);
  block.cost.smooth_range = static_cast<int>(header.smoothing_factor.value_or(0.0));
  block.netlist = std::move(file.netlist);
  block.placement = std::move(plc.placement);
  return block;
}

placer::MacroProblemOptions problem_options(const Block& block) {
  placer::MacroProblemOptions options;
  options.cost = block.cost;
  return options;
}

/// The mask of each macro in turn and the note that it stands at the mask's first cell.
void walk_masks(const placer::MacroProblem& problem) {
  placer::GridLegality legality = problem.legality();
  for (const std::size_t macro : problem.packing_order()) {
    const auto cell = legality.mask(macro).first();
    legality.place(macro, cell.value());
  }
  g_sink = static_cast<double>(legality.mask(0).count());
}

double run_random_episode(const placer::MacroProblem& problem, netlist_io::Rng& rng) {
  placer::MacroEnv env(problem);
  const std::vector<float> logits(problem.canvas().grid.num_cells(), 0.0F);
  double proxy = 0.0;
  while (!env.done()) {
    proxy = placer::decide(env, logits, placer::Decoding::kSample, rng).result.cost.proxy;
  }
  return proxy;
}

void measure_placing(const std::string& netlist_path, const Block& block, Stopwatch& stopwatch) {
  stopwatch.measure("read netlist.pb.txt.gz", 11, 1, [&] {
    const std::vector<std::string> paths = {netlist_path};
    g_sink = static_cast<double>(netlist_io::read_netlist(paths).netlist.num_pins());
  });
  const cost::ProxyCost proxy_cost(block.netlist, block.canvas, block.cost);
  cost::CostWorkspace workspace;
  stopwatch.measure(
      "full cost", 101, 1, [&] { g_sink = proxy_cost.evaluate(block.placement, workspace).proxy; });
  stopwatch.measure("macro problem (graph, order, prior, packing)", 5, 1, [&] {
    const placer::MacroProblem made(
        block.netlist, block.canvas, block.placement, problem_options(block));
    g_sink = static_cast<double>(made.macros().size());
  });
  const placer::MacroProblem problem(
      block.netlist, block.canvas, block.placement, problem_options(block));
  stopwatch.measure(
      "mask and note of one macro", 101, problem.macros().size(), [&] { walk_masks(problem); });
  placer::ForceDirectedScratch scratch;
  stopwatch.measure("force-directed placement of the clusters", 11, 1, [&] {
    netlist_io::Placement placement = block.placement;
    placer.run(placement, scratch);
    g_sink = placement.x.front();
  });
  netlist_io::Rng rng(1);
  stopwatch.measure("random episode", 11, 1, [&] { g_sink = run_random_episode(problem, rng); });
}

#ifdef TESSERA_BENCH_WITH_TORCH

namespace gnn = tessera::gnn;

std::string threads_text(int threads) {
  return std::to_string(threads) + (threads == 1 ? " thread" : " threads");
}

/// Finished episodes with exactly `count` states in all.
std::vector<gnn::Trajectory> collect_states(const placer::MacroProblem& problem,
                                            const gnn::ObservationEncoder& encoder,
                                            gnn::CircuitTrainingNet& net,
                                            std::size_t count) {
  const std::size_t steps = problem.macros().size();
  const std::size_t words = placer::CellMaskView::num_words(problem.canvas().grid);
  gnn::Rollout rollout =
      gnn::collect_episodes(problem, encoder, net, (count + steps - 1) / steps, 1, 1, 2);
  std::size_t left = count;
  for (gnn::Trajectory& trajectory : rollout.trajectories) {
    gnn::estimate_advantages(trajectory, {trajectory.cost.proxy, 1.0}, 1.0, 0.95);
    const std::size_t kept = std::min(left, steps);
    trajectory.actions.resize(kept);
    trajectory.masks.resize(kept * words);
    left -= kept;
  }
  return rollout.trajectories;
}

void measure_forward(const std::vector<gnn::Trajectory>& trajectories,
                     const gnn::ObservationEncoder& encoder,
                     std::size_t size,
                     gnn::CircuitTrainingNet& net,
                     Stopwatch& stopwatch) {
  const torch::NoGradGuard no_grad;
  const std::vector<std::span<const placer::CellIndex>> states(
      size, std::span(trajectories.front().actions).first(60));
  for (const int threads : {1, 2}) {
    torch::set_num_threads(threads);
    const std::string name = "network forward per state, batch of " + std::to_string(size) + ", " +
                             threads_text(threads);
    stopwatch.measure(name, 21, size, [&] {
      g_sink = net->forward(encoder.encode(states)).value.sum().item<double>();
    });
  }
}

void measure_learning(const Block& block, Stopwatch& stopwatch) {
  constexpr std::size_t kMinibatch = 512;
  const placer::MacroProblem problem(
      block.netlist, block.canvas, block.placement, problem_options(block));
  const gnn::ObservationEncoder encoder(problem);
  gnn::CircuitTrainingNet net = gnn::make_untrained_network(1);
  const std::vector<gnn::Trajectory> trajectories =
      collect_states(problem, encoder, net, kMinibatch);
  for (const std::size_t size : {std::size_t{1}, std::size_t{64}}) {
    measure_forward(trajectories, encoder, size, net, stopwatch);
  }
  torch::set_num_threads(1);  // as in training: whole shards are spread over the threads
  gnn::Adam adam(*net);
  gnn::PpoOptions options;
  options.epochs = 1;
  options.minibatch = kMinibatch;
  for (const int threads : {1, 2}) {
    const std::string name = "PPO update per state, minibatch of " + std::to_string(kMinibatch) +
                             ", " + threads_text(threads);
    stopwatch.measure(name, 3, kMinibatch, [&] {
      g_sink = gnn::ppo_update(trajectories, encoder, options, 1, threads, net, adam).policy_loss;
    });
  }
}

#endif

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "Usage: tessera_bench BENCHMARKS_DIR\n");
    return 2;
  }
  try {
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / "clustered" / kBlock;
    const std::string netlist = (folder / "netlist.pb.txt.gz").string();
    const Block block = read_block(netlist, (folder / "initial.plc").string());
    Stopwatch stopwatch;
    measure_placing(netlist, block, stopwatch);
    tessera::bench::measure_search(block, stopwatch);
    tessera::bench::measure_growth(stopwatch);
#ifdef TESSERA_BENCH_WITH_TORCH
    measure_learning(block, stopwatch);
#endif
    std::printf("%s\n", stopwatch.document().dump(2).c_str());
  } catch (const std::exception& error) {
    std::fprintf(stderr, "tessera_bench: %s\n", error.what());
    return 1;
  }
  return 0;
}
