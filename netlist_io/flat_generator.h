#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/plc_header.h"

namespace tessera::netlist_io {

/// Scale of the cells: site, row height and thus the sizes of everything.
enum class Technology : std::uint8_t { k7nm, k45nm, k130nm };

/// How the logic is made.
struct FlatLogicOptions {
  int cells = 90000;  ///< standard cells, those around memories included; 100 .. 1000000
  /// Rent's rule: a module of C cells has about rent_coefficient * C^rent_exponent terminals.
  double rent_exponent = 0.62;    ///< higher: more connections far away; 0.3 .. 0.9
  double rent_coefficient = 3.3;  ///< 1 .. 8
  int units = 8;                  ///< modules below the top; 2 .. 64
  bool equal_units = false;       ///< as in lanes or tiles; otherwise sizes differ up to tenfold
  double register_share = 0.2;    ///< part of the leaf modules that are registers; 0 .. 0.6
  int bus_width = 32;       ///< most bits that go from one module to another side by side; 1 .. 512
  int max_leaf_cells = 75;  ///< also the gates on a control net; 10 .. 400
};

/// Which memories there are and how they are used.
struct FlatMemoryOptions {
  int count = 130;          ///< hard macros; 1 .. 2000
  int masters = 1;          ///< distinct macro types; 1 .. 50
  double area_share = 0.8;  ///< macro area over macro and cell area; 0.05 .. 0.95
  double area_ratio = 2.0;  ///< largest over smallest master (log-uniform); 1 .. 100
  double max_aspect = 2.5;  ///< largest ratio of the sides of a master; 1 .. 10
  int min_bits = 16;        ///< data bits of the narrowest master; 1 .. 1024
  int max_bits = 16;        ///< of the widest (powers of two between); min_bits .. 1024
  int max_bank = 16;        ///< banks hold 1, 2, 4, ... up to this many equal macros; 1 .. 256
  double wide_share =
      0.3;                 ///< part of the banks side by side, the rest behind multiplexers; 0 .. 1
  int owners = 3;          ///< units that own memories; 1 .. units
  int address_fanout = 4;  ///< macros of a bank that one address driver reaches; 1 .. 64
  double masked_share = 1.0;     ///< part of the masters with a write mask (unconnected); 0 .. 1
  double two_sided_share = 0.2;  ///< part of the masters with outputs opposite the inputs; 0 .. 1
  /// Masters of the crossbar in front of the memories of an owner; 0: none; .. 64
  int crossbar_masters = 0;
};

/// What a synthetic flat netlist looks like. The defaults resemble a processor core with caches.
struct FlatGeneratorOptions {
  std::string name = "synthetic";  ///< goes into the header
  std::uint64_t seed = 1;
  Technology technology = Technology::k45nm;
  int ports = 495;             ///< clock and reset included; 4 .. 100000
  int port_sides = 4;          ///< sides of the canvas that have ports; 1 .. 4
  double utilization = 0.6;    ///< macro and cell area over canvas area; 0.05 .. 0.9
  double canvas_aspect = 1.0;  ///< canvas width over height; 0.2 .. 5
  bool clock = true;           ///< clock and reset nets that reach all registers and macros
  FlatLogicOptions logic;
  FlatMemoryOptions memories;

  /// Throws `OptionError` naming the option, its value and its range.
  void validate() const;
};

/// Named families of flat netlists. Each has ranges for the options, not values.
enum class FlatRecipe : std::uint8_t {
  kCpuCache,       ///< about 130 equal memories in a few units that are caches
  kVectorEngine,   ///< equal wide memories in lanes with wide buses
  kManyTiles,      ///< about 20 memories behind a crossbar, many ports
  kLargeMemories,  ///< one to three dozen large memories of many shapes
  kMemoryArray,    ///< hundreds of memories in large banks, little logic
  kNetworkSwitch,  ///< buffers of many queues, wide buses, crossbars, ports on all sides
  kMixed,          ///< all options from wide ranges
};

/// Options of a block of a family: the numbers that the family leaves open come from `seed`.
FlatGeneratorOptions flat_recipe(FlatRecipe recipe, std::uint64_t seed);

/// All families, in the order of the enumeration.
std::span<const FlatRecipe> all_flat_recipes();

/// `cpu-cache`, `vector-engine`, `many-tiles`, `large-memories`, `memory-array`, `network-switch`
/// or `mixed`.
std::string_view to_string(FlatRecipe recipe);

/// Recipe of a name as `to_string` spells it, if there is one.
std::optional<FlatRecipe> parse_flat_recipe(std::string_view name);

/// Rent's rule as found in a netlist: terminals = coefficient * cells^exponent.
struct RentFit {
  double exponent = 0.0;
  double coefficient = 0.0;
};

/// A synthetic flat netlist. Ports stand at the edge of the canvas; nothing else has a position.
struct GeneratedFlatBlock {
  Netlist netlist;
  PlcHeader header;  ///< canvas and routing constants, no grid
  /// Fit over the modules below the units, where the rule is in force; those above have fewer
  /// terminals, as there are only so many ports.
  RentFit rent;
};

/// Makes a flat netlist, standard cells as nodes of their own, the way designs come about: a tree
/// of modules, in whose leaves are gates or registers, with memories in banks that belong to
/// modules. Nets are drawn from the leaves upwards, in every module just so many among its parts
/// that the terminals left over follow Rent's rule (as in D. Stroobandt, P. Verplaetse and J. van
/// Campenhout, "Generating synthetic benchmark circuits for evaluating CAD tools", IEEE TCAD
/// 19(9), 2000). Names of cells tell the module. The same options give the same netlist.
///
/// Differences from the paper: modules have two to four parts of different sizes, terminals are
/// connected in buses, leaves have control nets, and memories with their address and data drivers
/// and multiplexers are parts of modules.
///
/// Throws `OptionError` for an option out of range.
GeneratedFlatBlock generate_flat_block(const FlatGeneratorOptions& options);

}  // namespace tessera::netlist_io
