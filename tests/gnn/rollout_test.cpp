#include "gnn/rollout.h"

#include <cstddef>
#include <vector>

#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"

#include "gnn/model_file.h"
#include "placer/macro_env.h"

namespace {

using tessera::gnn::CircuitTrainingNet;
using tessera::gnn::collect_episodes;
using tessera::gnn::estimate_advantages;
using tessera::gnn::make_untrained_network;
using tessera::gnn::ObservationEncoder;
using tessera::gnn::Rollout;
using tessera::gnn::Trajectory;
using tessera::testing::toy_block;

/// Three steps with known values; the proxy is 2.
Trajectory three_steps() {
  Trajectory trajectory;
  trajectory.actions = {0, 1, 2};
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

TEST_CASE("A rollout records what happened in the environment") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  CircuitTrainingNet net = make_untrained_network(1);
  const Rollout rollout = collect_episodes(*block->problem, encoder, net, 10, 1, 1, 1);
  REQUIRE(rollout.trajectories.size() == 10);
  double best = rollout.trajectories.front().cost.proxy;
  for (const Trajectory& trajectory : rollout.trajectories) {
    REQUIRE(trajectory.actions.size() == 3);
    REQUIRE(trajectory.masks.size() == 3 * 3);  // a word for each of 3 rows
    tessera::placer::MacroEnv env(*block->problem);
    tessera::placer::StepResult last;
    for (std::size_t step = 0; step < 3; ++step) {
      const auto words = env.mask().words();
      CHECK(std::equal(words.begin(), words.end(), trajectory.masks.begin() + 3 * step));
      last = env.step(trajectory.actions[step]);
      CHECK(last.proxy_growth == trajectory.growth[step]);
      CHECK(trajectory.log_probs[step] < 0.0F);
    }
    CHECK(last.cost.proxy == trajectory.cost.proxy);
    best = std::min(best, last.cost.proxy);
  }
  CHECK(rollout.trajectories[rollout.best].cost.proxy == best);
  CHECK(block->problem->proxy_cost().evaluate(rollout.best_placement).proxy == best);
}

TEST_CASE("A rollout depends on seed and iteration, not on the number of threads") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  CircuitTrainingNet net = make_untrained_network(1);
  const auto actions = [&](std::uint64_t seed, std::int64_t iteration, int threads) {
    std::vector<std::vector<tessera::placer::CellIndex>> result;
    for (Trajectory& trajectory :
         collect_episodes(*block->problem, encoder, net, 20, seed, iteration, threads)
             .trajectories) {
      result.push_back(std::move(trajectory.actions));
    }
    return result;
  };
  CHECK(actions(1, 1, 1) == actions(1, 1, 2));
  CHECK(actions(1, 1, 1) != actions(2, 1, 1));
  CHECK(actions(1, 1, 1) != actions(1, 2, 1));
}

}  // namespace
