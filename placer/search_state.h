#pragma once

#include <span>
#include <variant>
#include <vector>

#include "cost/incremental_cost.h"
#include "netlist_io/placement.h"
#include "placer/grid_macro_space.h"
#include "placer/macro_space.h"
#include "placer/search_problem.h"

namespace tessera::placer {

/// A legal placement under search: its exact cost and the room between its hard macros. A copy is
/// an independent search from the same point, for the price of copying some hundred kilobytes. One
/// thread at a time, its const members included.
class SearchState {
 public:
  /// Snaps the hard macros of a legal placement to where the class lets them stand and pulls soft
  /// macros into the canvas. Throws `std::invalid_argument` if the hard macros are not legal then.
  SearchState(const SearchProblem& problem, const netlist_io::Placement& placement);

  const SearchProblem& problem() const { return *problem_; }
  const cost::IncrementalCost& cost() const { return cost_; }
  double proxy() const { return proxy_; }

  /// Where the class lets a hard macro stand nearest to a position; in the free class with its
  /// edges clear of the lines between grid cells, as far as there is room.
  cost::NodeMove snap(const cost::NodeMove& move) const;
  /// How far a hard macro can slide along each axis; nowhere in the grid class.
  FreeTravel free_travel(netlist_io::NodeId macro) const;
  /// Whether the hard macros among `moves`, each node named once, may go there.
  bool fits(std::span<const cost::NodeMove> moves) const;

  /// Moves nodes, hard macros to where they fit, and returns the new proxy. Exactly one of `keep`
  /// and `undo` follows.
  double try_moves(std::span<const cost::NodeMove> moves);
  void keep();
  void undo();

  /// Positions and orientations; flags stay, moved nodes are marked as placed.
  void write_to(netlist_io::Placement& placement) const;

 private:
  using Space = std::variant<MacroSpace, GridMacroSpace>;

  static Space make_space(const SearchProblem& problem, const netlist_io::Placement& placement);
  static netlist_io::Placement snapped(const SearchProblem& problem,
                                       const Space& space,
                                       netlist_io::Placement placement);
  bool is_hard(netlist_io::NodeId node) const;
  void collect_hard(std::span<const cost::NodeMove> moves) const;

  const SearchProblem* problem_;
  Space space_;
  cost::IncrementalCost cost_;
  double proxy_ = 0.0;
  double tried_proxy_ = 0.0;
  std::vector<cost::NodeMove> tried_hard_;
  mutable std::vector<cost::NodeMove> hard_scratch_;
};

}  // namespace tessera::placer
