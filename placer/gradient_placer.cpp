// Analytic placement in the manner of J. Lu et al., "ePlace" (ACM TODAES 20(2), 2015): a quadratic
// start, then gradient steps while the smoothing shrinks and the spreading force grows.
//
// Differences from the paper:
// - The objective is the proxy cost itself, smoothed: only the densest and the most congested cells
//   count at the end. The electrostatic force only empties overfull cells and is let go again.
// - Adam instead of Nesterov's method: the proxy has kinks, and its terms scales of their own.
#include "placer/gradient_placer.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/keep_inside.h"
#include "placer/quadratic_placer.h"
#include "placer/smooth_proxy.h"

namespace tessera::placer {

using netlist_io::Placement;

namespace {

void require(bool valid, const std::string& name, double value, const char* range) {
  if (!valid || !std::isfinite(value)) {
    throw netlist_io::OptionError(name + " is " + std::to_string(value) + ", expected " + range);
  }
}

void require_positive(const std::string& name, double value) {
  require(value > 0.0, name, value, "> 0");
}

void require_positive(const std::string& name, const Ramp& ramp) {
  require_positive(name + ".first", ramp.first);
  require_positive(name + ".last", ramp.last);
}

void require_fraction(const std::string& name, const Ramp& ramp) {
  require(ramp.first > 0.0 && ramp.first <= 1.0, name + ".first", ramp.first, "> 0 and <= 1");
  require(ramp.last > 0.0 && ramp.last <= 1.0, name + ".last", ramp.last, "> 0 and <= 1");
}

/// Nearest centre that keeps an interval inside 0 .. count; the middle if it is too long.
double clamp_inside(double centre, double half, double count) {
  return 2.0 * half >= count ? 0.5 * count : std::clamp(centre, half, count - half);
}

/// The factors of one step of Adam.
struct AdamStep {
  double step = 0.0;  ///< cells
  double momentum = 0.0;
  double second_momentum = 0.0;
  double mean_scale = 1.0;  ///< the means start at 0: what makes up for it
  double square_scale = 1.0;
};

/// The movers on one axis, with Adam (D. Kingma and J. Ba, "Adam: a method for stochastic
/// optimization", ICLR 2015).
struct Axis {
  std::vector<double> position;
  std::vector<double> gradient;
  std::vector<double> half_size;
  std::vector<double> mean;
  std::vector<double> square;
  double cells = 0.0;

  void reset(std::size_t size, int count) {
    position.assign(size, 0.5 * count);
    gradient.assign(size, 0.0);
    half_size.assign(size, 0.0);
    mean.assign(size, 0.0);
    square.assign(size, 0.0);
    cells = count;
  }

  void jitter(double size, netlist_io::Rng& rng) {
    for (std::size_t i = 0; i < position.size(); ++i) {
      position[i] = clamp_inside(position[i] + size * rng.normal(), half_size[i], cells);
    }
  }

  void move(const AdamStep& adam) {
    constexpr double kTiny = 1e-12;  // of the proxy per cell
    for (std::size_t i = 0; i < position.size(); ++i) {
      const double slope = gradient[i];
      mean[i] += (1.0 - adam.momentum) * (slope - mean[i]);
      square[i] += (1.0 - adam.second_momentum) * (slope * slope - square[i]);
      const double size = std::sqrt(adam.square_scale * square[i]) + kTiny;
      const double moved = position[i] - adam.step * adam.mean_scale * mean[i] / size;
      position[i] = clamp_inside(moved, half_size[i], cells);
    }
  }

