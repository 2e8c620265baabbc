#include "placer/feasibility.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>

#include "netlist_io/errors.h"
#include "placer/free_space.h"
#include "placer/legality.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;

namespace {

std::string number_text(double value) {
  char buffer[32];
  std::snprintf(buffer, sizeof buffer, "%.10g", value);
  return buffer;
}

std::string size_text(double width, double height) {
  return number_text(width) + " x " + number_text(height) + " um";
}

/// The box of a macro, keep-out included, microns.
std::string box_text(const MacroGeometry& geometry, const LatticePoint& size) {
  return size_text(geometry.lattice[0].um(size[0]), geometry.lattice[1].um(size[1]));
}

bool fits_canvas(const MacroGeometry::Shape& shape) {
  return shape.max_lo[0] >= shape.min_lo[0] && shape.max_lo[1] >= shape.min_lo[1];
}

/// The orientation after a quarter turn.
Orientation quarter_turned(Orientation orientation) {
  return swaps_axes(orientation) ? Orientation::kN : Orientation::kE;
}

double area(const LatticePoint& size) {
  return static_cast<double>(size[0]) * static_cast<double>(size[1]);
}

/// Area of the union of boxes: vertical strips between edges; in each, the length of the union of
/// intervals. Lattice units.
double union_area(std::vector<LatticeBox> boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const LatticeBox& a, const LatticeBox& b) {
    return a.lo[1] < b.lo[1];
  });
  std::vector<std::int32_t> edges;
  for (const LatticeBox& box : boxes) {
    edges.push_back(box.lo[0]);
    edges.push_back(box.hi[0]);
  }
  std::sort(edges.begin(), edges.end());
  double sum = 0.0;
  for (std::size_t i = 1; i < edges.size(); ++i) {
    if (edges[i] == edges[i - 1]) {
      continue;
    }
    double length = 0.0;
    std::int32_t top = boxes.front().lo[1];
    for (const LatticeBox& box : boxes) {
      if (box.lo[0] <= edges[i - 1] && box.hi[0] >= edges[i] && box.hi[1] > top) {
        length += box.hi[1] - std::max(top, box.lo[1]);
        top = box.hi[1];
      }
    }
    sum += length * (edges[i] - edges[i - 1]);
  }
  return sum;
}

/// The smallest box around all places that the movable boxes may take.
LatticeBox reach_of(const BoxProblem& problem) {
  LatticeBox reach = {problem.boxes.front().min_lo, problem.boxes.front().min_lo};
  for (const MovableBox& box : problem.boxes) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      reach.lo[axis] = std::min(reach.lo[axis], box.min_lo[axis]);
      reach.hi[axis] = std::max(reach.hi[axis], box.max_lo[axis] + box.size[axis]);
    }
  }
  return reach;
}

/// What the obstacles leave of a box, lattice units squared.
double free_area(const LatticeBox& reach, const std::vector<LatticeBox>& obstacles) {
  std::vector<LatticeBox> covered;
  for (LatticeBox box : obstacles) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      box.lo[axis] = std::max(box.lo[axis], reach.lo[axis]);
      box.hi[axis] = std::min(box.hi[axis], reach.hi[axis]);
    }
    if (box.lo[0] < box.hi[0] && box.lo[1] < box.hi[1]) {
      covered.push_back(box);
    }
  }
  const LatticePoint size = {reach.hi[0] - reach.lo[0], reach.hi[1] - reach.lo[1]};
  return area(size) - union_area(std::move(covered));
}

std::size_t largest_box(const BoxProblem& problem) {
  const auto smaller = [](const MovableBox& a, const MovableBox& b) {
    return area(a.size) < area(b.size);
  };
  return static_cast<std::size_t>(
      std::max_element(problem.boxes.begin(), problem.boxes.end(), smaller) -
      problem.boxes.begin());
}

void check_area(const Netlist& netlist,
                const Canvas& canvas,
                const MacroGeometry& geometry,
                const BoxProblem& problem) {
  double needed = 0.0;
  for (const MovableBox& box : problem.boxes) {
    needed += area(box.size);
  }
  const double available = free_area(reach_of(problem), problem.obstacles);
  if (needed <= available * (1.0 + 1e-9)) {
    return;
  }
  double macros_um2 = 0.0;
  for (const NodeId macro : geometry.macros) {
    macros_um2 += netlist.width(macro) * netlist.height(macro);
  }
  const double unit_um2 = geometry.lattice[0].um(1) * geometry.lattice[1].um(1);
  throw InfeasibleError(
      "the " + std::to_string(problem.boxes.size()) + " movable hard macros need " +
      number_text(needed * unit_um2) + " um2 (" + number_text(macros_um2) +
      " without keep-outs), but the " + describe_canvas(canvas) + " has only " +
      number_text(std::max(0.0, available) * unit_um2) +
      " um2 free of fixed macros and blockages; the largest is " +
      describe_macro(netlist, geometry.macros[largest_box(problem)]) +
      ". A larger die, fewer blockages or narrower halos and channels are needed");
}

