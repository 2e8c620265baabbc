#include "app/selftest/self_checks.h"

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <memory>
#include <span>
#include <stdexcept>
#include <utility>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/place_flags.h"
#include "app/plugin_loader.h"
#include "cost/delta_map.h"
#include "cost/incremental_cost.h"
#include "cost/incremental_model.h"
#include "cost/proxy_cost.h"
#include "gnn/edge_kernels.h"
#include "gnn/layer_kernel.h"
#include "netlist_io/file.h"
#include "netlist_io/flat_generator.h"
#include "netlist_io/generator.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"
#include "netlist_io/sha256.h"
#include "placer/corpus_block.h"
#include "placer/episodes.h"
#include "placer/flat/flat_placer.h"
#include "placer/flat/row_legalizer.h"
#include "placer/legality.h"
#include "placer/macro_env.h"
#include "placer/macro_problem.h"
#include "placer/placement_search.h"

namespace tessera::app {
namespace {

using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rng;

// What this version computes. Costs are sums in double precision and agree on all machines to many
// digits; the network computes in single precision and its choices between places of nearly equal
// score may differ.
constexpr double kGeneratedProxy = 1.0561324845174518;
constexpr double kExactTolerance = 1e-9;
constexpr const char* kBundledSha256 =
    "c08d5b58a1586b9d43ee261344a9fb053b2dc6e67e04cd97384eea657550ed11";
constexpr double kNetworkProxy = 0.749233;
constexpr double kNetworkTolerance = 0.02;

/// A check finds something wrong: `what()` says what.
class CheckError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// What a check needs is not there.
class Skipped : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

template <typename... Values>
std::string text(const char* format, Values... values) {
  std::array<char, 256> buffer;
  std::snprintf(buffer.data(), buffer.size(), format, values...);
  return buffer.data();
}

void expect(bool condition, const std::string& otherwise) {
  if (!condition) {
    throw CheckError(otherwise);
  }
}

/// |found - expected| as a part of the larger of |expected| and `least`.
double relative_error(double found, double expected, double least = 1e-12) {
  return std::abs(found - expected) / std::max(std::abs(expected), least);
}

placer::CorpusBlock make_block() {
  netlist_io::GeneratorOptions options =
      netlist_io::generator_recipe(netlist_io::GeneratorRecipe::kBalanced);
  options.seed = 7;
  options.ports = 80;
  options.macros.count = 24;
  options.clusters.count = 120;
  netlist_io::GeneratedBlock made = netlist_io::generate_block(options);
  placer::CorpusBlock block;
  block.name = "selftest";
  block.netlist = std::move(made.netlist);
  block.canvas = std::move(made.canvas);
  block.placement = std::move(made.placement);
  return block;
}

class SelfChecks {
 public:
  explicit SelfChecks(int threads) : threads_(std::max(2, threads)), block_(make_block()) {}

  std::string costs() const {
    const double proxy = proxy_of(block_.placement);
    const double error = relative_error(proxy, kGeneratedProxy);
    expect(
        error <= kExactTolerance,
        text("the proxy of the generated block is %.17g, expected %.17g", proxy, kGeneratedProxy));
    return text("proxy %.12f, off by %.1e", proxy, error);
  }

  std::string files() const {
    const TemporaryFolder folder;
    const std::string netlist_text = netlist_io::format_netlist(block_.netlist);
    const std::string netlist_path = folder.path("netlist.pb.txt.gz");
    netlist_io::write_netlist(block_.netlist, netlist_path);
    const netlist_io::NetlistFile read = netlist_io::read_netlist({&netlist_path, 1});
    expect(netlist_io::format_netlist(read.netlist) == netlist_text,
           "a netlist written and read is another one");

    const std::string plc_text = netlist_io::format_plc(block_.netlist, {}, block_.placement);
    const std::string plc_path = folder.path("placement.plc");
    netlist_io::write_file_atomic(plc_path, plc_text);
    const netlist_io::PlcFile plc = netlist_io::read_plc(plc_path, read.netlist);
    expect(netlist_io::format_plc(read.netlist, plc.header, plc.placement) == plc_text,
           "a placement written and read is another one");
    return text("netlist of %zu bytes and placement of %zu come back as they were",
                netlist_text.size(),
                plc_text.size());
  }

