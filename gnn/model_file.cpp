#include "gnn/model_file.h"

#include <nlohmann/json.hpp>

#include "gnn/canvas_net.h"
#include "gnn/circuit_training_net.h"
#include "netlist_io/errors.h"

namespace tessera::gnn {

NLOHMANN_DEFINE_TYPE_NON_INTRUSIVE(ModelConfig,
                                   name,
                                   graph_width,
                                   graph_layers,
                                   canvas_width,
                                   canvas_layers,
                                   scatter_width,
                                   delta_maps)

namespace {

std::string metadata_of(const Checkpoint& checkpoint, const char* key) {
  const auto found = checkpoint.metadata.find(key);
  return found == checkpoint.metadata.end() ? "absent" : found->second;
}

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
  checkpoint.metadata[kFormatKey] = kFormatVersion;
  checkpoint.metadata[kModelKey] = net.config().name;
  if (net.config().name != kCircuitTrainingModel) {
    checkpoint.metadata[kModelConfigKey] = nlohmann::json(net.config()).dump();
  }
  store_parameters(net, kModelPrefix, checkpoint);
  return checkpoint;
}

ModelConfig model_config_of(const Checkpoint& checkpoint, const std::string& path) {
  const std::string format = metadata_of(checkpoint, kFormatKey);
  if (format != kFormatVersion) {
    throw netlist_io::ParseError({path, 0, 0},
                                 std::string("checkpoint with ") + kFormatKey + " " + format +
                                     ", expected " + kFormatVersion);
  }
  ModelConfig config;
  config.name = metadata_of(checkpoint, kModelKey);
  if (config.name != kCircuitTrainingModel && config.name != kCanvasModel) {
    throw netlist_io::ParseError({path, 0, 0},
                                 std::string("checkpoint with ") + kModelKey + " " + config.name +
                                     ", expected " + kCanvasModel + " or " + kCircuitTrainingModel);
  }
  if (config.name == kCanvasModel) {
    try {
      config = nlohmann::json::parse(metadata_of(checkpoint, kModelConfigKey)).get<ModelConfig>();
      config.validate();
    } catch (const nlohmann::json::exception&) {
      throw netlist_io::ParseError({path, 0, 0},
                                   "the checkpoint does not say what shape its network has");
    } catch (const netlist_io::OptionError& error) {
      throw netlist_io::ParseError({path, 0, 0}, error.what());
    }
  }
  return config;
}

std::shared_ptr<PolicyNet> load_model(const Checkpoint& checkpoint,
                                      const std::string& path,
                                      const std::string& prefix) {
  std::shared_ptr<PolicyNet> net = make_network(model_config_of(checkpoint, path));
  load_parameters(checkpoint, path, prefix, *net);
  return net;
}

}  // namespace tessera::gnn
