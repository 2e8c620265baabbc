#pragma once

#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/cost_report.h"
#include "app/outputs.h"
#include "app/search_flags.h"
#include "netlist_io/placement.h"
#include "placer/macro_spacing.h"

namespace tessera::app {

/// A placement made by `place` or `refine`, and what to say about it.
struct PlacementReport {
  /// `command`, `block`, `cost`, `stages` and the times of the parts are set by the command, the
  /// rest by `deliver`.
  CostReport cost_report;
  netlist_io::Placement placement;
  /// Where the cells of the flat netlist are, if they have been placed.
  std::optional<netlist_io::Placement> flat_placement;
  /// Fixed flags and the positions of what is fixed.
  const netlist_io::Placement* fixed = nullptr;
  std::vector<std::string> input_paths;
  nlohmann::ordered_json details;    ///< further fields of the JSON document
  placer::MacroSpacing spacing;      ///< what hard macros keep free around them
  nlohmann::ordered_json policy;     ///< `policy_payload`, if it is wanted
  nlohmann::ordered_json flat_maps;  ///< `flat_maps_payload`, if the flat netlist was placed
};

/// Writes the outputs, prints the report and returns the exit code. `start`: when the command
/// started.
int deliver(PlacementReport report,
            const OutputFlags& outputs,
            const CommonFlags& flags,
            Clock::time_point start);

}  // namespace tessera::app