  double gradient_norm() const {
    double sum = 0.0;
    for (const double slope : gradient) {
      sum += std::abs(slope);
    }
    return sum;
  }
};

SmoothProxyParameters parameters_at(const GradientPlacerOptions& options,
                                    double spread_unit,
                                    double progress) {
  SmoothProxyParameters result;
  result.weights = options.cost.weights;
  result.weights.density *= options.density_weight.at(progress / options.density_full_at);
  result.weights.congestion *=
      progress >= options.congestion_from ? options.congestion_weight.at(progress) : 0.0;
  result.gamma = options.gamma.at(progress);
  result.min_box = options.min_box.at(progress);
  result.density_fraction = options.density_fraction.at(progress);
  result.density_width = options.density_width.at(progress);
  result.congestion_fraction = options.congestion_fraction.at(progress);
  result.congestion_width = options.congestion_width.at(progress);
  result.spread_target = options.spread_target;
  result.spread_weight = spread_unit * options.spread_weight.at(progress / options.spread_full_at);
  if (progress > options.spread_release_at) {
    const double released =
        (progress - options.spread_release_at) / (1.0 - options.spread_release_at);
    result.spread_weight *= Ramp{1.0, 1e-3}.at(released);
  }
  result.overlap_weight = options.move_hard_macros ? options.overlap_weight.at(progress) : 0.0;
  return result;
}

}  // namespace

double Ramp::at(double progress) const {
  return first * std::pow(last / first, std::clamp(progress, 0.0, 1.0));
}

struct GradientScratch::Buffers {
  SmoothProxy model;
  Axis x;
  Axis y;

