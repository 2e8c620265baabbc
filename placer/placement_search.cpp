#include "placer/placement_search.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstddef>
#include <utility>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/gradient_placer.h"
#include "placer/grid_macro_space.h"
#include "placer/legality.h"
#include "placer/legalizer.h"
#include "placer/move_proposals.h"
#include "placer/parallel_for.h"
#include "placer/search_state.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rng;
using Clock = std::chrono::steady_clock;

namespace {

/// Of the quota in the grid class, what goes to hard macros and clusters together; the rest goes to
/// hard macros alone with the cluster placer inside.
constexpr double kJointShare = 0.75;
/// A run of the cluster placer takes about as long as this many moves.
constexpr std::uint64_t kMovesPerClusterRun = 30'000;
/// Most of the time that analytic starts may take.
constexpr double kAnalyticShare = 0.4;

struct Candidate {
  Placement placement;
  double proxy = 0.0;
};

/// One call of `search_placement`.
class Search {
 public:
  Search(const Netlist& netlist,
         const Canvas& canvas,
         const Placement& fixed,
         const PlacementSearchOptions& options)
      : netlist_(netlist),
        canvas_(canvas),
        fixed_(fixed),
        options_(options),
        problem_(netlist, canvas, fixed, options.search),
        proxy_cost_(netlist, canvas, options.search.cost) {}

  PlacementSearchResult run(std::span<const Placement> starts) {
    check_options();
    add_given_starts(starts);
    add_analytic_starts();
    if (candidates_.empty()) {
      throw InfeasibleError(failure_.empty() ? "no placement to start from" : failure_);
    }
    sort_candidates();
    choose_quota();
    if (grid()) {
      search_on_grid();
    } else {
      const OptimizerResult found = optimize(result_.evals, 1.0);
      result_.evals = found.evals;
      result_.stopped = result_.stopped || found.stopped;
      result_.placement = found.placement;
      result_.stages.push_back({"local search", found.cost.proxy, found.placement});
    }
    return_best_start_if_better();
    result_.cost = proxy_cost_.evaluate(result_.placement);
    return std::move(result_);
  }

 private:
  void check_options() const {
    OptimizerOptions optimizer;
    optimizer.chains = options_.chains;
    optimizer.threads = options_.threads;
    optimizer.start_temperature = options_.start_temperature.value_or(optimizer.start_temperature);
    optimizer.end_temperature = std::min(optimizer.end_temperature, optimizer.start_temperature);
    optimizer.validate();
  }

  bool grid() const { return options_.search.placement_class == PlacementClass::kGrid; }

  double elapsed_s() const { return std::chrono::duration<double>(Clock::now() - begin_).count(); }
  bool out_of_time(double share) const {
    return options_.budget.time_s && elapsed_s() > share * *options_.budget.time_s;
  }
  bool interrupted() const { return options_.stop && options_.stop(); }

  void add_given_starts(std::span<const Placement> starts) {
    for (const Placement& start : starts) {
      const bool legal = legal_as_given(start);
      result_.legalized = result_.legalized || !legal;
      if (legal && !grid()) {
        legal_starts_.push_back({start, proxy_cost_.evaluate(start).proxy});
      }
      add_legalized({start});
    }
  }

  bool legal_as_given(const Placement& start) const {
    if (!check_legality(netlist_, canvas_, start, fixed_).legal()) {
      return false;
    }
    const MacroSpacing& spacing = options_.search.space.spacing;
    return grid() ? GridMacroSpace(netlist_, canvas_, start, spacing).legal()
                  : MacroSpace(netlist_, canvas_, start, options_.search.space).legal();
  }

  /// A start made legal and, in the grid class, with its clusters placed by the rules.
  Placement legalized(const Placement& start) const {
    if (!grid()) {
      return legalize_macros(netlist_, canvas_, start, options_.search.space).placement;
    }
    Placement legal = legalize_on_grid(netlist_, canvas_, start, options_.search.space.spacing);
    place_clusters(legal);
    return legal;
  }

  /// Adds the starts that can be made legal, several at a time, after `prepare` has changed them;
  /// returns which candidate among them has the least proxy.
  template <typename Prepare>
  std::optional<std::size_t> add_legalized(std::vector<Placement> starts, Prepare prepare) {
    std::vector<std::string> failures(starts.size());
    parallel_for(starts.size(), options_.threads, [&](std::size_t i) {
      try {
        prepare(i, starts[i]);
        starts[i] = legalized(starts[i]);
      } catch (const InfeasibleError& error) {
        failures[i] = error.what();
      }
    });
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < starts.size(); ++i) {
      if (!failures[i].empty()) {
        failure_ = failures[i];
        continue;
      }
      const double proxy = proxy_cost_.evaluate(starts[i]).proxy;
      if (!best || proxy < candidates_[*best].proxy) {
        best = candidates_.size();
      }
      candidates_.push_back({std::move(starts[i]), proxy});
    }
    return best;
  }
  void add_legalized(std::vector<Placement> starts) {
    add_legalized(std::move(starts), [](std::size_t, Placement&) {});
  }

