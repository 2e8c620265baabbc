#include <algorithm>
#include <cstdio>
#include <exception>
#include <future>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "app/block_input.h"
#include "app/command.h"
#include "app/episode_frames.h"
#include "app/feasibility_check.h"
#include "app/flat_stage.h"
#include "app/interrupt.h"
#include "app/options_json.h"
#include "app/outputs.h"
#include "app/place_flags.h"
#include "app/placement_report.h"
#include "app/plugin_loader.h"
#include "app/progress_log.h"
#include "app/report/policy_payload.h"
#include "app/search_flags.h"
#include "app/searched_block.h"
#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/plc_file.h"
#include "placer/baseline_policies.h"
#include "placer/episodes.h"
#include "placer/legalizer.h"
#include "placer/macro_problem.h"
#include "placer/placement_search.h"
#include "placer/policy.h"

namespace tessera::app {
namespace {

using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::OptionError;
using netlist_io::Placement;

struct PlaceFlags {
  BlockFlags block;
  CommonFlags common;
  EnvironmentFlags environment;
  SearchFlags search;
  FlatStageFlags flat;
  OutputFlags outputs;
  std::optional<std::string> policy;
  std::optional<std::string> start_from;
  std::optional<std::string> frames;
  std::string device = "cpu";
  std::optional<std::size_t> samples;

  /// Nothing but episodes and the cluster placer, in the grid class.
  bool zero_shot() const {
    if (search.effort) {
      return *search.effort == "zero-shot";
    }
    return samples && !search.evals && !search.time_s && !start_from;
  }
  /// Whether the flat netlist decides on the macros of a block.
  bool judges_flat(const Block& placed) const {
    return flat.applies(placed) && search.mode == "free" && !zero_shot();
  }
  bool runs_policy() const {
    return zero_shot() || (policy != "none" && (policy || samples || !start_from));
  }
  std::string policy_name() const {
    return runs_policy() ? policy.value_or("bundled") : std::string("none");
  }

  /// Throws `OptionError` for flags that contradict each other.
  void validate() const {
    if (zero_shot() && (search.evals || search.chains || start_from)) {
      throw OptionError(
          "--effort zero-shot does no local search, which --evals, --chains and "
          "--start-from are for");
    }
    if (!runs_policy() && samples) {
      throw OptionError("--samples needs a policy, but --policy is none");
    }
    if (frames && !runs_policy()) {
      throw OptionError("--frames shows an episode of a policy, but there is none to play one");
    }
    if (frames) {
      check_frames_path(*frames);
    }
  }
};

/// Loads the policy's network on another thread while the netlist is read.
class PolicyLoader {
 public:
  explicit PolicyLoader(const PlaceFlags& flags) {
    if (!flags.runs_policy()) {
      return;
    }
    if (flags.policy == "greedy") {
      rule_ = std::make_unique<placer::GreedyDeltaPolicy>();
    } else if (flags.policy == "spiral") {
      rule_ = std::make_unique<placer::SpiralPolicy>();
    } else if (flags.policy == "none") {
      rule_ = std::make_unique<placer::UniformPolicy>();
    } else {
      loading_ = std::async(std::launch::async, [policy = flags.policy, device = flags.device] {
        return load_network(policy ? *policy : bundled_checkpoint().string(), device);
      });
    }
  }

  /// Waits for the network; null if the policy has none.
  const gnn::LoadedNetwork* network() {
    if (loading_.valid()) {
      network_ = loading_.get();
    }
    return network_.get();
  }

  std::unique_ptr<placer::Policy> policy_for(const placer::MacroProblem& problem) {
    return rule_ ? std::move(rule_) : network()->policy_for(problem);
  }

