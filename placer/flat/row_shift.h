#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace tessera::placer {

/// Finds the best places for cells along a segment of a row without changing their order, each
/// having a convex piecewise linear cost of its own: exactly, cells that want the same place
/// becoming clusters (A. B. Kahng, P. Tucker, A. Zelikovsky, "Optimization of linear placements for
/// wirelength minimization with free sites", ASP-DAC 1999).
///
/// Differences from the paper: what clusters cost is kept as the sorted bends of their cells.
class RowShift {
 public:
  /// Forgets all cells.
  void clear();
  /// Adds a cell right of the others. Its cost has `slope` left of all bends; among places of the
  /// same cost it takes that nearest to `left`, where its left end is.
  void add_cell(double left, double width, double slope);
  /// Raises the slope of the cost of the cell added last by `rise`, > 0, where its left end is
  /// right of `at`.
  void add_bend(double at, double rise);
  /// Left ends of the cells between `x0` and `x1`, which must have room for them.
  std::span<const double> solve(double x0, double x1);

 private:
  struct Bend {
    double at = 0.0;
    double rise = 0.0;

    bool operator<(const Bend& other) const { return at < other.at; }
  };
  struct Cell {
    double left = 0.0;
    double width = 0.0;
    double slope = 0.0;
    std::size_t first_bend = 0;
  };
  /// Cells that touch, and what they cost by the left end of the first.
  struct Cluster {
    double x = 0.0;
    double left = 0.0;  ///< of the first cell before
    double width = 0.0;
    double slope = 0.0;
    std::size_t num_cells = 0;
    std::vector<Bend> bends;  ///< sorted
  };

  void start_cluster(std::size_t cell);
  void merge_last();
  void find_best(Cluster& cluster) const;

  double x0_ = 0.0;
  double x1_ = 0.0;
  std::vector<Cell> cells_;
  std::vector<Bend> bends_;
  std::vector<Cluster> clusters_;  ///< the first `num_clusters_` count
  std::size_t num_clusters_ = 0;
  std::vector<double> solution_;
};

}  // namespace tessera::placer
