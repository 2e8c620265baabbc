#include "placer/search_state.h"

#include <stdexcept>
#include <utility>

namespace tessera::placer {

using cost::NodeMove;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Placement;

SearchState::SearchState(const SearchProblem& problem, const Placement& placement)
    : problem_(&problem),
      space_(make_space(problem, placement)),
      cost_(problem.model(), snapped(problem, space_, placement)),
      proxy_(cost_.proxy()) {
  if (!std::visit([](const auto& space) { return space.legal(); }, space_)) {
    throw std::invalid_argument("the search starts from a placement that is not legal");
  }
}

SearchState::Space SearchState::make_space(const SearchProblem& problem,
                                           const Placement& placement) {
  const SearchOptions& options = problem.options();
  if (options.placement_class == PlacementClass::kGrid) {
    return GridMacroSpace(problem.netlist(), problem.canvas(), placement, options.space.spacing);
  }
  return MacroSpace(problem.netlist(), problem.canvas(), placement, options.space);
}

Placement SearchState::snapped(const SearchProblem& problem,
                               const Space& space,
                               Placement placement) {
  for (const NodeId node : problem.movable_hard()) {
    const std::size_t i = node.index();
    const NodeMove pose = std::visit(
        [&](const auto& any) {
          return any.snap({node, placement.x[i], placement.y[i], placement.orientation[i]});
        },
        space);
    placement.x[i] = pose.x;
    placement.y[i] = pose.y;
  }
  for (const NodeId node : problem.movable_soft()) {
    const std::size_t i = node.index();
    const NodeMove inside =
        problem.settle_soft({node, placement.x[i], placement.y[i], placement.orientation[i]});
    placement.x[i] = inside.x;
    placement.y[i] = inside.y;
  }
  return placement;
}

bool SearchState::is_hard(NodeId node) const {
  return problem_->netlist().kind(node) == NodeKind::kHardMacro;
}

void SearchState::collect_hard(std::span<const NodeMove> moves) const {
  hard_scratch_.clear();
  for (const NodeMove& move : moves) {
    if (is_hard(move.node)) {
      hard_scratch_.push_back(move);
    }
  }
}

NodeMove SearchState::snap(const NodeMove& move) const {
  if (const auto* const grid_space = std::get_if<GridMacroSpace>(&space_)) {
    return grid_space->snap(move);
  }
  const auto& space = std::get<MacroSpace>(space_);
  NodeMove snapped = space.snap(move);
  // The cost counts the box unturned.
  const netlist_io::Netlist& netlist = problem_->netlist();
  snapped.x = problem_->clearance(0).clear_edges(snapped.x, netlist.width(move.node));
  snapped.y = problem_->clearance(1).clear_edges(snapped.y, netlist.height(move.node));
  return space.snap(snapped);
}

FreeTravel SearchState::free_travel(NodeId macro) const {
  const auto* const space = std::get_if<MacroSpace>(&space_);
  return space != nullptr ? space->free_travel(macro) : FreeTravel{};
}

bool SearchState::fits(std::span<const NodeMove> moves) const {
  collect_hard(moves);
  return hard_scratch_.empty() ||
         std::visit([this](const auto& space) { return space.fits(hard_scratch_); }, space_);
}

double SearchState::try_moves(std::span<const NodeMove> moves) {
  collect_hard(moves);
  tried_hard_ = hard_scratch_;
  tried_proxy_ = moves.size() == 1 ? cost_.move(moves[0]) : cost_.move(moves);
  return tried_proxy_;
}

void SearchState::keep() {
  if (!tried_hard_.empty()) {
    std::visit([this](auto& space) { space.move(tried_hard_); }, space_);
  }
  cost_.keep();
  proxy_ = tried_proxy_;
}

void SearchState::undo() {
  cost_.undo();
}

void SearchState::write_to(Placement& placement) const {
  cost_.write_to(placement);
  for (const NodeId node : problem_->movable_hard()) {
    placement.placed[node.index()] = 1;
  }
  for (const NodeId node : problem_->movable_soft()) {
    placement.placed[node.index()] = 1;
  }
}

}  // namespace tessera::placer
