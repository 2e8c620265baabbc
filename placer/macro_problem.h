#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "cost/incremental_cost.h"
#include "cost/incremental_model.h"
#include "cost/proxy_cost.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/force_directed.h"
#include "placer/gradient_placer.h"
#include "placer/grid_legality.h"
#include "placer/macro_graph.h"
#include "placer/macro_order.h"

namespace tessera::placer {

/// Where nodes that are not placed yet appear to the policy.
enum class PositionPrior : std::uint8_t {
  kCanvasCentre,
  /// Where a force-directed run that moves macros and clusters together puts them; the published
  /// system feeds such positions too.
  kForceDirected,
  /// Where a short mixed-size run of `GradientPlacer` puts them.
  kAnalytic,
};

/// What puts the soft macros around the hard ones at the end of an episode.
enum class ClusterSolver : std::uint8_t {
  kForceDirected,  ///< the published schedule
  kGradient,       ///< `GradientPlacer`: less proxy, three times the time
};

struct MacroProblemOptions {
  MacroOrder order = MacroOrder::kArea;
  MacroSpacing spacing;
  PositionPrior prior = PositionPrior::kForceDirected;
  ClusterSolver cluster_solver = ClusterSolver::kForceDirected;
  cost::CostOptions cost;
};

/// Placing the macros of one block on its grid: what all episodes have in common. Immutable, shared
/// by environments and threads. Keeps a reference to the netlist, which must outlive it.
class MacroProblem {
 public:
  /// Takes ports, fixed nodes and turned (E, FE, W, FW) macros from `placement`. Positions of
  /// movable nodes are not looked at; movable macros start in orientation N, turned ones in E.
  ///
  /// Throws `netlist_io::InfeasibleError`, naming a macro, if one fits nowhere or if no order of
  /// packing them all onto the grid was found.
  MacroProblem(const netlist_io::Netlist& netlist,
               const netlist_io::Canvas& canvas,
               const netlist_io::Placement& placement,
               const MacroProblemOptions& options);
  MacroProblem(const MacroProblem&) = delete;
  MacroProblem& operator=(const MacroProblem&) = delete;

  const netlist_io::Netlist& netlist() const { return netlist_; }
  const netlist_io::Canvas& canvas() const { return canvas_; }
  const MacroProblemOptions& options() const { return options_; }
  const cost::ProxyCost& proxy_cost() const { return proxy_cost_; }
  const cost::IncrementalModel& incremental_model() const { return incremental_model_; }
  const MacroGraph& graph() const { return graph_; }

  /// The movable hard macros in the order in which an episode places them.
  std::span<const netlist_io::NodeId> macros() const { return macros_; }
  /// Vertex of `macros()[step]` in `graph()`.
  std::size_t vertex_of_step(std::size_t step) const { return vertex_of_step_[step]; }

  /// Start of an episode: fixed nodes and ports in place, all others where the prior sees them and
  /// marked as not placed.
  const netlist_io::Placement& start() const { return start_; }
  /// The cost at the start, all nodes counting where the prior sees them.
  const cost::IncrementalCost& start_cost() const { return *start_cost_; }
  /// Legality at the start; macros are numbered as in `macros()`.
  const GridLegality& legality() const { return legality_; }
  /// An order of the macros, as indices into `macros()`, that first-fit packing completes.
  std::span<const std::size_t> packing_order() const { return packing_order_; }
  /// The cells of that packing, indexed like `macros()`.
  std::span<const CellIndex> packing() const { return packing_; }

  /// Puts the soft macros around the hard ones, which all count where they are. Thread-safe.
  void place_clusters(netlist_io::Placement& placement) const;

 private:
  void apply_prior();
  void check_each_macro_fits() const;
  void find_packing();

  const netlist_io::Netlist& netlist_;
  netlist_io::Canvas canvas_;
  MacroProblemOptions options_;
  netlist_io::Placement start_;
  MacroGraph graph_;
  std::vector<netlist_io::NodeId> macros_;
  std::vector<std::size_t> vertex_of_step_;
  GridLegality legality_;
  std::vector<std::size_t> packing_order_;
  std::vector<CellIndex> packing_;
  cost::ProxyCost proxy_cost_;
  cost::IncrementalModel incremental_model_;
  std::optional<cost::IncrementalCost> start_cost_;
  std::variant<ForceDirectedPlacer, GradientPlacer> cluster_placer_;
};

}  // namespace tessera::placer
