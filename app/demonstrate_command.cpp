#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "app/command.h"
#include "app/corpus_problem.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/interrupt.h"
#include "app/options_json.h"
#include "app/outputs.h"
#include "app/place_flags.h"
#include "app/plugin_loader.h"
#include "app/progress_log.h"
#include "app/search_flags.h"
#include "netlist_io/errors.h"
#include "placer/baseline_policies.h"
#include "placer/corpus.h"
#include "placer/demonstration.h"
#include "placer/episodes.h"
#include "placer/macro_problem.h"
#include "placer/placement_search.h"
#include "placer/policy.h"

namespace tessera::app {
namespace {

using netlist_io::InfeasibleError;
using netlist_io::OptionError;
using netlist_io::Placement;
using nlohmann::ordered_json;
using placer::Demonstration;
using placer::MacroProblem;

struct DemonstrateFlags {
  CommonFlags common;
  EnvironmentFlags environment;
  std::vector<std::string> corpus;
  bool augment = false;
  std::string output;
  std::uint64_t evals = 200'000;
  std::uint64_t per_block = 1;
  std::optional<std::string> policy;
  std::size_t samples = 8;
};

/// One search to run.
struct Task {
  std::size_t block = 0;  ///< index into the names
  std::uint64_t seed = 0;
};

/// Where policies come from; loads a network once, for all blocks.
class PolicySource {
 public:
  explicit PolicySource(const std::optional<std::string>& policy) : policy_(policy) {
    if (policy_ && *policy_ != "greedy" && *policy_ != "spiral") {
      network_ = load_network(*policy_, "cpu");
    }
  }

  bool any() const { return policy_.has_value(); }
  /// Null without one; sampling makes sense only with one.
  const gnn::LoadedNetwork* network() const { return network_.get(); }

  /// `problem` must outlive the policy.
  std::unique_ptr<placer::Policy> policy_for(const MacroProblem& problem) const {
    if (network_) {
      return network_->policy_for(problem);
    }
    if (*policy_ == "greedy") {
      return std::make_unique<placer::GreedyDeltaPolicy>();
    }
    return std::make_unique<placer::SpiralPolicy>();
  }

 private:
  std::optional<std::string> policy_;
  std::unique_ptr<gnn::LoadedNetwork> network_;
};

/// A block with what all searches on it share.
class DemonstratedBlock {
 public:
  DemonstratedBlock(placer::CorpusBlock block,
                    const EnvironmentFlags& environment,
                    const PolicySource& policies)
      : block_(std::move(block)),
        samples_policy_(policies.network() != nullptr),
        problem_(block_.netlist,
                 block_.canvas,
                 block_.placement,
                 without_prior(environment.problem_options(block_))) {
    if (policies.any()) {
      seen_by_policy_.emplace(
          block_.netlist, block_.canvas, block_.placement, environment.problem_options(block_));
      policy_ = policies.policy_for(*seen_by_policy_);
    }
  }
  DemonstratedBlock(const DemonstratedBlock&) = delete;
  DemonstratedBlock& operator=(const DemonstratedBlock&) = delete;

  /// None: interrupted. Throws `InfeasibleError` if no placement or no episode was found.
  std::optional<Demonstration> demonstrate(const DemonstrateFlags& flags,
                                           std::uint64_t seed,
                                           int threads) const {
    std::optional<placer::Episode> episode;
    if (policy_) {
      placer::EpisodesOptions episodes;
      episodes.count = samples_policy_ ? flags.samples : 1;
      episodes.seed = seed;
      episodes.threads = threads;
      episodes.stop = interrupted;
      episode = placer::run_episodes(*seen_by_policy_, *policy_, episodes).best;
    }
    if (flags.evals == 0 && episode) {
      return demonstration_of(episode->placement, seed);
    }
    std::vector<Placement> starts;
    if (episode) {
      starts.push_back(std::move(episode->placement));
    }
    const placer::PlacementSearchResult found =
        placer::search_placement(block_.netlist,
                                 block_.canvas,
                                 starts,
                                 problem_.start(),
                                 search_options(flags, seed, threads));
    if (found.stopped) {
      return std::nullopt;
    }
    return demonstration_of(found.placement, seed);
  }

  std::size_t num_macros() const { return problem_.macros().size(); }

 private:
  /// None: interrupted.
  std::optional<Demonstration> demonstration_of(const Placement& placement,
                                                std::uint64_t seed) const {
    if (interrupted()) {
      return std::nullopt;
    }
    Demonstration demonstration = placer::make_demonstration(problem_, placement, block_.name);
    demonstration.seed = seed;
    return demonstration;
  }