  std::string incremental_cost() const {
    constexpr int kMoves = 3000;
    constexpr int kMovesBetweenChecks = 100;
    const cost::IncrementalModel model(block_.netlist, block_.canvas, block_.cost);
    cost::IncrementalCost cost(model, block_.placement);
    const std::vector<NodeId> movable = movable_macros();
    Rng rng = Rng::derive(1, "selftest.moves");
    Placement placement = block_.placement;
    double worst = 0.0;
    for (int i = 1; i <= kMoves; ++i) {
      const NodeId node = movable[rng.below(movable.size())];
      const double x = rng.uniform(0.0, block_.canvas.width);
      const double y = rng.uniform(0.0, block_.canvas.height);
      cost.move(node, x, y);
      if (rng.below(2) == 0) {
        cost.undo();
      } else {
        cost.keep();
        placement.x[node.index()] = x;
        placement.y[node.index()] = y;
      }
      if (i % kMovesBetweenChecks == 0) {
        worst = std::max(worst, relative_error(cost.proxy(), proxy_of(placement)));
      }
    }
    expect(worst <= kExactTolerance,
           text("after moves, the proxy is off by %.1e of itself, expected at most %.0e",
                worst,
                kExactTolerance));
    return text("%d moves, half of them taken back; off by %.1e", kMoves, worst);
  }

  std::string delta_maps() const {
    constexpr int kCellsAMacro = 40;
    const cost::IncrementalModel model(block_.netlist, block_.canvas, block_.cost);
    cost::IncrementalCost cost(model, block_.placement);
    cost::DeltaMapper mapper(model);
    Rng rng = Rng::derive(1, "selftest.cells");
    const cost::CostBreakdown before = cost.cost();
    double worst = 0.0;
    std::size_t cells = 0;
    for (const NodeId macro : block_.netlist.hard_macros()) {
      cost::DeltaMap map;
      mapper.compute(cost, macro, map);
      for (int i = 0; i < kCellsAMacro; ++i, ++cells) {
        const netlist_io::GridShape grid = block_.canvas.grid;
        const auto col = static_cast<int>(rng.below(static_cast<std::uint64_t>(grid.cols)));
        const auto row = static_cast<int>(rng.below(static_cast<std::uint64_t>(grid.rows)));
        const auto cell = static_cast<std::size_t>(col + row * grid.cols);
        cost.move(macro,
                  (col + 0.5) * block_.canvas.cell_width(),
                  (row + 0.5) * block_.canvas.cell_height());
        const cost::CostBreakdown after = cost.cost();
        cost.undo();
        worst = std::max({worst,
                          std::abs(map.wirelength[cell] - (after.wirelength - before.wirelength)),
                          std::abs(map.density[cell] - (after.density - before.density)),
                          map.congestion[cell] - (after.congestion - before.congestion)});
      }
    }
    constexpr double kTolerance = 1e-8;
    expect(worst <= kTolerance,
           text("off by %.1e from the cost of the move itself, expected at most %.0e",
                worst,
                kTolerance));
    return text("%zu cells; off by %.1e", cells, worst);
  }

  std::string layer_kernels() const {
    double worst = 0.0;
    std::size_t shapes = 0;
    for (const std::size_t inputs : {1, 12, 16, 33}) {
      for (const std::size_t outputs : {1, 16, 24, 48}) {
        worst = std::max(worst, layer_error(inputs, outputs));
        ++shapes;
      }
    }
    return single_precision(worst, text("%zu shapes of layers", shapes));
  }

  std::string edge_kernels() const {
    double worst = 0.0;
    for (const std::size_t width : {8, 16, 32}) {
      worst = std::max(worst, messages_error(width));
    }
    return single_precision(worst, "messages of 8, 16 and 32 channels");
  }

  std::string network() const {
    const std::string path = bundled_checkpoint().string();
    const std::string sha256 = netlist_io::sha256_hex_of_file(path);
    expect(sha256 == kBundledSha256,
           path + " has the SHA-256 " + sha256 + ", expected " + kBundledSha256);
    const std::unique_ptr<gnn::LoadedNetwork> network = load_network(path, "cpu");
    const std::unique_ptr<placer::MacroProblem> problem = problem_for(*network);
    const std::unique_ptr<placer::Policy> policy = network->policy_for(*problem);
    const placer::EpisodesResult once = placer::run_episodes(*problem, *policy, {});
    expect_legal(once.best.placement);
    placer::EpisodesOptions sampled;
    sampled.count = 6;
    const placer::EpisodesResult alone = placer::run_episodes(*problem, *policy, sampled);
    sampled.threads = threads_;
    const placer::EpisodesResult together = placer::run_episodes(*problem, *policy, sampled);
    expect(alone.proxies == together.proxies, "episodes depend on the number of threads");
    const double proxy = once.best.cost.proxy;
    expect(relative_error(proxy, kNetworkProxy) <= kNetworkTolerance,
           text("its greedy placement has the proxy %.6f, expected %.6f within %g %%",
                proxy,
                kNetworkProxy,
                100.0 * kNetworkTolerance));
    return text(
        "greedy placement legal, proxy %.6f, expected %.6f; 6 samples the same on 1 and %d threads",
        proxy,
        kNetworkProxy,
        threads_);
  }

