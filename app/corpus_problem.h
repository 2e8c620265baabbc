#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "app/command.h"
#include "app/place_flags.h"
#include "placer/corpus_block.h"
#include "placer/macro_problem.h"

namespace tessera::app {

/// What an item of a flag that takes a corpus may be.
inline constexpr const char* kCorpusHelp =
    "blocks: netlists (.pb.txt[.gz]) with X.plc or initial.plc beside them, folders of such, or "
    "RECIPE[:SEED|:FIRST-LAST] of the generator";

/// A block of a corpus and the problem of placing its macros, which refers to it.
class CorpusProblem {
 public:
  /// Throws `netlist_io::InfeasibleError` if no episode is possible or there is nothing to place.
  CorpusProblem(placer::CorpusBlock block, const EnvironmentFlags& environment);
  CorpusProblem(const CorpusProblem&) = delete;
  CorpusProblem& operator=(const CorpusProblem&) = delete;

  const std::string& name() const { return block_.name; }
  const placer::MacroProblem& problem() const { return problem_; }

 private:
  placer::CorpusBlock block_;
  placer::MacroProblem problem_;
};

/// The blocks of a corpus on which episodes are possible, and why others are left out.
struct CorpusProblems {
  struct LeftOut {
    std::string name;
    std::string reason;
  };

  std::vector<std::unique_ptr<const CorpusProblem>> blocks;  ///< in the order of their names
  std::vector<LeftOut> left_out;
};

/// Loads blocks on all threads and warns of those that are left out. Ends early, with what it has,
/// when the user interrupts. Throws `netlist_io::ParseError`, and `netlist_io::InfeasibleError` if
/// no block is left of some.
CorpusProblems load_corpus_problems(std::span<const std::string> names,
                                    const EnvironmentFlags& environment,
                                    const CommonFlags& common);

}  // namespace tessera::app
