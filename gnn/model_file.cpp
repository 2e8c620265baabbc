#include "gnn/model_file.h"

#include "netlist_io/errors.h"

namespace tessera::gnn {
namespace {

constexpr const char* kModelName = "circuit-training";
constexpr const char* kPrefix = "model/";

void expect_metadata(const Checkpoint& checkpoint,
                     const std::string& path,
                     const char* key,
                     const std::string& wanted) {
  const auto found = checkpoint.metadata.find(key);
  const std::string value = found == checkpoint.metadata.end() ? "absent" : found->second;
  if (value != wanted) {
    throw netlist_io::ParseError(
        {path, 0, 0}, std::string("checkpoint with ") + key + " " + value + ", expected " + wanted);
  }
}

}  // namespace

Checkpoint make_model_checkpoint(const CircuitTrainingNet& net) {
  Checkpoint checkpoint;
  checkpoint.metadata[kFormatKey] = kFormatVersion;
  checkpoint.metadata[kModelKey] = kModelName;
  store_parameters(*net, kPrefix, checkpoint);
  return checkpoint;
}

void load_model(const Checkpoint& checkpoint, const std::string& path, CircuitTrainingNet& net) {
  expect_metadata(checkpoint, path, kFormatKey, kFormatVersion);
  expect_metadata(checkpoint, path, kModelKey, kModelName);
  load_parameters(checkpoint, path, kPrefix, *net);
}

CircuitTrainingNet make_untrained_network(std::uint64_t seed) {
  torch::manual_seed(seed);
  return CircuitTrainingNet();
}

}  // namespace tessera::gnn
