#include "gnn/ppo.h"

#include <cmath>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "tests/gnn/episode_states.h"
#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"

#include "netlist_io/errors.h"
#include "placer/cell_mask.h"

namespace {

using tessera::gnn::Adam;
using tessera::gnn::collect_episodes;
using tessera::gnn::EpisodePlan;
using tessera::gnn::estimate_advantages;
using tessera::gnn::explained_variance;
using tessera::gnn::imitation_target;
using tessera::gnn::kCanvasModel;
using tessera::gnn::kCircuitTrainingModel;
using tessera::gnn::make_network;
using tessera::gnn::masked_log_softmax;
using tessera::gnn::ModelConfig;
using tessera::gnn::ObservationEncoder;
using tessera::gnn::PolicyNet;
using tessera::gnn::PpoOptions;
using tessera::gnn::PpoStats;
using tessera::gnn::Trajectory;
using tessera::gnn::update_network;
using tessera::gnn::UpdatePlan;
using tessera::netlist_io::OptionError;
using tessera::placer::CellIndex;
using tessera::placer::CellMaskView;
using tessera::testing::identity;
using tessera::testing::kRandomBlockMacros;
using tessera::testing::plain_plans;
using tessera::testing::random_block;
using tessera::testing::toy_block;

std::shared_ptr<PolicyNet> network(const char* name, std::uint64_t seed) {
  ModelConfig config;
  config.name = name;
  return make_network(config, seed);
}

/// A published network that gives every cell the score 0 and every state the value 0.
std::shared_ptr<PolicyNet> silent_network() {
  const std::shared_ptr<PolicyNet> net = network(kCircuitTrainingModel, 2);
  const torch::NoGradGuard no_grad;
  for (const char* const name : {"up.4.weight", "up.4.bias", "value.4.weight", "value.4.bias"}) {
    net->named_parameters()[name].zero_();
  }
  return net;
}

/// Two steps of the toy block, all 9 cells legal in both, less likely by a factor 1.5 when they
/// were taken than for a silent network. The advantages have mean 0 and deviation 1.
Trajectory two_steps(const ObservationEncoder& encoder) {
  Trajectory trajectory;
  trajectory.encoder = &encoder;
  trajectory.actions = {0, 5};
  trajectory.masks.assign(2 * 3, 0x7);
  trajectory.log_probs.assign(2, static_cast<float>(-std::log(9.0) - std::log(1.5)));
  trajectory.values = {0.0F, 0.0F};
  trajectory.advantages = {1.0F, -1.0F};
  trajectory.returns = {0.5F, 1.0F};
  return trajectory;
}

/// One pass over these trajectories with the default learning rate.
PpoStats update_once(const std::vector<Trajectory>& trajectories,
                     PpoOptions options,
                     PolicyNet& net,
                     Adam& adam) {
  options.epochs = 1;
  options.imitation_epochs = 1;
  return update_network(trajectories, options, UpdatePlan(), net, adam);
}

TEST_CASE("Illegal cells have exactly zero probability") {
  const torch::Tensor logits = torch::tensor({{1.0F, 50.0F, 3.0F}, {-4.0F, 0.0F, 9.0F}});
  const torch::Tensor mask = torch::tensor({1, 0, 1, 0, 1, 0}).view({2, 3}).to(torch::kBool);
  const torch::Tensor probability = masked_log_softmax(logits, mask).exp();
  CHECK(probability[0][1].item<float>() == 0.0F);
  CHECK(probability[1][0].item<float>() == 0.0F);
  CHECK(probability[1][2].item<float>() == 0.0F);
  // e^1 / (e^1 + e^3) = 1 / (1 + e^2) = 0.119203
  CHECK(probability[0][0].item<double>() == doctest::Approx(0.119203).epsilon(1e-5));
  CHECK(probability[0][2].item<double>() == doctest::Approx(0.880797).epsilon(1e-5));
  CHECK(probability[1][1].item<float>() == 1.0F);
}

TEST_CASE("The statistics of an update are those computed by hand") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = silent_network();
  PpoOptions options;
  options.clip = 0.2;
  Adam adam(*net);
  const PpoStats stats = update_once({two_steps(encoder)}, options, *net, adam);
  CHECK(stats.updates == 1);
  CHECK(stats.states == 2);
  // min(1.5, 1.2) * 1 and min(-1.5, -1.2): -(1.2 - 1.5) / 2 = 0.15
  CHECK(stats.policy_loss == doctest::Approx(0.15).epsilon(1e-5));
  CHECK(stats.value_loss == doctest::Approx(0.625).epsilon(1e-5));  // (0.25 + 1) / 2
  CHECK(stats.entropy == doctest::Approx(2.197225).epsilon(1e-5));  // log 9
  CHECK(stats.kl == doctest::Approx(0.094535).epsilon(1e-4));       // 1.5 - 1 - log 1.5
  CHECK(stats.clip_fraction == doctest::Approx(1.0));
  CHECK(stats.gradient_norm > 0.0);
}

