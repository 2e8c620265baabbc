#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "cost/proxy_cost.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/force_directed.h"
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
};

struct MacroProblemOptions {
  MacroOrder order = MacroOrder::kArea;
  MacroSpacing spacing;
  PositionPrior prior = PositionPrior::kForceDirected;
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
  const ForceDirectedPlacer& cluster_placer() const { return cluster_placer_; }
  const MacroGraph& graph() const { return graph_; }

  /// The movable hard macros in the order in which an episode places them.
  std::span<const netlist_io::NodeId> macros() const { return macros_; }
  /// Vertex of `macros()[step]` in `graph()`.
  std::size_t vertex_of_step(std::size_t step) const { return vertex_of_step_[step]; }

  /// Start of an episode: fixed nodes and ports in place, all others where the prior sees them and
  /// marked as not placed.
  const netlist_io::Placement& start() const { return start_; }
  /// The pins at the start.
  const cost::PinPositions& start_pins() const { return start_pins_; }
  /// Legality at the start; macros are numbered as in `macros()`.
  const GridLegality& legality() const { return legality_; }
  /// An order of the macros, as indices into `macros()`, that first-fit packing completes.
  std::span<const std::size_t> packing_order() const { return packing_order_; }
  /// The cells of that packing, indexed like `macros()`.
  std::span<const CellIndex> packing() const { return packing_; }

 private:
  void check_each_macro_fits() const;
  void find_packing();

  const netlist_io::Netlist& netlist_;
  netlist_io::Canvas canvas_;
  MacroProblemOptions options_;
  netlist_io::Placement start_;
  cost::PinPositions start_pins_;
  MacroGraph graph_;
  std::vector<netlist_io::NodeId> macros_;
  std::vector<std::size_t> vertex_of_step_;
  GridLegality legality_;
  std::vector<std::size_t> packing_order_;
  std::vector<CellIndex> packing_;
  cost::ProxyCost proxy_cost_;
  ForceDirectedPlacer cluster_placer_;
};

}  // namespace tessera::placer
