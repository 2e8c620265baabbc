#include "gnn/rollout.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "tests/gnn/episode_states.h"
#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"

#include "placer/canvas_observer.h"
#include "placer/macro_env.h"

namespace {

using tessera::gnn::collect_episodes;
using tessera::gnn::EpisodePlan;
using tessera::gnn::estimate_advantages;
using tessera::gnn::kCanvasModel;
using tessera::gnn::kCircuitTrainingModel;
using tessera::gnn::make_network;
using tessera::gnn::ModelConfig;
using tessera::gnn::ObservationEncoder;
using tessera::gnn::PolicyNet;
using tessera::gnn::replay;
using tessera::gnn::RolloutOptions;
using tessera::gnn::Trajectory;
using tessera::placer::CellIndex;
using tessera::placer::MacroEnv;
using tessera::testing::identity;
using tessera::testing::kRandomBlockMacros;
using tessera::testing::plain_plans;
using tessera::testing::random_block;
using tessera::testing::SmallBlock;
using tessera::testing::toy_block;

std::shared_ptr<PolicyNet> network(const char* name) {
  ModelConfig config;
  config.name = name;
  return make_network(config, 1);
}

/// Three steps with known values; the proxy is 2.
Trajectory three_steps() {
  Trajectory trajectory;
  trajectory.actions = {0, 1, 2};
  trajectory.log_probs = {-1.0F, -1.0F, -1.0F};
  trajectory.values = {0.5F, 1.0F, 1.5F};
  trajectory.growth = {0.1, -0.2, 0.3};
  trajectory.cost.proxy = 2.0;
  return trajectory;
}

void check_all(const std::vector<float>& found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t i = 0; i < found.size(); ++i) {
    CAPTURE(i);
    CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-6));
  }
}

TEST_CASE("Advantages and returns are those computed by hand") {
  Trajectory trajectory = three_steps();
  // The last reward: (3 - 2) / 0.5 = 2. Differences: 1 - 0.5, 1.5 - 1, 2 - 1.5: all 0.5.
  // Advantages from the last: 0.5; 0.5 + 0.5 * 0.5 = 0.75; 0.5 + 0.5 * 0.75 = 0.875.
  estimate_advantages(trajectory, {3.0, 0.5}, 0.0, 0.5);
  check_all(trajectory.advantages, {0.875, 0.75, 0.5});
  check_all(trajectory.returns, {1.375, 1.75, 2.0});
}

TEST_CASE("Shaped advantages and returns are those computed by hand") {
  Trajectory trajectory = three_steps();
  // Rewards: -0.1 / 0.5 = -0.2; 0.2 / 0.5 = 0.4; -0.3 / 0.5 = -0.6, and at the end the sum of the
  // growth (0.2) back: (3 - 2 + 0.2) / 0.5 = 2.4, together 1.8.
  // Differences: -0.2 + 1 - 0.5 = 0.3; 0.4 + 1.5 - 1 = 0.9; 1.8 - 1.5 = 0.3.
  // Advantages from the last: 0.3; 0.9 + 0.5 * 0.3 = 1.05; 0.3 + 0.5 * 1.05 = 0.825.
  estimate_advantages(trajectory, {3.0, 0.5}, 1.0, 0.5);
  check_all(trajectory.advantages, {0.825, 1.05, 0.3});
  check_all(trajectory.returns, {1.325, 2.05, 1.8});
}

TEST_CASE("Shaping leaves the return of a whole episode as it is") {
  for (const double shaping : {0.0, 0.3, 1.0, 7.0}) {
    CAPTURE(shaping);
    Trajectory trajectory = three_steps();
    estimate_advantages(trajectory, {3.0, 0.5}, shaping, 1.0);
    CHECK(trajectory.returns.front() == doctest::Approx(2.0).epsilon(1e-6));  // (3 - 2) / 0.5
  }
}

/// Plays the episode once more and compares what was recorded.
void check_record(const Trajectory& trajectory, const SmallBlock& block, bool sees_canvas) {
  const std::size_t macros = block.problem->macros().size();
  const tessera::netlist_io::GridShape grid = block.canvas.grid;
  const std::size_t words = tessera::placer::CellMaskView::num_words(grid);
  const std::size_t steps = macros - trajectory.prefix;
  REQUIRE(trajectory.actions.size() == macros);
  REQUIRE(trajectory.num_steps() == steps);
  REQUIRE(trajectory.masks.size() == steps * words);
  REQUIRE(trajectory.values.size() == steps);
  REQUIRE(trajectory.growth.size() == steps);
  REQUIRE(trajectory.observations.size() == (sees_canvas ? steps : 0));
  MacroEnv env(*block.problem);
  tessera::placer::StepResult last;
  for (std::size_t at = 0; at < macros; ++at) {
    const bool learned = at >= trajectory.prefix;
    const std::size_t step = learned ? at - trajectory.prefix : 0;
    if (learned) {
      const auto mask = env.mask().words();
      CHECK(std::equal(mask.begin(),
                       mask.end(),
                       trajectory.masks.begin() + static_cast<std::ptrdiff_t>(step * words)));
    }
    last = env.step(trajectory.actions[at]);
    if (learned) {
      CHECK(last.proxy_growth == trajectory.growth[step]);
      CHECK(trajectory.log_probs[step] < 0.0F);
    }
    if (learned && sees_canvas) {
      CHECK(trajectory.observations[step].canvas.size() ==
            tessera::placer::kNumCanvasChannels * grid.num_cells());
      CHECK(trajectory.observations[step].step[0] ==
            doctest::Approx(static_cast<double>(at) / static_cast<double>(macros)));
    }
  }
  CHECK(last.cost.proxy == trajectory.cost.proxy);
}

