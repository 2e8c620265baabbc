#include "placer/clustering/flat_placement.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "netlist_io/errors.h"
#include "placer/box_problem.h"
#include "placer/box_spreading.h"
#include "placer/point_nets.h"
#include "placer/quadratic_placer.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Placement;
using netlist_io::Rect;

/// Lengths are in cells of this grid; what is nearer than a quarter of one does not matter here.
constexpr int kGridSide = 64;
/// Database units along the longer side of the canvas.
constexpr double kLatticeSide = 1 << 24;
/// Solutions while macros move, at most: afterwards all cells are placed anew.
constexpr int kMacroRounds = 2;

class FlatPlacer {
 public:
  FlatPlacer(const Netlist& netlist,
             const Canvas& canvas,
             const Placement& placement,
             const FlatPlacementOptions& options,
             MoverKinds kinds)
      : netlist_(netlist),
        canvas_(canvas),
        placement_(placement),
        options_(options),
        kinds_(kinds) {
    canvas_.grid = {kGridSide, kGridSide};
    canvas_.blockages.clear();
    lattice_per_um_ = kLatticeSide / std::max(canvas.width, canvas.height);
  }

  Placement run() {
    find_movers();
    std::vector<double> x(nets_.movers.size(), 0.5 * kGridSide);
    std::vector<double> y(nets_.movers.size(), 0.5 * kGridSide);
    QuadraticPlacerOptions quadratic;
    quadratic.tolerance = 1e-2;  // spreading moves everything by more
    quadratic.threads = options_.threads;
    place_quadratically(nets_, canvas_.grid, quadratic, x, y);
    quadratic.rounds = 1;
    spread(x, y);
    for (int round = 1; round < options_.rounds; ++round) {
      const std::vector<double> anchor_x = x;
      const std::vector<double> anchor_y = y;
      const QuadraticAnchors anchors = {anchor_x, anchor_y, round * options_.anchor_step};
      place_quadratically(nets_, canvas_.grid, quadratic, x, y, anchors);
      spread(x, y);
    }
    return result(x, y);
  }

 private:
  void find_movers() {
    nets_.build(netlist_, canvas_, placement_, cost::OutsidePins::kClamp, kinds_);
    for (const NodeId macro : netlist_.hard_macros()) {
      if (kinds_ == MoverKinds::kSoft || placement_.fixed[macro.index()] != 0) {
        const Rect box = placement_.box(netlist_, macro);
        problem_.obstacles.push_back(
            {{lattice(box.x0), lattice(box.y0)}, {lattice(box.x1), lattice(box.y1)}});
      }
    }
    for (const NodeId node : nets_.movers) {
      const Rect box = placement_.box(netlist_, node);
      MovableBox& movable = problem_.boxes.emplace_back();
      movable.size = {std::max(lattice(box.width()), 1), std::max(lattice(box.height()), 1)};
      movable.max_lo = {std::max(lattice(canvas_.width) - movable.size[0], 0),
                        std::max(lattice(canvas_.height) - movable.size[1], 0)};
    }
  }

  std::int32_t lattice(double um) const {
    // Macros may reach out of the canvas, but not matter there.
    return static_cast<std::int32_t>(
        std::clamp(std::round(um * lattice_per_um_), -kLatticeSide, 2.0 * kLatticeSide));
  }

  void spread(std::span<double> x, std::span<double> y) {
    const double unit_x = lattice_per_um_ * canvas_.cell_width();
    const double unit_y = lattice_per_um_ * canvas_.cell_height();
    const auto corner = [](double centre, double unit, std::int32_t size, std::int32_t most) {
      return std::clamp(static_cast<std::int32_t>(centre * unit) - size / 2, 0, most);
    };
    for (std::size_t i = 0; i < x.size(); ++i) {
      MovableBox& box = problem_.boxes[i];
      box.want = {corner(x[i], unit_x, box.size[0], box.max_lo[0]),
                  corner(y[i], unit_y, box.size[1], box.max_lo[1])};
    }
    const BoxCorners corners = partition_boxes(problem_, options_.filling);
    for (std::size_t i = 0; i < x.size(); ++i) {
      const MovableBox& box = problem_.boxes[i];
      x[i] = (corners[i][0] + 0.5 * box.size[0]) / unit_x;
      y[i] = (corners[i][1] + 0.5 * box.size[1]) / unit_y;
    }
  }

