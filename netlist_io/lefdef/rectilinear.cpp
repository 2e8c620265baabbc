#include "netlist_io/lefdef/rectilinear.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>

namespace tessera::netlist_io {
namespace {

struct VerticalEdge {
  std::int32_t x;
  std::int32_t lo;
  std::int32_t hi;
};

/// The x at which the slab from `lo` to `hi` enters or leaves the polygon, ascending.
std::vector<std::int32_t> crossings(const std::vector<VerticalEdge>& edges,
                                    std::int32_t lo,
                                    std::int32_t hi) {
  std::vector<std::int32_t> xs;
  for (const VerticalEdge& edge : edges) {
    if (edge.lo <= lo && hi <= edge.hi) {
      xs.push_back(edge.x);
    }
  }
  return xs;
}

}  // namespace

std::optional<std::vector<DefRect>> decompose_rectilinear(std::span<const DefPoint> corners) {
  std::vector<VerticalEdge> edges;
  std::vector<std::int32_t> ys;
  for (std::size_t i = 0; i < corners.size(); ++i) {
    const DefPoint a = corners[i];
    const DefPoint b = corners[(i + 1) % corners.size()];
    if (a.x != b.x && a.y != b.y) {
      return std::nullopt;
    }
    if (a.y != b.y) {
      edges.push_back({a.x, std::min(a.y, b.y), std::max(a.y, b.y)});
    }
    ys.push_back(a.y);
  }
  std::sort(edges.begin(), edges.end(), [](const VerticalEdge& a, const VerticalEdge& b) {
    return a.x < b.x;
  });
  std::sort(ys.begin(), ys.end());
  ys.erase(std::unique(ys.begin(), ys.end()), ys.end());

  std::vector<DefRect> rects;
  std::vector<std::int32_t> below;
  for (std::size_t i = 0; i + 1 < ys.size(); ++i) {
    const std::vector<std::int32_t> xs = crossings(edges, ys[i], ys[i + 1]);
    if (xs == below) {  // the same rectangles go on
      for (std::size_t k = 0; k < xs.size() / 2; ++k) {
        rects[rects.size() - 1 - k].hi.y = ys[i + 1];
      }
      continue;
    }
    for (std::size_t k = 0; k + 1 < xs.size(); k += 2) {
      rects.push_back({{xs[k], ys[i]}, {xs[k + 1], ys[i + 1]}});
    }
    below = xs;
  }
  return rects;
}

DefRect bounding_box(std::span<const DefPoint> points) {
  DefRect box = {points.front(), points.front()};
  for (const DefPoint& point : points) {
    box.lo = {std::min(box.lo.x, point.x), std::min(box.lo.y, point.y)};
    box.hi = {std::max(box.hi.x, point.x), std::max(box.hi.y, point.y)};
  }
  return box;
}

}  // namespace tessera::netlist_io
