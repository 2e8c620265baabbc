#include "placer/flat/flat_search.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cmath>
#include <optional>
#include <stdexcept>
#include <utility>

#include "netlist_io/errors.h"
#include "placer/flat/macro_polish.h"
#include "placer/flat/routing_room.h"
#include "placer/parallel_for.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;

/// How a mixed-size placement is made.
struct MixedVariant {
  double density_cap;
  double spacing;  ///< around each macro, as a part of the side of a macro of mean area
};

/// No one of these is best on all blocks.
constexpr std::array<MixedVariant, kFlatBatch> kVariants = {{
    {0.7, 0.02},
    {0.5, 0.03},
    {0.7, 0.06},
    {0.6, 0.04},
}};

/// How the best of a round is varied, from its positions on.
struct Refinement {
  double first_weight;  ///< see `FlatPlacerOptions`: more of it keeps more of the positions
  double spacing;       ///< factor of that of the best
  bool room;            ///< more for what stands where routing edges are in heavy use
};

constexpr std::array<Refinement, kFlatBatch> kRefinements = {{
    {0.3, 1.0, false},
    {1.0, 1.0, false},
    {0.3, 1.5, true},
    {3.0, 1.0, true},
}};

/// Batches of refinements in a round, after one of new placements. Later ones gain nothing.
constexpr std::size_t kRefiningBatches = 2;

/// After each batch of refinements, if tracks are known, the channels of the best are widened, by
/// so much (see `RoutingChannelOptions::gain`).
constexpr std::array<double, 2> kChannelGains = {1.0, 2.0};

/// By how much those of the best of all are widened at the end: the next pair when one fails.
constexpr std::array<std::array<double, 2>, 3> kFinalGains = {
    kChannelGains, {{0.5, 4.0}}, {{0.25, 8.0}}};

/// Of a long search, one trial in so many is kept for the best of all.
constexpr std::size_t kFinalShare = 4;
constexpr std::size_t kLongSearch = 32;  ///< trials, at least

/// A candidate after judging.
struct Judged {
  FlatTrial trial;
  Placement placement;
  MixedVariant variant = kVariants.front();
  std::vector<float> room;     ///< see `FlatPlacerOptions::room`
  std::vector<Halo> channels;  ///< see `channels_for_routing`
};

class FlatSearch {
 public:
  FlatSearch(const Netlist& netlist,
             const Canvas& canvas,
             const Placement& fixed,
             const FlatSearchOptions& options)
      : netlist_(netlist), canvas_(canvas), fixed_(fixed), options_(options) {
    double area = 0.0;
    for (const NodeId macro : netlist.hard_macros()) {
      area += netlist.width(macro) * netlist.height(macro);
    }
    const auto macros = static_cast<double>(std::max<std::size_t>(netlist.hard_macros().size(), 1));
    mean_side_um_ = std::sqrt(area / macros);
  }

  FlatSearchResult run(std::span<const FlatCandidate> candidates) {
    judge_batch(candidates.size(), [&](std::size_t i) { return judge_given(candidates[i]); });
    const std::size_t kept = trials_for_best();
    std::size_t left = options_.trials - kept;
    while (left > 0 && !stopped() && !time_for_best()) {
      left -= run_round(left);
    }
    improve_best(left + kept);
    if (!best_) {
      throw InfeasibleError("none of " + std::to_string(result_.trials.size()) +
                            " placements could be made legal, the first: " +
                            (result_.trials.empty() ? "" : result_.trials.front().problem));
    }
    result_.stopped = stopped();
    result_.winner = best_->trial;
    result_.placement = std::move(best_->placement);
    return std::move(result_);
  }

 private:
  bool stopped() const { return options_.stop && options_.stop(); }

