#include "gnn/plugin.h"

#include <memory>
#include <string>

#include <torch/torch.h>
#include <torch/version.h>

#include "gnn/checkpoint.h"
#include "gnn/device.h"
#include "gnn/model_file.h"
#include "gnn/network_policy.h"

namespace tessera::gnn {
namespace {

class Network final : public LoadedNetwork {
 public:
  Network(const Checkpoint& checkpoint, const std::string& path, torch::Device device)
      : net_(load_model(checkpoint, path)), device_(device) {
    net_->to(device_);
    net_->eval();
    const auto found = checkpoint.metadata.find(kEnvironmentKey);
    if (found != checkpoint.metadata.end()) {
      environment_ = found->second;
    }
  }

  std::string environment() const override { return environment_; }

  std::unique_ptr<placer::Policy> policy_for(const placer::MacroProblem& problem) const override {
    return std::make_unique<NetworkPolicy>(net_, problem, device_);
  }

 private:
  std::shared_ptr<PolicyNet> net_;
  torch::Device device_;
  std::string environment_;
};

class TorchPlugin final : public Plugin {
 public:
  std::unique_ptr<LoadedNetwork> load_network(const std::string& path,
                                              const std::string& device) const override {
    // Sums differ in their last bits between thread counts: one thread for each evaluation,
    // callers run several evaluations at once.
    torch::set_num_threads(1);
    return std::make_unique<Network>(load_checkpoint(path), path, device_named(device));
  }

  TrainingResult train(std::span<const TrainingBlock> blocks,
                       std::span<const TrainingBlock> judged,
                       const TrainingOptions& options) const override {
    return gnn::train(blocks, judged, options);
  }

  std::string torch_version() const override { return TORCH_VERSION; }
};

}  // namespace
}  // namespace tessera::gnn

extern "C" __attribute__((visibility("default"))) const tessera::gnn::Plugin* tessera_gnn_plugin() {
  static const tessera::gnn::TorchPlugin plugin;
  return &plugin;
}
