#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "netlist_io/generator.h"
#include "netlist_io/orientation.h"

// Internal to the generator: the macro masters of a synthetic block and how they are used.

namespace tessera::netlist_io::generator {

/// A location in the unit square that decides who is connected with whom.
struct HiddenPoint {
  double x = 0.0;
  double y = 0.0;
};

enum class PinRole : std::uint8_t { kAddress, kDataIn, kDataOut, kUnconnected };

struct MasterPin {
  std::string name;
  PinRole role = PinRole::kUnconnected;
  Offset offset;  ///< microns from the centre
};

/// A macro type.
struct Master {
  double width = 0.0;   ///< microns
  double height = 0.0;  ///< microns
  std::vector<MasterPin> pins;
};

/// Macros of one master that work together; they are numbered `first` .. `first + size - 1`.
struct Bank {
  std::size_t master = 0;
  std::size_t first = 0;
  std::size_t size = 0;
  HiddenPoint location;
};

struct MacroLibrary {
  std::vector<Master> masters;
  std::vector<Bank> banks;
  std::vector<std::size_t> master_of;  ///< per macro
  std::vector<std::string> names;      ///< per macro

  const Master& master(std::size_t macro) const { return masters[master_of[macro]]; }
  /// Area of all macros, square microns.
  double total_area() const;
};

/// Draws masters and banks. Sizes are multiples of 0.01 um, pin offsets of 0.005 um.
MacroLibrary make_library(const GeneratorMacroOptions& options, std::uint64_t seed);

/// A port and where it is, as a fraction of the way round the canvas, counterclockwise from the
/// lower-left corner; every side is a quarter.
struct PortPlan {
  std::string name;
  std::size_t bus = 0;
  bool is_input = true;  ///< drives a net into the block
  double perimeter = 0.0;
};

/// Ports in buses, in the order in which they lie around the canvas.
std::vector<PortPlan> make_ports(int count, std::uint64_t seed);

/// Side of the canvas a port lies on.
Side side_of(const PortPlan& port);

/// Location of a port on the edge of the unit square.
HiddenPoint location_of(const PortPlan& port);

}  // namespace tessera::netlist_io::generator
