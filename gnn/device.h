#pragma once

#include <string>

#include <torch/torch.h>

namespace tessera::gnn {

/// "cpu" or "cuda". Throws `netlist_io::OptionError` for another name, or if this LibTorch has no
/// such device here.
torch::Device device_named(const std::string& name);

}  // namespace tessera::gnn
