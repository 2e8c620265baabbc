#include "netlist_io/generator_floorplan.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <string>

#include "netlist_io/errors.h"

namespace tessera::netlist_io::generator {
namespace {

constexpr double kCanvasStep = 0.001;     ///< microns; `.plc` headers carry three decimals
constexpr double kMaxCellAspect = 1.5;    ///< of grid cells, as in Circuit Training
constexpr std::size_t kGridsTried = 12;   ///< grids packed per range before the next range
constexpr double kCanvasGrowth = 1.03;    ///< in area, per attempt
constexpr double kMaxCanvasGrowth = 1.5;  ///< in area, in all
constexpr double kTouching = 1e-9;        ///< microns; macros this close do not overlap

struct CellRange {
  std::size_t low;
  std::size_t high;
};
/// Tried in turn: like the published grids first, finer ones if the macros do not fit.
constexpr CellRange kCellRanges[] = {{500, 1000}, {1000, 2500}, {2500, 4096}};

struct PlacedBox {
  Point centre;
  double half_width;
  double half_height;
};

bool overlap(const PlacedBox& a, const PlacedBox& b) {
  return std::abs(a.centre.x - b.centre.x) < a.half_width + b.half_width - kTouching &&
         std::abs(a.centre.y - b.centre.y) < a.half_height + b.half_height - kTouching;
}

bool inside(const PlacedBox& box, const Canvas& canvas) {
  return box.centre.x - box.half_width >= 0.0 && box.centre.y - box.half_height >= 0.0 &&
         box.centre.x + box.half_width <= canvas.width &&
         box.centre.y + box.half_height <= canvas.height;
}

Point cell_centre(const Canvas& canvas, std::size_t cell) {
  const auto cols = static_cast<std::size_t>(canvas.grid.cols);
  const std::size_t col = cell % cols;
  const std::size_t row = cell / cols;
  return {(static_cast<double>(col) + 0.5) * canvas.cell_width(),
          (static_cast<double>(row) + 0.5) * canvas.cell_height()};
}

/// Macros by descending area; those of one master stay together.
std::vector<std::size_t> packing_order(const MacroLibrary& library) {
  std::vector<std::size_t> order(library.master_of.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const auto area = [&](std::size_t macro) {
    return library.master(macro).width * library.master(macro).height;
  };
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return area(a) != area(b) ? area(a) > area(b) : library.master_of[a] < library.master_of[b];
  });
  return order;
}

/// Area taken up when every macro occupies whole grid cells, which is what a packing of equal
/// macros at cell centres costs.
double occupied_area(const MacroLibrary& library, const Canvas& canvas) {
  double area = 0.0;
  for (const std::size_t m : library.master_of) {
    const Master& master = library.masters[m];
    area += std::ceil(master.width / canvas.cell_width()) * canvas.cell_width() *
            std::ceil(master.height / canvas.cell_height()) * canvas.cell_height();
  }
  return area;
}

Canvas make_canvas(const GeneratorOptions& options, double area) {
  const auto rounded = [](double value) { return std::round(value / kCanvasStep) * kCanvasStep; };
  Canvas canvas;
  canvas.width = rounded(std::sqrt(area * options.canvas_aspect));
  canvas.height = rounded(std::sqrt(area / options.canvas_aspect));
  return canvas;
}

/// Grids within a range of cell counts, those that waste least first, fewer cells first among
/// equals. A number of columns or rows given in the options is kept.
std::vector<GridShape> candidate_grids(const GeneratorOptions& options,
                                       const MacroLibrary& library,
                                       Canvas canvas,
                                       CellRange range) {
  struct Candidate {
    GridShape grid;
    double occupied;
  };
  std::vector<Candidate> candidates;
  const auto high = static_cast<int>(range.high);
  for (int cols = 2; cols <= high / 2; ++cols) {
    for (int rows = 2; rows <= high / cols; ++rows) {
      canvas.grid = {cols, rows};
      const double aspect = canvas.cell_width() / canvas.cell_height();
      const bool given = (options.cols == 0 || options.cols == cols) &&
                         (options.rows == 0 || options.rows == rows);
      if (given && canvas.grid.num_cells() >= range.low && aspect <= kMaxCellAspect &&
          aspect >= 1.0 / kMaxCellAspect) {
        candidates.push_back({canvas.grid, occupied_area(library, canvas)});
      }
    }
  }
  std::stable_sort(
      candidates.begin(), candidates.end(), [](const Candidate& a, const Candidate& b) {
        return a.occupied != b.occupied ? a.occupied < b.occupied
                                        : a.grid.num_cells() < b.grid.num_cells();
      });
  std::vector<GridShape> grids;
  for (std::size_t i = 0; i < std::min(kGridsTried, candidates.size()); ++i) {
    grids.push_back(candidates[i].grid);
  }
  return grids;
}

/// Looks for a grid on which the macros can be packed.
std::optional<Floorplan> try_canvas(const GeneratorOptions& options,
                                    const MacroLibrary& library,
                                    Canvas canvas) {
  std::vector<GridShape> grids;
  if (options.cols > 0 && options.rows > 0) {
    grids.push_back({options.cols, options.rows});
  } else {
    for (const CellRange& range : kCellRanges) {
      const std::vector<GridShape> more = candidate_grids(options, library, canvas, range);
      grids.insert(grids.end(), more.begin(), more.end());
    }
  }
  for (const GridShape& grid : grids) {
    canvas.grid = grid;
    if (auto centres = pack_first_fit(library, canvas)) {
      return Floorplan{canvas, std::move(*centres)};
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::vector<Point>> pack_first_fit(const MacroLibrary& library,
                                                 const Canvas& canvas) {
  std::vector<Point> centres(library.master_of.size());
  if (centres.size() > canvas.grid.num_cells()) {
    return std::nullopt;
  }
  std::vector<PlacedBox> placed;
  std::size_t cell = 0;
  std::optional<std::size_t> previous_master;
  for (const std::size_t macro : packing_order(library)) {
    const Master& master = library.master(macro);
    // Where a macro of this size did not fit before, it does not fit now.
    cell = previous_master == library.master_of[macro] ? cell : 0;
    previous_master = library.master_of[macro];
    for (; cell < canvas.grid.num_cells(); ++cell) {
      const PlacedBox box{cell_centre(canvas, cell), 0.5 * master.width, 0.5 * master.height};
      if (inside(box, canvas) && std::none_of(placed.begin(), placed.end(), [&](const auto& other) {
            return overlap(box, other);
          })) {
        placed.push_back(box);
        break;
      }
    }
    if (cell == canvas.grid.num_cells()) {
      return std::nullopt;
    }
    centres[macro] = placed.back().centre;
  }
  return centres;
}

Floorplan make_floorplan(const GeneratorOptions& options, const MacroLibrary& library) {
  const double area = library.total_area() / options.hard_utilization;
  double growth = 1.0;
  while (growth <= kMaxCanvasGrowth) {
    if (auto floorplan = try_canvas(options, library, make_canvas(options, growth * area))) {
      return std::move(*floorplan);
    }
    growth *= kCanvasGrowth;
  }
  throw OptionError("hard_utilization " + std::to_string(options.hard_utilization) +
                    ": the hard macros do not fit at the centres of grid cells; lower it, or leave "
                    "cols and rows at 0");
}

}  // namespace tessera::netlist_io::generator
