#include "gnn/network_policy.h"

#include <utility>
#include <vector>

namespace tessera::gnn {

NetworkPolicy::NetworkPolicy(CircuitTrainingNet net, const placer::MacroProblem& problem)
    : net_(std::move(net)), encoder_(problem) {}

void NetworkPolicy::evaluate(std::span<const placer::MacroEnv* const> envs,
                             placer::PolicyOutput& output) const {
  const torch::NoGradGuard no_grad;
  std::vector<std::span<const placer::CellIndex>> states;
  states.reserve(envs.size());
  for (const placer::MacroEnv* const env : envs) {
    states.push_back(env->actions());
  }
  const PolicyValue result = net_->forward(encoder_.encode(states));
  const torch::Tensor logits = result.logits.contiguous();
  const torch::Tensor values = result.value.contiguous();
  output.logits.assign(logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel());
  output.values.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
}

}  // namespace tessera::gnn