  /// New placements, and then variations of their best; returns how many. In the first round, when
  /// the best is one of the candidates, every other one starts with the orientations given.
  std::size_t run_round(std::size_t left) {
    const std::size_t widenings = options_.tracks ? kChannelGains.size() : 0;
    const std::size_t round = kFlatBatch + kRefiningBatches * (kFlatBatch + widenings);
    const std::size_t size = std::min(left, round);
    const std::size_t starts =
        std::max<std::size_t>((size * kFlatBatch + round / 2) / round, 1);  // rounded
    best_of_round_.reset();
    const Placement start = oriented_start();
    const std::size_t first_start = num_starts_;
    num_starts_ += starts;
    judge_batch(starts, [&](std::size_t i) {
      const bool as_given = first_start == 0 && i % 2 == 0;
      return judge_mixed(as_given ? fixed_ : start, first_start + i);
    });
    left = size - starts;
    while (left > 0 && best_of_round_ && !stopped()) {
      // A short round keeps something for its channels.
      const std::size_t kept = left > widenings ? widenings : 0;
      const std::size_t refinements = std::min(kFlatBatch, left - kept);
      refine_best(refinements);
      left -= refinements;
      if (widenings > 0 && left > 0 && !stopped()) {
        const std::size_t count = std::min(widenings, left);
        widen_channels(std::span(kChannelGains).first(count));
        left -= count;
      }
    }
    return size;
  }

  /// How many trials at the end of a long search are kept for `improve_best`.
  std::size_t trials_for_best() const {
    return options_.tracks && options_.trials >= kLongSearch ? options_.trials / kFinalShare : 0;
  }

  /// The same where a time limit ends the search.
  bool time_for_best() const {
    constexpr double kShare = 1.0 - 1.0 / static_cast<double>(kFinalShare);
    const auto trials = static_cast<double>(result_.trials.size());
    return options_.tracks && options_.time_used && trials >= kShare * kLongSearch &&
           options_.time_used() >= kShare;
  }

  /// Widens the channels of the best of all for as long as that pays, refines it when no step of
  /// theirs does, and widens again after a refinement that did.
  void improve_best(std::size_t left) {
    std::size_t failed = 0;
    while (left > 0 && best_ && !stopped()) {
      const std::string before = best_->trial.name;
      best_of_round_ = *best_;
      const bool widens = failed < kFinalGains.size();
      const std::size_t count = std::min(widens ? kFinalGains[failed].size() : kFlatBatch, left);
      if (widens) {
        widen_channels(std::span(kFinalGains[failed]).first(count));
      } else {
        refine_best(count);
      }
      left -= count;
      failed = best_->trial.name == before ? std::min(failed + 1, kFinalGains.size()) : 0;
    }
  }

  void refine_best(std::size_t count) {
    const Judged best = *best_of_round_;
    const std::vector<float> room = room_around(best);
    const std::size_t first = num_refinements_;
    num_refinements_ += count;
    judge_batch(count, [&](std::size_t i) { return judge_refined(best, room, i, first + i); });
  }

  void widen_channels(std::span<const double> gains) {
    const Judged best = *best_of_round_;
    if (!best.trial.judged) {
      return;
    }
    const cost::EdgeUse edges =
        cost::estimate_edge_use(netlist_, canvas_, best.placement, edge_options());
    const std::size_t first = num_widenings_;
    num_widenings_ += gains.size();
    judge_batch(gains.size(), [&](std::size_t i) {
      RoutingChannelOptions channels;
      channels.gain = gains[i];
      return judge_widened(best, edges, channels, first + i);
    });
  }

  static bool better(const FlatTrial& a, const FlatTrial& b) {
    return a.judged != b.judged ? a.judged : a.judged && a.scaled_hpwl_um < b.scaled_hpwl_um;
  }

  /// Judges some at the same time and then takes notice of them in order.
  template <typename Judge>
  void judge_batch(std::size_t count, Judge judge) {
    std::vector<std::optional<Judged>> judged(count);
    parallel_for(count, options_.threads, [&](std::size_t i) {
      if (best_ && stopped()) {
        return;
      }
      judged[i] = judge(i);
      if (options_.progress && judged[i]) {
#pragma omp critical(tessera_flat_search)
        options_.progress(judged[i]->trial);
      }
    });
    for (std::optional<Judged>& one : judged) {
      if (!one) {
        continue;
      }
      result_.trials.push_back(one->trial);
      if (!one->trial.legal) {
        continue;
      }
      if (!best_ || better(one->trial, best_->trial)) {
        best_ = one;
      }
      if (!best_of_round_ || better(one->trial, best_of_round_->trial)) {
        best_of_round_ = std::move(one);
      }
    }
  }

