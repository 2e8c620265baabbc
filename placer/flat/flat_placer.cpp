#include "placer/flat/flat_placer.h"

#include <algorithm>
#include <cmath>
#include <span>
#include <string>
#include <vector>

#include "cost/edge_use.h"
#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/flat/flat_model.h"
#include "placer/flat/nesterov.h"
#include "placer/quadratic_placer.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::OptionError;
using netlist_io::Placement;

/// Growth of that factor per step, between these, by how the wirelength grew in the step: it grows
/// fastest while wires do not suffer.
constexpr double kLeastGrowth = 0.95;
constexpr double kMostGrowth = 1.05;
/// Relative growth of the wirelength in one step at which the factor stays.
constexpr double kReferenceGrowth = 0.01;
/// Longest step while fillers feel nothing but a field that charges of density 1 make, in bins per
/// unit of the field: beyond, they swing (4 / 3 is the limit of accelerated descent).
constexpr double kMaxLength = 1.3;
/// Standard deviation of the jitter at the start, bins: it parts cells on top of each other.
constexpr double kJitter = 0.5;
/// Where cells have room from the start, wires still take some steps to become short.
constexpr int kLeastIterations = 100;
/// Longest move of a box in the trial step, bins.
constexpr double kFirstMove = 0.1;

/// Smoothing of the wirelength for an overflow (ePlace, equation 38, with a floor).
double gamma_at(double overflow) {
  return 8.0 * std::pow(10.0, 20.0 / 9.0 * (std::clamp(overflow, 0.05, 1.0) - 0.1) - 1.0);
}

class FlatPlacer {
 public:
  FlatPlacer(const Netlist& netlist,
             const Canvas& canvas,
             const Placement& placement,
             const FlatPlacerOptions& options)
      : netlist_(netlist),
        placement_(placement),
        options_(options),
        model_(netlist, canvas, placement, options) {}

  FlatPlacerResult run() {
    FlatPlacerResult result;
    result.density_cap = model_.density_cap();
    std::vector<float> point = start();
    if (model_.num_movers() > 0) {
      point = descend(std::move(point), result);
    }
    result.placement = written(point);
    result.hpwl_um = cost::flat_hpwl(netlist_, result.placement, options_.max_sinks);
    return result;
  }

 private:
  std::vector<float> start() const {
    const std::size_t boxes = model_.num_boxes();
    std::vector<float> point(2 * boxes);
    std::vector<double> x(model_.num_movers(), 0.5 * model_.grid().cols);
    std::vector<double> y(model_.num_movers(), 0.5 * model_.grid().rows);
    if (options_.use_current) {
      current_positions(x, y);
    } else {
      QuadraticPlacerOptions quadratic;
      quadratic.tolerance = 1e-2;
      quadratic.threads = options_.threads;
      place_quadratically(model_.nets(), model_.grid(), quadratic, x, y);
    }
    netlist_io::Rng rng = netlist_io::Rng::derive(options_.seed, "flat_placer.jitter");
    for (std::size_t i = 0; i < x.size(); ++i) {
      point[i] = static_cast<float>(x[i] + kJitter * rng.normal());
      point[boxes + i] = static_cast<float>(y[i] + kJitter * rng.normal());
    }
    model_.scatter_fillers(options_.seed, point);
    model_.project(point);
    return point;
  }

  void current_positions(std::span<double> x, std::span<double> y) const {
    for (std::size_t i = 0; i < x.size(); ++i) {
      const std::size_t node = model_.nets().movers[i].index();
      if (placement_.placed[node] != 0) {
        x[i] = placement_.x[node] / model_.canvas().cell_width();
        y[i] = placement_.y[node] / model_.canvas().cell_height();
      }
    }
  }

  std::vector<float> descend(std::vector<float> point, FlatPlacerResult& result) {
    FlatModel::Measures measures;
    model_.set_gamma(gamma_at(1.0));
    std::vector<float> gradient(point.size());
    measures = model_.gradient(point, gradient);
    // Without any wire that pulls, the cells only spread.
    const bool wires = measures.wire_slope > 0.0;
    double weight = wires ? options_.first_weight * measures.wire_slope /
                                std::max(measures.density_slope, 1e-30)
                          : 1.0;
    model_.set_density_weight(weight);
    model_.set_gamma(gamma_at(measures.overflow));
    Nesterov descent(
        std::move(point),
        kFirstMove,
        [&](std::span<const float> at, std::span<float> out) {
          measures = model_.gradient(at, out);
        },
        [&](std::span<float> at) { model_.project(at); },
        options_.threads);
    double hpwl = measures.hpwl;
    while (result.iterations < options_.max_iterations &&
           (measures.overflow > options_.stop_overflow || result.iterations < kLeastIterations) &&
           !(options_.stop && options_.stop())) {
      descent.step(kMaxLength / std::min(weight, 1.0));
      ++result.iterations;
      if (wires && hpwl > 0.0) {
        const double growth = (measures.hpwl - hpwl) / (kReferenceGrowth * hpwl);
        weight *= std::clamp(std::pow(kMostGrowth, 1.0 - growth), kLeastGrowth, kMostGrowth);
        model_.set_density_weight(weight);
      }
      hpwl = measures.hpwl;
      model_.set_gamma(gamma_at(measures.overflow));
    }
    result.overflow = measures.overflow;
    const std::span<const float> solution = descent.reference();
    return {solution.begin(), solution.end()};
  }

  Placement written(std::span<const float> point) const {
    Placement placement = placement_;
    for (std::size_t i = 0; i < model_.num_movers(); ++i) {
      const std::size_t node = model_.nets().movers[i].index();
      placement.x[node] = static_cast<double>(point[i]) * model_.canvas().cell_width();
      placement.y[node] =
          static_cast<double>(point[model_.num_boxes() + i]) * model_.canvas().cell_height();
      placement.placed[node] = 1;
    }
    return placement;
  }

  const Netlist& netlist_;
  const Placement& placement_;
  const FlatPlacerOptions& options_;
  FlatModel model_;
};

}  // namespace

void FlatPlacerOptions::validate() const {
  const auto require = [](bool valid, const char* name, double value, const char* range) {
    if (!valid) {
      throw OptionError(std::string(name) + " is " + std::to_string(value) + ", expected " + range);
    }
  };
  require(density_cap > 0.0 && density_cap <= 1.0, "density_cap", density_cap, "> 0 and <= 1");
  require(halo_x >= 0.0, "halo_x", halo_x, ">= 0");
  require(halo_y >= 0.0, "halo_y", halo_y, ">= 0");
  require(first_weight > 0.0, "first_weight", first_weight, "> 0");
  for (const float factor : room) {
    require(factor >= 1.0F, "room", static_cast<double>(factor), ">= 1");
  }
  require(stop_overflow > 0.0, "stop_overflow", stop_overflow, "> 0");
  require(max_sinks >= 1, "max_sinks", max_sinks, ">= 1");
  require(max_iterations >= 0, "max_iterations", max_iterations, ">= 0");
  require(threads >= 1, "threads", threads, ">= 1");
}

FlatPlacerResult place_flat(const Netlist& netlist,
                            const Canvas& canvas,
                            const Placement& placement,
                            const FlatPlacerOptions& options) {
  options.validate();
  if (!options.room.empty() && options.room.size() != netlist.num_nodes()) {
    throw OptionError("room has " + std::to_string(options.room.size()) + " entries, expected " +
                      std::to_string(netlist.num_nodes()) + ", one for each node");
  }
  return FlatPlacer(netlist, canvas, placement, options).run();
}

}  // namespace tessera::placer
