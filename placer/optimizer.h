#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <vector>

#include "cost/cost_options.h"
#include "netlist_io/placement.h"
#include "placer/annealing.h"
#include "placer/move_proposals.h"
#include "placer/search_problem.h"

namespace tessera::placer {

struct OptimizerProgress {
  std::uint64_t evals_done = 0;
  std::uint64_t evals_total = 0;
  double best_proxy = 0.0;     ///< of the placements that could be returned now
  double current_proxy = 0.0;  ///< of the best chain, which is worse than the start while hot
};

struct OptimizerOptions {
  /// Moves to evaluate, all chains together. The result depends on it, on the seed, on the number
  /// of chains and on nothing else.
  std::uint64_t evals = 1'000'000;
  std::uint64_t seed = 1;
  std::size_t chains = 2;
  /// How many threads share the chains; the result does not depend on it.
  int threads = 1;
  double start_temperature = 3e-4;  ///< in units of the proxy
  double end_temperature = 1e-6;
  /// Asked between rounds of up to 50,000 moves a chain; true ends the search early, after half a
  /// second of descent from where the chains stand.
  std::function<bool()> stop;
  /// Told of every finished round, from the calling thread.
  std::function<void(const OptimizerProgress&)> progress;

  /// Throws `netlist_io::OptionError` naming the option, its value and its range.
  void validate() const;
};

struct OptimizerResult {
  netlist_io::Placement placement;  ///< the best found, never worse than the best start
  cost::CostBreakdown cost;         ///< of it, evaluated in full
  /// Where the chains ended, best first.
  std::vector<netlist_io::Placement> finalists;
  std::uint64_t evals = 0;
  bool stopped = false;
  std::array<ProposalStats, kNumProposals> stats{};
};

/// Improves legal placements by simulated annealing on the exact proxy: several chains, the worse
/// half replaced by copies of the better half a few times on the way ("go with the winners", Aldous
/// and Vazirani, FOCS 1994).
///
/// Chain i starts from `starts[i % starts.size()]`, snapped to where the class lets hard macros
/// stand. Does `evals` rounded down to a multiple of `chains`. Throws `std::invalid_argument` if a
/// start is not legal.
OptimizerResult optimize_placement(const SearchProblem& problem,
                                   std::span<const netlist_io::Placement> starts,
                                   const OptimizerOptions& options);

/// Moves per second and thread that a search of this problem makes, measured on throw-away moves
/// from `start` while `threads` threads run, for about a quarter of a second or `most_s`, whichever
/// is less.
double measure_evals_per_second(const SearchProblem& problem,
                                const netlist_io::Placement& start,
                                int threads,
                                double most_s);

/// The same by a formula from the netlist alone, for a core of 2.8 GHz: the same on every machine.
double nominal_evals_per_second(const SearchProblem& problem);

}  // namespace tessera::placer
