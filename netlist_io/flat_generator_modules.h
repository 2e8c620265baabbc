#pragma once

#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "netlist_io/flat_generator.h"
#include "netlist_io/flat_generator_circuit.h"
#include "netlist_io/flat_generator_memories.h"
#include "netlist_io/flat_generator_wiring.h"

// Internal to the flat generator: the tree of modules, connected from the leaves upwards.

namespace tessera::netlist_io::flat {

/// Builds the units and all below them.
class ModuleTree {
 public:
  ModuleTree(const FlatGeneratorOptions& options,
             const std::vector<MemoryMaster>& masters,
             Circuit& circuit,
             Wiring& wiring);

  /// What the units are connected by.
  std::vector<Terminals> build_units();

  /// Over the modules built so far.
  RentFit rent_fit() const;

 private:
  struct Sample {
    double log_cells = 0.0;
    double log_terminals = 0.0;
  };

  /// A control net in the making: gates on it so far, and how many there shall be.
  struct Control {
    std::vector<End> gates;
    std::size_t wanted = 0;
  };

  Terminals build(const std::string& path,
                  std::size_t logic_cells,
                  std::vector<MemoryGroup> groups,
                  std::size_t depth);
  Terminals add_gates(const std::string& path, std::size_t count);
  Terminals add_registers(const std::string& path, std::size_t count);
  void add_to_control(End gate, Terminals& terminals);
  void finish_controls(Terminals& terminals);
  std::size_t draw_leaf_size();
  std::vector<std::size_t> split(std::size_t cells, std::size_t parts, double unevenness);
  /// Connects the parts of a module that has all cells since `first_cell`.
  Terminals connect(const std::vector<Terminals>& parts, std::size_t first_cell);
  std::size_t terminals_by_rent(std::size_t cells) const;

  const FlatGeneratorOptions& options_;
  const std::vector<MemoryMaster>& masters_;
  Circuit& circuit_;
  Wiring& wiring_;
  Rng& rng_;
  std::array<Control, 12> controls_;  ///< gates near by are on; tuned: most reach a few clusters
  std::vector<Sample> samples_;
};

}  // namespace tessera::netlist_io::flat
