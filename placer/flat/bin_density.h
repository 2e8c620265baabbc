#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "netlist_io/canvas.h"

namespace tessera::placer {

/// Boxes that move over a grid of bins, as electric charges: each spreads its area over the bins
/// that it covers, and feels the field there. Boxes thinner than a bin count as one bin wide and as
/// light as their area, so that forces change smoothly when they move (the local smoothing of
/// ePlace).
///
/// Positions and sizes are in bins. Fixed obstacles are given as the part of each bin that they
/// cover. All sums run in an order that does not depend on the number of threads.
class BinDensity {
 public:
  /// Boxes [n] with sizes in bins and the factor that their area counts with.
  struct Boxes {
    std::vector<float> width;
    std::vector<float> height;
    std::vector<float> weight;    ///< charge per area, usually 1
    std::size_t num_counted = 0;  ///< boxes that overflow counts; those after it are fillers

    std::size_t size() const { return width.size(); }
    float charge(std::size_t i) const { return width[i] * height[i] * weight[i]; }
  };

  /// `blocked` [rows x cols]: part of each bin that obstacles cover, 0 to 1. `cap`: part of the
  /// free area of a bin that boxes may take, > 0, <= 1. `threads` >= 1 changes no result.
  BinDensity(
      netlist_io::GridShape grid, std::vector<float> blocked, double cap, Boxes boxes, int threads);

  const Boxes& boxes() const { return boxes_; }
  netlist_io::GridShape grid() const { return grid_; }
  double cap() const { return static_cast<double>(cap_); }

  /// Part that obstacles cover of the bin at a place inside the grid.
  float blocked_at(float x, float y) const;

  /// Recomputes density and overflow for the centres x and y [n], bins, inside the grid.
  void update(std::span<const float> x, std::span<const float> y);

  /// Area per bin of everything, obstacles counted with the cap, bins of area.
  std::span<const float> density() const { return density_; }
  /// Area of the counted boxes beyond the cap of their bins, as a part of their whole area.
  double overflow() const { return overflow_; }

  /// Writes the mean of each field over each box [n], times its charge: the force on it.
  void gather(std::span<const float> x,
              std::span<const float> y,
              std::span<const float> field_x,
              std::span<const float> field_y,
              std::span<float> force_x,
              std::span<float> force_y) const;

 private:
  struct Span;

  Span span_of(float centre, float size, int bins) const;
  template <typename Visit>
  void for_each_bin(std::size_t box, float x, float y, Visit visit) const;
  void scatter(std::size_t first,
               std::size_t last,
               std::span<const float> x,
               std::span<const float> y,
               std::span<float> map) const;
  void add_up();

  netlist_io::GridShape grid_;
  std::vector<float> blocked_;
  float cap_;
  Boxes boxes_;
  int threads_;
  double counted_area_ = 0.0;
  std::vector<float> partial_;  ///< [chunks x 2 x bins]: counted boxes, fillers
  std::vector<float> density_;
  double overflow_ = 0.0;
};

}  // namespace tessera::placer
