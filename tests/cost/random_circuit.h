#pragma once

#include <cstdint>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "netlist_io/rng.h"

namespace tessera::testing {

struct Circuit {
  netlist_io::Canvas canvas;
  netlist_io::Netlist netlist;
  netlist_io::Placement placement;
};

/// Draws coordinates anywhere in and around the canvas; in aligned circuits most of them are near a
/// grid line or half a cell away from one, where the rules change.
class CoordinateSource {
 public:
  CoordinateSource(netlist_io::Rng& rng, bool aligned) : rng_(rng), aligned_(aligned) {}

  double draw(double length, int num_cells);
  /// Size of a macro: a part of the canvas, or whole half cells.
  double size(double length, int num_cells);

 private:
  netlist_io::Rng& rng_;
  bool aligned_;
};

/// A circuit of up to 13 nodes and 15 nets on a grid of up to 14 x 14 cells: every kind of node,
/// orientation and weight, pins anywhere, half of the circuits aligned to the grid.
Circuit random_circuit(std::uint64_t seed);

/// Smoothing, rules, weights and tracks to go with it.
cost::CostOptions random_options(std::uint64_t seed);

}  // namespace tessera::testing
