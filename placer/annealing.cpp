#include "placer/annealing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <stdexcept>

namespace tessera::placer {

using cost::NodeMove;

namespace {

constexpr double kLargestStep = 0.3;  ///< of the canvas
constexpr double kSmallestStep = 0.002;
constexpr std::uint64_t kAdaptingInterval = 20'000;  ///< moves

/// Shares of the kinds before any yield is known, in the order of `Proposal`. Found by leaving out
/// or doubling one kind at a time on three design families.
constexpr std::array<double, kNumProposals> kStartShares = {
    0.37, 0.22, 0.08, 0.02, 0.02, 0.10, 0.02, 0.05, 0.07, 0.03, 0.02};

}  // namespace

ProposalStats& ProposalStats::operator+=(const ProposalStats& other) {
  drawn += other.drawn;
  tried += other.tried;
  accepted += other.accepted;
  nets += other.nets;
  gain += other.gain;
  return *this;
}

AnnealingChain::AnnealingChain(const SearchState& start, netlist_io::Rng rng)
    : state_(start),
      proposals_(start.problem()),
      rng_(rng),
      shares_(kStartShares),
      moves_until_adapting_(kAdaptingInterval) {
  if (start.problem().nothing_moves()) {
    throw std::invalid_argument("annealing needs something that can move");
  }
  step_.fill(0.1);
  adapt_shares();
}

std::array<ProposalStats, kNumProposals> AnnealingChain::stats() const {
  std::array<ProposalStats, kNumProposals> all = stats_;
  for (std::size_t kind = 0; kind < kNumProposals; ++kind) {
    all[kind] += recent_[kind];
  }
  return all;
}

Proposal AnnealingChain::draw_kind() {
  double mark = rng_.uniform();
  std::size_t kind = 0;
  while (kind + 1 < kNumProposals && mark >= shares_[kind]) {
    mark -= shares_[kind];
    ++kind;
  }
  return static_cast<Proposal>(kind);
}

/// Shifts shares towards the kinds that improved the proxy most for their work, within a factor of
/// two of where they started.
void AnnealingChain::adapt_shares() {
  double total_yield = 0.0;
  std::array<double, kNumProposals> yield{};
  for (std::size_t kind = 0; kind < kNumProposals; ++kind) {
    const ProposalStats& recent = recent_[kind];
    yield[kind] = recent.nets > 0 ? recent.gain / static_cast<double>(recent.nets) : 0.0;
    total_yield += kStartShares[kind] * yield[kind];
  }
  double sum = 0.0;
  for (std::size_t kind = 0; kind < kNumProposals; ++kind) {
    const double relative = total_yield > 0.0 ? yield[kind] / total_yield : 1.0;
    const bool possible = proposals_.possible(static_cast<Proposal>(kind));
    const double target = possible ? kStartShares[kind] * std::clamp(relative, 0.5, 2.0) : 0.0;
    shares_[kind] = possible ? 0.8 * shares_[kind] + 0.2 * target : 0.0;
    sum += shares_[kind];
  }
  for (double& share : shares_) {
    share /= sum;
  }
  for (std::size_t kind = 0; kind < kNumProposals; ++kind) {
    stats_[kind] += recent_[kind];
    recent_[kind] = {};
  }
}

/// Steers the reach of random steps towards a fixed share of accepted moves.
void AnnealingChain::adapt_step(std::size_t kind, bool accepted) {
  constexpr double kTarget = 0.3;
  constexpr double kRate = 0.02;
  step_[kind] = std::clamp(step_[kind] * std::exp(kRate * ((accepted ? 1.0 : 0.0) - kTarget)),
                           kSmallestStep,
                           kLargestStep);
}

void AnnealingChain::run(std::uint64_t count, double start_temperature, double end_temperature) {
  const double decay = std::log(end_temperature / start_temperature) /
                       static_cast<double>(std::max<std::uint64_t>(1, count));
  for (std::uint64_t i = 0; i < count; ++i) {
    const double temperature = start_temperature * std::exp(decay * static_cast<double>(i));
    const auto kind = static_cast<std::size_t>(draw_kind());
    ProposalStats& stats = recent_[kind];
    ++stats.drawn;
    const std::span<const NodeMove> moves =
        proposals_.draw(static_cast<Proposal>(kind), state_, step_[kind], rng_);
    if (!moves.empty()) {
      ++stats.tried;
      for (const NodeMove& move : moves) {
        stats.nets += state_.problem().model().nets_of(move.node.index()).size();
      }
      const double change = state_.try_moves(moves) - state_.proxy();
      const bool accepted = change <= -temperature * std::log(1.0 - rng_.uniform());
      adapt_step(kind, accepted);
      if (accepted) {
        state_.keep();
        ++stats.accepted;
        stats.gain += std::max(0.0, -change);
      } else {
        state_.undo();
      }
    }
    if (--moves_until_adapting_ == 0) {
      moves_until_adapting_ = kAdaptingInterval;
      adapt_shares();
    }
  }
}

}  // namespace tessera::placer
