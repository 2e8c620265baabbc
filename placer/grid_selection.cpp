// Choice of the placement grid, after the published description of Circuit Training's grid size
// selection (open-source release of "A graph placement methodology for fast chip design").
//
// Differences: overlaps below a millionth of a cell edge count as touching, so that macros which
// fill cells exactly do not depend on rounding.
#include "placer/grid_selection.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netlist_io/errors.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::NodeId;
using netlist_io::OptionError;

constexpr int kMaxSide = 128;           // of the action grid of Circuit Training, and of `RowMask`
constexpr double kEmptyDensity = 1e-5;  // a cell covered less counts as empty
constexpr double kTolerance = 1e-6;     // in cell edges

/// Size of a macro as it stands, microns.
struct MacroSize {
  double width = 0.0;
  double height = 0.0;

  double area() const { return width * height; }
  bool operator==(const MacroSize&) const = default;
};

/// Cells first .. last of one axis; none if last < first.
struct CellRange {
  int first = 0;
  int last = -1;
};

/// One bit per column of a row.
class RowMask {
 public:
  void set(CellRange columns) {
    for (int half = 0; half < 2; ++half) {
      const int first = std::max(columns.first - 64 * half, 0);
      const int last = std::min(columns.last - 64 * half, 63);
      if (first <= last) {
        words_[static_cast<std::size_t>(half)] |= (~std::uint64_t{0} >> (63 - last + first))
                                                  << first;
      }
    }
  }

  /// First column whose bit is not set; 128 if there is none.
  int first_clear() const {
    const int low = std::countr_one(words_[0]);
    return low < 64 ? low : 64 + std::countr_one(words_[1]);
  }

 private:
  std::array<std::uint64_t, 2> words_ = {0, 0};
};

/// Columns or rows: `count` cells of length `cell` microns.
struct GridAxis {
  int count = 0;
  double cell = 0.0;

  double centre(int index) const { return (index + 0.5) * cell; }

  /// Cells whose centre is less than `distance` from `position`, clipped to the axis.
  CellRange centres_within(double position, double distance) const {
    const double middle = position / cell - 0.5;
    const double reach = distance / cell - kTolerance;
    return {std::max(static_cast<int>(std::floor(middle - reach)) + 1, 0),
            std::min(static_cast<int>(std::ceil(middle + reach)) - 1, count - 1)};
  }

  /// Cells where an interval of this length may be centred.
  CellRange centres_inside(double length) const {
    const double margin = 0.5 * length / cell - 0.5 - kTolerance;
    const int first = std::max(static_cast<int>(std::ceil(margin)), 0);
    return {first, count - 1 - first};
  }
};

/// Packs macros on one candidate grid.
class GridPacking {
 public:
  GridPacking(GridAxis columns,
              GridAxis rows,
              const Canvas& canvas,
              const GridSelectionOptions& options)
      : columns_(columns),
        rows_(rows),
        canvas_(&canvas),
        options_(&options),
        forbidden_(static_cast<std::size_t>(rows.count)) {}

  /// Places each macro in turn at the first legal cell; false as soon as one finds none.
  bool pack(std::span<const MacroSize> sizes);

  /// Part of the cells that the packed macros leave empty.
  double empty_ratio() const;

 private:
  struct Placed {
    MacroSize size;
    int column = 0;
    int row = 0;
  };

  void start_size(MacroSize size);
  void forbid_around(const Placed& placed, MacroSize size);
  std::optional<Placed> first_legal(MacroSize size);

  GridAxis columns_;
  GridAxis rows_;
  const Canvas* canvas_;
  const GridSelectionOptions* options_;
  std::vector<Placed> placed_;
  std::vector<RowMask> forbidden_;  ///< cells where a macro of the current size may not be centred
  int first_row_ = 0;               ///< rows before it are full for the current size
};

bool GridPacking::pack(std::span<const MacroSize> sizes) {
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    if (i == 0 || sizes[i] != sizes[i - 1]) {
      start_size(sizes[i]);
    }
    const std::optional<Placed> placed = first_legal(sizes[i]);
    if (!placed) {
      return false;
    }
    placed_.push_back(*placed);
    forbid_around(*placed, sizes[i]);
  }
  return true;
}

