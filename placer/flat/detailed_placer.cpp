#include "placer/flat/detailed_placer.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "cost/edge_use.h"
#include "netlist_io/errors.h"
#include "placer/flat/cell_nets.h"
#include "placer/flat/cell_rows.h"
#include "placer/flat/row_shift.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::OptionError;
using netlist_io::Placement;
using Extent = CellNets::Extent;
using Move = CellNets::Move;

/// A gain below this, microns, is rounding.
constexpr double kLeastGainUm = 1e-6;
/// What is missing of a gap when this much narrower, microns, comes from rounding.
constexpr double kRounding = 1e-9;
// Tuned on three blocks of 88 to 156 thousand cells: half or twice as many of any of these change
// the wirelength by less than 0.1 %.
/// Rows tried for a cell, from that of its best place outward; those that cannot gain do not count.
constexpr int kRowsTried = 8;
/// Rows looked at on either side of that of the best place, which may be amid a macro.
constexpr std::size_t kRowsAway = 150;
/// Neighbours on each side that may give way for a cell.
constexpr std::size_t kMostPushed = 3;
/// Cells on each side of a best place that are tried as partners of a swap.
constexpr std::size_t kPartners = 2;

/// A convex piecewise linear function of a place: what nets cost that reach over some extents.
class NetPull {
 public:
  void clear() {
    ends_.clear();
    weight_ = 0.0;
  }
  void add(const Extent& extent, double weight) {
    ends_.push_back({extent.lo, weight});
    ends_.push_back({extent.hi, weight});
    weight_ += weight;
  }
  /// Where the function is least.
  Extent best() {
    std::sort(ends_.begin(), ends_.end(), [](const End& a, const End& b) { return a.at < b.at; });
    Extent result;
    double slope = -weight_;
    for (const End& end : ends_) {
      slope += end.weight;
      if (slope > -kFlat && result.lo > result.hi) {
        result = {end.at, end.at};
      } else if (slope > -kFlat) {
        result.hi = end.at;
      }
      if (slope > kFlat) {
        break;
      }
    }
    return result;
  }
  /// Relative to the extents' own lengths.
  double cost(double at) const {
    double sum = 0.0;
    for (const End& end : ends_) {
      sum += 0.5 * end.weight * std::abs(at - end.at);
    }
    return sum;
  }

 private:
  static constexpr double kFlat = 1e-9;
  struct End {
    double at;
    double weight;
  };
  std::vector<End> ends_;
  double weight_ = 0.0;
};

/// A way to change some cells: the first one moves, the others swap with it or give way.
struct Candidate {
  double change = -kLeastGainUm;
  std::vector<Move> moves;
  std::size_t segment = 0;
  std::size_t index = 0;  ///< in `segment`, without the cell
  bool swaps = false;     ///< with the cell at `index`
};

class GlobalSwap {
 public:
  GlobalSwap(CellRows& rows, CellNets& nets) : rows_(rows), nets_(nets) {}

  void run(DetailedPlacerResult& result) {
    for (std::uint32_t cell = 0; cell < rows_.num_cells(); ++cell) {
      if (!nets_.nets_of(cell).empty() && wants_elsewhere(cell)) {
        improve(cell, result);
      }
    }
  }

 private:
  /// Finds the best place of a cell and whether it is nearer to its nets.
  bool wants_elsewhere(std::uint32_t cell) {
    pull_x_.clear();
    pull_y_.clear();
    for (const std::uint32_t net : nets_.nets_of(cell)) {
      const CellNets::Box others = nets_.without(net, cell);
      pull_x_.add(others.x, nets_.weight(net));
      pull_y_.add(others.y, nets_.weight(net));
    }
    const Extent best_x = pull_x_.best();
    const Extent best_y = pull_y_.best();
    target_x_ = std::clamp(nets_.x(cell), best_x.lo, best_x.hi);
    target_y_ = std::clamp(nets_.y(cell), best_y.lo, best_y.hi);
    cost_now_ = pull_x_.cost(nets_.x(cell)) + pull_y_.cost(nets_.y(cell));
    best_cost_x_ = pull_x_.cost(target_x_);
    return gains(best_cost_x_ + pull_y_.cost(target_y_));
  }

