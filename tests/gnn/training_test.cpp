#include "gnn/training.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <iterator>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"
#include "tests/support/test_support.h"
#include <nlohmann/json.hpp>

#include "gnn/checkpoint.h"
#include "gnn/model_file.h"
#include "gnn/network_policy.h"
#include "gnn/rollout.h"
#include "netlist_io/errors.h"
#include "placer/baseline_policies.h"
#include "placer/episodes.h"
#include "placer/macro_env.h"

namespace {

using nlohmann::json;
using tessera::gnn::Checkpoint;
using tessera::gnn::IterationInfo;
using tessera::gnn::kCircuitTrainingModel;
using tessera::gnn::kModelPrefix;
using tessera::gnn::load_checkpoint;
using tessera::gnn::load_model;
using tessera::gnn::make_model_checkpoint;
using tessera::gnn::make_network;
using tessera::gnn::ModelConfig;
using tessera::gnn::NetworkPolicy;
using tessera::gnn::replay;
using tessera::gnn::train;
using tessera::gnn::TrainingBlock;
using tessera::gnn::TrainingOptions;
using tessera::gnn::TrainingResult;
using tessera::netlist_io::InfeasibleError;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::ParseError;
using tessera::netlist_io::Placement;
using tessera::placer::CellIndex;
using tessera::placer::MacroEnv;
using tessera::placer::MacroProblem;
using tessera::testing::identity;
using tessera::testing::kRandomBlockMacros;
using tessera::testing::random_block;
using tessera::testing::scratch_dir;
using tessera::testing::SmallBlock;
using tessera::testing::toy_block;

TrainingOptions quick_options(const std::string& output) {
  TrainingOptions options;
  options.output = output;
  options.ppo.episodes_per_iteration = 8;
  options.iterations = 6;
  options.time_limit_s = 1e6;
  return options;
}

TrainingBlock named(const std::string& name,
                    const SmallBlock& block,
                    std::vector<std::vector<CellIndex>> demonstrations = {}) {
  return {name, block.problem.get(), std::move(demonstrations)};
}

TrainingResult train_on(const SmallBlock& block, const TrainingOptions& options) {
  return train(std::vector{named("toy", block)}, {}, options);
}

/// Calls `visit(proxy)` for every way to place the macros of `env` that are still due.
template <typename Visit>
void enumerate(const MacroEnv& env, const Visit& visit) {
  env.mask().for_each([&](CellIndex cell) {
    MacroEnv next = env;
    const auto result = next.step(cell);
    if (next.done()) {
      visit(result.cost.proxy);
    } else {
      enumerate(next, visit);
    }
  });
}

tessera::placer::Episode greedy_episode(const MacroProblem& problem,
                                        const std::string& checkpoint) {
  const NetworkPolicy policy(load_model(load_checkpoint(checkpoint), checkpoint), problem);
  return tessera::placer::run_episodes(problem, policy, {}).best;
}

double greedy_proxy(const MacroProblem& problem, const std::string& checkpoint) {
  return greedy_episode(problem, checkpoint).cost.proxy;
}

TEST_CASE("Training finds the optimum of a block small enough to enumerate") {
  const auto block = toy_block();
  double optimum = std::numeric_limits<double>::max();
  double sum = 0.0;
  std::size_t count = 0;
  enumerate(MacroEnv(*block->problem), [&](double proxy) {
    optimum = std::min(optimum, proxy);
    sum += proxy;
    ++count;
  });
  REQUIRE(count == 504);  // 9 * 8 * 7
  const double mean = sum / static_cast<double>(count);

  TrainingOptions options = quick_options((scratch_dir("toy") / "toy.safetensors").string());
  options.model.name = kCircuitTrainingModel;
  options.evaluation_interval = 0;
  options.ppo.episodes_per_iteration = 64;
  options.ppo.epochs = 4;
  options.ppo.warmup_iterations = 0;
  options.ppo.final_learning_rate = 1.0;
  options.ppo.final_entropy = 1.0;
  options.ppo.minibatch = 64;
  options.ppo.learning_rate = 1e-3;
  options.ppo.entropy_coefficient = 0.2;  // three steps: there is little else to explore by
  options.iterations = 45;
  // On nine cells some draws of the weights leave no unit of the last layers alive; this one works.
  options.seed = 2;
  const TrainingResult result = train_on(*block, options);
  CHECK(greedy_proxy(*block->problem, options.output) == doctest::Approx(optimum).epsilon(1e-9));
  CHECK(result.best_proxy == doctest::Approx(optimum).epsilon(1e-9));
  // Untrained, episodes are about as good as random ones; trained, most of the way is gone.
  CHECK(result.first_mean_proxy == doctest::Approx(mean).epsilon(0.1));
  CHECK(result.last_mean_proxy - optimum < 0.3 * (result.first_mean_proxy - optimum));
}

/// The figures of an iteration that do not depend on the clock.
std::vector<double> figures(const IterationInfo& info) {
  std::vector<double> result = {static_cast<double>(info.iteration),
                                info.imitation ? 1.0 : 0.0,
                                info.undone ? 1.0 : 0.0,
                                static_cast<double>(info.episodes),
                                info.mean_proxy,
                                info.std_proxy,
                                info.min_proxy,
                                info.best_proxy,
                                info.mean_cost.wirelength,
                                info.policy_loss,
                                info.value_loss,
                                info.entropy,
                                info.kl,
                                info.clip_fraction,
                                info.explained_variance,
                                info.gradient_norm,
                                info.learning_rate,
                                static_cast<double>(info.rollout_states),
                                static_cast<double>(info.update_states),
                                info.score.value_or(-1.0)};
  result.insert(result.end(), info.judged_proxies.begin(), info.judged_proxies.end());
  return result;
}

void check_same_tensors(const std::string& left, const std::string& right) {
  const Checkpoint a = load_checkpoint(left);
  const Checkpoint b = load_checkpoint(right);
  REQUIRE(a.tensors.size() == b.tensors.size());
  for (const auto& [name, tensor] : a.tensors) {
    CAPTURE(name);
    CHECK(torch::equal(tensor, b.tensors.at(name)));
  }
}

/// Options that put everything to use that a training has to remember.
TrainingOptions eventful_options(const std::string& output) {
  TrainingOptions options = quick_options(output);
  options.ppo.imitation_iterations = 2;
  options.ppo.restarts = 0.5;
  options.ppo.shaping = 0.1;
  options.ppo.minibatch = 20;
  options.ppo.weight_average = 0.8;
  options.ppo.block_advantages = true;
  options.evaluation_interval = 2;
  return options;
}

TEST_CASE("Means of the weights are kept instead of the last ones") {
  const auto block = toy_block();
  const std::string path = (scratch_dir("means") / "toy.safetensors").string();
  TrainingOptions options = quick_options(path);
  options.ppo.weight_average = 0.9;
  options.ppo.warmup_iterations = 0;
  options.evaluation_interval = 0;
  options.iterations = 1;
  train_on(*block, options);
  const Checkpoint checkpoint = load_checkpoint(path);
  const auto start = make_network(options.model, options.seed);
  for (const auto& parameter : start->named_parameters()) {
    CAPTURE(parameter.key());
    const torch::Tensor& last = checkpoint.tensors.at("last/" + parameter.key());
    const torch::Tensor& kept = checkpoint.tensors.at("model/" + parameter.key());
    CHECK(torch::allclose(kept, 0.5 * (parameter.value() + last), 1e-5, 1e-7));
  }
}

/// Blocks of different sizes, the first with a demonstration.
struct TwoBlocks {
  std::unique_ptr<const SmallBlock> toy = toy_block();
  std::unique_ptr<const SmallBlock> large = random_block(1, identity(kRandomBlockMacros));
  std::vector<TrainingBlock> blocks = {named("toy", *toy, {{1, 3, 5}, {8, 4, 0}}),
                                       named("large", *large)};
};

/// Trains and returns the figures of the iterations.
std::vector<std::vector<double>> figures_of(const TwoBlocks& two, TrainingOptions options) {
  std::vector<std::vector<double>> all;
  options.progress = [&all](const IterationInfo& info) { all.push_back(figures(info)); };
  train(two.blocks, {}, options);
  return all;
}

TEST_CASE("A training halted and resumed equals one that went straight on") {
  const TwoBlocks two;
  const std::filesystem::path folder = scratch_dir("resume");
  const std::string straight = (folder / "straight.safetensors").string();
  const std::string halted = (folder / "halted.safetensors").string();
  for (const int halt : {1, 3, 4}) {
    CAPTURE(halt);
    const auto straight_figures = figures_of(two, eventful_options(straight));

    TrainingOptions options = eventful_options(halted);
    int asked = 0;
    options.stop = [&] { return ++asked == halt; };
    auto halted_figures = figures_of(two, options);
    REQUIRE(halted_figures.size() == static_cast<std::size_t>(halt));
    options.stop = nullptr;
    options.resume = true;
    options.seed = 99;                       // these are taken from the checkpoint
    options.ppo.episodes_per_iteration = 4;  //
    options.model.graph_width = 8;           //
    const auto rest = figures_of(two, options);
    halted_figures.insert(halted_figures.end(), rest.begin(), rest.end());

    CHECK(halted_figures.size() == 6);
    CHECK(halted_figures == straight_figures);
    check_same_tensors(straight, halted);
  }
}

/// Options with steps so long that updates have to be undone.
TrainingOptions clumsy_options(const std::string& output) {
  TrainingOptions options = quick_options(output);
  options.ppo.learning_rate = 0.1;
  options.ppo.weight_average = 0.5;
  options.evaluation_interval = 0;
  options.iterations = 24;
  return options;
}

TEST_CASE("An update after which the mean proxy leaps up is undone") {
  const auto block = toy_block();
  const std::filesystem::path folder = scratch_dir("undo");
  const auto path = [&](std::int64_t iteration) {
    return (folder / (std::to_string(iteration) + ".safetensors")).string();
  };
  TrainingOptions options = clumsy_options((folder / "a.safetensors").string());
  options.checkpoint_interval_s = 0.0;
  std::vector<IterationInfo> all;
  options.progress = [&](const IterationInfo& info) { all.push_back(info); };
  options.stop = [&] {  // the checkpoint there is of the iteration before
    if (all.size() > 1) {
      std::filesystem::copy_file(options.output, path(static_cast<std::int64_t>(all.size()) - 1));
    }
    return false;
  };
  train_on(*block, options);

  std::vector<double> recent;  // means of what was learnt from
  int undone = 0;
  int in_a_row = 0;
  for (const IterationInfo& info : all) {
    in_a_row = info.undone ? in_a_row + 1 : 0;
    CHECK(in_a_row <= 3);
    if (!info.undone) {
      recent.push_back(info.mean_proxy);
      continue;
    }
    ++undone;
    REQUIRE(recent.size() >= 3);
    const auto first = recent.end() - std::min<std::ptrdiff_t>(5, std::ssize(recent));
    const double usual =
        std::accumulate(first, recent.end(), 0.0) / static_cast<double>(recent.end() - first);
    CHECK(info.mean_proxy > usual * (1.0 + options.ppo.undo_above));
    CHECK(info.update_states == 0);
    if (info.iteration < *options.iterations) {
      const Checkpoint before = load_checkpoint(path(info.iteration - in_a_row - 1));
      const Checkpoint after = load_checkpoint(path(info.iteration));
      for (const auto& [name, tensor] : before.tensors) {
        if (!name.starts_with("undo/")) {
          CAPTURE(name);
          CHECK(torch::equal(tensor, after.tensors.at(name)));
        }
      }
    }
  }
  CHECK(undone > 0);

  all.clear();
  options.stop = nullptr;
  options.ppo.undo_above = 0.0;
  train_on(*block, options);
  CHECK(
      std::none_of(all.begin(), all.end(), [](const IterationInfo& info) { return info.undone; }));
}

TEST_CASE("A training halted before it undoes an update does so when it is resumed") {
  const auto block = toy_block();
  const std::filesystem::path folder = scratch_dir("undo_resume");
  std::vector<std::vector<double>> straight;
  TrainingOptions options = clumsy_options((folder / "straight.safetensors").string());
  std::int64_t first_undone = 0;
  options.progress = [&](const IterationInfo& info) {
    straight.push_back(figures(info));
    if (info.undone && first_undone == 0) {
      first_undone = info.iteration;
    }
  };
  train_on(*block, options);
  REQUIRE(first_undone > 1);

  for (const std::int64_t halt : {first_undone - 1, first_undone}) {
    CAPTURE(halt);
    TrainingOptions parts = clumsy_options((folder / "parts.safetensors").string());
    std::vector<std::vector<double>> halted;
    parts.progress = [&](const IterationInfo& info) { halted.push_back(figures(info)); };
    parts.stop = [&] { return std::ssize(halted) == halt; };
    train_on(*block, parts);
    REQUIRE(std::ssize(halted) == halt);
    parts.stop = nullptr;
    parts.resume = true;
    train_on(*block, parts);
    CHECK(halted == straight);
    check_same_tensors((folder / "straight.safetensors").string(), parts.output);
  }
}

TEST_CASE("A resumed training counts on") {
  const auto block = toy_block();
  TrainingOptions options = quick_options((scratch_dir("count") / "a.safetensors").string());
  options.iterations = 3;
  train_on(*block, options);
  options.resume = true;
  options.iterations = 6;
  const TrainingResult result = train_on(*block, options);
  CHECK(result.iterations == 6);
  CHECK(result.episodes == 6 * 8);
  const TrainingResult again = train_on(*block, options);  // nothing is left to do
  CHECK(again.iterations == 6);
  CHECK(again.best_proxy == result.best_proxy);
  CHECK(again.best_score == result.best_score);
}

TEST_CASE("A training depends on the seed, not on the number of threads") {
  const TwoBlocks two;
  const std::filesystem::path folder = scratch_dir("threads");
  const auto run = [&](const std::string& name, std::uint64_t seed, int threads) {
    TrainingOptions options = eventful_options((folder / name).string());
    options.ppo.episodes_per_iteration = 24;
    options.iterations = 4;
    options.seed = seed;
    options.threads = threads;
    return figures_of(two, options);
  };
  const auto one = run("one", 1, 1);
  CHECK(run("again", 1, 1) == one);
  CHECK(run("two", 1, 2) == one);
  CHECK(run("other", 2, 1) != one);
  check_same_tensors((folder / "one").string(), (folder / "again").string());
  check_same_tensors((folder / "one").string(), (folder / "two").string());
}

TEST_CASE("A request to stop ends the training after the iteration, with a checkpoint") {
  const auto block = toy_block();
  TrainingOptions options = quick_options((scratch_dir("stop") / "a.safetensors").string());
  int asked = 0;
  options.stop = [&] { return ++asked == 2; };
  options.checkpoint_interval_s = 1e6;
  const TrainingResult result = train_on(*block, options);
  CHECK(result.stopped);
  CHECK(result.iterations == 2);
  options.stop = nullptr;
  options.resume = true;
  const TrainingResult resumed = train_on(*block, options);
  CHECK_FALSE(resumed.stopped);
  CHECK(resumed.iterations == 6);
}

TEST_CASE("The time limit ends a training") {
  const auto block = toy_block();
  TrainingOptions options = quick_options((scratch_dir("time") / "a.safetensors").string());
  options.iterations.reset();
  options.time_limit_s = 0.2;
  const TrainingResult result = train_on(*block, options);
  CHECK(result.iterations >= 1);
  CHECK(result.elapsed_s >= 0.2);
  CHECK_FALSE(result.stopped);
}

TEST_CASE("Each new best placement is told of, and is as good as said") {
  const auto block = toy_block();
  TrainingOptions options = quick_options((scratch_dir("best") / "a.safetensors").string());
  double best = std::numeric_limits<double>::max();
  options.improved =
      [&](std::size_t index, const Placement& placement, const tessera::cost::CostBreakdown& cost) {
        CHECK(index == 0);
        CHECK(cost.proxy < best);
        best = cost.proxy;
        CHECK(block->problem->proxy_cost().evaluate(placement).proxy == best);
      };
  const TrainingResult result = train_on(*block, options);
  CHECK(result.best_proxy == best);
}

TEST_CASE("Training starts from the weights of a checkpoint") {
  const auto block = toy_block();
  const std::filesystem::path folder = scratch_dir("start");
  const std::string start = (folder / "start.safetensors").string();
  save_checkpoint(make_model_checkpoint(*make_network(ModelConfig(), 42)), start);
  const auto value_loss = [&](std::uint64_t seed, const std::optional<std::string>& checkpoint) {
    TrainingOptions options = quick_options((folder / "out.safetensors").string());
    options.iterations = 1;
    options.start_checkpoint = checkpoint;
    options.seed = seed;
    double loss = 0.0;
    options.progress = [&](const IterationInfo& info) { loss = info.value_loss; };
    train_on(*block, options);
    return loss;
  };
  CHECK(value_loss(1, start) != value_loss(1, std::nullopt));
  CHECK(value_loss(42, start) == value_loss(42, std::nullopt));
}

TEST_CASE("A training begun before there was an option goes on with its default") {
  const auto block = toy_block();
  TrainingOptions options = quick_options((scratch_dir("older") / "toy.safetensors").string());
  options.iterations = 1;
  train_on(*block, options);
  Checkpoint checkpoint = load_checkpoint(options.output);
  std::string& training = checkpoint.metadata.at("training");
  const std::string newest = ",\"weight_average\":0.0";
  REQUIRE(training.find(newest) != std::string::npos);
  training.erase(training.find(newest), newest.size());
  save_checkpoint(checkpoint, options.output);
  options.resume = true;
  options.iterations = 2;
  CHECK(train_on(*block, options).iterations == 2);
}

TEST_CASE("What cannot be resumed is refused") {
  const TwoBlocks two;
  TrainingOptions options = quick_options((scratch_dir("refused") / "a.safetensors").string());
  options.resume = true;
  const auto run = [&] { train_on(*two.toy, options); };
  const auto run_first = [&] {
    options.resume = false;
    options.iterations = 1;
    run();
    options.resume = true;
  };
  SUBCASE("no checkpoint there") {
    CHECK_THROWS_WITH(run(), doctest::Contains("a.safetensors"));
  }
  SUBCASE("weights alone") {
    save_checkpoint(make_model_checkpoint(*make_network(ModelConfig(), 1)), options.output);
    CHECK_THROWS_WITH_AS(
        run(), doctest::Contains("holds no state of a training to resume"), ParseError);
  }
  SUBCASE("no optimiser") {
    run_first();
    Checkpoint checkpoint = load_checkpoint(options.output);
    std::erase_if(checkpoint.tensors,
                  [](const auto& entry) { return entry.first.starts_with("adam/"); });
    save_checkpoint(checkpoint, options.output);
    CHECK_THROWS_WITH_AS(run(), doctest::Contains("cannot be trained on"), ParseError);
  }
  SUBCASE("another network's state to go back to") {
    run_first();
    Checkpoint checkpoint = load_checkpoint(options.output);
    REQUIRE(checkpoint.tensors.erase("undo/weights/query.weight") == 1);
    save_checkpoint(checkpoint, options.output);
    CHECK_THROWS_WITH_AS(run(), doctest::Contains("\"undo/\""), ParseError);
  }
  SUBCASE("no weights of the last iteration") {
    run_first();
    Checkpoint checkpoint = load_checkpoint(options.output);
    REQUIRE(checkpoint.tensors.erase("last/query.weight") == 1);
    save_checkpoint(checkpoint, options.output);
    CHECK_THROWS_WITH_AS(run(), doctest::Contains("\"last/query.weight\""), ParseError);
  }
  SUBCASE("no state of the training") {
    run_first();
    Checkpoint checkpoint = load_checkpoint(options.output);
    checkpoint.metadata["training"] = "{}";
    save_checkpoint(checkpoint, options.output);
    CHECK_THROWS_WITH_AS(
        run(), doctest::Contains("holds no state of a training to resume"), ParseError);
  }
  SUBCASE("numbers that cannot be") {
    run_first();
    const Checkpoint whole = load_checkpoint(options.output);
    const auto run_with = [&](const char* path, const json& number) {
      const json::json_pointer where(path);
      json state = json::parse(whole.metadata.at("training"));
      REQUIRE(state.contains(where));
      state[where] = number;
      Checkpoint changed = whole;
      changed.metadata["training"] = state.dump();
      save_checkpoint(changed, options.output);
      run();
    };
    CHECK_THROWS_WITH_AS(run_with("/iteration", 1e300),
                         doctest::Contains("iteration is no whole number"),
                         ParseError);
    CHECK_THROWS_WITH_AS(run_with("/iteration", -1), doctest::Contains("-1"), ParseError);
    CHECK_THROWS_WITH_AS(
        run_with("/ppo/epochs", 1.5), doctest::Contains("epochs is no whole number"), ParseError);
    CHECK_THROWS_WITH_AS(run_with("/blocks/0/best_actions/1", std::int64_t{1} << 40),
                         doctest::Contains("best_actions is too large"),
                         ParseError);
    CHECK_THROWS_WITH_AS(run_with("/blocks/0/best_actions/1", 4'000'000'000),
                         doctest::Contains("cannot be played again"),
                         ParseError);
    CHECK_THROWS_WITH_AS(run_with("/blocks/0/best_actions", json::array({0})),
                         doctest::Contains("cannot be played again"),
                         ParseError);
    CHECK_THROWS_WITH_AS(run_with("/elapsed_s", -1.0), doctest::Contains("time"), ParseError);
    CHECK_THROWS_WITH_AS(
        run_with("/ppo/clip", 7.0), doctest::Contains("a.safetensors"), ParseError);
  }
  SUBCASE("a state nested without end") {
    run_first();
    Checkpoint checkpoint = load_checkpoint(options.output);
    checkpoint.metadata["training"] = std::string(1'000'000, '[');
    save_checkpoint(checkpoint, options.output);
    CHECK_THROWS_WITH_AS(
        run(), doctest::Contains("holds no state of a training to resume"), ParseError);
  }
  SUBCASE("other blocks") {
    run_first();
    CHECK_THROWS_WITH_AS(
        train(two.blocks, {}, options), doctest::Contains("on other blocks"), ParseError);
    const std::vector<TrainingBlock> renamed = {named("other", *two.toy)};
    CHECK_THROWS_WITH_AS(
        train(renamed, {}, options), doctest::Contains("on other blocks"), ParseError);
  }
}

TEST_CASE("Training refuses bad options and blocks without movable macros") {
  const std::string output = (scratch_dir("bad") / "a.safetensors").string();
  const auto block = toy_block();
  TrainingOptions options = quick_options(output);
  SUBCASE("bad option of the learning") {
    options.ppo.clip = 2.0;
    CHECK_THROWS_WITH_AS(train_on(*block, options), doctest::Contains("clip"), OptionError);
  }
  SUBCASE("bad shape of the network") {
    options.model.graph_layers = 0;
    CHECK_THROWS_WITH_AS(train_on(*block, options), doctest::Contains("graph_layers"), OptionError);
  }
  SUBCASE("unknown device") {
    options.device = "abacus";
    CHECK_THROWS_WITH_AS(train_on(*block, options), doctest::Contains("abacus"), OptionError);
  }
  SUBCASE("no block") {
    CHECK_THROWS_AS(train({}, {}, options), OptionError);
  }
  SUBCASE("no movable macro") {
    tessera::testing::BlockBuilder builder;
    builder.add_net(builder.add_soft_macro(5.0, 5.0), {builder.add_port(0.0, 0.0)});
    const auto without = tessera::testing::make_block(
        builder.build(), 40.0, 40.0, {4, 4}, tessera::placer::PositionPrior::kCanvasCentre);
    CHECK_THROWS_WITH_AS(
        train_on(*without, options), doctest::Contains("\"toy\""), InfeasibleError);
    const std::vector<TrainingBlock> good = {named("good", *block)};
    const std::vector<TrainingBlock> bad = {named("bad", *without)};
    CHECK_THROWS_WITH_AS(train(good, bad, options), doctest::Contains("\"bad\""), InfeasibleError);
  }
  CHECK_FALSE(std::filesystem::exists(output));
}

TEST_CASE("The canvas network learns the toy by PPO") {
  const auto block = toy_block();
  double optimum = std::numeric_limits<double>::max();
  enumerate(MacroEnv(*block->problem), [&](double proxy) { optimum = std::min(optimum, proxy); });
  TrainingOptions options = quick_options((scratch_dir("canvas") / "a.safetensors").string());
  options.ppo.episodes_per_iteration = 32;
  options.iterations = 30;
  const TrainingResult result = train_on(*block, options);
  CHECK(result.last_mean_proxy - optimum < 0.5 * (result.first_mean_proxy - optimum));
}

TEST_CASE("A floor for the entropy keeps the policy from being sure of everything") {
  const auto block = toy_block();
  double last[2] = {};
  for (const int floor : {0, 1}) {
    TrainingOptions options =
        quick_options((scratch_dir("entropy_floor") / "a.safetensors").string());
    options.ppo.episodes_per_iteration = 32;
    options.ppo.entropy_coefficient = 1e-4;
    options.ppo.entropy_floor = floor;
    options.iterations = 60;
    options.progress = [&](const IterationInfo& info) { last[floor] = info.entropy; };
    train_on(*block, options);
  }
  CAPTURE(last[0]);
  CAPTURE(last[1]);
  CHECK(last[0] < 0.7);
  CHECK(last[1] > last[0] + 0.1);
}

TEST_CASE("Expert iteration needs no demonstrations: it imitates its own best episode") {
  const auto block = toy_block();
  TrainingOptions options = quick_options((scratch_dir("own_expert") / "a.safetensors").string());
  options.ppo.episodes_per_iteration = 16;
  options.ppo.imitation_iterations = 40;
  options.ppo.expert_iteration = true;
  options.ppo.learning_rate = 3e-3;
  options.ppo.smoothing = 0.0;
  options.iterations = 40;
  options.evaluation_interval = 0;
  int imitated = 0;
  options.progress = [&](const IterationInfo& info) { imitated += info.imitation ? 1 : 0; };
  const TrainingResult result = train_on(*block, options);
  CHECK(imitated == 40);
  const Placement learned = greedy_episode(*block->problem, options.output).placement;
  CHECK(block->problem->proxy_cost().evaluate(learned).proxy ==
        doctest::Approx(result.best_proxy).epsilon(1e-9));
}

TEST_CASE("Imitation of a demonstration makes the greedy episode reproduce it") {
  const auto block = toy_block();
  const std::vector<CellIndex> demonstration = {1, 3, 5};
  const Placement wanted = replay(*block->problem, demonstration);
  TrainingOptions options = quick_options((scratch_dir("imitate") / "a.safetensors").string());
  options.ppo.episodes_per_iteration = 16;
  options.ppo.imitation_iterations = 25;
  options.ppo.learning_rate = 3e-3;
  options.ppo.smoothing = 0.0;
  options.iterations = 25;
  options.evaluation_interval = 0;  // by score, imitation of a bad teacher would not be kept
  int imitated = 0;
  options.progress = [&](const IterationInfo& info) { imitated += info.imitation ? 1 : 0; };
  train(std::vector{named("toy", *block, {demonstration})}, {}, options);
  CHECK(imitated == 25);
  const Placement learned = greedy_episode(*block->problem, options.output).placement;
  CHECK(learned.x == wanted.x);
  CHECK(learned.y == wanted.y);

  save_checkpoint(make_model_checkpoint(*make_network(ModelConfig(), 1)), options.output);
  CHECK(greedy_episode(*block->problem, options.output).placement.x != wanted.x);
}

TEST_CASE("Expert iteration leaves a demonstration behind that episodes have bettered") {
  const auto block = toy_block();
  TrainingBlock taught = named("toy", *block, {{1, 3, 5}});
  MacroEnv env(*block->problem);
  for (const CellIndex cell : taught.demonstrations.front()) {
    taught.demonstrated_proxy = env.step(cell).cost.proxy;
  }
  const auto learned_proxy = [&](bool expert_iteration) {
    TrainingOptions options = quick_options((scratch_dir("expert") / "a.safetensors").string());
    options.ppo.episodes_per_iteration = 16;
    options.ppo.imitation_iterations = 25;
    options.ppo.learning_rate = 3e-3;
    options.ppo.follow = 0.5;
    options.ppo.smoothing = 0.3;
    options.ppo.expert_iteration = expert_iteration;
    options.iterations = 25;
    options.evaluation_interval = 0;
    train(std::vector{taught}, {}, options);
    return greedy_proxy(*block->problem, options.output);
  };
  CHECK(learned_proxy(false) == taught.demonstrated_proxy);
  CHECK(learned_proxy(true) < taught.demonstrated_proxy);
}

TEST_CASE("The weights kept are those of the best score, not the last") {
  const auto block = random_block(1, identity(kRandomBlockMacros));
  TrainingOptions options = quick_options((scratch_dir("score") / "a.safetensors").string());
  options.model.canvas_width = 24;
  options.ppo.learning_rate = 0.05;  // far too much: scores go up and down
  options.ppo.warmup_iterations = 0;
  options.ppo.target_kl = 100.0;
  options.evaluation_interval = 1;
  std::vector<double> scores;
  std::vector<double> judged;
  options.progress = [&](const IterationInfo& info) {
    REQUIRE(info.score);
    REQUIRE(info.judged_proxies.size() == 1);
    scores.push_back(*info.score);
    judged.push_back(info.judged_proxies.front());
  };
  const TrainingResult result = train_on(*block, options);
  REQUIRE(scores.size() == 6);
  const auto best = std::min_element(scores.begin(), scores.end());
  REQUIRE(*best < scores.back());  // else this shows nothing
  CHECK(result.best_score == *best);
  const double proxy = judged[static_cast<std::size_t>(best - scores.begin())];
  CHECK(result.judged_proxies == std::vector<double>{proxy});
  CHECK(greedy_proxy(*block->problem, options.output) == proxy);
  // A score is a proxy over that of the greedy rule.
  const tessera::placer::GreedyDeltaPolicy greedy;
  CHECK(*best ==
        doctest::Approx(
            proxy / tessera::placer::run_episodes(*block->problem, greedy, {}).best.cost.proxy));
  const Checkpoint checkpoint = load_checkpoint(options.output);
  CHECK_FALSE(torch::equal(checkpoint.tensors.at("last/query.weight"),
                           checkpoint.tensors.at(std::string(kModelPrefix) + "query.weight")));
}

TEST_CASE("Policies are judged on the blocks given for it") {
  const TwoBlocks two;
  TrainingOptions options = quick_options((scratch_dir("judged") / "a.safetensors").string());
  options.iterations = 1;
  const std::vector<TrainingBlock> own = {two.blocks[0]};
  const std::vector<TrainingBlock> other = {two.blocks[1]};
  const TrainingResult result = train(own, other, options);
  REQUIRE(result.judged_proxies.size() == 1);
  CHECK(result.judged_proxies[0] == greedy_proxy(*two.large->problem, options.output));
  CHECK(train(own, {}, options).judged_proxies ==
        std::vector<double>{greedy_proxy(*two.toy->problem, options.output)});
}

TEST_CASE("Blocks of different sizes train together, each with its own best placement") {
  const TwoBlocks two;
  TrainingOptions options = quick_options((scratch_dir("two") / "a.safetensors").string());
  options.ppo.restarts = 0.5;
  std::vector<double> best(2, std::numeric_limits<double>::max());
  options.improved =
      [&](std::size_t index, const Placement& placement, const tessera::cost::CostBreakdown& cost) {
        REQUIRE(index < 2);
        CHECK(cost.proxy < best[index]);
        best[index] = cost.proxy;
        CHECK(two.blocks[index].problem->proxy_cost().evaluate(placement).proxy == cost.proxy);
      };
  std::vector<std::int64_t> states;
  options.progress = [&](const IterationInfo& info) { states.push_back(info.rollout_states); };
  const TrainingResult result = train(two.blocks, {}, options);
  CHECK(std::max(best[0], best[1]) < std::numeric_limits<double>::max());
  CHECK(result.best_proxy == std::min(best[0], best[1]));
  REQUIRE(result.judged_proxies.size() == 2);
  // Four episodes each: of 3 and of 6 macros. Later ones may start from a prefix of the best.
  REQUIRE(states.size() == 6);
  CHECK(states[0] == 4 * 3 + 4 * 6);
  CHECK(*std::min_element(states.begin(), states.end()) < states[0]);
}

TEST_CASE("Without restarts every episode is learned from whole") {
  const auto block = toy_block();
  TrainingOptions options = quick_options((scratch_dir("whole") / "a.safetensors").string());
  options.progress = [&](const IterationInfo& info) {
    CHECK(info.rollout_states == 8 * 3);
    CHECK_FALSE(info.imitation);
  };
  options.ppo.imitation_iterations = 3;  // there are no demonstrations
  train_on(*block, options);
}

}  // namespace
