#include "gnn/model_config.h"

#include <stdexcept>

#include <nlohmann/json.hpp>

#include "gnn/metadata_json.h"
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

void require(bool valid, const char* field, const char* range) {
  if (!valid) {
    throw netlist_io::OptionError(std::string("model option ") + field +
                                  " is out of range, expected " + range);
  }
}

}  // namespace

void ModelConfig::validate() const {
  require(name == kCanvasModel || name == kCircuitTrainingModel, "name", "a model's name");
  require(graph_width >= 1 && graph_width <= 256, "graph_width", "1 to 256");
  require(graph_layers >= 1 && graph_layers <= 16, "graph_layers", "1 to 16");
  require(canvas_width >= 1 && canvas_width <= 512, "canvas_width", "1 to 512");
  require(canvas_layers >= 0 && canvas_layers <= 16, "canvas_layers", "0 to 16");
  require(scatter_width >= 0 && scatter_width <= 256, "scatter_width", "0 to 256");
}

void write_model_config(const ModelConfig& config, std::map<std::string, std::string>& metadata) {
  metadata[kFormatKey] = kFormatVersion;
  metadata[kModelKey] = config.name;
  if (config.name != kCircuitTrainingModel) {
    metadata[kModelConfigKey] = nlohmann::json(config).dump();
  }
}

ModelConfig read_model_config(const std::map<std::string, std::string>& metadata,
                              const std::string& path) {
  const auto value = [&](const char* key) {
    const auto found = metadata.find(key);
    return found == metadata.end() ? "absent" : found->second;
  };
  const auto fail = [&path](const std::string& message) {
    throw netlist_io::ParseError({path, 0, 0}, message);
  };
  const std::string format = value(kFormatKey);
  if (format != kFormatVersion) {
    fail(std::string("checkpoint with ") + kFormatKey + " " + format + ", expected " +
         kFormatVersion);
  }
  ModelConfig config;
  config.name = value(kModelKey);
  if (config.name != kCircuitTrainingModel && config.name != kCanvasModel) {
    fail(std::string("checkpoint with ") + kModelKey + " " + config.name + ", expected " +
         kCanvasModel + " or " + kCircuitTrainingModel);
  }
  if (config.name == kCanvasModel) {
    try {
      config = read_metadata(value(kModelConfigKey), ModelConfig());
      config.validate();
    } catch (const nlohmann::json::exception&) {
      fail("the checkpoint does not say what shape its network has");
    } catch (const std::invalid_argument& error) {  // of `validate`, too
      fail(std::string("the shape of the checkpoint's network: ") + error.what());
    }
  }
  return config;
}

}  // namespace tessera::gnn
