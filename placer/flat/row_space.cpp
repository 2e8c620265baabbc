#include "placer/flat/row_space.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <map>
#include <string>

#include "netlist_io/errors.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::OptionError;
using netlist_io::Placement;
using netlist_io::Rect;

/// Overlaps below this, microns, come from rounding.
constexpr double kTouch = 5e-7;
/// Blockages from this rate on keep cells out.
constexpr double kBlockingRate = 0.5;

/// The height that most of the nodes have, the lower one of two; 0 without nodes.
double most_common_height(const Netlist& netlist,
                          const Placement& placement,
                          std::span<const NodeId> nodes) {
  constexpr double kUnitsPerMicron = 1e6;
  std::map<long long, std::size_t> counts;
  for (const NodeId node : nodes) {
    ++counts[std::llround(placement.box(netlist, node).height() * kUnitsPerMicron)];
  }
  counts.erase(0);
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) {
        return a.second < b.second;
      });
  return most == counts.end() ? 0.0 : static_cast<double>(most->first) / kUnitsPerMicron;
}

double row_height_of(const Netlist& netlist,
                     const Placement& placement,
                     std::span<const NodeId> movers) {
  std::vector<NodeId> cells;
  std::copy_if(movers.begin(), movers.end(), std::back_inserter(cells), [&](NodeId node) {
    return netlist.kind(node) == netlist_io::NodeKind::kStdCell;
  });
  return most_common_height(
      netlist, placement, cells.empty() ? movers : std::span<const NodeId>(cells));
}

}  // namespace

void RowOptions::validate() const {
  const auto require_not_negative = [](const char* name, double value) {
    if (!(value >= 0.0 && std::isfinite(value))) {
      throw OptionError(std::string(name) + " is " + std::to_string(value) + ", expected >= 0");
    }
  };
  require_not_negative("row_height", row_height);
  require_not_negative("site_width", site_width);
  require_not_negative("origin_x", origin_x);
  require_not_negative("origin_y", origin_y);
  require_not_negative("halo_x", halo_x);
  require_not_negative("halo_y", halo_y);
}

RowSpace::RowSpace(const Canvas& canvas, const RowOptions& options) : options_(options) {
  const double rows = (canvas.height - options.origin_y + kTouch) / options.row_height;
  const RowSpan whole{options.origin_x, snapped_left(canvas.width)};
  free_.resize(rows >= 1.0 && whole.width() > 0.0 ? static_cast<std::size_t>(rows) : 0, {whole});
}

void RowSpace::block(const Rect& box) {
  const auto row_at = [&](double y) {
    return std::clamp(
        (y - options_.origin_y) / options_.row_height, 0.0, static_cast<double>(num_rows()));
  };
  const auto begin = static_cast<std::size_t>(std::floor(row_at(box.y0 + kTouch)));
  const auto end = static_cast<std::size_t>(std::ceil(row_at(box.y1 - kTouch)));
  std::vector<RowSpan> left;
  for (std::size_t row = begin; row < end; ++row) {
    left.clear();
    for (const RowSpan& span : free_[row]) {
      if (box.x1 <= span.x0 + kTouch || box.x0 >= span.x1 - kTouch) {
        left.push_back(span);
        continue;
      }
      if (const RowSpan part{span.x0, snapped_left(box.x0)}; part.width() > kTouch) {
        left.push_back(part);
      }
      if (const RowSpan part{snapped_right(box.x1), span.x1}; part.width() > kTouch) {
        left.push_back(part);
      }
    }
    free_[row] = left;
  }
}

double RowSpace::bottom(std::size_t row) const {
  return options_.origin_y + options_.row_height * static_cast<double>(row);
}

std::size_t RowSpace::nearest_row(double y) const {
  const double row = std::round((y - options_.origin_y) / options_.row_height);
  return static_cast<std::size_t>(std::clamp(row, 0.0, static_cast<double>(num_rows() - 1)));
}

std::size_t RowSpace::rows_high(double height) const {
  return static_cast<std::size_t>(
      std::max(std::ceil((height - kTouch) / options_.row_height), 1.0));
}