  /// What the search starts from does not come from the prior, which only policies see.
  static placer::MacroProblemOptions without_prior(placer::MacroProblemOptions options) {
    options.prior = placer::PositionPrior::kCanvasCentre;
    return options;
  }

  placer::PlacementSearchOptions search_options(const DemonstrateFlags& flags,
                                                std::uint64_t seed,
                                                int threads) const {
    placer::PlacementSearchOptions options;
    options.search.placement_class = placer::PlacementClass::kGrid;
    options.search.cost = block_.cost;
    options.search.space.rules = episode_orientations();
    options.budget.evals = flags.evals;
    options.seed = seed;
    options.threads = threads;
    options.analytic_starts = options.chains;
    options.stop = interrupted;
    return options;
  }

  /// Episodes do not mirror macros, so neither may the search.
  std::shared_ptr<const std::vector<placer::MacroRule>> episode_orientations() const {
    std::vector<placer::MacroRule> rules(block_.netlist.num_nodes());
    for (std::size_t i = 0; i < rules.size(); ++i) {
      const auto orientation = static_cast<unsigned>(problem_.start().orientation[i]);
      rules[i].orientations = static_cast<std::uint8_t>(1U << orientation);
    }
    return std::make_shared<const std::vector<placer::MacroRule>>(std::move(rules));
  }

  placer::CorpusBlock block_;
  bool samples_policy_;
  MacroProblem problem_;
  std::optional<MacroProblem> seen_by_policy_;
  std::unique_ptr<placer::Policy> policy_;
};

/// The blocks in use: each is made by the first task that needs it and goes after the last.
class BlockShelf {
 public:
  BlockShelf(const std::vector<std::string>& names,
             const std::vector<Task>& tasks,
             const EnvironmentFlags& environment,
             const PolicySource& policies)
      : names_(names), environment_(environment), policies_(policies), slots_(names.size()) {
    for (const Task& task : tasks) {
      ++slots_[task.block].tasks_left;
    }
  }

  std::shared_ptr<const DemonstratedBlock> take(std::size_t index) {
    Slot& slot = slots_[index];
    const std::lock_guard<std::mutex> lock(slot.mutex);
    if (!slot.block) {
      slot.block = std::make_shared<const DemonstratedBlock>(
          placer::load_corpus_block(names_[index]), environment_, policies_);
    }
    return slot.block;
  }

  void task_done(std::size_t index) {
    Slot& slot = slots_[index];
    const std::lock_guard<std::mutex> lock(slot.mutex);
    if (--slot.tasks_left == 0) {
      slot.block.reset();
    }
  }

 private:
  struct Slot {
    std::mutex mutex;
    std::shared_ptr<const DemonstratedBlock> block;
    std::size_t tasks_left = 0;
  };

  const std::vector<std::string>& names_;
  const EnvironmentFlags& environment_;
  const PolicySource& policies_;
  std::vector<Slot> slots_;
};

/// Writes what the tasks yield in the order of the tasks, whenever they end, and tells how far the
/// work is.
class Results {
 public:
  Results(const DemonstrateFlags& flags,
          const std::vector<std::string>& names,
          const std::vector<Task>& tasks,
          Clock::time_point start)
      : flags_(flags), names_(names), tasks_(tasks), start_(start) {}

  void add(std::size_t task, Demonstration demonstration, std::size_t num_macros, double took_s) {
    const std::lock_guard<std::mutex> lock(mutex_);
    tell(demonstration, num_macros, took_s);
    waiting_.emplace(task, std::move(demonstration));
    write_in_order();
  }

  void add_failure(std::size_t task, const std::string& reason) {
    const std::lock_guard<std::mutex> lock(mutex_);
    ++num_ended_;
    const std::string& block = names_[tasks_[task].block];
    warn("no demonstration of " + block + " with seed " + std::to_string(tasks_[task].seed) + ": " +
         reason);
    failures_.push_back({{"block", block}, {"seed", tasks_[task].seed}, {"reason", reason}});
    waiting_.emplace(task, std::nullopt);
    write_in_order();
  }

  /// What is left when the work ended early: later tasks that were faster than earlier ones.
  void write_rest() {
    for (const auto& [task, demonstration] : waiting_) {
      write(demonstration);
    }
    waiting_.clear();
  }

  const ordered_json& written() const { return written_; }
  const ordered_json& failures() const { return failures_; }

