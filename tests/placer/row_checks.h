#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/flat/row_space.h"

namespace tessera::testing {

/// What is wrong with a placement of cells in rows. By a sweep over all boxes, which knows nothing
/// of rows and segments.
struct RowFaults {
  std::size_t overlaps = 0;  ///< pairs of which at least one is a cell that may move
  std::size_t outside = 0;   ///< cells that leave the canvas
  std::size_t off_row = 0;   ///< cells that do not begin at the bottom of a row
  std::size_t off_site = 0;  ///< cells that do not begin at a site
  std::size_t moved = 0;     ///< nodes that had to stay and did not

  bool none() const { return overlaps + outside + off_row + off_site + moved == 0; }
};

namespace detail {

struct SweptBox {
  netlist_io::Rect rect;
  bool moves = false;
};

inline constexpr double kRowTolerance = 1e-6;

inline std::size_t count_overlaps(std::vector<SweptBox> boxes) {
  std::sort(boxes.begin(), boxes.end(), [](const SweptBox& a, const SweptBox& b) {
    return a.rect.x0 < b.rect.x0;
  });
  std::size_t overlaps = 0;
  std::vector<const SweptBox*> active;
  for (const SweptBox& box : boxes) {
    std::erase_if(active, [&](const SweptBox* other) {
      return other->rect.x1 <= box.rect.x0 + kRowTolerance;
    });
    for (const SweptBox* const other : active) {
      const double height =
          std::min(box.rect.y1, other->rect.y1) - std::max(box.rect.y0, other->rect.y0);
      overlaps += (box.moves || other->moves) && height > kRowTolerance ? 1 : 0;
    }
    if (box.rect.width() > kRowTolerance) {
      active.push_back(&box);
    }
  }
  return overlaps;
}

inline bool off_lattice(double value, double origin, double pitch) {
  const double steps = (value - origin) / pitch;
  return std::abs(steps - std::round(steps)) * pitch > kRowTolerance;
}

}  // namespace detail

/// `rows.row_height` must be the height in force.
inline RowFaults row_faults(const netlist_io::Netlist& netlist,
                            const netlist_io::Canvas& canvas,
                            const netlist_io::Placement& before,
                            const netlist_io::Placement& after,
                            const placer::RowOptions& rows) {
  using detail::kRowTolerance;
  RowFaults faults;
  std::vector<detail::SweptBox> boxes;
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    const netlist_io::NodeId node(i);
    const netlist_io::NodeKind kind = netlist.kind(node);
    const bool hard = kind == netlist_io::NodeKind::kHardMacro;
    const bool moves =
        !hard && kind != netlist_io::NodeKind::kPort && before.fixed[node.index()] == 0;
    netlist_io::Rect box = after.box(netlist, node);
    if (moves) {
      faults.outside += box.x0 < -kRowTolerance || box.y0 < -kRowTolerance ||
                                box.x1 > canvas.width + kRowTolerance ||
                                box.y1 > canvas.height + kRowTolerance
                            ? 1
                            : 0;
      faults.off_row += detail::off_lattice(box.y0, rows.origin_y, rows.row_height) ? 1 : 0;
      faults.off_site +=
          rows.site_width > 0.0 && detail::off_lattice(box.x0, rows.origin_x, rows.site_width) ? 1
                                                                                               : 0;
    } else {
      faults.moved += before.x[i] != after.x[i] || before.y[i] != after.y[i] ? 1 : 0;
    }
    if (hard) {
      box = {
          box.x0 - rows.halo_x, box.y0 - rows.halo_y, box.x1 + rows.halo_x, box.y1 + rows.halo_y};
    }
    boxes.push_back({box, moves});
  }
  for (const netlist_io::Blockage& blockage : canvas.blockages) {
    boxes.push_back({blockage.rect, false});
  }
  faults.overlaps = detail::count_overlaps(std::move(boxes));
  return faults;
}

}  // namespace tessera::testing
