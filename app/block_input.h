#pragma once

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "netlist_io/plc_header.h"

namespace tessera::app {

/// Flags of every command that reads a block and computes its cost.
struct BlockFlags {
  std::string netlist;  ///< path, or several of one netlist separated by commas
  std::optional<std::string> plc;
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
};

/// A block as read: netlist, canvas and options in force (explicit flag, then `.plc` header, then
/// the netlist's comments, then default).
struct Block {
  std::string name;
  netlist_io::Netlist netlist;
  netlist_io::Canvas canvas;
  cost::CostOptions cost;
  /// Header to write: what the input said, and the values in force.
  netlist_io::PlcHeader header;
  /// From `--plc`, else the positions of the netlist with ports fixed.
  netlist_io::Placement placement;
  std::vector<std::string> input_paths;
  double read_s = 0.0;
};

/// What a block gets that has no grid of its own.
enum class DefaultGrid { kTenByTen, kSelected };

/// Reads the block that the flags name. Throws `netlist_io::ParseError` or `OptionError`.
std::unique_ptr<const Block> read_block(const BlockFlags& flags, DefaultGrid default_grid);

}  // namespace tessera::app
