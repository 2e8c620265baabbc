#pragma once

#include <cstdint>
#include <memory>

#include "gnn/policy_net.h"

namespace tessera::testing {

/// A canvas network whose learned scores are not small, nor its biases zero: everything counts.
std::shared_ptr<gnn::PolicyNet> vivid_network(const gnn::ModelConfig& config, std::uint64_t seed);

}  // namespace tessera::testing
