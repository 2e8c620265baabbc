#include "placer/flat/row_legalizer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "netlist_io/errors.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::Rect;

/// Rounding of sums of widths, microns.
constexpr double kRounding = 1e-9;
constexpr double kFar = std::numeric_limits<double>::infinity();

/// A node that needs a place.
struct Cell {
  NodeId node;
  double x = 0.0;      ///< left end where it wants to be
  double y = 0.0;      ///< bottom
  double width = 0.0;  ///< whole sites
  double height = 0.0;
};

/// Finds room for cells of several rows.
class TallCells {
 public:
  explicit TallCells(RowSpace& space) : space_(space) {}

  /// The lower left corner nearest to where the cell wants to be.
  std::optional<netlist_io::Offset> nearest(const Cell& cell) const {
    const std::size_t high = space_.rows_high(cell.height);
    if (high > space_.num_rows()) {
      return std::nullopt;
    }
    const std::size_t num_rows = space_.num_rows() - high + 1;
    std::optional<netlist_io::Offset> best;
    double best_distance = kFar;
    const std::size_t from = std::min(space_.nearest_row(cell.y), num_rows - 1);
    for_rows_outward(from, num_rows, [&](std::size_t row) {
      const double vertical = std::abs(space_.bottom(row) - cell.y);
      if (vertical >= best_distance) {
        return false;
      }
      for (const std::optional<double> x :
           {first_right(cell, row, high), first_left(cell, row, high)}) {
        if (x && vertical + std::abs(*x - cell.x) < best_distance) {
          best_distance = vertical + std::abs(*x - cell.x);
          best = {*x, space_.bottom(row)};
        }
      }
      return true;
    });
    return best;
  }

 private:
  /// The first place at the cell's x or right of it that is free in `high` rows.
  std::optional<double> first_right(const Cell& cell, std::size_t row, std::size_t high) const {
    double x = space_.snapped_right(cell.x);
    for (std::size_t agreed = 0, i = 0; agreed < high; i = (i + 1) % high) {
      const std::span<const RowSpan> spans = space_.free_in(row + i);
      auto span = std::partition_point(spans.begin(), spans.end(), [&](const RowSpan& s) {
        return s.x1 + kRounding < x + cell.width;
      });
      while (span != spans.end() && std::max(x, span->x0) + cell.width > span->x1 + kRounding) {
        ++span;
      }
      if (span == spans.end()) {
        return std::nullopt;
      }
      agreed = span->x0 > x ? 1 : agreed + 1;
      x = std::max(x, span->x0);
    }
    return x;
  }

  /// The first place at the cell's x or left of it that is free in `high` rows.
  std::optional<double> first_left(const Cell& cell, std::size_t row, std::size_t high) const {
    double x = space_.snapped_left(cell.x);
    for (std::size_t agreed = 0, i = 0; agreed < high; i = (i + 1) % high) {
      const std::span<const RowSpan> spans = space_.free_in(row + i);
      auto after = std::partition_point(
          spans.begin(), spans.end(), [&](const RowSpan& s) { return s.x0 <= x + kRounding; });
      const auto fits = [&](const RowSpan& s) {
        return std::min(x, s.x1 - cell.width) >= s.x0 - kRounding;
      };
      while (after != spans.begin() && !fits(*std::prev(after))) {
        --after;
      }
      if (after == spans.begin()) {
        return std::nullopt;
      }
      const double end = std::prev(after)->x1 - cell.width;
      agreed = end < x ? 1 : agreed + 1;
      x = std::min(x, end);
    }
    return x;
  }

  RowSpace& space_;
};

/// Cells side by side that touch (Abacus): its own best place is `moment / weight`.
struct Cluster {
  double x = 0.0;
  double weight = 0.0;
  double moment = 0.0;  ///< sum over the cells of where each wants the cluster to begin
  double width = 0.0;
  std::size_t num_cells = 0;
};

/// Cells of one segment, from left to right.
class AbacusRow {
 public:
  explicit AbacusRow(const RowSegments::Segment& segment)
      : x0_(segment.x0), x1_(segment.x1), room_(segment.width()) {}

  bool has_room(double width) const { return width <= room_ + kRounding; }

  /// Where the left end of a cell would be that comes last.
  double trial(double x, double width) const {
    std::size_t k = clusters_.size();
    Cluster last = single(x, width);
    while (k > 0 && clusters_[k - 1].x + clusters_[k - 1].width > last.x) {
      last = merged(clusters_[--k], last);
    }
    return last.x + last.width - width;
  }

  /// There must be room for it.
  void append(std::uint32_t cell, double x, double width) {
    Cluster last = single(x, width);
    while (!clusters_.empty() && clusters_.back().x + clusters_.back().width > last.x) {
      last = merged(clusters_.back(), last);
      clusters_.pop_back();
    }
    clusters_.push_back(last);
    cells_.push_back(cell);
    room_ -= width;
  }

  /// Adds a cell without placing any. There must be room for it.
  void take(std::uint32_t cell, double width) {
    cells_.push_back(cell);
    room_ -= width;
  }