 private:
  void tell(const Demonstration& demonstration, std::size_t num_macros, double took_s) {
    ++num_ended_;
    const double elapsed_s = seconds_since(start_);
    const double left_s = elapsed_s / static_cast<double>(num_ended_) *
                          static_cast<double>(tasks_.size() - num_ended_);
    log_event("demonstration",
              {{"done", num_ended_},
               {"total", tasks_.size()},
               {"left_s", left_s},
               {"block", demonstration.block},
               {"seed", demonstration.seed},
               {"proxy", demonstration.proxy}});
    char text[128];
    std::snprintf(text,
                  sizeof text,
                  " seed %llu: %zu macros, proxy %.6f, %.1f s",
                  static_cast<unsigned long long>(demonstration.seed),
                  num_macros,
                  demonstration.proxy,
                  took_s);
    char head[64];
    std::snprintf(head, sizeof head, "%9.1f s  %zu/%zu  ", elapsed_s, num_ended_, tasks_.size());
    const std::string left =
        num_ended_ < tasks_.size() ? "  " + duration_text(left_s) + " left" : "";
    log_line(head + demonstration.block + text + left);
  }

  void write_in_order() {
    for (auto next = waiting_.find(next_); next != waiting_.end(); next = waiting_.find(++next_)) {
      write(next->second);
      waiting_.erase(next);
    }
  }

  void write(const std::optional<Demonstration>& demonstration) {
    if (!demonstration) {
      return;
    }
    placer::append_demonstration(flags_.output, *demonstration);
    written_.push_back({{"block", demonstration->block},
                        {"seed", demonstration->seed},
                        {"proxy", demonstration->proxy}});
  }

