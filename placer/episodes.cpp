#include "placer/episodes.h"

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <exception>
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

/// Gathers the groups' results, from any thread.
class Collector {
 public:
  explicit Collector(const EpisodesOptions& options) : options_(options), proxies_(options.count) {}

  void add(std::vector<Episode> group) {
    if (group.empty()) {
      return;
    }
    done_ += group.size();
    for (Episode& episode : group) {
      proxies_[episode.index] = episode.cost.proxy;
      const bool better = !best_ || std::pair(episode.cost.proxy, episode.index) <
                                        std::pair(best_->cost.proxy, best_->index);
      if (better) {
        best_ = std::move(episode);
      }
    }
    if (options_.progress) {
      options_.progress(done_, best_->cost.proxy);
    }
  }

  EpisodesResult finish() {
    EpisodesResult result{std::move(*best_), {}};
    for (const std::optional<double>& proxy : proxies_) {
      if (proxy) {
        result.proxies.push_back(*proxy);
      }
    }
    return result;
  }

 private:
  const EpisodesOptions& options_;
  std::vector<std::optional<double>> proxies_;
  std::optional<Episode> best_;
  std::size_t done_ = 0;
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
