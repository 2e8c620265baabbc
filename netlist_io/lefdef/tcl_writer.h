#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "netlist_io/orientation.h"

namespace tessera::netlist_io {

enum class TclDialect : std::uint8_t {
  kOpenRoad,  ///< `place_macro -macro_name {a/b} -location {x y} -orientation R0 -exact`
  kInnovus,   ///< `placeInstance {a/b} x y R0 -fixed`
};

/// A placed macro as tools take it: lower-left corner of the oriented box, microns.
struct TclMacro {
  std::string name;  ///< without escapes
  double x = 0.0;
  double y = 0.0;
  Orientation orientation = Orientation::kN;
};

/// One line per macro, in the order given, after a comment line; braces, dollars and brackets in
/// names are written so that Tcl takes them literally.
///
/// `place_macro` knows `-exact`, which keeps it from snapping to tracks, since December 2024; its
/// documentation allows R0, MX, MY and R180 only. Other orientations are written all the same.
std::string format_tcl(std::span<const TclMacro> macros, TclDialect dialect);

}  // namespace tessera::netlist_io
