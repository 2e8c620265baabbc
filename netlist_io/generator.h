#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "netlist_io/plc_header.h"

namespace tessera::netlist_io {

/// Kinds of macros and how they are used.
struct GeneratorMacroOptions {
  int count = 128;               ///< hard macros; 1 .. 4000
  int masters = 6;               ///< distinct macro sizes; 1 .. 100
  double mean_area = 7500.0;     ///< average area of a hard macro, square microns; > 0
  double area_ratio = 6.0;       ///< largest over smallest master (log-uniform); >= 1
  double max_aspect = 2.5;       ///< largest ratio of the sides of a master (log-uniform); 1 .. 20
  double pins = 59.0;            ///< average number of pins per macro; 8 .. 10000
  double two_sided_share = 0.3;  ///< share of masters with outputs opposite the inputs; 0 .. 1
  int max_bank = 16;             ///< banks hold 1, 2, 4, ... up to this many macros; 1 .. 1024
};

/// Soft macros and the nets among them.
struct GeneratorClusterOptions {
  int count = 800;           ///< soft macros; 2 .. 1000000
  double area_log_sd = 0.9;  ///< spread of their areas (log-normal); 0 .. 3
  double multi_nets = 6.5;   ///< nets with two or more sinks driven per soft macro; 0 .. 1000
  double single_nets = 5.9;  ///< nets with one sink driven per soft macro; 0 .. 1000
  double mean_sinks = 4.5;   ///< average sinks of a net with two or more; 2 .. 20
  int max_sinks = 20;        ///< most sinks of such a net; >= 2
  double weight_tail =
      1.25;             ///< P(weight >= k) = k^-tail for one-sink nets: higher is lighter; > 0
  int max_weight = 64;  ///< heaviest net; >= 1
  /// Rent exponent: the length of a connection has a density proportional to length^(2p - 3), so
  /// raising it makes connections longer; 0.1 .. 0.95.
  double rent_exponent = 0.65;
};

/// What a synthetic block looks like. The defaults resemble the clustered netlist of an Ariane core
/// in a 45 nm technology (133 macros, 782 clusters, 495 ports, 12,422 nets).
struct GeneratorOptions {
  std::string name = "synthetic";  ///< goes into the `.plc` header
  std::uint64_t seed = 1;
  int ports = 500;                 ///< 0 .. 1000000
  double utilization = 0.68;       ///< hard and soft macro area over canvas area; up to 0.95
  double hard_utilization = 0.45;  ///< hard macro area over canvas area; less than `utilization`
  double canvas_aspect = 1.0;      ///< canvas width over height; 0.2 .. 5
  int cols = 0;                    ///< grid columns; 0 chooses, else 2 .. 1000
  int rows = 0;                    ///< grid rows; 0 chooses, else 2 .. 1000
  GeneratorMacroOptions macros;
  GeneratorClusterOptions clusters;

  /// Throws `OptionError` naming the option, its value and its range.
  void validate() const;
};

/// Named families of blocks.
enum class GeneratorRecipe : std::uint8_t {
  kBalanced,         ///< the defaults
  kMemoryDominated,  ///< memories of one or two sizes in large banks, high hard utilisation
  kFewLargeMacros,   ///< two dozen large macros of many shapes
  kManySmall,        ///< hundreds of small macros
};

/// Options of a recipe; `seed` and `name` are left to the caller.
GeneratorOptions generator_recipe(GeneratorRecipe recipe);

/// `balanced`, `memory-dominated`, `few-large-macros` or `many-small`.
std::string_view to_string(GeneratorRecipe recipe);

/// Recipe of a name as `to_string` spells it, if there is one.
std::optional<GeneratorRecipe> parse_generator_recipe(std::string_view name);

/// A synthetic block with a legal initial placement.
struct GeneratedBlock {
  Netlist netlist;
  PlcHeader header;
  Canvas canvas;
  /// Hard macros at grid-cell centres, overlapping nothing; soft macros anywhere inside the canvas;
  /// ports fixed along its edge.
  Placement placement;
};

/// Makes a clustered block as Circuit Training's grouping produces them: memories used in banks,
/// soft macros `Grp_<k>` with one `Pinput` and outputs `Poutput_multi_<i>` and
/// `Poutput_single_<i>`, ports in buses. Every node has a hidden location and nets reach mostly to
/// near nodes. The same options give the same block on every machine with IEEE doubles and the same
/// math library.
///
/// If the hard macros cannot be packed at the centres of grid cells, the canvas grows by up to a
/// half of its area, which lowers the utilisation. Throws `OptionError` for an option out of range
/// or if the macros do not fit even then.
GeneratedBlock generate_block(const GeneratorOptions& options);

}  // namespace tessera::netlist_io
