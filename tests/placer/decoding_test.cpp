#include "placer/decoding.h"

#include <array>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rng;
using testing::BlockBuilder;
using testing::make_canvas;

/// One macro of one cell on 4 x 1 cells, cell 1 blocked: the mask is {0, 2, 3}.
struct FourCells {
  Netlist netlist = [] {
    BlockBuilder block;
    const NodeId port = block.port("p", 0.0, 0.0);
    block.connect(port, {block.hard("m", 1.0, 1.0)});
    return block.build();
  }();
  Canvas canvas = [] {
    Canvas blocked = make_canvas(4.0, 1.0, 4, 1);
    blocked.blockages.push_back({{1.0, 0.0, 2.0, 1.0}, 1.0});
    return blocked;
  }();
  MacroProblem problem{netlist, canvas, Placement(netlist), {}};
};

}  // namespace

TEST_CASE("greedy decoding takes the best cell of the mask, the lowest index among equals") {
  const FourCells block;
  const auto greedy = [&](const std::vector<float>& logits) {
    MacroEnv env(block.problem);
    Rng rng(1);
    return decide(env, logits, Decoding::kGreedy, rng).action;
  };
  CHECK(greedy({0.0F, 0.0F, 2.0F, 1.0F}) == 2);
  CHECK(greedy({0.0F, 9.0F, 1.0F, 2.0F}) == 3);
  CHECK(greedy({1.0F, 1.0F, 1.0F, 1.0F}) == 0);
  CHECK(greedy({-5.0F, 3.0F, -4.0F, -4.0F}) == 2);
}

TEST_CASE("the log-probability of an action is the one computed by hand") {
  // Over cells 0, 2, 3 with scores 0, 2, 1: 1 + e^2 + e^1 = 11.10734, whose logarithm is 2.407606.
  const FourCells block;
  const std::vector<float> logits = {0.0F, 1000.0F, 2.0F, 1.0F};
  MacroEnv env(block.problem);
  Rng rng(1);
  const Decision greedy = decide(env, logits, Decoding::kGreedy, rng);
  CHECK(greedy.action == 2);
  CHECK(greedy.log_prob == doctest::Approx(2.0 - 2.407606).epsilon(1e-5));
  CHECK(greedy.mask == std::vector<std::uint64_t>{0b1101});
  CHECK(greedy.result.status == StepResult::Status::kDone);
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    Rng stream(seed);
    env.reset();
    const Decision sampled = decide(env, logits, Decoding::kSample, stream);
    CHECK(sampled.log_prob == doctest::Approx(logits[sampled.action] - 2.407606).epsilon(1e-5));
  }
}

TEST_CASE("sampling follows the softmax over the mask and never leaves it") {
  const FourCells block;
  const std::vector<float> logits = {0.0F, 1000.0F, 2.0F, 1.0F};
  MacroEnv env(block.problem);
  Rng rng(7);
  std::array<int, 4> count{};
  constexpr int kSamples = 6000;
  for (int i = 0; i < kSamples; ++i) {
    env.reset();
    ++count[decide(env, logits, Decoding::kSample, rng).action];
  }
  // Probabilities 1, e^2 and e^1 over 11.10734; the standard deviation of a share is at most
  // 0.0061.
  CHECK(std::abs(count[0] / double{kSamples} - 0.09003) < 0.025);
  CHECK(count[1] == 0);
  CHECK(std::abs(count[2] / double{kSamples} - 0.66524) < 0.025);
  CHECK(std::abs(count[3] / double{kSamples} - 0.24473) < 0.025);
}

TEST_CASE("scores of any size give finite log-probabilities") {
  const FourCells block;
  MacroEnv env(block.problem);
  Rng rng(1);
  const std::vector<float> logits = {1e30F, 0.0F, -1e30F, 1e30F};
  for (const Decoding decoding : {Decoding::kGreedy, Decoding::kSample}) {
    env.reset();
    const Decision decision = decide(env, logits, decoding, rng);
    CHECK(decision.action != 2);
    CHECK(decision.log_prob == doctest::Approx(-std::log(2.0)));
  }
}