  std::string network_with_torch() const {
    const gnn::Plugin* plugin = nullptr;
    try {
      plugin = &load_plugin();
    } catch (const PluginError& error) {
      throw Skipped(error.what());
    }
    const std::string path = bundled_checkpoint().string();
    const std::unique_ptr<gnn::LoadedNetwork> own = load_network(path, "cpu");
    const std::unique_ptr<gnn::LoadedNetwork> torch = plugin->load_network(path, "cpu");
    const std::unique_ptr<placer::MacroProblem> problem = problem_for(*own);
    const std::unique_ptr<placer::Policy> own_policy = own->policy_for(*problem);
    const std::unique_ptr<placer::Policy> torch_policy = torch->policy_for(*problem);
    placer::MacroEnv env(*problem);
    double worst = 0.0;
    std::size_t states = 0;
    for (; !env.done(); ++states) {
      const placer::MacroEnv* const seen[] = {&env};
      placer::PolicyOutput found;
      placer::PolicyOutput expected;
      own_policy->evaluate(seen, found);
      torch_policy->evaluate(seen, expected);
      expect(found.logits.size() == expected.logits.size(), "the policies score other cells");
      for (std::size_t i = 0; i < found.logits.size(); ++i) {
        worst =
            std::max(worst, static_cast<double>(std::abs(found.logits[i] - expected.logits[i])));
      }
      env.step(problem->packing()[states]);
      if (env.num_placed() == states) {
        break;  // refused: the episode goes another way, and enough has been seen
      }
    }
    // LibTorch's policy sees the canvas in half precision.
    constexpr double kTolerance = 0.1;
    expect(worst <= kTolerance,
           text("scores differ by %.2g from those of LibTorch, expected at most %g",
                worst,
                kTolerance));
    return text("%zu states; scores within %.1e of those of LibTorch", states, worst);
  }

  std::string search() const {
    placer::PlacementSearchOptions options;
    options.budget.evals = 20'000;
    options.chains = 4;
    options.analytic_starts = 2;
    const std::string first = searched(options);
    expect(searched(options) == first, "a second run gives another placement");
    options.threads = threads_;
    expect(searched(options) == first,
           text("%d threads give another placement than one", threads_));
    return text("20000 moves twice on 1 thread and once on %d: legal, the same bytes", threads_);
  }

  std::string flat_placer() const {
    netlist_io::FlatGeneratorOptions options;
    options.seed = 3;
    options.ports = 60;
    options.logic.cells = 3000;
    options.memories.count = 8;
    const netlist_io::GeneratedFlatBlock made = netlist_io::generate_flat_block(options);
    netlist_io::Canvas canvas;
    canvas.width = made.header.width.value();
    canvas.height = made.header.height.value();
    canvas.grid = {16, 16};
    const Placement start(made.netlist);
    placer::FlatPlacerOptions flat;
    flat.move_hard_macros = true;
    const placer::FlatPlacerResult one = placer::place_flat(made.netlist, canvas, start, flat);
    flat.threads = threads_;
    const placer::FlatPlacerResult many = placer::place_flat(made.netlist, canvas, start, flat);
    expect(one.placement.x == many.placement.x && one.placement.y == many.placement.y,
           text("%d threads give another placement than one", threads_));
    expect(one.overflow <= 2.0 * flat.stop_overflow,
           text("cells overlap: overflow %g", one.overflow));
    return text("%d cells and 8 macros in %d steps, HPWL %.0f um; the same on 1 and %d threads",
                options.logic.cells,
                one.iterations,
                one.hpwl_um,
                threads_);
  }