TEST_CASE("A value that an update may not move far has the loss computed by hand") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = silent_network();
  Trajectory trajectory = two_steps(encoder);
  trajectory.values = {0.2F, 0.3F};
  trajectory.returns = {0.5F, -0.5F};
  PpoOptions options;
  options.value_clip = 0.1;
  Adam adam(*net);
  // The values are 0 now; within 0.1 of what they were: 0.1 and 0.2.
  // Larger of 0.5^2 and 0.4^2: 0.25; of 0.5^2 and 0.7^2: 0.49; mean 0.37.
  CHECK(update_once({trajectory}, options, *net, adam).value_loss ==
        doctest::Approx(0.37).epsilon(1e-5));
}

TEST_CASE("States with a teacher count by imitation, the others by PPO") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = silent_network();
  // One step each; the second would have an absurd ratio.
  Trajectory reinforced = two_steps(encoder);
  reinforced.actions = {0};
  reinforced.masks.resize(3);
  for (std::vector<float>* const values :
       {&reinforced.log_probs, &reinforced.values, &reinforced.advantages, &reinforced.returns}) {
    values->resize(1);
  }
  Trajectory imitated = reinforced;
  imitated.targets = {7};
  imitated.log_probs = {-1000.0F};
  imitated.advantages = {-1.0F};
  imitated.returns = {1.0F};
  PpoOptions options;
  options.smoothing = 0.0;
  Adam adam(*net);
  const PpoStats stats = update_once({reinforced, imitated}, options, *net, adam);
  // -min(1.5, 1.2) * 1 and -log(1 / 9): (2.197225 - 1.2) / 2 = 0.498612
  CHECK(stats.policy_loss == doctest::Approx(0.498612).epsilon(1e-5));
  CHECK(stats.value_loss == doctest::Approx(0.625).epsilon(1e-5));
  CHECK(stats.kl == doctest::Approx(0.094535 / 2.0).epsilon(1e-4));
  CHECK(stats.clip_fraction == doctest::Approx(0.5));
}

/// Episodes of a network with advantages and returns.
std::vector<Trajectory> episodes(const std::vector<EpisodePlan>& plans, PolicyNet& net) {
  std::vector<Trajectory> trajectories = collect_episodes(plans, net, {});
  double mean = 0.0;
  for (const Trajectory& trajectory : trajectories) {
    mean += trajectory.cost.proxy / static_cast<double>(plans.size());
  }
  for (Trajectory& trajectory : trajectories) {
    estimate_advantages(trajectory, {mean, 0.1}, 0.0, 1.0);
  }
  return trajectories;
}