TEST_CASE("A rollout records what happened in the environment") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  for (const char* const name : {kCircuitTrainingModel, kCanvasModel}) {
    CAPTURE(name);
    const std::shared_ptr<PolicyNet> net = network(name);
    const auto trajectories = collect_episodes(plain_plans(encoder, 10), *net, {});
    REQUIRE(trajectories.size() == 10);
    for (const Trajectory& trajectory : trajectories) {
      CHECK(trajectory.prefix == 0);
      CHECK(trajectory.targets.empty());
      check_record(trajectory, *block, net->reads_canvas());
      CHECK(block->problem->proxy_cost()
                .evaluate(replay(*block->problem, trajectory.actions))
                .proxy == trajectory.cost.proxy);
    }
  }
}

TEST_CASE("Replaying actions gives the placement of the episode, clusters and all") {
  const auto block = toy_block();
  MacroEnv env(*block->problem);
  const std::vector<CellIndex> actions = {6, 2, 7};
  for (const CellIndex action : actions) {
    env.step(action);
  }
  const tessera::netlist_io::Placement placement = replay(*block->problem, actions);
  CHECK(placement.x == env.placement().x);
  CHECK(placement.y == env.placement().y);
  CHECK(placement.placed == env.placement().placed);
  CHECK(std::count(placement.placed.begin(), placement.placed.end(), 0) == 0);
}

std::vector<std::vector<CellIndex>> actions_of(const std::vector<Trajectory>& trajectories) {
  std::vector<std::vector<CellIndex>> actions;
  for (const Trajectory& trajectory : trajectories) {
    actions.push_back(trajectory.actions);
  }
  return actions;
}

TEST_CASE("A rollout depends on seed and iteration, not on the number of threads") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  for (const char* const name : {kCircuitTrainingModel, kCanvasModel}) {
    CAPTURE(name);
    const std::shared_ptr<PolicyNet> net = network(name);
    const auto collect = [&](std::uint64_t seed, std::int64_t iteration, int threads) {
      RolloutOptions options;
      options.seed = seed;
      options.iteration = iteration;
      options.threads = threads;
      return collect_episodes(plain_plans(encoder, 20), *net, options);
    };
    const auto one = collect(1, 1, 1);
    const auto two = collect(1, 1, 2);
    CHECK(actions_of(one) == actions_of(two));
    for (std::size_t i = 0; i < one.size(); ++i) {
      CHECK(one[i].log_probs == two[i].log_probs);
      CHECK(one[i].values == two[i].values);
    }
    CHECK(actions_of(one) != actions_of(collect(2, 1, 1)));
    CHECK(actions_of(one) != actions_of(collect(1, 2, 1)));
  }
}

TEST_CASE("Prefixes are taken and not learned from") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = network(kCanvasModel);
  const std::vector<CellIndex> whole = {8, 1, 4};
  const std::vector<CellIndex> illegal = {8, 8};  // the second stands on the first
  std::vector<EpisodePlan> plans = plain_plans(encoder, 5);
  plans[1].prefix = std::span(whole).first(1);
  plans[2].prefix = std::span(whole).first(2);
  plans[3].prefix = whole;
  plans[4].prefix = illegal;
  const std::vector<Trajectory> trajectories = collect_episodes(plans, *net, {});
  // The last macro is always left to learn from.
  const std::vector<std::size_t> expected = {0, 1, 2, 2, 1};
  for (std::size_t i = 0; i < plans.size(); ++i) {
    CAPTURE(i);
    const Trajectory& trajectory = trajectories[i];
    CHECK(trajectory.prefix == expected[i]);
    check_record(trajectory, *block, true);
    CHECK(std::equal(plans[i].prefix.begin(),
                     plans[i].prefix.begin() + static_cast<std::ptrdiff_t>(expected[i]),
                     trajectory.actions.begin()));
  }
}

