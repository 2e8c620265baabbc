#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/flat/bin_density.h"
#include "placer/flat/flat_placer.h"
#include "placer/flat/poisson_solver.h"
#include "placer/point_nets.h"

namespace tessera::placer {

/// What the flat placer minimises: smoothed wirelength plus a factor times the energy of the
/// density, over the centres of the movers and of the fillers that take up the room to spare.
///
/// Lengths are in bins. A point is one vector: x of the movers, x of the fillers, then y likewise.
class FlatModel {
 public:
  FlatModel(const netlist_io::Netlist& netlist,
            const netlist_io::Canvas& canvas,
            const netlist_io::Placement& placement,
            const FlatPlacerOptions& options);

  const PointNets& nets() const { return nets_; }
  netlist_io::GridShape grid() const { return canvas_.grid; }
  const netlist_io::Canvas& canvas() const { return canvas_; }
  std::size_t num_movers() const { return nets_.movers.size(); }
  std::size_t num_boxes() const { return density_.boxes().size(); }
  /// In force: see `FlatPlacerOptions::density_cap`.
  double density_cap() const { return density_.cap(); }

  /// What `gradient` found on its way.
  struct Measures {
    double hpwl = 0.0;           ///< of the nets that pull, bins of mean side
    double overflow = 0.0;       ///< see `BinDensity::overflow`
    double wire_slope = 0.0;     ///< sum over the movers of |derivative of the wirelength|
    double density_slope = 0.0;  ///< and of that of the energy
  };

  /// Width of the smoothing of the wirelength, bins, > 0.
  void set_gamma(double gamma) { gamma_ = static_cast<float>(gamma); }
  /// Factor of the energy, >= 0.
  void set_density_weight(double weight) { density_weight_ = static_cast<float>(weight); }

  /// Writes the gradient at a point, each box's divided by an estimate of its curvature (the
  /// preconditioner of ePlace).
  Measures gradient(std::span<const float> point, std::span<float> gradient);
  /// Moves all boxes into the canvas.
  void project(std::span<float> point) const;

  /// Places fillers at random on what obstacles leave free. `point` has its movers already.
  void scatter_fillers(std::uint64_t seed, std::span<float> point) const;

 private:
  /// Exact lengths of some nets.
  struct Extents {
    double x = 0.0;
    double y = 0.0;
  };
  struct Slopes {
    double wire = 0.0;
    double density = 0.0;
  };

  void collect_entries();
  void set_points(std::span<const float> point);
  Slopes combine(std::size_t begin, std::size_t end, std::span<float> gradient) const;

  netlist_io::Canvas canvas_;
  int threads_;
  PointNets nets_;
  BinDensity density_;
  float scale_x_;  ///< width of a bin over the mean side
  float scale_y_;
  PoissonSolver poisson_;
  float gamma_ = 1.0F;
  float density_weight_ = 0.0F;
  std::vector<std::size_t> group_tasks_;    ///< bounds of groups of nets of about equal work
  std::vector<std::uint32_t> entry_start_;  ///< [movers + 1], into `entries_of_mover_`
  std::vector<std::uint32_t> entries_of_mover_;
  std::vector<float> pull_;  ///< [movers]: weight of the nets on each

  std::vector<float> points_x_;
  std::vector<float> points_y_;
  std::vector<float> entry_x_;
  std::vector<float> entry_y_;
  std::vector<float> field_x_;
  std::vector<float> field_y_;
  std::vector<float> force_x_;
  std::vector<float> force_y_;
};

}  // namespace tessera::placer