  void improve(std::uint32_t cell, DetailedPlacerResult& result) {
    home_segment_ = rows_.segment(cell);
    home_index_ = rows_.remove(cell);
    hole_ = rows_.gap(home_segment_, home_index_);
    best_.change = -kLeastGainUm;
    best_.moves.clear();
    try_rows(cell);
    if (best_.moves.empty()) {
      rows_.insert(cell, home_segment_, home_index_, rows_.left(cell));
      return;
    }
    commit(cell);
    ++(best_.swaps ? result.swaps : result.moves);
  }

  void commit(std::uint32_t cell) {
    if (best_.swaps) {
      const std::uint32_t partner = best_.moves[1].cell;
      rows_.replace(best_.segment, best_.index, cell, rows_.left_for(cell, best_.moves[0].x));
      rows_.insert(partner, home_segment_, home_index_, rows_.left_for(partner, best_.moves[1].x));
    } else {
      for (const Move& move : std::span(best_.moves).subspan(1)) {
        rows_.shift(move.cell, rows_.left_for(move.cell, move.x));
      }
      rows_.insert(cell, best_.segment, best_.index, rows_.left_for(cell, best_.moves[0].x));
    }
    nets_.apply(best_.moves);
  }

  /// Tries rows outward from the best place as long as a place in them can be better than now.
  void try_rows(std::uint32_t cell) {
    const std::size_t middle = rows_.space().nearest_row(rows_.bottom_for(cell, target_y_));
    int left = kRowsTried;
    for_rows_outward(middle, rows_.space().num_rows(), [&](std::size_t row) {
      const std::size_t away = row > middle ? row - middle : middle - row;
      const double cost_y = pull_y_.cost(rows_.centre_y_in_row(cell, row));
      if (left == 0 || away > kRowsAway || (away > 0 && !gains(best_cost_x_ + cost_y))) {
        return false;
      }
      left -= try_row(cell, row, cost_y) ? 1 : 0;
      return true;
    });
  }

  bool gains(double cost) const { return cost_now_ - cost > kLeastGainUm; }

  /// Returns false if no place in the row can be better than now.
  bool try_row(std::uint32_t cell, std::size_t row, double cost_y) {
    const auto segment = rows_.segments().nearest(row, target_x_);
    if (!segment) {
      return false;
    }
    const RowSegments::Segment& place = rows_.segments()[*segment];
    const double half = 0.5 * rows_.width(cell);
    const double nearest = std::max(std::min(target_x_, place.x1 - half), place.x0 + half);
    if (!gains(pull_x_.cost(nearest) + cost_y)) {
      return false;
    }
    const double left = rows_.space().snapped(rows_.left_for(cell, target_x_));
    const std::size_t index = rows_.index_at(*segment, left);
    try_insert(cell, *segment, index, left);
    const std::size_t num_cells = rows_.cells_in(*segment).size();
    const std::size_t end = std::min(index + kPartners, num_cells);
    for (std::size_t k = index - std::min(index, kPartners); k < end; ++k) {
      try_swap(cell, *segment, k, left);
    }
    return true;
  }

  void consider(std::size_t segment, std::size_t index, bool swaps) {
    const double change = nets_.change(moves_);
    if (change < best_.change) {
      best_.change = change;
      best_.moves.assign(moves_.begin(), moves_.end());
      best_.segment = segment;
      best_.index = index;
      best_.swaps = swaps;
    }
  }

  void add_move(std::uint32_t cell, std::size_t segment, double left) {
    moves_.push_back({cell, rows_.centre_x(cell, left), rows_.centre_y(cell, segment)});
  }

  static bool fits(const RowSpan& span, double width) { return span.width() >= width - kRounding; }

  /// What is free between two neighbours once they and a few more are pushed aside.
  RowSpan room_by_pushing(std::size_t segment, std::size_t index) const {
    const std::span<const std::uint32_t> members = rows_.cells_in(segment);
    const std::size_t first = index - std::min(index, kMostPushed);
    const std::size_t last = std::min(index + kMostPushed, members.size());
    RowSpan room = {rows_.gap(segment, first).x0, rows_.gap(segment, last).x1};
    for (std::size_t k = first; k < index; ++k) {
      room.x0 += rows_.width(members[k]);
    }
    for (std::size_t k = index; k < last; ++k) {
      room.x1 -= rows_.width(members[k]);
    }
    return room;
  }

