#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/block_clustering.h"
#include "app/input_netlist.h"
#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "netlist_io/plc_header.h"
#include "placer/clustering/clustering.h"
#include "placer/macro_geometry.h"

namespace tessera::app {

/// Flags of every command that reads a block and computes its cost.
struct BlockFlags {
  InputPaths input;
  std::string outside_pins = "clamp";
  std::optional<int> smooth_range;
  std::optional<std::pair<double, double>> routes;
  std::optional<std::pair<double, double>> macro_routes;
  std::optional<std::string> grid;
  std::optional<std::string> canvas;
  std::optional<int> max_grid_cells;
  bool square_soft_macros = false;
  std::vector<double> weights = {1.0, 0.5, 0.5};

  void add_to(CLI::App& command);
  /// The same for a command to which `--plc` gives the placement that it is about: `role`.
  void add_to(CLI::App& command, const char* role);
};

/// The flat netlist that a block was clustered from.
struct FlatBlock {
  netlist_io::Netlist netlist;
  netlist_io::Placement placement;      ///< as in the input
  placer::ClusteringResult clustering;  ///< its netlist moved into the block
  bool positions_from_input = false;    ///< clusters know where the input has the cells
};

/// Signal pins of the hard macros of one LEF master on layers with routing tracks.
struct TrackAlignment {
  std::string master;
  std::size_t pins = 0;
  std::size_t off_track = 0;  ///< those that miss their tracks where the others meet them
  /// Their names in the order of the LEF, all of them: a pin that misses tracks on both axes is
  /// counted twice above and named once.
  std::vector<std::string> off_track_pins;
};

/// Where a constant of the cost comes from, first the source that goes before all others.
enum class ConstantSource {
  kFlag,
  kHeader,   ///< of the `.plc`, or the comments of the netlist
  kLef,      ///< the routing layers of a DEF's technology, `netlist_io::find_routing_tracks`
  kDefault,  ///< Google's binary
};

/// A block as read: netlist, canvas and options in force (explicit flag, then `.plc` header, then
/// the netlist's comments, then the LEF's routing layers, then default).
struct Block {
  std::string name;
  netlist_io::Netlist netlist;
  netlist_io::Canvas canvas;
  cost::CostOptions cost;
  ConstantSource routes_source = ConstantSource::kDefault;
  ConstantSource macro_routes_source = ConstantSource::kDefault;
  /// Header to write: what the input said, and the values in force.
  netlist_io::PlcHeader header;
  /// From `--plc`, else the positions of the netlist with ports fixed.
  netlist_io::Placement placement;
  std::vector<std::string> input_paths;
  std::vector<std::string> warnings;  ///< about the input
  std::vector<std::string> notes;     ///< what was decided about it, for who asks for more
  double read_s = 0.0;
  double cluster_s = 0.0;
  /// Where the design says that macros may stand: halos, manufacturing grid, tracks.
  placer::MacroSpaceOptions macro_rules;
  std::vector<TrackAlignment> tracks;  ///< of the masters that `macro_rules` align, LEF/DEF only
  std::optional<FlatBlock> flat;       ///< if the standard cells have been clustered
  std::optional<LefDefSource> lefdef;
  std::optional<BookshelfSource> bookshelf;

  /// Name of the LEF master of a hard macro; empty if the input has no masters.
  std::string master_name(netlist_io::NodeId macro) const;
  /// The node of a hard macro or a port of the input in `netlist`.
  netlist_io::NodeId node_of(netlist_io::NodeId input_node) const {
    return flat ? flat->clustering.node_of[input_node.index()] : input_node;
  }
};

enum class BlockUse {
  kLooking,  ///< as it is; 10 x 10 cells if it has no grid of its own
  kPlacing,  ///< standard cells become clusters; the grid is selected if the block has none
};

/// Reads the block that the flags name. Throws `netlist_io::ParseError` or `OptionError`, and
/// `netlist_io::InfeasibleError` if no grid takes the macros.
std::unique_ptr<Block> read_block(const BlockFlags& flags,
                                  BlockUse use,
                                  const ClusteringSettings& clustering = {});

}  // namespace tessera::app
