#include "gnn/tensor_file.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"

namespace tessera::gnn {
namespace {

using nlohmann::json;

constexpr const char* kMetadataKey = "__metadata__";
constexpr std::size_t kLengthBytes = 8;
constexpr std::size_t kMaxHeaderBytes = std::size_t{1} << 23;  // that of a network has some KiB

[[noreturn]] void fail(const std::string& path, const std::string& message) {
  throw netlist_io::ParseError({path, 0, 0}, message);
}

struct TypeName {
  TensorType type;
  const char* name;
};
constexpr TypeName kTypes[] = {{TensorType::kFloat32, "F32"}, {TensorType::kInt64, "I64"}};

const char* name_of(TensorType type) {
  return kTypes[static_cast<std::size_t>(type)].name;
}

TensorType type_called(const std::string& path, const std::string& name) {
  for (const TypeName& entry : kTypes) {
    if (name == entry.name) {
      return entry.type;
    }
  }
  fail(path, "tensor of type " + name + ", expected F32 or I64");
}

/// `data`: bytes after the header.
StoredTensor read_tensor(const std::string& path,
                         const std::string& name,
                         const json& entry,
                         std::size_t data) {
  StoredTensor tensor;
  tensor.shape = entry.at("shape").get<std::vector<std::int64_t>>();
  const auto offsets = entry.at("data_offsets").get<std::vector<std::uint64_t>>();
  std::uint64_t count = 1;
  for (const std::int64_t length : tensor.shape) {
    if (length < 0 || (length > 0 && count > data / static_cast<std::uint64_t>(length))) {
      fail(path, "tensor \"" + name + "\" has a shape larger than the file");
    }
    count *= static_cast<std::uint64_t>(length);
  }
  tensor.type = type_called(path, entry.at("dtype").get<std::string>());
  tensor.size = count * size_of(tensor.type);
  const bool fits = offsets.size() == 2 && offsets[0] <= offsets[1] && offsets[1] <= data &&
                    offsets[1] - offsets[0] == tensor.size;
  if (!fits) {
    fail(path, "tensor \"" + name + "\" does not lie inside the file: it is truncated or damaged");
  }
  tensor.offset = offsets[0];
  return tensor;
}

void parse(TensorFile& file) {
  std::uint64_t length = 0;
  if (file.bytes.size() < kLengthBytes) {
    fail(file.path, "not a checkpoint: shorter than its 8-byte header length");
  }
  std::memcpy(&length, file.bytes.data(), kLengthBytes);
  if (length > file.bytes.size() - kLengthBytes) {
    fail(file.path, "not a checkpoint, or truncated: the header would end beyond the file");
  }
  if (length > kMaxHeaderBytes) {
    fail(file.path, "the header has more than " + std::to_string(kMaxHeaderBytes) + " bytes");
  }
  const std::size_t start = kLengthBytes + length;
  const json header = json::parse(std::string_view(file.bytes).substr(kLengthBytes, length));
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadataKey) {
      file.metadata = entry.get<std::map<std::string, std::string>>();
    } else {
      StoredTensor tensor = read_tensor(file.path, name, entry, file.bytes.size() - start);
      tensor.offset += start;
      file.tensors[name] = std::move(tensor);
    }
  }
}

}  // namespace

std::vector<float> TensorFile::floats(const std::string& name,
                                      const std::vector<std::int64_t>& shape) const {
  const auto found = tensors.find(name);
  if (found == tensors.end()) {
    fail(path, "the checkpoint lacks the tensor \"" + name + "\"");
  }
  const StoredTensor& tensor = found->second;
  if (tensor.shape != shape || tensor.type != TensorType::kFloat32) {
    fail(path, "tensor \"" + name + "\" has another shape than the model's");
  }
  std::vector<float> values(tensor.size / sizeof(float));
  if (!values.empty()) {
    std::memcpy(values.data(), bytes.data() + tensor.offset, tensor.size);
  }
  if (!std::all_of(
          values.begin(), values.end(), [](float value) { return std::isfinite(value); })) {
    fail(path, "tensor \"" + name + "\" has a value that is not a finite number");
  }
  return values;
}

TensorFile read_tensor_file(const std::string& path) {
  TensorFile file;
  file.path = path;
  file.bytes = netlist_io::read_file(path);
  try {
    parse(file);
  } catch (const json::exception& error) {
    fail(path, std::string("not a checkpoint: its header is damaged (") + error.what() + ")");
  }
  return file;
}

void write_tensor_file(const std::string& path,
                       const std::map<std::string, TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  json header;
  header[kMetadataKey] = metadata;
  std::uint64_t offset = 0;
  const auto bytes_of = [](const TensorView& tensor) {
    std::uint64_t bytes = size_of(tensor.type);
    for (const std::int64_t length : tensor.shape) {
      bytes *= static_cast<std::uint64_t>(length);
    }
    return bytes;
  };
  for (const auto& [name, tensor] : tensors) {
    const std::uint64_t bytes = bytes_of(tensor);
    header[name] = {{"dtype", name_of(tensor.type)},
                    {"shape", tensor.shape},
                    {"data_offsets", {offset, offset + bytes}}};
    offset += bytes;
  }
  std::string text = header.dump();
  text.resize((text.size() + 7) / 8 * 8, ' ');  // keeps the values aligned
  const std::uint64_t length = text.size();
  std::string content(kLengthBytes, '\0');
  std::memcpy(content.data(), &length, kLengthBytes);
  content += text;
  content.reserve(content.size() + offset);
  for (const auto& [name, tensor] : tensors) {
    content.append(static_cast<const char*>(tensor.values), bytes_of(tensor));
  }
  netlist_io::write_file_atomic(path, content);
}

}  // namespace tessera::gnn
