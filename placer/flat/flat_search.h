#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "cost/edge_use.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/flat/flat_placer.h"
#include "placer/macro_spacing.h"

namespace tessera::placer {

/// A placement of the hard macros of a flat netlist, to be judged. Standard cells do not count.
struct FlatCandidate {
  std::string name;  ///< says where it comes from
  netlist_io::Placement placement;
};

/// What became of a candidate.
struct FlatTrial {
  std::string name;
  bool legal = false;     ///< if not, macros or cells have no legal place, and nothing else counts
  std::string problem;    ///< why not
  bool judged = false;    ///< if not, the search was stopped first; the lengths do not count
  double hpwl_um = 0.0;   ///< of the flat netlist, cells placed around the macros; see `place_flat`
  double overflow = 0.0;  ///< see `place_flat`
  double edge_use = 0.0;  ///< see `cost::AverageCongestion::mean`; 0 without tracks
  /// What decides: the wirelength, scaled up for routing edges in heavy use.
  double scaled_hpwl_um = 0.0;
};

struct FlatSearchOptions {
  /// How candidates are judged: each by one flat placement with these options, its hard macros
  /// held.
  FlatPlacerOptions judge;
  /// Routing tracks of the technology, if they are known.
  std::optional<cost::RoutingTracks> tracks;
  /// What the mean use of the most used edges adds to the wirelength, as a part of it: where that
  /// use is 0.5, a hundredth of it is worth 1.3 % of wire. Shorter wires around macros packed
  /// together need more of the few edges between these, and users find that out only when they
  /// route.
  double edge_use_weight = 4.0;
  /// The use from which on the wirelength counts for 3 % more for each hundredth, as in the DAC
  /// 2012 contest, which starts at 1. Ours is an estimate before detailed routing, and pins need
  /// tracks, too.
  double usual_edge_use = 0.7;
  /// Placements to try: rounds of up to `kFlatBatch` new ones of macros and cells together and
  /// about three times as many variations of the best of the round; of a long search, the last
  /// quarter improves the best of all.
  std::size_t trials = 6;
  /// Makes the hard macros of a placement of the flat netlist legal, with the keep-outs given
  /// (empty or one a node, see `MacroSpacing::own_halos`) beside those of the rules; throws
  /// `netlist_io::InfeasibleError` if it cannot. Called from several threads.
  std::function<netlist_io::Placement(const netlist_io::Placement&, const std::vector<Halo>&)>
      legalize;
  std::uint64_t seed = 1;
  int threads = 1;  ///< >= 1; changes no result
  /// Asked now and then, from any thread; true ends the search with the best so far.
  std::function<bool()> stop;
  /// The part of a time limit that is used, from 0 to 1, where one ends the search and not
  /// `trials`; so that a long search knows when to improve the best of all. May be empty.
  std::function<double()> time_used;
  std::function<void(const FlatTrial&)> progress;  ///< called from one thread at a time
};

/// Placements that do not know of each other's results.
inline constexpr std::size_t kFlatBatch = 4;

struct FlatSearchResult {
  netlist_io::Placement placement;  ///< hard macros legal, cells where the judge put them
  FlatTrial winner;                 ///< judged unless the search was stopped before
  std::vector<FlatTrial> trials;    ///< in a fixed order, the winner among them
  bool stopped = false;
};

/// Looks for the hard macros that give a flat netlist the least wirelength, as far as its wires can
/// be routed. Judges the candidates given by placing all cells around them. Then makes placements
/// of its own, in rounds: first mixed-size ones, macros and cells together, with various densities
/// and spacings (after the first round with the orientations of the best so far); then variations
/// of the best of the round, placed again from its positions on, some with more room where routing
/// edges are in heavy use (`room_for_routing`), and others whose macros only move apart where the
/// channel between them is in heavy use (`channels_for_routing`). Each is made legal, its macros
/// turned and exchanged (`polish_macros`), and judged as the candidates are: by cells placed from
/// nothing, as the tools that take the macros over will place them. A long search spends
/// its last quarter on the best of all: channels widened for as long as that pays, then
/// refinements.
///
/// `fixed`: fixed nodes and ports at their places; what may move counts for its orientation only.
/// Stopped before anything was judged, it returns the first candidate that can be made legal, its
/// cells not placed. Throws `netlist_io::InfeasibleError` if nothing legal was found,
/// `netlist_io::OptionError` for bad options.
FlatSearchResult search_flat(const netlist_io::Netlist& netlist,
                             const netlist_io::Canvas& canvas,
                             const netlist_io::Placement& fixed,
                             std::span<const FlatCandidate> candidates,
                             const FlatSearchOptions& options);

/// Trials that take about `seconds` on `threads` cores of 2.8 GHz, with the judging of `candidates`
/// others; the same on every machine. At least 1 and at most 240.
std::size_t nominal_flat_trials(const netlist_io::Netlist& netlist,
                                std::size_t candidates,
                                double seconds,
                                int threads);

}  // namespace tessera::placer
