#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tessera::netlist_io {

/// Orientations with the names of LEF/DEF. The order is that of the names in DEF.
enum class Orientation : std::uint8_t { kN, kW, kS, kE, kFN, kFW, kFS, kFE };

/// Offset of a pin from the centre of its node, in microns.
struct Offset {
  double x = 0.0;
  double y = 0.0;
};

/// Returns the orientation called `name` (DEF spelling, upper case), if there is one.
std::optional<Orientation> parse_orientation(std::string_view name);

/// Returns the DEF spelling.
std::string_view to_string(Orientation orientation);

/// Turns an offset given in orientation N into the offset in `orientation`.
constexpr Offset transform(Offset offset, Orientation orientation) {
  switch (orientation) {
    case Orientation::kN:
      return {offset.x, offset.y};
    case Orientation::kFN:
      return {-offset.x, offset.y};
    case Orientation::kS:
      return {-offset.x, -offset.y};
    case Orientation::kFS:
      return {offset.x, -offset.y};
    case Orientation::kE:
      return {offset.y, -offset.x};
    case Orientation::kFE:
      return {-offset.y, -offset.x};
    case Orientation::kW:
      return {-offset.y, offset.x};
    case Orientation::kFW:
      return {offset.y, offset.x};
  }
  return offset;
}

/// The turn that takes `orientation` back to N.
constexpr Orientation inverse(Orientation orientation) {
  if (orientation == Orientation::kE) {
    return Orientation::kW;
  }
  return orientation == Orientation::kW ? Orientation::kE : orientation;
}

/// True for the orientations that exchange width and height (E, FE, W, FW).
constexpr bool swaps_axes(Orientation orientation) {
  switch (orientation) {
    case Orientation::kN:
    case Orientation::kS:
    case Orientation::kFN:
    case Orientation::kFS:
      return false;
    case Orientation::kE:
    case Orientation::kW:
    case Orientation::kFE:
    case Orientation::kFW:
      return true;
  }
  return false;
}

}  // namespace tessera::netlist_io