  /// Puts the cell between two others, which may push more of them.
  void try_insert(std::uint32_t cell, std::size_t segment, std::size_t index, double left) {
    const double width = rows_.width(cell);
    const std::span<const std::uint32_t> members = rows_.cells_in(segment);
    RowSpan room = rows_.gap(segment, index);
    if (!fits(room, width)) {
      room = room_by_pushing(segment, index);
    }
    if (!fits(room, width)) {
      return;
    }
    const double x = std::max(std::min(left, room.x1 - width), room.x0);
    moves_.clear();
    add_move(cell, segment, x);
    double end = x;
    for (std::size_t k = index; k > 0 && rows_.right(members[k - 1]) > end; --k) {
      end -= rows_.width(members[k - 1]);
      add_move(members[k - 1], segment, end);
    }
    end = x + width;
    for (std::size_t k = index; k < members.size() && rows_.left(members[k]) < end; ++k) {
      add_move(members[k], segment, end);
      end += rows_.width(members[k]);
    }
    consider(segment, index, false);
  }

  /// Swaps the cell with another where both fit between their neighbours.
  void try_swap(std::uint32_t cell, std::size_t segment, std::size_t index, double left) {
    const std::uint32_t partner = rows_.cells_in(segment)[index];
    if (segment == home_segment_ && (index == home_index_ || index + 1 == home_index_)) {
      return;  // neighbours: the hole is no place of its own
    }
    const RowSpan room = {rows_.gap(segment, index).x0, rows_.gap(segment, index + 1).x1};
    if (!fits(room, rows_.width(cell)) || !fits(hole_, rows_.width(partner))) {
      return;
    }
    const auto inside = [&](std::uint32_t which, const RowSpan& span, double x) {
      return std::max(std::min(x, span.x1 - rows_.width(which)), span.x0);
    };
    const double back = rows_.space().snapped(rows_.left_for(partner, nets_.x(cell)));
    moves_.clear();
    add_move(cell, segment, inside(cell, room, left));
    add_move(partner, home_segment_, inside(partner, hole_, back));
    consider(segment, index, true);
  }

  CellRows& rows_;
  CellNets& nets_;
  NetPull pull_x_;
  NetPull pull_y_;
  double target_x_ = 0.0;  ///< best centre of the cell at hand
  double target_y_ = 0.0;
  double cost_now_ = 0.0;
  double best_cost_x_ = 0.0;
  std::size_t home_segment_ = 0;
  std::size_t home_index_ = 0;
  RowSpan hole_;  ///< what the cell leaves behind
  Candidate best_;
  std::vector<Move> moves_;
};

/// Tries all orders of three neighbours.
class Reordering {
 public:
  Reordering(CellRows& rows, CellNets& nets) : rows_(rows), nets_(nets), slot_(nets.num_nets()) {}

  void run(DetailedPlacerResult& result) {
    for (std::size_t segment = 0; segment < rows_.segments().size(); ++segment) {
      for (std::size_t first = 0; first + kWindow <= rows_.cells_in(segment).size(); ++first) {
        result.reorders += improve(segment, first) ? 1 : 0;
      }
    }
  }

 private:
  static constexpr std::size_t kWindow = 3;
  using Order = std::array<std::size_t, kWindow>;
  using Places = std::array<double, kWindow>;

  /// A net of the window.
  struct WindowNet {
    Extent others;
    double weight = 0.0;
    std::uint32_t net = 0;
    unsigned members = 0;  ///< bit per cell of the window
  };

  bool improve(std::size_t segment, std::size_t first) {
    std::array<std::uint32_t, kWindow> cells{};
    std::copy_n(rows_.cells_in(segment).begin() + static_cast<std::ptrdiff_t>(first),
                kWindow,
                cells.begin());
    collect_nets(cells);
    Order order = {0, 1, 2};
    Order best_order = order;
    const double before = cost(lefts(cells, order), cells);
    double best = before - kLeastGainUm;
    while (std::next_permutation(order.begin(), order.end())) {
      const double now = cost(lefts(cells, order), cells);
      if (now < best) {
        best = now;
        best_order = order;
      }
    }
    if (best_order == Order{0, 1, 2}) {
      return false;
    }
    commit(segment, first, cells, best_order);
    return true;
  }

