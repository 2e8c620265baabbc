#include "netlist_io/lefdef/lef_library.h"

#include <algorithm>
#include <array>

namespace tessera::netlist_io {
namespace {

/// Orientation of what is turned by `inner` first and by `outer` then.
bool composes(Orientation outer, Orientation inner, Orientation result) {
  constexpr Offset kProbe = {1.0, 2.0};  // has a different image in each orientation
  const Offset composed = transform(transform(kProbe, inner), outer);
  const Offset expected = transform(kProbe, result);
  return composed.x == expected.x && composed.y == expected.y;
}

}  // namespace

bool Symmetry::allows(Orientation from, Orientation to) const {
  struct Image {
    Orientation orientation;
    bool allowed;
  };
  const std::array<Image, 8> images = {{{Orientation::kN, true},
                                        {Orientation::kS, r90 || (x && y)},
                                        {Orientation::kE, r90},
                                        {Orientation::kW, r90},
                                        {Orientation::kFN, y || (x && r90)},
                                        {Orientation::kFS, x || (y && r90)},
                                        {Orientation::kFE, r90 && (x || y)},
                                        {Orientation::kFW, r90 && (x || y)}}};
  return std::any_of(images.begin(), images.end(), [&](const Image& image) {
    return image.allowed && composes(from, image.orientation, to);
  });
}

std::optional<Offset> LefPin::centre() const {
  if (shapes.empty()) {
    return std::nullopt;
  }
  Rect box = shapes.front().rect;
  for (const LefShape& shape : shapes) {
    box.x0 = std::min(box.x0, shape.rect.x0);
    box.y0 = std::min(box.y0, shape.rect.y0);
    box.x1 = std::max(box.x1, shape.rect.x1);
    box.y1 = std::max(box.y1, shape.rect.y1);
  }
  return Offset{(box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2};
}

std::optional<std::uint32_t> LefMaster::find_pin(std::string_view pin_name) const {
  return pin_index.find(pin_name, names_of(pins));
}

std::optional<std::uint32_t> LefLibrary::find_layer(std::string_view name) const {
  return layer_index.find(name, names_of(layers));
}

std::optional<std::uint32_t> LefLibrary::find_site(std::string_view name) const {
  return site_index.find(name, names_of(sites));
}

std::optional<std::uint32_t> LefLibrary::find_master(std::string_view name) const {
  return master_index.find(name, names_of(masters));
}

}  // namespace tessera::netlist_io
