#include "placer/optimizer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "placer/parallel_for.h"
#include "placer/search_state.h"

namespace tessera::placer {

using netlist_io::OptionError;
using netlist_io::Placement;
using netlist_io::Rng;

namespace {

constexpr std::uint64_t kUsualRounds = 200;
constexpr std::uint64_t kLeastMovesPerRound = 20'000;
constexpr std::uint64_t kMostMovesPerRound = 50'000;
constexpr std::uint64_t kSelections = 10;  ///< times that the winners go on

/// The chains of one search and the best placement among them.
class Population {
 public:
  Population(const SearchProblem& problem,
             std::span<const Placement> starts,
             const OptimizerOptions& options)
      : options_(options) {
    for (std::size_t i = 0; i < options.chains; ++i) {
      const SearchState start(problem, starts[i % starts.size()]);
      chains_.emplace_back(start, Rng::derive(options.seed, "annealing", i));
      note_best(start);
    }
    for (std::size_t i = options.chains; i < starts.size(); ++i) {
      note_best(SearchState(problem, starts[i]));
    }
  }

  /// Lets every chain do `moves` moves while the temperature falls.
  void run(std::uint64_t moves, double from, double to) {
    parallel_for(
        chains_.size(), options_.threads, [&](std::size_t i) { chains_[i].run(moves, from, to); });
    for (const AnnealingChain& chain : chains_) {
      note_best(chain.state());
    }
  }

  /// Indices of the chains, the one with the least proxy first.
  std::vector<std::size_t> ranking() const {
    std::vector<std::size_t> order(chains_.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [this](std::size_t a, std::size_t b) {
      return chains_[a].state().proxy() < chains_[b].state().proxy();
    });
    return order;
  }

  /// Replaces the worse half of the chains by copies of the better half.
  void select() {
    const std::vector<std::size_t> order = ranking();
    const std::size_t winners = (chains_.size() + 1) / 2;
    for (std::size_t i = winners; i < order.size(); ++i) {
      chains_[order[i]].set_state(chains_[order[i - winners]].state());
    }
  }

  double current_proxy() const { return chains_[ranking().front()].state().proxy(); }
  const SearchState& best() const { return *best_; }
  const std::vector<AnnealingChain>& chains() const { return chains_; }

 private:
  void note_best(const SearchState& state) {
    if (!best_ || state.proxy() < best_->proxy()) {
      best_ = state;
    }
  }

  const OptimizerOptions& options_;
  std::vector<AnnealingChain> chains_;
  std::optional<SearchState> best_;
};

double seconds_since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
}

double temperature_at(const OptimizerOptions& options, double fraction) {
  return options.start_temperature *
         std::pow(options.end_temperature / options.start_temperature, fraction);
}

void require(bool condition, const std::string& message) {
  if (!condition) {
    throw OptionError(message);
  }
}

/// The result where nothing can move.
OptimizerResult unchanged(const SearchProblem& problem,
                          const Placement& start,
                          const OptimizerOptions& options) {
  OptimizerResult result;
  result.placement = start;
  result.finalists = {start};
  result.evals = options.evals;
  result.cost =
      cost::ProxyCost(problem.netlist(), problem.canvas(), problem.options().cost).evaluate(start);
  return result;
}

}  // namespace

void OptimizerOptions::validate() const {
  require(chains >= 1, "the number of chains is " + std::to_string(chains) + ", expected >= 1");
  require(threads >= 1, "the number of threads is " + std::to_string(threads) + ", expected >= 1");
  require(end_temperature > 0.0 && start_temperature >= end_temperature &&
              std::isfinite(start_temperature),
          "temperatures fall from " + std::to_string(start_temperature) + " to " +
              std::to_string(end_temperature) + ", expected start >= end > 0");
}