 private:
  /// A folder of its own among the temporary files, gone with the object.
  class TemporaryFolder {
   public:
    TemporaryFolder() {
      std::string name =
          (std::filesystem::temp_directory_path() / "tessera-selftest-XXXXXX").string();
      if (mkdtemp(name.data()) == nullptr) {
        throw CheckError("cannot make the folder " + name);
      }
      path_ = name;
    }
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    ~TemporaryFolder() {
      std::error_code ignored;
      std::filesystem::remove_all(path_, ignored);
    }

    std::string path(const char* file) const { return (path_ / file).string(); }

   private:
    std::filesystem::path path_;
  };

  double proxy_of(const Placement& placement) const {
    return cost::ProxyCost(block_.netlist, block_.canvas, block_.cost).evaluate(placement).proxy;
  }

  std::vector<NodeId> movable_macros() const {
    std::vector<NodeId> nodes(block_.netlist.hard_macros().begin(),
                              block_.netlist.hard_macros().end());
    nodes.insert(
        nodes.end(), block_.netlist.soft_macros().begin(), block_.netlist.soft_macros().end());
    return nodes;
  }

  void expect_legal(const Placement& placement) const {
    const placer::LegalityReport report =
        placer::check_legality(block_.netlist, block_.canvas, placement, block_.placement);
    expect(report.legal(),
           text("not legal: %zu overlaps, %zu macros outside the canvas, %zu fixed nodes moved",
                report.overlaps,
                report.outside,
                report.moved_fixed));
  }

  std::unique_ptr<placer::MacroProblem> problem_for(const gnn::LoadedNetwork& network) const {
    CLI::App flags;
    EnvironmentFlags environment;
    environment.add_for_corpus(flags);
    environment.follow(network.environment(), "the bundled checkpoint");
    return std::make_unique<placer::MacroProblem>(
        block_.netlist, block_.canvas, block_.placement, environment.problem_options(block_));
  }

  /// Legal, as text.
  std::string searched(const placer::PlacementSearchOptions& options) const {
    const placer::PlacementSearchResult result =
        placer::search_placement(block_.netlist, block_.canvas, {}, block_.placement, options);
    expect_legal(result.placement);
    return netlist_io::format_plc(block_.netlist, {}, result.placement);
  }

  static std::string single_precision(double worst, const std::string& what) {
    constexpr double kTolerance = 1e-5;
    expect(worst <= kTolerance,
           text("off by %.1e from plain loops, expected at most %.0e", worst, kTolerance));
    return text("%s; off by %.1e from plain loops", what.c_str(), worst);
  }

  static std::vector<float> random_values(Rng& rng, std::size_t count) {
    std::vector<float> values(count);
    for (float& value : values) {
      value = static_cast<float>(rng.uniform(-1.0, 1.0));
    }
    return values;
  }

  /// Largest error of `apply_layer`, as a part of the largest value.
  static double layer_error(std::size_t inputs, std::size_t outputs) {
    constexpr std::size_t kRows = 21;
    Rng rng = Rng::derive(1, "selftest.layers", 100 * inputs + outputs);
    const std::vector<float> matrix = random_values(rng, outputs * inputs);
    const std::vector<float> bias = random_values(rng, outputs);
    const std::vector<float> input = random_values(rng, (kRows + gnn::kLayerSlack) * inputs);
    const gnn::LayerWeights layer =
        gnn::LayerWeights::columns(matrix, bias, outputs, inputs, 0, inputs);
    std::vector<float> found(kRows * layer.stride());
    const std::ptrdiff_t offset = 0;
    gnn::apply_layer(layer, input.data(), {&offset, 1}, layer.bias(), kRows, found.data());
    double worst = 0.0;
    double largest = 0.0;
    for (std::size_t row = 0; row < kRows; ++row) {
      for (std::size_t out = 0; out < outputs; ++out) {
        double sum = bias[out];
        for (std::size_t in = 0; in < inputs; ++in) {
          sum += static_cast<double>(matrix[out * inputs + in]) * input[row * inputs + in];
        }
        worst = std::max(worst, std::abs(sum - found[row * layer.stride() + out]));
        largest = std::max(largest, std::abs(sum));
      }
    }
    return worst / largest;
  }