void GridPacking::start_size(MacroSize size) {
  const CellRange columns = columns_.centres_inside(size.width);
  const CellRange rows = rows_.centres_inside(size.height);
  for (int row = 0; row < rows_.count; ++row) {
    RowMask mask;
    if (row < rows.first || row > rows.last || columns.last < columns.first) {
      mask.set({0, kMaxSide - 1});
    } else {
      mask.set({0, columns.first - 1});
      mask.set({columns.last + 1, kMaxSide - 1});
    }
    forbidden_[static_cast<std::size_t>(row)] = mask;
  }
  first_row_ = 0;
  for (const netlist_io::Blockage& blockage : canvas_->blockages) {
    const netlist_io::Rect& rect = blockage.rect;
    const CellRange hit_columns =
        columns_.centres_within(0.5 * (rect.x0 + rect.x1), 0.5 * (rect.width() + size.width));
    const CellRange hit_rows =
        rows_.centres_within(0.5 * (rect.y0 + rect.y1), 0.5 * (rect.height() + size.height));
    for (int row = hit_rows.first; row <= hit_rows.last; ++row) {
      forbidden_[static_cast<std::size_t>(row)].set(hit_columns);
    }
  }
  for (const Placed& placed : placed_) {
    forbid_around(placed, size);
  }
}

void GridPacking::forbid_around(const Placed& placed, MacroSize size) {
  const double reach_x = 0.5 * (placed.size.width + size.width) + options_->spacing_x_um;
  const double reach_y = 0.5 * (placed.size.height + size.height) + options_->spacing_y_um;
  const CellRange columns = columns_.centres_within(columns_.centre(placed.column), reach_x);
  const CellRange rows = rows_.centres_within(rows_.centre(placed.row), reach_y);
  for (int row = rows.first; row <= rows.last; ++row) {
    forbidden_[static_cast<std::size_t>(row)].set(columns);
  }
}

std::optional<GridPacking::Placed> GridPacking::first_legal(MacroSize size) {
  for (; first_row_ < rows_.count; ++first_row_) {
    const int column = forbidden_[static_cast<std::size_t>(first_row_)].first_clear();
    if (column < columns_.count) {
      return Placed{size, column, first_row_};
    }
  }
  return std::nullopt;
}

/// Adds to `covered[i]` the part of cell i that an interval covers; returns the cells touched.
CellRange cover(const GridAxis& axis, int centre, double length, std::span<double> covered) {
  const double begin = axis.centre(centre) - 0.5 * length;
  const double end = axis.centre(centre) + 0.5 * length;
  const CellRange range = {std::max(static_cast<int>(std::floor(begin / axis.cell)), 0),
                           std::min(static_cast<int>(std::floor(end / axis.cell)), axis.count - 1)};
  for (int i = range.first; i <= range.last; ++i) {
    const double overlap = std::min(end, (i + 1) * axis.cell) - std::max(begin, i * axis.cell);
    covered[static_cast<std::size_t>(i)] = std::max(overlap, 0.0) / axis.cell;
  }
  return range;
}

double GridPacking::empty_ratio() const {
  const auto num_columns = static_cast<std::size_t>(columns_.count);
  std::vector<double> density(num_columns * static_cast<std::size_t>(rows_.count));
  std::array<double, kMaxSide> part_x = {};
  std::array<double, kMaxSide> part_y = {};
  for (const Placed& placed : placed_) {
    const CellRange columns = cover(columns_, placed.column, placed.size.width, part_x);
    const CellRange rows = cover(rows_, placed.row, placed.size.height, part_y);
    for (int row = rows.first; row <= rows.last; ++row) {
      const auto r = static_cast<std::size_t>(row);
      for (int column = columns.first; column <= columns.last; ++column) {
        const auto c = static_cast<std::size_t>(column);
        density[r * num_columns + c] += part_x[c] * part_y[r];
      }
    }
  }
  const auto empty = std::count_if(
      density.begin(), density.end(), [](double value) { return value < kEmptyDensity; });
  return static_cast<double>(empty) / static_cast<double>(density.size());
}

/// Sizes of the hard macros as they stand, in node order.
std::vector<MacroSize> macro_sizes(const netlist_io::Netlist& netlist) {
  std::vector<MacroSize> sizes;
  for (const NodeId macro : netlist.hard_macros()) {
    const MacroSize size = {netlist.width(macro), netlist.height(macro)};
    const bool swap = netlist_io::swaps_axes(netlist.node(macro).orientation);
    sizes.push_back(swap ? MacroSize{size.height, size.width} : size);
  }
  return sizes;
}

