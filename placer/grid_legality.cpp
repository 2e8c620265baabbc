#include "placer/grid_legality.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <utility>

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rect;

namespace {

/// A box and the keep-out around it, the larger of opposite sides on both.
struct Size {
  double width = 0.0;
  double height = 0.0;
  double halo_x = 0.0;
  double halo_y = 0.0;
  bool operator==(const Size&) const = default;
};

Size size_of(const Netlist& netlist,
             const Placement& placement,
             const MacroSpacing& spacing,
             NodeId macro) {
  const netlist_io::Orientation orientation = placement.orientation[macro.index()];
  const bool swap = swaps_axes(orientation);
  const Halo halo = spacing.halo_of(macro, orientation);
  return {swap ? netlist.height(macro) : netlist.width(macro),
          swap ? netlist.width(macro) : netlist.height(macro),
          std::max(halo.left, halo.right),
          std::max(halo.bottom, halo.top)};
}

/// Gaps that two macros keep.
double gap_x(const Size& a, const Size& b, const MacroSpacing& spacing) {
  return std::max(a.halo_x + b.halo_x, spacing.channel_x_um);
}
double gap_y(const Size& a, const Size& b, const MacroSpacing& spacing) {
  return std::max(a.halo_y + b.halo_y, spacing.channel_y_um);
}

/// Cells [col0, col1] x [row0, row1]; may reach beyond the grid, may be empty.
struct CellBox {
  int col0 = 0;
  int col1 = -1;
  int row0 = 0;
  int row1 = -1;
};

/// Indices of the cells of `size` whose centres lie strictly between `low` and `high`.
/// Centres within `tolerance` of an end do not count.
std::pair<int, int> centres_between(
    double low, double high, double size, double tolerance, int count) {
  const double first = std::floor((low + tolerance) / size - 0.5) + 1.0;
  const double last = std::ceil((high - tolerance) / size - 0.5) - 1.0;
  return {static_cast<int>(std::clamp(first, 0.0, static_cast<double>(count))),
          static_cast<int>(std::clamp(last, -1.0, static_cast<double>(count - 1)))};
}

}  // namespace

struct GridLegality::Geometry {
  Canvas canvas;
  double tolerance = 0.0;  ///< microns of overlap that rounding may cause
  std::vector<std::uint32_t> size_of_macro;
  std::vector<Size> sizes;
  /// How many cells away, at most, the centres of two sizes still conflict: [sizes x sizes].
  std::vector<int> reach_cols;
  std::vector<int> reach_rows;

  std::size_t words_per_set() const { return CellMaskView::num_words(canvas.grid); }

  void clear(std::vector<std::uint64_t>& words, std::size_t size, CellBox box) const {
    const std::size_t per_row = CellMaskView::words_per_row(canvas.grid);
    box.col0 = std::max(box.col0, 0);
    box.row0 = std::max(box.row0, 0);
    box.col1 = std::min(box.col1, canvas.grid.cols - 1);
    box.row1 = std::min(box.row1, canvas.grid.rows - 1);
    if (box.col0 > box.col1 || box.row0 > box.row1) {
      return;
    }
    const auto first = static_cast<std::size_t>(box.col0);
    const auto last = static_cast<std::size_t>(box.col1);
    for (std::size_t w = first / 64; w <= last / 64; ++w) {
      const std::size_t from = w == first / 64 ? first % 64 : 0;
      const std::size_t to = w == last / 64 ? last % 64 : 63;
      const std::uint64_t bits = (~std::uint64_t{0} >> (63 - (to - from))) << from;
      std::uint64_t* word =
          words.data() + size * words_per_set() + static_cast<std::size_t>(box.row0) * per_row + w;
      for (int row = box.row0; row <= box.row1; ++row, word += per_row) {
        *word &= ~bits;
      }
    }
  }

  /// Centres at which a macro of `size` would overlap `obstacle` with `gap_x`, `gap_y` between.
  CellBox overlapping_centres(Size size, const Rect& obstacle, double gap_x, double gap_y) const {
    const double x = 0.5 * size.width + gap_x;
    const double y = 0.5 * size.height + gap_y;
    const auto [col0, col1] = centres_between(
        obstacle.x0 - x, obstacle.x1 + x, canvas.cell_width(), tolerance, canvas.grid.cols);
    const auto [row0, row1] = centres_between(
        obstacle.y0 - y, obstacle.y1 + y, canvas.cell_height(), tolerance, canvas.grid.rows);
    return {col0, col1, row0, row1};
  }

  /// Sets the cells at which a macro of `size` stays inside the canvas.
  void fill_inside(std::vector<std::uint64_t>& words, std::size_t size) const {
    const Size box = sizes[size];
    const auto [col0, col1] = centres_between(0.5 * box.width,
                                              canvas.width - 0.5 * box.width,
                                              canvas.cell_width(),
                                              -tolerance,
                                              canvas.grid.cols);
    const auto [row0, row1] = centres_between(0.5 * box.height,
                                              canvas.height - 0.5 * box.height,
                                              canvas.cell_height(),
                                              -tolerance,
                                              canvas.grid.rows);
    const std::size_t per_row = CellMaskView::words_per_row(canvas.grid);
    for (int row = row0; row <= row1; ++row) {
      for (int col = col0; col <= col1; ++col) {
        words[size * words_per_set() + static_cast<std::size_t>(row) * per_row +
              static_cast<std::size_t>(col) / 64] |= std::uint64_t{1} << (col % 64);
      }
    }
  }

