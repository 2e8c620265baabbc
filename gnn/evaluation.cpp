#include "gnn/evaluation.h"

#include <cstddef>
#include <exception>

#include "gnn/network_policy.h"
#include "placer/baseline_policies.h"
#include "placer/episodes.h"

namespace tessera::gnn {

Judge::Judge(std::span<const TrainingBlock> blocks, int threads)
    : blocks_(blocks), threads_(threads) {}

template <typename MakePolicy>
std::vector<double> Judge::greedy_proxies(const MakePolicy& make_policy) const {
  std::vector<double> proxies(blocks_.size());
  std::exception_ptr error;
#pragma omp parallel for num_threads(threads_) schedule(dynamic, 1)
  for (std::size_t i = 0; i < blocks_.size(); ++i) {
    try {
      const placer::MacroProblem& problem = *blocks_[i].problem;
      const std::unique_ptr<placer::Policy> policy = make_policy(problem);
      proxies[i] = placer::run_episodes(problem, *policy, {}).best.cost.proxy;
    } catch (...) {
#pragma omp critical(tessera_judge)
      error = std::current_exception();
    }
  }
  if (error) {
    std::rethrow_exception(error);
  }
  return proxies;
}

Judgement Judge::judge(const std::shared_ptr<PolicyNet>& net, torch::Device device) {
  if (references_.empty()) {
    references_ = greedy_proxies(
        [](const placer::MacroProblem&) { return std::make_unique<placer::GreedyDeltaPolicy>(); });
  }
  Judgement judgement;
  judgement.proxies = greedy_proxies([&](const placer::MacroProblem& problem) {
    return std::make_unique<NetworkPolicy>(net, problem, device);
  });
  for (std::size_t i = 0; i < references_.size(); ++i) {
    judgement.score +=
        judgement.proxies[i] / references_[i] / static_cast<double>(references_.size());
  }
  return judgement;
}

}  // namespace tessera::gnn