  std::vector<std::uint32_t>& cells() { return cells_; }
  const std::vector<std::uint32_t>& cells() const { return cells_; }
  const std::vector<Cluster>& clusters() const { return clusters_; }

 private:
  Cluster at_best(Cluster cluster) const {
    cluster.x = std::max(std::min(cluster.moment / cluster.weight, x1_ - cluster.width), x0_);
    return cluster;
  }
  Cluster single(double x, double width) const { return at_best({0.0, 1.0, x, width, 1}); }
  Cluster merged(const Cluster& a, const Cluster& b) const {
    return at_best({0.0,
                    a.weight + b.weight,
                    a.moment + b.moment - b.weight * a.width,
                    a.width + b.width,
                    a.num_cells + b.num_cells});
  }

  double x0_;
  double x1_;
  double room_;
  std::vector<Cluster> clusters_;
  std::vector<std::uint32_t> cells_;
};

class RowLegalizer {
 public:
  RowLegalizer(const Netlist& netlist,
               const Canvas& canvas,
               const Placement& placement,
               const RowLegalizerOptions& options)
      : netlist_(netlist),
        original_(placement),
        movers_(row_movers(netlist, placement)),
        space_(rows_between_obstacles(netlist, canvas, placement, movers_, options.rows)) {
    result_.placement = placement;
    result_.row_height = space_.row_height();
    result_.num_rows = space_.num_rows();
    result_.num_cells = movers_.size();
  }

  RowLegalizerResult run() {
    sort_by_height();
    check_area();
    place_tall();
    const RowSegments segments(space_);
    if (!place_from_left(segments)) {
      place_widest_first(segments);
    }
    write(segments);
    measure();
    return std::move(result_);
  }

 private:
  Cell cell_of(NodeId node) const {
    const Rect box = original_.box(netlist_, node);
    return {node, box.x0, box.y0, space_.footprint(box.width()), box.height()};
  }

  /// Tall ones by area and the others from left to right.
  void sort_by_height() {
    for (const NodeId node : movers_) {
      const Cell cell = cell_of(node);
      (space_.rows_high(cell.height) > 1 ? tall_ : cells_).push_back(cell);
    }
    result_.num_tall = tall_.size();
    std::sort(tall_.begin(), tall_.end(), [](const Cell& a, const Cell& b) {
      return std::pair(-a.width * a.height, a.node) < std::pair(-b.width * b.height, b.node);
    });
    std::sort(cells_.begin(), cells_.end(), [](const Cell& a, const Cell& b) {
      return std::pair(a.x, a.node) < std::pair(b.x, b.node);
    });
  }

  void check_area() const {
    double area = 0.0;
    for (const std::vector<Cell>* const cells : {&tall_, &cells_}) {
      for (const Cell& cell : *cells) {
        area +=
            cell.width * space_.row_height() * static_cast<double>(space_.rows_high(cell.height));
      }
    }
    constexpr double kTolerance = 1.0 + 1e-9;
    const double free_area = space_.free_area();
    if (area > kTolerance * free_area) {
      throw InfeasibleError("cells take " + std::to_string(area) +
                            " um^2 of the rows, which have " + std::to_string(free_area) +
                            " um^2 free");
    }
  }

  [[noreturn]] void no_room_for(const Cell& cell) const {
    throw InfeasibleError("no row has room left for cell \"" + netlist_.name(cell.node) + "\", " +
                          std::to_string(cell.width) + " x " + std::to_string(cell.height) + " um");
  }

  void place_tall() {
    const TallCells room(space_);
    for (const Cell& cell : tall_) {
      const std::optional<netlist_io::Offset> corner = room.nearest(cell);
      if (!corner) {
        no_room_for(cell);
      }
      put(cell, corner->x, corner->y);
      space_.block(
          {corner->x,
           corner->y,
           corner->x + cell.width,
           corner->y + static_cast<double>(space_.rows_high(cell.height)) * space_.row_height()});
    }
  }

  void put(const Cell& cell, double x, double y) {
    const std::size_t node = cell.node.index();
    const Rect box = original_.box(netlist_, cell.node);
    result_.placement.x[node] = x + 0.5 * box.width();
    result_.placement.y[node] = y + 0.5 * box.height();
    result_.placement.placed[node] = 1;
  }

  static std::vector<AbacusRow> empty_rows(const RowSegments& segments) {
    std::vector<AbacusRow> rows;
    rows.reserve(segments.size());
    for (std::size_t i = 0; i < segments.size(); ++i) {
      rows.emplace_back(segments[i]);
    }
    return rows;
  }

  /// The nearest segment in `row` with room for the cell, on either side of where it wants to be.
  /// Calls `visit(segment)` with up to two.
  template <typename Visit>
  void for_roomy_segments(const RowSegments& segments,
                          std::size_t row,
                          const Cell& cell,
                          Visit visit) const {
    const std::optional<std::size_t> nearest = segments.nearest(row, cell.x);
    if (!nearest) {
      return;
    }
    if (rows_[*nearest].has_room(cell.width)) {
      visit(*nearest);
    }
    for (std::size_t i = *nearest + 1; i < segments.first(row + 1); ++i) {
      if (rows_[i].has_room(cell.width)) {
        visit(i);
        break;
      }
    }
    for (std::size_t i = *nearest; i > segments.first(row); --i) {
      if (rows_[i - 1].has_room(cell.width)) {
        visit(i - 1);
        break;
      }
    }
  }

