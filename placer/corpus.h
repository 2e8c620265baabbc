#pragma once

#include <span>
#include <string>
#include <vector>

#include "placer/corpus_block.h"

namespace tessera::placer {

// A corpus is a list of names of blocks. A name is the path of a netlist, or `RECIPE:SEED` for a
// generated block; `@` and the letters of a symmetry after it (`balanced:7@tx`) name the block seen
// from another side. A name makes the same block each time.

/// The names that items of a command line stand for, in their order:
/// - a netlist, `.pb.txt[.gz]`, with a placement beside it: `X.plc` for `X.pb.txt`, or
/// `initial.plc`;
/// - a folder: all netlists in it and below that have such a placement, by path;
/// - a recipe of the generator: `RECIPE` (seed 1), `RECIPE:SEED` or `RECIPE:FIRST-LAST`.
///
/// Each may end in a symmetry. Does not read the files. Throws `netlist_io::OptionError` saying
/// what was expected for an item that is none of these or stands for no block.
std::vector<std::string> expand_corpus(std::span<const std::string> items);

/// The names with all eight symmetries of each; those that have one already stay alone.
std::vector<std::string> with_symmetries(std::span<const std::string> names);

/// Makes or reads the block of a name. Cost options are those of the header, weights the default.
/// Throws `netlist_io::ParseError`, also for a netlist that has standard cells or no canvas, and
/// `netlist_io::InfeasibleError` for a recipe whose macros fit nowhere.
CorpusBlock load_corpus_block(const std::string& name);

}  // namespace tessera::placer