TEST_CASE("a refused action is drawn again and the log-probability is over what remained") {
  // 6 x 1 cells; macros of 3 and 2 cells. The first may stand at 1 .. 4 by itself, but at 2 and 3
  // it leaves no room for the second.
  BlockBuilder builder;
  const NodeId two = builder.hard("two", 2.0, 1.0);
  builder.connect(two, {builder.hard("three", 3.0, 1.0)});
  const Netlist netlist = builder.build();
  const MacroProblem problem(netlist, make_canvas(6.0, 1.0, 6, 1), Placement(netlist), {});
  const std::vector<float> logits = {0.0F, 1.0F, 5.0F, 4.0F, 3.0F, 0.0F};
  MacroEnv env(problem);
  Rng rng(1);
  const Decision decision = decide(env, logits, Decoding::kGreedy, rng);
  CHECK(decision.action == 4);
  CHECK(decision.result.status == StepResult::Status::kPlaced);
  CHECK(decision.mask == std::vector<std::uint64_t>{0b010010});
  // e^3 / (e^3 + e^1) = 1 / (1 + e^-2)
  CHECK(decision.log_prob == doctest::Approx(-std::log1p(std::exp(-2.0))));
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    Rng stream(seed);
    env.reset();
    const Decision sampled = decide(env, logits, Decoding::kSample, stream);
    CHECK((sampled.action == 1 || sampled.action == 4));
  }
}

TEST_CASE("an action asked for is taken, with its log-probability") {
  // Cell 3 of scores 0, 2, 1 over cells 0, 2, 3: 1 - log(1 + e^2 + e^1) = 1 - 2.407606.
  const FourCells block;
  const std::vector<float> logits = {0.0F, 1000.0F, 2.0F, 1.0F};
  MacroEnv env(block.problem);
  Rng rng(1);
  const Decision decision = decide_for(env, 3, logits, rng);
  CHECK(decision.action == 3);
  CHECK(decision.log_prob == doctest::Approx(1.0 - 2.407606).epsilon(1e-5));
  CHECK(decision.mask == std::vector<std::uint64_t>{0b1101});
  CHECK(decision.result.status == StepResult::Status::kDone);
  CHECK(rng.uniform() == Rng(1).uniform());  // nothing was drawn
  env.reset();
  CHECK_THROWS_AS(decide_for(env, 1, logits, rng), netlist_io::InternalError);
}

TEST_CASE("where the action asked for is refused, another is sampled") {
  // As above: of the cells 1 .. 4, 2 and 3 leave no room for the second macro.
  BlockBuilder builder;
  const NodeId two = builder.hard("two", 2.0, 1.0);
  builder.connect(two, {builder.hard("three", 3.0, 1.0)});
  const Netlist netlist = builder.build();
  const MacroProblem problem(netlist, make_canvas(6.0, 1.0, 6, 1), Placement(netlist), {});
  const std::vector<float> logits = {0.0F, 1.0F, -50.0F, 0.0F, 1.0F, 0.0F};
  std::array<int, 6> count{};
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    Rng rng(seed);
    MacroEnv env(problem);
    const Decision decision = decide_for(env, 2, logits, rng);
    ++count[decision.action];
    CHECK(decision.result.status == StepResult::Status::kPlaced);
    CHECK((decision.mask[0] & 0b000100U) == 0);
    // Alone with each other, or still with cell 3.
    const bool three = (decision.mask[0] & 0b001000U) != 0;
    const double sum = 2.0 * std::exp(1.0) + (three ? 1.0 : 0.0);
    CHECK(decision.log_prob == doctest::Approx(1.0 - std::log(sum)));
  }
  CHECK(count[1] + count[4] == 200);
  CHECK(count[1] > 60);
  CHECK(count[4] > 60);
}

}  // namespace tessera::placer
