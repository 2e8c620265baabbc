#include "gnn/ppo.h"

#include <cmath>
#include <cstdint>
#include <string>
#include <vector>

#include "tests/gnn/small_block.h"
#include "tests/gnn/torch_doctest.h"

#include "gnn/model_file.h"
#include "netlist_io/errors.h"

namespace {

using tessera::gnn::Adam;
using tessera::gnn::CircuitTrainingNet;
using tessera::gnn::collect_episodes;
using tessera::gnn::estimate_advantages;
using tessera::gnn::explained_variance;
using tessera::gnn::make_untrained_network;
using tessera::gnn::masked_log_softmax;
using tessera::gnn::ObservationEncoder;
using tessera::gnn::ppo_update;
using tessera::gnn::PpoOptions;
using tessera::gnn::PpoStats;
using tessera::gnn::Rollout;
using tessera::gnn::Trajectory;
using tessera::netlist_io::OptionError;
using tessera::testing::SmallBlock;
using tessera::testing::toy_block;

/// Makes the network give every cell the score 0 and every state the value 0.
void silence(CircuitTrainingNet& net) {
  const torch::NoGradGuard no_grad;
  for (const char* const name : {"up.4.weight", "up.4.bias", "value.4.weight", "value.4.bias"}) {
    net->named_parameters()[name].zero_();
  }
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
  CircuitTrainingNet net = make_untrained_network(2);
  silence(net);
  // Two states with all 9 cells legal, each with probability 1 / 9 now. When the actions were
  // taken they were less likely by a factor 1.5. Advantages have mean 0 and deviation 1.
  Trajectory trajectory;
  trajectory.actions = {0, 5};
  trajectory.masks.assign(2 * 3, 0x7);
  trajectory.log_probs.assign(2, static_cast<float>(-std::log(9.0) - std::log(1.5)));
  trajectory.advantages = {1.0F, -1.0F};
  trajectory.returns = {0.5F, 1.0F};
  PpoOptions options;
  options.epochs = 1;
  options.clip = 0.2;
  Adam adam(*net);
  const PpoStats stats = ppo_update({trajectory}, encoder, options, 1, 1, net, adam);
  CHECK(stats.updates == 1);
  // min(1.5, 1.2) * 1 and min(-1.5, -1.2): -(1.2 - 1.5) / 2 = 0.15
  CHECK(stats.policy_loss == doctest::Approx(0.15).epsilon(1e-5));
  CHECK(stats.value_loss == doctest::Approx(0.625).epsilon(1e-5));  // (0.25 + 1) / 2
  CHECK(stats.entropy == doctest::Approx(2.197225).epsilon(1e-5));  // log 9
  CHECK(stats.kl == doctest::Approx(0.094535).epsilon(1e-4));       // 1.5 - 1 - log 1.5
  CHECK(stats.clip_fraction == doctest::Approx(1.0));
  CHECK(stats.gradient_norm > 0.0);
}

/// Episodes of an untrained network with advantages and returns.
std::vector<Trajectory> episodes(const SmallBlock& block,
                                 const ObservationEncoder& encoder,
                                 CircuitTrainingNet& net,
                                 std::size_t count) {
  Rollout rollout = collect_episodes(*block.problem, encoder, net, count, 1, 1, 1);
  double mean = 0.0;
  for (const Trajectory& trajectory : rollout.trajectories) {
    mean += trajectory.cost.proxy / static_cast<double>(count);
  }
  for (Trajectory& trajectory : rollout.trajectories) {
    estimate_advantages(trajectory, {mean, 0.1}, 0.0, 1.0);
  }
  return rollout.trajectories;
}

TEST_CASE("The network that collected the states has ratio one") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  CircuitTrainingNet net = make_untrained_network(2);
  const auto trajectories = episodes(*block, encoder, net, 8);
  PpoOptions options;
  options.epochs = 1;
  Adam adam(*net);
  const PpoStats stats = ppo_update(trajectories, encoder, options, 1, 1, net, adam);
  CHECK(stats.policy_loss == doctest::Approx(0.0).scale(1.0).epsilon(1e-5));
  CHECK(stats.kl == doctest::Approx(0.0).scale(1.0).epsilon(1e-6));
  CHECK(stats.clip_fraction == 0.0);
}

