#include "gnn/checkpoint.h"

#include <cstdint>
#include <cstring>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"

namespace tessera::gnn {
namespace {

using nlohmann::json;
using torch::Tensor;

constexpr const char* kMetadataKey = "__metadata__";
constexpr std::size_t kLengthBytes = 8;

[[noreturn]] void fail(const std::string& path, const std::string& message) {
  throw netlist_io::ParseError({path, 0, 0}, message);
}

struct TypeName {
  torch::ScalarType type;
  const char* name;
};
constexpr TypeName kTypes[] = {{torch::kFloat32, "F32"}, {torch::kInt64, "I64"}};

const char* name_of(torch::ScalarType type) {
  for (const TypeName& entry : kTypes) {
    if (entry.type == type) {
      return entry.name;
    }
  }
  throw netlist_io::InternalError("checkpoints hold float32 and int64 tensors only");
}

torch::ScalarType type_called(const std::string& path, const std::string& name) {
  for (const TypeName& entry : kTypes) {
    if (name == entry.name) {
      return entry.type;
    }
  }
  fail(path, "tensor of type " + name + ", expected F32 or I64");
}

std::string_view bytes_of(const Tensor& tensor) {
  return {static_cast<const char*>(tensor.data_ptr()), tensor.nbytes()};
}

Tensor read_tensor(const std::string& path,
                   const std::string& name,
                   const json& entry,
                   std::string_view data) {
  const auto shape = entry.at("shape").get<std::vector<std::int64_t>>();
  const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
  std::uint64_t count = 1;
  for (const std::int64_t length : shape) {
    if (length < 0 || (length > 0 && count > data.size() / static_cast<std::uint64_t>(length))) {
      fail(path, "tensor \"" + name + "\" has a shape larger than the file");
    }
    count *= static_cast<std::uint64_t>(length);
  }
  const torch::ScalarType type = type_called(path, entry.at("dtype").get<std::string>());
  const std::uint64_t bytes = count * c10::elementSize(type);
  const bool fits = offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= data.size() &&
                    offsets[1] - offsets[0] == bytes;
  if (!fits) {
    fail(path, "tensor \"" + name + "\" does not lie inside the file: it is truncated or damaged");
  }
  Tensor tensor = torch::empty(shape, type);
  if (bytes > 0) {  // an empty tensor has no memory
    std::memcpy(tensor.data_ptr(), data.data() + offsets[0], bytes);
  }
  return tensor;
}

Checkpoint parse(const std::string& path, std::string_view text) {
  std::uint64_t length = 0;
  if (text.size() < kLengthBytes) {
    fail(path, "not a checkpoint: shorter than its 8-byte header length");
  }
  std::memcpy(&length, text.data(), kLengthBytes);
  if (length > text.size() - kLengthBytes) {
    fail(path, "not a checkpoint, or truncated: the header would end beyond the file");
  }
  const std::string_view data = text.substr(kLengthBytes + length);
  const json header = json::parse(text.substr(kLengthBytes, length));
  Checkpoint checkpoint;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadataKey) {
      checkpoint.metadata = entry.get<std::map<std::string, std::string>>();
    } else {
      checkpoint.tensors[name] = read_tensor(path, name, entry, data);
    }
  }
  return checkpoint;
}

}  // namespace

void save_checkpoint(const Checkpoint& checkpoint, const std::string& path) {
  json header;
  header[kMetadataKey] = checkpoint.metadata;
  std::uint64_t offset = 0;
  for (const auto& [name, tensor] : checkpoint.tensors) {
    header[name] = {{"dtype", name_of(tensor.scalar_type())},
                    {"shape", tensor.sizes().vec()},
                    {"data_offsets", {offset, offset + tensor.nbytes()}}};
    offset += tensor.nbytes();
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // keeps the values aligned
  const std::uint64_t length = text.size();
  std::string content(kLengthBytes, '\0');
  std::memcpy(content.data(), &length, kLengthBytes);
  content += text;
  content.reserve(content.size() + offset);
  for (const auto& [name, tensor] : checkpoint.tensors) {
    content += bytes_of(tensor);
  }
  netlist_io::write_file_atomic(path, content);
}

Checkpoint load_checkpoint(const std::string& path) {
  const std::string text = netlist_io::read_file(path);
  try {
    return parse(path, text);
  } catch (const json::exception& error) {
    fail(path, std::string("not a checkpoint: its header is damaged (") + error.what() + ")");
  }
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
