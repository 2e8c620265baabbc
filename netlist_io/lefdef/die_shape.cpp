#include "netlist_io/lefdef/die_shape.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>

#include "netlist_io/lefdef/rectilinear.h"

namespace tessera::netlist_io {
namespace {

struct Core {
  DefRect box;  ///< bounding box of the rows
  std::int32_t row_height = 0;
};

/// Where the last of `count` sites ends.
std::int32_t row_end(std::int64_t origin,
                     std::int64_t count,
                     std::int64_t step,
                     std::int64_t size) {
  const std::int64_t end = origin + (count - 1) * (step != 0 ? step : size) + size;
  return static_cast<std::int32_t>(std::clamp<std::int64_t>(
      end, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

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
      constexpr double kMost = std::numeric_limits<std::int32_t>::max();
      return static_cast<std::int32_t>(std::lround(std::min(um * design.database_units, kMost)));
    };
    const std::int32_t width = dbu(turned ? site.height : site.width);
    const std::int32_t height = dbu(turned ? site.width : site.height);
    row_height = std::max(row_height, height);
    corners.push_back(row.origin);
    corners.push_back({row_end(row.origin.x, row.num_x, row.step_x, width),
                       row_end(row.origin.y, row.num_y, row.step_y, height)});
  }
  if (corners.empty()) {
    return std::nullopt;
  }
  return Core{bounding_box(corners), row_height};
}

DefPoint clamped(const DefPoint& point, const DefRect& box) {
  return {std::clamp(point.x, box.lo.x, box.hi.x), std::clamp(point.y, box.lo.y, box.hi.y)};
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
  const std::optional<std::vector<DefRect>> inside = decompose_rectilinear(corners);
  if (!inside || inside->empty()) {
    return {};
  }
  const DefRect box = bounding_box(corners);
  std::vector<DefRect> outside;
  const auto add = [&outside](const DefRect& gap) {
    if (gap.lo.x < gap.hi.x) {
      outside.push_back(gap);
    }
  };
  std::int32_t done = box.lo.x;  // of the row of rectangles that `rect` is in
  for (std::size_t i = 0; i < inside->size(); ++i) {
    const DefRect& rect = (*inside)[i];
    add({{done, rect.lo.y}, {rect.lo.x, rect.hi.y}});
    done = rect.hi.x;
    const bool last = i + 1 == inside->size() || (*inside)[i + 1].lo.y != rect.lo.y;
    if (last) {
      add({{done, rect.lo.y}, {box.hi.x, rect.hi.y}});
      done = box.lo.x;
    }
  }
  return outside;
}

DieShape die_shape(const LefLibrary& library, const DefDesign& design) {
  DieShape shape;
  if (design.die.empty()) {
    return shape;
  }
  shape.box = bounding_box(design.die);
  if (design.die.size() > 2) {
    shape.blocked = outside_of_polygon(design.die);
  }
  if (const std::optional<Core> core = core_of(library, design)) {
    DefRect inside = core->box;
    inside.lo = clamped(inside.lo, shape.box);
    inside.hi = clamped(inside.hi, shape.box);
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
