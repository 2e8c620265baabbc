#include "tests/cost/random_circuit.h"

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "tests/cost/circuit_builder.h"

namespace tessera::testing {

using cost::CostOptions;
using cost::OutsidePins;
using cost::SoftMacroShape;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::Orientation;
using netlist_io::PinId;
using netlist_io::Placement;
using netlist_io::Rng;

double CoordinateSource::draw(double length, int num_cells) {
  const double any = rng_.uniform(-0.2, 1.2) * length;
  if (!aligned_ || rng_.below(5) == 0) {
    return any;
  }
  constexpr std::array<double, 7> kNear = {0.0, 0.0, 0.0, 1e-9, -1e-9, 3e-5, -3e-5};
  const double half_cell = length / num_cells / 2.0;
  return static_cast<double>(static_cast<int>(any / half_cell)) * half_cell +
         kNear[rng_.below(kNear.size())];
}

double CoordinateSource::size(double length, int num_cells) {
  if (!aligned_) {
    return rng_.uniform(0.01, 0.7) * length;
  }
  return static_cast<double>(1 + rng_.below(8)) * length / num_cells / 2.0;
}

Circuit random_circuit(std::uint64_t seed) {
  Rng rng(seed);
  const bool aligned = rng.below(2) == 0;
  const int cols = static_cast<int>(1 + rng.below(14));
  const int rows = static_cast<int>(1 + rng.below(14));
  Circuit circuit;
  circuit.canvas = make_canvas(
      aligned ? 2.0 * cols : rng.uniform(1.0, 90.0), rng.uniform(1.0, 90.0), cols, rows);
  const double width = circuit.canvas.width;
  const double height = circuit.canvas.height;
  CoordinateSource source(rng, aligned);

  constexpr std::array<double, 6> kWeights = {1.0, 1.0, 0.5, 2.0, 3.25, 7.0};
  CircuitBuilder builder;
  const std::uint64_t num_nodes = rng.below(14);
  for (std::uint64_t n = 0; n < num_nodes; ++n) {
    const std::string name = "n" + std::to_string(n);
    const double x = source.draw(width, cols);
    const double y = source.draw(height, rows);
    const std::uint64_t kind = rng.below(10);
    if (kind < 3) {
      builder.port(name, x, y);
      continue;
    }
    const double w = source.size(width, cols);
    const double h = source.size(height, rows);
    if (kind == 3) {
      builder.std_cell(name, w, h, x, y);
      continue;
    }
    const NodeId macro = kind < 7 ? builder.hard(name, w, h, x, y) : builder.soft(name, w, h, x, y);
    for (std::uint64_t p = rng.below(5); p > 0; --p) {
      const Offset offset = {rng.uniform(-0.5, 0.5) * w, rng.uniform(-0.5, 0.5) * h};
      builder.pin(macro, kind < 7 ? offset : Offset{}, kWeights[rng.below(kWeights.size())]);
    }
  }
  const std::uint64_t num_nets = builder.num_pins() == 0 ? 0 : rng.below(16);
  const auto any_pin = [&] { return PinId(rng.below(builder.num_pins())); };
  for (std::uint64_t n = 0; n < num_nets; ++n) {
    const PinId driver = any_pin();
    std::vector<PinId> sinks;
    for (std::uint64_t s = 1 + rng.below(6); s > 0; --s) {
      sinks.push_back(any_pin());
    }
    builder.net(driver, std::move(sinks));
  }
  circuit.netlist = builder.build();
  circuit.placement = Placement(circuit.netlist);
  for (const NodeId macro : circuit.netlist.hard_macros()) {
    circuit.placement.orientation[macro.index()] = static_cast<Orientation>(rng.below(8));
  }
  return circuit;
}

CostOptions random_options(std::uint64_t seed) {
  Rng rng = Rng::derive(seed, "options");
  CostOptions options;
  options.smooth_range = static_cast<int>(rng.below(6));
  options.outside_pins = rng.below(2) == 0 ? OutsidePins::kClamp : OutsidePins::kDrop;
  options.soft_macro_shape = rng.below(2) == 0 ? SoftMacroShape::kAsGiven : SoftMacroShape::kSquare;
  options.routes = {rng.uniform(0.5, 80.0), rng.uniform(0.5, 80.0)};
  options.macro_routes = {rng.uniform(0.0, 60.0), rng.uniform(0.0, 60.0)};
  return options;
}

}  // namespace tessera::testing