TEST_CASE("Updates overfit one batch") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  CircuitTrainingNet net = make_untrained_network(2);
  const auto trajectories = episodes(*block, encoder, net, 8);
  PpoOptions options;
  options.epochs = 1;
  options.entropy_coefficient = 0.0;
  options.target_kl = 100.0;
  Adam adam(*net);
  const PpoStats before = ppo_update(trajectories, encoder, options, 1, 1, net, adam);
  options.epochs = 200;
  ppo_update(trajectories, encoder, options, 2, 1, net, adam);
  options.epochs = 1;
  const PpoStats after = ppo_update(trajectories, encoder, options, 3, 1, net, adam);
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
  const ObservationEncoder encoder(*block->problem);
  std::vector<CircuitTrainingNet> nets;
  for (const int threads : {1, 2}) {
    CircuitTrainingNet net = make_untrained_network(2);
    const auto trajectories = episodes(*block, encoder, net, 24);
    PpoOptions options;
    options.minibatch = 40;
    Adam adam(*net);
    ppo_update(trajectories, encoder, options, 1, threads, net, adam);
    nets.push_back(net);
  }
  for (const auto& parameter : nets[0]->named_parameters()) {
    CAPTURE(parameter.key());
    CHECK(torch::equal(parameter.value(), nets[1]->named_parameters()[parameter.key()]));
  }
}

TEST_CASE("Epochs end early once the policy has moved far enough") {
  const auto block = toy_block();
  const ObservationEncoder encoder(*block->problem);
  CircuitTrainingNet net = make_untrained_network(2);
  const auto trajectories = episodes(*block, encoder, net, 8);
  PpoOptions options;
  options.epochs = 50;
  options.learning_rate = 0.02;
  options.target_kl = 1e-4;
  Adam adam(*net);
  const PpoStats stats = ppo_update(trajectories, encoder, options, 1, 1, net, adam);
  CHECK(stats.kl > 1.5e-4);
  CHECK(stats.updates < 50);  // 24 states, one update an epoch
}

TEST_CASE("Explained variance is 1 for perfect values and 0 for constant ones") {
  Trajectory trajectory;
  trajectory.returns = {1.0F, 2.0F, 3.0F};
  trajectory.values = {1.0F, 2.0F, 3.0F};
  CHECK(explained_variance({trajectory}) == doctest::Approx(1.0));
  trajectory.values = {7.0F, 7.0F, 7.0F};
  CHECK(explained_variance({trajectory}) == doctest::Approx(0.0).scale(1.0));
  // Errors 1, 0, 0: variance 1/3 - 1/9 = 2/9; of the returns 2/3: 1 - (2/9) / (2/3) = 2/3.
  trajectory.values = {0.0F, 2.0F, 3.0F};
  CHECK(explained_variance({trajectory}) == doctest::Approx(2.0 / 3.0));
  trajectory.returns = {2.0F, 2.0F, 2.0F};
  CHECK(explained_variance({trajectory}) == 0.0);
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
  CHECK(refused(&PpoOptions::epochs, 0).starts_with("epochs"));
  CHECK(refused(&PpoOptions::minibatch, 0).starts_with("minibatch"));
  CHECK(refused(&PpoOptions::learning_rate, 0.0).starts_with("learning_rate"));
  CHECK(refused(&PpoOptions::learning_rate, std::nan("")).starts_with("learning_rate"));
  CHECK(refused(&PpoOptions::clip, 1.0).starts_with("clip"));
  CHECK(refused(&PpoOptions::entropy_coefficient, -0.1).starts_with("entropy_coefficient"));
  CHECK(refused(&PpoOptions::value_coefficient, -0.1).starts_with("value_coefficient"));
  CHECK(refused(&PpoOptions::gae_lambda, 1.1).starts_with("gae_lambda"));
  CHECK(refused(&PpoOptions::max_gradient_norm, 0.0).starts_with("max_gradient_norm"));
  CHECK(refused(&PpoOptions::target_kl, 0.0).starts_with("target_kl"));
  CHECK(refused(&PpoOptions::shaping, -1.0).starts_with("shaping"));
}

}  // namespace
