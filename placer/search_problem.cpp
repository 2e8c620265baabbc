#include "placer/search_problem.h"

#include <algorithm>
#include <map>
#include <utility>

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Placement;

namespace {

/// `position` clamped so that a box of `size` around it stays in [0, length]; centred if too large.
double clamp_centre(double position, double size, double length) {
  const double half = 0.5 * size;
  return size >= length ? 0.5 * length : std::clamp(position, half, length - half);
}

}  // namespace

SearchProblem::SearchProblem(const Netlist& netlist,
                             const Canvas& canvas,
                             const Placement& placement,
                             const SearchOptions& options)
    : options_(options), model_(netlist, canvas, options.cost) {
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    const NodeKind kind = netlist.kind(NodeId(i));
    if (placement.fixed[i] != 0 || kind == NodeKind::kPort) {
      continue;
    }
    (kind == NodeKind::kHardMacro ? hard_ : soft_).push_back(NodeId(i));
  }
  group_hard_by_size();
}

void SearchProblem::group_hard_by_size() {
  const Netlist& netlist = model_.netlist();
  group_of_node_.assign(netlist.num_nodes(), 0);
  std::map<std::pair<double, double>, std::uint32_t> group_of_size;
  for (const NodeId macro : hard_) {
    const auto [entry, is_new] = group_of_size.try_emplace(
        {netlist.width(macro), netlist.height(macro)}, static_cast<std::uint32_t>(groups_.size()));
    if (is_new) {
      groups_.emplace_back();
    }
    groups_[entry->second].push_back(macro);
    group_of_node_[macro.index()] = entry->second;
  }
}

double SearchProblem::clamp_x(NodeId node, double x) const {
  // Both boxes, that of the netlist and that of the cost, shall stay inside.
  const double width = std::max(model_.netlist().width(node), model_.cost_width(node.index()));
  return clamp_centre(x, width, canvas().width);
}

double SearchProblem::clamp_y(NodeId node, double y) const {
  const double height = std::max(model_.netlist().height(node), model_.cost_height(node.index()));
  return clamp_centre(y, height, canvas().height);
}

}  // namespace tessera::placer
