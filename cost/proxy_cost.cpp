#include "cost/proxy_cost.h"

#include <cmath>

#include "netlist_io/errors.h"

namespace tessera::cost {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::Placement;

ProxyCost::ProxyCost(const Netlist& netlist, const Canvas& canvas, const CostOptions& options)
    : netlist_(netlist), canvas_(canvas), options_(options) {
  options_.validate();
  const bool has_area = canvas.width > 0.0 && std::isfinite(canvas.width) && canvas.height > 0.0 &&
                        std::isfinite(canvas.height);
  if (!has_area || canvas.grid.cols < 1 || canvas.grid.rows < 1) {
    throw netlist_io::OptionError("the canvas has no finite area or no grid cells");
  }
}

CostBreakdown ProxyCost::evaluate(const Placement& placement, CostWorkspace& workspace) const {
  workspace.pins.update(netlist_, placement);
  compute_density(netlist_, canvas_, placement, options_.soft_macro_shape, workspace.density);
  compute_congestion(netlist_,
                     canvas_,
                     placement,
                     workspace.pins,
                     options_,
                     workspace.congestion,
                     workspace.scratch);

  CostBreakdown cost;
  cost.hpwl_um = weighted_hpwl_um(netlist_, workspace.pins);
  const double net_weight = netlist_.num_nets() > 0 ? netlist_.total_net_weight() : 1.0;
  cost.wirelength = cost.hpwl_um / ((canvas_.width + canvas_.height) * net_weight);
  cost.density = density_cost(workspace.density, workspace.scratch.values);
  cost.congestion = congestion_cost(workspace.congestion.total, workspace.scratch.values);
  cost.proxy = options_.weights.wirelength * cost.wirelength +
               options_.weights.density * cost.density +
               options_.weights.congestion * cost.congestion;
  return cost;
}

CostBreakdown ProxyCost::evaluate(const Placement& placement) const {
  CostWorkspace workspace;
  return evaluate(placement, workspace);
}

}  // namespace tessera::cost
