#include "gnn/model_file.h"

#include "gnn/canvas_net.h"
#include "gnn/circuit_training_net.h"

namespace tessera::gnn {

namespace {

std::shared_ptr<PolicyNet> make_network(const ModelConfig& config) {
  if (config.name == kCircuitTrainingModel) {
    return std::make_shared<CircuitTrainingNet>();
  }
  return std::make_shared<CanvasNet>(config);
}

}  // namespace

std::shared_ptr<PolicyNet> make_network(const ModelConfig& config, std::uint64_t seed) {
  config.validate();
  torch::manual_seed(seed);
  return make_network(config);
}

Checkpoint make_model_checkpoint(const PolicyNet& net) {
  Checkpoint checkpoint;
  write_model_config(net.config(), checkpoint.metadata);
  store_parameters(net, kModelPrefix, checkpoint);
  return checkpoint;
}

std::shared_ptr<PolicyNet> load_model(const Checkpoint& checkpoint,
                                      const std::string& path,
                                      const std::string& prefix) {
  std::shared_ptr<PolicyNet> net = make_network(read_model_config(checkpoint.metadata, path));
  load_parameters(checkpoint, path, prefix, *net);
  return net;
}

}  // namespace tessera::gnn
