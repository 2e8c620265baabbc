#pragma once

#include <memory>
#include <span>
#include <vector>

#include <torch/torch.h>

#include "gnn/policy_net.h"
#include "gnn/training.h"

namespace tessera::gnn {

/// How good a policy is on the blocks judged.
struct Judgement {
  std::vector<double> proxies;  ///< of the greedy episode of each block
  double score = 0.0;           ///< mean of these over the proxies of the greedy rule
};

/// Judges policies by their greedy episodes.
class Judge {
 public:
  /// The blocks' problems must outlive the judge.
  Judge(std::span<const TrainingBlock> blocks, int threads);

  /// The result does not depend on the number of threads.
  Judgement judge(const std::shared_ptr<PolicyNet>& net, torch::Device device);

 private:
  template <typename MakePolicy>
  std::vector<double> greedy_proxies(const MakePolicy& make_policy) const;

  std::span<const TrainingBlock> blocks_;
  int threads_;
  std::vector<double> references_;  ///< proxies of the greedy rule; made when first needed
};

}  // namespace tessera::gnn
