#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/flat/row_space.h"

namespace tessera::placer {

/// Cells of one row's height in the segments of the rows, in order. Cells are numbered by segment
/// and then from left to right, as they are at first.
class CellRows {
 public:
  /// Takes the standard cells and soft macros that are not fixed from a legal placement. Those of
  /// more than one row are obstacles. Throws `std::invalid_argument` naming a cell that is in no
  /// row, not at a site or not clear of others, `netlist_io::OptionError` for bad options.
  CellRows(const netlist_io::Netlist& netlist,
           const netlist_io::Canvas& canvas,
           const netlist_io::Placement& placement,
           const RowOptions& options);

  const RowSpace& space() const { return space_; }
  const RowSegments& segments() const { return segments_; }

  std::size_t num_cells() const { return nodes_.size(); }
  std::span<const netlist_io::NodeId> nodes() const { return nodes_; }
  double width(std::uint32_t cell) const { return width_[cell]; }  ///< whole sites
  double left(std::uint32_t cell) const { return left_[cell]; }
  double right(std::uint32_t cell) const { return left_[cell] + width_[cell]; }
  std::uint32_t segment(std::uint32_t cell) const { return segment_[cell]; }
  /// Centre of a cell with its left end at `left`.
  double centre_x(std::uint32_t cell, double left) const { return left + half_width_[cell]; }
  double left_for(std::uint32_t cell, double centre_x) const {
    return centre_x - half_width_[cell];
  }
  double centre_y_in_row(std::uint32_t cell, std::size_t row) const {
    return space_.bottom(row) + half_height_[cell];
  }
  double centre_y(std::uint32_t cell, std::size_t segment) const {
    return centre_y_in_row(cell, segments_[segment].row);
  }
  double bottom_for(std::uint32_t cell, double centre_y) const {
    return centre_y - half_height_[cell];
  }

  /// From left to right.
  std::span<const std::uint32_t> cells_in(std::size_t segment) const { return members_[segment]; }
  /// Place of a cell among those of its segment.
  std::size_t index_of(std::uint32_t cell) const;
  /// Number of cells of the segment whose left end is left of `x`.
  std::size_t index_at(std::size_t segment, double x) const;
  /// What is free between the cells `index - 1` and `index` of a segment.
  RowSpan gap(std::size_t segment, std::size_t index) const;

  /// Takes a cell out; returns its index.
  std::size_t remove(std::uint32_t cell);
  void insert(std::uint32_t cell, std::size_t segment, std::size_t index, double left);
  /// Puts one cell in the place of another, which is then nowhere.
  void replace(std::size_t segment, std::size_t index, std::uint32_t cell, double left);
  /// Moves a cell without changing the order.
  void shift(std::uint32_t cell, double left) { left_[cell] = left; }

  void write(netlist_io::Placement& placement) const;

 private:
  RowSpace space_;
  RowSegments segments_;
  std::vector<netlist_io::NodeId> nodes_;
  std::vector<double> left_;
  std::vector<double> width_;
  std::vector<double> half_width_;   ///< of the cell itself
  std::vector<double> half_height_;  ///< of the cell itself
  std::vector<std::uint32_t> segment_;
  std::vector<std::vector<std::uint32_t>> members_;  ///< [segments]
};

}  // namespace tessera::placer
