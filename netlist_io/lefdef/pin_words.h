#pragma once

#include <string_view>

#include "netlist_io/lefdef/lef_library.h"

namespace tessera::netlist_io {

/// The direction that `word` means in LEF and DEF.
PinDirection pin_direction(std::string_view word);

/// The use that `word` means in LEF and DEF; reset, scan and tie-off nets count as signals.
PinUse pin_use(std::string_view word);

}  // namespace tessera::netlist_io
