#pragma once

#include <torch/torch.h>

namespace tessera::gnn {

/// Draws all weights of a module from Torch's global generator: Glorot normal, biases 0. Parameters
/// of one dimension that are no biases stay.
void draw_weights(torch::nn::Module& module);

}  // namespace tessera::gnn
