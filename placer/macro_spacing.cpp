#include "placer/macro_spacing.h"

#include <string>
#include <utility>

#include "netlist_io/errors.h"

namespace tessera::placer {

using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Orientation;

namespace {

void require_length(const char* name, double value) {
  if (!(value >= 0.0 && value < 1e300)) {
    throw OptionError(std::string(name) + " is " + std::to_string(value) +
                      ", but must be finite and >= 0");
  }
}

}  // namespace

Halo turned(const Halo& halo, Orientation orientation) {
  Halo result = halo;
  switch (orientation) {
    case Orientation::kN:
      break;
    case Orientation::kFN:
      std::swap(result.left, result.right);
      break;
    case Orientation::kFS:
      std::swap(result.bottom, result.top);
      break;
    case Orientation::kS:
      std::swap(result.left, result.right);
      std::swap(result.bottom, result.top);
      break;
    case Orientation::kW:  // a quarter turn to the left: the right side comes to the top
      result = {halo.top, halo.left, halo.bottom, halo.right};
      break;
    case Orientation::kE:
      result = {halo.bottom, halo.right, halo.top, halo.left};
      break;
    case Orientation::kFW:
      result = {halo.bottom, halo.left, halo.top, halo.right};
      break;
    case Orientation::kFE:
      result = {halo.top, halo.right, halo.bottom, halo.left};
      break;
  }
  return result;
}

Halo MacroSpacing::halo_of(NodeId macro, Orientation orientation) const {
  Halo halo = {halo_x_um, halo_y_um, halo_x_um, halo_y_um};
  if (own_halos && !own_halos->empty()) {
    const Halo own = turned((*own_halos)[macro.index()], orientation);
    halo = {std::max(halo.left, own.left),
            std::max(halo.bottom, own.bottom),
            std::max(halo.right, own.right),
            std::max(halo.top, own.top)};
  }
  return halo;
}

void MacroSpacing::validate() const {
  require_length("halo_x_um", halo_x_um);
  require_length("halo_y_um", halo_y_um);
  require_length("channel_x_um", channel_x_um);
  require_length("channel_y_um", channel_y_um);
  if (own_halos) {
    for (const Halo& halo : *own_halos) {
      for (const double side : {halo.left, halo.bottom, halo.right, halo.top}) {
        require_length("the halo of a macro", side);
      }
    }
  }
}

}  // namespace tessera::placer
