#pragma once

#include <memory>
#include <string>

#include "gnn/checkpoint.h"
#include "gnn/policy_net.h"

namespace tessera::gnn {

/// Names of the metadata of our checkpoints.
inline constexpr const char* kFormatKey = "tessera_format";
inline constexpr const char* kModelKey = "model";
inline constexpr const char* kModelConfigKey = "model_config";
/// `TrainingOptions::environment`; absent if that was not said.
inline constexpr const char* kEnvironmentKey = "environment";

/// Version of the tensors and metadata below; raised when older programs cannot read them.
inline constexpr const char* kFormatVersion = "1";

/// Prefix of the names of a network's parameters in a checkpoint.
inline constexpr const char* kModelPrefix = "model/";

/// Starts a checkpoint: format, model name and shape, parameters under "model/...".
Checkpoint make_model_checkpoint(const PolicyNet& net);

/// The shape of the network in a checkpoint. Throws `netlist_io::ParseError` if the file is of
/// another format version, or of no model that we know.
ModelConfig model_config_of(const Checkpoint& checkpoint, const std::string& path);

/// The network of a checkpoint, its parameters taken from under `prefix`. Throws
/// `netlist_io::ParseError` as above, or if a tensor does not fit.
std::shared_ptr<PolicyNet> load_model(const Checkpoint& checkpoint,
                                      const std::string& path,
                                      const std::string& prefix = kModelPrefix);

}  // namespace tessera::gnn
