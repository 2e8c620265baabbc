#include "app/flat_stage.h"

#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <string>
#include <utility>
#include <vector>

#include "app/design_rules.h"
#include "app/flat_judgement.h"
#include "app/interrupt.h"
#include "app/option_checks.h"
#include "app/progress_log.h"
#include "app/report/block_payload.h"
#include "cost/edge_use.h"
#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "placer/flat/flat_search.h"
#include "placer/legalizer.h"
#include "placer/macro_alignment.h"
#include "placer/placement_search.h"

namespace tessera::app {
namespace {

using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;

/// Cores that efforts are about.
constexpr int kNominalThreads = 2;

/// Goes between placements of a flat netlist and of its clusters.
class FlatView {
 public:
  explicit FlatView(const SearchedBlock& searched)
      : searched_(searched), block_(searched.input()), flat_(*block_.flat) {}

  const Netlist& netlist() const { return flat_.netlist; }

  /// Ports and macros where a placement of the clusters has them, cells at their clusters.
  Placement spread(const Placement& clustered) const {
    Placement placement = flat_.clustering.spread_to_flat(clustered, flat_.placement);
    for (const NodeId macro : flat_.netlist.hard_macros()) {
      placement.fixed[macro.index()] = clustered.fixed[node(macro).index()];
    }
    return placement;
  }

  Placement collect(const Placement& flat, const Placement& clustered) const {
    return flat_.clustering.collect_from_flat(flat_.netlist, flat, clustered);
  }

  /// The same flat placement with legal hard macros, in line where the wires of the clusters allow.
  /// `channels`: keep-outs by node that ask for more than the rules do, or empty.
  Placement legalize(const Placement& flat, const std::vector<placer::Halo>& channels) const {
    const Block& block = searched_.block();
    Placement clustered = searched_.collapse(collect(flat, searched_.input_fixed()));
    placer::MacroAlignmentOptions alignment;
    alignment.space = searched_.environment().space_options(block);
    if (!channels.empty() && !searched_.has_groups()) {  // groups keep their shape
      widen(alignment.space.spacing, channels);
    }
    alignment.cost = block.cost;
    alignment.cost.weights = {1.0, 0.0, 0.0};
    clustered =
        placer::legalize_macros(block.netlist, block.canvas, clustered, alignment.space).placement;
    clustered = placer::align_macros(block.netlist, block.canvas, clustered, alignment).placement;
    clustered = searched_.expand(std::move(clustered));
    Placement result = flat;
    for (const NodeId macro : flat_.netlist.hard_macros()) {
      const std::size_t from = node(macro).index();
      result.x[macro.index()] = clustered.x[from];
      result.y[macro.index()] = clustered.y[from];
      result.orientation[macro.index()] = clustered.orientation[from];
      result.placed[macro.index()] = 1;
    }
    return result;
  }

 private:
  /// The larger of the keep-outs of the rules and of these.
  void widen(placer::MacroSpacing& spacing, const std::vector<placer::Halo>& channels) const {
    std::vector<placer::Halo> halos(block_.netlist.num_nodes());
    for (const NodeId macro : flat_.netlist.hard_macros()) {
      const placer::Halo own = spacing.halo_of(node(macro), netlist_io::Orientation::kN);
      const placer::Halo& wanted = channels[macro.index()];
      halos[node(macro).index()] = {std::max(own.left, wanted.left),
                                    std::max(own.bottom, wanted.bottom),
                                    std::max(own.right, wanted.right),
                                    std::max(own.top, wanted.top)};
    }
    spacing.own_halos = std::make_shared<const std::vector<placer::Halo>>(std::move(halos));
  }

  NodeId node(NodeId flat_node) const { return block_.node_of(flat_node); }

  const SearchedBlock& searched_;
  const Block& block_;
  const FlatBlock& flat_;
};

nlohmann::ordered_json to_json(const placer::FlatTrial& trial) {
  nlohmann::ordered_json entry = {{"name", trial.name}, {"legal", trial.legal}};
  if (!trial.legal) {
    entry["problem"] = trial.problem;
  }
  if (trial.judged) {
    entry["hpwl_um"] = trial.hpwl_um;
    entry["overflow"] = trial.overflow;
    entry["edge_use"] = trial.edge_use;
    entry["scaled_hpwl_um"] = trial.scaled_hpwl_um;
  }
  return entry;
}

nlohmann::ordered_json trials_json(const std::vector<placer::FlatTrial>& trials) {
  nlohmann::ordered_json result = nlohmann::ordered_json::array();
  for (const placer::FlatTrial& trial : trials) {
    result.push_back(to_json(trial));
  }
  return result;
}

/// The tracks of the cost; macros take no more of them than there are. None without tracks.
std::optional<cost::RoutingTracks> routing_tracks(const cost::CostOptions& cost) {
  const auto& [horizontal, vertical] = cost.routes;
  if (!(horizontal > 0.0 && vertical > 0.0)) {
    return std::nullopt;
  }
  return cost::RoutingTracks{horizontal,
                             vertical,
                             std::min(cost.macro_routes.horizontal, horizontal),
                             std::min(cost.macro_routes.vertical, vertical)};
}

/// Tells of the placements that are judged and of how many are to come.
class TrialProgress {
 public:
  /// `total`: 0 if the time decides.
  TrialProgress(Clock::time_point start, std::size_t total)
      : start_(start), stage_start_(Clock::now()), total_(total) {}

