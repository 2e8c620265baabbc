#include "netlist_io/lefdef/die_shape.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace tessera::netlist_io {
namespace {

DefRect bounding_box(std::span<const DefPoint> corners) {
  DefRect box;
  if (!corners.empty()) {
    box = {corners.front(), corners.front()};
  }
  for (const DefPoint& corner : corners) {
    box.lo = {std::min(box.lo.x, corner.x), std::min(box.lo.y, corner.y)};
    box.hi = {std::max(box.hi.x, corner.x), std::max(box.hi.y, corner.y)};
  }
  return box;
}

std::vector<std::int32_t> sorted_ys(std::span<const DefPoint> corners) {
  std::vector<std::int32_t> ys;
  for (const DefPoint& corner : corners) {
    ys.push_back(corner.y);
  }
  std::sort(ys.begin(), ys.end());
  ys.erase(std::unique(ys.begin(), ys.end()), ys.end());
  return ys;
}

/// Positions of the vertical edges that cross the height between two neighbouring ys.
std::vector<std::int32_t> crossings(std::span<const DefPoint> corners,
                                    std::int32_t low,
                                    std::int32_t high) {
  std::vector<std::int32_t> xs;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const DefPoint& a = corners[i];
    const DefPoint& b = corners[(i + 1) % corners.size()];
    if (a.x == b.x && std::min(a.y, b.y) <= low && std::max(a.y, b.y) >= high) {
      xs.push_back(a.x);
    }
  }
  std::sort(xs.begin(), xs.end());
  return xs;
}

struct Core {
  DefRect box;  ///< bounding box of the rows
  std::int32_t row_height = 0;
};

/// None if no row has a known site.
std::optional<Core> core_of(const LefLibrary& library, const DefDesign& design) {
  std::vector<DefPoint> corners;
  std::int32_t row_height = 0;
  for (const DefRow& row : design.rows) {
    const auto index = library.find_site(row.site);
    if (!index) {
      continue;
    }
    const LefSite& site = library.sites[*index];
    const bool turned = swaps_axes(row.orientation);
    const auto dbu = [&](double um) {
      return static_cast<std::int32_t>(std::lround(um * design.database_units));
    };
    const std::int32_t width = dbu(turned ? site.height : site.width);
    const std::int32_t height = dbu(turned ? site.width : site.height);
    const std::int32_t last_x = (row.num_x - 1) * (row.step_x != 0 ? row.step_x : width);
    const std::int32_t last_y = (row.num_y - 1) * (row.step_y != 0 ? row.step_y : height);
    row_height = std::max(row_height, height);
    corners.push_back(row.origin);
    corners.push_back({row.origin.x + last_x + width, row.origin.y + last_y + height});
  }
  if (corners.empty()) {
    return std::nullopt;
  }
  return Core{bounding_box(corners), row_height};
}

/// The frame between a box and another inside it.
std::vector<DefRect> frame(const DefRect& outer, const DefRect& inner) {
  std::vector<DefRect> strips = {
      {outer.lo, {inner.lo.x, outer.hi.y}},
      {{inner.hi.x, outer.lo.y}, outer.hi},
      {{inner.lo.x, outer.lo.y}, {inner.hi.x, inner.lo.y}},
      {{inner.lo.x, inner.hi.y}, {inner.hi.x, outer.hi.y}},
  };
  std::erase_if(strips, [](const DefRect& strip) {
    return strip.lo.x >= strip.hi.x || strip.lo.y >= strip.hi.y;
  });
  return strips;
}

}  // namespace

std::vector<DefRect> outside_of_polygon(std::span<const DefPoint> corners) {
  const DefRect box = bounding_box(corners);
  const std::vector<std::int32_t> ys = sorted_ys(corners);
  std::vector<DefRect> outside;
  for (std::size_t i = 1; i < ys.size(); ++i) {
    // Left of the first edge, right of the last, and between every second pair is outside.
    std::vector<std::int32_t> xs = crossings(corners, ys[i - 1], ys[i]);
    xs.insert(xs.begin(), box.lo.x);
    xs.push_back(box.hi.x);
    for (std::size_t k = 0; k + 1 < xs.size(); k += 2) {
      if (xs[k] < xs[k + 1]) {
        outside.push_back({{xs[k], ys[i - 1]}, {xs[k + 1], ys[i]}});
      }
    }
  }
  return outside;
}

DieShape die_shape(const LefLibrary& library, const DefDesign& design) {
  DieShape shape;
  shape.box = bounding_box(design.die);
  if (design.die.size() > 2) {
    shape.blocked = outside_of_polygon(design.die);
  }
  if (const std::optional<Core> core = core_of(library, design)) {
    DefRect inside = core->box;
    // A margin less than a row high is what whole sites and rows leave over.
    const auto meet = [&](std::int32_t& side, std::int32_t limit) {
      side = std::abs(side - limit) < core->row_height ? limit : side;
    };
    meet(inside.lo.x, shape.box.lo.x);
    meet(inside.lo.y, shape.box.lo.y);
    meet(inside.hi.x, shape.box.hi.x);
    meet(inside.hi.y, shape.box.hi.y);
    const std::vector<DefRect> strips = frame(shape.box, inside);
    shape.blocked.insert(shape.blocked.end(), strips.begin(), strips.end());
  }
  return shape;
}

}  // namespace tessera::netlist_io
