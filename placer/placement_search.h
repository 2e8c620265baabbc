#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/optimizer.h"
#include "placer/search_problem.h"

namespace tessera::placer {

/// How long to search.
struct SearchBudget {
  /// Moves to evaluate, all chains together: the same result on every machine.
  std::uint64_t evals = 0;
  /// If given, `evals` is chosen to last about this long, from when the search is called.
  std::optional<double> time_s;
};

struct PlacementSearchOptions {
  SearchOptions search;
  SearchBudget budget;
  std::uint64_t seed = 1;
  std::size_t chains = 2;
  int threads = 1;  ///< the result does not depend on it
  /// In units of the proxy; none: hotter the more moves there are for each node.
  std::optional<double> start_temperature;
  /// Mixed-size analytic placements to make as further starts.
  std::size_t analytic_starts = 0;
  /// Asked now and then, from any thread; true ends the search with the best so far.
  std::function<bool()> stop;
  std::function<void(const OptimizerProgress&)> progress;
};

/// Proxy at the end of a stage.
struct SearchStage {
  std::string name;
  double proxy = 0.0;
  netlist_io::Placement placement;  ///< the best so far
};

struct PlacementSearchResult {
  netlist_io::Placement placement;
  cost::CostBreakdown cost;
  /// The work quota that gives the same result again, unless `stopped`.
  std::uint64_t evals = 0;
  bool stopped = false;  ///< before the quota was used up
  /// Whether some of the starts given was not legal, spacing and class included.
  bool legalized = false;
  std::vector<SearchStage> stages;
};

/// The search of `tessera place` and `tessera refine`: makes the starts legal, adds analytic ones,
/// and improves the best of them.
///
/// In the free class, the exact proxy decides on every move, and the result is never worse than a
/// legal start. In the grid class, hard macros stand at grid-cell centres and the clusters of the
/// result, as of the candidates it is chosen from, are placed by `GradientPlacer`, which sees
/// nothing but the hard macros and the netlist; moves of clusters under the exact proxy only serve
/// to find places for the hard macros and are then forgotten.
///
/// `starts`: complete placements, legal or not; may be empty if analytic starts are asked for.
/// `fixed`: where fixed nodes and ports are; the starts must have the same flags.
/// Throws `netlist_io::InfeasibleError` if no legal placement was found and
/// `netlist_io::OptionError` for bad options.
PlacementSearchResult search_placement(const netlist_io::Netlist& netlist,
                                       const netlist_io::Canvas& canvas,
                                       std::span<const netlist_io::Placement> starts,
                                       const netlist_io::Placement& fixed,
                                       const PlacementSearchOptions& options);

/// Moves for `seconds` on `threads` cores of 2.8 GHz: the quota of an effort, the same on every
/// machine.
std::uint64_t nominal_evals(const netlist_io::Netlist& netlist,
                            const netlist_io::Canvas& canvas,
                            const netlist_io::Placement& fixed,
                            const SearchOptions& options,
                            double seconds,
                            int threads);

}  // namespace tessera::placer
