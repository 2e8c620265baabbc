#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "netlist_io/rng.h"
#include "placer/move_proposals.h"
#include "placer/search_state.h"

namespace tessera::placer {

/// What became of the proposals of one kind.
struct ProposalStats {
  std::uint64_t drawn = 0;     ///< proposals asked for
  std::uint64_t tried = 0;     ///< of these, those that fitted and were evaluated
  std::uint64_t accepted = 0;  ///< of these
  std::uint64_t nets = 0;      ///< nets measured for them: a measure of time, alike on all machines
  double gain = 0.0;           ///< sum of the improvements of the proxy among the accepted

  ProposalStats& operator+=(const ProposalStats& other);
};

/// One Markov chain over placements: proposals of all kinds, accepted by the exact proxy with the
/// rule of Metropolis et al. (1953).
class AnnealingChain {
 public:
  /// Throws `std::invalid_argument` if nothing can move.
  AnnealingChain(const SearchState& start, netlist_io::Rng rng);

  /// Does `count` moves while the temperature falls geometrically, in units of the proxy. Proposals
  /// that do not fit count as moves.
  void run(std::uint64_t count, double start_temperature, double end_temperature);

  const SearchState& state() const { return state_; }
  void set_state(const SearchState& state) { state_ = state; }
  std::array<ProposalStats, kNumProposals> stats() const;

 private:
  Proposal draw_kind();
  void adapt_step(std::size_t kind, bool accepted);
  void adapt_shares();

  SearchState state_;
  MoveProposals proposals_;
  netlist_io::Rng rng_;
  std::array<double, kNumProposals> step_{};
  std::array<ProposalStats, kNumProposals> stats_{};   ///< until the shares were adapted last
  std::array<ProposalStats, kNumProposals> recent_{};  ///< since then
  std::array<double, kNumProposals> shares_{};         ///< of the kinds among the moves, sum 1
  std::uint64_t moves_until_adapting_ = 0;
};

}  // namespace tessera::placer
