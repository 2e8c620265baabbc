#pragma once

#include <string>

#include "gnn/adam.h"
#include "gnn/checkpoint.h"
#include "gnn/policy_net.h"

namespace tessera::gnn {

/// Weights and optimiser of a training as they were, to go back to.
class UndoPoint {
 public:
  bool empty() const { return state_.tensors.empty(); }
  void clear() { state_.tensors.clear(); }

  /// `means`: of the weights over the iterations, may be null.
  void take(const PolicyNet& net, const PolicyNet* means, const Adam& adam);

  /// Goes back, as often as wanted; not empty. The networks are of the same shapes as those taken.
  void restore(PolicyNet& net, PolicyNet* means, Adam& adam) const;

  /// Adds what it holds, under names that begin with "undo/".
  void store(Checkpoint& checkpoint) const;
  /// What `store` added, if anything. Throws `netlist_io::ParseError` (with `path`) if that does
  /// not fit what `take` would take now.
  void load(const Checkpoint& checkpoint,
            const std::string& path,
            const PolicyNet& net,
            const PolicyNet* means,
            const Adam& adam);

 private:
  Checkpoint state_;
};

}  // namespace tessera::gnn