OptimizerResult optimize_placement(const SearchProblem& problem,
                                   std::span<const Placement> starts,
                                   const OptimizerOptions& options) {
  options.validate();
  require(!starts.empty(), "a search needs a placement to start from");
  if (problem.nothing_moves()) {
    return unchanged(problem, starts.front(), options);
  }
  Population population(problem, starts, options);
  const std::uint64_t per_chain = options.evals / options.chains;
  const std::uint64_t rounds = std::max({std::uint64_t{1},
                                         std::min(kUsualRounds, per_chain / kLeastMovesPerRound),
                                         per_chain / kMostMovesPerRound});
  OptimizerResult result;
  for (std::uint64_t round = 0; round < rounds && !result.stopped; ++round) {
    const std::uint64_t done = per_chain * round / rounds;
    const std::uint64_t next = per_chain * (round + 1) / rounds;
    const auto fraction = [&](std::uint64_t r) {
      return static_cast<double>(r) / static_cast<double>(rounds);
    };
    population.run(next - done,
                   temperature_at(options, fraction(round)),
                   temperature_at(options, fraction(round + 1)));
    result.evals = next * options.chains;
    const bool selection = (round + 1) * kSelections / rounds != round * kSelections / rounds;
    if (selection && round + 1 < rounds) {
      population.select();
    }
    if (options.progress) {
      options.progress({result.evals,
                        per_chain * options.chains,
                        population.best().proxy(),
                        population.current_proxy()});
    }
    result.stopped = round + 1 < rounds && options.stop && options.stop();
  }
  if (result.stopped) {
    // Hot chains are worse than what a moment of descent makes of them.
    constexpr double kDescent_s = 0.5;
    constexpr std::uint64_t kDescentMoves = 2'000;
    const auto begin = std::chrono::steady_clock::now();
    while (seconds_since(begin) < kDescent_s) {
      population.run(kDescentMoves, options.end_temperature, options.end_temperature);
      result.evals += kDescentMoves * options.chains;
    }
  }
  for (const AnnealingChain& chain : population.chains()) {
    for (std::size_t kind = 0; kind < kNumProposals; ++kind) {
      result.stats[kind] += chain.stats()[kind];
    }
  }
  for (const std::size_t chain : population.ranking()) {
    result.finalists.push_back(starts.front());
    population.chains()[chain].state().write_to(result.finalists.back());
  }
  result.placement = starts.front();
  population.best().write_to(result.placement);
  result.cost = cost::ProxyCost(problem.netlist(), problem.canvas(), problem.options().cost)
                    .evaluate(result.placement);
  return result;
}

double measure_evals_per_second(const SearchProblem& problem,
                                const Placement& start,
                                int threads,
                                double most_s) {
  if (problem.nothing_moves()) {
    return nominal_evals_per_second(problem);
  }
  constexpr std::uint64_t kMoves = 1'000;
  const std::vector<Placement> starts = {start};
  OptimizerOptions options;
  options.threads = threads;
  options.chains = static_cast<std::size_t>(threads);
  Population population(problem, starts, options);
  // Reaches adapt first; then a temperature from the middle of a schedule.
  const double temperature = 0.03 * options.start_temperature;
  const double phase_s = std::min(0.12, 0.5 * most_s);
  for (const auto begin = std::chrono::steady_clock::now(); seconds_since(begin) < phase_s;) {
    population.run(kMoves, temperature, temperature);
  }
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t moves = 0;
  do {
    population.run(kMoves, temperature, temperature);
    moves += kMoves;
  } while (seconds_since(begin) < phase_s);
  return static_cast<double>(moves) / std::max(1e-6, seconds_since(begin));
}

double nominal_evals_per_second(const SearchProblem& problem) {
  // Fitted to within a sixth on the public clustered blocks and synthetic ones of 90 to 3,700
  // nodes: a move takes a constant, a time for each net of its node, the pass over the most
  // congested cells, and more misses of the cache the larger the block is.
  constexpr double kConstant_us = 2.6;
  constexpr double kPerNet_us = 0.05;
  constexpr double kPerCell_us = 0.0022;
  constexpr double kPerNode_us = 0.0016;
  constexpr double kMostMisses_us = 12.0;
  double nets = 0.0;
  double nodes = 0.0;
  for (const auto movable : {problem.movable_soft(), problem.movable_hard()}) {
    for (const netlist_io::NodeId node : movable) {
      nets += static_cast<double>(problem.model().nets_of(node.index()).size());
    }
    nodes += static_cast<double>(movable.size());
  }
  const auto cells = static_cast<double>(problem.canvas().grid.num_cells());
  return 1e6 / (kConstant_us + kPerNet_us * nets / std::max(1.0, nodes) + kPerCell_us * cells +
                std::min(kMostMisses_us, kPerNode_us * nodes));
}

}  // namespace tessera::placer
