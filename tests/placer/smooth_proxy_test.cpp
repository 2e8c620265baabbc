#include "placer/smooth_proxy.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <numeric>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/placer/random_block.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/rng.h"
#include "placer/smooth_wirelength.h"
#include "placer/soft_top_mean.h"
#include "placer/spread_potential.h"

namespace {

using tessera::cost::CostOptions;
using tessera::netlist_io::Canvas;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::Placement;
using tessera::netlist_io::Rng;
using tessera::placer::MoverKinds;
using tessera::placer::PointNets;
using tessera::placer::SmoothProxy;
using tessera::placer::SmoothProxyParameters;
using tessera::placer::SmoothTerms;
using tessera::placer::SoftTopMean;
using tessera::placer::SpreadPotential;
using tessera::testing::RandomBlock;

/// The model of a random block, its movers where the placement has them.
struct Model {
  Model(const RandomBlock& block, const CostOptions& options, MoverKinds kinds) {
    proxy.load(block.netlist, block.canvas, block.placement, options, kinds);
    for (const NodeId node : proxy.nets().movers) {
      x.push_back(block.placement.x[node.index()] / block.canvas.cell_width());
      y.push_back(block.placement.y[node.index()] / block.canvas.cell_height());
    }
    gradient_x.resize(x.size());
    gradient_y.resize(x.size());
  }

  SmoothTerms evaluate(const SmoothProxyParameters& parameters) {
    return proxy.evaluate(parameters, x, y, gradient_x, gradient_y);
  }

  SmoothProxy proxy;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> gradient_x;
  std::vector<double> gradient_y;
};

/// Compares the gradient with central differences along each axis of each mover. The model has
/// kinks (a point changes its cell, an edge crosses a grid line), where the two may differ: a few
/// such components are let pass.
void check_gradient(Model& model, const SmoothProxyParameters& parameters) {
  constexpr double kStep = 2e-3;  // cells; the wirelength is computed in floats
  model.evaluate(parameters);
  const std::vector<double> gradient_x = model.gradient_x;
  const std::vector<double> gradient_y = model.gradient_y;
  double scale = 0.0;
  for (std::size_t i = 0; i < gradient_x.size(); ++i) {
    scale = std::max({scale, std::abs(gradient_x[i]), std::abs(gradient_y[i])});
  }
  REQUIRE(scale > 0.0);
  std::size_t wrong = 0;
  const auto compare = [&](double& coordinate, double slope) {
    const double middle = coordinate;
    coordinate = middle + kStep;
    const double above = model.evaluate(parameters).value;
    coordinate = middle - kStep;
    const double below = model.evaluate(parameters).value;
    coordinate = middle;
    wrong += std::abs((above - below) / (2.0 * kStep) - slope) > 0.02 * scale ? 1 : 0;
  };
  for (std::size_t i = 0; i < gradient_x.size(); ++i) {
    compare(model.x[i], gradient_x[i]);
    compare(model.y[i], gradient_y[i]);
  }
  CHECK(wrong * 20 <= 2 * gradient_x.size());
}

SmoothProxyParameters only(double wirelength, double density, double congestion) {
  SmoothProxyParameters parameters;
  parameters.weights = {wirelength, density, congestion};
  return parameters;
}

/// Few enough tracks that nets matter beside macros.
CostOptions tight_routes() {
  CostOptions options;
  options.routes = {3.0, 4.0};
  options.macro_routes = {1.0, 2.0};
  return options;
}

}  // namespace

TEST_CASE("gradients of the smooth proxy agree with differences") {
  SmoothProxyParameters parameters;
  SUBCASE("wirelength") {
    parameters = only(1.0, 0.0, 0.0);
  }
  SUBCASE("density") {
    parameters = only(0.0, 1.0, 0.0);
  }
  SUBCASE("congestion") {
    parameters = only(0.0, 0.0, 1.0);
  }
  SUBCASE("all of them") {
    parameters = only(1.0, 0.5, 0.5);
  }
  SUBCASE("overlap") {
    parameters = only(1.0, 0.0, 0.0);
    parameters.overlap_weight = 0.1;
  }
  for (std::uint64_t seed = 1; seed <= 12; ++seed) {
    CAPTURE(seed);
    const RandomBlock block = tessera::testing::random_block(seed);
    CostOptions options = tight_routes();
    options.smooth_range = static_cast<int>(seed % 3);
    const MoverKinds kinds = seed % 2 == 0 ? MoverKinds::kSoft : MoverKinds::kSoftAndHard;
    Model model(block, options, kinds);
    check_gradient(model, parameters);
  }
}

