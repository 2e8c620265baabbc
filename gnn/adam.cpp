#include "gnn/adam.h"

#include <cmath>

#include "netlist_io/errors.h"

namespace tessera::gnn {
namespace {

constexpr double kBeta1 = 0.9;
constexpr double kBeta2 = 0.999;
constexpr double kEpsilon = 1e-5;  // Circuit Training's
constexpr const char* kSteps = "adam/steps";
constexpr const char* kMean = "adam/mean/";
constexpr const char* kSquare = "adam/square/";

const torch::Tensor& find(const Checkpoint& checkpoint,
                          const std::string& path,
                          const std::string& name,
                          at::IntArrayRef shape) {
  const auto found = checkpoint.tensors.find(name);
  if (found == checkpoint.tensors.end() || found->second.sizes() != shape) {
    throw netlist_io::ParseError(
        {path, 0, 0}, "the checkpoint cannot be trained on: it lacks a fitting \"" + name + "\"");
  }
  return found->second;
}

}  // namespace

Adam::Adam(torch::nn::Module& module) {
  for (auto& parameter : module.named_parameters()) {
    const torch::Tensor& value = parameter.value();
    slots_.push_back({parameter.key(), value, torch::zeros_like(value), torch::zeros_like(value)});
  }
}

void Adam::zero_gradients() {
  for (Slot& slot : slots_) {
    slot.parameter.mutable_grad() = torch::Tensor();
  }
}

double Adam::clip_gradients(double max_norm) {
  const torch::NoGradGuard no_grad;
  double sum = 0.0;
  for (const Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) {
      sum += slot.parameter.grad().square().sum().item<double>();
    }
  }
  const double norm = std::sqrt(sum);
  if (norm > max_norm) {
    for (Slot& slot : slots_) {
      if (slot.parameter.grad().defined()) {
        slot.parameter.mutable_grad().mul_(max_norm / norm);
      }
    }
  }
  return norm;
}

void Adam::step(double learning_rate) {
  const torch::NoGradGuard no_grad;
  ++steps_;
  const double rate = learning_rate / (1.0 - std::pow(kBeta1, static_cast<double>(steps_)));
  const double unbias = 1.0 / std::sqrt(1.0 - std::pow(kBeta2, static_cast<double>(steps_)));
  for (Slot& slot : slots_) {
    const torch::Tensor gradient = slot.parameter.grad();
    if (!gradient.defined()) {
      continue;
    }
    slot.mean.mul_(kBeta1).add_(gradient, 1.0 - kBeta1);
    slot.square.mul_(kBeta2).addcmul_(gradient, gradient, 1.0 - kBeta2);
    slot.parameter.addcdiv_(slot.mean, slot.square.sqrt().mul_(unbias).add_(kEpsilon), -rate);
  }
}

void Adam::store(Checkpoint& checkpoint) const {
  checkpoint.tensors[kSteps] = torch::tensor({steps_}, torch::kInt64);
  for (const Slot& slot : slots_) {
    checkpoint.tensors[kMean + slot.name] =
        slot.mean.to(torch::kCPU, /*non_blocking=*/false, /*copy=*/true);
    checkpoint.tensors[kSquare + slot.name] =
        slot.square.to(torch::kCPU, /*non_blocking=*/false, /*copy=*/true);
  }
}

void Adam::load(const Checkpoint& checkpoint, const std::string& path) {
  steps_ = find(checkpoint, path, kSteps, {1}).item<std::int64_t>();
  for (Slot& slot : slots_) {
    slot.mean.copy_(find(checkpoint, path, kMean + slot.name, slot.mean.sizes()));
    slot.square.copy_(find(checkpoint, path, kSquare + slot.name, slot.square.sizes()));
  }
}

}  // namespace tessera::gnn
