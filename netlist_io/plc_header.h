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

/// Reads the `#` comments in front of the first line that holds anything else, of a `.plc` or of a
/// netlist. Unknown comments are ignored; of a repeated field the last counts; blockages add up.
/// Throws `ParseError`, in which `name` stands for the path, if a known field has no usable value.
PlcHeader parse_plc_header(std::string_view text, const std::string& name);

/// Header in force where a netlist and a `.plc` both say something, as in Circuit Training: the
/// `.plc` wins, except that blockages come from the first of the two that has any.
PlcHeader merge_headers(const PlcHeader& netlist, const PlcHeader& plc);

}  // namespace tessera::netlist_io
