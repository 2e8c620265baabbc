#pragma once

#include <span>
#include <string>
#include <vector>

#include "placer/block_symmetry.h"
#include "placer/corpus_block.h"

namespace tessera::placer {

// A corpus is a list of names of blocks. A name is the path of a netlist, or `RECIPE:SEED` for a
// generated block. `%` and a number after it (`balanced:7%2`) name the block with another
// objective, drawn from its name and that number; `@` and the letters of a symmetry
// (`balanced:7@tx`, `balanced:7%2@tx`), the block seen from another side. A name makes the same
// block each time.

/// The names that items of a command line stand for, in their order:
/// - a netlist, `.pb.txt[.gz]`, with a placement beside it: `X.plc` for `X.pb.txt`, or
/// `initial.plc`;
/// - a folder: all netlists in it and below that have such a placement, by path;
/// - a recipe of the generator: `RECIPE` (seed 1), `RECIPE:SEED` or `RECIPE:FIRST-LAST`.
///
/// Each may end in an objective, a symmetry or both. Does not read the files. Throws
/// `netlist_io::OptionError` saying what was expected for an item that is none of these or stands
/// for no block.
std::vector<std::string> expand_corpus(std::span<const std::string> items);

/// The names with all eight symmetries of each; those that have one already stay alone.
std::vector<std::string> with_symmetries(std::span<const std::string> names);

/// A name taken apart.
struct CorpusView {
  std::string block;  ///< the name without the symmetry
  Symmetry symmetry;
};
CorpusView corpus_view(const std::string& name);

/// Makes or reads the block of a name. Cost options are those of the header, weights the default,
/// unless the name draws others: weights of density and congestion from 0.02 to 1, routing tracks
/// from a fifth to one and a half of the block's, of which macros take 40 to 80 %.
/// Throws `netlist_io::ParseError`, also for a netlist that has standard cells or no canvas, and
/// `netlist_io::InfeasibleError` for a recipe whose macros fit nowhere.
CorpusBlock load_corpus_block(const std::string& name);

}  // namespace tessera::placer
