#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/cost_options.h"
#include "cost/incremental_cost.h"
#include "netlist_io/placement.h"
#include "placer/cell_mask.h"
#include "placer/macro_problem.h"

namespace tessera::placer {

/// What one action led to.
struct StepResult {
  enum class Status : std::uint8_t {
    kPlaced,   ///< the macro stands; the next one is due
    kRefused,  ///< the rest would not fit any more; nothing changed but the mask, choose again
    kDone,     ///< that was the last macro; `reward` and `cost` are valid
  };
  Status status = Status::kPlaced;
  double reward = 0.0;  ///< minus the proxy of the finished placement at the end, 0 before
  /// By how much the step made the proxy grow, unplaced nodes standing at their prior positions;
  /// may be negative. For shaping rewards.
  double proxy_growth = 0.0;
  cost::CostBreakdown cost;
};

/// One episode: the movable hard macros of a block are placed one at a time, each with its centre
/// at the centre of a grid cell; after the last, the cluster placer puts the soft macros and the
/// proxy of the result is paid as reward.
///
/// An action is the index of a cell, `col + row * cols`. The mask holds the cells at which the
/// current macro is legal. A legal action that would leave no room for the macros to come is
/// refused and leaves the mask, so that an episode never ends in a dead end: at any time the
/// environment knows one way to place all the rest, and that way's next cell stays in the mask.
class MacroEnv {
 public:
  /// `problem` must outlive the environment.
  explicit MacroEnv(const MacroProblem& problem);

  /// Starts a new episode.
  void reset();

  bool done() const { return step_ == problem_->macros().size(); }
  /// Number of macros placed so far = index of the current one in the problem's order.
  std::size_t num_placed() const { return step_; }

  /// Legal cells of the current macro without those refused. Never empty before the end. Valid
  /// until the next call of `reset` or `step`.
  CellMaskView mask() const;

  /// Places the current macro. Throws `netlist_io::InternalError` if `action` is not in the mask or
  /// the episode is over.
  StepResult step(CellIndex action);

  /// Places the clusters and evaluates the finished placement. `step` does so after the last macro;
  /// only blocks without movable hard macros need a call from outside.
  StepResult finish();

  /// The cells taken so far, one per macro placed.
  std::span<const CellIndex> actions() const { return actions_; }

  /// Where everything is now; nodes not yet placed stand at their prior position, `placed` 0.
  const netlist_io::Placement& placement() const { return placement_; }
  /// The cost of that, where clusters and unplaced macros count at their prior positions until the
  /// end, when they do not follow the cluster placer.
  const cost::IncrementalCost& running_cost() const { return running_cost_; }
  const MacroProblem& problem() const { return *problem_; }

 private:
  bool keep_room_for_rest(const GridLegality& after, CellIndex action);
  void open_mask();
  double move_macro(netlist_io::NodeId macro, CellIndex cell);

  const MacroProblem* problem_;
  std::size_t step_ = 0;
  std::vector<CellIndex> actions_;
  netlist_io::Placement placement_;
  cost::IncrementalCost running_cost_;
  GridLegality legality_;
  std::vector<CellIndex> plan_;         ///< cells at which the macros from `step_` on fit together
  std::vector<std::uint64_t> mask_;     ///< words of the current mask
  std::vector<std::size_t> remaining_;  ///< scratch
  cost::CostWorkspace workspace_;
};

}  // namespace tessera::placer
