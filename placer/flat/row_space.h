#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/ids.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// Rows of standard cells, all of one height and with one kind of sites, as far as they fit into
/// the canvas from their origin.
struct RowOptions {
  /// Microns, >= 0; 0: the height that most of the standard cells that move have.
  double row_height = 0.0;
  double site_width = 0.0;  ///< microns, >= 0; 0: cells stand anywhere along a row
  double origin_x = 0.0;    ///< left end of all rows, microns, >= 0
  double origin_y = 0.0;    ///< bottom of the first row, microns, >= 0
  double halo_x = 0.0;      ///< microns beside each hard macro that cells keep out of, >= 0
  double halo_y = 0.0;      ///< microns above and below it, >= 0

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

/// Part of a row.
struct RowSpan {
  double x0 = 0.0;
  double x1 = 0.0;

  double width() const { return x1 - x0; }
};

/// The parts of the rows that nothing blocks. Where there are sites they begin and end at sites.
class RowSpace {
 public:
  /// Rows without any obstacle. `options.row_height` must be > 0.
  RowSpace(const netlist_io::Canvas& canvas, const RowOptions& options);

  /// Takes away what `box` overlaps; less than 5e-7 um of overlap is none.
  void block(const netlist_io::Rect& box);

  std::size_t num_rows() const { return free_.size(); }
  double row_height() const { return options_.row_height; }
  double bottom(std::size_t row) const;
  /// The row whose bottom is nearest to `y`. There must be rows.
  std::size_t nearest_row(double y) const;
  /// Rows that something of this height takes, at least 1.
  std::size_t rows_high(double height) const;
  /// What something of this width takes of a row: whole sites.
  double footprint(double width) const;
  /// The place of a site that is nearest to `x`, or not left or not right of it.
  double snapped(double x) const;
  double snapped_right(double x) const;
  double snapped_left(double x) const;

  /// Disjoint, from left to right.
  std::span<const RowSpan> free_in(std::size_t row) const { return free_[row]; }
  double free_area() const;

 private:
  RowOptions options_;
  std::vector<std::vector<RowSpan>> free_;  ///< [rows]
};

/// Rows by their distance from one, nearest first; in either direction until `visit(row)` is false.
template <typename Visit>
void for_rows_outward(std::size_t from, std::size_t num_rows, Visit visit) {
  bool up = true;
  bool down = true;
  for (std::size_t step = 0; up || down; ++step) {
    up = up && from + step < num_rows && visit(from + step);
    down = down && step <= from && (step == 0 || visit(from - step));
  }
}

/// Standard cells and soft macros that `placement` does not fix.
std::vector<netlist_io::NodeId> row_movers(const netlist_io::Netlist& netlist,
                                           const netlist_io::Placement& placement);

/// The rows between hard macros with their halos, fixed nodes and blockages for cells. Takes the
/// height of the rows from the movers where the options have none. Throws
/// `netlist_io::OptionError` for bad options.
RowSpace rows_between_obstacles(const netlist_io::Netlist& netlist,
                                const netlist_io::Canvas& canvas,
                                const netlist_io::Placement& placement,
                                std::span<const netlist_io::NodeId> movers,
                                const RowOptions& options);

/// The free parts of all rows in one list, by row and then from left to right.
class RowSegments {
 public:
  struct Segment {
    std::uint32_t row = 0;
    double x0 = 0.0;
    double x1 = 0.0;

    double width() const { return x1 - x0; }
  };

  explicit RowSegments(const RowSpace& space);

  std::size_t size() const { return segments_.size(); }
  const Segment& operator[](std::size_t segment) const { return segments_[segment]; }
  /// Segments of a row: `first(row)` up to `first(row + 1)`.
  std::size_t first(std::size_t row) const { return first_[row]; }
  std::size_t num_rows() const { return first_.size() - 1; }
  /// The one of the row that `x` is in or nearest to; nothing if the row has none.
  std::optional<std::size_t> nearest(std::size_t row, double x) const;

 private:
  std::vector<Segment> segments_;
  std::vector<std::size_t> first_ = {0};
};

}  // namespace tessera::placer