TEST_CASE("A teacher who is always followed is reproduced") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = network(kCanvasModel);
  const std::vector<CellIndex> teacher = {1, 3, 5};
  std::vector<EpisodePlan> plans = plain_plans(encoder, 3);
  for (EpisodePlan& plan : plans) {
    plan.teacher = teacher;
    plan.follow = 1.0;
  }
  for (const Trajectory& trajectory : collect_episodes(plans, *net, {})) {
    CHECK(trajectory.actions == teacher);
    CHECK(trajectory.targets == teacher);
    check_record(trajectory, *block, true);
  }
}

TEST_CASE("A teacher who is never followed changes nothing but says what it wants") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = network(kCanvasModel);
  const std::vector<CellIndex> teacher = {1, 3, 5};
  std::vector<EpisodePlan> plans = plain_plans(encoder, 12);
  const std::vector<Trajectory> alone = collect_episodes(plans, *net, {});
  for (EpisodePlan& plan : plans) {
    plan.teacher = teacher;
    plan.follow = 0.0;
  }
  const std::vector<Trajectory> watched = collect_episodes(plans, *net, {});
  CHECK(actions_of(watched) == actions_of(alone));
  for (std::size_t i = 0; i < plans.size(); ++i) {
    CAPTURE(i);
    CHECK(watched[i].log_probs == alone[i].log_probs);
    REQUIRE(watched[i].targets.size() == 3);
    CHECK(watched[i].targets[0] == teacher[0]);
    check_record(watched[i], *block, true);
  }
}

TEST_CASE("Where the teacher's cell is taken, its target is the nearest legal one") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = network(kCanvasModel);
  // The large macro goes to cell 0, where the teacher wants the medium one; the cells 1 and 3
  // beside are as near, and ties go to the first. The small one goes where it is wanted.
  const std::vector<CellIndex> prefix = {0};
  const std::vector<CellIndex> teacher = {8, 0, 7};
  std::vector<EpisodePlan> plans = plain_plans(encoder, 1);
  plans[0].prefix = prefix;
  plans[0].teacher = teacher;
  const std::vector<Trajectory> trajectories = collect_episodes(plans, *net, {});
  CHECK(trajectories[0].targets == std::vector<CellIndex>{1, 7});
  CHECK(trajectories[0].actions == std::vector<CellIndex>{0, 1, 7});
}

TEST_CASE("Half the steps follow a teacher who is followed half the time") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = network(kCircuitTrainingModel);
  const std::vector<CellIndex> teacher = {4, 4, 4};
  std::vector<EpisodePlan> plans = plain_plans(encoder, 400);
  for (EpisodePlan& plan : plans) {
    plan.teacher = teacher;
    plan.follow = 0.5;
  }
  int followed = 0;
  double by_chance = 0.0;
  for (const Trajectory& trajectory : collect_episodes(plans, *net, {})) {
    followed += trajectory.actions[0] == 4 ? 1 : 0;
    by_chance = trajectory.actions[0] == 4 ? std::exp(trajectory.log_probs[0]) : by_chance;
  }
  // The others take the cell with the network's probability. Deviation of a share: 0.025.
  CHECK(std::abs(followed / 400.0 - (0.5 + 0.5 * by_chance)) < 0.1);
}

TEST_CASE("Episodes of different blocks are collected together") {
  const auto toy = toy_block();
  const auto large = random_block(2, identity(kRandomBlockMacros));
  const ObservationEncoder toy_encoder(*toy->problem);
  const ObservationEncoder large_encoder(*large->problem);
  for (const char* const name : {kCircuitTrainingModel, kCanvasModel}) {
    CAPTURE(name);
    const std::shared_ptr<PolicyNet> net = network(name);
    std::vector<EpisodePlan> plans = plain_plans(toy_encoder, 11);
    for (std::size_t i = 0; i < plans.size(); i += 2) {
      plans[i].encoder = &large_encoder;
      plans[i].block = 1;
    }
    RolloutOptions options;
    const std::vector<Trajectory> trajectories = collect_episodes(plans, *net, options);
    REQUIRE(trajectories.size() == plans.size());
    for (std::size_t i = 0; i < plans.size(); ++i) {
      CAPTURE(i);
      CHECK(trajectories[i].block == plans[i].block);
      CHECK(trajectories[i].encoder == plans[i].encoder);
      check_record(trajectories[i], i % 2 == 0 ? *large : *toy, net->reads_canvas());
    }
    // The first episode alone: the same, but for the last bits of scores.
    const std::vector<Trajectory> first =
        collect_episodes(std::span(plans).first(1), *net, options);
    CHECK(first[0].actions == trajectories[0].actions);
    for (std::size_t step = 0; step < first[0].num_steps(); ++step) {
      CHECK(first[0].log_probs[step] ==
            doctest::Approx(trajectories[0].log_probs[step]).epsilon(1e-4));
    }
    options.threads = 2;
    CHECK(actions_of(collect_episodes(plans, *net, options)) == actions_of(trajectories));
  }
}

}  // namespace