/// Waste along one axis for every number of cells.
std::vector<double> waste_by_count(std::span<const double> lengths, double extent, int max_count) {
  std::vector<double> waste(static_cast<std::size_t>(max_count) + 1);
  for (int count = 1; count <= max_count; ++count) {
    waste[static_cast<std::size_t>(count)] = grid_waste(lengths, extent / count);
  }
  return waste;
}

struct Candidate {
  GridShape shape;
  double used = 0.0;    ///< part of the metric that needs no packing
  double metric = 0.0;  ///< known once the macros are packed

  double metric_per_cell() const { return metric / static_cast<double>(shape.num_cells()); }

  /// Among equals the grid with fewer rows wins, as in a sweep by rows.
  bool better_than(const Candidate& other) const {
    if (metric_per_cell() != other.metric_per_cell()) {
      return metric_per_cell() > other.metric_per_cell();
    }
    return shape.rows < other.shape.rows;
  }
};

/// Shapes that satisfy the limits, by rows, then by columns.
std::vector<GridShape> candidate_shapes(const Canvas& canvas, const GridSelectionOptions& options) {
  std::vector<GridShape> shapes;
  for (int rows = options.min_side; rows <= options.max_side; ++rows) {
    for (int cols = options.min_side; cols <= options.max_side; ++cols) {
      const int cells = rows * cols;
      const double aspect_ratio = (canvas.width / cols) / (canvas.height / rows);
      if (cells >= options.min_cells && cells <= options.max_cells &&
          std::max(aspect_ratio, 1.0 / aspect_ratio) <= options.max_cell_aspect_ratio) {
        shapes.push_back({cols, rows});
      }
    }
  }
  return shapes;
}

/// The candidates by decreasing `used`.
std::vector<Candidate> list_candidates(std::span<const MacroSize> sizes,
                                       const Canvas& canvas,
                                       const GridSelectionOptions& options) {
  std::vector<double> widths;
  std::vector<double> heights;
  for (const MacroSize& size : sizes) {
    widths.push_back(size.width + options.spacing_x_um);
    heights.push_back(size.height + options.spacing_y_um);
  }
  const std::vector<double> waste_x = waste_by_count(widths, canvas.width, options.max_side);
  const std::vector<double> waste_y = waste_by_count(heights, canvas.height, options.max_side);
  std::vector<Candidate> candidates;
  for (const GridShape shape : candidate_shapes(canvas, options)) {
    const double used = (1.0 - waste_x[static_cast<std::size_t>(shape.cols)]) +
                        (1.0 - waste_y[static_cast<std::size_t>(shape.rows)]);
    candidates.push_back({shape, used, 0.0});
  }
  std::stable_sort(candidates.begin(),
                   candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.used > b.used; });
  return candidates;
}

/// The candidates that take all macros, with their metric; those that cannot come near enough to
/// the best metric may be left out.
std::vector<Candidate> rate_candidates(std::vector<MacroSize> sizes,
                                       const Canvas& canvas,
                                       const GridSelectionOptions& options) {
  double area = 0.0;
  for (const MacroSize& size : sizes) {
    if (size.width > canvas.width || size.height > canvas.height) {
      return {};
    }
    area += size.area();
  }
  const std::vector<Candidate> candidates = list_candidates(sizes, canvas, options);
  std::stable_sort(sizes.begin(), sizes.end(), [](const MacroSize& a, const MacroSize& b) {
    return a.area() > b.area();
  });
  // Bound of the empty part: cells that count as empty may hold a little.
  const double most_empty = 1.0 - area / (canvas.width * canvas.height) + 1e-3;
  double best_metric = 0.0;
  std::vector<Candidate> rated;
  for (Candidate candidate : candidates) {
    if (candidate.used + most_empty < options.quality_ratio * best_metric) {
      break;
    }
    const GridShape shape = candidate.shape;
    GridPacking packing({shape.cols, canvas.width / shape.cols},
                        {shape.rows, canvas.height / shape.rows},
                        canvas,
                        options);
    if (packing.pack(sizes)) {
      candidate.metric = candidate.used + packing.empty_ratio();
      best_metric = std::max(best_metric, candidate.metric);
      rated.push_back(candidate);
    }
  }
  return rated;
}

