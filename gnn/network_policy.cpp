#include "gnn/network_policy.h"

#include <utility>

namespace tessera::gnn {

NetworkPolicy::NetworkPolicy(std::shared_ptr<PolicyNet> net,
                             const placer::MacroProblem& problem,
                             torch::Device device)
    : net_(std::move(net)), device_(device), encoder_(problem) {}

std::unique_ptr<placer::CanvasObserver> NetworkPolicy::borrow_observer() const {
  const std::lock_guard lock(mutex_);
  if (observers_.empty()) {
    return std::make_unique<placer::CanvasObserver>(encoder_.problem());
  }
  std::unique_ptr<placer::CanvasObserver> observer = std::move(observers_.back());
  observers_.pop_back();
  return observer;
}

std::vector<Observation> NetworkPolicy::observe_all(
    std::span<const placer::MacroEnv* const> envs) const {
  std::unique_ptr<placer::CanvasObserver> observer = borrow_observer();
  std::vector<Observation> observations;
  std::vector<float> scratch;
  for (const placer::MacroEnv* const env : envs) {
    observations.push_back(observe(*observer, *env, scratch));
  }
  const std::lock_guard lock(mutex_);
  observers_.push_back(std::move(observer));
  return observations;
}

void NetworkPolicy::evaluate(std::span<const placer::MacroEnv* const> envs,
                             placer::PolicyOutput& output) const {
  const torch::NoGradGuard no_grad;
  std::vector<Observation> observations;
  if (net_->reads_canvas()) {
    observations = observe_all(envs);
  }
  std::vector<StateView> states;
  for (std::size_t i = 0; i < envs.size(); ++i) {
    states.push_back(
        {&encoder_, envs[i]->actions(), observations.empty() ? nullptr : &observations[i]});
  }
  const PolicyValue result = net_->forward(encode(states).to(device_));
  const torch::Tensor logits = result.logits.to(torch::kCPU).contiguous();
  const torch::Tensor values = result.value.to(torch::kCPU).contiguous();
  output.logits.assign(logits.data_ptr<float>(), logits.data_ptr<float>() + logits.numel());
  output.values.assign(values.data_ptr<float>(), values.data_ptr<float>() + values.numel());
}

}  // namespace tessera::gnn
