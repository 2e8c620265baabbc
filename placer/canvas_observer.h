#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/delta_map.h"
#include "placer/macro_env.h"
#include "placer/macro_problem.h"

namespace tessera::placer {

/// What the policy sees of each grid cell when a macro is due.
enum class CanvasChannel : std::uint8_t {
  kLegal,                 ///< 1 where the current macro may stand
  kOccupied,              ///< part of the cell's area under fixed and placed hard macros
  kDensity,               ///< of everything, clusters and unplaced macros at their prior positions
  kHorizontalCongestion,  ///< demand over capacity, likewise
  kVerticalCongestion,
  kWirelengthDelta,  ///< scaled growth of the wirelength if the macro went here: `DeltaScale`
  kDensityDelta,
  kCongestionDelta,
  kProxyDelta,
  kPrior,    ///< closeness to the macro's prior position: 1 there, 1/e a tenth of a half perimeter
             ///< off
  kEdge,     ///< distance to the nearest edge of the canvas over the smaller side
  kContact,  ///< part of the current macro's outline that would lie along an edge of the canvas or
             ///< along hard macros: their mean density in strips of one cell outside each side
  kLast,     ///< closeness to the macro placed just before, as for the prior; 0 for the first
};
inline constexpr std::size_t kNumCanvasChannels = 13;

inline constexpr std::size_t index_of(CanvasChannel channel) {
  return static_cast<std::size_t>(channel);
}

/// A map of changes in the form that a network can read: 0 at the best legal cell, 1 at the mean of
/// the legal cells, never more than `kMostDelta`, which is also what illegal cells get.
struct DeltaScale {
  double least = 0.0;  ///< at the best legal cell, in units of the proxy
  double mean = 0.0;   ///< above it, over the legal cells
};
inline constexpr float kMostDelta = 4.0F;

/// What goes with the channels.
struct CanvasScales {
  std::array<DeltaScale, 4> deltas{};  ///< wirelength, density, congestion, proxy
};

/// Draws the canvas of an episode as channels.
///
/// Holds scratch memory: one per thread. `problem` must outlive it.
class CanvasObserver {
 public:
  explicit CanvasObserver(const MacroProblem& problem);

  /// `env`: an unfinished episode of the problem. `channels`: [C, rows, cols], C =
  /// `kNumCanvasChannels`, row 0 at the bottom.
  CanvasScales observe(const MacroEnv& env, std::span<float> channels);

  /// Growth of the proxy for each legal cell, as `observe` last computed it.
  const cost::DeltaMap& deltas() const { return deltas_; }

 private:
  void draw_occupied(const MacroEnv& env, std::span<float> channel) const;
  void draw_cost_maps(const cost::IncrementalCost& cost, std::span<float> channels) const;
  void draw_places(const MacroEnv& env, std::span<float> channels) const;
  void draw_contact(const MacroEnv& env, std::span<float> channels);

  const MacroProblem* problem_;
  cost::DeltaMapper mapper_;
  cost::DeltaMap deltas_;
  std::vector<CellIndex> legal_cells_;
  std::vector<double> sums_;  ///< of occupied cells below and left of each corner of the grid
};

}  // namespace tessera::placer
