#pragma once

#include "netlist_io/generator.h"

namespace tessera::testing {

/// A generated block of 12 hard macros and 60 clusters: room for every kind of move, and small
/// enough for thousands of them.
inline netlist_io::GeneratedBlock search_block(std::uint64_t seed = 1) {
  netlist_io::GeneratorOptions options;
  options.seed = seed;
  options.ports = 30;
  options.macros.count = 12;
  options.macros.masters = 3;
  options.macros.pins = 20.0;
  options.macros.max_bank = 4;
  options.clusters.count = 60;
  return netlist_io::generate_block(options);
}

}  // namespace tessera::testing
