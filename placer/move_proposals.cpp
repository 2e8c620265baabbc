#include "placer/move_proposals.h"

#include <algorithm>
#include <limits>
#include <unordered_map>

namespace tessera::placer {

using cost::Cell;
using cost::IncrementalCost;
using cost::IncrementalModel;
using cost::NodeMove;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Rng;

namespace {

/// The orientation mirrored left to right, upside down, or both: the four that keep width and
/// height as they are.
Orientation mirrored(Orientation orientation, bool left_to_right, bool upside_down) {
  constexpr std::array<Orientation, 4> kUpright = {
      Orientation::kN, Orientation::kFN, Orientation::kFS, Orientation::kS};
  constexpr std::array<Orientation, 4> kTurned = {
      Orientation::kE, Orientation::kFE, Orientation::kFW, Orientation::kW};
  const auto& orientations = netlist_io::swaps_axes(orientation) ? kTurned : kUpright;
  const auto index = static_cast<std::size_t>(
      std::find(orientations.begin(), orientations.end(), orientation) - orientations.begin());
  return orientations[index ^ (left_to_right ? 1U : 0U) ^ (upside_down ? 2U : 0U)];
}

}  // namespace

std::string_view to_string(Proposal proposal) {
  constexpr std::array<std::string_view, kNumProposals> kNames = {"soft shift",
                                                                  "soft optimal",
                                                                  "soft route shift",
                                                                  "soft swap",
                                                                  "soft jump",
                                                                  "hard shift",
                                                                  "hard slide",
                                                                  "hard optimal",
                                                                  "hard swap",
                                                                  "hard flip",
                                                                  "group shift"};
  return kNames[static_cast<std::size_t>(proposal)];
}

MoveProposals::MoveProposals(const SearchProblem& problem) : problem_(&problem) {
  find_companions();
}

/// Ties each soft macro to the hard macro with which it shares most net weight.
void MoveProposals::find_companions() {
  const IncrementalModel& model = problem_->model();
  constexpr std::uint32_t kNone = std::numeric_limits<std::uint32_t>::max();
  std::vector<std::uint32_t> hard_index(problem_->netlist().num_nodes(), kNone);
  for (std::size_t i = 0; i < problem_->movable_hard().size(); ++i) {
    hard_index[problem_->movable_hard()[i].index()] = static_cast<std::uint32_t>(i);
  }
  struct Tie {
    NodeId node;
    double weight = 0.0;
  };
  std::vector<std::vector<Tie>> ties(problem_->movable_hard().size());
  for (const NodeId soft : problem_->movable_soft()) {
    std::unordered_map<std::uint32_t, double> shared;
    for (const auto net : model.nets_of(soft.index())) {
      const auto points = model.points_of(net);
      for (const auto point : points) {
        const std::uint32_t hard = hard_index[model.node_of_point(point)];
        if (hard != kNone) {
          shared[hard] += model.wire_weight(net) / static_cast<double>(points.size() - 1);
        }
      }
    }
    std::uint32_t best = kNone;
    for (const auto& [hard, weight] : shared) {
      if (best == kNone || weight > shared[best] || (weight == shared[best] && hard < best)) {
        best = hard;
      }
    }
    if (best != kNone) {
      ties[best].push_back({soft, shared[best]});
    }
  }
  constexpr std::size_t kMost = 8;
  for (std::vector<Tie>& of_hard : ties) {
    std::stable_sort(of_hard.begin(), of_hard.end(), [](const Tie& a, const Tie& b) {
      return a.weight > b.weight;
    });
    std::vector<NodeId>& nodes = companions_.emplace_back();
    for (std::size_t i = 0; i < std::min(kMost, of_hard.size()); ++i) {
      nodes.push_back(of_hard[i].node);
    }
  }
}

bool MoveProposals::possible(Proposal proposal) const {
  const std::size_t num_soft = problem_->movable_soft().size();
  const std::size_t num_hard = problem_->movable_hard().size();
  switch (proposal) {
    case Proposal::kSoftShift:
    case Proposal::kSoftOptimal:
    case Proposal::kSoftRouteShift:
    case Proposal::kSoftJump:
      return num_soft > 0;
    case Proposal::kSoftSwap:
      return num_soft > 1;
    case Proposal::kHardShift:
    case Proposal::kHardOptimal:
    case Proposal::kHardFlip:
    case Proposal::kGroupShift:
      return num_hard > 0;
    case Proposal::kHardSlide:
      return num_hard > 0 && problem_->options().placement_class == PlacementClass::kFree;
    case Proposal::kHardSwap:
      return std::any_of(problem_->movable_hard().begin(),
                         problem_->movable_hard().end(),
                         [this](NodeId macro) { return problem_->hard_of_size(macro).size() > 1; });
  }
  return false;
}

std::span<const NodeMove> MoveProposals::draw(Proposal proposal,
                                              const SearchState& state,
                                              double step,
                                              Rng& rng) {
  moves_.clear();
  switch (proposal) {
    case Proposal::kSoftShift:
      shift_soft(state, step, rng);
      break;
    case Proposal::kSoftOptimal:
      shift_soft_to_optimum(state, rng);
      break;
    case Proposal::kSoftRouteShift:
      shift_soft_out_of_hot_cell(state, rng);
      break;
    case Proposal::kSoftSwap:
      swap_soft(state, rng);
      break;
    case Proposal::kSoftJump:
      jump_soft(state, rng);
      break;
    case Proposal::kHardShift:
      shift_hard(state, step, rng);
      break;
    case Proposal::kHardSlide:
      slide_hard(state, rng);
      break;
    case Proposal::kHardOptimal:
      shift_hard_to_optimum(state, step, rng);
      break;
    case Proposal::kHardSwap:
      swap_hard(state, step, rng);
      break;
    case Proposal::kHardFlip:
      flip_hard(state, rng);
      break;
    case Proposal::kGroupShift:
      shift_group(state, step, rng);
      break;
  }
  return moves_;
}

NodeId MoveProposals::any_soft(Rng& rng) const {
  return problem_->movable_soft()[rng.below(problem_->movable_soft().size())];
}

NodeId MoveProposals::any_hard(Rng& rng) const {
  return problem_->movable_hard()[rng.below(problem_->movable_hard().size())];
}

void MoveProposals::add_soft(const SearchState& state, NodeId node, double x, double y) {
  moves_.push_back(problem_->settle_soft({node, x, y, state.cost().orientation(node)}));
}

/// Adds a hard macro at the place nearest to (x, y); false if that is where it stands.
bool MoveProposals::add_hard(const SearchState& state, NodeId node, double x, double y) {
  const IncrementalCost& cost = state.cost();
  const NodeMove move = state.snap({node, x, y, cost.orientation(node)});
  moves_.push_back(move);
  return move.x != cost.x(node) || move.y != cost.y(node);
}

void MoveProposals::shift_soft(const SearchState& state, double step, Rng& rng) {
  const NodeId node = any_soft(rng);
  add_soft(state,
           node,
           state.cost().x(node) + rng.uniform(-step, step) * problem_->canvas().width,
           state.cost().y(node) + rng.uniform(-step, step) * problem_->canvas().height);
}

/// The interval in which the weighted sum of distances to the ends is least.
MoveProposals::Interval MoveProposals::median_interval(std::vector<WeightedEnd>& ends) {
  std::sort(ends.begin(), ends.end(), [](const WeightedEnd& a, const WeightedEnd& b) {
    return a.position < b.position;
  });
  double total = 0.0;
  for (const WeightedEnd& end : ends) {
    total += end.weight;
  }
  double below = 0.0;
  for (std::size_t i = 0; i < ends.size(); ++i) {
    below += ends[i].weight;
    if (2.0 * below == total && i + 1 < ends.size()) {
      return {ends[i].position, ends[i + 1].position};
    }
    if (2.0 * below >= total) {
      return {ends[i].position, ends[i].position};
    }
  }
  return {ends.back().position, ends.back().position};
}

/// Sets `optimal_x_` and `optimal_y_` to where the centre of the node makes its nets shortest, all
/// else staying in place; to its own position if it has no nets to elsewhere.
void MoveProposals::measure_optimal_region(const SearchState& state, NodeId node) {
  const IncrementalModel& model = problem_->model();
  const IncrementalCost& cost = state.cost();
  ends_x_.clear();
  ends_y_.clear();
  const std::uint32_t first_own = model.first_point(node.index());
  const std::uint32_t end_own = model.end_point(node.index());
  for (const auto net : model.nets_of(node.index())) {
    double x0 = std::numeric_limits<double>::infinity();
    double x1 = -x0;
    double y0 = x0;
    double y1 = -x0;
    double own_x = 0.0;
    double own_y = 0.0;
    bool others = false;
    for (const auto point : model.points_of(net)) {
      const double x = cost.point_x(point);
      const double y = cost.point_y(point);
      if (point >= first_own && point < end_own) {
        own_x = x - cost.x(node);  // of several own pins, the last stands for all
        own_y = y - cost.y(node);
        continue;
      }
      others = true;
      x0 = std::min(x0, x);
      x1 = std::max(x1, x);
      y0 = std::min(y0, y);
      y1 = std::max(y1, y);
    }
    if (others) {
      const double weight = model.wire_weight(net);
      ends_x_.push_back({x0 - own_x, weight});
      ends_x_.push_back({x1 - own_x, weight});
      ends_y_.push_back({y0 - own_y, weight});
      ends_y_.push_back({y1 - own_y, weight});
    }
  }
  if (ends_x_.empty()) {
    optimal_x_ = {cost.x(node), cost.x(node)};
    optimal_y_ = {cost.y(node), cost.y(node)};
    return;
  }
  optimal_x_ = median_interval(ends_x_);
  optimal_y_ = median_interval(ends_y_);
}

void MoveProposals::shift_soft_to_optimum(const SearchState& state, Rng& rng) {
  constexpr double kMarginCells = 0.5;
  const NodeId node = any_soft(rng);
  measure_optimal_region(state, node);
  const double margin_x = kMarginCells * problem_->canvas().cell_width();
  const double margin_y = kMarginCells * problem_->canvas().cell_height();
  const double x = rng.uniform(optimal_x_.low - margin_x, optimal_x_.high + margin_x);
  const double y = rng.uniform(optimal_y_.low - margin_y, optimal_y_.high + margin_y);
  // All the way, or a part of it, or along one axis only.
  const std::uint64_t way = rng.below(4);
  const double part = way == 0 ? rng.uniform() : 1.0;
  const double dx = x - state.cost().x(node);
  const double dy = y - state.cost().y(node);
  add_soft(state,
           node,
           state.cost().x(node) + (way == 1 ? 0.0 : part * dx),
           state.cost().y(node) + (way == 2 ? 0.0 : part * dy));
}

/// Routes run along the row of their source and the column of their sinks: a pin that leaves that
/// row or column takes them along.
void MoveProposals::shift_soft_out_of_hot_cell(const SearchState& state, Rng& rng) {
  constexpr int kTries = 48;
  const IncrementalCost& cost = state.cost();
  const netlist_io::Canvas& canvas = problem_->canvas();
  const double threshold = cost.congestion_threshold();
  const bool horizontal = rng.below(2) == 0;
  Cell hot;
  bool found = false;
  for (int i = 0; i < kTries && !found; ++i) {
    hot = {static_cast<int>(rng.below(static_cast<std::uint64_t>(canvas.grid.cols))),
           static_cast<int>(rng.below(static_cast<std::uint64_t>(canvas.grid.rows)))};
    found =
        (horizontal ? cost.horizontal_congestion(hot) : cost.vertical_congestion(hot)) >= threshold;
  }
  for (int i = 0; i < kTries && found; ++i) {
    const NodeId node = any_soft(rng);
    const auto point = problem_->model().first_point(node.index());
    if (point == problem_->model().end_point(node.index())) {
      continue;
    }
    const Cell cell = cost.point_cell(point);
    if (horizontal ? cell.row != hot.row : cell.col != hot.col) {
      continue;
    }
    const double way = rng.below(2) == 0 ? -1.0 : 1.0;
    add_soft(state,
             node,
             cost.x(node) + (horizontal ? 0.0 : way * canvas.cell_width()),
             cost.y(node) + (horizontal ? way * canvas.cell_height() : 0.0));
    return;
  }
}

void MoveProposals::swap_soft(const SearchState& state, Rng& rng) {
  const NodeId a = any_soft(rng);
  const NodeId b = any_soft(rng);
  if (a != b) {
    add_soft(state, a, state.cost().x(b), state.cost().y(b));
    add_soft(state, b, state.cost().x(a), state.cost().y(a));
  }
}

void MoveProposals::jump_soft(const SearchState& state, Rng& rng) {
  const IncrementalModel& model = problem_->model();
  const NodeId node = any_soft(rng);
  const auto nets = model.nets_of(node.index());
  if (nets.empty()) {
    return;
  }
  const auto points = model.points_of(nets[rng.below(nets.size())]);
  const auto point = points[rng.below(points.size())];
  const netlist_io::Canvas& canvas = problem_->canvas();
  add_soft(state,
           node,
           state.cost().point_x(point) + rng.uniform(-1.0, 1.0) * canvas.cell_width(),
           state.cost().point_y(point) + rng.uniform(-1.0, 1.0) * canvas.cell_height());
}

void MoveProposals::shift_hard(const SearchState& state, double step, Rng& rng) {
  const NodeId node = any_hard(rng);
  const netlist_io::Canvas& canvas = problem_->canvas();
  const bool grid = problem_->options().placement_class == PlacementClass::kGrid;
  const double reach_x = std::max(step * canvas.width, grid ? 1.01 * canvas.cell_width() : 0.0);
  const double reach_y = std::max(step * canvas.height, grid ? 1.01 * canvas.cell_height() : 0.0);
  const std::uint64_t axis = rng.below(4);
  const double dx = axis == 0 ? 0.0 : rng.uniform(-reach_x, reach_x);
  const double dy = axis == 1 ? 0.0 : rng.uniform(-reach_y, reach_y);
  if (!add_hard(state, node, state.cost().x(node) + dx, state.cost().y(node) + dy) ||
      !state.fits(moves_)) {
    moves_.clear();
  }
}

void MoveProposals::slide_hard(const SearchState& state, Rng& rng) {
  const NodeId node = any_hard(rng);
  const FreeTravel travel = state.free_travel(node);
  // Half of the slides go all the way, so that macros come to touch.
  const double part = rng.below(2) == 0 ? 1.0 : rng.uniform();
  double dx = 0.0;
  double dy = 0.0;
  switch (rng.below(4)) {
    case 0:
      dx = -travel.left;
      break;
    case 1:
      dx = travel.right;
      break;
    case 2:
      dy = -travel.down;
      break;
    default:
      dy = travel.up;
      break;
  }
  const IncrementalCost& cost = state.cost();
  if (!add_hard(state, node, cost.x(node) + part * dx, cost.y(node) + part * dy) ||
      !state.fits(moves_)) {
    moves_.clear();
  }
}

void MoveProposals::shift_hard_to_optimum(const SearchState& state, double step, Rng& rng) {
  const NodeId node = any_hard(rng);
  measure_optimal_region(state, node);
  const netlist_io::Canvas& canvas = problem_->canvas();
  const double part = rng.uniform();
  const double x = rng.uniform(optimal_x_.low, optimal_x_.high);
  const double y = rng.uniform(optimal_y_.low, optimal_y_.high);
  const double margin_x = std::max(step * canvas.width, canvas.cell_width());
  const double margin_y = std::max(step * canvas.height, canvas.cell_height());
  constexpr int kTries = 8;
  for (int i = 0; i < kTries; ++i) {
    moves_.clear();
    const double dx = part * (x - state.cost().x(node)) + rng.uniform(-margin_x, margin_x);
    const double dy = part * (y - state.cost().y(node)) + rng.uniform(-margin_y, margin_y);
    if (add_hard(state, node, state.cost().x(node) + dx, state.cost().y(node) + dy) &&
        state.fits(moves_)) {
      return;
    }
  }
  moves_.clear();
}

void MoveProposals::swap_hard(const SearchState& state, double step, Rng& rng) {
  const NodeId a = any_hard(rng);
  const std::span<const NodeId> group = problem_->hard_of_size(a);
  const IncrementalCost& cost = state.cost();
  const netlist_io::Canvas& canvas = problem_->canvas();
  // Among a few partners, prefer those within reach.
  NodeId b = a;
  for (int i = 0; i < 8; ++i) {
    const NodeId other = group[rng.below(group.size())];
    if (other == a) {
      continue;
    }
    b = other;
    if (std::abs(cost.x(b) - cost.x(a)) < 4.0 * step * canvas.width &&
        std::abs(cost.y(b) - cost.y(a)) < 4.0 * step * canvas.height) {
      break;
    }
  }
  if (b == a ||
      netlist_io::swaps_axes(cost.orientation(a)) != netlist_io::swaps_axes(cost.orientation(b))) {
    return;
  }
  moves_.push_back(state.snap({a, cost.x(b), cost.y(b), cost.orientation(a)}));
  moves_.push_back(state.snap({b, cost.x(a), cost.y(a), cost.orientation(b)}));
  if (!state.fits(moves_)) {
    moves_.clear();
  }
}

void MoveProposals::flip_hard(const SearchState& state, Rng& rng) {
  const NodeId node = any_hard(rng);
  const IncrementalCost& cost = state.cost();
  const std::uint64_t which = 1 + rng.below(3);
  const Orientation to = mirrored(cost.orientation(node), (which & 1U) != 0, (which & 2U) != 0);
  // Keep-outs and the lattice may be others in the other orientation.
  const NodeMove move = state.snap({node, cost.x(node), cost.y(node), to});
  const bool in_place = move.x == cost.x(node) && move.y == cost.y(node);
  moves_.push_back(move);
  if (!problem_->options().space.allows(node, to) ||
      ((!in_place || problem_->options().space.spacing.own_halos) && !state.fits(moves_))) {
    moves_.clear();
  }
}

void MoveProposals::shift_group(const SearchState& state, double step, Rng& rng) {
  const std::size_t index = rng.below(problem_->movable_hard().size());
  const NodeId hard = problem_->movable_hard()[index];
  const std::vector<NodeId>& companions = companions_[index];
  const IncrementalCost& cost = state.cost();
  const netlist_io::Canvas& canvas = problem_->canvas();
  const bool grid = problem_->options().placement_class == PlacementClass::kGrid;
  const double reach_x =
      std::max(4.0 * step * canvas.width, grid ? 1.01 * canvas.cell_width() : 0.0);
  const double reach_y =
      std::max(4.0 * step * canvas.height, grid ? 1.01 * canvas.cell_height() : 0.0);
  if (!add_hard(state,
                hard,
                cost.x(hard) + rng.uniform(-reach_x, reach_x),
                cost.y(hard) + rng.uniform(-reach_y, reach_y)) ||
      !state.fits(moves_)) {
    moves_.clear();
    return;
  }
  const double dx = moves_[0].x - cost.x(hard);
  const double dy = moves_[0].y - cost.y(hard);
  const std::size_t count = companions.empty() ? 0 : 1 + rng.below(companions.size());
  for (std::size_t i = 0; i < count; ++i) {
    add_soft(state, companions[i], cost.x(companions[i]) + dx, cost.y(companions[i]) + dy);
  }
}

}  // namespace tessera::placer
