#include <algorithm>
#include <chrono>
#include <cstdio>
#include <future>
#include <memory>
#include <string>
#include <vector>

#include "app/block_input.h"
#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/interrupt.h"
#include "app/outputs.h"
#include "app/place_flags.h"
#include "app/plugin_loader.h"
#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "netlist_io/sha256.h"
#include "placer/episodes.h"
#include "placer/legality.h"
#include "placer/macro_problem.h"
#include "placer/policy.h"

namespace tessera::app {
namespace {

using Clock = std::chrono::steady_clock;

struct PlaceFlags {
  BlockFlags block;
  CommonFlags common;
  EnvironmentFlags environment;
  std::vector<std::string> outputs;
  std::optional<std::string> policy;
  std::string mode = "free";
  std::string effort = "default";
  std::string cluster_placer = "circuit-training";
  std::optional<std::size_t> samples;
  std::optional<std::size_t> evals;
  std::optional<double> time_s;
};

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Episodes of each effort: about 10, 60 and 300 s on two cores for a block of 130 macros.
std::size_t episodes_of_effort(const std::string& effort) {
  if (effort == "zero-shot") {
    return 1;
  }
  if (effort == "fast") {
    return 256;
  }
  return effort == "default" ? 1536 : 7680;
}

std::size_t num_episodes(const PlaceFlags& flags) {
  constexpr std::size_t kUntilTimeIsUp = 1'000'000;
  if (flags.samples || flags.evals) {
    return std::min(flags.samples.value_or(kUntilTimeIsUp), flags.evals.value_or(kUntilTimeIsUp));
  }
  return flags.time_s ? kUntilTimeIsUp : episodes_of_effort(flags.effort);
}

/// Loads the policy's network on another thread while the netlist is read.
class PolicyLoader {
 public:
  explicit PolicyLoader(const std::optional<std::string>& policy) {
    if (policy != "none") {
      network_ = std::async(std::launch::async, [policy] {
        const gnn::Plugin& plugin = load_plugin();
        return plugin.load_network(policy ? *policy : bundled_checkpoint().string());
      });
    }
  }

  std::unique_ptr<placer::Policy> policy_for(const placer::MacroProblem& problem) {
    if (!network_.valid()) {
      return std::make_unique<placer::UniformPolicy>();
    }
    return network_.get()->policy_for(problem);
  }

 private:
  std::future<std::unique_ptr<gnn::LoadedNetwork>> network_;
};

/// Prints how far a run is, at most twice a second.
class Progress {
 public:
  Progress(const CommonFlags& flags, std::size_t total) : quiet_(flags.quiet), total_(total) {}

  void operator()(std::size_t done, double best_proxy) {
    if (quiet_ || (seconds_since(last_) < 0.5 && done < total_)) {
      return;
    }
    last_ = Clock::now();
    std::fprintf(stderr,
                 "%8.1f s  %6zu episodes  best proxy %.6f\n",
                 seconds_since(start_),
                 done,
                 best_proxy);
  }