  /// Largest error of the messages of a random graph and of their statistics, as a part of the
  /// largest message.
  static double messages_error(std::size_t width) {
    constexpr std::size_t kVertices = 60;
    constexpr std::size_t kEdges = 400;
    Rng rng = Rng::derive(1, "selftest.edges", width);
    std::vector<gnn::EdgeList::Edge> edges(kEdges);
    for (gnn::EdgeList::Edge& edge : edges) {
      edge.a = static_cast<std::uint32_t>(rng.below(kVertices));
      edge.b = static_cast<std::uint32_t>(rng.below(kVertices));
      edge.weight = static_cast<float>(rng.uniform());
    }
    std::sort(edges.begin(), edges.end(), [](const auto& left, const auto& right) {
      return left.a < right.a;
    });
    const gnn::EdgeList graph(kVertices, edges);
    const std::vector<float> first = random_values(rng, kVertices * width);
    const std::vector<float> second = random_values(rng, kVertices * width);
    const std::vector<float> slope = random_values(rng, width);
    std::vector<float> nodes(kVertices * width);
    std::vector<float> pools(gnn::kNumEdgePools * width);
    std::vector<std::int32_t> argument(2 * width);
    gnn::edge_kernels(static_cast<std::int64_t>(width))
        .forward({first.data(), second.data(), slope.data(), &graph},
                 {nodes.data(), pools.data(), argument.data()});

    double worst = 0.0;
    for (std::size_t d = 0; d < width; ++d) {
      std::vector<double> sums(kVertices, 0.0);
      double mean = 0.0;
      double squares = 0.0;
      double max = 0.0;
      double min = 1e30;
      for (const gnn::EdgeList::Edge& edge : edges) {
        const std::size_t a = edge.a * width + d;
        const std::size_t b = edge.b * width + d;
        const double weighted = static_cast<double>(edge.weight) * slope[d];
        const double forth = static_cast<double>(first[a]) + second[b] + weighted;
        const double back = static_cast<double>(first[b]) + second[a] + weighted;
        const double message = 0.5 * (std::max(forth, 0.0) + std::max(back, 0.0));
        sums[edge.a] += message;
        sums[edge.b] += message;
        mean += message / kEdges;
        squares += message * message / kEdges;
        max = std::max(max, message);
        min = std::min(min, message);
      }
      const auto compare = [&worst, max](double found, double expected) {
        worst = std::max(worst, std::abs(found - expected) / std::max(max, 1.0));
      };
      for (std::size_t v = 0; v < kVertices; ++v) {
        compare(nodes[v * width + d], sums[v] * graph.inverse_degree()[v]);
      }
      compare(pools[gnn::kMeanPool * width + d], mean);
      compare(pools[gnn::kVariancePool * width + d], squares - mean * mean);
      compare(pools[gnn::kMaxPool * width + d], max);
      compare(pools[gnn::kMinPool * width + d], min);
    }
    return worst;
  }

  int threads_;
  placer::CorpusBlock block_;
};

template <typename Check>
CheckResult run_check(const char* name, const Check& check) {
  CheckResult result;
  result.name = name;
  const auto start = std::chrono::steady_clock::now();
  try {
    result.detail = check();
  } catch (const Skipped& reason) {
    result.outcome = CheckOutcome::kSkipped;
    result.detail = reason.what();
  } catch (const std::exception& error) {
    result.outcome = CheckOutcome::kFailed;
    result.detail = error.what();
  }
  result.time_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

}  // namespace

const char* to_string(CheckOutcome outcome) {
  switch (outcome) {
    case CheckOutcome::kPassed:
      return "ok";
    case CheckOutcome::kFailed:
      return "FAILED";
    case CheckOutcome::kSkipped:
      return "skipped";
  }
  return "";
}

std::vector<CheckResult> run_self_checks(int threads,
                                         const std::function<void(const CheckResult&)>& done) {
  const SelfChecks checks(threads);
  std::vector<CheckResult> results;
  const auto run = [&](const char* name, std::string (SelfChecks::*check)() const) {
    results.push_back(run_check(name, [&] { return (checks.*check)(); }));
    done(results.back());
  };
  run("costs", &SelfChecks::costs);
  run("files", &SelfChecks::files);
  run("incremental cost", &SelfChecks::incremental_cost);
  run("delta maps", &SelfChecks::delta_maps);
  run("layer kernels", &SelfChecks::layer_kernels);
  run("edge kernels", &SelfChecks::edge_kernels);
  run("bundled network", &SelfChecks::network);
  run("LibTorch", &SelfChecks::network_with_torch);
  run("search", &SelfChecks::search);
  run("flat placer", &SelfChecks::flat_placer);
  return results;
}

}  // namespace tessera::app
