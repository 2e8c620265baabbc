#pragma once

#include <cstddef>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// How a placement breaks the rules.
struct LegalityReport {
  std::size_t overlaps = 0;     ///< pairs of hard macros overlapping on both axes
  std::size_t outside = 0;      ///< macros, hard or soft, whose box leaves the canvas
  std::size_t moved_fixed = 0;  ///< ports and fixed nodes that are not where the reference has them

  bool legal() const { return overlaps == 0 && outside == 0 && moved_fixed == 0; }
};

/// Largest overlap or overhang, in microns, that counts as none.
inline constexpr double kLegalityTolerance = 1e-6;

/// Checks boxes as they stand, turned by their orientation. `reference`: where fixed nodes belong;
/// may be the placement itself. O(n log n) plus close pairs.
LegalityReport check_legality(const netlist_io::Netlist& netlist,
                              const netlist_io::Canvas& canvas,
                              const netlist_io::Placement& placement,
                              const netlist_io::Placement& reference);

}  // namespace tessera::placer