  void add_analytic_starts() {
    if (options_.analytic_starts == 0) {
      return;
    }
    const std::optional<std::size_t> best = add_legalized(
        std::vector<Placement>(options_.analytic_starts, fixed_),
        [this](std::size_t i, Placement& placement) {
          GradientPlacerOptions analytic;
          analytic.move_hard_macros = true;
          analytic.iterations = 1000;
          analytic.seed = Rng::derive(options_.seed, "analytic start", i).next();
          analytic.cost = options_.search.cost;
          analytic.stop = [this] { return interrupted() || out_of_time(kAnalyticShare); };
          GradientPlacer(netlist_, canvas_, analytic).run(placement);
        });
    result_.stopped = interrupted() || out_of_time(kAnalyticShare);
    if (best) {
      result_.stages.push_back(
          {"analytic", candidates_[*best].proxy, candidates_[*best].placement});
    }
  }

  void sort_candidates() {
    std::stable_sort(candidates_.begin(),
                     candidates_.end(),
                     [](const Candidate& a, const Candidate& b) { return a.proxy < b.proxy; });
  }

  void choose_quota() {
    std::uint64_t evals = options_.budget.evals;
    if (options_.budget.time_s) {
      const int threads = std::min(options_.threads, static_cast<int>(options_.chains));
      const double left_s = *options_.budget.time_s - elapsed_s();
      const double rate =
          measure_evals_per_second(problem_, candidates_.front().placement, threads, 0.05 * left_s);
      evals = static_cast<std::uint64_t>(rate * threads *
                                         std::max(0.0, *options_.budget.time_s - elapsed_s()));
    }
    // A quota that all chains share evenly is reported as it is used, and gives the same result
    // again.
    result_.evals = evals - evals % options_.chains;
  }

  OptimizerResult optimize(std::uint64_t evals, double time_share) {
    std::vector<Placement> starts;
    for (std::size_t i = 0; i < std::min(options_.chains, candidates_.size()); ++i) {
      starts.push_back(candidates_[i].placement);
    }
    OptimizerOptions optimizer;
    optimizer.evals = evals;
    optimizer.seed = options_.seed;
    optimizer.chains = options_.chains;
    optimizer.threads = options_.threads;
    optimizer.start_temperature = options_.start_temperature.value_or(usual_temperature(evals));
    optimizer.end_temperature = std::min(optimizer.end_temperature, optimizer.start_temperature);
    optimizer.stop = [this, time_share] { return interrupted() || out_of_time(1.05 * time_share); };
    optimizer.progress = [this, evals](OptimizerProgress progress) {
      progress.evals_total = std::max(result_.evals, evals);
      if (grid()) {
        progress.best_proxy = candidates_.front().proxy;
      }
      if (options_.progress) {
        options_.progress(progress);
      }
    };
    return optimize_placement(problem_, starts, optimizer);
  }

  /// What did best for 500 to 10,000 moves a node on the public blocks (docs/experiments.md).
  double usual_temperature(std::uint64_t evals) const {
    const std::size_t nodes = problem_.movable_soft().size() + problem_.movable_hard().size();
    const double moves_per_node = static_cast<double>(evals) /
                                  static_cast<double>(options_.chains) /
                                  static_cast<double>(std::max<std::size_t>(1, nodes));
    const double for_usual_size = std::clamp(1e-4 * std::sqrt(moves_per_node / 1000.0), 2e-5, 5e-4);
    // Each of many nodes changes the proxy by less.
    constexpr double kUsualNodes = 900.0;
    return for_usual_size * std::min(2.0, kUsualNodes / static_cast<double>(nodes + 1));
  }

  void place_clusters(Placement& placement) const {
    GradientPlacerOptions clusters;
    clusters.cost = options_.search.cost;
    clusters.seed = options_.seed;
    const GradientPlacer placer(netlist_, canvas_, clusters);
    placer.run(placement);
  }