  /// The segment for which `cost(segment, bound)` is least.
  template <typename Cost>
  std::optional<std::size_t> best_segment(const RowSegments& segments,
                                          const Cell& cell,
                                          Cost cost) const {
    std::optional<std::size_t> best;
    double best_cost = kFar;
    if (space_.num_rows() == 0) {
      return best;
    }
    for_rows_outward(space_.nearest_row(cell.y), space_.num_rows(), [&](std::size_t row) {
      const double dy = space_.bottom(row) - cell.y;
      if (dy * dy >= best_cost) {
        return false;
      }
      for_roomy_segments(segments, row, cell, [&](std::size_t segment) {
        const RowSegments::Segment& place = segments[segment];
        const double outside = std::max({place.x0 - cell.x, cell.x + cell.width - place.x1, 0.0});
        if (outside * outside + dy * dy >= best_cost) {
          return;
        }
        const double dx = cost(segment) - cell.x;
        if (dx * dx + dy * dy < best_cost) {
          best_cost = dx * dx + dy * dy;
          best = segment;
        }
      });
      return true;
    });
    return best;
  }

  /// Abacus. Returns false if it leads to a cell without room.
  bool place_from_left(const RowSegments& segments) {
    rows_ = empty_rows(segments);
    for (std::uint32_t i = 0; i < cells_.size(); ++i) {
      const Cell& cell = cells_[i];
      const auto best = best_segment(segments, cell, [&](std::size_t segment) {
        return rows_[segment].trial(cell.x, cell.width);
      });
      if (!best) {
        return false;
      }
      rows_[*best].append(i, cell.x, cell.width);
    }
    return true;
  }

  /// Shares out the room to the widest cells first, and only then places the cells of each segment.
  void place_widest_first(const RowSegments& segments) {
    rows_ = empty_rows(segments);
    std::vector<std::uint32_t> order(cells_.size());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return cells_[a].width > cells_[b].width;
    });
    for (const std::uint32_t i : order) {
      const Cell& cell = cells_[i];
      const auto best = best_segment(segments, cell, [&](std::size_t segment) {
        const RowSegments::Segment& place = segments[segment];
        return std::clamp(cell.x, place.x0, std::max(place.x1 - cell.width, place.x0));
      });
      if (!best) {
        no_room_for(cell);
      }
      rows_[*best].take(i, cell.width);
    }
    for (std::size_t segment = 0; segment < segments.size(); ++segment) {
      std::vector<std::uint32_t> members = std::move(rows_[segment].cells());
      std::sort(members.begin(), members.end());
      rows_[segment] = AbacusRow(segments[segment]);
      for (const std::uint32_t i : members) {
        rows_[segment].append(i, cells_[i].x, cells_[i].width);
      }
    }
  }

  /// Clusters begin at sites; as all widths are whole sites, they stay apart.
  void write(const RowSegments& segments) {
    for (std::size_t segment = 0; segment < segments.size(); ++segment) {
      const double y = space_.bottom(segments[segment].row);
      std::size_t next = 0;
      for (const Cluster& cluster : rows_[segment].clusters()) {
        double x = space_.snapped(cluster.x);
        for (std::size_t k = 0; k < cluster.num_cells; ++k, ++next) {
          const Cell& cell = cells_[rows_[segment].cells()[next]];
          put(cell, x, y);
          x += cell.width;
        }
      }
    }
  }

  void measure() {
    double total = 0.0;
    for (const NodeId node : movers_) {
      const std::size_t i = node.index();
      const double displacement = std::abs(result_.placement.x[i] - original_.x[i]) +
                                  std::abs(result_.placement.y[i] - original_.y[i]);
      total += displacement;
      result_.max_displacement_um = std::max(result_.max_displacement_um, displacement);
    }
    result_.mean_displacement_um =
        total / static_cast<double>(std::max<std::size_t>(movers_.size(), 1));
  }

  const Netlist& netlist_;
  const Placement& original_;
  std::vector<NodeId> movers_;
  RowSpace space_;
  std::vector<Cell> tall_;
  std::vector<Cell> cells_;
  std::vector<AbacusRow> rows_;  ///< [segments]
  RowLegalizerResult result_;
};

}  // namespace

RowLegalizerResult legalize_rows(const Netlist& netlist,
                                 const Canvas& canvas,
                                 const Placement& placement,
                                 const RowLegalizerOptions& options) {
  if (placement.size() != netlist.num_nodes()) {
    throw std::invalid_argument("the placement has " + std::to_string(placement.size()) +
                                " nodes, the netlist " + std::to_string(netlist.num_nodes()));
  }
  return RowLegalizer(netlist, canvas, placement, options).run();
}

}  // namespace tessera::placer
