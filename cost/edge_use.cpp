// Estimates the use of global-routing edges without routing.
//
// Each net becomes a rectilinear minimum spanning tree on its gcells (Prim), each branch two L
// shapes of half a wire. Branches that meet nearly full edges then look for the cheapest path with
// at most two bends, a few gcells around their box at most; the demand is the mean over the passes,
// which converges where moving all wires at once would swing (method of successive averages:
// Sheffi, "Urban Transportation Networks", Prentice-Hall, 1985).
//
// The RUDY map follows Spindler and Johannes, "Fast and accurate routing demand estimation for
// efficient routability-driven placement", DATE 2007. Difference from the paper: length of wire per
// area instead of area of wire.
//
// All that threads add up is integer, so that no sum depends on their number.

#include "cost/edge_use.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <omp.h>

#include "cost/branch_wiring.h"
#include "cost/cell_range.h"
#include "cost/net_topology.h"
#include "cost/top_mean.h"
#include "cost/wirelength.h"
#include "netlist_io/errors.h"

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::OptionError;
using netlist_io::PinId;
using netlist_io::Placement;
using netlist_io::Rect;

constexpr std::size_t kNetsPerChunk = 2048;
constexpr double kMaxCellsPerSide = 10000.0;
constexpr double kRudyUnits = 1 << 24;  // fixed-point steps per micron of wire

/// A canvas cut into gcells.
struct Gcells {
  explicit Gcells(const Canvas& canvas) : shape(canvas.grid) {
    width = canvas.cell_width();
    height = canvas.cell_height();
  }

  Cell at(double x, double y) const {
    return {detail::cell_index(x, width, 0, shape.cols - 1),
            detail::cell_index(y, height, 0, shape.rows - 1)};
  }
  std::size_t cols() const { return static_cast<std::size_t>(shape.cols); }
  std::size_t rows() const { return static_cast<std::size_t>(shape.rows); }

  GridShape shape;
  double width = 0.0;   // microns
  double height = 0.0;  // microns
};

int cells_per_side(double length, double cell_um) {
  const double cells = std::round(length / cell_um);
  if (!(cells <= kMaxCellsPerSide)) {
    throw OptionError("the gcell size is " + std::to_string(cell_um) +
                      " um, which makes more than " +
                      std::to_string(static_cast<int>(kMaxCellsPerSide)) + " gcells of " +
                      std::to_string(length) + " um");
  }
  return std::max(1, static_cast<int>(cells));
}

Canvas with_gcells(const Canvas& canvas, double cell_um) {
  Canvas result;
  result.width = canvas.width;
  result.height = canvas.height;
  result.grid = {cells_per_side(canvas.width, cell_um), cells_per_side(canvas.height, cell_um)};
  return result;
}

/// Appends the branches of a minimum spanning tree to `branches` (Prim, quadratic).
class SpanningTree {
 public:
  void append(std::span<const Cell> cells, std::vector<Branch>& branches) {
    open_.clear();
    for (std::size_t i = 1; i < cells.size(); ++i) {
      open_.push_back({cells[i], cells[0], std::numeric_limits<int>::max()});
    }
    Cell joined = cells[0];
    while (!open_.empty()) {
      std::size_t nearest = 0;
      for (std::size_t i = 0; i < open_.size(); ++i) {
        Open& open = open_[i];
        const int distance =
            std::abs(open.cell.col - joined.col) + std::abs(open.cell.row - joined.row);
        if (distance < open.distance) {
          open.distance = distance;
          open.tree_cell = joined;
        }
        if (open.distance < open_[nearest].distance) {
          nearest = i;
        }
      }
      joined = open_[nearest].cell;
      branches.push_back({open_[nearest].tree_cell, joined});
      open_[nearest] = open_.back();
      open_.pop_back();
    }
  }

 private:
  struct Open {
    Cell cell;
    Cell tree_cell;  // the nearest one of the tree
    int distance;
  };
  std::vector<Open> open_;
};