  void search_on_grid() {
    const std::uint64_t quota = result_.evals;
    const auto joint = static_cast<std::uint64_t>(kJointShare * static_cast<double>(quota));
    const OptimizerResult found = optimize(joint, kJointShare);
    result_.stages.push_back(
        {"local search, clusters included", found.cost.proxy, found.placement});
    std::vector<Placement> finalists = found.finalists;
    finalists.push_back(found.placement);
    place_clusters_of_all(finalists);
    sort_candidates();
    result_.stages.push_back(
        {"cluster placement", candidates_.front().proxy, candidates_.front().placement});
    result_.evals = found.evals;
    result_.stopped = result_.stopped || found.stopped;
    if (!interrupted() && !problem_.movable_hard().empty()) {
      climb_with_cluster_placer(quota);
    }
    result_.placement = candidates_.front().placement;
  }

  void place_clusters_of_all(std::vector<Placement>& placements) {
    std::vector<double> proxies(placements.size());
    parallel_for(placements.size(), options_.threads, [&](std::size_t i) {
      place_clusters(placements[i]);
      proxies[i] = proxy_cost_.evaluate(placements[i]).proxy;
    });
    for (std::size_t i = 0; i < placements.size(); ++i) {
      candidates_.push_back({std::move(placements[i]), proxies[i]});
    }
  }

  /// Tries changes of the hard macros, several at a time, each judged after the cluster placer.
  void climb_with_cluster_placer(std::uint64_t quota) {
    Rng rng = Rng::derive(options_.seed, "grid climbing");
    MoveProposals proposals(problem_);
    while (result_.evals + options_.chains * kMovesPerClusterRun <= quota) {
      if (interrupted() || out_of_time(1.0)) {
        result_.stopped = true;
        break;
      }
      std::vector<Placement> changed;
      for (std::size_t i = 0; i < options_.chains; ++i) {
        changed.push_back(changed_copy(candidates_.front().placement, proposals, rng));
      }
      candidates_.resize(1);
      place_clusters_of_all(changed);
      sort_candidates();
      result_.evals += options_.chains * kMovesPerClusterRun;
      if (options_.progress) {
        const double best = candidates_.front().proxy;
        options_.progress({result_.evals, quota, best, best});
      }
    }
    if (result_.evals + options_.chains * kMovesPerClusterRun > quota) {
      result_.evals = quota;
    }
    result_.stages.push_back({"macro moves with cluster placement",
                              candidates_.front().proxy,
                              candidates_.front().placement});
  }

  /// A copy with one to three random changes of hard macros that fit.
  Placement changed_copy(const Placement& placement, MoveProposals& proposals, Rng& rng) const {
    constexpr std::array<Proposal, 4> kKinds = {
        Proposal::kHardShift, Proposal::kHardOptimal, Proposal::kHardSwap, Proposal::kHardFlip};
    constexpr int kTries = 100;
    SearchState state(problem_, placement);
    std::uint64_t wanted = 1 + rng.below(3);
    for (int i = 0; i < kTries && wanted > 0; ++i) {
      const Proposal kind = kKinds[rng.below(kKinds.size())];
      if (!proposals.possible(kind)) {
        continue;
      }
      const std::span<const cost::NodeMove> moves = proposals.draw(kind, state, 0.1, rng);
      if (!moves.empty()) {
        state.try_moves(moves);
        state.keep();
        --wanted;
      }
    }
    Placement changed = placement;
    state.write_to(changed);
    return changed;
  }

  /// Rounding to the lattice may cost a trifle; a start that was legal as given wins then.
  void return_best_start_if_better() {
    double proxy = proxy_cost_.evaluate(result_.placement).proxy;
    for (const Candidate& start : legal_starts_) {
      if (start.proxy < proxy) {
        proxy = start.proxy;
        result_.placement = start.placement;
      }
    }
  }

  const Netlist& netlist_;
  const Canvas& canvas_;
  const Placement& fixed_;
  const PlacementSearchOptions& options_;
  Clock::time_point begin_ = Clock::now();
  SearchProblem problem_;
  cost::ProxyCost proxy_cost_;
  std::vector<Candidate> candidates_;
  std::vector<Candidate> legal_starts_;
  std::string failure_;
  PlacementSearchResult result_;
};

}  // namespace

PlacementSearchResult search_placement(const Netlist& netlist,
                                       const Canvas& canvas,
                                       std::span<const Placement> starts,
                                       const Placement& fixed,
                                       const PlacementSearchOptions& options) {
  Search search(netlist, canvas, fixed, options);
  return search.run(starts);
}

std::uint64_t nominal_evals(const Netlist& netlist,
                            const Canvas& canvas,
                            const Placement& fixed,
                            const SearchOptions& options,
                            double seconds,
                            int threads) {
  const SearchProblem problem(netlist, canvas, fixed, options);
  return static_cast<std::uint64_t>(nominal_evals_per_second(problem) * seconds * threads);
}

}  // namespace tessera::placer
