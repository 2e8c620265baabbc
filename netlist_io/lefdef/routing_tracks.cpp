#include "netlist_io/lefdef/routing_tracks.h"

#include <algorithm>
#include <cstddef>
#include <utility>
#include <vector>

namespace tessera::netlist_io {
namespace {

/// Part of a macro's area from which on a layer counts as blocked over the whole macro. The public
/// memories of ASAP7 and SKY130 cover all of each layer that they use; of the top one, obstructions
/// alone cover 51 to 100 %, pins the rest.
constexpr double kBlockedPart = 0.5;

/// Tracks per micron by layer; 0 for layers without any.
using LayerTracks = std::vector<RoutesPerMicron>;

bool is_routing(const LefLibrary& library, std::size_t layer) {
  return library.layers[layer].kind == LayerKind::kRouting;
}

bool carries_signal(const LefPin& pin) {
  return pin.use != PinUse::kPower && pin.use != PinUse::kGround;
}

/// The lowest routing layer with signal pins of standard cells.
std::optional<std::size_t> lowest_cell_pin_layer(const LefLibrary& library) {
  std::optional<std::size_t> lowest;
  for (const LefMaster& master : library.masters) {
    if (master.master_class != MasterClass::kCore) {
      continue;
    }
    for (const LefPin& pin : master.pins) {
      for (const LefShape& shape : pin.shapes) {
        if (carries_signal(pin) && is_routing(library, shape.layer)) {
          lowest = std::min<std::size_t>(lowest.value_or(shape.layer), shape.layer);
        }
      }
    }
  }
  return lowest;
}

/// The lowest layer that counts.
std::size_t first_free_layer(const LefLibrary& library) {
  std::optional<std::size_t> taken = lowest_cell_pin_layer(library);
  for (std::size_t layer = 0; !taken && layer < library.layers.size(); ++layer) {
    if (is_routing(library, layer)) {
      taken = layer;
    }
  }
  return taken ? *taken + 1 : library.layers.size();
}

LayerTracks tracks_of_layers(const LefLibrary& library) {
  LayerTracks tracks(library.layers.size());
  for (std::size_t i = first_free_layer(library); i < tracks.size(); ++i) {
    const LefLayer& layer = library.layers[i];
    if (layer.kind != LayerKind::kRouting) {
      continue;
    }
    if (layer.direction == LayerDirection::kHorizontal && layer.pitch_y > 0.0) {
      tracks[i].horizontal = 1.0 / layer.pitch_y;
    } else if (layer.direction == LayerDirection::kVertical && layer.pitch_x > 0.0) {
      tracks[i].vertical = 1.0 / layer.pitch_x;
    }
  }
  return tracks;
}

void add(const RoutesPerMicron& tracks, double factor, RoutesPerMicron& sum) {
  sum.horizontal += factor * tracks.horizontal;
  sum.vertical += factor * tracks.vertical;
}

/// Adds to `covered`, by layer, the area of the shapes inside the master's box. Where shapes
/// overlap, as obstructions may below pins, the area counts for each.
void add_covered_area(const LefMaster& master,
                      std::span<const LefShape> shapes,
                      std::vector<double>& covered) {
  for (const LefShape& shape : shapes) {
    const double width = std::min(shape.rect.x1, master.width) - std::max(shape.rect.x0, 0.0);
    const double height = std::min(shape.rect.y1, master.height) - std::max(shape.rect.y0, 0.0);
    covered[shape.layer] += std::max(width, 0.0) * std::max(height, 0.0);
  }
}

bool has_routing_obstructions(const LefLibrary& library, const LefMaster& master) {
  return std::any_of(master.obstructions.begin(),
                     master.obstructions.end(),
                     [&](const LefShape& shape) { return is_routing(library, shape.layer); });
}

RoutesPerMicron blocked_tracks(const LefMaster& master, const LayerTracks& tracks) {
  std::vector<double> covered(tracks.size());
  add_covered_area(master, master.obstructions, covered);
  for (const LefPin& pin : master.pins) {
    add_covered_area(master, pin.shapes, covered);
  }
  RoutesPerMicron blocked;
  for (std::size_t layer = 0; layer < tracks.size(); ++layer) {
    if (covered[layer] >= kBlockedPart * master.width * master.height) {
      add(tracks[layer], 1.0, blocked);
    }
  }
  return blocked;
}

/// Mean over the macros whose masters have obstructions; none if there is no such macro.
std::optional<RoutesPerMicron> mean_blocked_tracks(const LefLibrary& library,
                                                   std::span<const std::uint32_t> macro_masters,
                                                   const LayerTracks& tracks) {
  std::vector<std::size_t> num_macros(library.masters.size());
  for (const std::uint32_t master : macro_masters) {
    ++num_macros[master];
  }
  RoutesPerMicron sum;
  double total_area = 0.0;
  for (std::size_t m = 0; m < num_macros.size(); ++m) {
    const LefMaster& master = library.masters[m];
    if (num_macros[m] > 0 && has_routing_obstructions(library, master)) {
      const double area = static_cast<double>(num_macros[m]) * master.width * master.height;
      add(blocked_tracks(master, tracks), area, sum);
      total_area += area;
    }
  }
  if (!(total_area > 0.0)) {
    return std::nullopt;
  }
  return RoutesPerMicron{sum.horizontal / total_area, sum.vertical / total_area};
}

RoutingTracksResult lacking(std::string what) {
  return {std::nullopt, std::move(what)};
}

}  // namespace

RoutingTracksResult find_routing_tracks(const LefLibrary& library,
                                        std::span<const std::uint32_t> macro_masters) {
  const LayerTracks tracks = tracks_of_layers(library);
  RoutingTracks found;
  for (const RoutesPerMicron& layer : tracks) {
    add(layer, 1.0, found.routes);
  }
  for (const auto& [count, direction] : {std::pair(found.routes.horizontal, "horizontal"),
                                         std::pair(found.routes.vertical, "vertical")}) {
    if (!(count > 0.0)) {
      return lacking("no " + std::string(direction) +
                     " routing layer with a pitch lies above the pins of the standard cells");
    }
  }
  if (!macro_masters.empty()) {
    const std::optional<RoutesPerMicron> blocked =
        mean_blocked_tracks(library, macro_masters, tracks);
    if (!blocked) {
      return lacking("no hard macro has obstructions on routing layers");
    }
    found.macro_routes = *blocked;
  }
  return {found, ""};
}

}  // namespace tessera::netlist_io
