#pragma once

#include <cstdint>
#include <string>

#include "gnn/checkpoint.h"
#include "gnn/circuit_training_net.h"

namespace tessera::gnn {

/// Names of the metadata of our checkpoints.
inline constexpr const char* kFormatKey = "tessera_format";
inline constexpr const char* kModelKey = "model";

/// Version of the tensors and metadata below; raised when older programs cannot read them.
inline constexpr const char* kFormatVersion = "1";

/// Starts a checkpoint: format, model name, parameters under "model/...".
Checkpoint make_model_checkpoint(const CircuitTrainingNet& net);

/// Copies the parameters of a checkpoint into `net`. Throws `netlist_io::ParseError` if the file is
/// of another format version or another model, or if a tensor does not fit.
void load_model(const Checkpoint& checkpoint, const std::string& path, CircuitTrainingNet& net);

/// A network with weights drawn from `seed`.
CircuitTrainingNet make_untrained_network(std::uint64_t seed);

}  // namespace tessera::gnn
