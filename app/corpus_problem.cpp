#include "app/corpus_problem.h"

#include <cstddef>
#include <map>
#include <utility>

#include "app/interrupt.h"
#include "netlist_io/errors.h"
#include "placer/block_symmetry.h"
#include "placer/corpus.h"
#include "placer/parallel_for.h"

namespace tessera::app {

CorpusProblem::CorpusProblem(placer::CorpusBlock block, const EnvironmentFlags& environment)
    : block_(std::move(block)),
      problem_(
          block_.netlist, block_.canvas, block_.placement, environment.problem_options(block_)) {
  if (problem_.macros().empty()) {
    throw netlist_io::InfeasibleError("there is no movable hard macro to learn to place");
  }
}

namespace {

/// The names by the block that they are views of, as indices, in the order of the first views.
std::vector<std::vector<std::size_t>> by_block(std::span<const std::string> names) {
  std::map<std::string, std::size_t> group_of;
  std::vector<std::vector<std::size_t>> groups;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto [found, added] =
        group_of.emplace(placer::corpus_view(names[i]).block, groups.size());
    if (added) {
      groups.emplace_back();
    }
    groups[found->second].push_back(i);
  }
  return groups;
}

/// A view of a loaded block.
placer::CorpusBlock view_of(const placer::CorpusBlock& block, const std::string& name) {
  placer::CorpusBlock view = placer::transform_block(block, placer::corpus_view(name).symmetry);
  view.name = name;
  return view;
}

}  // namespace

CorpusProblems load_corpus_problems(std::span<const std::string> names,
                                    const EnvironmentFlags& environment,
                                    const CommonFlags& common) {
  std::vector<std::unique_ptr<const CorpusProblem>> loaded(names.size());
  std::vector<std::optional<std::string>> reasons(names.size());
  // To make a block takes longer than to look at it from another side.
  const std::vector<std::vector<std::size_t>> groups = by_block(names);
  placer::parallel_for(groups.size(), common.num_threads(), [&](std::size_t group) {
    const std::vector<std::size_t>& views = groups[group];
    std::optional<placer::CorpusBlock> block;
    if (interrupted()) {
      return;
    }
    try {
      block = placer::load_corpus_block(placer::corpus_view(names[views.front()]).block);
    } catch (const netlist_io::InfeasibleError& error) {
      for (const std::size_t i : views) {
        reasons[i] = error.what();
      }
      return;
    }
    for (const std::size_t i : views) {
      if (interrupted()) {
        return;
      }
      try {
        loaded[i] = std::make_unique<const CorpusProblem>(view_of(*block, names[i]), environment);
      } catch (const netlist_io::InfeasibleError& error) {
        reasons[i] = error.what();
      }
    }
  });
  CorpusProblems result;
  std::vector<std::string> warnings;
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (loaded[i]) {
      result.blocks.push_back(std::move(loaded[i]));
    } else if (reasons[i]) {
      result.left_out.push_back({names[i], *reasons[i]});
      warnings.push_back("block " + names[i] + " is left out: " + *reasons[i]);
    }
  }
  print_warnings(warnings);
  if (result.blocks.empty() && !names.empty() && !interrupted()) {
    throw netlist_io::InfeasibleError("no episode is possible on any of the " +
                                      std::to_string(names.size()) + " blocks");
  }
  return result;
}

}  // namespace tessera::app
