#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "netlist_io/flat_generator.h"
#include "netlist_io/flat_generator_circuit.h"
#include "netlist_io/generator_library.h"
#include "netlist_io/rng.h"

// Internal to the flat generator: memories, their banks and the cells around them.

namespace tessera::netlist_io::flat {

/// A type of memory. Pins are numbered: outputs, data, address, write enable, chip enable, clock,
/// write mask.
struct MemoryMaster {
  std::size_t bits = 0;
  std::size_t address_bits = 0;
  bool masked = false;
  bool two_sided = false;
  double relative_area = 1.0;
  double aspect = 1.0;  ///< width over height

  std::size_t output_pin(std::size_t bit) const { return bit; }
  std::size_t data_pin(std::size_t bit) const { return bits + bit; }
  std::size_t address_pin(std::size_t bit) const { return 2 * bits + bit; }
  std::size_t write_pin() const { return 2 * bits + address_bits; }
  std::size_t enable_pin() const { return write_pin() + 1; }
  std::size_t clock_pin() const { return write_pin() + 2; }
  std::size_t num_pins() const { return write_pin() + 3 + (masked ? bits : 0); }
};

/// Equal memories that share an address. Wide: their words side by side; else behind multiplexers.
struct MemoryBank {
  std::size_t master = 0;
  std::size_t size = 1;
  bool wide = false;
};

/// Banks that become one module: one bank alone, or several behind a crossbar.
struct MemoryGroup {
  std::vector<MemoryBank> banks;  ///< all of one master if there is a crossbar
  std::size_t crossbar_masters = 0;
  std::size_t num_cells = 0;  ///< that come with it
};

std::vector<MemoryMaster> draw_masters(const FlatMemoryOptions& options, Rng& rng);

/// The groups of each owner. A crossbar has fewer masters than asked for where its cells would
/// exceed a part of `max_cells`.
std::vector<std::vector<MemoryGroup>> draw_groups(const FlatMemoryOptions& options,
                                                  const std::vector<MemoryMaster>& masters,
                                                  std::size_t max_cells,
                                                  Rng& rng);

/// Adds the macros and cells of a group as a module and returns what the module is connected by.
Terminals add_memory_group(Circuit& circuit,
                           const std::vector<MemoryMaster>& masters,
                           const MemoryGroup& group,
                           const FlatMemoryOptions& options,
                           const std::string& module);

/// Sizes and pins of the masters such that the macros have `total_area`, square microns. Sides are
/// multiples of `step`, microns.
std::vector<generator::Master> make_memory_masters(const std::vector<MemoryMaster>& masters,
                                                   const std::vector<Macro>& macros,
                                                   double total_area,
                                                   double step);

}  // namespace tessera::netlist_io::flat