  void operator()(const placer::FlatTrial& trial) {
    ++num_done_;
    nlohmann::ordered_json event = to_json(trial);
    event["done"] = num_done_;
    event["total"] = total_;
    log_event("trial", event);
    std::string count = std::to_string(num_done_);
    if (total_ > 0) {
      count += "/" + std::to_string(total_);
    }
    const bool best = trial.judged && trial.scaled_hpwl_um < best_;
    if (best) {
      best_ = trial.scaled_hpwl_um;
    }
    const bool last = num_done_ == total_;
    if (!best && !last && told_ && seconds_since(*told_) < kInterval_s) {
      return;
    }
    told_ = Clock::now();
    char head[96];
    std::snprintf(head,
                  sizeof head,
                  "%9.1f s  %-8s%6s  %-16s ",
                  seconds_since(start_),
                  "flat",
                  count.c_str(),
                  trial.name.c_str());
    log_line(head + outcome(trial) + (best ? "  best" : "") + left());
  }

 private:
  /// Between trials worth a line; trials of small blocks are many a second.
  static constexpr double kInterval_s = 1.0;

  static std::string outcome(const placer::FlatTrial& trial) {
    if (!trial.judged) {
      return trial.legal ? "not judged" : trial.problem;
    }
    char text[96];
    std::snprintf(text, sizeof text, "HPWL %.6g um  edge use %.3f", trial.hpwl_um, trial.edge_use);
    return text;
  }

  std::string left() const {
    if (num_done_ >= total_) {
      return "";
    }
    const double per_trial_s = seconds_since(stage_start_) / static_cast<double>(num_done_);
    return "  " + duration_text(per_trial_s * static_cast<double>(total_ - num_done_)) + " left";
  }

