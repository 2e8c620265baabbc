#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/canvas.h"

namespace tessera::netlist_io {

/// Horizontal and vertical numbers of routing tracks per micron.
struct RoutesPerMicron {
  double horizontal = 0.0;
  double vertical = 0.0;
};

/// The header fields of a `.plc` file that matter to us; absent where the file does not say.
struct PlcHeader {
  std::optional<int> cols;
  std::optional<int> rows;
  std::optional<double> width;   ///< canvas, microns
  std::optional<double> height;  ///< canvas, microns
  std::optional<RoutesPerMicron> routes;
  std::optional<RoutesPerMicron> macro_routes;
  std::optional<double> smoothing_factor;
  std::optional<double> overlap_threshold;
  std::optional<std::string> project;
  std::optional<std::string> block;
  std::vector<Blockage> blockages;
};

}  // namespace tessera::netlist_io
