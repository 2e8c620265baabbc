#include "placer/optimizer.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <numeric>
#include <string>
#include <vector>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "placer/search_state.h"

namespace tessera::placer {

using netlist_io::OptionError;
using netlist_io::Placement;
using netlist_io::Rng;

namespace {

constexpr std::uint64_t kRounds = 200;  ///< at least; rounds are also bounded in moves
constexpr std::uint64_t kMovesPerRound = 20'000;
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
      if (i < starts.size()) {
        note_best(start);
      }
    }
  }

  /// Lets every chain do `moves` moves while the temperature falls.
  void run(std::uint64_t moves, double from, double to) {
    const auto count = static_cast<std::ptrdiff_t>(chains_.size());
#pragma omp parallel for schedule(dynamic) num_threads(options_.threads)
    for (std::ptrdiff_t i = 0; i < count; ++i) {
      chains_[static_cast<std::size_t>(i)].run(moves, from, to);
    }
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

  double current_proxy() const {
    return chains_[ranking().front()].state().proxy();
  }
  const SearchState& best() const {
    return *best_;
  }
  const std::vector<AnnealingChain>& chains() const {
    return chains_;
  }

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

double temperature_at(const OptimizerOptions& options, double fraction) {
  return options.start_temperature *
         std::pow(options.end_temperature / options.start_temperature, fraction);
}

void require(bool condition, const std::string& message) {
  if (!condition) {
    throw OptionError(message);
  }
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
  Population population(problem, starts, options);
  const std::uint64_t per_chain = options.evals / options.chains;
  const std::uint64_t rounds = std::clamp<std::uint64_t>(
      per_chain / kMovesPerRound, 1, std::max(kRounds, per_chain / 100'000));
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
    constexpr std::uint64_t kDescentMoves = 60'000;
    population.run(kDescentMoves, options.end_temperature, options.end_temperature);
    result.evals += kDescentMoves * options.chains;
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

double measure_evals_per_second(const SearchProblem& problem, const Placement& start, int threads) {
  constexpr std::uint64_t kMoves = 15'000;
  const std::vector<Placement> starts = {start};
  OptimizerOptions options;
  options.threads = threads;
  options.chains = static_cast<std::size_t>(threads);
  Population population(problem, starts, options);
  population.run(kMoves / 3, options.start_temperature, options.start_temperature);
  const auto begin = std::chrono::steady_clock::now();
  population.run(kMoves, 0.1 * options.start_temperature, 0.1 * options.start_temperature);
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  return static_cast<double>(kMoves) / std::max(1e-6, elapsed.count());
}

double nominal_evals_per_second(const SearchProblem& problem) {
  // Fitted on the public clustered blocks: a move takes a constant and a time for each net of the
  // node that it moves.
  constexpr double kSecondsPerMove = 1.5e-6;
  constexpr double kSecondsPerNet = 1.0e-7;
  double nets = 0.0;
  std::size_t nodes = 0;
  for (const auto movable : {problem.movable_soft(), problem.movable_hard()}) {
    for (const netlist_io::NodeId node : movable) {
      nets += static_cast<double>(problem.model().nets_of(node.index()).size());
      ++nodes;
    }
  }
  const double nets_per_node = nodes > 0 ? nets / static_cast<double>(nodes) : 0.0;
  return 1.0 / (kSecondsPerMove + kSecondsPerNet * nets_per_node);
}

}  // namespace tessera::placer