double RowSpace::footprint(double width) const {
  const double site = options_.site_width;
  return site > 0.0 ? std::ceil((width - kTouch) / site) * site : width;
}

double RowSpace::snapped(double x) const {
  const double site = options_.site_width;
  return site > 0.0 ? options_.origin_x + std::round((x - options_.origin_x) / site) * site : x;
}

double RowSpace::snapped_right(double x) const {
  const double site = options_.site_width;
  return site > 0.0 ? options_.origin_x + std::ceil((x - kTouch - options_.origin_x) / site) * site
                    : x;
}

double RowSpace::snapped_left(double x) const {
  const double site = options_.site_width;
  return site > 0.0 ? options_.origin_x + std::floor((x + kTouch - options_.origin_x) / site) * site
                    : x;
}

double RowSpace::free_area() const {
  double length = 0.0;
  for (const std::vector<RowSpan>& row : free_) {
    for (const RowSpan& span : row) {
      length += span.width();
    }
  }
  return length * options_.row_height;
}

std::vector<NodeId> row_movers(const Netlist& netlist, const Placement& placement) {
  std::vector<NodeId> movers;
  for (const std::span<const NodeId> nodes : {netlist.soft_macros(), netlist.std_cells()}) {
    std::copy_if(nodes.begin(), nodes.end(), std::back_inserter(movers), [&](NodeId node) {
      return placement.fixed[node.index()] == 0;
    });
  }
  return movers;
}

RowSpace rows_between_obstacles(const Netlist& netlist,
                                const Canvas& canvas,
                                const Placement& placement,
                                std::span<const NodeId> movers,
                                const RowOptions& options) {
  options.validate();
  if (!(canvas.width > 0.0 && canvas.height > 0.0)) {
    throw OptionError("canvas is " + std::to_string(canvas.width) + " x " +
                      std::to_string(canvas.height) + ", expected sides > 0");
  }
  RowOptions rows = options;
  if (rows.row_height == 0.0) {
    rows.row_height = row_height_of(netlist, placement, movers);
  }
  if (rows.row_height == 0.0) {
    rows.row_height = canvas.height;  // nothing with a height moves
  }
  RowSpace space(canvas, rows);
  for (const NodeId macro : netlist.hard_macros()) {
    const Rect box = placement.box(netlist, macro);
    space.block({box.x0 - options.halo_x,
                 box.y0 - options.halo_y,
                 box.x1 + options.halo_x,
                 box.y1 + options.halo_y});
  }
  for (const std::span<const NodeId> nodes : {netlist.soft_macros(), netlist.std_cells()}) {
    for (const NodeId node : nodes) {
      if (placement.fixed[node.index()] != 0) {
        space.block(placement.box(netlist, node));
      }
    }
  }
  for (const netlist_io::Blockage& blockage : canvas.blockages) {
    if (blockage.rate >= kBlockingRate) {
      space.block(blockage.rect);
    }
  }
  return space;
}

RowSegments::RowSegments(const RowSpace& space) {
  for (std::size_t row = 0; row < space.num_rows(); ++row) {
    for (const RowSpan& span : space.free_in(row)) {
      segments_.push_back({static_cast<std::uint32_t>(row), span.x0, span.x1});
    }
    first_.push_back(segments_.size());
  }
}

std::optional<std::size_t> RowSegments::nearest(std::size_t row, double x) const {
  const auto begin = segments_.begin() + static_cast<std::ptrdiff_t>(first_[row]);
  const auto end = segments_.begin() + static_cast<std::ptrdiff_t>(first_[row + 1]);
  if (begin == end) {
    return std::nullopt;
  }
  auto found = std::partition_point(begin, end, [&](const Segment& s) { return s.x1 < x; });
  if (found == end || (found != begin && found->x0 - x > x - std::prev(found)->x1)) {
    --found;
  }
  return static_cast<std::size_t>(found - segments_.begin());
}

}  // namespace tessera::placer
