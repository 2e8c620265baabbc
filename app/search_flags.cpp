#include "app/search_flags.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <utility>

#include "app/interrupt.h"
#include "app/option_checks.h"
#include "app/progress_log.h"

namespace tessera::app {
namespace {

/// Least time between two lines of progress.

/// What is left for the search when reading and the policy have used up the time: it still has to
/// return something legal.
constexpr double kLeastSearch_s = 0.01;

/// Seconds that an effort takes on two cores.
double seconds_of_effort(const std::string& effort) {
  if (effort == "fast") {
    return 10.0;
  }
  return effort == "default" ? 60.0 : 300.0;
}

/// Tells how far a search is.
std::function<void(const placer::OptimizerProgress&)> search_progress(Clock::time_point start) {
  return [progress = StageProgress("search", "moves", start)](
             const placer::OptimizerProgress& now) mutable {
    char text[80];
    std::snprintf(
        text, sizeof text, "best proxy %.6f  current %.6f", now.best_proxy, now.current_proxy);
    progress({static_cast<double>(now.evals_done),
              static_cast<double>(now.evals_total),
              now.evals_done >= now.evals_total},
             text,
             {{"best_proxy", now.best_proxy}, {"current_proxy", now.current_proxy}});
  };
}

}  // namespace

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void SearchFlags::add_to(CLI::App& command, const std::vector<std::string>& efforts) {
  const char* const group = "Search";
  command.add_option("--mode", mode, "grid: macros at grid-cell centres; free: anywhere legal")
      ->check(CLI::IsMember({"grid", "free"}))
      ->capture_default_str()
      ->group(group);
  command
      .add_option("--effort",
                  effort,
                  "how much work to spend: fast, default and best take about 10, 60 and 300 s on "
                  "two cores, the same work on every machine")
      ->check(CLI::IsMember(efforts))
      ->default_str(kDefaultEffort)
      ->group(group);
  command
      .add_option("--evals",
                  evals,
                  "moves to evaluate, instead of an effort: the same result on every machine")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000'000}))
      ->type_name("N")
      ->group(group);
  command
      .add_option(
          "--time",
          time_s,
          "seconds for the whole command, instead of an effort; the JSON tells the --evals "
          "and --chains, and as \"episodes\" the --samples of a policy, that reproduce the result")
      ->check(number_range(1e-3, 1e7))
      ->type_name("SECONDS")
      ->group(group);
  command
      .add_option("--chains",
                  chains,
                  "searches side by side, of which the better ones go on (default: " +
                      std::to_string(placer::PlacementSearchOptions().chains) +
                      ", with --time at least one a thread)")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->group(group);
}

void SearchFlags::add_start_temperature_to(CLI::App& command, double usual) {
  start_temperature = usual;
  command
      .add_option(
          "--start-temperature",
          start_temperature,
          "temperature at the start, in units of the proxy: higher strays farther from the input")
      ->check(number_range(1e-6, 1.0))
      ->type_name("T")
      ->capture_default_str()
      ->group("Search");
}

double SearchFlags::effort_s() const {
  return seconds_of_effort(effort.value_or(kDefaultEffort));
}

placer::PlacementSearchOptions SearchFlags::search_options(const Block& block,
                                                           const netlist_io::Placement& fixed,
                                                           const EnvironmentFlags& environment,
                                                           const CommonFlags& common,
                                                           Clock::time_point start,
                                                           double share) const {
  placer::PlacementSearchOptions options;
  options.search.placement_class =
      mode == "grid" ? placer::PlacementClass::kGrid : placer::PlacementClass::kFree;
  options.search.space = environment.space_options(block);
  options.search.cost = block.cost;
  options.seed = common.seed;
  options.threads = common.num_threads();
  options.start_temperature = start_temperature;
  const auto threads = static_cast<std::size_t>(options.threads);
  const bool by_clock = time_s && !evals;
  options.chains = chains.value_or(by_clock ? std::max(options.chains, threads) : options.chains);
  if (evals) {
    options.budget.evals = *evals;
  } else if (time_s) {
    options.budget.time_s = std::max(kLeastSearch_s, share * *time_s - seconds_since(start));
  } else {
    constexpr int kNominalThreads = 2;
    const double seconds = share * effort_s();
    options.budget.evals = placer::nominal_evals(
        block.netlist, block.canvas, fixed, options.search, seconds, kNominalThreads);
  }
  // With a quota as well as a time, whichever is used up first ends the search.
  const std::optional<double> deadline_s = evals ? time_s : std::nullopt;
  options.stop = [start, deadline_s] {
    return interrupted() || (deadline_s && seconds_since(start) >= *deadline_s);
  };
  options.progress = search_progress(start);
  return options;
}

void append_stages(std::vector<placer::SearchStage> from, std::vector<Stage>& stages) {
  for (placer::SearchStage& stage : from) {
    stages.push_back({std::move(stage.name), stage.proxy, std::move(stage.placement)});
  }
}

nlohmann::ordered_json search_json(const placer::PlacementSearchOptions& options,
                                   const placer::PlacementSearchResult& result) {
  return {{"evals", result.evals}, {"chains", options.chains}, {"stopped", result.stopped}};
}

}  // namespace tessera::app
