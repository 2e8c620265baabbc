#pragma once

#include <vector>

#include "cost/congestion.h"
#include "cost/cost_options.h"
#include "cost/density.h"
#include "cost/wirelength.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::cost {

/// Maps and memory of one evaluation: what a caller may look at afterwards, and what the next
/// evaluation of the same thread reuses.
struct CostWorkspace {
  std::vector<double> density;  ///< [rows x cols], fraction of each cell's area
  CongestionMaps congestion;    ///< fractions of each cell's routing capacity

  PinPositions pins;
  CongestionScratch scratch;
};

/// The proxy cost of Circuit Training, evaluated in full. The simple version: whatever computes the
/// same numbers faster is tested against it.
///
/// Keeps references to netlist and canvas, which must outlive it. Immutable: threads may share one
/// as long as each has its own workspace.
class ProxyCost {
 public:
  /// Throws `netlist_io::OptionError` for options outside their range or a canvas without area.
  ProxyCost(const netlist_io::Netlist& netlist,
            const netlist_io::Canvas& canvas,
            const CostOptions& options);

  /// Costs of a placement in which every node counts where it stands, placed or not.
  CostBreakdown evaluate(const netlist_io::Placement& placement, CostWorkspace& workspace) const;
  CostBreakdown evaluate(const netlist_io::Placement& placement) const;

  const netlist_io::Netlist& netlist() const { return netlist_; }
  const netlist_io::Canvas& canvas() const { return canvas_; }
  const CostOptions& options() const { return options_; }

 private:
  const netlist_io::Netlist& netlist_;
  const netlist_io::Canvas& canvas_;
  CostOptions options_;
};

}  // namespace tessera::cost