  void add_sizes(const Netlist& netlist,
                 const Placement& placement,
                 std::span<const NodeId> macros,
                 const MacroSpacing& spacing) {
    for (const NodeId macro : macros) {
      const Size size = size_of(netlist, placement, spacing, macro);
      const auto known = std::find(sizes.begin(), sizes.end(), size);
      size_of_macro.push_back(static_cast<std::uint32_t>(known - sizes.begin()));
      if (known == sizes.end()) {
        sizes.push_back(size);
      }
    }
  }

  void compute_reach(const MacroSpacing& spacing) {
    const auto reach = [this](double distance, double cell) {
      return static_cast<int>(std::ceil(std::max(0.0, distance - tolerance) / cell)) - 1;
    };
    for (const Size& a : sizes) {
      for (const Size& b : sizes) {
        reach_cols.push_back(
            reach(0.5 * (a.width + b.width) + gap_x(a, b, spacing), canvas.cell_width()));
        reach_rows.push_back(
            reach(0.5 * (a.height + b.height) + gap_y(a, b, spacing), canvas.cell_height()));
      }
    }
  }
};

GridLegality::GridLegality(const Netlist& netlist,
                           const Canvas& canvas,
                           const Placement& placement,
                           std::span<const NodeId> macros,
                           const MacroSpacing& spacing) {
  auto geometry = std::make_shared<Geometry>();
  geometry->canvas = canvas;
  geometry->tolerance = 1e-12 * std::max(canvas.width, canvas.height);
  geometry->add_sizes(netlist, placement, macros, spacing);
  geometry->compute_reach(spacing);

  words_.assign(geometry->sizes.size() * geometry->words_per_set(), 0);
  for (std::size_t size = 0; size < geometry->sizes.size(); ++size) {
    geometry->fill_inside(words_, size);
    for (const NodeId macro : netlist.hard_macros()) {
      if (placement.fixed[macro.index()] != 0) {
        const Size own = geometry->sizes[size];
        const Size fixed = size_of(netlist, placement, spacing, macro);
        geometry->clear(words_,
                        size,
                        geometry->overlapping_centres(own,
                                                      placement.box(netlist, macro),
                                                      gap_x(own, fixed, spacing),
                                                      gap_y(own, fixed, spacing)));
      }
    }
    for (const netlist_io::Blockage& blockage : canvas.blockages) {
      geometry->clear(
          words_,
          size,
          geometry->overlapping_centres(geometry->sizes[size], blockage.rect, 0.0, 0.0));
    }
  }
  geometry_ = std::move(geometry);
}

CellMaskView GridLegality::mask(std::size_t macro) const {
  const std::size_t count = geometry_->words_per_set();
  const std::size_t size = geometry_->size_of_macro[macro];
  return {geometry_->canvas.grid, std::span(words_).subspan(size * count, count)};
}

void GridLegality::place(std::size_t macro, CellIndex cell) {
  const int cols = geometry_->canvas.grid.cols;
  const int col = static_cast<int>(cell) % cols;
  const int row = static_cast<int>(cell) / cols;
  const std::size_t num = geometry_->sizes.size();
  const std::size_t own = geometry_->size_of_macro[macro];
  for (std::size_t size = 0; size < num; ++size) {
    const int reach_cols = geometry_->reach_cols[own * num + size];
    const int reach_rows = geometry_->reach_rows[own * num + size];
    geometry_->clear(
        words_, size, {col - reach_cols, col + reach_cols, row - reach_rows, row + reach_rows});
  }
}

bool GridLegality::conflict(std::size_t macro_a,
                            CellIndex cell_a,
                            std::size_t macro_b,
                            CellIndex cell_b) const {
  const int cols = geometry_->canvas.grid.cols;
  const std::size_t pair = geometry_->size_of_macro[macro_a] * geometry_->sizes.size() +
                           geometry_->size_of_macro[macro_b];
  const int a = static_cast<int>(cell_a);
  const int b = static_cast<int>(cell_b);
  return std::abs(a % cols - b % cols) <= geometry_->reach_cols[pair] &&
         std::abs(a / cols - b / cols) <= geometry_->reach_rows[pair];
}

GridShape GridLegality::grid() const {
  return geometry_->canvas.grid;
}

std::size_t GridLegality::num_sizes() const {
  return geometry_->sizes.size();
}

std::optional<std::vector<CellIndex>> pack_first_fit(GridLegality legality,
                                                     std::span<const std::size_t> order) {
  std::vector<CellIndex> cells;
  cells.reserve(order.size());
  for (const std::size_t macro : order) {
    const std::optional<CellIndex> cell = legality.mask(macro).first();
    if (!cell) {
      return std::nullopt;
    }
    legality.place(macro, *cell);
    cells.push_back(*cell);
  }
  return cells;
}

}  // namespace tessera::placer
