#include "placer/episodes.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
#include <map>
#include <optional>
#include <span>
#include <utility>

#include "netlist_io/rng.h"
#include "placer/decoding.h"

namespace tessera::placer {
namespace {

/// Episodes that share their policy evaluations. Fixed, because the last bits of a batched
/// evaluation may depend on the size of the batch.
constexpr std::size_t kGroupSize = 8;

/// Episodes played side by side.
struct Group {
  const Policy* policy;
  std::size_t first;
  std::size_t count;
};

/// All episodes of a run, in groups.
std::vector<Group> make_groups(const Policy& policy, const EpisodesOptions& options) {
  std::vector<Group> groups;
  const std::size_t size = policy.independent() ? 1 : kGroupSize;
  // With views, the first episode of all stands alone, too.
  const std::size_t singles =
      options.views.empty() ? 0 : std::min(options.views.size() + 1, options.count);
  for (std::size_t i = 0; i < singles; ++i) {
    groups.push_back({i == 0 ? &policy : options.views[i - 1], i, 1});
  }
  for (std::size_t first = singles; first < options.count; first += size) {
    groups.push_back({&policy, first, std::min(size, options.count - first)});
  }
  return groups;
}

/// The episodes that are finished when `options.stop` ends the run. If it does so early, that is
/// the first of all, which plays on, or none.
std::vector<Episode> run_group(const MacroProblem& problem,
                               const Group& group,
                               const EpisodesOptions& options) {
  const std::size_t first = group.first;
  const std::size_t count = group.count;
  std::vector<MacroEnv> envs(count, MacroEnv(problem));
  std::vector<const MacroEnv*> states;
  std::vector<netlist_io::Rng> rngs;
  std::vector<Episode> episodes(count);
  for (std::size_t i = 0; i < count; ++i) {
    states.push_back(&envs[i]);
    rngs.push_back(netlist_io::Rng::derive(options.seed, "episode", first + i));
    episodes[i].index = first + i;
  }
  const std::size_t num_cells = problem.canvas().grid.num_cells();
  PolicyOutput output;
  std::size_t playing = count;
  for (std::size_t step = 0; step < problem.macros().size(); ++step) {
    if ((playing > 1 || first > 0) && options.stop && options.stop()) {
      playing = first == 0 ? 1 : 0;
    }
    if (playing == 0) {
      return {};
    }
    group.policy->evaluate(std::span(states).first(playing), output);
    for (std::size_t i = 0; i < playing; ++i) {
      const std::size_t index = first + i;
      const Decoding decoding = index == 0                      ? options.first
                                : index <= options.views.size() ? Decoding::kGreedy
                                                                : Decoding::kSample;
      const std::span<const float> logits(output.logits.data() + i * num_cells, num_cells);
      episodes[i].cost = decide(envs[i], logits, decoding, rngs[i]).result.cost;
    }
  }
  episodes.erase(episodes.begin() + static_cast<std::ptrdiff_t>(playing), episodes.end());
  for (std::size_t i = 0; i < playing; ++i) {
    if (problem.macros().empty()) {
      episodes[i].cost = envs[i].finish().cost;
    }
    episodes[i].placement = envs[i].placement();
  }
  return episodes;
}

/// Gathers the groups' results, from any thread. What counts is an unbroken series from the first
/// on, so that a run that is stopped is the same as one of fewer episodes.
class Collector {
 public:
  explicit Collector(const EpisodesOptions& options) : options_(options) {}

  void add(std::vector<Episode> group) {
    for (Episode& episode : group) {
      const std::size_t index = episode.index;
      waiting_.emplace(index, std::move(episode));
    }
    const std::size_t before = proxies_.size();
    while (!waiting_.empty() && waiting_.begin()->first == proxies_.size()) {
      Episode& next = waiting_.begin()->second;
      proxies_.push_back(next.cost.proxy);
      if (!best_ || next.cost.proxy < best_->cost.proxy) {
        best_ = std::move(next);
      }
      waiting_.erase(waiting_.begin());
    }
    if (options_.progress && proxies_.size() > before) {
      options_.progress(proxies_.size(), best_->cost.proxy);
    }
  }

  EpisodesResult finish() { return {std::move(*best_), std::move(proxies_)}; }

 private:
  const EpisodesOptions& options_;
  std::map<std::size_t, Episode> waiting_;  ///< for those before them
  std::vector<double> proxies_;
  std::optional<Episode> best_;
};

}  // namespace

EpisodesResult run_episodes(const MacroProblem& problem,
                            const Policy& policy,
                            const EpisodesOptions& options) {
  Collector collector(options);
  std::exception_ptr error;
  std::atomic<bool> stopped = false;
  const std::vector<Group> groups = make_groups(policy, options);
  const auto count = static_cast<std::int64_t>(groups.size());
#pragma omp parallel for num_threads(options.threads) schedule(dynamic, 1)
  for (std::int64_t g = 0; g < count; ++g) {
    if (stopped || (g > 0 && options.stop && options.stop())) {
      stopped = true;
      continue;
    }
    try {
      std::vector<Episode> episodes =
          run_group(problem, groups[static_cast<std::size_t>(g)], options);
#pragma omp critical(tessera_episodes)
      collector.add(std::move(episodes));
    } catch (...) {
      stopped = true;
#pragma omp critical(tessera_episodes)
      error = std::current_exception();
    }
  }
  if (error) {
    std::rethrow_exception(error);
  }
  return collector.finish();
}

}  // namespace tessera::placer