TEST_CASE("The network that collected the states has ratio one") {
  const auto block = toy_block();
  const auto other = random_block(1, identity(kRandomBlockMacros));
  const ObservationEncoder encoder(*block->problem);
  const ObservationEncoder other_encoder(*other->problem);
  std::vector<EpisodePlan> plans = plain_plans(encoder, 8);
  const std::vector<CellIndex> prefix = {4, 0};
  SUBCASE("episodes of one block") {}
  SUBCASE("some of them after a prefix") {
    plans[2].prefix = prefix;
    plans[5].prefix = std::span(prefix).first(1);
  }
  SUBCASE("episodes of two blocks of different sizes") {
    for (const std::size_t i : {1U, 4U, 5U}) {
      plans[i].encoder = &other_encoder;
      plans[i].block = 1;
    }
  }
  for (const char* const name : {kCircuitTrainingModel, kCanvasModel}) {
    CAPTURE(name);
    const std::shared_ptr<PolicyNet> net = network(name, 2);
    const std::vector<Trajectory> trajectories = episodes(plans, *net);
    Adam adam(*net);
    const PpoStats stats = update_once(trajectories, {}, *net, adam);
    CHECK(stats.policy_loss == doctest::Approx(0.0).scale(1.0).epsilon(1e-5));
    CHECK(stats.kl == doctest::Approx(0.0).scale(1.0).epsilon(1e-6));
    CHECK(stats.clip_fraction == 0.0);
  }
}

TEST_CASE("Updates overfit one batch") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = network(kCircuitTrainingModel, 2);
  const std::vector<Trajectory> trajectories = episodes(plain_plans(encoder, 8), *net);
  PpoOptions options;
  options.epochs = 1;
  options.target_kl = 100.0;
  UpdatePlan plan;
  plan.learning_rate = 3e-3;
  Adam adam(*net);
  const auto update = [&](std::uint64_t seed) {
    plan.seed = seed;
    return update_network(trajectories, options, plan, *net, adam);
  };
  const PpoStats before = update(1);
  options.epochs = 200;
  update(2);
  options.epochs = 1;
  const PpoStats after = update(3);
  // Ratios of good actions beyond 1.2, of bad ones below 0.8: the loss tends to -0.2 * mean |A|,
  // where the advantages have deviation 1.
  CHECK(after.policy_loss < before.policy_loss - 0.1);
  // All episodes begin in one state, whose different returns no value can tell: a third of the
  // states keep their variance.
  CHECK(after.value_loss < 0.45 * before.value_loss);
  CHECK(after.clip_fraction > 0.5);
}

TEST_CASE("An update does not depend on the number of threads, bit for bit") {
  const auto block = toy_block();
  const auto other = random_block(1, identity(kRandomBlockMacros));
  const ObservationEncoder encoder(*block->problem);
  const ObservationEncoder other_encoder(*other->problem);
  for (const char* const name : {kCircuitTrainingModel, kCanvasModel}) {
    CAPTURE(name);
    std::vector<EpisodePlan> plans = plain_plans(encoder, 24);
    plans[3].encoder = &other_encoder;
    plans[3].block = 1;
    std::vector<std::shared_ptr<PolicyNet>> nets;
    for (const int threads : {1, 2}) {
      const std::shared_ptr<PolicyNet> net = network(name, 2);
      const std::vector<Trajectory> trajectories = episodes(plans, *net);
      PpoOptions options;
      options.minibatch = 40;
      UpdatePlan plan;
      plan.entropy_coefficient = 0.003;
      plan.threads = threads;
      Adam adam(*net);
      update_network(trajectories, options, plan, *net, adam);
      nets.push_back(net);
    }
    for (const auto& parameter : nets[0]->named_parameters()) {
      CAPTURE(parameter.key());
      CHECK(torch::equal(parameter.value(), nets[1]->named_parameters()[parameter.key()]));
    }
    CHECK_FALSE(torch::equal(nets[0]->parameters()[0], network(name, 2)->parameters()[0]));
  }
}

TEST_CASE("Epochs end early once the policy has moved far enough") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::shared_ptr<PolicyNet> net = network(kCircuitTrainingModel, 2);
  const std::vector<Trajectory> trajectories = episodes(plain_plans(encoder, 8), *net);
  PpoOptions options;
  options.epochs = 50;
  options.target_kl = 1e-4;
  UpdatePlan plan;
  plan.learning_rate = 0.02;
  plan.entropy_coefficient = 0.003;
  Adam adam(*net);
  const PpoStats stats = update_network(trajectories, options, plan, *net, adam);
  CHECK(stats.kl > 1.5e-4);
  CHECK(stats.updates < 50);  // 24 states, one update an epoch
}

