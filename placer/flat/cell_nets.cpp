#include "placer/flat/cell_nets.h"

#include <numeric>

#include "netlist_io/orientation.h"

namespace tessera::placer {
namespace {

using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::PinId;
using netlist_io::Placement;

constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
constexpr std::uint32_t kSeveral = kNone;

/// A net as found, before sorting.
struct Draft {
  std::uint32_t first = 0;  ///< into a list of cells
  std::uint32_t count = 0;
  std::uint32_t least = 0;  ///< of its cells
  double weight = 0.0;
  CellNets::Box fixed;
};

}  // namespace

CellNets::CellNets(const Netlist& netlist,
                   const Placement& placement,
                   std::span<const NodeId> cells,
                   int max_sinks) {
  for (const NodeId cell : cells) {
    x_.push_back(placement.x[cell.index()]);
    y_.push_back(placement.y[cell.index()]);
  }
  collect(netlist, placement, cells, max_sinks);
  link_cells(cells.size());
  trial_.resize(num_nets());
  extremes_.resize(num_nets());
  for (std::uint32_t net = 0; net < num_nets(); ++net) {
    refresh(net);
  }
}

void CellNets::collect(const Netlist& netlist,
                       const Placement& placement,
                       std::span<const NodeId> cells,
                       int max_sinks) {
  std::vector<std::uint32_t> cell_of_node(netlist.num_nodes(), kNone);
  for (std::size_t i = 0; i < cells.size(); ++i) {
    cell_of_node[cells[i].index()] = static_cast<std::uint32_t>(i);
  }
  std::vector<Draft> drafts;
  std::vector<std::uint32_t> members;
  for (std::size_t i = 0; i < netlist.num_nets(); ++i) {
    const std::span<const PinId> pins = netlist.pins_of(NetId(i));
    if (pins.size() - 1 > static_cast<std::size_t>(max_sinks)) {
      continue;
    }
    Draft draft;
    draft.weight = netlist.weight(NetId(i));
    draft.first = static_cast<std::uint32_t>(members.size());
    for (const PinId pin : pins) {
      const std::size_t node = netlist.pin_node(pin).index();
      if (cell_of_node[node] != kNone) {
        members.push_back(cell_of_node[node]);
        continue;
      }
      const Offset offset = transform(netlist.pin_offset(pin), placement.orientation[node]);
      draft.fixed.x.add(placement.x[node] + offset.x);
      draft.fixed.y.add(placement.y[node] + offset.y);
    }
    const auto begin = members.begin() + draft.first;
    std::sort(begin, members.end());
    members.erase(std::unique(begin, members.end()), members.end());
    draft.count = static_cast<std::uint32_t>(members.size()) - draft.first;
    const bool has_fixed = draft.fixed.x.lo <= draft.fixed.x.hi;
    if (draft.count + (has_fixed ? 1 : 0) < 2 || draft.count == 0) {
      members.resize(draft.first);
      continue;
    }
    draft.least = members[draft.first];
    drafts.push_back(draft);
  }
  std::stable_sort(drafts.begin(), drafts.end(), [](const Draft& a, const Draft& b) {
    return a.least < b.least;
  });
  for (const Draft& draft : drafts) {
    weight_.push_back(draft.weight);
    fixed_.push_back(draft.fixed);
    net_cells_.insert(net_cells_.end(),
                      members.begin() + draft.first,
                      members.begin() + draft.first + draft.count);
    net_start_.push_back(static_cast<std::uint32_t>(net_cells_.size()));
  }
}

void CellNets::link_cells(std::size_t num_cells) {
  cell_start_.assign(num_cells + 1, 0);
  for (const std::uint32_t cell : net_cells_) {
    ++cell_start_[cell + 1];
  }
  std::partial_sum(cell_start_.begin(), cell_start_.end(), cell_start_.begin());
  cell_nets_.resize(net_cells_.size());
  std::vector<std::uint32_t> next(cell_start_.begin(), cell_start_.end() - 1);
  for (std::uint32_t net = 0; net < num_nets(); ++net) {
    for (const std::uint32_t cell : cells_of(net)) {
      cell_nets_[next[cell]++] = net;
    }
  }
}

void CellNets::refresh(std::uint32_t net) {
  Extremes extremes;
  const auto add_fixed = [](const Extent& extent, Range& range) {
    range.lo1 = extent.lo;
    range.hi1 = extent.hi;
  };
  add_fixed(fixed_[net].x, extremes.x);
  add_fixed(fixed_[net].y, extremes.y);
  for (const std::uint32_t cell : cells_of(net)) {
    extremes.x.add(x_[cell]);
    extremes.y.add(y_[cell]);
  }
  extremes_[net] = extremes;
}

void CellNets::begin_trial(std::span<const Move> moves) {
  ++stamp_;
  touched_.clear();
  for (const Move& move : moves) {
    for (const std::uint32_t net : nets_of(move.cell)) {
      Trial& trial = trial_[net];
      if (trial.stamp != stamp_) {
        trial = {stamp_, move.cell};
        touched_.push_back(net);
      } else {
        trial.cell = kSeveral;
      }
    }
  }
}

double CellNets::length_in_trial(std::uint32_t net, std::span<const Move> moves) const {
  const auto move_of = [&](std::uint32_t cell) {
    return std::find_if(
        moves.begin(), moves.end(), [&](const Move& move) { return move.cell == cell; });
  };
  if (trial_[net].cell != kSeveral) {
    const auto move = move_of(trial_[net].cell);
    const Box others = without(net, move->cell);
    return others.x.length_with(move->x) + others.y.length_with(move->y);
  }
  Box box = fixed_[net];
  for (const std::uint32_t cell : cells_of(net)) {
    const auto move = move_of(cell);
    const bool moves_on = move != moves.end();
    box.x.add(moves_on ? move->x : x_[cell]);
    box.y.add(moves_on ? move->y : y_[cell]);
  }
  return box.x.hi - box.x.lo + box.y.hi - box.y.lo;
}

double CellNets::change(std::span<const Move> moves) {
  begin_trial(moves);
  double sum = 0.0;
  for (const std::uint32_t net : touched_) {
    const double before = extremes_[net].x.length() + extremes_[net].y.length();
    sum += weight_[net] * (length_in_trial(net, moves) - before);
  }
  return sum;
}

void CellNets::apply(std::span<const Move> moves) {
  begin_trial(moves);
  for (const Move& move : moves) {
    x_[move.cell] = move.x;
    y_[move.cell] = move.y;
  }
  for (const std::uint32_t net : touched_) {
    refresh(net);
  }
}

}  // namespace tessera::placer