  void evaluate(const SmoothProxyParameters& parameters) {
    model.evaluate(parameters, x.position, y.position, x.gradient, y.gradient);
  }
};

GradientScratch::GradientScratch() : buffers_(std::make_unique<Buffers>()) {}
GradientScratch::~GradientScratch() = default;
GradientScratch::GradientScratch(GradientScratch&&) noexcept = default;
GradientScratch& GradientScratch::operator=(GradientScratch&&) noexcept = default;

void GradientPlacerOptions::validate() const {
  cost.validate();
  require(iterations >= 0, "iterations", iterations, ">= 0");
  require(
      start_progress >= 0.0 && start_progress <= 1.0, "start_progress", start_progress, "0 to 1");
  require(jitter >= 0.0, "jitter", jitter, ">= 0");
  require_positive("step", step);
  require(momentum >= 0.0 && momentum < 1.0, "momentum", momentum, ">= 0 and < 1");
  require(second_momentum >= 0.0 && second_momentum < 1.0,
          "second_momentum",
          second_momentum,
          ">= 0 and < 1");
  require_positive("gamma", gamma);
  require_positive("min_box", min_box);
  require_positive("spread_weight", spread_weight);
  require_positive("spread_full_at", spread_full_at);
  require(spread_release_at >= 0.0 && spread_release_at <= 1.0,
          "spread_release_at",
          spread_release_at,
          "0 to 1");
  require_positive("spread_target", spread_target);
  require_positive("density_weight", density_weight);
  require_positive("density_full_at", density_full_at);
  require_fraction("density_fraction", density_fraction);
  require_positive("density_width", density_width);
  require(congestion_from >= 0.0, "congestion_from", congestion_from, ">= 0");
  require(congestion_every >= 1, "congestion_every", congestion_every, ">= 1");
  require_positive("congestion_weight", congestion_weight);
  require_fraction("congestion_fraction", congestion_fraction);
  require_positive("congestion_width", congestion_width);
  require_positive("overlap_weight", overlap_weight);
}

GradientPlacer::GradientPlacer(const netlist_io::Netlist& netlist,
                               const netlist_io::Canvas& canvas,
                               GradientPlacerOptions options)
    : netlist_(&netlist), canvas_(canvas), options_(std::move(options)) {
  options_.validate();
  require_positive("the canvas width", canvas.width);
  require_positive("the canvas height", canvas.height);
  require_positive("the number of grid columns", canvas.grid.cols);
  require_positive("the number of grid rows", canvas.grid.rows);
}

void GradientPlacer::run(Placement& placement) const {
  GradientScratch scratch;
  run(placement, scratch);
}

void GradientPlacer::run(Placement& placement, GradientScratch& scratch) const {
  Buffers& buffers = *scratch.buffers_;
  buffers.model.load(*netlist_,
                     canvas_,
                     placement,
                     options_.cost,
                     options_.move_hard_macros ? MoverKinds::kSoftAndHard : MoverKinds::kSoft);
  set_start(placement, buffers);
  descend(buffers);
  write_back(buffers, placement);
}

void GradientPlacer::set_start(const Placement& placement, Buffers& buffers) const {
  const SmoothProxy& model = buffers.model;
  buffers.x.reset(model.num_movers(), canvas_.grid.cols);
  buffers.y.reset(model.num_movers(), canvas_.grid.rows);
  for (std::size_t i = 0; i < model.num_movers(); ++i) {
    buffers.x.half_size[i] = model.half_width(i);
    buffers.y.half_size[i] = model.half_height(i);
    const std::size_t node = model.nets().movers[i].index();
    if (options_.use_current && placement.placed[node] != 0) {
      buffers.x.position[i] = placement.x[node] / canvas_.cell_width();
      buffers.y.position[i] = placement.y[node] / canvas_.cell_height();
    }
  }
  if (!options_.use_current) {
    place_quadratically(model.nets(), canvas_.grid, {}, buffers.x.position, buffers.y.position);
  }
  netlist_io::Rng rng = netlist_io::Rng::derive(options_.seed, "gradient placer");
  buffers.x.jitter(options_.jitter, rng);
  buffers.y.jitter(options_.jitter, rng);
}

/// Weight at which the spreading force is as strong as the pull of the wires.
double GradientPlacer::spread_unit(Buffers& buffers) const {
  const auto pull = [&](const SmoothProxyParameters& parameters) {
    buffers.evaluate(parameters);
    return buffers.x.gradient_norm() + buffers.y.gradient_norm();
  };
  SmoothProxyParameters wires;
  wires.weights = {options_.cost.weights.wirelength, 0.0, 0.0};
  wires.gamma = options_.gamma.first;
  SmoothProxyParameters spread;
  spread.weights = {0.0, 0.0, 0.0};
  spread.min_box = options_.min_box.first;
  spread.spread_weight = 1.0;
  spread.spread_target = options_.spread_target;
  const double spread_pull = pull(spread);
  return spread_pull > 0.0 ? pull(wires) / spread_pull : 0.0;
}

void GradientPlacer::descend(Buffers& buffers) const {
  const double unit = spread_unit(buffers);
  double mean_decay = 1.0;
  double square_decay = 1.0;
  for (int i = 0; i < options_.iterations && !(options_.stop && options_.stop()); ++i) {
    const double done = options_.iterations > 1 ? i / (options_.iterations - 1.0) : 1.0;
    const double progress = options_.start_progress + (1.0 - options_.start_progress) * done;
    SmoothProxyParameters parameters = parameters_at(options_, unit, progress);
    parameters.keep_congestion = i % options_.congestion_every != 0;
    buffers.evaluate(parameters);
    mean_decay *= options_.momentum;
    square_decay *= options_.second_momentum;
    const AdamStep adam = {options_.step.at(progress),
                           options_.momentum,
                           options_.second_momentum,
                           1.0 / (1.0 - mean_decay),
                           1.0 / (1.0 - square_decay)};
    buffers.x.move(adam);
    buffers.y.move(adam);
  }
}

void GradientPlacer::write_back(const Buffers& buffers, Placement& placement) const {
  for (std::size_t i = 0; i < buffers.model.num_movers(); ++i) {
    const netlist_io::NodeId node = buffers.model.nets().movers[i];
    placement.x[node.index()] = buffers.x.position[i] * canvas_.cell_width();
    placement.y[node.index()] = buffers.y.position[i] * canvas_.cell_height();
    const Extent extent = outer_extent(
        *netlist_, node, placement.orientation[node.index()], options_.cost.soft_macro_shape);
    placement.x[node.index()] =
        clamp_centre(placement.x[node.index()], extent.width, canvas_.width);
    placement.y[node.index()] =
        clamp_centre(placement.y[node.index()], extent.height, canvas_.height);
    placement.placed[node.index()] = 1;
  }
}

}  // namespace tessera::placer
