#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "cost/incremental_cost.h"
#include "netlist_io/ids.h"
#include "netlist_io/rng.h"
#include "placer/search_problem.h"
#include "placer/search_state.h"

namespace tessera::placer {

/// The kinds of moves that a search proposes.
enum class Proposal : std::uint8_t {
  kSoftShift,       ///< a soft macro by a random step
  kSoftOptimal,     ///< a soft macro into the region where its nets are shortest
  kSoftRouteShift,  ///< a soft macro by one cell out of a congested row or column
  kSoftSwap,        ///< two soft macros change places
  kSoftJump,        ///< a soft macro next to another node of one of its nets
  kHardShift,       ///< a hard macro by a random step
  kHardSlide,       ///< a hard macro along an axis, up to where it touches the next
  kHardOptimal,     ///< a hard macro towards the region where its nets are shortest
  kHardSwap,        ///< two hard macros of one size change places
  kHardFlip,        ///< a hard macro mirrored
  kGroupShift,      ///< a hard macro and the soft macros tied to it by the same step
};
inline constexpr std::size_t kNumProposals = 11;

std::string_view to_string(Proposal proposal);

/// Makes proposals for one search. Holds scratch memory: one per thread.
class MoveProposals {
 public:
  explicit MoveProposals(const SearchProblem& problem);

  /// Whether moves of the kind exist for the problem.
  bool possible(Proposal proposal) const;

  /// Draws a proposal; `step`: reach of random steps as a fraction of the canvas. The moves
  /// returned fit; empty if none was found. Valid until the next call.
  std::span<const cost::NodeMove> draw(Proposal proposal,
                                       const SearchState& state,
                                       double step,
                                       netlist_io::Rng& rng);

 private:
  struct Interval {
    double low = 0.0;
    double high = 0.0;
  };
  struct WeightedEnd {
    double position = 0.0;
    double weight = 0.0;
  };

  netlist_io::NodeId any_soft(netlist_io::Rng& rng) const;
  netlist_io::NodeId any_hard(netlist_io::Rng& rng) const;
  void add_soft(const SearchState& state, netlist_io::NodeId node, double x, double y);
  bool add_hard(const SearchState& state, netlist_io::NodeId node, double x, double y);
  void shift_soft(const SearchState& state, double step, netlist_io::Rng& rng);
  void shift_soft_to_optimum(const SearchState& state, netlist_io::Rng& rng);
  void shift_soft_out_of_hot_cell(const SearchState& state, netlist_io::Rng& rng);
  void swap_soft(const SearchState& state, netlist_io::Rng& rng);
  void jump_soft(const SearchState& state, netlist_io::Rng& rng);
  void shift_hard(const SearchState& state, double step, netlist_io::Rng& rng);
  void slide_hard(const SearchState& state, netlist_io::Rng& rng);
  void shift_hard_to_optimum(const SearchState& state, double step, netlist_io::Rng& rng);
  void swap_hard(const SearchState& state, double step, netlist_io::Rng& rng);
  void flip_hard(const SearchState& state, netlist_io::Rng& rng);
  void shift_group(const SearchState& state, double step, netlist_io::Rng& rng);
  void measure_optimal_region(const SearchState& state, netlist_io::NodeId node);
  static Interval median_interval(std::vector<WeightedEnd>& ends);
  void find_companions();

  const SearchProblem* problem_;
  std::vector<cost::NodeMove> moves_;
  std::vector<WeightedEnd> ends_x_;
  std::vector<WeightedEnd> ends_y_;
  Interval optimal_x_;
  Interval optimal_y_;
  /// Soft macros tied to each movable hard macro more than to any other, most tied first.
  std::vector<std::vector<netlist_io::NodeId>> companions_;
};

}  // namespace tessera::placer