 private:
  std::unique_ptr<placer::Policy> rule_;
  std::future<std::unique_ptr<gnn::LoadedNetwork>> loading_;
  std::unique_ptr<gnn::LoadedNetwork> network_;
};

/// Tells how many episodes are done. `total`: 0 if the time decides.
std::function<void(std::size_t, double)> episode_progress(Clock::time_point start,
                                                          std::size_t total) {
  return [progress = StageProgress("policy", "episodes", start), total](std::size_t done,
                                                                        double best_proxy) mutable {
    char best[48];
    std::snprintf(best, sizeof best, "best proxy %.6f", best_proxy);
    progress({static_cast<double>(done), static_cast<double>(total), done == total},
             best,
             {{"best_proxy", best_proxy}});
  };
}

/// The best episode, its clusters placed by the solver asked for.
struct PolicyResult {
  Placement placement;
  cost::CostBreakdown cost;
  std::vector<Stage> stages;
  double policy_s = 0.0;
  nlohmann::ordered_json details;
  nlohmann::ordered_json report;  ///< `policy_payload`, if a report is wanted
};

/// `views`: of the same network, tried before samples are drawn.
placer::EpisodesResult run_episodes(const placer::MacroProblem& problem,
                                    const placer::Policy& policy,
                                    std::span<const std::unique_ptr<placer::Policy>> views,
                                    const PlaceFlags& flags,
                                    Clock::time_point start) {
  constexpr std::size_t kUntilTimeIsUp = 1'000'000;
  const bool until_time_is_up = flags.zero_shot() && flags.search.time_s;
  placer::EpisodesOptions options;
  options.count = flags.samples.value_or(until_time_is_up ? kUntilTimeIsUp : 1 + views.size());
  // Without preferences, the greedy choice is the lowest cell: a packing, not a random placement.
  options.first = flags.policy == "none" ? placer::Decoding::kSample : placer::Decoding::kGreedy;
  for (const std::unique_ptr<placer::Policy>& view : views) {
    options.views.push_back(view.get());
  }
  options.seed = flags.common.seed;
  options.threads = flags.common.num_threads();
  // Before a search, episodes get a part of the time only.
  const double share = flags.zero_shot() ? 1.0 : 0.2;
  options.stop = [&flags, start, share] {
    const std::optional<double>& time_s = flags.search.time_s;
    return interrupted() || (time_s && seconds_since(start) >= share * *time_s);
  };
  options.progress = episode_progress(start, until_time_is_up ? 0 : options.count);
  return placer::run_episodes(problem, policy, options);
}

/// The macros alone, so to speak: clusters where the policy saw them.
Placement before_clusters(const placer::MacroProblem& problem, Placement placement) {
  for (const NodeId node : problem.netlist().soft_macros()) {
    placement.x[node.index()] = problem.start().x[node.index()];
    placement.y[node.index()] = problem.start().y[node.index()];
  }
  return placement;
}

/// The flags in force: what the user gave, then what the network was trained with.
EnvironmentFlags environment_for(const PlaceFlags& flags, PolicyLoader& loader) {
  EnvironmentFlags environment = flags.environment;
  if (const gnn::LoadedNetwork* const network = loader.network()) {
    print_warnings(environment.follow(network->environment(), flags.policy_name()));
  }
  return environment;
}

PolicyResult run_policy(const PlaceFlags& flags,
                        const Block& block,
                        const Placement& fixed,
                        PolicyLoader& loader,
                        Clock::time_point start) {
  const EnvironmentFlags environment = environment_for(flags, loader);
  const placer::MacroProblem problem(
      block.netlist, block.canvas, fixed, environment.problem_options(block));
  const std::unique_ptr<placer::Policy> policy = loader.policy_for(problem);
  const Clock::time_point policy_start = Clock::now();
  const std::vector<std::unique_ptr<placer::Policy>> views =
      loader.network() != nullptr ? loader.network()->views_for(problem)
                                  : std::vector<std::unique_ptr<placer::Policy>>();
  placer::EpisodesResult episodes = run_episodes(problem, *policy, views, flags, start);
  PolicyResult result;
  result.placement = std::move(episodes.best.placement);
  result.cost = episodes.best.cost;
  const std::string solver = problem.options().cluster_solver == placer::ClusterSolver::kGradient
                                 ? "gradient"
                                 : "force-directed";
  Placement macros_only = before_clusters(problem, result.placement);
  const double macros_only_proxy = problem.proxy_cost().evaluate(macros_only).proxy;
  result.stages = {{"policy", macros_only_proxy, std::move(macros_only)},
                   {solver, result.cost.proxy, result.placement}};
  result.policy_s = seconds_since(policy_start);
  result.details = {{"episodes", episodes.proxies.size()},
                    {"best_episode", episodes.best.index},
                    {"environment", nlohmann::ordered_json::parse(environment.trained_with())}};
  if (flags.frames) {
    write_episode_frames(*flags.frames, block, result.placement, problem.macros());
  }
  // With groups, macros of the problem are not those of the report.
  if (!flags.outputs.report_paths().empty() && !flags.environment.macro_groups) {
    result.report = policy_payload(problem, *policy, result.placement);
  }
  return result;
}

void warn_without_policy(const std::exception& error) {
  warn(std::string("going on without the policy: ") + error.what());
}

/// The same as a start of the search, which can do without: in a build without LibTorch, unless the
/// flags name a policy, and in the free class, where macros that do not fit onto the grid may fit
/// off it.
std::optional<PolicyResult> try_policy(const PlaceFlags& flags,
                                       const Block& block,
                                       const Placement& fixed,
                                       PolicyLoader& loader,
                                       Clock::time_point start) {
  try {
    return run_policy(flags, block, fixed, loader, start);
  } catch (const netlist_io::InfeasibleError& error) {
    if (flags.search.mode == "grid") {
      throw;
    }
    warn_without_policy(error);
  } catch (const PluginError& error) {
    if (flags.policy) {
      throw;
    }
    warn_without_policy(error);
  }
  return std::nullopt;
}

/// The placement without the positions of movable nodes, which are not for `place` to see: they may
/// come from a better placer. Whether a macro is turned is kept, being part of the floorplan.
Placement forget_movable(const Block& block, Placement placement) {
  using netlist_io::Orientation;
  for (std::size_t i = 0; i < placement.size(); ++i) {
    if (placement.fixed[i] == 0 && block.netlist.kind(NodeId(i)) != NodeKind::kPort) {
      placement.x[i] = 0.5 * block.canvas.width;
      placement.y[i] = 0.5 * block.canvas.height;
      placement.orientation[i] =
          swaps_axes(placement.orientation[i]) ? Orientation::kE : Orientation::kN;
      placement.placed[i] = 0;
    }
  }
  return placement;
}

/// The placement of a file, with fixed nodes and ports where they belong. Macros turned otherwise
/// than in the input keep their orientation there.
Placement read_start(const std::string& path, const Block& block, Placement placement) {
  const Placement given = netlist_io::read_plc(path, block.netlist).placement;
  for (std::size_t i = 0; i < placement.size(); ++i) {
    if (placement.fixed[i] == 0 && block.netlist.kind(NodeId(i)) != NodeKind::kPort) {
      placement.x[i] = given.x[i];
      placement.y[i] = given.y[i];
      if (swaps_axes(given.orientation[i]) == swaps_axes(placement.orientation[i])) {
        placement.orientation[i] = given.orientation[i];
      }
      placement.placed[i] = 1;
    }
  }
  return placement;
}

/// Searches from the policy's placement, from that of a file and from analytic ones.
void search(const PlaceFlags& flags,
            const std::optional<PolicyResult>& policy,
            const std::optional<Placement>& given,
            const Block& block,
            bool flat_decides,
            Clock::time_point start,
            PlacementReport& report) {
  const Clock::time_point search_start = Clock::now();
  placer::PlacementSearchOptions options =
      flags.search.search_options(block,
                                  *report.fixed,
                                  flags.environment,
                                  flags.common,
                                  start,
                                  flat_decides ? kClusteredShare : 1.0);
  options.analytic_starts = std::max<std::size_t>(2, options.chains);
  std::vector<Placement> starts;
  if (given) {
    starts.push_back(*given);
  }
  if (policy) {
    starts.push_back(policy->placement);
  }
  placer::PlacementSearchResult result =
      placer::search_placement(block.netlist, block.canvas, starts, *report.fixed, options);
  append_stages(std::move(result.stages), report.cost_report.stages);
  report.details.update(search_json(options, result));
  report.placement = std::move(result.placement);
  report.cost_report.cost = result.cost;
  report.cost_report.refine_s = seconds_since(search_start);
}

/// Moves the macros of a placement at grid-cell centres onto the lattice that their design asks
/// for, mostly by less than a track pitch.
void meet_design_rules(const PlaceFlags& flags, const Block& block, PlacementReport& report) {
  report.placement =
      placer::legalize_macros(
          block.netlist, block.canvas, report.placement, flags.environment.space_options(block))
          .placement;
  CostReport& cost_report = report.cost_report;
  cost_report.cost =
      cost::ProxyCost(block.netlist, block.canvas, block.cost).evaluate(report.placement);
  cost_report.stages.push_back({"on tracks", cost_report.cost.proxy, report.placement});
}

/// Runs what the flags ask for and fills in placement, costs and details of the report.
void make_placement(const PlaceFlags& flags,
                    const SearchedBlock& searched,
                    PolicyLoader& loader,
                    Clock::time_point start,
                    PlacementReport& report) {
  const Block& block = searched.block();
  std::optional<Placement> given;
  if (flags.start_from) {
    given =
        searched.collapse(read_start(*flags.start_from, searched.input(), searched.input_fixed()));
    report.input_paths.push_back(*flags.start_from);
    report.details["start_from"] = *flags.start_from;
  }
  std::optional<PolicyResult> policy;
  if (flags.zero_shot()) {
    policy = run_policy(flags, block, *report.fixed, loader, start);
  } else if (flags.runs_policy()) {
    policy = try_policy(flags, block, *report.fixed, loader, start);
  }
  if (policy) {
    report.cost_report.stages = policy->stages;
    report.cost_report.policy_s = policy->policy_s;
    report.details.update(policy->details);
    report.policy = std::move(policy->report);
  } else {
    report.details["policy"] = "none";
  }
  if (flags.zero_shot()) {
    report.placement = std::move(policy->placement);
    report.cost_report.cost = policy->cost;
  } else {
    search(flags, policy, given, block, flags.judges_flat(searched.input()), start, report);
  }
  if (searched.input().lefdef && (flags.zero_shot() || flags.search.mode == "grid")) {
    meet_design_rules(flags, block, report);
  }
}

int run(const PlaceFlags& flags, nlohmann::ordered_json options_given) {
  const Clock::time_point start = Clock::now();
  flags.validate();
  flags.outputs.check(flags.block.input);
  catch_interrupts();
  PolicyLoader loader(flags);
  const std::unique_ptr<const Block> block =
      read_block(flags.block,
                 BlockUse::kPlacing,
                 ClusteringSettings::with(flags.common.seed, flags.common.num_threads()));
  print_notes(block->notes);
  const SearchedBlock searched(
      *block, flags.environment, forget_movable(*block, flags.environment.apply_fixes(*block)));
  PlaceFlags search_flags = flags;
  search_flags.environment = searched.environment();
  PlacementReport report;
  report.cost_report.command = "place";
  report.cost_report.options = std::move(options_given);
  report.spacing = flags.environment.space_options(*block).spacing;
  report.fixed = &searched.fixed();
  report.input_paths = block->input_paths;
  report.details = {{"policy", flags.policy_name()},
                    {"mode", flags.zero_shot() ? "grid" : flags.search.mode}};
  const bool grid = flags.zero_shot() || flags.search.mode == "grid";
  const std::vector<std::string> warnings = check_feasibility(
      searched.block(), searched.fixed(), searched.environment(), grid && !block->lefdef);
  if (!warnings.empty()) {
    report.details["warnings"] = warnings;
  }
  make_placement(search_flags, searched, loader, start, report);
  flags.environment.append_files(report.input_paths);
  searched.expand(report);
  if (flags.judges_flat(*block)) {
    choose_by_flat_netlist(flags.flat, flags.search, searched, flags.common, start, report);
  }
  return deliver(std::move(report), flags.outputs, flags.common, start);
}

}  // namespace

void add_place_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "place", "Places hard macros and clusters: policy, analytic placement, local search");
  const auto flags = std::make_shared<PlaceFlags>();
  flags->block.add_to(*command);
  flags->common.add_to(*command);
  flags->environment.add_to(*command);
  flags->search.add_to(*command, {"zero-shot", "fast", "default", "best"});
  flags->flat.add_to(*command);
  flags->outputs.add_to(*command);
  flags->outputs.add_report_to(*command);
  command
      ->add_option(
          "--policy",
          flags->policy,
          "checkpoint (default: the bundled one), or without a network: greedy, each macro "
          "where the proxy grows least; spiral, along the edge inwards; none, which leaves "
          "the analytic starts, or random legal placements for zero-shot")
      ->type_name("FILE|none|greedy|spiral");
  command
      ->add_option("--samples",
                   flags->samples,
                   "episodes, of which the best counts (default: 1, or 4 with a canvas network): "
                   "a greedy one, with a canvas network three more greedy ones that see the block "
                   "mirrored, then sampled ones; "
                   "without --effort, --evals or --time, implies zero-shot")
      ->check(CLI::Range(1, 1000000))
      ->type_name("N");
  command
      ->add_option(
          "--frames",
          flags->frames,
          "write the policy's best episode, macro after macro: an .svg that moves, or a series "
          "of images if FILE is a folder or has %d or %04d in its name")
      ->type_name("FILE");
  command->add_option("--device", flags->device, "where the network computes")
      ->check(CLI::IsMember({"cpu", "cuda"}))
      ->capture_default_str();
  command
      ->add_option("--start-from",
                   flags->start_from,
                   "placement (.plc) to start the search from, instead of the policy's unless "
                   "--policy or --samples is given")
      ->type_name("FILE");
  command->footer(examples({
      "tessera place netlist.pb.txt.gz --plc initial.plc -o placed.plc -o placed.svg",
      "tessera place design.def --lef tech.lef --halo 2,1 --effort best -o placed.def -o "
      "macros.tcl",
      "tessera place netlist.pb.txt.gz --plc initial.plc --policy none --time 120 -o placed.plc",
  }));
  command->callback(
      [flags, command, &exit_code] { exit_code = run(*flags, options_json(*command)); });
}

}  // namespace tessera::app
