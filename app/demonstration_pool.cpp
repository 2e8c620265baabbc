#include "app/demonstration_pool.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "app/progress_log.h"
#include "netlist_io/errors.h"
#include "placer/block_symmetry.h"

namespace tessera::app {

using placer::Demonstration;
using placer::Symmetry;

DemonstrationPool::DemonstrationPool(const std::optional<std::string>& path, std::size_t best)
    : best_(best) {
  if (!path) {
    return;
  }
  demonstrations_ = placer::read_demonstrations(*path);
  std::ranges::stable_sort(demonstrations_, {}, &Demonstration::proxy);
  fates_.resize(demonstrations_.size());
  for (std::size_t i = 0; i < demonstrations_.size(); ++i) {
    by_block_.emplace(demonstrations_[i].block, i);
  }
}

void DemonstrationPool::adopt(const std::string& name) {
  if (by_block_.contains(name)) {
    return;
  }
  by_block_.clear();
  for (std::size_t i = 0; i < demonstrations_.size(); ++i) {
    demonstrations_[i].block = name;
    by_block_.emplace(name, i);
  }
}

std::optional<std::vector<placer::CellIndex>> DemonstrationPool::cells_for(
    std::size_t index, Symmetry symmetry, const placer::MacroProblem& problem) {
  Demonstration demonstration = demonstrations_[index];
  try {
    if (symmetry != Symmetry{}) {
      demonstration = placer::transform_demonstration(demonstration, symmetry);
    }
    placer::check_demonstration(problem, demonstration);
    const std::lock_guard<std::mutex> lock(mutex_);
    fates_[index].used = true;
    return std::move(demonstration.cells);
  } catch (const netlist_io::InfeasibleError& error) {
    const std::lock_guard<std::mutex> lock(mutex_);
    std::string& refusal = fates_[index].refusal;
    refusal = refusal.empty() ? error.what() : std::min<std::string>(refusal, error.what());
    return std::nullopt;
  }
}

gnn::TrainingBlock DemonstrationPool::training_block(const std::string& name,
                                                     const placer::MacroProblem& problem) {
  gnn::TrainingBlock block;
  block.name = name;
  block.problem = &problem;
  for (const Symmetry symmetry : placer::kSymmetries) {
    const std::string ending = symmetry == Symmetry{} ? "" : "@" + placer::to_string(symmetry);
    if (!name.ends_with(ending)) {
      continue;
    }
    const std::string base = name.substr(0, name.size() - ending.size());
    const auto [first, last] = by_block_.equal_range(base);
    for (auto found = first; found != last; ++found) {
      if (full(block)) {
        const std::lock_guard<std::mutex> lock(mutex_);
        fates_[found->second].surpassed = true;
      } else if (auto cells = cells_for(found->second, symmetry, problem)) {
        block.demonstrations.push_back(std::move(*cells));
        block.demonstrated_proxy =
            std::min(block.demonstrated_proxy, demonstrations_[found->second].proxy);
      }
    }
  }
  return block;
}

bool DemonstrationPool::full(const gnn::TrainingBlock& block) const {
  return best_ > 0 && block.demonstrations.size() >= best_;
}

std::size_t DemonstrationPool::num_used() const {
  return static_cast<std::size_t>(
      std::count_if(fates_.begin(), fates_.end(), [](const Fate& fate) { return fate.used; }));
}

void DemonstrationPool::print_summary() const {
  if (demonstrations_.empty()) {
    return;
  }
  std::size_t elsewhere = 0;
  std::size_t surpassed = 0;
  std::vector<std::string> refusals;
  for (const Fate& fate : fates_) {
    if (fate.used) {
      continue;
    }
    if (!fate.refusal.empty()) {
      refusals.push_back(fate.refusal);
    } else {
      ++(fate.surpassed ? surpassed : elsewhere);
    }
  }
  std::string text = std::to_string(num_used()) + " of " + std::to_string(demonstrations_.size()) +
                     " demonstrations used";
  if (elsewhere > 0) {
    text += "; " + std::to_string(elsewhere) + " left out, being of other blocks";
  }
  if (surpassed > 0) {
    text += "; " + std::to_string(surpassed) + " left out, there being better ones";
  }
  if (!refusals.empty()) {
    text += "; " + std::to_string(refusals.size()) +
            " left out, not fitting the episodes, the first: " + refusals.front();
  }
  log_line(text);
}

}  // namespace tessera::app