  FlatPlacerOptions judge_options() const {
    FlatPlacerOptions judge = options_.judge;
    judge.move_hard_macros = false;
    judge.use_current = false;
    judge.threads = 1;
    judge.stop = options_.stop;
    return judge;
  }

  cost::EdgeUseOptions edge_options() const {
    cost::EdgeUseOptions edges;
    edges.cell_um = cost::usual_gcell_um(canvas_);
    edges.tracks = *options_.tracks;
    edges.max_sinks = options_.judge.max_sinks;
    return edges;
  }

  Judged judge_legal(std::string name, const Placement& legal) const {
    Judged judged;
    FlatTrial& trial = judged.trial;
    trial.name = std::move(name);
    trial.legal = true;
    FlatPlacerResult placed = place_flat(netlist_, canvas_, legal, judge_options());
    if (stopped()) {
      judged.placement = legal;
      return judged;
    }
    trial.judged = true;
    trial.hpwl_um = placed.hpwl_um;
    trial.overflow = placed.overflow;
    if (options_.tracks) {
      trial.edge_use =
          cost::estimate_edge_use(netlist_, canvas_, placed.placement, edge_options()).ace.mean();
    }
    trial.scaled_hpwl_um = trial.hpwl_um * (1.0 + routing_penalty(trial.edge_use));
    judged.placement = std::move(placed.placement);
    return judged;
  }

  double routing_penalty(double edge_use) const {
    constexpr double kHeavy = 3.0;
    return options_.edge_use_weight * edge_use +
           kHeavy * std::max(edge_use - options_.usual_edge_use, 0.0);
  }

  static Judged illegal(std::string name, const InfeasibleError& error) {
    Judged judged;
    judged.trial.name = std::move(name);
    judged.trial.problem = error.what();
    return judged;
  }

  Judged judge_given(const FlatCandidate& candidate) const {
    try {
      return judge_legal(candidate.name, options_.legalize(candidate.placement, {}));
    } catch (const InfeasibleError& error) {
      return illegal(candidate.name, error);
    }
  }

  Judged judge_mixed(const Placement& start, std::size_t index) const {
    const MixedVariant& variant = kVariants[index % kFlatBatch];
    return place_mixed("mixed-size " + std::to_string(index + 1),
                       start,
                       variant,
                       mixed_options(variant, index),
                       {});
  }

  Judged judge_refined(const Judged& best,
                       const std::vector<float>& room,
                       std::size_t kind,
                       std::size_t index) const {
    const Refinement& refinement = kRefinements[kind];
    MixedVariant variant = best.variant;
    variant.spacing *= refinement.spacing;
    FlatPlacerOptions mixed = mixed_options(variant, options_.trials + index);
    mixed.use_current = true;
    mixed.first_weight = refinement.first_weight;
    mixed.room = refinement.room ? room : best.room;
    return place_mixed(
        "refinement " + std::to_string(index + 1), best.placement, variant, mixed, best.channels);
  }

  Judged judge_widened(const Judged& best,
                       const cost::EdgeUse& edges,
                       const RoutingChannelOptions& options,
                       std::size_t index) const {
    const std::string name = "wider channels " + std::to_string(index + 1);
    std::vector<Halo> channels =
        channels_for_routing(netlist_, canvas_, best.placement, edges, best.channels, options);
    try {
      Judged judged = judge_legal(name, options_.legalize(best.placement, channels));
      judged.variant = best.variant;
      judged.room = best.room;
      judged.channels = std::move(channels);
      return judged;
    } catch (const InfeasibleError& error) {
      return illegal(name, error);
    }
  }

  FlatPlacerOptions mixed_options(const MixedVariant& variant, std::size_t index) const {
    const double spacing_um = variant.spacing * mean_side_um_;
    FlatPlacerOptions mixed = judge_options();
    mixed.move_hard_macros = true;
    mixed.density_cap = variant.density_cap;
    mixed.halo_x = std::max(mixed.halo_x, spacing_um);
    mixed.halo_y = std::max(mixed.halo_y, spacing_um);
    mixed.seed = options_.seed + index;
    return mixed;
  }

