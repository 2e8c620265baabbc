#include "placer/block_symmetry.h"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::NetlistRecords;
using netlist_io::NodeRecord;
using netlist_io::Offset;
using netlist_io::Orientation;
using netlist_io::PinRecord;
using netlist_io::Placement;
using netlist_io::Rect;
using netlist_io::RoutesPerMicron;
using netlist_io::Side;

namespace {

Offset transform_offset(Offset offset, Symmetry symmetry) {
  if (symmetry.transpose) {
    std::swap(offset.x, offset.y);
  }
  return {symmetry.flip_x ? -offset.x : offset.x, symmetry.flip_y ? -offset.y : offset.y};
}

/// A point of the canvas of the given size (before the symmetry).
Offset transform_point(Offset point, const Canvas& canvas, Symmetry symmetry) {
  const Offset turned = transform_offset(point, symmetry);
  const double width = symmetry.transpose ? canvas.height : canvas.width;
  const double height = symmetry.transpose ? canvas.width : canvas.height;
  return {symmetry.flip_x ? width + turned.x : turned.x,
          symmetry.flip_y ? height + turned.y : turned.y};
}

Rect transform_rect(const Rect& rect, const Canvas& canvas, Symmetry symmetry) {
  const Offset a = transform_point({rect.x0, rect.y0}, canvas, symmetry);
  const Offset b = transform_point({rect.x1, rect.y1}, canvas, symmetry);
  return {std::min(a.x, b.x), std::min(a.y, b.y), std::max(a.x, b.x), std::max(a.y, b.y)};
}

Side transposed(Side side) {
  switch (side) {
    case Side::kNone:
      return Side::kNone;
    case Side::kLeft:
      return Side::kBottom;
    case Side::kRight:
      return Side::kTop;
    case Side::kTop:
      return Side::kRight;
    case Side::kBottom:
      return Side::kLeft;
  }
  return side;
}

Side opposite(Side side) {
  switch (side) {
    case Side::kNone:
      return Side::kNone;
    case Side::kLeft:
      return Side::kRight;
    case Side::kRight:
      return Side::kLeft;
    case Side::kTop:
      return Side::kBottom;
    case Side::kBottom:
      return Side::kTop;
  }
  return side;
}

Side transform_side(Side side, Symmetry symmetry) {
  const Side turned = symmetry.transpose ? transposed(side) : side;
  const bool upright = turned == Side::kLeft || turned == Side::kRight;
  return (upright ? symmetry.flip_x : symmetry.flip_y) ? opposite(turned) : turned;
}

GridShape transform_grid(GridShape grid, Symmetry symmetry) {
  return symmetry.transpose ? GridShape{grid.rows, grid.cols} : grid;
}

Canvas transform_canvas(const Canvas& canvas, Symmetry symmetry) {
  Canvas result = canvas;
  if (symmetry.transpose) {
    std::swap(result.width, result.height);
  }
  result.grid = transform_grid(canvas.grid, symmetry);
  for (netlist_io::Blockage& blockage : result.blockages) {
    blockage.rect = transform_rect(blockage.rect, canvas, symmetry);
  }
  return result;
}

NetlistRecords transform_records(NetlistRecords records, const Canvas& canvas, Symmetry symmetry) {
  for (NodeRecord& node : records.nodes) {
    const Offset centre = transform_point({node.x, node.y}, canvas, symmetry);
    node.x = centre.x;
    node.y = centre.y;
    node.side = transform_side(node.side, symmetry);
    node.orientation = transform_orientation(node.orientation, symmetry);
    if (symmetry.transpose) {
      std::swap(node.width, node.height);
    }
  }
  for (PinRecord& pin : records.pins) {
    pin.offset = transform_offset(pin.offset, symmetry);
  }
  return records;
}

}  // namespace

std::string to_string(Symmetry symmetry) {
  return std::string(symmetry.transpose ? "t" : "") + (symmetry.flip_x ? "x" : "") +
         (symmetry.flip_y ? "y" : "");
}

std::optional<Symmetry> parse_symmetry(std::string_view letters) {
  const auto* const found = std::find_if(kSymmetries.begin(), kSymmetries.end(), [&](Symmetry any) {
    return to_string(any) == letters;
  });
  return found == kSymmetries.end() ? std::nullopt : std::optional(*found);
}

CellIndex transform_cell(CellIndex cell, GridShape grid, Symmetry symmetry) {
  const auto cols = static_cast<CellIndex>(grid.cols);
  CellIndex col = cell % cols;
  CellIndex row = cell / cols;
  if (symmetry.transpose) {
    std::swap(col, row);
  }
  const GridShape to = transform_grid(grid, symmetry);
  const auto to_cols = static_cast<CellIndex>(to.cols);
  const auto to_rows = static_cast<CellIndex>(to.rows);
  col = symmetry.flip_x ? to_cols - 1 - col : col;
  row = symmetry.flip_y ? to_rows - 1 - row : row;
  return col + row * to_cols;
}

Orientation transform_orientation(Orientation orientation, Symmetry symmetry) {
  // With S the symmetry and O the orientation, the pin at S p of the transformed netlist belongs at
  // S O p: its node is in orientation S O S^-1. A point off all axes tells the eight apart.
  constexpr Offset kProbe = {1.0, 2.0};
  const Offset wanted = transform_offset(transform(kProbe, orientation), symmetry);
  const Offset given = transform_offset(kProbe, symmetry);
  for (int i = 0; i < 8; ++i) {
    const auto candidate = static_cast<Orientation>(i);
    const Offset turned = transform(given, candidate);
    if (turned.x == wanted.x && turned.y == wanted.y) {
      return candidate;
    }
  }
  return orientation;
}

Placement transform_placement(Placement placement, const Canvas& canvas, Symmetry symmetry) {
  for (std::size_t i = 0; i < placement.size(); ++i) {
    const Offset centre = transform_point({placement.x[i], placement.y[i]}, canvas, symmetry);
    placement.x[i] = centre.x;
    placement.y[i] = centre.y;
    placement.orientation[i] = transform_orientation(placement.orientation[i], symmetry);
  }
  return placement;
}

CorpusBlock transform_block(CorpusBlock block, Symmetry symmetry) {
  if (symmetry == Symmetry{}) {
    return block;
  }
  block.netlist =
      netlist_io::Netlist(transform_records(block.netlist.records(), block.canvas, symmetry));
  block.placement = transform_placement(std::move(block.placement), block.canvas, symmetry);
  block.canvas = transform_canvas(block.canvas, symmetry);
  if (symmetry.transpose) {
    for (RoutesPerMicron* const routes : {&block.cost.routes, &block.cost.macro_routes}) {
      std::swap(routes->horizontal, routes->vertical);
    }
  }
  return block;
}

}  // namespace tessera::placer
