#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include <torch/torch.h>

#include "gnn/adam.h"
#include "gnn/policy_net.h"
#include "gnn/ppo_options.h"
#include "gnn/rollout.h"

namespace tessera::gnn {

/// Means over the minibatches of one update.
struct PpoStats {
  double policy_loss = 0.0;  ///< of imitation: the cross-entropy
  double value_loss = 0.0;
  double entropy = 0.0;        ///< nats
  double kl = 0.0;             ///< last epoch's estimate of KL(collecting || current)
  double clip_fraction = 0.0;  ///< share of states whose ratio left the clip range
  double gradient_norm = 0.0;
  std::int64_t updates = 0;
  std::int64_t states = 0;  ///< passed through the network, all epochs together
};

/// What one update is to do.
struct UpdatePlan {
  double learning_rate = 1e-3;
  double entropy_coefficient = 0.0;
  std::uint64_t seed = 1;  ///< of the order of the states
  int threads = 1;
  torch::Device device = torch::kCPU;
};

/// Several passes over the states of a rollout in random minibatches. The states of trajectories
/// with targets are learned by imitation, the others by PPO; their advantages and returns must have
/// been estimated. On the CPU, the parts of a minibatch are spread over the threads; the result
/// does not depend on their number.
PpoStats update_network(std::span<const Trajectory> trajectories,
                        const PpoOptions& options,
                        const UpdatePlan& plan,
                        PolicyNet& net,
                        Adam& adam);

/// Share of the variance of the returns that the predicted values explain; 1 is perfect, 0 as good
/// as a constant.
double explained_variance(std::span<const Trajectory> trajectories);

/// log softmax over the cells whose bit is set; minus infinity elsewhere.
/// `logits`: [B, A]; `mask`: [B, A] bool.
torch::Tensor masked_log_softmax(const torch::Tensor& logits, const torch::Tensor& mask);

/// What imitation wants of the legal cells: the target, blurred over near cells by a Gaussian of
/// `smoothing` cells, and less where the proxy would grow more than at the target (`deltas`: the
/// map `placer::CanvasChannel::kProxyDelta`, or empty). Sums to 1; 0 at illegal cells.
std::vector<float> imitation_target(const placer::CellMaskView& legal,
                                    placer::CellIndex target,
                                    std::span<const at::Half> deltas,
                                    double smoothing);

}  // namespace tessera::gnn
