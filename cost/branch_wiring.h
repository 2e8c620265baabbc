#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "cost/edge_use.h"
#include "cost/net_topology.h"
#include "netlist_io/canvas.h"

namespace tessera::cost {

/// Two gcells of a net that a wire has to join.
struct Branch {
  Cell from;
  Cell to;
};

/// Wires over each edge, counted in halves: sums are exact in any order.
class HalfWires {
 public:
  explicit HalfWires(netlist_io::GridShape grid);

  /// Draws a branch as its two L shapes, half a wire each.
  void draw_both_ls(const Branch& branch);
  /// Draws a branch as one wire along the row of one end to `col`, along that column, and along the
  /// row of the other end.
  void draw_through_col(const Branch& branch, int col);
  /// The same with `row` between two columns.
  void draw_through_row(const Branch& branch, int row);

  void add(const HalfWires& other);

  /// Moves `demand` by `share` of the way towards the wires counted here.
  void average_into(EdgeMaps& demand, double share) const;

 private:
  friend struct HalfWiresPen;

  std::size_t cols_;
  std::size_t rows_;
  // Differences along the row at col + row * cols, along the column at row + col * rows: a line
  // changes two values, however long it is.
  std::vector<std::int32_t> horizontal_;
  std::vector<std::int32_t> vertical_;
};

/// What one more wire would pay for each edge: 1, and more where the edge would be nearly full.
class Prices {
 public:
  Prices(netlist_io::GridShape grid, const EdgeMaps& demand, const EdgeMaps& capacity);

  /// Price of the path that `HalfWires::draw_through_col` draws.
  double through_col(const Branch& branch, int col) const;
  /// Price of the path that `HalfWires::draw_through_row` draws.
  double through_row(const Branch& branch, int row) const;

 private:
  friend struct PriceMeter;

  std::size_t cols_;
  std::size_t rows_;
  // Sums from the left at col + row * cols, from the bottom at row + col * rows.
  std::vector<double> horizontal_;
  std::vector<double> vertical_;
};

/// Draws a branch along the cheapest path of at most two bends that leaves its box by a few gcells
/// at most, or as its two L shapes if that is hardly dearer. Of equal paths, one with a column in
/// the middle comes first, then the lower index.
void draw_cheapest(const Branch& branch,
                   const Prices& prices,
                   netlist_io::GridShape grid,
                   HalfWires& wires);

}  // namespace tessera::cost
