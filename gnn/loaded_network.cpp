#include "gnn/loaded_network.h"

#include "gnn/canvas_inference.h"
#include "gnn/inference_policy.h"
#include "gnn/model_config.h"
#include "gnn/tensor_file.h"

namespace tessera::gnn {
namespace {

class InferenceNetwork final : public LoadedNetwork {
 public:
  explicit InferenceNetwork(const TensorFile& file)
      : network_(std::make_shared<const CanvasInference>(file)) {
    const auto found = file.metadata.find(kEnvironmentKey);
    if (found != file.metadata.end()) {
      environment_ = found->second;
    }
  }

  std::string environment() const override { return environment_; }

  std::unique_ptr<placer::Policy> policy_for(const placer::MacroProblem& problem) const override {
    return std::make_unique<InferencePolicy>(network_, problem);
  }

  std::vector<std::unique_ptr<placer::Policy>> views_for(
      const placer::MacroProblem& problem) const override {
    std::vector<std::unique_ptr<placer::Policy>> views;
    for (const CanvasFlips flips : {CanvasFlips{true, false}, {false, true}, {true, true}}) {
      views.push_back(std::make_unique<InferencePolicy>(network_, problem, flips));
    }
    return views;
  }

 private:
  std::shared_ptr<const CanvasInference> network_;
  std::string environment_;
};

}  // namespace

std::unique_ptr<LoadedNetwork> load_inference_network(const std::string& path) {
  const TensorFile file = read_tensor_file(path);
  if (!CanvasInference::supports(read_model_config(file.metadata, path))) {
    return nullptr;
  }
  return std::make_unique<InferenceNetwork>(file);
}

}  // namespace tessera::gnn