  void collect_nets(const std::array<std::uint32_t, kWindow>& cells) {
    window_.clear();
    for (std::size_t k = 0; k < kWindow; ++k) {
      for (const std::uint32_t net : nets_.nets_of(cells[k])) {
        if (slot_[net] >= window_.size() || window_[slot_[net]].net != net) {
          slot_[net] = static_cast<std::uint32_t>(window_.size());
          window_.push_back({{}, nets_.weight(net), net, 0});
        }
        window_[slot_[net]].members |= 1U << k;
      }
    }
    for (WindowNet& one : window_) {
      const bool single = (one.members & (one.members - 1)) == 0;
      if (single) {
        const std::size_t k = one.members == 1U ? 0 : one.members == 2U ? 1 : 2;
        one.others = nets_.without(one.net, cells[k]).x;
      } else {
        one.others = nets_.x_without(one.net, [&](std::uint32_t cell) {
          return std::find(cells.begin(), cells.end(), cell) != cells.end();
        });
      }
    }
  }

  /// Left ends, by cell, of the window in an order. Gaps stay where they are in the order.
  Places lefts(const std::array<std::uint32_t, kWindow>& cells, const Order& order) const {
    Places places{};
    double x = rows_.left(cells[0]);
    for (std::size_t k = 0; k < kWindow; ++k) {
      places[order[k]] = x;
      x += rows_.width(cells[order[k]]);
      if (k + 1 < kWindow) {
        x += rows_.left(cells[k + 1]) - rows_.right(cells[k]);
      }
    }
    return places;
  }

  double cost(const Places& places, const std::array<std::uint32_t, kWindow>& cells) const {
    Places centres{};
    for (std::size_t k = 0; k < kWindow; ++k) {
      centres[k] = rows_.centre_x(cells[k], places[k]);
    }
    double sum = 0.0;
    for (const WindowNet& one : window_) {
      Extent extent = one.others;
      for (std::size_t k = 0; k < kWindow; ++k) {
        if ((one.members >> k & 1U) != 0) {
          extent.add(centres[k]);
        }
      }
      sum += one.weight * (extent.hi - extent.lo);
    }
    return sum;
  }

  void commit(std::size_t segment,
              std::size_t first,
              const std::array<std::uint32_t, kWindow>& cells,
              const Order& order) {
    const Places places = lefts(cells, order);
    std::array<Move, kWindow> moves{};
    for (std::size_t k = 0; k < kWindow; ++k) {
      const std::uint32_t cell = cells[order[k]];
      rows_.replace(segment, first + k, cell, places[order[k]]);
      moves[k] = {cell, rows_.centre_x(cell, places[order[k]]), nets_.y(cell)};
    }
    nets_.apply(moves);
  }

  CellRows& rows_;
  CellNets& nets_;
  std::vector<WindowNet> window_;
  std::vector<std::uint32_t> slot_;  ///< [nets]: in `window_`, if that is its net
};

/// Shifts the cells of whole segments to their best places in the order they have.
class Shifting {
 public:
  Shifting(CellRows& rows, CellNets& nets) : rows_(rows), nets_(nets), spans_(nets.num_nets()) {}

  void run(DetailedPlacerResult& result) {
    for (std::size_t segment = 0; segment < rows_.segments().size(); ++segment) {
      result.shifts += !rows_.cells_in(segment).empty() && improve(segment) ? 1 : 0;
    }
  }

 private:
  /// The cells of a net in the segment at hand, and where its others are.
  struct NetSpan {
    std::uint32_t stamp = 0;
    std::uint32_t first = 0;
    std::uint32_t last = 0;
    Extent others;
  };

  bool improve(std::size_t segment) {
    const std::span<const std::uint32_t> members = rows_.cells_in(segment);
    collect_spans(segment, members);
    shift_.clear();
    for (const std::uint32_t cell : members) {
      add_cell(cell);
    }
    const RowSegments::Segment& place = rows_.segments()[segment];
    const std::span<const double> lefts = shift_.solve(place.x0, place.x1);
    moves_.clear();
    for (std::size_t i = 0; i < members.size(); ++i) {
      if (lefts[i] != rows_.left(members[i])) {
        moves_.push_back({members[i], rows_.centre_x(members[i], lefts[i]), nets_.y(members[i])});
      }
    }
    if (moves_.empty() || nets_.change(moves_) > -kLeastGainUm) {
      return false;
    }
    nets_.apply(moves_);
    for (std::size_t i = 0; i < members.size(); ++i) {
      rows_.shift(members[i], lefts[i]);
    }
    return true;
  }