void check_each_box_fits(const Netlist& netlist,
                         const Canvas& canvas,
                         const MacroGeometry& geometry,
                         const BoxProblem& problem) {
  FreeSpace space(problem);
  for (std::size_t i = 0; i < problem.boxes.size(); ++i) {
    const MovableBox& box = problem.boxes[i];
    if (!space.nearest(i, box.want, {1.0, 1.0})) {
      throw InfeasibleError(describe_macro(netlist, geometry.macros[i]) + " with its keep-out (" +
                            box_text(geometry, box.size) +
                            ") fits nowhere between the fixed macros and blockages of the " +
                            describe_canvas(canvas) + ", which have " +
                            std::to_string(problem.obstacles.size()) +
                            " boxes; what the rows or a polygon die leave out counts as blocked");
    }
  }
}

/// Whether boxes overlap by more than rounding.
bool overlap(const Rect& a, const Rect& b) {
  return std::min(a.x1, b.x1) - std::max(a.x0, b.x0) > kLegalityTolerance &&
         std::min(a.y1, b.y1) - std::max(a.y0, b.y0) > kLegalityTolerance;
}

}  // namespace

std::string describe_macro(const Netlist& netlist, NodeId macro) {
  return "hard macro \"" + netlist.name(macro) + "\" (" +
         size_text(netlist.width(macro), netlist.height(macro)) + ")";
}

std::string describe_canvas(const Canvas& canvas) {
  return "canvas (" + size_text(canvas.width, canvas.height) + ")";
}

void check_sizes(const Netlist& netlist,
                 const Canvas& canvas,
                 const Placement& placement,
                 const MacroGeometry& geometry) {
  for (std::size_t i = 0; i < geometry.macros.size(); ++i) {
    const NodeId macro = geometry.macros[i];
    const Orientation orientation = placement.orientation[macro.index()];
    if (fits_canvas(geometry.shape(i, orientation))) {
      continue;
    }
    const bool turned_fits = fits_canvas(geometry.shape(i, quarter_turned(orientation)));
    const std::string help =
        turned_fits ? "; it would fit after a quarter turn, which the input has to give it"
                    : "; a larger die is needed";
    throw InfeasibleError(describe_macro(netlist, macro) + " is larger than the " +
                          describe_canvas(canvas) + " in orientation " +
                          std::string(to_string(orientation)) + help);
  }
}

void check_room(const Netlist& netlist,
                const Canvas& canvas,
                const MacroGeometry& geometry,
                const BoxProblem& problem) {
  if (!problem.boxes.empty()) {
    check_area(netlist, canvas, geometry, problem);
    check_each_box_fits(netlist, canvas, geometry, problem);
  }
}

std::vector<std::string> fixed_macro_conflicts(const Netlist& netlist,
                                               const Canvas& canvas,
                                               const Placement& placement) {
  std::vector<std::string> conflicts;
  std::vector<NodeId> seen;
  const Rect all = {0.0, 0.0, canvas.width, canvas.height};
  for (const NodeId macro : netlist.hard_macros()) {
    if (placement.fixed[macro.index()] == 0) {
      continue;
    }
    const Rect box = placement.box(netlist, macro);
    const std::string start = "fixed " + describe_macro(netlist, macro);
    for (const NodeId other : seen) {
      if (overlap(box, placement.box(netlist, other))) {
        conflicts.push_back(start + " overlaps fixed " + describe_macro(netlist, other));
      }
    }
    if (!overlap(box, all) || box.x0 < -kLegalityTolerance || box.y0 < -kLegalityTolerance ||
        box.x1 > all.x1 + kLegalityTolerance || box.y1 > all.y1 + kLegalityTolerance) {
      conflicts.push_back(start + " leaves the " + describe_canvas(canvas));
    }
    const auto blocked = [&](const netlist_io::Blockage& blockage) {
      return overlap(box, blockage.rect);
    };
    if (std::any_of(canvas.blockages.begin(), canvas.blockages.end(), blocked)) {
      conflicts.push_back(start + " overlaps a blockage");
    }
    seen.push_back(macro);
  }
  return conflicts;
}

}  // namespace tessera::placer
