#include "cost/branch_wiring.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>

namespace tessera::cost {

using netlist_io::GridShape;

namespace {

// Chosen on the commercial placements of three NanGate45 blocks (ariane133, nvdla, mempool_tile),
// of which the mean use of the top 1 % of the edges is published. Half or double the price moves it
// by less than 1.5 %, full from 0.8 on lowers it by up to 5 %, and one gcell of detour does what 20
// do: their crowds are single columns of macro pins.
constexpr double kNearlyFull = 0.9;    // use from which on an edge costs more than its length
constexpr double kPricePerUse = 10.0;  // gcells of detour for a use that grows by 1
constexpr int kDetourCells = 5;        // how far a path leaves the box of its branch
constexpr double kWorthMoving = 0.1;   // gcells that a path has to gain over the two Ls

double edge_price(double demand, double capacity) {
  return 1.0 + kPricePerUse * std::max(0.0, edge_use(demand + 1.0, capacity) - kNearlyFull);
}

/// Follows the path with a column in the middle. `pen` gets `along_row(row, col_a, col_b)` and
/// `along_col(col, row_a, row_b)`, either end first, possibly equal.
template <typename Pen>
void follow_through_col(const Branch& branch, int col, Pen& pen) {
  pen.along_row(branch.from.row, branch.from.col, col);
  pen.along_col(col, branch.from.row, branch.to.row);
  pen.along_row(branch.to.row, col, branch.to.col);
}

template <typename Pen>
void follow_through_row(const Branch& branch, int row, Pen& pen) {
  pen.along_col(branch.from.col, branch.from.row, row);
  pen.along_row(row, branch.from.col, branch.to.col);
  pen.along_col(branch.to.col, row, branch.to.row);
}

}  // namespace

struct HalfWiresPen {
  HalfWires& wires;
  std::int32_t halves;

  void along_row(int row, int col_a, int col_b) {
    draw(wires.horizontal_.data() + static_cast<std::size_t>(row) * wires.cols_, col_a, col_b);
  }
  void along_col(int col, int row_a, int row_b) {
    draw(wires.vertical_.data() + static_cast<std::size_t>(col) * wires.rows_, row_a, row_b);
  }
  void draw(std::int32_t* line, int a, int b) const {
    line[std::min(a, b)] += halves;
    line[std::max(a, b)] -= halves;
  }
};

HalfWires::HalfWires(GridShape grid)
    : cols_(static_cast<std::size_t>(grid.cols)),
      rows_(static_cast<std::size_t>(grid.rows)),
      horizontal_(grid.num_cells(), 0),
      vertical_(grid.num_cells(), 0) {}

void HalfWires::draw_both_ls(const Branch& branch) {
  HalfWiresPen pen{*this, 1};
  follow_through_col(branch, branch.to.col, pen);
  follow_through_col(branch, branch.from.col, pen);
}

void HalfWires::draw_through_col(const Branch& branch, int col) {
  HalfWiresPen pen{*this, 2};
  follow_through_col(branch, col, pen);
}

void HalfWires::draw_through_row(const Branch& branch, int row) {
  HalfWiresPen pen{*this, 2};
  follow_through_row(branch, row, pen);
}

void HalfWires::add(const HalfWires& other) {
  for (std::size_t i = 0; i < horizontal_.size(); ++i) {
    horizontal_[i] += other.horizontal_[i];
    vertical_[i] += other.vertical_[i];
  }
}

void HalfWires::average_into(EdgeMaps& demand, double share) const {
  const auto average = [share](double& value, std::int32_t halves) {
    value += share * (0.5 * halves - value);
  };
  for (std::size_t row = 0; row < rows_; ++row) {
    std::int32_t halves = 0;
    for (std::size_t col = 0; col + 1 < cols_; ++col) {
      halves += horizontal_[col + row * cols_];
      average(demand.horizontal[col + row * (cols_ - 1)], halves);
    }
  }
  for (std::size_t col = 0; col < cols_; ++col) {
    std::int32_t halves = 0;
    for (std::size_t row = 0; row + 1 < rows_; ++row) {
      halves += vertical_[row + col * rows_];
      average(demand.vertical[col + row * cols_], halves);
    }
  }
}

struct PriceMeter {
  const Prices& prices;
  double total = 0.0;

  void along_row(int row, int col_a, int col_b) {
    add(prices.horizontal_.data() + static_cast<std::size_t>(row) * prices.cols_, col_a, col_b);
  }
  void along_col(int col, int row_a, int row_b) {
    add(prices.vertical_.data() + static_cast<std::size_t>(col) * prices.rows_, row_a, row_b);
  }
  void add(const double* line, int a, int b) { total += std::abs(line[b] - line[a]); }
};

Prices::Prices(GridShape grid, const EdgeMaps& demand, const EdgeMaps& capacity)
    : cols_(static_cast<std::size_t>(grid.cols)),
      rows_(static_cast<std::size_t>(grid.rows)),
      horizontal_(grid.num_cells(), 0.0),
      vertical_(grid.num_cells(), 0.0) {
  for (std::size_t row = 0; row < rows_; ++row) {
    for (std::size_t col = 0; col + 1 < cols_; ++col) {
      const std::size_t edge = col + row * (cols_ - 1);
      const std::size_t i = col + row * cols_;
      horizontal_[i + 1] =
          horizontal_[i] + edge_price(demand.horizontal[edge], capacity.horizontal[edge]);
    }
  }
  for (std::size_t col = 0; col < cols_; ++col) {
    for (std::size_t row = 0; row + 1 < rows_; ++row) {
      const std::size_t edge = col + row * cols_;
      const std::size_t i = row + col * rows_;
      vertical_[i + 1] = vertical_[i] + edge_price(demand.vertical[edge], capacity.vertical[edge]);
    }
  }
}

double Prices::through_col(const Branch& branch, int col) const {
  PriceMeter meter{*this};
  follow_through_col(branch, col, meter);
  return meter.total;
}

double Prices::through_row(const Branch& branch, int row) const {
  PriceMeter meter{*this};
  follow_through_row(branch, row, meter);
  return meter.total;
}

void draw_cheapest(const Branch& branch, const Prices& prices, GridShape grid, HalfWires& wires) {
  const auto [from, to] = branch;
  const int length = std::abs(from.col - to.col) + std::abs(from.row - to.row);
  const double both_ls =
      0.5 * (prices.through_col(branch, to.col) + prices.through_col(branch, from.col));
  double best = both_ls - kWorthMoving;
  if (best < length) {  // no path is cheaper than its length
    wires.draw_both_ls(branch);
    return;
  }
  std::optional<int> best_col;
  const int last_col = std::min(grid.cols - 1, std::max(from.col, to.col) + kDetourCells);
  for (int col = std::max(0, std::min(from.col, to.col) - kDetourCells); col <= last_col; ++col) {
    const double price = prices.through_col(branch, col);
    if (price < best) {
      best = price;
      best_col = col;
    }
  }
  std::optional<int> best_row;
  const int last_row = std::min(grid.rows - 1, std::max(from.row, to.row) + kDetourCells);
  for (int row = std::max(0, std::min(from.row, to.row) - kDetourCells); row <= last_row; ++row) {
    const double price = prices.through_row(branch, row);
    if (price < best) {
      best = price;
      best_row = row;
    }
  }
  if (best_row) {
    wires.draw_through_row(branch, *best_row);
  } else if (best_col) {
    wires.draw_through_col(branch, *best_col);
  } else {
    wires.draw_both_ls(branch);
  }
}

}  // namespace tessera::cost