  /// Room for the nodes of a placement, if tracks are known.
  std::vector<float> room_around(const Judged& best) const {
    if (!options_.tracks || !best.trial.judged) {
      return best.room;
    }
    const cost::EdgeUse edges =
        cost::estimate_edge_use(netlist_, canvas_, best.placement, edge_options());
    return room_for_routing(netlist_, canvas_, best.placement, edges, best.room);
  }

  Judged place_mixed(const std::string& name,
                     const Placement& start,
                     const MixedVariant& variant,
                     const FlatPlacerOptions& mixed,
                     const std::vector<Halo>& channels) const {
    try {
      const FlatPlacerResult placed = place_flat(netlist_, canvas_, start, mixed);
      const Placement legal = options_.legalize(placed.placement, channels);
      const Placement polished = polish_macros(netlist_, legal, mixed.max_sinks).placement;
      Judged judged = judge_legal(name, options_.legalize(polished, channels));
      judged.variant = variant;
      judged.room = mixed.room;
      judged.channels = channels;
      return judged;
    } catch (const InfeasibleError& error) {
      return illegal(name, error);
    }
  }

  /// What mixed-size placements start from: macros turned as in the best so far.
  Placement oriented_start() const {
    Placement start = fixed_;
    for (const NodeId macro : netlist_.hard_macros()) {
      if (best_ && start.fixed[macro.index()] == 0) {
        start.orientation[macro.index()] = best_->placement.orientation[macro.index()];
      }
    }
    return start;
  }

  const Netlist& netlist_;
  const Canvas& canvas_;
  const Placement& fixed_;
  const FlatSearchOptions& options_;
  double mean_side_um_ = 0.0;
  std::optional<Judged> best_;
  std::optional<Judged> best_of_round_;
  std::size_t num_starts_ = 0;
  std::size_t num_refinements_ = 0;
  std::size_t num_widenings_ = 0;
  FlatSearchResult result_;
};

}  // namespace

FlatSearchResult search_flat(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& fixed,
                             std::span<const FlatCandidate> candidates,
                             const FlatSearchOptions& options) {
  options.judge.validate();
  if (!options.legalize) {
    throw std::invalid_argument("search_flat needs a legaliser");
  }
  if (fixed.size() != netlist.num_nodes()) {
    throw std::invalid_argument("the placement has " + std::to_string(fixed.size()) +
                                " nodes, the netlist " + std::to_string(netlist.num_nodes()));
  }
  return FlatSearch(netlist, canvas, fixed, options).run(candidates);
}

std::size_t nominal_flat_trials(const Netlist& netlist,
                                std::size_t candidates,
                                double seconds,
                                int threads) {
  // Measured on blocks of 88 and 156 thousand cells, one core of an AMD EPYC: a judgement takes
  // 0.89e-5 and 0.91e-5, the trials of a whole round 1.44e-5 and 1.46e-5, the others 1e-5
  // to 1.4e-5.
  constexpr double kJudgeSecondsPerPin = 0.9e-5;
  constexpr double kTrialSecondsPerPin = 1.35e-5;
  constexpr double kTrialSeconds = 0.03;        // however small the netlist
  constexpr double kMostNominalTrials = 240.0;  // small netlists gain nothing from more
  std::size_t pins = 0;                         // of all nets
  for (std::size_t net = 0; net < netlist.num_nets(); ++net) {
    pins += netlist.pins_of(netlist_io::NetId(net)).size();
  }
  const double judge_s = kJudgeSecondsPerPin * static_cast<double>(pins);
  const double trial_s = kTrialSeconds + kTrialSecondsPerPin * static_cast<double>(pins);
  const double room_s = seconds * threads - judge_s * static_cast<double>(candidates);
  const double trials = pins > 0 ? room_s / trial_s : 1.0;
  return static_cast<std::size_t>(std::clamp(trials, 1.0, kMostNominalTrials));
}

}  // namespace tessera::placer
