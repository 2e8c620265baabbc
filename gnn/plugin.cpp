#include "gnn/plugin.h"

#include <memory>
#include <utility>

#include <torch/torch.h>
#include <torch/version.h>

#include "gnn/checkpoint.h"
#include "gnn/circuit_training_net.h"
#include "gnn/model_file.h"
#include "gnn/network_policy.h"

namespace tessera::gnn {
namespace {

class Network final : public LoadedNetwork {
 public:
  explicit Network(CircuitTrainingNet net) : net_(std::move(net)) { net_->eval(); }

  std::unique_ptr<placer::Policy> policy_for(const placer::MacroProblem& problem) const override {
    return std::make_unique<NetworkPolicy>(net_, problem);
  }

 private:
  CircuitTrainingNet net_;
};

class TorchPlugin final : public Plugin {
 public:
  std::unique_ptr<LoadedNetwork> load_network(const std::string& path) const override {
    // Sums differ in their last bits between thread counts: one thread for each evaluation,
    // callers run several evaluations at once.
    torch::set_num_threads(1);
    CircuitTrainingNet net;
    load_model(load_checkpoint(path), path, net);
    return std::make_unique<Network>(std::move(net));
  }

  std::unique_ptr<LoadedNetwork> untrained_network(std::uint64_t seed) const override {
    torch::set_num_threads(1);
    return std::make_unique<Network>(make_untrained_network(seed));
  }

  FinetuneResult finetune(const placer::MacroProblem& problem,
                          const FinetuneOptions& options) const override {
    return gnn::finetune(problem, options);
  }

  std::string torch_version() const override { return TORCH_VERSION; }
};

}  // namespace
}  // namespace tessera::gnn

extern "C" __attribute__((visibility("default"))) const tessera::gnn::Plugin* tessera_gnn_plugin() {
  static const tessera::gnn::TorchPlugin plugin;
  return &plugin;
}
