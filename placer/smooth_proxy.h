#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/point_nets.h"
#include "placer/smooth_congestion.h"
#include "placer/smooth_density.h"
#include "placer/soft_top_mean.h"
#include "placer/spread_potential.h"

namespace tessera::placer {

/// How smooth the model is and what its terms weigh; all of it may change from step to step.
struct SmoothProxyParameters {
  cost::CostWeights weights;          ///< a term of weight 0 is not computed
  double gamma = 1.0;                 ///< smoothing of the wirelength, cells, > 0
  double min_box = 1.0;               ///< soft macros spread over at least this many cells a side
  double density_fraction = 0.1;      ///< part of the cells whose mean is the density, in (0, 1]
  double density_width = 0.1;         ///< rounding of the top mean, fraction of a cell's area, > 0
  double congestion_fraction = 0.05;  ///< same of the congestion
  double congestion_width = 0.05;     ///< fraction of a cell's capacity, > 0
  bool keep_congestion = false;       ///< take the congestion and its gradient of the last call
  double spread_weight = 0.0;         ///< factor of the potential that empties overfull cells
  double spread_target = 1.0;         ///< density above which a cell is overfull
  double overlap_weight = 0.0;        ///< cost of one cell of overlap of moved hard macros
};

/// Value and parts of the smooth model. The parts are those of the proxy, before their weights.
struct SmoothTerms {
  double value = 0.0;
  double wirelength = 0.0;
  double density = 0.0;
  double congestion = 0.0;
  double overfull = 0.0;  ///< area above the target of the potential, cells
  double overlap = 0.0;   ///< sum over pairs of hard macros, cells
};

/// A differentiable model of the proxy of one block as a function of the centres of its movers.
///
/// Wirelength: weighted average. Density: exact areas of (slightly blown up) boxes under a smooth
/// mean of the densest cells. Congestion: `SmoothCongestion` under the same mean, on top of the
/// blockage of the hard macros: exact for those that stay, area times the share of the tracks for
/// those that move. Hard macros that move pay for overlaps with each other, with hard macros that
/// stay and with blockages.
///
/// Lengths are in grid cells: columns for x, rows for y. One thread at a time.
class SmoothProxy {
 public:
  /// Takes a block. Nodes that do not move count where they stand in `placement`. The arguments
  /// need not outlive the call.
  void load(const netlist_io::Netlist& netlist,
            const netlist_io::Canvas& canvas,
            const netlist_io::Placement& placement,
            const cost::CostOptions& options,
            MoverKinds kinds);

  const PointNets& nets() const { return nets_; }
  std::size_t num_movers() const { return nets_.movers.size(); }
  bool is_hard(std::size_t mover) const { return mover >= nets_.num_soft_movers; }
  /// Half sizes of a mover's box as it is turned, cells.
  double half_width(std::size_t mover) const { return half_width_[mover]; }
  double half_height(std::size_t mover) const { return half_height_[mover]; }

  /// Returns the value for movers with centres (x, y) and sets the gradient.
  SmoothTerms evaluate(const SmoothProxyParameters& parameters,
                       std::span<const double> x,
                       std::span<const double> y,
                       std::span<double> gradient_x,
                       std::span<double> gradient_y);

 private:
  /// A box that moved hard macros must keep off. Cells.
  struct Obstacle {
    double x = 0.0;
    double y = 0.0;
    double half_width = 0.0;
    double half_height = 0.0;
  };

  void load_boxes(const netlist_io::Netlist& netlist,
                  const netlist_io::Canvas& canvas,
                  const netlist_io::Placement& placement,
                  const cost::CostOptions& options);
  void add_standing(const netlist_io::Netlist& netlist,
                    const netlist_io::Canvas& canvas,
                    const netlist_io::Placement& placement,
                    const cost::CostOptions& options,
                    netlist_io::NodeId node);
  void place_points(std::span<const double> x, std::span<const double> y);
  double add_wirelength(const SmoothProxyParameters& parameters);
  void spread_movers(const SmoothProxyParameters& parameters,
                     std::span<const double> x,
                     std::span<const double> y);
  double price_density(const SmoothProxyParameters& parameters);
  void price_congestion(const SmoothProxyParameters& parameters);
  void forget_congestion();
  void smooth_demand();
  void price_demand(double weight);
  void add_box_gradient(std::span<const double> x,
                        std::span<const double> y,
                        std::span<double> gradient_x,
                        std::span<double> gradient_y) const;
  double add_overlap(const SmoothProxyParameters& parameters,
                     std::span<const double> x,
                     std::span<const double> y,
                     std::span<double> gradient_x,
                     std::span<double> gradient_y) const;
  void fold_gradient(const SmoothProxyParameters& parameters,
                     std::span<double> gradient_x,
                     std::span<double> gradient_y) const;

  // The block.
  netlist_io::GridShape grid_;
  double wire_scale_x_ = 0.0;  ///< wirelength cost of one cell
  double wire_scale_y_ = 0.0;
  double capacity_h_ = 1.0;  ///< tracks per cell
  double capacity_v_ = 1.0;
  double blocked_h_ = 0.0;  ///< part of the tracks that a hard macro takes
  double blocked_v_ = 0.0;
  int smooth_range_ = 0;
  PointNets nets_;
  std::vector<double> half_width_;  ///< per mover, as legality sees it
  std::vector<double> half_height_;
  std::vector<double> cost_width_;  ///< per mover, as the density sees it
  std::vector<double> cost_height_;
  std::vector<Obstacle> obstacles_;
  std::vector<double> standing_density_;
  cost::DemandMaps standing_blockage_;  ///< fraction of the capacity

  // One evaluation.
  std::vector<float> point_x_;
  std::vector<float> point_y_;
  std::vector<float> wire_gradient_x_;
  std::vector<float> wire_gradient_y_;
  std::vector<double> point_gradient_x_;
  std::vector<double> point_gradient_y_;
  std::vector<SpreadBox> boxes_;
  std::vector<double> density_;
  std::vector<double> hard_density_;
  std::vector<double> soft_price_;
  std::vector<double> hard_price_;
  std::vector<double> blockage_price_;
  SpreadPotential potential_;
  SoftTopMean density_mean_;
  SoftTopMean congestion_mean_;
  SmoothCongestion congestion_;
  cost::DemandMaps smoothed_;
  std::vector<double> congestion_values_;  ///< vertical, then horizontal
  cost::DemandMaps demand_price_;
  double congestion_cost_ = 0.0;
};

}  // namespace tessera::placer
