#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <vector>

#include "placer/box_problem.h"

namespace tessera::placer {

/// The space that obstacles and the boxes placed so far leave, and the nearest place in it.
class FreeSpace {
 public:
  /// Only the obstacles are there. Keeps a reference to the problem.
  explicit FreeSpace(const BoxProblem& problem);

  void put(std::size_t box, const LatticePoint& corner);
  void take(std::size_t box);

  /// The free corner for `box`, which must not be there, that is nearest to `target` in the norm
  /// rate[0] |dx| + rate[1] |dy|; nothing if there is none nearer than `limit`. Exact: at a nearest
  /// place each coordinate is the target's own or makes the box touch another.
  std::optional<LatticePoint> nearest(std::size_t box,
                                      const LatticePoint& target,
                                      const std::array<double, 2>& rate,
                                      double limit = std::numeric_limits<double>::infinity());

 private:
  struct Search;
  struct Interval {
    std::int32_t lo;
    std::int32_t hi;
  };

  void shrink_window(const Search& search);
  void collect_columns(const Search& search);
  void sort_window();
  /// The part of the sorted window that can overlap the box in the column at `x`.
  std::span<const LatticeBox> around_column(const Search& search, std::int32_t x) const;
  /// Whether the column has a better place than the best so far, which it becomes.
  bool search_column(Search& search, std::int32_t x, std::span<const LatticeBox> others);
  std::optional<std::int32_t> nearest_in_column(const Search& search,
                                                std::int32_t x,
                                                std::span<const LatticeBox> others);

  const BoxProblem& problem_;
  std::vector<LatticeBox> taken_;  ///< movable boxes, far outside if not placed; then obstacles
  // Scratch memory of `nearest`.
  std::vector<LatticeBox> window_;     ///< what can matter to a place better than the best
  std::int32_t widest_ = 0;            ///< greatest width in the window, or 0
  std::vector<std::int32_t> columns_;  ///< x to try, nearest first
  std::vector<Interval> intervals_;    ///< forbidden y, ends excluded
};

/// Where boxes go that are placed one after the other.
struct PlacingRule {
  enum class Toward : std::uint8_t { kWant, kCorner };
  Toward toward = Toward::kWant;
  std::array<bool, 2> high = {false, false};  ///< which corner, by axis
  std::array<double, 2> rate = {1.0, 1.0};    ///< cost of a database unit, by axis
};

/// Places the boxes in `order`, each at the place nearest to what the rule says. If one finds none,
/// it is moved to the front of the order and all starts again, up to `retries` times ("squeaky
/// wheel": Joslin and Clements, Squeaky Wheel Optimization, JAIR 10, 1999).
/// Returns nothing if that does not help; `order` is left as last tried.
std::optional<BoxCorners> place_in_order(const BoxProblem& problem,
                                         std::vector<std::size_t>& order,
                                         const PlacingRule& rule,
                                         int retries);

}  // namespace tessera::placer
