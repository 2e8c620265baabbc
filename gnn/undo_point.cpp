#include "gnn/undo_point.h"

#include <algorithm>
#include <string_view>

#include "netlist_io/errors.h"

namespace tessera::gnn {
namespace {

constexpr std::string_view kPrefix = "undo/";
constexpr const char* kWeights = "weights/";
constexpr const char* kMeans = "means/";

/// For messages, which do not come up: what is restored was taken here or by an earlier run.
constexpr const char* kOrigin = "the state before the last update";

}  // namespace

void UndoPoint::take(const PolicyNet& net, const PolicyNet* means, const Adam& adam) {
  clear();
  store_parameters(net, kWeights, state_);
  if (means != nullptr) {
    store_parameters(*means, kMeans, state_);
  }
  adam.store(state_);
}

void UndoPoint::restore(PolicyNet& net, PolicyNet* means, Adam& adam) const {
  load_parameters(state_, kOrigin, kWeights, net);
  if (means != nullptr) {
    load_parameters(state_, kOrigin, kMeans, *means);
  }
  adam.load(state_, kOrigin);
}

void UndoPoint::store(Checkpoint& checkpoint) const {
  for (const auto& [name, tensor] : state_.tensors) {
    checkpoint.tensors[std::string(kPrefix) + name] = tensor;
  }
}

void UndoPoint::load(const Checkpoint& checkpoint,
                     const std::string& path,
                     const PolicyNet& net,
                     const PolicyNet* means,
                     const Adam& adam) {
  clear();
  for (const auto& [name, tensor] : checkpoint.tensors) {
    if (std::string_view(name).starts_with(kPrefix)) {
      state_.tensors[name.substr(kPrefix.size())] = tensor;
    }
  }
  if (empty()) {
    return;
  }
  UndoPoint now;
  now.take(net, means, adam);
  const auto fits = [](const auto& a, const auto& b) {
    return a.first == b.first && a.second.sizes() == b.second.sizes() &&
           a.second.scalar_type() == b.second.scalar_type();
  };
  const auto& expected = now.state_.tensors;
  if (!std::equal(
          state_.tensors.begin(), state_.tensors.end(), expected.begin(), expected.end(), fits)) {
    throw netlist_io::ParseError(
        {path, 0, 0},
        "the checkpoint cannot be trained on: its \"undo/\" does not fit its weights");
  }
}

}  // namespace tessera::gnn
