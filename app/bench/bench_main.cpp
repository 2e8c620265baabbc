#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <stdexcept>
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
#include "placer/grid_legality.h"
#include "placer/macro_env.h"
#include "placer/macro_problem.h"
#ifdef TESSERA_BENCH_WITH_TORCH
#include <cstdint>
#include <memory>
#include <span>

#include "gnn/adam.h"
#include "gnn/edge_messages.h"
#include "gnn/model_config.h"
#include "gnn/observation_encoder.h"
#include "gnn/policy_net.h"
#include "gnn/ppo.h"
#include "gnn/rollout.h"
#include "placer/canvas_observer.h"
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
  options.cluster_solver = placer::ClusterSolver::kForceDirected;
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
  stopwatch.measure("force-directed placement of the clusters", 11, 1, [&] {
    netlist_io::Placement placement = block.placement;
    problem.place_clusters(placement);
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

/// A network on the block, by the name that its rows go by.
struct Learner {
  std::string rows;  ///< what names of rows end in; nothing for the published network
  std::shared_ptr<gnn::PolicyNet> net;
  const gnn::ObservationEncoder* encoder = nullptr;
};

std::vector<gnn::EpisodePlan> episode_plans(const Learner& learner, std::size_t count) {
  gnn::EpisodePlan plan;
  plan.encoder = learner.encoder;
  return {count, plan};
}

/// Cuts the trajectory after `count` steps, which come after no prefix.
void cut(gnn::Trajectory& trajectory, std::size_t words_of_mask, std::size_t count) {
  trajectory.actions.resize(count);
  trajectory.masks.resize(count * words_of_mask);
  for (std::vector<float>* const values :
       {&trajectory.log_probs, &trajectory.values, &trajectory.advantages, &trajectory.returns}) {
    values->resize(count);
  }
  trajectory.growth.resize(count);
  if (!trajectory.observations.empty()) {
    trajectory.observations.resize(count);
  }
}

/// Finished episodes with exactly `count` states in all.
std::vector<gnn::Trajectory> collect_states(const Learner& learner, std::size_t count) {
  const placer::MacroProblem& problem = learner.encoder->problem();
  const std::size_t steps = problem.macros().size();
  gnn::RolloutOptions options;
  options.threads = 2;
  std::vector<gnn::Trajectory> trajectories = gnn::collect_episodes(
      episode_plans(learner, (count + steps - 1) / steps), *learner.net, options);
  std::size_t left = count;
  for (gnn::Trajectory& trajectory : trajectories) {
    gnn::estimate_advantages(trajectory, {trajectory.cost.proxy, 1.0}, 1.0, 0.95);
    const std::size_t kept = std::min(left, steps);
    cut(trajectory, placer::CellMaskView::num_words(problem.canvas().grid), kept);
    left -= kept;
  }
  return trajectories;
}

void measure_forward(const Learner& learner,
                     const gnn::Trajectory& trajectory,
                     std::size_t size,
                     Stopwatch& stopwatch) {
  constexpr std::size_t kStep = 60;
  const torch::NoGradGuard no_grad;
  const gnn::StateView state = {
      learner.encoder,
      std::span(trajectory.actions).first(kStep),
      trajectory.observations.empty() ? nullptr : &trajectory.observations[kStep]};
  const std::vector<gnn::StateView> states(size, state);
  for (const int threads : {1, 2}) {
    torch::set_num_threads(threads);
    stopwatch.measure("network forward per state, batch of " + std::to_string(size) + ", " +
                          threads_text(threads) + learner.rows,
                      21,
                      size,
                      [&] {
                        const gnn::PolicyValue result = learner.net->forward(gnn::encode(states));
                        g_sink = result.value.sum().item<double>();
                      });
  }
}

void measure_rollout(const Learner& learner, Stopwatch& stopwatch) {
  constexpr std::size_t kEpisodes = 16;
  const std::size_t states = kEpisodes * learner.encoder->problem().macros().size();
  gnn::RolloutOptions options;
  for (const int threads : {1, 2}) {
    options.threads = threads;
    stopwatch.measure(
        "rollout per state, clusters included, " + threads_text(threads) + learner.rows,
        3,
        states,
        [&] {
          const auto made =
              gnn::collect_episodes(episode_plans(learner, kEpisodes), *learner.net, options);
          g_sink = made.front().cost.proxy;
        });
  }
}

void measure_learner(const Learner& learner, Stopwatch& stopwatch) {
  constexpr std::size_t kMinibatch = 512;
  const std::vector<gnn::Trajectory> trajectories = collect_states(learner, kMinibatch);
  for (const std::size_t size : {std::size_t{1}, std::size_t{64}}) {
    measure_forward(learner, trajectories.front(), size, stopwatch);
  }
  torch::set_num_threads(1);  // as in training: whole shards are spread over the threads
  measure_rollout(learner, stopwatch);
  gnn::Adam adam(*learner.net);
  gnn::PpoOptions options;
  options.epochs = 1;
  options.minibatch = kMinibatch;
  gnn::UpdatePlan plan;
  for (const int threads : {1, 2}) {
    plan.threads = threads;
    stopwatch.measure(
        "PPO update per state, minibatch of " + std::to_string(kMinibatch) + ", " +
            threads_text(threads) + learner.rows,
        3,
        kMinibatch,
        [&] {
          g_sink = gnn::update_network(trajectories, options, plan, *learner.net, adam).policy_loss;
        });
  }
}

/// The canvas of a state in the middle of an episode.
void measure_observe(const placer::MacroProblem& problem, Stopwatch& stopwatch) {
  placer::MacroEnv env(problem);
  netlist_io::Rng rng(1);
  const std::vector<float> logits(problem.canvas().grid.num_cells(), 0.0F);
  while (env.num_placed() < problem.macros().size() / 2) {
    placer::decide(env, logits, placer::Decoding::kSample, rng);
  }
  placer::CanvasObserver observer(problem);
  std::vector<float> scratch;
  stopwatch.measure("canvas of one state", 101, 1, [&] {
    g_sink = gnn::observe(observer, env, scratch).step.front();
  });
}

/// A round of messages as published: a product per edge of the concatenated features of its ends,
/// in plain tensor operations. Returns the means at the vertices.
torch::Tensor plain_messages(const torch::Tensor& vertices,
                             const torch::nn::Linear& layer,
                             const gnn::GraphTensors& graph) {
  const torch::Tensor a = vertices.index_select(0, graph.a);
  const torch::Tensor b = vertices.index_select(0, graph.b);
  const torch::Tensor weight = graph.weight.unsqueeze(1);
  const auto product = [&layer](const torch::Tensor& features) {
    return torch::linear(features, layer->weight, layer->bias).relu();
  };
  const torch::Tensor messages =
      0.5 * (product(torch::cat({a, b, weight}, 1)) + product(torch::cat({b, a, weight}, 1)));
  return torch::zeros_like(vertices)
             .index_add(0, graph.a, messages)
             .index_add(0, graph.b, messages) *
         graph.inverse_degree;
}

/// The same with a product per vertex and the fused operation.
torch::Tensor fused_messages(const torch::Tensor& vertices,
                             const torch::nn::Linear& layer,
                             const std::shared_ptr<const gnn::GraphLayout>& layout) {
  const std::int64_t width = vertices.size(1);
  const auto parts = layer->weight.split_with_sizes({width, width, 1}, 1);
  return gnn::edge_messages(torch::linear(vertices, parts[0], layer->bias),
                            torch::linear(vertices, parts[1]),
                            parts[2].squeeze(1),
                            layout,
                            gnn::EdgePools::kSkip)
      .nodes;
}

/// Both forward and backward for some states, after checking that they agree.
void measure_messages(const gnn::ObservationEncoder& encoder, Stopwatch& stopwatch) {
  constexpr std::size_t kStates = 16;
  const std::int64_t width = gnn::ModelConfig().graph_width;
  torch::manual_seed(1);
  const auto layout = std::make_shared<const gnn::GraphLayout>(
      std::vector<std::shared_ptr<const gnn::EdgeList>>(kStates, encoder.edges()));
  const gnn::GraphTensors& graph = layout->tensors(torch::kCPU);
  const torch::Tensor vertices =
      torch::randn({layout->num_vertices(), width}, torch::TensorOptions().requires_grad(true));
  const torch::nn::Linear layer(2 * width + 1, width);
  const torch::Tensor upstream = torch::randn({layout->num_vertices(), width});
  const auto pass = [&](const torch::Tensor& means) {
    vertices.mutable_grad() = torch::Tensor();
    (means * upstream).sum().backward();
    return vertices.grad();
  };
  const auto plain = [&] { return pass(plain_messages(vertices, layer, graph)); };
  const auto fused = [&] { return pass(fused_messages(vertices, layer, layout)); };
  const torch::Tensor expected = plain();
  const auto difference = (fused() - expected).abs().max().item<double>();
  if (difference > 1e-5 * expected.abs().max().item<double>()) {
    throw std::runtime_error("fused and plain messages differ by " + std::to_string(difference));
  }
  for (const int threads : {1, 2}) {
    torch::set_num_threads(threads);
    const std::string what =
        ", forward and backward, " + std::to_string(kStates) + " states, " + threads_text(threads);
    stopwatch.measure_pair({"edge messages as published" + what, [&] { plain(); }},
                           {"edge messages fused" + what, [&] { fused(); }},
                           5);
  }
}

void measure_learning(const Block& block, Stopwatch& stopwatch) {
  const placer::MacroProblem problem(
      block.netlist, block.canvas, block.placement, problem_options(block));
  const gnn::ObservationEncoder encoder(problem);
  measure_messages(encoder, stopwatch);
  measure_observe(problem, stopwatch);
  gnn::ModelConfig published;
  published.name = gnn::kCircuitTrainingModel;
  for (const Learner& learner :
       {Learner{"", gnn::make_network(published, 1), &encoder},
        Learner{", canvas model", gnn::make_network(gnn::ModelConfig(), 1), &encoder}}) {
    measure_learner(learner, stopwatch);
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
