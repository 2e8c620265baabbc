#include "gnn/finetune.h"

#include <algorithm>
#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"
#include "tests/support/test_support.h"

#include "gnn/checkpoint.h"
#include "gnn/model_file.h"
#include "gnn/network_policy.h"
#include "netlist_io/errors.h"
#include "placer/episodes.h"
#include "placer/macro_env.h"

namespace {

using tessera::gnn::Checkpoint;
using tessera::gnn::CircuitTrainingNet;
using tessera::gnn::finetune;
using tessera::gnn::FinetuneOptions;
using tessera::gnn::FinetuneResult;
using tessera::gnn::IterationInfo;
using tessera::gnn::load_checkpoint;
using tessera::gnn::load_model;
using tessera::gnn::NetworkPolicy;
using tessera::netlist_io::InfeasibleError;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::ParseError;
using tessera::placer::CellIndex;
using tessera::placer::MacroEnv;
using tessera::placer::MacroProblem;
using tessera::testing::scratch_dir;
using tessera::testing::toy_block;

FinetuneOptions quick_options(const std::string& output) {
  FinetuneOptions options;
  options.output = output;
  options.ppo.episodes_per_iteration = 8;
  options.iterations = 6;
  options.time_limit_s = 1e6;
  return options;
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

double greedy_proxy(const MacroProblem& problem, const std::string& checkpoint) {
  CircuitTrainingNet net;
  load_model(load_checkpoint(checkpoint), checkpoint, net);
  const NetworkPolicy policy(net, problem);
  return tessera::placer::run_episodes(problem, policy, {}).best.cost.proxy;
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

  FinetuneOptions options = quick_options((scratch_dir("toy") / "toy.safetensors").string());
  options.ppo.episodes_per_iteration = 64;
  options.ppo.minibatch = 64;
  options.ppo.learning_rate = 1e-3;
  options.ppo.entropy_coefficient = 0.2;  // three steps: there is little else to explore by
  options.iterations = 45;
  // On nine cells some draws of the weights leave no unit of the last layers alive; this one works.
  options.seed = 2;
  const FinetuneResult result = finetune(*block->problem, options);
  CHECK(greedy_proxy(*block->problem, options.output) == doctest::Approx(optimum).epsilon(1e-9));
  CHECK(result.best_proxy == doctest::Approx(optimum).epsilon(1e-9));
  // Untrained, episodes are about as good as random ones; trained, most of the way is gone.
  CHECK(result.first_mean_proxy == doctest::Approx(mean).epsilon(0.1));
  CHECK(result.last_mean_proxy - optimum < 0.3 * (result.first_mean_proxy - optimum));
}

/// The figures of an iteration that do not depend on the clock.
std::vector<double> figures(const IterationInfo& info) {
  return {static_cast<double>(info.iteration),
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
          info.gradient_norm};
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

TEST_CASE("A training halted and resumed equals one that went straight on") {
  const auto block = toy_block();
  const std::filesystem::path folder = scratch_dir("resume");
  std::vector<std::vector<double>> straight_figures;
  FinetuneOptions straight = quick_options((folder / "straight.safetensors").string());
  straight.progress = [&](const IterationInfo& info) { straight_figures.push_back(figures(info)); };
  finetune(*block->problem, straight);

  std::vector<std::vector<double>> halted_figures;
  FinetuneOptions halted = quick_options((folder / "halted.safetensors").string());
  halted.progress = [&](const IterationInfo& info) { halted_figures.push_back(figures(info)); };
  halted.iterations = 3;
  finetune(*block->problem, halted);
  halted.resume = true;
  halted.iterations = 6;
  halted.seed = 99;                       // these two are taken from the checkpoint
  halted.ppo.episodes_per_iteration = 4;  //
  const FinetuneResult result = finetune(*block->problem, halted);

  CHECK(result.iterations == 6);
  CHECK(result.episodes == 6 * 8);
  CHECK(halted_figures.size() == 6);
  CHECK(halted_figures == straight_figures);
  check_same_tensors(straight.output, halted.output);
}

TEST_CASE("A training does not depend on the number of threads") {
  const auto block = toy_block();
  const std::filesystem::path folder = scratch_dir("threads");
  FinetuneOptions one = quick_options((folder / "one.safetensors").string());
  one.ppo.episodes_per_iteration = 24;
  one.iterations = 2;
  FinetuneOptions two = one;
  two.output = (folder / "two.safetensors").string();
  two.threads = 2;
  finetune(*block->problem, one);
  finetune(*block->problem, two);
  check_same_tensors(one.output, two.output);
}

TEST_CASE("A request to stop ends the training after the iteration, with a checkpoint") {
  const auto block = toy_block();
  FinetuneOptions options = quick_options((scratch_dir("stop") / "a.safetensors").string());
  int asked = 0;
  options.stop = [&] { return ++asked == 2; };
  options.checkpoint_interval_s = 1e6;
  const FinetuneResult result = finetune(*block->problem, options);
  CHECK(result.stopped);
  CHECK(result.iterations == 2);
  options.stop = nullptr;
  options.resume = true;
  const FinetuneResult resumed = finetune(*block->problem, options);
  CHECK_FALSE(resumed.stopped);
  CHECK(resumed.iterations == 6);
}

TEST_CASE("The time limit ends a training") {
  const auto block = toy_block();
  FinetuneOptions options = quick_options((scratch_dir("time") / "a.safetensors").string());
  options.iterations.reset();
  options.time_limit_s = 0.2;
  const FinetuneResult result = finetune(*block->problem, options);
  CHECK(result.iterations >= 1);
  CHECK(result.elapsed_s >= 0.2);
  CHECK_FALSE(result.stopped);
}

TEST_CASE("Each new best placement is told of, and is as good as said") {
  const auto block = toy_block();
  FinetuneOptions options = quick_options((scratch_dir("best") / "a.safetensors").string());
  double best = std::numeric_limits<double>::max();
  options.improved = [&](const tessera::netlist_io::Placement& placement,
                         const tessera::cost::CostBreakdown& cost) {
    CHECK(cost.proxy < best);
    best = cost.proxy;
    CHECK(block->problem->proxy_cost().evaluate(placement).proxy == best);
  };
  const FinetuneResult result = finetune(*block->problem, options);
  CHECK(result.best_proxy == best);
}

TEST_CASE("Training starts from the weights of a checkpoint") {
  const auto block = toy_block();
  const std::filesystem::path folder = scratch_dir("start");
  const std::string start = (folder / "start.safetensors").string();
  save_checkpoint(tessera::gnn::make_model_checkpoint(tessera::gnn::make_untrained_network(42)),
                  start);
  const auto value_loss = [&](std::uint64_t seed, const std::optional<std::string>& checkpoint) {
    FinetuneOptions options = quick_options((folder / "out.safetensors").string());
    options.iterations = 1;
    options.start_checkpoint = checkpoint;
    options.seed = seed;
    double loss = 0.0;
    options.progress = [&](const IterationInfo& info) { loss = info.value_loss; };
    finetune(*block->problem, options);
    return loss;
  };
  CHECK(value_loss(1, start) != value_loss(1, std::nullopt));
  CHECK(value_loss(42, start) == value_loss(42, std::nullopt));
}

TEST_CASE("What cannot be resumed is refused") {
  const auto block = toy_block();
  FinetuneOptions options = quick_options((scratch_dir("refused") / "a.safetensors").string());
  options.resume = true;
  const auto run = [&] { finetune(*block->problem, options); };
  SUBCASE("no checkpoint there") {
    CHECK_THROWS_WITH(run(), doctest::Contains("a.safetensors"));
  }
  SUBCASE("weights without an optimiser") {
    save_checkpoint(tessera::gnn::make_model_checkpoint(tessera::gnn::make_untrained_network(1)),
                    options.output);
    CHECK_THROWS_WITH_AS(run(), doctest::Contains("cannot be trained on"), ParseError);
  }
  SUBCASE("no state of the training") {
    options.resume = false;
    options.iterations = 1;
    run();
    Checkpoint checkpoint = load_checkpoint(options.output);
    checkpoint.metadata["training"] = "{}";
    save_checkpoint(checkpoint, options.output);
    options.resume = true;
    CHECK_THROWS_WITH_AS(
        run(), doctest::Contains("holds no state of a training to resume"), ParseError);
  }
}

TEST_CASE("Training refuses bad options and blocks without movable macros") {
  const std::string output = (scratch_dir("bad") / "a.safetensors").string();
  const auto block = toy_block();
  FinetuneOptions options = quick_options(output);
  options.ppo.clip = 2.0;
  CHECK_THROWS_AS(finetune(*block->problem, options), OptionError);

  tessera::testing::BlockBuilder builder;
  builder.add_net(builder.add_soft_macro(5.0, 5.0), {builder.add_port(0.0, 0.0)});
  const auto without = tessera::testing::make_block(
      builder.build(), 40.0, 40.0, {4, 4}, tessera::placer::PositionPrior::kCanvasCentre);
  CHECK_THROWS_AS(finetune(*without->problem, quick_options(output)), InfeasibleError);
  CHECK_FALSE(std::filesystem::exists(output));
}

}  // namespace
