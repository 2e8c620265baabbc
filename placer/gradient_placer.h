#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "cost/cost_options.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::placer {

/// A positive parameter that changes geometrically with the progress of a run.
struct Ramp {
  double first = 1.0;  ///< at progress 0; > 0
  double last = 1.0;   ///< from progress 1 on; > 0

  double at(double progress) const;
};

/// The schedule. "Progress" runs from 0 at the first step to 1 at the last one; lengths are in grid
/// cells. The defaults were found by a random search over five blocks in 45 nm, 130 nm and 7 nm
/// with 20 to 136 hard macros, each around given hard macros; changes by a third matter little.
struct GradientPlacerOptions {
  /// Moves hard macros that are not fixed as well; they keep their orientation and may overlap a
  /// little at the end. Otherwise all hard macros count where they stand.
  bool move_hard_macros = false;
  /// Starts from the positions of the placed ones among the nodes that move, instead of from the
  /// quadratic solution; those not placed start at the centre of the canvas. Pair it with
  /// `start_progress` to keep what is there.
  bool use_current = false;
  int iterations = 300;         ///< gradient steps, >= 0
  double start_progress = 0.0;  ///< progress at the first step, in [0, 1]
  std::uint64_t seed = 1;       ///< of the jitter; other seeds end in other local minima
  cost::CostOptions cost;       ///< the proxy to minimise
  /// Asked before every step, from the calling thread; true ends the run where it is.
  std::function<bool()> stop;

  double jitter = 0.5;  ///< standard deviation of the random displacement at the start; >= 0

  Ramp step = {1.46, 0.02};         ///< longest usual move per step
  double momentum = 0.9;            ///< decay of the mean of the gradient, in [0, 1)
  double second_momentum = 0.9966;  ///< decay of the mean of its square, in [0, 1)

  Ramp gamma = {4.0, 0.3};     ///< smoothing of the wirelength
  Ramp min_box = {4.21, 0.3};  ///< clusters count as spread over this many cells a side

  /// Factor of the potential that leads area out of overfull cells, relative to the pull of the
  /// wires at the start.
  Ramp spread_weight = {3.83, 107.6};
  double spread_full_at = 0.95;     ///< progress at which the factor reaches its last value; > 0
  double spread_release_at = 0.68;  ///< from here on it falls again, to a thousandth; in [0, 1]
  double spread_target = 1.1;       ///< density above which a cell is overfull; > 0

  Ramp density_weight = {0.03, 1.0};     ///< factor of the density term
  double density_full_at = 0.81;         ///< progress at which it reaches its last value; > 0
  Ramp density_fraction = {0.556, 0.1};  ///< part of the cells whose mean is the density, <= 1
  Ramp density_width = {0.387, 0.0605};  ///< rounding of that mean

  double congestion_from = 0.35;             ///< progress from which congestion counts
  int congestion_every = 2;                  ///< steps per gradient of the congestion, >= 1
  Ramp congestion_weight = {0.48, 0.802};    ///< factor of the congestion term
  Ramp congestion_fraction = {0.123, 0.05};  ///< part of the values whose mean it is, <= 1
  Ramp congestion_width = {0.168, 0.112};    ///< rounding of that mean

  /// Cost of one cell of overlap between hard macros that move.
  Ramp overlap_weight = {1e-4, 1.0};

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

/// Working memory of `GradientPlacer::run`. Reused, it saves the allocations of a run; serves
/// placers of any netlist, one thread at a time.
class GradientScratch {
 public:
  GradientScratch();
  ~GradientScratch();
  GradientScratch(GradientScratch&&) noexcept;
  GradientScratch& operator=(GradientScratch&&) noexcept;

 private:
  friend class GradientPlacer;
  struct Buffers;
  std::unique_ptr<Buffers> buffers_;
};

/// Places clusters, and on request hard macros, by gradient descent on a smooth model of the proxy
/// (`SmoothProxy`): wirelength first, then spreading, then what the proxy really counts.
///
/// Immutable after construction: any number of threads may call `run` at the same time, each with a
/// placement and a scratch of its own. The result depends on nothing else.
class GradientPlacer {
 public:
  /// `netlist` must outlive the placer. Throws `netlist_io::OptionError` for bad options or a
  /// canvas without area.
  GradientPlacer(const netlist_io::Netlist& netlist,
                 const netlist_io::Canvas& canvas,
                 GradientPlacerOptions options = {});

  /// Moves all soft macros and standard cells that are not fixed (and hard macros if the options
  /// say so) and marks them as placed; afterwards they lie inside the canvas, or centred on an axis
  /// where they are larger than it. Whatever does not move counts where it stands, placed or not.
  /// Throws `std::invalid_argument` if `placement` is not one of the netlist.
  void run(netlist_io::Placement& placement) const;
  void run(netlist_io::Placement& placement, GradientScratch& scratch) const;

 private:
  using Buffers = GradientScratch::Buffers;

  void set_start(const netlist_io::Placement& placement, Buffers& buffers) const;
  double spread_unit(Buffers& buffers) const;
  void descend(Buffers& buffers) const;
  void write_back(const Buffers& buffers, netlist_io::Placement& placement) const;

  const netlist_io::Netlist* netlist_;
  netlist_io::Canvas canvas_;
  GradientPlacerOptions options_;
};

}  // namespace tessera::placer