TEST_CASE("the sharp model at cell centres is the proxy") {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    RandomBlock block = tessera::testing::random_block(seed);
    // Clusters at cell centres; what does not move may stand anywhere.
    for (const NodeId node : block.netlist.soft_macros()) {
      double& x = block.placement.x[node.index()];
      double& y = block.placement.y[node.index()];
      x = (std::floor(x / block.canvas.cell_width()) + 0.5) * block.canvas.cell_width();
      y = (std::floor(y / block.canvas.cell_height()) + 0.5) * block.canvas.cell_height();
    }
    CostOptions options = tight_routes();
    options.smooth_range = static_cast<int>(seed % 3);
    Model model(block, options, MoverKinds::kSoft);
    SmoothProxyParameters parameters = only(1.0, 0.5, 0.5);
    parameters.gamma = 0.01;
    parameters.min_box = 0.0;
    parameters.density_width = 1e-6;
    parameters.congestion_width = 1e-6;
    const SmoothTerms terms = model.evaluate(parameters);
    const tessera::cost::CostBreakdown expected =
        tessera::cost::ProxyCost(block.netlist, block.canvas, options).evaluate(block.placement);
    // Boxes that stick out of the canvas count as if inside here.
    CHECK(terms.density >= doctest::Approx(expected.density));
    CHECK(terms.density <= doctest::Approx(expected.density).epsilon(0.01));
    // Fixed pins keep their cells but not quite their places: the row of a pin off the centre is
    // interpolated, so the congestion agrees only roughly.
    CHECK(terms.congestion == doctest::Approx(expected.congestion).epsilon(0.25));
  }
}

TEST_CASE("weighted-average wirelength approaches the extent of a net from below") {
  PointNets nets;
  nets.num_nets = 1;
  nets.groups = {{0, 3}};
  nets.points.assign(3 * PointNets::kLanes, 0);
  nets.points[PointNets::kLanes] = 1;
  nets.points[2 * PointNets::kLanes] = 2;
  nets.degree.assign(PointNets::kLanes, 0);
  nets.degree[0] = 3;
  nets.wire_weight.assign(PointNets::kLanes, 0.0F);
  nets.wire_weight[0] = 2.0F;
  const std::vector<float> position = {1.0F, 4.0F, 2.0F};
  std::vector<float> gradient(3, 0.0F);
  // 2 * (4 - 1) = 6
  CHECK(add_smooth_wirelength(nets, position, 0.05F, gradient) == doctest::Approx(6.0));
  CHECK(gradient[0] == doctest::Approx(-2.0));
  CHECK(gradient[1] == doctest::Approx(2.0));
  CHECK(std::abs(gradient[2]) < 1e-5F);
  const double blurred = add_smooth_wirelength(nets, position, 2.0F, gradient);
  CHECK(blurred < 6.0);
  CHECK(blurred > 0.0);
}

TEST_CASE("the soft top mean is the mean of the largest values when narrow") {
  SoftTopMean mean;
  const std::vector<double> values = {5, 1, 4, 2, 3};
  CHECK(mean.evaluate(values, 2.0, 1e-9) == doctest::Approx(4.5));  // (5 + 4) / 2
  CHECK(mean.weights()[0] == doctest::Approx(0.5));
  CHECK(mean.weights()[1] == doctest::Approx(0.0));
  CHECK(mean.evaluate(values, 5.0, 1e-9) == doctest::Approx(3.0));
  // Wider: from above, weights still sum to 1 and are the derivatives.
  const double wide = mean.evaluate(values, 2.0, 2.0);
  CHECK(wide > 4.5);
  const std::vector<double> weights(mean.weights().begin(), mean.weights().end());
  CHECK(std::accumulate(weights.begin(), weights.end(), 0.0) == doctest::Approx(1.0));
  for (std::size_t i = 0; i < values.size(); ++i) {
    std::vector<double> moved = values;
    moved[i] += 1e-4;
    CHECK((mean.evaluate(moved, 2.0, 2.0) - wide) / 1e-4 ==
          doctest::Approx(weights[i]).epsilon(1e-3));
  }
}

TEST_CASE("ties share the weight of the top mean") {
  SoftTopMean mean;
  const std::vector<double> values(10, 1.0);
  CHECK(mean.evaluate(values, 2.0, 1e-3) == doctest::Approx(1.0).epsilon(1e-2));
  for (const double weight : mean.weights()) {
    CHECK(weight == doctest::Approx(0.1));
  }
}

TEST_CASE("the potential falls from overfull cells to free ones and solves Poisson's equation") {
  SpreadPotential potential;
  potential.reset({4, 3});
  std::vector<double> density(12, 0.5);
  density[0] = 3.0;
  CHECK(potential.compute(density, 1.0) == doctest::Approx(2.0));  // 3 - 1
  const auto value = [&](int col, int row) {
    return potential.values()[static_cast<std::size_t>(row * 4 + col)];
  };
  CHECK(value(0, 0) > value(1, 0));
  CHECK(value(1, 0) > value(2, 0));
  CHECK(value(2, 1) > value(3, 2));
  // At (1, 1): 4 v - neighbours = charge = -0.5 * 2 / 5.5, the eleven free cells taking 2 together.
  const double laplacian =
      4.0 * value(1, 1) - value(0, 1) - value(2, 1) - value(1, 0) - value(1, 2);
  CHECK(laplacian == doctest::Approx(-2.0 / 11.0));
  // Nothing overfull, nothing pulls.
  std::fill(density.begin(), density.end(), 0.9);
  CHECK(potential.compute(density, 1.0) == 0.0);
  CHECK(value(0, 0) == 0.0);
}
