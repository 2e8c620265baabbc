#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/placement.h"
#include "placer/block_symmetry.h"
#include "placer/cell_mask.h"
#include "placer/macro_problem.h"

namespace tessera::placer {

/// A good placement as an episode to imitate.
///
/// In a file, a line each: a JSON object with the fields `block`, `seed`, `grid` ([cols, rows]),
/// `order`, `proxy` and `cells`.
struct Demonstration {
  std::string block;       ///< name in the corpus
  std::uint64_t seed = 0;  ///< of the search that found it
  netlist_io::GridShape grid;
  MacroOrder order = MacroOrder::kConnectivity;
  double proxy = 0.0;            ///< of the episode that takes these cells, clusters placed
  std::vector<CellIndex> cells;  ///< of the movable hard macros, by step
};

/// The cells of `placement` in the order of `problem`, and the proxy of the episode that takes
/// them. Orientations are not recorded: macros of episodes are not mirrored; nor does it matter
/// where the placement has its clusters. Throws `netlist_io::InfeasibleError`, naming a macro, if
/// one is not at a cell centre (to a thousandth of a cell) or cannot be placed there by an episode.
Demonstration make_demonstration(const MacroProblem& problem,
                                 const netlist_io::Placement& placement,
                                 std::string block);

/// Plays the cells in an episode, without the cluster placer at its end. Throws
/// `netlist_io::InfeasibleError` if grid, order or number of macros are not those of `problem` or
/// if the episode does not take a cell: it is not legal, or the environment, which looks ahead
/// with a heuristic, finds no room for the macros to come.
void check_demonstration(const MacroProblem& problem, const Demonstration& demonstration);

/// The demonstration for the block that `transform_block` makes of the block shown; `block` gets
/// the symmetry's letters. The name must not have a symmetry yet.
///
/// The order of the macros does not depend on the side from which a block is seen. What an episode
/// refuses may, on blocks with little room.
Demonstration transform_demonstration(const Demonstration& demonstration, Symmetry symmetry);

/// Adds a line to a file, which may be new, and flushes it. Throws `std::runtime_error`.
void append_demonstration(const std::string& path, const Demonstration& demonstration);

/// Reads a file of demonstrations, plain or gzip. Throws `netlist_io::ParseError` with the line.
std::vector<Demonstration> read_demonstrations(const std::string& path);

/// The same for a file, not compressed, that is to be continued: a last line without its end, left
/// by a process that was killed, is removed from the file; none if there is no such file.
std::vector<Demonstration> resume_demonstrations(const std::string& path);

}  // namespace tessera::placer
