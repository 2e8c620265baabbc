#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "netlist_io/orientation.h"

// Internal to the flat generator: cells, macros and nets while they are being made.

namespace tessera::netlist_io::flat {

enum class EndKind : std::uint8_t { kCell, kMacroPin, kPort };

/// What a net is driven by or goes to.
struct End {
  EndKind kind = EndKind::kCell;
  std::uint32_t index = 0;  ///< cell, macro pin (counted over all macros) or port

  bool operator==(const End&) const = default;
};

using NetIndex = std::uint32_t;
using BundleIndex = std::uint32_t;
using ModuleIndex = std::uint32_t;

/// What a module wants from and offers to its surroundings, near ones next to each other.
struct Terminals {
  std::vector<BundleIndex> inputs;  ///< each will be connected with one net
  std::vector<NetIndex> outputs;    ///< nets that may go to more sinks

  std::size_t size() const { return inputs.size() + outputs.size(); }
  void append(const Terminals& other);
};

struct Cell {
  ModuleIndex module = 0;
  std::uint16_t inputs = 0;  ///< pins besides the clock; decides the width
  bool is_register = false;
};

/// A hard macro: its pins are `first_pin` .. in the order of its master.
struct Macro {
  std::size_t master = 0;
  ModuleIndex module = 0;
  std::uint32_t first_pin = 0;
  std::uint32_t num_pins = 0;
};

/// Nets, each with its driver, and inputs that wait for a net.
class Circuit {
 public:
  std::vector<std::string> modules;  ///< full names, `/` behind each but that of the top
  std::vector<Cell> cells;
  std::vector<Macro> macros;

  ModuleIndex add_module(std::string name);
  /// Adds a cell and the net that it drives.
  NetIndex add_cell(ModuleIndex module, int inputs, bool is_register = false);
  NetIndex add_net(End driver);
  /// Inputs that one net will reach together.
  BundleIndex add_bundle(std::span<const End> ends);
  BundleIndex add_bundle(End end) { return add_bundle(std::span(&end, 1)); }
  /// Inputs of the last cell added that wait, each for itself, are appended to `terminals`.
  void open_inputs(int count, Terminals& terminals);

  void connect(NetIndex net, End sink) { connections_.push_back({net, sink}); }
  void connect_bundle(NetIndex net, BundleIndex bundle);

  End driver(NetIndex net) const { return drivers_[net]; }
  std::size_t num_nets() const { return drivers_.size(); }
  std::size_t num_bundles() const { return bundle_start_.size() - 1; }
  End last_cell() const { return {EndKind::kCell, static_cast<std::uint32_t>(cells.size() - 1)}; }

  /// Distinct sinks of every net, in the order of connection, without the driver itself.
  std::vector<std::vector<End>> collect_sinks() const;

 private:
  struct Connection {
    NetIndex net = 0;
    End sink;
  };

  std::vector<End> drivers_;                       // [nets]
  std::vector<std::uint32_t> bundle_start_ = {0};  // [bundles + 1]
  std::vector<End> bundle_ends_;
  std::vector<Connection> connections_;
};

}  // namespace tessera::netlist_io::flat