/// How a length from `low` to `high` spreads over cells of `size`: shares that sum to 1, the same
/// in all cells between the first and the last.
struct Shares {
  Shares(double low, double high, double size, int cells)
      : first(detail::cell_index(low, size, 0, cells - 1)),
        last(detail::cell_index(high, size, 0, cells - 1)) {
    if (first < last) {
      of_first = std::clamp(cell_overlap(low, high, first, size) / (high - low), 0.0, 1.0);
      of_last = std::clamp(cell_overlap(low, high, last, size) / (high - low), 0.0, 1.0);
      of_middle = size / (high - low);
    }
  }
  double of(int cell) const {
    return cell == first ? of_first : (cell == last ? of_last : of_middle);
  }

  int first;
  int last;
  double of_first = 1.0;
  double of_middle = 0.0;
  double of_last = 0.0;
};

/// Lengths of wire in each gcell in units of 1 / kRudyUnits um, as differences along the row.
class WireLengths {
 public:
  explicit WireLengths(const Gcells& gcells)
      : stride_(gcells.cols() + 1), differences_(stride_ * gcells.rows(), 0) {}

  /// Spreads the half-perimeter of a box inside the canvas evenly over it.
  void add_box(const Rect& box, const Gcells& gcells) {
    const Shares x(box.x0, box.x1, gcells.width, gcells.shape.cols);
    const Shares y(box.y0, box.y1, gcells.height, gcells.shape.rows);
    for (int row = y.first; row <= y.last; ++row) {
      const double length = (box.width() + box.height()) * y.of(row) * kRudyUnits;
      std::int64_t* const line = differences_.data() + static_cast<std::size_t>(row) * stride_;
      add_run(line, x.first, x.first, length * x.of_first);
      if (x.first < x.last) {
        add_run(line, x.first + 1, x.last - 1, length * x.of_middle);
        add_run(line, x.last, x.last, length * x.of_last);
      }
    }
  }

  void add(const WireLengths& other) {
    for (std::size_t i = 0; i < differences_.size(); ++i) {
      differences_[i] += other.differences_[i];
    }
  }

  /// Lengths per area, um / um^2.
  std::vector<double> densities(const Gcells& gcells) const {
    const double scale = 1.0 / (kRudyUnits * gcells.width * gcells.height);
    std::vector<double> result;
    result.reserve(gcells.shape.num_cells());
    for (std::size_t row = 0; row < gcells.rows(); ++row) {
      std::int64_t length = 0;
      for (std::size_t col = 0; col < gcells.cols(); ++col) {
        length += differences_[col + row * stride_];
        result.push_back(static_cast<double>(length) * scale);
      }
    }
    return result;
  }

 private:
  static void add_run(std::int64_t* line, int first_col, int last_col, double length) {
    if (first_col <= last_col) {
      const auto units = static_cast<std::int64_t>(length + 0.5);  // NOLINT: length >= 0
      line[first_col] += units;
      line[last_col + 1] -= units;
    }
  }

  std::size_t stride_;
  std::vector<std::int64_t> differences_;
};

bool has_at_most(const Netlist& netlist, NetId net, int max_sinks) {
  return netlist.pins_of(net).size() <= static_cast<std::size_t>(max_sinks) + 1;
}

/// All nets as branches and as a RUDY map.
struct Decomposition {
  std::vector<std::vector<Branch>> chunks;  // of kNetsPerChunk nets each
  std::vector<double> rudy;
};

/// Works on the nets of one thread; in cache lines of its own.
class alignas(64) Decomposer {
 public:
  Decomposer(const Netlist& netlist,
             const PinPositions& pins,
             const Gcells& gcells,
             const EdgeUseOptions& options)
      : netlist_(netlist), pins_(pins), gcells_(gcells), options_(options), lengths_(gcells) {}

  std::vector<Branch> add_chunk(std::size_t chunk) {
    std::vector<Branch> branches;
    const std::size_t end = std::min(netlist_.num_nets(), (chunk + 1) * kNetsPerChunk);
    for (std::size_t n = chunk * kNetsPerChunk; n < end; ++n) {
      if (has_at_most(netlist_, NetId(n), options_.max_sinks)) {
        add_net(NetId(n), branches);
      }
    }
    return branches;
  }

