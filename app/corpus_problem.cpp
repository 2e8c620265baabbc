#include "app/corpus_problem.h"

#include <cstddef>
#include <utility>

#include "app/interrupt.h"
#include "netlist_io/errors.h"
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

CorpusProblems load_corpus_problems(std::span<const std::string> names,
                                    const EnvironmentFlags& environment,
                                    const CommonFlags& common) {
  std::vector<std::unique_ptr<const CorpusProblem>> loaded(names.size());
  std::vector<std::optional<std::string>> reasons(names.size());
  placer::parallel_for(names.size(), common.num_threads(), [&](std::size_t i) {
    if (interrupted()) {
      return;
    }
    try {
      loaded[i] =
          std::make_unique<const CorpusProblem>(placer::load_corpus_block(names[i]), environment);
    } catch (const netlist_io::InfeasibleError& error) {
      reasons[i] = error.what();
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