TEST_CASE("What imitation wants is the blurred target computed by hand") {
  // Cells 0 to 2 of 4 x 2 are legal below, cell 5 above, beside the illegal cell 4.
  const std::vector<std::uint64_t> words = {0b0111, 0b0010};
  const CellMaskView legal({4, 2}, words);
  const auto check = [](const std::vector<float>& found, const std::vector<double>& expected) {
    REQUIRE(found.size() == expected.size());
    double sum = 0.0;
    for (std::size_t i = 0; i < found.size(); ++i) {
      CAPTURE(i);
      CHECK(found[i] == doctest::Approx(expected[i]).epsilon(1e-5));
      sum += found[i];
    }
    CHECK(sum == doctest::Approx(1.0));
  };
  SUBCASE("without smoothing it is the target alone") {
    check(imitation_target(legal, 1, {}, 0.0), {0, 1, 0, 0, 0, 0, 0, 0});
  }
  SUBCASE("a Gaussian of one cell") {
    // Neighbours 0, 2 and 5 weigh e^-0.5 = 0.606531; sum 1 + 3 * 0.606531 = 2.819592.
    check(imitation_target(legal, 1, {}, 1.0),
          {0.215113, 0.354661, 0.215113, 0, 0, 0.215113, 0, 0});
  }
  SUBCASE("a Gaussian of half a cell") {
    // From cell 0: distances 1, 2 and sqrt 2: e^-2 = 0.135335, e^-8 = 0.000335463, e^-4 =
    // 0.0183156; sum 1.153986.
    check(imitation_target(legal, 0, {}, 0.5),
          {0.866561, 0.117276, 0.000290699, 0, 0, 0.0158716, 0, 0});
  }
  SUBCASE("less where the proxy would grow more, not more where it would grow less") {
    // Cell 0 worse than the target by 0.5: e^(-0.5 - 3.5) = 0.0183156; cell 2 better, cell 5 equal:
    // 0.606531 each; sum 2.231378. Illegal cells have no say.
    const std::vector<at::Half> deltas = {0.75F, 0.25F, 0.0F, 0.0F, 0.0F, 0.25F, 0.0F, 0.0F};
    check(imitation_target(legal, 1, deltas, 1.0),
          {0.00820820, 0.448154, 0.271819, 0, 0, 0.271819, 0, 0});
  }
}

TEST_CASE("Imitation makes the demonstrated cells likely") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  const std::vector<CellIndex> teacher = {1, 3, 5};
  for (const char* const name : {kCircuitTrainingModel, kCanvasModel}) {
    CAPTURE(name);
    const std::shared_ptr<PolicyNet> net = network(name, 2);
    std::vector<EpisodePlan> plans = plain_plans(encoder, 8);
    for (EpisodePlan& plan : plans) {
      plan.teacher = teacher;
    }
    const std::vector<Trajectory> before = episodes(plans, *net);
    PpoOptions options;
    options.smoothing = 0.0;
    options.imitation_epochs = 60;
    UpdatePlan plan;
    plan.learning_rate = 1e-2;
    Adam adam(*net);
    const PpoStats stats = update_network(before, options, plan, *net, adam);
    CHECK(stats.updates == 60);
    const std::vector<Trajectory> after = episodes(plans, *net);
    for (std::size_t step = 0; step < teacher.size(); ++step) {
      CAPTURE(step);
      // Those who follow the teacher record how likely its cell was.
      REQUIRE(after[0].actions[step] == teacher[step]);
      CHECK(after[0].log_probs[step] > before[0].log_probs[step]);
      CHECK(after[0].log_probs[step] > std::log(0.8));
    }
  }
}

TEST_CASE("Explained variance is 1 for perfect values and 0 for constant ones") {
  Trajectory trajectory;
  trajectory.returns = {1.0F, 2.0F, 3.0F};
  trajectory.values = {1.0F, 2.0F, 3.0F};
  CHECK(explained_variance(std::span(&trajectory, 1)) == doctest::Approx(1.0));
  trajectory.values = {7.0F, 7.0F, 7.0F};
  CHECK(explained_variance(std::span(&trajectory, 1)) == doctest::Approx(0.0).scale(1.0));
  // Errors 1, 0, 0: variance 1/3 - 1/9 = 2/9; of the returns 2/3: 1 - (2/9) / (2/3) = 2/3.
  trajectory.values = {0.0F, 2.0F, 3.0F};
  CHECK(explained_variance(std::span(&trajectory, 1)) == doctest::Approx(2.0 / 3.0));
  trajectory.returns = {2.0F, 2.0F, 2.0F};
  CHECK(explained_variance(std::span(&trajectory, 1)) == 0.0);
}