  void collect_spans(std::size_t segment, std::span<const std::uint32_t> members) {
    ++stamp_;
    touched_.clear();
    for (const std::uint32_t cell : members) {
      for (const std::uint32_t net : nets_.nets_of(cell)) {
        NetSpan& span = spans_[net];
        if (span.stamp != stamp_) {
          span = {stamp_, cell, cell, {}};
          touched_.push_back(net);
        }
        span.last = cell;
      }
    }
    for (const std::uint32_t net : touched_) {
      NetSpan& span = spans_[net];
      span.others = span.first == span.last ? nets_.without(net, span.first).x
                                            : nets_.x_without(net, [&](std::uint32_t cell) {
                                                return rows_.segment(cell) == segment;
                                              });
    }
  }

  /// Each net pulls the first of its cells to the right and the last to the left, up to the others.
  void add_cell(std::uint32_t cell) {
    double slope = 0.0;
    bends_.clear();
    for (const std::uint32_t net : nets_.nets_of(cell)) {
      const NetSpan& span = spans_[net];
      const bool has_others = span.others.lo <= span.others.hi;
      const double weight = nets_.weight(net);
      if (span.first == cell) {
        slope -= weight;
        if (has_others) {
          bends_.push_back({span.others.lo, weight});
        }
      }
      if (span.last == cell) {
        if (has_others) {
          bends_.push_back({span.others.hi, weight});
        } else {
          slope += weight;
        }
      }
    }
    shift_.add_cell(rows_.left(cell), rows_.width(cell), slope);
    for (const Bend& bend : bends_) {
      add_bend(rows_.left_for(cell, bend.at), bend.rise);
    }
  }

  /// Between two sites the cost is that of the chord, so that only sites are corners.
  void add_bend(double at, double rise) {
    const double left = rows_.space().snapped_left(at);
    const double right = rows_.space().snapped_right(at);
    const double part = right > left ? std::clamp((at - left) / (right - left), 0.0, 1.0) : 0.0;
    if (part < 1.0) {
      shift_.add_bend(left, rise * (1.0 - part));
    }
    if (part > 0.0) {
      shift_.add_bend(right, rise * part);
    }
  }

  struct Bend {
    double at;
    double rise;
  };

  CellRows& rows_;
  CellNets& nets_;
  RowShift shift_;
  std::uint32_t stamp_ = 0;
  std::vector<NetSpan> spans_;  ///< [nets]
  std::vector<std::uint32_t> touched_;
  std::vector<Bend> bends_;
  std::vector<Move> moves_;
};

}  // namespace

void DetailedPlacerOptions::validate() const {
  rows.validate();
  if (passes < 0) {
    throw OptionError("passes is " + std::to_string(passes) + ", expected >= 0");
  }
  if (max_sinks < 1) {
    throw OptionError("max_sinks is " + std::to_string(max_sinks) + ", expected >= 1");
  }
}

DetailedPlacerResult place_detailed(const Netlist& netlist,
                                    const Canvas& canvas,
                                    const Placement& placement,
                                    const DetailedPlacerOptions& options) {
  options.validate();
  if (placement.size() != netlist.num_nodes()) {
    throw std::invalid_argument("the placement has " + std::to_string(placement.size()) +
                                " nodes, the netlist " + std::to_string(netlist.num_nodes()));
  }
  DetailedPlacerResult result;
  result.placement = placement;
  result.hpwl_before_um = cost::flat_hpwl(netlist, placement, options.max_sinks);
  CellRows rows(netlist, canvas, placement, options.rows);
  CellNets nets(netlist, placement, rows.nodes(), options.max_sinks);
  GlobalSwap swapping(rows, nets);
  Reordering reordering(rows, nets);
  Shifting shifting(rows, nets);
  const auto stopped = [&] { return options.stop && options.stop(); };
  for (int pass = 0; pass < options.passes && !stopped(); ++pass) {
    swapping.run(result);
    if (!stopped()) {
      reordering.run(result);
      shifting.run(result);
    }
  }
  rows.write(result.placement);
  result.hpwl_um = cost::flat_hpwl(netlist, result.placement, options.max_sinks);
  if (result.hpwl_um >= result.hpwl_before_um) {  // nothing gained but rounding
    result.placement = placement;
    result.hpwl_um = result.hpwl_before_um;
  }
  return result;
}

}  // namespace tessera::placer
