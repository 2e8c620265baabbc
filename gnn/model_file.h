#pragma once

#include <memory>
#include <string>

#include "gnn/checkpoint.h"
#include "gnn/policy_net.h"

namespace tessera::gnn {

/// Starts a checkpoint: format, model name and shape, parameters under "model/...".
Checkpoint make_model_checkpoint(const PolicyNet& net);

/// The network of a checkpoint, its parameters taken from under `prefix`. Throws
/// `netlist_io::ParseError` as `read_model_config` does, or if a tensor does not fit.
std::shared_ptr<PolicyNet> load_model(const Checkpoint& checkpoint,
                                      const std::string& path,
                                      const std::string& prefix = kModelPrefix);

}  // namespace tessera::gnn
