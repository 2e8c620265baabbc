#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

// No header of LibTorch here.

namespace tessera::gnn {

enum class TensorType : std::uint8_t { kFloat32, kInt64 };

/// Bytes of a value.
constexpr std::size_t size_of(TensorType type) {
  return type == TensorType::kFloat32 ? 4 : 8;
}

/// A tensor of a file, row by row.
struct StoredTensor {
  TensorType type = TensorType::kFloat32;
  std::vector<std::int64_t> shape;
  std::size_t offset = 0;  ///< of its first byte in `TensorFile::bytes`
  std::size_t size = 0;    ///< in bytes
};

/// A file in the safetensors format: the length of a JSON header as 8 bytes, the header (names,
/// types, shapes, offsets, metadata), the values. Unlike a pickled file it holds no code, and other
/// programs can read it.
struct TensorFile {
  std::string path;
  std::map<std::string, StoredTensor> tensors;
  std::map<std::string, std::string> metadata;
  std::string bytes;  ///< of the whole file

  /// Copies the values of a float32 tensor. Throws `netlist_io::ParseError` if there is none of
  /// this name, type and shape.
  std::vector<float> floats(const std::string& name, const std::vector<std::int64_t>& shape) const;
};

/// Throws `netlist_io::ParseError` saying what is wrong: not such a file, truncated, a type or a
/// shape that does not fit its bytes.
TensorFile read_tensor_file(const std::string& path);

/// A tensor to write.
struct TensorView {
  TensorType type = TensorType::kFloat32;
  std::vector<std::int64_t> shape;
  const void* values = nullptr;
};

/// Atomic. Throws `std::runtime_error`.
void write_tensor_file(const std::string& path,
                       const std::map<std::string, TensorView>& tensors,
                       const std::map<std::string, std::string>& metadata);

}  // namespace tessera::gnn
