#pragma once

#include <algorithm>
#include <cstddef>

#include "cost/edge_use.h"
#include "netlist_io/canvas.h"
#include "netlist_io/flat_generator.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "netlist_io/rng.h"
#include "placer/flat/flat_placer.h"
#include "placer/legalizer.h"

namespace tessera::testing {

/// A canvas whose grid does not matter.
inline netlist_io::Canvas bare_canvas(double width, double height) {
  netlist_io::Canvas canvas;
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/// A block of some thousand cells and a dozen memories, the memories legal somewhere.
struct GeneratedBlock {
  GeneratedBlock() {
    netlist_io::FlatGeneratorOptions options;
    options.logic.cells = 3000;
    options.logic.units = 4;
    options.memories.count = 12;
    options.memories.area_share = 0.5;
    options.memories.owners = 2;
    options.ports = 60;
    options.utilization = 0.5;
    const auto block = netlist_io::generate_flat_block(options);
    netlist = block.netlist;
    canvas = bare_canvas(*block.header.width, *block.header.height);
    netlist_io::Placement placement(netlist);
    netlist_io::Rng rng(7);
    for (const netlist_io::NodeId macro : netlist.hard_macros()) {
      placement.x[macro.index()] = rng.uniform(0.0, canvas.width);
      placement.y[macro.index()] = rng.uniform(0.0, canvas.height);
    }
    macros_placed = placer::legalize_macros(netlist, canvas, placement).placement;
  }

  double hpwl(const netlist_io::Placement& placement) const {
    return cost::flat_hpwl(netlist, placement, placer::FlatPlacerOptions().max_sinks);
  }
  /// Area of the cells on hard macros, as a part of all their area.
  double covered(const netlist_io::Placement& placement) const {
    double total = 0.0;
    double bad = 0.0;
    for (const netlist_io::NodeId cell : netlist.std_cells()) {
      const netlist_io::Rect a = placement.box(netlist, cell);
      total += a.width() * a.height();
      for (const netlist_io::NodeId macro : netlist.hard_macros()) {
        const netlist_io::Rect b = placement.box(netlist, macro);
        bad += std::max(std::min(a.x1, b.x1) - std::max(a.x0, b.x0), 0.0) *
               std::max(std::min(a.y1, b.y1) - std::max(a.y0, b.y0), 0.0);
      }
    }
    return bad / total;
  }
  bool all_inside(const netlist_io::Placement& placement) const {
    for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
      const netlist_io::Rect box = placement.box(netlist, netlist_io::NodeId(i));
      if (netlist.kind(netlist_io::NodeId(i)) != netlist_io::NodeKind::kPort &&
          (box.x0 < -1e-3 || box.y0 < -1e-3 || box.x1 > canvas.width + 1e-3 ||
           box.y1 > canvas.height + 1e-3)) {
        return false;
      }
    }
    return true;
  }

  netlist_io::Netlist netlist;
  netlist_io::Canvas canvas;
  netlist_io::Placement macros_placed;
};

inline const GeneratedBlock& generated_block() {
  static const GeneratedBlock block;
  return block;
}

}  // namespace tessera::testing
