#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/incremental_cost.h"
#include "cost/incremental_model.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/grid_clearance.h"
#include "placer/macro_space.h"

namespace tessera::placer {

/// Where hard macros may stand.
enum class PlacementClass : std::uint8_t {
  kGrid,  ///< at grid-cell centres, the rules of Circuit Training
  kFree,  ///< anywhere on the lattice of database units
};

struct SearchOptions {
  PlacementClass placement_class = PlacementClass::kFree;
  MacroSpaceOptions space;
  cost::CostOptions cost;
};

/// What all searches for a better placement of one block share. Immutable; keeps a reference to the
/// netlist, which must outlive it.
class SearchProblem {
 public:
  /// Takes from `placement` only which nodes are fixed.
  SearchProblem(const netlist_io::Netlist& netlist,
                const netlist_io::Canvas& canvas,
                const netlist_io::Placement& placement,
                const SearchOptions& options);
  SearchProblem(const SearchProblem&) = delete;
  SearchProblem& operator=(const SearchProblem&) = delete;

  const netlist_io::Netlist& netlist() const { return model_.netlist(); }
  const netlist_io::Canvas& canvas() const { return model_.canvas(); }
  const cost::IncrementalModel& model() const { return model_; }
  const SearchOptions& options() const { return options_; }

  /// The soft macros and standard cells that may move.
  std::span<const netlist_io::NodeId> movable_soft() const { return soft_; }
  /// The hard macros that may move.
  std::span<const netlist_io::NodeId> movable_hard() const { return hard_; }
  /// Of them, those with the size of `macro`, itself included.
  std::span<const netlist_io::NodeId> hard_of_size(netlist_io::NodeId macro) const {
    return groups_[group_of_node_[macro.index()]];
  }

  /// The same move of a soft macro, ending inside the canvas and, where there is room, with its
  /// centre, where its pins are, clear of the lines between grid cells.
  cost::NodeMove settle_soft(const cost::NodeMove& move) const;
  /// Which places on an axis, 0 for x and 1 for y, are too close to a line between grid cells.
  const GridClearance& clearance(std::size_t axis) const { return clearance_[axis]; }
  /// Whether there is nothing to search.
  bool nothing_moves() const { return soft_.empty() && hard_.empty(); }

 private:
  void group_hard_by_size();

  SearchOptions options_;
  cost::IncrementalModel model_;
  std::array<GridClearance, 2> clearance_;
  std::vector<netlist_io::NodeId> soft_;
  std::vector<netlist_io::NodeId> hard_;
  std::vector<std::vector<netlist_io::NodeId>> groups_;
  std::vector<std::uint32_t> group_of_node_;
};

}  // namespace tessera::placer
