#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "cost/cost_options.h"
#include "netlist_io/placement.h"
#include "placer/decoding.h"
#include "placer/macro_problem.h"
#include "placer/policy.h"

namespace tessera::placer {

/// A finished episode.
struct Episode {
  std::size_t index = 0;
  netlist_io::Placement placement;
  cost::CostBreakdown cost;
};

struct EpisodesOptions {
  /// How many to run.
  std::size_t count = 1;
  /// How the first is decoded.
  Decoding first = Decoding::kGreedy;
  /// Policies that play one greedy episode each after the first, for example the same network that
  /// sees the block from other sides. All further episodes are samples.
  std::vector<const Policy*> views;
  std::uint64_t seed = 1;
  /// How many threads share the work; the result does not depend on it.
  int threads = 1;
  /// Asked between the steps of groups of episodes, from any thread; true ends the run early,
  /// without the episodes then under way and those after them: the result is that of a run of fewer
  /// episodes. The first one is always finished.
  std::function<bool()> stop;
  /// Told, one call at a time, as groups finish: episodes done so far and the best proxy.
  std::function<void(std::size_t done, double best_proxy)> progress;
};

struct EpisodesResult {
  Episode best;                 ///< of least proxy; ties go to the lower index
  std::vector<double> proxies;  ///< of the episodes done, by index
};

/// Runs episodes of one problem with a policy, several in parallel. Those of a policy that is not
/// `independent` go in lock step by groups, with one evaluation of the policy for all of a group,
/// but for those of the views. Each episode draws from a random
/// stream of its own.
EpisodesResult run_episodes(const MacroProblem& problem,
                            const Policy& policy,
                            const EpisodesOptions& options);

}  // namespace tessera::placer