TEST_CASE("Options out of range are refused by name") {
  const auto refused = [](auto field, auto value) {
    PpoOptions options;
    options.*field = value;
    try {
      options.validate();
    } catch (const OptionError& error) {
      return std::string(error.what());
    }
    return std::string();
  };
  PpoOptions().validate();
  CHECK(refused(&PpoOptions::episodes_per_iteration, 1).starts_with("episodes_per_iteration"));
  CHECK(
      refused(&PpoOptions::episodes_per_iteration, 100'001).starts_with("episodes_per_iteration"));
  CHECK(refused(&PpoOptions::epochs, 1'000'000'001).starts_with("epochs"));
  CHECK(refused(&PpoOptions::learning_rate, 1e7).starts_with("learning_rate"));
  CHECK(refused(&PpoOptions::shaping, 1e308).starts_with("shaping"));
  CHECK(refused(&PpoOptions::blocks_per_iteration, 0).starts_with("blocks_per_iteration"));
  CHECK(refused(&PpoOptions::epochs, 0).starts_with("epochs"));
  CHECK(refused(&PpoOptions::minibatch, 0).starts_with("minibatch"));
  CHECK(refused(&PpoOptions::learning_rate, 0.0).starts_with("learning_rate"));
  CHECK(refused(&PpoOptions::learning_rate, std::nan("")).starts_with("learning_rate"));
  CHECK(refused(&PpoOptions::final_learning_rate, 1.1).starts_with("final_learning_rate"));
  CHECK(refused(&PpoOptions::final_learning_rate, -0.1).starts_with("final_learning_rate"));
  CHECK(refused(&PpoOptions::warmup_iterations, -1).starts_with("warmup_iterations"));
  CHECK(refused(&PpoOptions::value_clip, -0.1).starts_with("value_clip"));
  CHECK(refused(&PpoOptions::final_entropy, -0.1).starts_with("final_entropy"));
  CHECK(refused(&PpoOptions::entropy_floor, -0.1).starts_with("entropy_floor"));
  CHECK(refused(&PpoOptions::clip, 1.0).starts_with("clip"));
  CHECK(refused(&PpoOptions::entropy_coefficient, -0.1).starts_with("entropy_coefficient"));
  CHECK(refused(&PpoOptions::value_coefficient, -0.1).starts_with("value_coefficient"));
  CHECK(refused(&PpoOptions::gae_lambda, 1.1).starts_with("gae_lambda"));
  CHECK(refused(&PpoOptions::max_gradient_norm, 0.0).starts_with("max_gradient_norm"));
  CHECK(refused(&PpoOptions::target_kl, 0.0).starts_with("target_kl"));
  CHECK(refused(&PpoOptions::undo_above, -0.1).starts_with("undo_above"));
  CHECK(refused(&PpoOptions::shaping, -1.0).starts_with("shaping"));
  CHECK(refused(&PpoOptions::restarts, 1.1).starts_with("restarts"));
  CHECK(refused(&PpoOptions::restarts, std::nan("")).starts_with("restarts"));
  CHECK(refused(&PpoOptions::imitation_iterations, -1).starts_with("imitation_iterations"));
  CHECK(refused(&PpoOptions::imitation_epochs, 0).starts_with("imitation_epochs"));
  CHECK(refused(&PpoOptions::imitation_rate, 0.0).starts_with("imitation_rate"));
  CHECK(refused(&PpoOptions::follow, -0.1).starts_with("follow"));
  CHECK(refused(&PpoOptions::follow, 1.1).starts_with("follow"));
  CHECK(refused(&PpoOptions::smoothing, -0.1).starts_with("smoothing"));
  CHECK(refused(&PpoOptions::smoothing, 1e-200).starts_with("smoothing"));
}

}  // namespace
