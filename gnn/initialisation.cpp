#include "gnn/initialisation.h"

#include <string>

namespace tessera::gnn {

void draw_weights(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : module.named_parameters()) {
    if (parameter.key().find("bias") != std::string::npos) {
      parameter.value().zero_();
    } else if (parameter.value().dim() > 1) {
      torch::nn::init::xavier_normal_(parameter.value());
    }
  }
}

}  // namespace tessera::gnn
