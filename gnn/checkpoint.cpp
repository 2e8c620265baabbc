#include "gnn/checkpoint.h"

#include <cstring>
#include <utility>

#include "gnn/tensor_file.h"
#include "netlist_io/errors.h"

namespace tessera::gnn {
namespace {

using torch::Tensor;

[[noreturn]] void fail(const std::string& path, const std::string& message) {
  throw netlist_io::ParseError({path, 0, 0}, message);
}

TensorView view_of(const Tensor& tensor) {
  const auto type = tensor.scalar_type();
  if (type != torch::kFloat32 && type != torch::kInt64) {
    throw netlist_io::InternalError("checkpoints hold float32 and int64 tensors only");
  }
  return {type == torch::kFloat32 ? TensorType::kFloat32 : TensorType::kInt64,
          tensor.sizes().vec(),
          tensor.data_ptr()};
}

Tensor copy_of(const StoredTensor& stored, const TensorFile& file) {
  Tensor tensor = torch::empty(
      stored.shape, stored.type == TensorType::kFloat32 ? torch::kFloat32 : torch::kInt64);
  if (stored.size > 0) {  // an empty tensor has no memory
    std::memcpy(tensor.data_ptr(), file.bytes.data() + stored.offset, stored.size);
  }
  return tensor;
}

}  // namespace

void save_checkpoint(const Checkpoint& checkpoint, const std::string& path) {
  std::map<std::string, TensorView> views;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    views[name] = view_of(tensor);
  }
  write_tensor_file(path, views, checkpoint.metadata);
}

Checkpoint load_checkpoint(const std::string& path) {
  TensorFile file = read_tensor_file(path);
  Checkpoint checkpoint;
  for (const auto& [name, stored] : file.tensors) {
    checkpoint.tensors[name] = copy_of(stored, file);
  }
  checkpoint.metadata = std::move(file.metadata);
  return checkpoint;
}

void load_parameters(const Checkpoint& checkpoint,
                     const std::string& path,
                     const std::string& prefix,
                     torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  for (auto& parameter : module.named_parameters()) {
    const auto found = checkpoint.tensors.find(prefix + parameter.key());
    if (found == checkpoint.tensors.end()) {
      fail(path, "the checkpoint lacks the tensor \"" + prefix + parameter.key() + "\"");
    }
    const bool matches = found->second.sizes() == parameter.value().sizes() &&
                         found->second.scalar_type() == parameter.value().scalar_type();
    if (!matches) {
      fail(path, "tensor \"" + prefix + parameter.key() + "\" has another shape than the model's");
    }
    parameter.value().copy_(found->second);
  }
}

void store_parameters(const torch::nn::Module& module,
                      const std::string& prefix,
                      Checkpoint& checkpoint) {
  for (const auto& parameter : module.named_parameters()) {
    checkpoint.tensors[prefix + parameter.key()] =
        parameter.value().detach().to(torch::kCPU).contiguous().clone();
  }
}

}  // namespace tessera::gnn