  const WireLengths& lengths() const { return lengths_; }

 private:
  void add_net(NetId net, std::vector<Branch>& branches) {
    constexpr double kInfinity = std::numeric_limits<double>::infinity();
    Rect box{kInfinity, kInfinity, -kInfinity, -kInfinity};
    cells_.clear();
    for (const PinId pin : netlist_.pins_of(net)) {
      const double x = std::clamp(pins_.x[pin.index()], 0.0, gcells_.width * gcells_.shape.cols);
      const double y = std::clamp(pins_.y[pin.index()], 0.0, gcells_.height * gcells_.shape.rows);
      box = {std::min(box.x0, x), std::min(box.y0, y), std::max(box.x1, x), std::max(box.y1, y)};
      cells_.push_back(gcells_.at(x, y));
    }
    lengths_.add_box(box, gcells_);
    std::sort(cells_.begin(), cells_.end());
    cells_.erase(std::unique(cells_.begin(), cells_.end()), cells_.end());
    tree_.append(cells_, branches);
  }

  const Netlist& netlist_;
  const PinPositions& pins_;
  const Gcells& gcells_;
  const EdgeUseOptions& options_;
  WireLengths lengths_;
  SpanningTree tree_;
  std::vector<Cell> cells_;
};

Decomposition decompose(const Netlist& netlist,
                        const Placement& placement,
                        const Gcells& gcells,
                        const EdgeUseOptions& options) {
  PinPositions pins;
  pins.update(netlist, placement);
  Decomposition result;
  result.chunks.resize((netlist.num_nets() + kNetsPerChunk - 1) / kNetsPerChunk);
  std::vector<Decomposer> workers(static_cast<std::size_t>(options.threads),
                                  Decomposer(netlist, pins, gcells, options));
#pragma omp parallel for schedule(dynamic) num_threads(options.threads)
  for (std::size_t chunk = 0; chunk < result.chunks.size(); ++chunk) {
    Decomposer& worker = workers[static_cast<std::size_t>(omp_get_thread_num())];
    result.chunks[chunk] = worker.add_chunk(chunk);
  }
  WireLengths lengths(gcells);
  for (const Decomposer& worker : workers) {
    lengths.add(worker.lengths());
  }
  result.rudy = lengths.densities(gcells);
  return result;
}

/// Draws all branches by `draw(branch, wires)`.
template <typename Draw>
HalfWires draw_all(const std::vector<std::vector<Branch>>& chunks,
                   const Gcells& gcells,
                   int threads,
                   Draw draw) {
  std::vector<HalfWires> parts(static_cast<std::size_t>(threads), HalfWires(gcells.shape));
#pragma omp parallel for schedule(dynamic) num_threads(threads)
  for (std::size_t chunk = 0; chunk < chunks.size(); ++chunk) {
    HalfWires& wires = parts[static_cast<std::size_t>(omp_get_thread_num())];
    for (const Branch& branch : chunks[chunk]) {
      draw(branch, wires);
    }
  }
  for (std::size_t i = 1; i < parts.size(); ++i) {
    parts[0].add(parts[i]);
  }
  return std::move(parts[0]);
}

EdgeMaps empty_maps(const Gcells& gcells) {
  const std::size_t cols = gcells.cols();
  const std::size_t rows = gcells.rows();
  return {std::vector<double>((cols - 1) * rows, 0.0), std::vector<double>(cols * (rows - 1), 0.0)};
}

EdgeMaps estimate_demand(const std::vector<std::vector<Branch>>& chunks,
                         const EdgeMaps& capacity,
                         const Gcells& gcells,
                         const EdgeUseOptions& options) {
  EdgeMaps demand = empty_maps(gcells);
  const auto draw_both_ls = [](const Branch& branch, HalfWires& wires) {
    wires.draw_both_ls(branch);
  };
  draw_all(chunks, gcells, options.threads, draw_both_ls).average_into(demand, 1.0);
  for (int pass = 1; pass <= options.detour_passes; ++pass) {
    const Prices prices(gcells.shape, demand, capacity);
    const auto draw = [&](const Branch& branch, HalfWires& wires) {
      draw_cheapest(branch, prices, gcells.shape, wires);
    };
    draw_all(chunks, gcells, options.threads, draw).average_into(demand, 1.0 / (pass + 1));
  }
  return demand;
}

