#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "netlist_io/lefdef/def_design.h"

namespace tessera::netlist_io {

/// Where a component goes.
struct DefMove {
  std::uint32_t component = 0;  ///< index into `DefDesign::components`
  DefPoint location;            ///< lower-left corner of the oriented box
  Orientation orientation = Orientation::kN;
  PlacementStatus status = PlacementStatus::kPlaced;
};

/// The text of the design with these components placed and every other byte as it was. A move to
/// where the component stands already, in the same way, changes nothing. Throws
/// `std::invalid_argument` if a component is named twice or does not exist.
std::string format_def(const DefDesign& design, std::span<const DefMove> moves);

}  // namespace tessera::netlist_io
