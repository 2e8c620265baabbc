#pragma once

#include <map>
#include <string>

#include <torch/torch.h>

namespace tessera::gnn {

/// Tensors and text under names.
struct Checkpoint {
  std::map<std::string, torch::Tensor> tensors;  ///< float32 or int64, contiguous, on the CPU
  std::map<std::string, std::string> metadata;
};

/// Writes a checkpoint as a `TensorFile`. Atomic. Throws `std::runtime_error`.
void save_checkpoint(const Checkpoint& checkpoint, const std::string& path);

/// Throws as `read_tensor_file`.
Checkpoint load_checkpoint(const std::string& path);

/// Copies the tensors named `prefix` + parameter name into the parameters of `module`. Throws
/// `netlist_io::ParseError` (with `path`) if one is missing or has another shape.
void load_parameters(const Checkpoint& checkpoint,
                     const std::string& path,
                     const std::string& prefix,
                     torch::nn::Module& module);

/// Adds copies of the parameters of `module` under `prefix` + parameter name.
void store_parameters(const torch::nn::Module& module,
                      const std::string& prefix,
                      Checkpoint& checkpoint);

}  // namespace tessera::gnn
