#pragma once

#include <cstddef>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "app/command.h"
#include "gnn/training.h"
#include "placer/demonstration.h"
#include "placer/macro_problem.h"

namespace tessera::app {

/// The demonstrations of a file, to be dealt out to the blocks that a training is on.
class DemonstrationPool {
 public:
  /// An empty one without a path. Of each block, the `best` of least proxy count; with 0 all.
  /// Throws `netlist_io::ParseError`.
  DemonstrationPool(const std::optional<std::string>& path, std::size_t best);

  /// Treats all demonstrations as ones of this block if none has its name.
  void adopt(const std::string& name);

  /// The block with the best demonstrations of its name and, seen from its side, those of the block
  /// that it is a view of (`X@t` of `X`), less what its episodes refuse. Thread-safe.
  gnn::TrainingBlock training_block(const std::string& name, const placer::MacroProblem& problem);

  std::size_t size() const { return demonstrations_.size(); }
  /// How many serve at least one block.
  std::size_t num_used() const;
  /// Says on stderr how many serve and why others do not.
  void print_summary() const;

 private:
  struct Fate {
    bool used = false;
    bool surpassed = false;  ///< there were enough better ones
    std::string refusal;     ///< the first by alphabet; empty: no block asked for it
  };

  bool full(const gnn::TrainingBlock& block) const;
  std::optional<std::vector<placer::CellIndex>> cells_for(std::size_t index,
                                                          placer::Symmetry symmetry,
                                                          const placer::MacroProblem& problem);

  std::size_t best_;
  std::vector<placer::Demonstration> demonstrations_;  ///< by increasing proxy
  std::mutex mutex_;                                   ///< of fates_
  std::vector<Fate> fates_;
  std::multimap<std::string, std::size_t> by_block_;
};

}  // namespace tessera::app
