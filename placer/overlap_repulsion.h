#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace tessera::placer {

/// A position, a displacement or a force in the plane.
struct Vector2 {
  double x = 0.0;
  double y = 0.0;
};

/// A box of fixed size that follows a point.
struct RepulsionBox {
  std::uint32_t point = 0;   ///< index into the points
  double half_width = 0.0;   ///< microns, > 0
  double half_height = 0.0;  ///< microns, > 0
};

/// Unit forces between boxes that overlap with positive area: of each such pair both boxes are
/// pushed apart along the line through their centres, whatever the overlap.
///
/// Sweeps over the boxes by left edge; the order is kept from call to call, so that small moves
/// cost little. The sums are formed in an order that depends on the positions alone.
class OverlapRepulsion {
 public:
  /// Takes the boxes over. Their order decides which way boxes with the same centre go: the
  /// earlier one down and left.
  void reset(std::span<const RepulsionBox> boxes, std::span<const Vector2> points);

  /// Adds to `forces[box.point]` the sum of the unit vectors times `magnitude`.
  void add_forces(std::span<const Vector2> points, double magnitude, std::span<Vector2> forces);

 private:
  /// A box in the sweep order.
  struct Entry {
    double left = 0.0;
    std::uint32_t box = 0;

    bool operator<(const Entry& other) const {
      return left < other.left || (left == other.left && box < other.box);
    }
  };

  void sort_by_left_edge(std::span<const Vector2> points);
  void load_sweep_arrays(std::span<const Vector2> points);
  /// Fills `overlapping_` with the later boxes that overlap box `row`; returns their number.
  std::size_t find_overlapping(std::size_t row);
  /// Direction in which box `from` pushes box `to`.
  Vector2 unit_vector(std::size_t to, std::size_t from) const;
  void push_row(std::size_t row);

  std::vector<RepulsionBox> boxes_;
  std::vector<Entry> order_;
  // Per box in sweep order.
  std::vector<double> left_;  ///< and a sentinel beyond everything
  std::vector<double> right_;
  std::vector<double> low_;
  std::vector<double> high_;
  std::vector<Vector2> centre_;
  std::vector<Vector2> push_;
  std::vector<std::uint32_t> overlapping_;
};

}  // namespace tessera::placer
