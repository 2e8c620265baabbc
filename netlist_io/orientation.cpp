#include "netlist_io/orientation.h"

#include <array>
#include <cstddef>

namespace tessera::netlist_io {
namespace {

constexpr std::array<std::string_view, 8> kNames = {"N", "W", "S", "E", "FN", "FW", "FS", "FE"};

}  // namespace

std::optional<Orientation> parse_orientation(std::string_view name) {
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (kNames[i] == name) {
      return static_cast<Orientation>(i);
    }
  }
  return std::nullopt;
}

std::string_view to_string(Orientation orientation) {
  return kNames[static_cast<std::size_t>(orientation)];
}

}  // namespace tessera::netlist_io
