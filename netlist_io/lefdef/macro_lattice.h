#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/design_netlist.h"
#include "netlist_io/lefdef/lef_library.h"

namespace tessera::netlist_io {

/// Where the corners of macros may stand so that they lie on the manufacturing grid and, as far as
/// the tracks allow, the centres of their pins on routing tracks. Canvas coordinates, microns.
struct MacroLattice {
  /// Where the lower-left corner of a master's box may stand, by orientation: at
  /// `x + k * unit_um[0]`, at `y + k * unit_um[1]`.
  struct Phase {
    std::array<double, 8> x{};
    std::array<double, 8> y{};
  };
  /// How many of a master's signal pins the lattice brings onto tracks; by axis.
  struct Alignment {
    std::array<std::size_t, 2> pins{};     ///< on layers with tracks across this axis
    std::array<std::size_t, 2> aligned{};  ///< of them, on a track in orientation N
    /// The others, as indices into the pins of the master, ascending, each once.
    std::vector<std::uint32_t> off_track;
  };

  std::array<double, 2> unit_um{};
  std::vector<Phase> phase;          ///< by master; zero for masters not asked for
  std::vector<Alignment> alignment;  ///< by master
};

/// For the hard macros of `netlist`, that of `source`, which is one of `design`. Vertical tracks
/// bind x, horizontal ones y: of the track pitches on an axis, the one that serves most pins is the
/// unit; a macro then stands where most of its pins meet their tracks. Without tracks that serve
/// any pin, and where these are not on the manufacturing grid, the unit is that of the
/// manufacturing grid, or a database unit.
MacroLattice find_macro_lattice(const LefLibrary& library,
                                const DefDesign& design,
                                const DesignNetlist& source,
                                const Netlist& netlist);

}  // namespace tessera::netlist_io