  Clock::time_point start_;
  Clock::time_point stage_start_;
  std::size_t total_;
  std::size_t num_done_ = 0;
  std::optional<Clock::time_point> told_;
  double best_ = std::numeric_limits<double>::infinity();  ///< scaled HPWL, um
};

/// Seconds on two cores that the clustered search's quota of moves stands for.
double seconds_of_evals(std::uint64_t evals,
                        const SearchedBlock& searched,
                        const placer::MacroSpaceOptions& space) {
  const Block& block = searched.block();
  placer::SearchOptions options;
  options.space = space;
  options.cost = block.cost;
  const std::uint64_t in_a_second = placer::nominal_evals(
      block.netlist, block.canvas, searched.fixed(), options, 1.0, kNominalThreads);
  return static_cast<double>(evals) / static_cast<double>(std::max<std::uint64_t>(in_a_second, 1));
}

constexpr std::size_t kUntilTimeIsUp = 1'000'000;

/// As many trials as go with what the clustered search got.
std::size_t trials_for(const FlatStageFlags& flags,
                       const SearchFlags& search,
                       const SearchedBlock& searched) {
  if (flags.trials) {
    return *flags.trials;
  }
  if (search.time_s && !search.evals) {
    return kUntilTimeIsUp;
  }
  const double clustered_s =
      search.evals
          ? seconds_of_evals(
                *search.evals, searched, searched.environment().space_options(searched.block()))
          : kClusteredShare * search.effort_s();
  constexpr std::size_t kCandidates = 1;
  return placer::nominal_flat_trials(searched.input().flat->netlist,
                                     kCandidates,
                                     clustered_s * (1.0 - kClusteredShare) / kClusteredShare,
                                     kNominalThreads);
}

cost::EdgeUse edge_use_of(const netlist_io::Netlist& netlist,
                          const netlist_io::Canvas& canvas,
                          const Placement& placement,
                          const placer::FlatSearchOptions& options) {
  cost::EdgeUseOptions edges;
  edges.cell_um = cost::usual_gcell_um(canvas);
  edges.tracks = *options.tracks;
  edges.max_sinks = options.judge.max_sinks;
  edges.threads = options.threads;
  return cost::estimate_edge_use(netlist, canvas, placement, edges);
}

}  // namespace

void FlatStageFlags::add_to(CLI::App& command) {
  const char* const group = "Flat netlists";
  command
      .add_option("--objective",
                  objective,
                  "what decides on the macros of a flat netlist, in --mode free: flat, the "
                  "wirelength with all its cells placed; proxy, the cost of its clusters")
      ->check(CLI::IsMember({"flat", "proxy"}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--flat-trials",
                  trials,
                  "placements of macros and cells together to try (default: by the effort)")
      ->check(CLI::Range(0, 1'000'000))
      ->type_name("N")
      ->group(group);
  command
      .add_option("--density-cap",
                  density_cap,
                  "part of the area beside the macros that cells may fill where they are densest")
      ->check(number_range(0.01, 1.0))
      ->capture_default_str()
      ->group(group);
}

void choose_by_flat_netlist(const FlatStageFlags& flags,
                            const SearchFlags& search,
                            const SearchedBlock& searched,
                            const CommonFlags& common,
                            Clock::time_point start,
                            PlacementReport& report) {
  const Clock::time_point stage_start = Clock::now();
  const Block& block = searched.input();
  const FlatView view(searched);
  placer::FlatSearchOptions options;
  options.judge.density_cap = flags.density_cap;
  options.judge.seed = common.seed;
  options.trials = trials_for(flags, search, searched);
  options.judge.halo_x = searched.environment().halo.front();
  options.judge.halo_y = searched.environment().halo.back();
  options.tracks = routing_tracks(block.cost);
  options.legalize = [&](const Placement& placement, const std::vector<placer::Halo>& channels) {
    return view.legalize(placement, channels);
  };
  options.seed = common.seed;
  options.threads = common.num_threads();
  options.stop = [start, time_s = search.time_s] {
    return interrupted() || (time_s && seconds_since(start) >= *time_s);
  };
  const std::vector<placer::FlatCandidate> candidates = {
      {"clusters", view.spread(report.placement)}};
  const bool until_time_is_up = options.trials == kUntilTimeIsUp;
  if (until_time_is_up && search.time_s) {
    const double stage_s =
        *search.time_s - std::chrono::duration<double>(stage_start - start).count();
    options.time_used = [stage_start, stage_s] {
      return stage_s > 0.0 ? seconds_since(stage_start) / stage_s : 1.0;
    };
  }
  options.progress =
      TrialProgress(start, until_time_is_up ? 0 : candidates.size() + options.trials);
  std::optional<placer::FlatSearchResult> found;
  try {
    found = placer::search_flat(
        view.netlist(), block.canvas, view.spread(searched.input_fixed()), candidates, options);
  } catch (const std::exception& error) {  // the search on the clusters is not lost
    warn(std::string("the proxy alone decides, the flat netlist cannot: ") + error.what());
    report.details["flat"] = {{"failed", error.what()}};
    return;
  }
  placer::FlatSearchResult& result = *found;
  CostReport& cost_report = report.cost_report;
  LegalCells rows;
  std::optional<cost::EdgeUse> edges;  // of what is handed over
  if (result.winner.judged) {
    placer::RowOptions row_options = cell_rows(block);
    row_options.halo_x = options.judge.halo_x;
    row_options.halo_y = options.judge.halo_y;
    rows = put_into_rows(view.netlist(),
                         block.canvas,
                         result.placement,
                         row_options,
                         options.judge.max_sinks,
                         options.stop);
    if (rows.legal) {
      result.placement = std::move(rows.placement);
    }
    report.placement = view.collect(result.placement, report.placement);
    placer::pull_soft_macros_inside(block.netlist, block.canvas, report.placement);
    cost_report.cost =
        cost::ProxyCost(block.netlist, block.canvas, block.cost).evaluate(report.placement);
    cost_report.stages.push_back({"flat netlist", cost_report.cost.proxy, report.placement});
    result.placement.fixed = block.flat->placement.fixed;
    if (options.tracks) {
      edges = edge_use_of(view.netlist(), block.canvas, result.placement, options);
      report.flat_maps = flat_maps_payload(*edges);
    }
    report.flat_placement = std::move(result.placement);
  }
  nlohmann::ordered_json& details = report.details["flat"];
  details = {{"winner", result.winner.name}};
  if (result.winner.judged) {
    details["hpwl_um"] = result.winner.hpwl_um;
    details["overflow"] = result.winner.overflow;
    details["edge_use"] = result.winner.edge_use;
    details["scaled_hpwl_um"] = result.winner.scaled_hpwl_um;
  }
  details["legal"] = rows.legal;
  if (rows.legal) {
    details["legal_hpwl_um"] = rows.hpwl_um;
  }
  if (edges) {
    details["ace"] = ace_json(edges->ace);
  }
  details["density_cap"] = flags.density_cap;
  details["made"] = result.trials.size() - candidates.size();
  details["quota"] = nullptr;
  if (!until_time_is_up) {
    details["quota"] = options.trials;
  }
  details["stopped"] = result.stopped;
  details["trials"] = trials_json(result.trials);
  cost_report.refine_s += seconds_since(stage_start);
}

}  // namespace tessera::app