  const DemonstrateFlags& flags_;
  const std::vector<std::string>& names_;
  const std::vector<Task>& tasks_;
  Clock::time_point start_;
  std::mutex mutex_;
  std::map<std::size_t, std::optional<Demonstration>> waiting_;
  std::size_t next_ = 0;
  std::size_t num_ended_ = 0;
  ordered_json written_ = ordered_json::array();
  ordered_json failures_ = ordered_json::array();
};

/// The searches that the file does not have yet.
std::vector<Task> open_tasks(const std::vector<std::string>& names,
                             const std::vector<Demonstration>& done,
                             const DemonstrateFlags& flags) {
  std::set<std::pair<std::string, std::uint64_t>> finished;
  for (const Demonstration& demonstration : done) {
    finished.emplace(demonstration.block, demonstration.seed);
  }
  std::vector<Task> tasks;
  for (std::size_t block = 0; block < names.size(); ++block) {
    for (std::uint64_t i = 0; i < flags.per_block; ++i) {
      const Task task = {block, flags.common.seed + i};
      if (finished.emplace(names[block], task.seed).second) {
        tasks.push_back(task);
      }
    }
  }
  return tasks;
}

/// Runs one task; blocks without a solution are reported and left out.
void run_task(std::size_t index,
              const Task& task,
              const DemonstrateFlags& flags,
              int threads,
              BlockShelf& shelf,
              Results& results) {
  const Clock::time_point start = Clock::now();
  try {
    const std::shared_ptr<const DemonstratedBlock> block = shelf.take(task.block);
    std::optional<Demonstration> found = block->demonstrate(flags, task.seed, threads);
    if (found) {
      results.add(index, std::move(*found), block->num_macros(), seconds_since(start));
    }
  } catch (const InfeasibleError& error) {
    results.add_failure(index, error.what());
  }
  shelf.task_done(task.block);
}

/// Runs all tasks, several at a time. Threads that are not needed for that go to the searches,
/// whose results do not depend on them. Throws again what a task threw, others having ended.
void run_tasks(const std::vector<Task>& tasks,
               const DemonstrateFlags& flags,
               BlockShelf& shelf,
               Results& results) {
  const auto threads = static_cast<std::size_t>(flags.common.num_threads());
  const std::size_t num_workers = std::min(threads, tasks.size());
  if (num_workers == 0) {
    return;
  }
  const int threads_each = static_cast<int>(threads / num_workers);
  std::atomic<std::size_t> next = 0;
  std::atomic<bool> failed = false;
  std::vector<std::exception_ptr> errors(num_workers);
  {
    std::vector<std::jthread> workers;
    workers.reserve(num_workers);
    for (std::exception_ptr& error : errors) {
      workers.emplace_back([&] {
        try {
          for (std::size_t i = next++; i < tasks.size() && !failed && !interrupted(); i = next++) {
            run_task(i, tasks[i], flags, threads_each, shelf, results);
          }
        } catch (...) {
          error = std::current_exception();
          failed = true;
        }
      });
    }
  }
  results.write_rest();
  for (const std::exception_ptr& error : errors) {
    if (error) {
      std::rethrow_exception(error);
    }
  }
}

void check_output(const std::string& path) {
  if (path.ends_with(".gz")) {
    throw OptionError("output \"" + path +
                      "\" ends in .gz, expected a name for plain text: lines are added one by one");
  }
  check_writable(path);
}

std::vector<std::string> block_names(const DemonstrateFlags& flags) {
  std::vector<std::string> names = placer::expand_corpus(flags.corpus);
  return flags.augment ? placer::with_symmetries(names) : names;
}

int report(const DemonstrateFlags& flags,
           std::size_t num_blocks,
           std::size_t num_before,
           const Results& results,
           Clock::time_point start) {
  if (flags.common.json) {
    const ordered_json document = {{"schema_version", 1},
                                   {"tessera", version_text()},
                                   {"command", "demonstrate"},
                                   {"seed", flags.common.seed},
                                   {"threads", flags.common.num_threads()},
                                   {"evals", flags.evals},
                                   {"policy", flags.policy.value_or("none")},
                                   {"blocks", num_blocks},
                                   {"before", num_before},
                                   {"demonstrations", results.written()},
                                   {"failures", results.failures()},
                                   {"stopped", interrupted()},
                                   {"time_s", seconds_since(start)},
                                   {"output", flags.output}};
    print_json(document);
  } else {
    std::printf("%zu blocks: %zu demonstrations added to %zu, %zu failed, %.1f s\n",
                num_blocks,
                results.written().size(),
                num_before,
                results.failures().size(),
                seconds_since(start));
  }
  if (interrupted()) {
    return kInterrupted;
  }
  const bool nothing = results.written().empty() && num_before == 0;
  return nothing && !results.failures().empty() ? kInfeasible : kDone;
}

int run(DemonstrateFlags flags) {
  const Clock::time_point start = Clock::now();
  check_output(flags.output);
  const std::vector<std::string> names = block_names(flags);
  catch_interrupts();
  const PolicySource policies(flags.policy);
  if (policies.network() != nullptr) {
    print_warnings(flags.environment.follow(policies.network()->environment(), *flags.policy));
  }
  const std::vector<Demonstration> done = placer::resume_demonstrations(flags.output);
  const std::vector<Task> tasks = open_tasks(names, done, flags);
  BlockShelf shelf(names, tasks, flags.environment, policies);
  Results results(flags, names, tasks, start);
  run_tasks(tasks, flags, shelf, results);
  return report(flags, names.size(), done.size(), results, start);
}

}  // namespace

void add_demonstrate_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "demonstrate", "Searches good placements of many blocks, as episodes to learn from");
  const auto flags = std::make_shared<DemonstrateFlags>();
  flags->common.add_to(*command);
  flags->environment.add_for_corpus(*command);
  command->add_option("--corpus", flags->corpus, kCorpusHelp)->required()->type_name("ITEM");
  command->add_flag(
      "--augment", flags->augment, "also search on the blocks flipped and transposed, all 8 ways");
  command
      ->add_option("-o,--output",
                   flags->output,
                   "file of demonstrations, one a line; what it has already is not searched again")
      ->required()
      ->type_name("FILE");
  command
      ->add_option(
          "--evals",
          flags->evals,
          "moves to evaluate per demonstration; with 0, the best episode of --policy is one")
      ->check(CLI::Range(std::uint64_t{0}, std::uint64_t{1'000'000'000'000}))
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--per-block",
                   flags->per_block,
                   "demonstrations per block, by the seeds from --seed upwards")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  command
      ->add_option("--policy",
                   flags->policy,
                   "start also from the best of some episodes of a checkpoint, or of greedy or "
                   "spiral, policies without a network")
      ->type_name("FILE|greedy|spiral");
  command
      ->add_option("--samples",
                   flags->samples,
                   "episodes of a checkpoint, the first greedy, the others drawn")
      ->check(CLI::Range(1, 1'000'000))
      ->type_name("N")
      ->capture_default_str();
  command->footer(examples({
      "tessera demonstrate --corpus balanced:1-100 -o demos.jsonl",
      "tessera demonstrate --corpus blocks --augment --per-block 2 -o demos.jsonl",
  }));
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
