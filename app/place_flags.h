#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <CLI/CLI.hpp>

#include "app/block_input.h"
#include "placer/macro_geometry.h"
#include "placer/macro_problem.h"

namespace tessera::app {

/// Flags that shape the environment, the same for placing and for learning to place.
struct EnvironmentFlags {
  std::string order = "area";
  std::string prior = "force-directed";
  std::string cluster_placer = "gradient";
  std::vector<double> halo = {0.0};     ///< microns: X, or X and Y
  std::vector<double> channel = {0.0};  ///< microns: X, or X and Y
  std::optional<std::string> halo_file;
  std::optional<std::string> fix;
  std::optional<std::string> macro_groups;

  void add_to(CLI::App& command);

  /// The block's placement with the hard macros that `--fix` names marked as fixed. Throws
  /// `netlist_io::OptionError` for a bad pattern.
  netlist_io::Placement apply_fixes(const Block& block) const;

  /// Where hard macros may stand: the design's rules and these flags.
  placer::MacroSpaceOptions space_options(const Block& block) const;
  placer::MacroProblemOptions problem_options(const Block& block) const;
};

}  // namespace tessera::app
