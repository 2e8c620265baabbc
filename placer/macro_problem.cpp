#include "placer/macro_problem.h"

#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "netlist_io/errors.h"
#include "placer/grid_packing.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Orientation;
using netlist_io::Placement;

namespace {

/// The given placement with every movable node at the canvas centre and marked as not placed.
Placement forget_movable(const Netlist& netlist, const Canvas& canvas, Placement placement) {
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    if (placement.fixed[i] != 0 || netlist.kind(NodeId(i)) == NodeKind::kPort) {
      placement.fixed[i] = 1;
      placement.placed[i] = 1;
      continue;
    }
    placement.placed[i] = 0;
    placement.x[i] = 0.5 * canvas.width;
    placement.y[i] = 0.5 * canvas.height;
    placement.orientation[i] =
        swaps_axes(placement.orientation[i]) ? Orientation::kE : Orientation::kN;
  }
  return placement;
}

using ClusterPlacer = std::variant<ForceDirectedPlacer, GradientPlacer>;

ClusterPlacer make_cluster_placer(const Netlist& netlist,
                                  const Canvas& canvas,
                                  const MacroProblemOptions& options) {
  if (options.cluster_solver == ClusterSolver::kForceDirected) {
    return ForceDirectedPlacer(netlist, canvas, ForceDirectedOptions{});
  }
  GradientPlacerOptions gradient;
  gradient.iterations = 100;
  gradient.cost = options.cost;
  return GradientPlacer(netlist, canvas, gradient);
}

/// A mixed-size placement in about the time of a zero-shot episode.
GradientPlacer make_analytic_prior(const Netlist& netlist,
                                   const Canvas& canvas,
                                   const MacroProblemOptions& options) {
  GradientPlacerOptions gradient;
  gradient.move_hard_macros = true;
  gradient.iterations = 200;
  gradient.cost = options.cost;
  return {netlist, canvas, gradient};
}

std::string size_text(const Netlist& netlist, NodeId macro) {
  return "\"" + netlist.name(macro) + "\" (" + std::to_string(netlist.width(macro)) + " x " +
         std::to_string(netlist.height(macro)) + " um)";
}

}  // namespace

MacroProblem::MacroProblem(const Netlist& netlist,
                           const Canvas& canvas,
                           const Placement& placement,
                           const MacroProblemOptions& options)
    : netlist_(netlist),
      canvas_(canvas),
      options_(options),
      start_(forget_movable(netlist, canvas_, placement)),
      graph_(build_macro_graph(netlist, canvas_, start_)),
      macros_(order_macros(netlist, start_, graph_, options.order)),
      legality_(netlist, canvas_, start_, macros_, options.spacing),
      proxy_cost_(netlist_, canvas_, options_.cost),
      incremental_model_(netlist_, canvas_, options_.cost),
      cluster_placer_(make_cluster_placer(netlist_, canvas_, options_)) {
  for (const NodeId macro : macros_) {
    const auto found = std::lower_bound(graph_.macros.begin(), graph_.macros.end(), macro);
    vertex_of_step_.push_back(static_cast<std::size_t>(found - graph_.macros.begin()));
  }
  check_each_macro_fits();
  find_packing();
  apply_prior();
  start_cost_.emplace(incremental_model_, start_);
}

void MacroProblem::apply_prior() {
  Placement solved = start_;
  std::fill(solved.placed.begin(), solved.placed.end(), std::uint8_t{1});
  switch (options_.prior) {
    case PositionPrior::kCanvasCentre:
      return;
    case PositionPrior::kForceDirected:
      ForceDirectedPlacer(netlist_, canvas_, circuit_training_mixed_size_schedule()).run(solved);
      break;
    case PositionPrior::kAnalytic:
      make_analytic_prior(netlist_, canvas_, options_).run(solved);
      break;
  }
  start_.x = std::move(solved.x);
  start_.y = std::move(solved.y);
}

void MacroProblem::place_clusters(Placement& placement) const {
  std::visit([&placement](const auto& placer) { placer.run(placement); }, cluster_placer_);
}

void MacroProblem::check_each_macro_fits() const {
  for (std::size_t i = 0; i < macros_.size(); ++i) {
    if (legality_.mask(i).any()) {
      continue;
    }
    const netlist_io::Rect box = start_.box(netlist_, macros_[i]);
    const bool too_large = box.width() > canvas_.width || box.height() > canvas_.height;
    throw InfeasibleError(
        "hard macro " + size_text(netlist_, macros_[i]) +
        (too_large ? " is larger than the canvas (" : " fits at no grid cell of the canvas (") +
        std::to_string(canvas_.width) + " x " + std::to_string(canvas_.height) + " um)");
  }
}

void MacroProblem::find_packing() {
  std::optional<GridPacking> packing = find_grid_packing(netlist_, start_, macros_, legality_);
  if (!packing) {
    throw InfeasibleError(
        "no legal placement of the " + std::to_string(macros_.size()) +
        " movable hard macros at the centres of the " + std::to_string(canvas_.grid.cols) + " x " +
        std::to_string(canvas_.grid.rows) + " grid cells was found; the largest is " +
        size_text(netlist_, macros_.front()));
  }
  packing_order_ = std::move(packing->order);
  packing_ = std::move(packing->cells);
}

}  // namespace tessera::placer