  Placement result(std::span<const double> x, std::span<const double> y) const {
    Placement placement = placement_;
    for (std::size_t i = 0; i < nets_.movers.size(); ++i) {
      const std::size_t node = nets_.movers[i].index();
      placement.x[node] = x[i] * canvas_.cell_width();
      placement.y[node] = y[i] * canvas_.cell_height();
      placement.placed[node] = 1;
    }
    return placement;
  }

  const Netlist& netlist_;
  Canvas canvas_;
  const Placement& placement_;
  const FlatPlacementOptions& options_;
  MoverKinds kinds_;
  double lattice_per_um_ = 1.0;
  PointNets nets_;
  BoxProblem problem_;
};

void hold_placed_macros(const Netlist& netlist, Placement& placement) {
  for (const NodeId macro : netlist.hard_macros()) {
    placement.fixed[macro.index()] |= placement.placed[macro.index()];
  }
}

bool has_moving_macros(const Netlist& netlist,
                       const Placement& placement,
                       const FlatPlacementOptions& options) {
  const std::span<const NodeId> macros = netlist.hard_macros();
  return std::any_of(macros.begin(), macros.end(), [&](NodeId macro) {
    const std::size_t i = macro.index();
    return placement.fixed[i] == 0 && !(options.hold_placed_macros && placement.placed[i] != 0);
  });
}

}  // namespace

void FlatPlacementOptions::validate() const {
  const auto require = [](bool valid, const char* name, double value, const char* range) {
    if (!valid) {
      throw OptionError(std::string(name) + " is " + std::to_string(value) + ", expected " + range);
    }
  };
  require(rounds >= 1, "rounds", rounds, ">= 1");
  require(filling > 0.0 && filling <= 1.0, "filling", filling, "> 0 and <= 1");
  require(anchor_step > 0.0, "anchor_step", anchor_step, "> 0");
  require(threads >= 1, "threads", threads, ">= 1");
}

bool lacks_cell_positions(const Netlist& netlist, const Placement& placement) {
  const std::span<const NodeId> cells = netlist.std_cells();
  if (cells.empty()) {
    return false;
  }
  const std::size_t first = cells.front().index();
  return std::all_of(cells.begin(), cells.end(), [&](NodeId cell) {
    const std::size_t i = cell.index();
    return placement.placed[i] == 0 ||
           (placement.x[i] == placement.x[first] && placement.y[i] == placement.y[first]);
  });
}

Placement place_flat_netlist(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& placement,
                             const FlatPlacementOptions& options) {
  options.validate();
  if (!(canvas.width > 0.0 && canvas.height > 0.0)) {
    throw OptionError("canvas is " + std::to_string(canvas.width) + " x " +
                      std::to_string(canvas.height) + ", expected sides > 0");
  }
  if (!has_moving_macros(netlist, placement, options)) {
    return FlatPlacer(netlist, canvas, placement, options, MoverKinds::kSoft).run();
  }
  FlatPlacementOptions mixed = options;
  mixed.rounds = std::min(options.rounds, kMacroRounds);
  Placement start = placement;
  if (options.hold_placed_macros) {
    hold_placed_macros(netlist, start);
  }
  start = FlatPlacer(netlist, canvas, start, mixed, MoverKinds::kSoftAndHard).run();
  start.fixed = placement.fixed;
  return FlatPlacer(netlist, canvas, start, options, MoverKinds::kSoft).run();
}

}  // namespace tessera::placer
