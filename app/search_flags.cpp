#include "app/search_flags.h"

#include <algorithm>
#include <cstdio>
#include <limits>
#include <utility>

#include "app/interrupt.h"

namespace tessera::app {
namespace {

/// Least time between two lines of progress.
constexpr double kProgressInterval_s = 0.5;

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

/// Prints how far a search is. A copy goes on from where its original stands.
class SearchProgress {
 public:
  explicit SearchProgress(Clock::time_point start) : start_(start) {}

  void operator()(const placer::OptimizerProgress& progress) {
    const double now_s = seconds_since(start_);
    const double done = static_cast<double>(progress.evals_done) /
                        static_cast<double>(std::max<std::uint64_t>(1, progress.evals_total));
    if (!first_) {
      first_ = {now_s, done};
    }
    const bool finished = progress.evals_done >= progress.evals_total;
    if (!finished && now_s - last_s_ < kProgressInterval_s) {
      return;
    }
    last_s_ = now_s;
    std::fprintf(stderr,
                 "%8.1f s  %5.1f %%  best proxy %.6f  current %.6f%s\n",
                 now_s,
                 100.0 * done,
                 progress.best_proxy,
                 progress.current_proxy,
                 remaining_text(now_s, done).c_str());
  }

 private:
  struct Mark {
    double time_s = 0.0;
    double done = 0.0;
  };

  /// The time to go at the pace since the first call, which leaves out what came before the search.
  std::string remaining_text(double now_s, double done) const {
    constexpr double kAllButDone = 0.9995;  // it would print as 100 %
    if (done <= first_->done || done >= kAllButDone) {
      return "";
    }
    const double remaining_s = (1.0 - done) * (now_s - first_->time_s) / (done - first_->done);
    char text[32];
    std::snprintf(text, sizeof text, "  %.1f s left", remaining_s);
    return text;
  }

  Clock::time_point start_;
  double last_s_ = -std::numeric_limits<double>::infinity();
  std::optional<Mark> first_;
};

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
  command.add_option("--evals", evals, "moves to evaluate, instead of an effort: reproducible")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000'000}))
      ->type_name("N")
      ->group(group);
  command
      .add_option("--time",
                  time_s,
                  "seconds for the whole command, instead of an effort; the JSON tells the --evals "
                  "and --chains that reproduce the result")
      ->check(CLI::Range(1e-3, 1e7))
      ->type_name("SECONDS")
      ->group(group);
  command
      .add_option("--chains",
                  chains,
                  "searches side by side, of which the better ones go on; 2, with --time at least "
                  "one a thread")
      ->check(CLI::Range(1, 1024))
      ->type_name("N")
      ->group(group);
}

void SearchFlags::add_start_temperature_to(CLI::App& command, double usual) {
  start_temperature = usual;
  command
      .add_option("--start-temperature",
                  start_temperature,
                  "higher strays farther from the input, in units of the proxy")
      ->check(CLI::Range(1e-6, 1.0))
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
  if (!common.quiet) {
    options.progress = SearchProgress(start);
  }
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
