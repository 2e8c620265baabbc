#include "tests/gnn/vivid_network.h"

#include <string>

namespace tessera::testing {

std::shared_ptr<gnn::PolicyNet> vivid_network(const gnn::ModelConfig& config, std::uint64_t seed) {
  const std::shared_ptr<gnn::PolicyNet> net = gnn::make_network(config, seed);
  const torch::NoGradGuard no_grad;
  for (auto& parameter : net->named_parameters()) {
    if (parameter.key().find("bias") != std::string::npos) {
      parameter.value().normal_(0.0, 0.1);
    } else if (parameter.key() == "query.weight" || parameter.key() == "score.weight") {
      parameter.value().mul_(20.0);
    }
  }
  return net;
}

}  // namespace tessera::testing
