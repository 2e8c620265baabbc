#include "gnn/checkpoint.h"

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <string>

#include "tests/gnn/torch_doctest.h"
#include "tests/support/test_support.h"

#include "netlist_io/errors.h"
#include "netlist_io/file.h"

namespace {

using tessera::gnn::Checkpoint;
using tessera::gnn::load_checkpoint;
using tessera::gnn::save_checkpoint;
using tessera::netlist_io::InternalError;
using tessera::netlist_io::ParseError;
using tessera::netlist_io::read_file;
using tessera::testing::scratch_dir;

Checkpoint example() {
  Checkpoint checkpoint;
  checkpoint.tensors["a"] = torch::tensor({1.5F, -2.0F, 3.25F, 0.1F}).view({2, 2});
  checkpoint.tensors["steps"] = torch::tensor({std::int64_t{1} << 40}, torch::kInt64);
  checkpoint.tensors["nothing"] = torch::empty({0, 3});
  checkpoint.metadata["model"] = "a \"quoted\" name";
  return checkpoint;
}

void write(const std::string& path, const std::string& content) {
  std::ofstream(path, std::ios::binary) << content;
}

/// A file with this header text and this many bytes of values.
std::string file_with(const std::string& header, std::size_t value_bytes) {
  const std::uint64_t length = header.size();
  std::string content(sizeof length, '\0');
  std::memcpy(content.data(), &length, sizeof length);
  return content + header + std::string(value_bytes, '\0');
}

TEST_CASE("A checkpoint reads back bit for bit") {
  const std::string path = (scratch_dir("checkpoint") / "a.safetensors").string();
  const Checkpoint written = example();
  save_checkpoint(written, path);
  const Checkpoint read = load_checkpoint(path);
  CHECK(read.metadata == written.metadata);
  REQUIRE(read.tensors.size() == written.tensors.size());
  for (const auto& [name, tensor] : written.tensors) {
    CAPTURE(name);
    CHECK(read.tensors.at(name).dtype() == tensor.dtype());
    CHECK(torch::equal(read.tensors.at(name), tensor));
  }
}

TEST_CASE("A checkpoint follows the safetensors layout") {
  const std::string path = (scratch_dir("checkpoint") / "a.safetensors").string();
  Checkpoint checkpoint;
  checkpoint.tensors["a"] = torch::tensor({1.0F});
  save_checkpoint(checkpoint, path);
  const std::string content = read_file(path);
  std::uint64_t length = 0;
  std::memcpy(&length, content.data(), 8);
  CHECK(length % 8 == 0);
  REQUIRE(content.size() == 8 + length + 4);
  const std::string header = content.substr(8, length);
  CHECK(header.find(R"("a":{"data_offsets":[0,4],"dtype":"F32","shape":[1]})") !=
        std::string::npos);
  float value = 0.0F;
  std::memcpy(&value, content.data() + 8 + length, 4);
  CHECK(value == 1.0F);
}

TEST_CASE("A checkpoint cut off anywhere is refused") {
  const std::filesystem::path folder = scratch_dir("checkpoint");
  const std::string whole = (folder / "whole.safetensors").string();
  save_checkpoint(example(), whole);
  const std::string content = read_file(whole);
  const std::string path = (folder / "cut.safetensors").string();
  for (std::size_t size = 0; size < content.size(); ++size) {
    CAPTURE(size);
    write(path, content.substr(0, size));
    CHECK_THROWS_AS(load_checkpoint(path), ParseError);
  }
}

TEST_CASE("A damaged checkpoint is refused with a message that says why") {
  const std::string path = (scratch_dir("checkpoint") / "bad.safetensors").string();
  std::string content;
  std::string message;
  SUBCASE("text") {
    content = "this is no checkpoint, but a text of some length";
    message = "the header would end beyond the file";
  }
  SUBCASE("absurd header length") {
    content = std::string(8, '\xff') + "{}";
    message = "the header would end beyond the file";
  }
  SUBCASE("empty file") {
    message = "shorter than its 8-byte header length";
  }
  SUBCASE("header that is no JSON") {
    content = file_with("{\"a\":", 0);
    message = "its header is damaged";
  }
  SUBCASE("header that is no object") {
    content = file_with("[1, 2]", 0);
    message = "its header is damaged";
  }
  SUBCASE("entry without shape") {
    content = file_with(R"({"a":{"dtype":"F32","data_offsets":[0,4]}})", 4);
    message = "its header is damaged";
  }
  SUBCASE("unknown type") {
    content = file_with(R"({"a":{"dtype":"F16","shape":[2],"data_offsets":[0,4]}})", 4);
    message = "tensor of type F16, expected F32 or I64";
  }
  SUBCASE("shape that does not fit its bytes") {
    content = file_with(R"({"a":{"dtype":"F32","shape":[2],"data_offsets":[0,4]}})", 4);
    message = "tensor \"a\" does not lie inside the file";
  }
  SUBCASE("offsets beyond the file") {
    content = file_with(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,8]}})", 4);
    message = "tensor \"a\" does not lie inside the file";
  }
  SUBCASE("offsets in reverse") {
    content = file_with(R"({"a":{"dtype":"F32","shape":[1],"data_offsets":[4,0]}})", 4);
    message = "tensor \"a\" does not lie inside the file";
  }
  SUBCASE("negative side") {
    content = file_with(R"({"a":{"dtype":"F32","shape":[-1],"data_offsets":[0,4]}})", 4);
    message = "a shape larger than the file";
  }
  SUBCASE("shape whose product overflows") {
    content = file_with(
        R"({"a":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,4]}})", 4);
    message = "a shape larger than the file";
  }
  write(path, content);
  CHECK_THROWS_WITH_AS(load_checkpoint(path), doctest::Contains(message.c_str()), ParseError);
}

TEST_CASE("A missing checkpoint is an error of its own path") {
  const std::string path = (scratch_dir("checkpoint") / "missing.safetensors").string();
  CHECK_THROWS_WITH(load_checkpoint(path), doctest::Contains("missing.safetensors"));
}

TEST_CASE("A checkpoint that cannot be saved leaves the one before it") {
  const std::filesystem::path folder = scratch_dir("checkpoint");
  const std::string path = (folder / "a.safetensors").string();
  save_checkpoint(example(), path);
  const std::string before = read_file(path);
  Checkpoint unsupported = example();
  unsupported.tensors["z"] = torch::zeros({2}, torch::kFloat64);
  CHECK_THROWS_AS(save_checkpoint(unsupported, path), InternalError);
  CHECK(read_file(path) == before);
  // Nothing is left beside it either.
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 1);
}

}  // namespace
