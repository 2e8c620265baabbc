#include "placer/flat/cell_rows.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <tuple>

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rect;

/// How far from its place a cell of a legal placement may be, microns.
constexpr double kTolerance = 1e-6;

RowSpace space_beside_tall_cells(const Netlist& netlist,
                                 const Canvas& canvas,
                                 const Placement& placement,
                                 const RowOptions& options) {
  const std::vector<NodeId> movers = row_movers(netlist, placement);
  RowSpace space = rows_between_obstacles(netlist, canvas, placement, movers, options);
  for (const NodeId node : movers) {
    const Rect box = placement.box(netlist, node);
    if (space.rows_high(box.height()) > 1) {
      space.block(box);
    }
  }
  return space;
}

[[noreturn]] void not_legal(const Netlist& netlist, NodeId node, const char* what) {
  throw std::invalid_argument("cell \"" + netlist.name(node) + "\" is not legal: it " + what);
}

struct PlacedCell {
  NodeId node;
  std::uint32_t segment;
  Rect box;
};

PlacedCell placed_cell(const Netlist& netlist,
                       const RowSpace& space,
                       const RowSegments& segments,
                       NodeId node,
                       const Rect& box) {
  if (segments.num_rows() == 0) {
    not_legal(netlist, node, "has no rows");
  }
  const std::size_t row = space.nearest_row(box.y0);
  const auto segment = segments.nearest(row, box.x0 + 0.5 * box.width());
  if (!segment || std::abs(space.bottom(row) - box.y0) > kTolerance ||
      box.x0 < segments[*segment].x0 - kTolerance ||
      box.x0 + space.footprint(box.width()) > segments[*segment].x1 + kTolerance) {
    not_legal(netlist, node, "is not in the free part of a row");
  }
  if (std::abs(space.snapped(box.x0) - box.x0) > kTolerance) {
    not_legal(netlist, node, "does not begin at a site");
  }
  return {node, static_cast<std::uint32_t>(*segment), box};
}

}  // namespace

CellRows::CellRows(const Netlist& netlist,
                   const Canvas& canvas,
                   const Placement& placement,
                   const RowOptions& options)
    : space_(space_beside_tall_cells(netlist, canvas, placement, options)),
      segments_(space_),
      members_(segments_.size()) {
  std::vector<PlacedCell> cells;
  for (const NodeId node : row_movers(netlist, placement)) {
    const Rect box = placement.box(netlist, node);
    if (space_.rows_high(box.height()) == 1) {
      cells.push_back(placed_cell(netlist, space_, segments_, node, box));
    }
  }
  std::sort(cells.begin(), cells.end(), [](const PlacedCell& a, const PlacedCell& b) {
    return std::tuple(a.segment, a.box.x0, a.box.x1, a.node) <
           std::tuple(b.segment, b.box.x0, b.box.x1, b.node);
  });
  for (const PlacedCell& cell : cells) {
    const auto index = static_cast<std::uint32_t>(nodes_.size());
    std::vector<std::uint32_t>& members = members_[cell.segment];
    if (!members.empty() && cell.box.x0 < right(members.back()) - kTolerance) {
      not_legal(netlist, cell.node, "overlaps another");
    }
    members.push_back(index);
    nodes_.push_back(cell.node);
    segment_.push_back(cell.segment);
    left_.push_back(cell.box.x0);
    width_.push_back(space_.footprint(cell.box.width()));
    half_width_.push_back(0.5 * cell.box.width());
    half_height_.push_back(0.5 * cell.box.height());
  }
}

std::size_t CellRows::index_of(std::uint32_t cell) const {
  const std::vector<std::uint32_t>& members = members_[segment_[cell]];
  std::size_t index = index_at(segment_[cell], left_[cell]);
  while (members[index] != cell) {
    ++index;  // past cells without width at the same place
  }
  return index;
}

std::size_t CellRows::index_at(std::size_t segment, double x) const {
  const std::vector<std::uint32_t>& members = members_[segment];
  const auto found = std::partition_point(
      members.begin(), members.end(), [&](std::uint32_t cell) { return left_[cell] < x; });
  return static_cast<std::size_t>(found - members.begin());
}

RowSpan CellRows::gap(std::size_t segment, std::size_t index) const {
  const std::vector<std::uint32_t>& members = members_[segment];
  return {index > 0 ? right(members[index - 1]) : segments_[segment].x0,
          index < members.size() ? left_[members[index]] : segments_[segment].x1};
}

std::size_t CellRows::remove(std::uint32_t cell) {
  const std::size_t index = index_of(cell);
  std::vector<std::uint32_t>& members = members_[segment_[cell]];
  members.erase(members.begin() + static_cast<std::ptrdiff_t>(index));
  return index;
}

void CellRows::insert(std::uint32_t cell, std::size_t segment, std::size_t index, double left) {
  std::vector<std::uint32_t>& members = members_[segment];
  members.insert(members.begin() + static_cast<std::ptrdiff_t>(index), cell);
  segment_[cell] = static_cast<std::uint32_t>(segment);
  left_[cell] = left;
}

void CellRows::replace(std::size_t segment, std::size_t index, std::uint32_t cell, double left) {
  members_[segment][index] = cell;
  segment_[cell] = static_cast<std::uint32_t>(segment);
  left_[cell] = left;
}

void CellRows::write(Placement& placement) const {
  for (std::uint32_t cell = 0; cell < num_cells(); ++cell) {
    const std::size_t node = nodes_[cell].index();
    placement.x[node] = centre_x(cell, space_.snapped(left_[cell]));
    placement.y[node] = centre_y(cell, segment_[cell]);
  }
}

}  // namespace tessera::placer
