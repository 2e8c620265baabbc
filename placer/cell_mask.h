#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "netlist_io/canvas.h"

namespace tessera::placer {

/// Index of a grid cell: `col + row * cols`, row 0 at the bottom.
using CellIndex = std::uint32_t;

/// A view of a set of grid cells, one bit each; every row starts a new 64-bit word.
class CellMaskView {
 public:
  CellMaskView(netlist_io::GridShape grid, std::span<const std::uint64_t> words)
      : grid_(grid), words_per_row_(words_per_row(grid)), words_(words) {}

  static std::size_t words_per_row(netlist_io::GridShape grid) {
    return (static_cast<std::size_t>(grid.cols) + 63) / 64;
  }
  static std::size_t num_words(netlist_io::GridShape grid) {
    return words_per_row(grid) * static_cast<std::size_t>(grid.rows);
  }

  bool test(CellIndex cell) const {
    const auto cols = static_cast<std::size_t>(grid_.cols);
    const std::size_t col = cell % cols;
    return ((words_[cell / cols * words_per_row_ + col / 64] >> (col % 64)) & 1U) != 0;
  }

  bool any() const {
    for (const std::uint64_t word : words_) {
      if (word != 0) {
        return true;
      }
    }
    return false;
  }

  std::size_t count() const {
    std::size_t sum = 0;
    for (const std::uint64_t word : words_) {
      sum += static_cast<std::size_t>(std::popcount(word));
    }
    return sum;
  }

  /// First cell of the set in row-major order.
  std::optional<CellIndex> first() const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      if (words_[w] != 0) {
        return cell_at(w, static_cast<std::size_t>(std::countr_zero(words_[w])));
      }
    }
    return std::nullopt;
  }

  /// Calls `visit(cell)` for each cell of the set in row-major order.
  template <typename Visit>
  void for_each(Visit visit) const {
    for (std::size_t w = 0; w < words_.size(); ++w) {
      for (std::uint64_t word = words_[w]; word != 0; word &= word - 1) {
        visit(cell_at(w, static_cast<std::size_t>(std::countr_zero(word))));
      }
    }
  }

  netlist_io::GridShape grid() const { return grid_; }
  std::span<const std::uint64_t> words() const { return words_; }

 private:
  CellIndex cell_at(std::size_t word, std::size_t bit) const {
    return static_cast<CellIndex>(word / words_per_row_ * static_cast<std::size_t>(grid_.cols) +
                                  word % words_per_row_ * 64 + bit);
  }

  netlist_io::GridShape grid_;
  std::size_t words_per_row_;
  std::span<const std::uint64_t> words_;
};

}  // namespace tessera::placer