[[noreturn]] void fail_infeasible(const netlist_io::Netlist& netlist,
                                  const GridSelectionOptions& options) {
  const std::string limits =
      std::to_string(options.min_cells) + " to " + std::to_string(options.max_cells) + " cells";
  if (netlist.hard_macros().empty()) {
    throw netlist_io::InfeasibleError("no grid of " + limits + " fits the aspect of the canvas");
  }
  const NodeId largest = *std::max_element(
      netlist.hard_macros().begin(), netlist.hard_macros().end(), [&](NodeId a, NodeId b) {
        return netlist.width(a) * netlist.height(a) < netlist.width(b) * netlist.height(b);
      });
  throw netlist_io::InfeasibleError("no grid of " + limits + " takes all " +
                                    std::to_string(netlist.hard_macros().size()) +
                                    " hard macros; the largest is \"" + netlist.name(largest) +
                                    "\", " + std::to_string(netlist.width(largest)) + " x " +
                                    std::to_string(netlist.height(largest)) + " um");
}

void check_range(bool in_range, const std::string& name, double value, const std::string& range) {
  if (!in_range || !std::isfinite(value)) {
    throw OptionError(name + " is " + std::to_string(value) + ", expected " + range);
  }
}

}  // namespace

void GridSelectionOptions::validate() const {
  check_range(min_side >= 1 && min_side <= kMaxSide, "min_side", min_side, "1 .. 128");
  check_range(max_side >= min_side && max_side <= kMaxSide,
              "max_side",
              max_side,
              std::to_string(min_side) + " .. 128");
  check_range(min_cells >= 1, "min_cells", min_cells, ">= 1");
  check_range(max_cells >= min_cells, "max_cells", max_cells, ">= " + std::to_string(min_cells));
  check_range(max_cell_aspect_ratio >= 1.0, "max_cell_aspect_ratio", max_cell_aspect_ratio, ">= 1");
  check_range(spacing_x_um >= 0.0, "spacing_x_um", spacing_x_um, ">= 0");
  check_range(spacing_y_um >= 0.0, "spacing_y_um", spacing_y_um, ">= 0");
  check_range(quality_ratio >= 0.0 && quality_ratio <= 1.0, "quality_ratio", quality_ratio, "0..1");
}

CellSpan cell_span(double length, double cell) {
  // Smallest odd n with n * cell >= length; the loops undo what rounding did to the quotient.
  int cells = 2 * static_cast<int>(std::ceil((length / cell - 1.0) / 2.0)) + 1;
  while (cells > 1 && (cells - 2) * cell >= length) {
    cells -= 2;
  }
  while (cells < 1 || cells * cell < length) {
    cells += 2;
  }
  return {cells, cell - (cells * cell - length) / 2.0};
}

double grid_waste(std::span<const double> lengths, double cell) {
  if (lengths.empty()) {
    return 0.0;
  }
  int index = 0;
  double previous_piece = 0.0;
  double used = 0.0;
  for (const double length : lengths) {
    const CellSpan span = cell_span(length, cell);
    index += span.cells;
    if (span.extra_piece + previous_piece <= cell) {
      --index;
    }
    previous_piece = span.extra_piece;
    used += length;
  }
  const double total = (index + 1) * cell;
  return (total - used) / total;
}

GridShape select_grid(const netlist_io::Netlist& netlist,
                      const Canvas& canvas,
                      const GridSelectionOptions& options) {
  options.validate();
  check_range(canvas.width > 0.0, "canvas width", canvas.width, "> 0");
  check_range(canvas.height > 0.0, "canvas height", canvas.height, "> 0");
  const std::vector<Candidate> feasible = rate_candidates(macro_sizes(netlist), canvas, options);
  if (feasible.empty()) {
    fail_infeasible(netlist, options);
  }
  double best_metric = feasible.front().metric;
  for (const Candidate& candidate : feasible) {
    best_metric = std::max(best_metric, candidate.metric);
  }
  const Candidate* selected = nullptr;
  for (const Candidate& candidate : feasible) {
    const bool good = candidate.metric >= options.quality_ratio * best_metric;
    if (good && (!selected || candidate.better_than(*selected))) {
      selected = &candidate;
    }
  }
  return selected->shape;
}

}  // namespace tessera::placer
