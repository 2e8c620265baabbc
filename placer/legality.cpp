#include "placer/legality.h"

#include <algorithm>
#include <cmath>
#include <utility>
#include <vector>

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rect;

namespace {

bool leaves_canvas(const Rect& box, const Canvas& canvas) {
  return box.x0 < -kLegalityTolerance || box.y0 < -kLegalityTolerance ||
         box.x1 > canvas.width + kLegalityTolerance || box.y1 > canvas.height + kLegalityTolerance;
}

std::size_t count_overlaps(std::vector<Rect> boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const Rect& left, const Rect& right) {
    return left.x0 < right.x0;
  });
  std::size_t count = 0;
  for (std::size_t i = 0; i < boxes.size(); ++i) {
    for (std::size_t j = i + 1; j < boxes.size(); ++j) {
      if (boxes[j].x0 >= boxes[i].x1 - kLegalityTolerance) {
        break;
      }
      const double x = std::min(boxes[i].x1, boxes[j].x1) - boxes[j].x0;
      const double y = std::min(boxes[i].y1, boxes[j].y1) - std::max(boxes[i].y0, boxes[j].y0);
      count += x > kLegalityTolerance && y > kLegalityTolerance ? 1 : 0;
    }
  }
  return count;
}

}  // namespace

LegalityReport check_legality(const Netlist& netlist,
                              const Canvas& canvas,
                              const Placement& placement,
                              const Placement& reference) {
  LegalityReport report;
  std::vector<Rect> hard_boxes;
  for (const NodeId macro : netlist.hard_macros()) {
    hard_boxes.push_back(placement.box(netlist, macro));
    report.outside += leaves_canvas(hard_boxes.back(), canvas) ? 1 : 0;
  }
  for (const NodeId macro : netlist.soft_macros()) {
    report.outside += leaves_canvas(placement.box(netlist, macro), canvas) ? 1 : 0;
  }
  report.overlaps = count_overlaps(std::move(hard_boxes));
  for (std::size_t i = 0; i < placement.size(); ++i) {
    if (reference.fixed[i] != 0) {
      const bool moved = std::abs(placement.x[i] - reference.x[i]) > kLegalityTolerance ||
                         std::abs(placement.y[i] - reference.y[i]) > kLegalityTolerance;
      report.moved_fixed += moved ? 1 : 0;
    }
  }
  return report;
}

}  // namespace tessera::placer
