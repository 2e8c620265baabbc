#include "placer/macro_alignment.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "cost/incremental_cost.h"
#include "cost/incremental_model.h"
#include "netlist_io/errors.h"
#include "placer/macro_space.h"

namespace tessera::placer {
namespace {

using cost::NodeMove;
using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Placement;
using netlist_io::Rect;

/// Shifts of one macro may put others next to it within reach.
constexpr int kPasses = 2;
/// Edges at most this far apart are in line.
constexpr double kInLineUm = 1e-6;

enum class Axis { kX, kY };

struct Extent {
  double low;
  double high;

  double size() const { return high - low; }
};

Extent along(const Rect& box, Axis axis) {
  return axis == Axis::kX ? Extent{box.x0, box.x1} : Extent{box.y0, box.y1};
}

Axis other(Axis axis) {
  return axis == Axis::kX ? Axis::kY : Axis::kX;
}

class Aligner {
 public:
  Aligner(const Netlist& netlist,
          const Canvas& canvas,
          const Placement& placement,
          const MacroAlignmentOptions& options)
      : netlist_(netlist),
        options_(options),
        placement_(placement),
        space_(netlist, canvas, placement, options.space),
        model_(netlist, canvas, options.cost),
        cost_(model_, placement),
        bound_(cost_.proxy()) {}

  MacroAlignmentResult run() {
    MacroAlignmentResult result;
    for (int pass = 0; pass < kPasses; ++pass) {
      for (const NodeId macro : space_.macros()) {
        for (const Axis axis : {Axis::kX, Axis::kY}) {
          result.shifts += align(macro, axis) ? 1U : 0U;
        }
      }
    }
    result.placement = std::move(placement_);
    return result;
  }

 private:
  /// Shifts that would bring an edge of the macro in line with one of a neighbour, the shortest
  /// first; none if it is in line with one already.
  std::vector<double> shifts_of(NodeId macro, Axis axis) const {
    const Rect box = placement_.box(netlist_, macro);
    const Extent own = along(box, axis);
    const Extent across = along(box, other(axis));
    const double reach = options_.reach * own.size();
    std::vector<double> shifts;
    for (const NodeId neighbour : netlist_.hard_macros()) {
      if (neighbour == macro) {
        continue;
      }
      const Rect theirs = placement_.box(netlist_, neighbour);
      const Extent side = along(theirs, other(axis));
      const double gap = std::max(side.low - across.high, across.low - side.high);
      if (gap > across.size()) {
        continue;
      }
      const Extent edges = along(theirs, axis);
      for (const double shift : {edges.low - own.low, edges.high - own.high}) {
        if (std::abs(shift) <= kInLineUm) {
          return {};
        }
        if (std::abs(shift) <= reach) {
          shifts.push_back(shift);
        }
      }
    }
    std::ranges::sort(shifts, {}, [](double shift) { return std::pair(std::abs(shift), shift); });
    shifts.erase(std::unique(shifts.begin(), shifts.end()), shifts.end());
    return shifts;
  }

  bool align(NodeId macro, Axis axis) {
    const std::vector<double> shifts = shifts_of(macro, axis);
    return std::any_of(
        shifts.begin(), shifts.end(), [&](double shift) { return take(macro, axis, shift); });
  }

  bool take(NodeId macro, Axis axis, double shift) {
    const std::size_t i = macro.index();
    NodeMove pose = {macro, placement_.x[i], placement_.y[i], placement_.orientation[i]};
    double& moved = axis == Axis::kX ? pose.x : pose.y;
    const double wanted = moved + shift;
    moved = wanted;
    pose = space_.snap(pose);
    // Not all macros share a lattice.
    const bool in_line = std::abs((axis == Axis::kX ? pose.x : pose.y) - wanted) <= kInLineUm;
    if (!in_line || !space_.fits(pose)) {
      return false;
    }
    if (cost_.move(pose) > bound_) {
      cost_.undo();
      return false;
    }
    cost_.keep();
    space_.move(pose);
    placement_.x[i] = pose.x;
    placement_.y[i] = pose.y;
    return true;
  }

  const Netlist& netlist_;
  const MacroAlignmentOptions& options_;
  Placement placement_;
  MacroSpace space_;
  cost::IncrementalModel model_;
  cost::IncrementalCost cost_;
  double bound_;
};

}  // namespace

MacroAlignmentResult align_macros(const Netlist& netlist,
                                  const Canvas& canvas,
                                  const Placement& placement,
                                  const MacroAlignmentOptions& options) {
  if (!(options.reach >= 0.0)) {
    throw OptionError("reach is " + std::to_string(options.reach) + ", expected >= 0");
  }
  return Aligner(netlist, canvas, placement, options).run();
}

}  // namespace tessera::placer