/// Extent of a box in one direction, and the cells in that direction.
struct Extent {
  double low;
  double high;
  double size;  // of a cell
  int cells;
};

/// Calls `visit(line, cell, length)` for each edge that a box touches: the line between cells
/// `line` and `line + 1` of `across`, the cell of `along`, and how much of the edge is covered.
template <typename Visit>
void for_each_covered_edge(const Extent& across, const Extent& along, Visit visit) {
  // Line i is at (i + 1) * size.
  const int first_line = -detail::cell_index(-across.low, across.size, -across.cells, 0) - 1;
  const int last_line = detail::cell_index(across.high, across.size, 0, across.cells) - 1;
  const int first_cell = detail::cell_index(along.low, along.size, 0, along.cells);
  const int last_cell = detail::cell_index(along.high, along.size, -1, along.cells - 1);
  for (int line = std::max(0, first_line); line <= std::min(across.cells - 2, last_line); ++line) {
    for (int cell = first_cell; cell <= last_cell; ++cell) {
      visit(line, cell, std::max(0.0, cell_overlap(along.low, along.high, cell, along.size)));
    }
  }
}

/// Length of each edge that hard macros cover, microns.
EdgeMaps covered_lengths(const Netlist& netlist, const Placement& placement, const Gcells& gcells) {
  EdgeMaps covered = empty_maps(gcells);
  const std::size_t cols = gcells.cols();
  for (const netlist_io::NodeId macro : netlist.hard_macros()) {
    const Rect box = placement.box(netlist, macro);
    const Extent x{box.x0, box.x1, gcells.width, gcells.shape.cols};
    const Extent y{box.y0, box.y1, gcells.height, gcells.shape.rows};
    for_each_covered_edge(x, y, [&](int col, int row, double length) {
      covered
          .horizontal[static_cast<std::size_t>(col) + static_cast<std::size_t>(row) * (cols - 1)] +=
          length;
    });
    for_each_covered_edge(y, x, [&](int row, int col, double length) {
      covered.vertical[static_cast<std::size_t>(col) + static_cast<std::size_t>(row) * cols] +=
          length;
    });
  }
  return covered;
}

/// Turns covered lengths of edges of `edge_um` into free tracks. Macros that abut at an edge, or
/// overlap, take its tracks once.
void make_capacity(std::vector<double>& lengths,
                   double edge_um,
                   double tracks,
                   double macro_tracks) {
  for (double& value : lengths) {
    value = std::max(0.0, tracks * edge_um - macro_tracks * std::min(value, edge_um));
  }
}

EdgeMaps edge_capacity(const Netlist& netlist,
                       const Placement& placement,
                       const Gcells& gcells,
                       const RoutingTracks& tracks) {
  EdgeMaps capacity = covered_lengths(netlist, placement, gcells);
  make_capacity(capacity.horizontal, gcells.height, tracks.horizontal, tracks.macro_horizontal);
  make_capacity(capacity.vertical, gcells.width, tracks.vertical, tracks.macro_vertical);
  return capacity;
}

/// Appends the use of each edge to `uses` and returns the sum of the demand above the capacity.
double append_uses(const std::vector<double>& demand,
                   const std::vector<double>& capacity,
                   std::vector<double>& uses) {
  double overflow = 0.0;
  for (std::size_t i = 0; i < demand.size(); ++i) {
    uses.push_back(edge_use(demand[i], capacity[i]));
    overflow += std::max(0.0, demand[i] - capacity[i]);
  }
  return overflow;
}

AverageCongestion average_congestion(std::vector<double> uses) {
  if (uses.empty()) {
    return {};
  }
  const auto top = [&](std::size_t per_mille) {
    return top_mean(uses, std::max<std::size_t>(1, uses.size() * per_mille / 1000));
  };
  return {top(5), top(10), top(20), top(50)};
}

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