 private:
  bool quiet_;
  std::size_t total_;
  Clock::time_point start_ = Clock::now();
  Clock::time_point last_ = {};
};

placer::EpisodesResult search(const placer::MacroProblem& problem,
                              const placer::Policy& policy,
                              const PlaceFlags& flags,
                              Clock::time_point start) {
  placer::EpisodesOptions options;
  options.count = num_episodes(flags);
  // Without preferences, the greedy choice is the lowest cell: a packing, not a random placement.
  options.first = flags.policy == "none" ? placer::Decoding::kSample : placer::Decoding::kGreedy;
  options.seed = flags.common.seed;
  options.threads = flags.common.num_threads();
  options.stop = [&flags, start] {
    return interrupted() || (flags.time_s && seconds_since(start) >= *flags.time_s);
  };
  Progress progress(flags.common, options.count);
  options.progress = [&progress](std::size_t done, double best) { progress(done, best); };
  return placer::run_episodes(problem, policy, options);
}

/// Proxy of the macros alone, so to speak: clusters where the policy saw them.
double proxy_before_clusters(const placer::MacroProblem& problem, netlist_io::Placement placement) {
  for (const netlist_io::NodeId node : problem.netlist().soft_macros()) {
    placement.x[node.index()] = problem.start().x[node.index()];
    placement.y[node.index()] = problem.start().y[node.index()];
  }
  return problem.proxy_cost().evaluate(placement).proxy;
}

/// Median proxy of five copies in which every movable macro is shifted by up to 0.1 % of a grid
/// cell on each axis: far from the placement's own, it would live off the grid lines.
double jittered_proxy(const placer::MacroProblem& problem,
                      const netlist_io::Placement& placement,
                      std::uint64_t seed) {
  constexpr int kCopies = 5;
  constexpr double kCellShare = 1e-3;
  const netlist_io::Canvas& canvas = problem.canvas();
  std::vector<double> proxies;
  for (std::uint64_t copy = 0; copy < kCopies; ++copy) {
    netlist_io::Rng rng = netlist_io::Rng::derive(seed, "jitter", copy);
    netlist_io::Placement moved = placement;
    for (std::size_t i = 0; i < moved.size(); ++i) {
      if (problem.start().fixed[i] == 0) {
        moved.x[i] += rng.uniform(-kCellShare, kCellShare) * canvas.cell_width();
        moved.y[i] += rng.uniform(-kCellShare, kCellShare) * canvas.cell_height();
      }
    }
    proxies.push_back(problem.proxy_cost().evaluate(moved).proxy);
  }
  std::sort(proxies.begin(), proxies.end());
  return proxies[kCopies / 2];
}

/// Path and SHA-256 of each file read.
nlohmann::ordered_json inputs_json(const Block& block) {
  nlohmann::ordered_json inputs = nlohmann::ordered_json::array();
  for (const std::string& path : block.input_paths) {
    inputs.push_back({{"path", path}, {"sha256", netlist_io::sha256_hex_of_file(path)}});
  }
  return inputs;
}

void print(const PlaceFlags& flags,
           const CostReport& report,
           const nlohmann::ordered_json& inputs,
           const placer::MacroProblem& problem,
           const placer::EpisodesResult& result) {
  nlohmann::ordered_json document = report.to_json();
  document["cost"]["proxy_jittered"] =
      jittered_proxy(problem, result.best.placement, flags.common.seed);
  document["policy"] = flags.policy.value_or("bundled");
  document["mode"] = flags.mode;
  document["episodes"] = result.proxies.size();
  document["best_episode"] = result.best.index;
  document["inputs"] = inputs;
  std::fputs((document.dump(2) + "\n").c_str(), stdout);
}

int run(const PlaceFlags& flags) {
  const Clock::time_point start = Clock::now();
  check_output_names(flags.outputs);
  catch_interrupts();
  PolicyLoader loader(flags.policy);
  const std::unique_ptr<const Block> block = read_block(flags.block, DefaultGrid::kSelected);
  const placer::MacroProblem problem(block->netlist,
                                     block->canvas,
                                     flags.environment.apply_fixes(*block),
                                     flags.environment.problem_options(block->cost));
  const std::unique_ptr<placer::Policy> policy = loader.policy_for(problem);
  const Clock::time_point policy_start = Clock::now();
  const placer::EpisodesResult result = search(problem, *policy, flags, start);

  CostReport report;
  report.command = "place";
  report.block = block.get();
  report.cost = result.best.cost;
  report.legality =
      placer::check_legality(block->netlist, block->canvas, result.best.placement, problem.start());
  report.seed = flags.common.seed;
  report.threads = flags.common.num_threads();
  report.policy_s = seconds_since(policy_start);
  report.stages = {{"policy", proxy_before_clusters(problem, result.best.placement)},
                   {"force-directed", result.best.cost.proxy}};
  report.outputs = flags.outputs;
  // An output may take the place of an input.
  const nlohmann::ordered_json inputs =
      flags.common.json ? inputs_json(*block) : nlohmann::ordered_json();
  write_outputs(flags.outputs, *block, result.best.placement);
  report.total_s = seconds_since(start);
  if (flags.common.json) {
    print(flags, report, inputs, problem, result);
  } else {
    std::fputs(report.to_text().c_str(), stdout);
  }
  if (!report.legality.legal()) {
    std::fprintf(stderr,
                 "tessera: the placement is not legal: fixed macros of the input overlap "
                 "or leave the canvas\n");
    return kInfeasible;
  }
  return interrupted() ? kInterrupted : kDone;
}

}  // namespace

void add_place_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "place", "Places the hard macros with a policy and the clusters with a solver");
  const auto flags = std::make_shared<PlaceFlags>();
  flags->block.add_to(*command);
  flags->common.add_to(*command);
  flags->environment.add_to(*command);
  command->add_option("-o,--output", flags->outputs, "result: .plc, .pb.txt (also .gz), .svg")
      ->required()
      ->type_name("FILE")
      ->take_all()
      ->allow_extra_args(false);  // one FILE a flag, so that NETLIST may follow
  command
      ->add_option("--policy",
                   flags->policy,
                   "checkpoint, or none for random legal placements (default: the bundled one)")
      ->type_name("FILE|none");
  command
      ->add_option("--mode", flags->mode, "grid: macros at grid-cell centres; free: anywhere legal")
      ->check(CLI::IsMember({"grid", "free"}))
      ->capture_default_str();
  command->add_option("--effort", flags->effort, "how much work to spend")
      ->check(CLI::IsMember({"zero-shot", "fast", "default", "best"}))
      ->capture_default_str();
  command
      ->add_option("--samples",
                   flags->samples,
                   "episodes, the best counts; the first is greedy, the others are sampled")
      ->check(CLI::Range(1, 1000000))
      ->type_name("N");
  command->add_option("--evals", flags->evals, "most evaluations of the cost")
      ->check(CLI::Range(1, 1000000))
      ->type_name("N");
  command->add_option("--time", flags->time_s, "stop after this many seconds")
      ->check(CLI::PositiveNumber)
      ->type_name("SECONDS");
  command->add_option("--cluster-placer", flags->cluster_placer, "solver for the soft macros")
      ->check(CLI::IsMember({"circuit-training"}))
      ->capture_default_str();
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
