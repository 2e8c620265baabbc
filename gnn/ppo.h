#pragma once

#include <cstdint>
#include <vector>

#include <torch/torch.h>

#include "gnn/adam.h"
#include "gnn/circuit_training_net.h"
#include "gnn/observation_encoder.h"
#include "gnn/ppo_options.h"
#include "gnn/rollout.h"

namespace tessera::gnn {

/// Means over the minibatches of one update.
struct PpoStats {
  double policy_loss = 0.0;
  double value_loss = 0.0;
  double entropy = 0.0;        ///< nats
  double kl = 0.0;             ///< last epoch's estimate of KL(collecting || current)
  double clip_fraction = 0.0;  ///< share of states whose ratio left the clip range
  double gradient_norm = 0.0;
  std::int64_t updates = 0;
};

/// One PPO update: several passes over the states of a rollout in random minibatches, whose parts
/// are spread over `threads` threads. `trajectories` have advantages and returns. The order of the
/// states comes from `seed`; the result does not depend on the number of threads.
PpoStats ppo_update(const std::vector<Trajectory>& trajectories,
                    const ObservationEncoder& encoder,
                    const PpoOptions& options,
                    std::uint64_t seed,
                    int threads,
                    CircuitTrainingNet& net,
                    Adam& adam);

/// Share of the variance of the returns that the predicted values explain; 1 is perfect, 0 as good
/// as a constant.
double explained_variance(const std::vector<Trajectory>& trajectories);

/// log softmax over the cells whose bit is set; minus infinity elsewhere.
/// `logits`: [B, A]; `mask`: [B, A] bool.
torch::Tensor masked_log_softmax(const torch::Tensor& logits, const torch::Tensor& mask);

}  // namespace tessera::gnn