void require(bool valid, const char* name, double value, const char* range) {
  if (!valid) {
    throw OptionError(std::string(name) + " is " + std::to_string(value) + ", expected " + range);
  }
}

}  // namespace

double usual_gcell_um(const Canvas& canvas) {
  constexpr double kMostCells = 1e6;
  return std::max({EdgeUseOptions().cell_um,
                   std::sqrt(canvas.width * canvas.height / kMostCells),
                   std::max(canvas.width, canvas.height) / kMaxCellsPerSide});
}

void EdgeUseOptions::validate() const {
  const auto positive = [](double value) { return std::isfinite(value) && value > 0.0; };
  require(positive(cell_um), "the gcell size", cell_um, "a finite number > 0");
  require(positive(tracks.horizontal),
          "horizontal tracks per micron",
          tracks.horizontal,
          "a finite number > 0");
  require(positive(tracks.vertical),
          "vertical tracks per micron",
          tracks.vertical,
          "a finite number > 0");
  require(tracks.macro_horizontal >= 0.0 && tracks.macro_horizontal <= tracks.horizontal,
          "horizontal tracks taken by macros",
          tracks.macro_horizontal,
          "0 to the horizontal tracks");
  require(tracks.macro_vertical >= 0.0 && tracks.macro_vertical <= tracks.vertical,
          "vertical tracks taken by macros",
          tracks.macro_vertical,
          "0 to the vertical tracks");
  require(max_sinks >= 1, "the largest number of sinks", max_sinks, "at least 1");
  require(detour_passes >= 0, "the number of detour passes", detour_passes, "at least 0");
  require(threads >= 1, "the number of threads", threads, "at least 1");
}

EdgeUse estimate_edge_use(const Netlist& netlist,
                          const Canvas& canvas,
                          const Placement& placement,
                          const EdgeUseOptions& options) {
  options.validate();
  const Gcells gcells(with_gcells(canvas, options.cell_um));
  Decomposition nets = decompose(netlist, placement, gcells, options);
  EdgeUse result;
  result.grid = gcells.shape;
  result.rudy = std::move(nets.rudy);
  result.capacity = edge_capacity(netlist, placement, gcells, options.tracks);
  result.demand = estimate_demand(nets.chunks, result.capacity, gcells, options);
  std::vector<double> uses;
  result.overflow = append_uses(result.demand.horizontal, result.capacity.horizontal, uses);
  result.overflow += append_uses(result.demand.vertical, result.capacity.vertical, uses);
  result.ace = average_congestion(std::move(uses));
  result.routed_length_um =
      sum(result.demand.horizontal) * gcells.width + sum(result.demand.vertical) * gcells.height;
  return result;
}

std::vector<double> gcell_use(const EdgeUse& edges) {
  const auto cols = static_cast<std::size_t>(edges.grid.cols);
  const auto rows = static_cast<std::size_t>(edges.grid.rows);
  std::vector<double> use(cols * rows);
  const auto raise = [&use](std::size_t gcell, double value) {
    use[gcell] = std::max(use[gcell], value);
  };
  for (std::size_t row = 0; row < rows; ++row) {
    for (std::size_t col = 0; col < cols; ++col) {
      const std::size_t gcell = col + row * cols;
      if (col + 1 < cols) {
        const std::size_t edge = col + row * (cols - 1);
        const double value =
            edge_use(edges.demand.horizontal[edge], edges.capacity.horizontal[edge]);
        raise(gcell, value);
        raise(gcell + 1, value);
      }
      if (row + 1 < rows) {
        const double value = edge_use(edges.demand.vertical[gcell], edges.capacity.vertical[gcell]);
        raise(gcell, value);
        raise(gcell + cols, value);
      }
    }
  }
  return use;
}

double flat_hpwl(const Netlist& netlist, const Placement& placement, int max_sinks) {
  PinPositions pins;
  pins.update(netlist, placement);
  double length = 0.0;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    if (has_at_most(netlist, NetId(n), max_sinks)) {
      length += netlist.weight(NetId(n)) * hpwl_um(netlist, pins, NetId(n));
    }
  }
  return length;
}

}  // namespace tessera::cost
