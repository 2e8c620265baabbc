#include "gnn/device.h"

#include "netlist_io/errors.h"

namespace tessera::gnn {

torch::Device device_named(const std::string& name) {
  if (name == "cpu") {
    return torch::kCPU;
  }
  if (name != "cuda") {
    throw netlist_io::OptionError("device \"" + name + "\" is not known, expected cpu or cuda");
  }
  if (!torch::cuda::is_available()) {
    throw netlist_io::OptionError(
        "device cuda was asked for, but this LibTorch finds no CUDA device");
  }
  return torch::kCUDA;
}

}  // namespace tessera::gnn
