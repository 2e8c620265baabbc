#pragma once

#include <optional>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/generator.h"
#include "netlist_io/generator_library.h"

// Internal to the generator: the canvas, its grid and a legal packing of the hard macros.

namespace tessera::netlist_io::generator {

struct Point {
  double x = 0.0;  ///< microns
  double y = 0.0;  ///< microns
};

struct Floorplan {
  Canvas canvas;
  std::vector<Point> centres;  ///< per macro, at the centre of a grid cell
};

/// Packs the macros, in descending area, each at the first legal grid cell in row-major order, as
/// Circuit Training's grid selection does. Returns nothing if one of them does not fit.
std::optional<std::vector<Point>> pack_first_fit(const MacroLibrary& library, const Canvas& canvas);

/// Chooses canvas and grid such that `pack_first_fit` succeeds. Throws `OptionError` otherwise.
Floorplan make_floorplan(const GeneratorOptions& options, const MacroLibrary& library);

}  // namespace tessera::netlist_io::generator
