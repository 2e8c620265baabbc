#include "placer/canvas_observer.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/generator.h"
#include "placer/macro_env.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;
using testing::BlockBuilder;
using testing::make_canvas;

MacroProblemOptions wirelength_alone() {
  MacroProblemOptions options;
  options.prior = PositionPrior::kCanvasCentre;
  options.cost.weights = {1.0, 0.0, 0.0};
  return options;
}

/// The channels of a state, by channel and cell.
class Channels {
 public:
  explicit Channels(const MacroEnv& env)
      : size_(env.problem().canvas().grid.num_cells()), values_(kNumCanvasChannels * size_) {
    scales = CanvasObserver(env.problem()).observe(env, values_);
  }

  std::span<const float> operator[](CanvasChannel channel) const {
    return std::span(values_).subspan(index_of(channel) * size_, size_);
  }

  CanvasScales scales;

 private:
  std::size_t size_;
  std::vector<float> values_;
};

void check_all(std::span<const float> found, const std::vector<double>& expected) {
  REQUIRE(found.size() == expected.size());
  for (std::size_t cell = 0; cell < found.size(); ++cell) {
    CAPTURE(cell);
    CHECK(found[cell] == doctest::Approx(expected[cell]).epsilon(1e-5));
  }
}

/// 3 x 3 cells of 2 um. A fixed macro of 2 x 2 um stands across the cells 0 and 1; of the others
/// the first, 1.6 x 1 um, is tied to a port in the upper left corner, the second, 1 x 1 um, to
/// nothing.
///
///   port . .
///      . . .
///     fixed .
struct NineCells {
  Netlist netlist = [] {
    BlockBuilder block;
    const NodeId port = block.port("p", 0.0, 6.0);
    block.hard("fixed", 2.0, 2.0);
    block.connect(port, {block.hard("first", 1.6, 1.0)});
    block.hard("second", 1.0, 1.0);
    return block.build();
  }();
  Placement placement = [this] {
    Placement start(netlist);
    start.x[1] = 2.0;
    start.y[1] = 1.0;
    start.fixed[1] = 1;
    return start;
  }();
  MacroProblem problem{netlist, make_canvas(6.0, 6.0, 3, 3), placement, wirelength_alone()};
};

}  // namespace

TEST_CASE("the canvas shows what is legal, what is occupied, the prior and the edge") {
  const NineCells block;
  MacroEnv env(block.problem);
  const Channels start(env);
  check_all(start[CanvasChannel::kLegal], {0, 0, 1, 1, 1, 1, 1, 1, 1});
  check_all(start[CanvasChannel::kOccupied], {0.5, 0.5, 0, 0, 0, 0, 0, 0, 0});
  // The prior is the centre (3, 3), the reach a tenth of 12 um: beside it e^(-2 / 1.2) = 0.188876,
  // in the corners e^(-2.828427 / 1.2) = 0.0947017.
  check_all(
      start[CanvasChannel::kPrior],
      {0.0947017, 0.188876, 0.0947017, 0.188876, 1, 0.188876, 0.0947017, 0.188876, 0.0947017});
  // 1 um over 6 um, in the middle 3 um.
  const double side = 1.0 / 6.0;
  check_all(start[CanvasChannel::kEdge], {side, side, side, side, 0.5, side, side, side, side});

  REQUIRE(env.step(5).status == StepResult::Status::kPlaced);
  const Channels second(env);
  check_all(second[CanvasChannel::kLegal], {0, 0, 1, 1, 1, 0, 1, 1, 1});
  // 1.6 of 4 square microns.
  check_all(second[CanvasChannel::kOccupied], {0.5, 0.5, 0, 0, 0, 0.4, 0, 0, 0});
}

TEST_CASE(
    "the canvas shows where a macro would touch others or the edge, and the last one's place") {
  const NineCells block;
  MacroEnv env(block.problem);
  const Channels start(env);
  check_all(start[CanvasChannel::kLast], {0, 0, 0, 0, 0, 0, 0, 0, 0});
  // The first macro is 1.6 um wide and 1 um high. In the corners a strip of one cell beyond the
  // left or right side lies outside by 1.8 um of 2 um (0.9 of 1 um), one beyond the upper or lower
  // side by 1.5 um (0.75 of 1.6 um). The fixed macro fills half of the cells 0 and 1: a strip of 2
  // x 1 um left of cell 2 takes 0.9 um of cell 1, half of it; strips below the cells 3 and 4 take
  // 0.75.
  const double corner = 0.9 + 1.2;
  check_all(start[CanvasChannel::kContact],
            {0,
             0,
             (corner + 0.45) / 5.2,
             (0.9 + 0.6) / 5.2,
             0.6 / 5.2,
             0.9 / 5.2,
             corner / 5.2,
             1.2 / 5.2,
             corner / 5.2});
  REQUIRE(env.step(5).status == StepResult::Status::kPlaced);
  const Channels second(env);
  // From (5, 3): 4, 2 or 2 sqrt(2) um off and so on, the reach 1.2 um.
  CHECK(second[CanvasChannel::kLast][5] == 1.0F);
  CHECK(second[CanvasChannel::kLast][3] == doctest::Approx(std::exp(-4.0 / 1.2)));
  CHECK(second[CanvasChannel::kLast][8] == doctest::Approx(std::exp(-2.0 / 1.2)));
  // 1 um square; 0.75 um of each strip in the next cell, of which 0.4 are occupied. Left of cell 4
  // and above cell 7 there is nothing.
  check_all(second[CanvasChannel::kContact].subspan(3, 2),
            {(0.75 + 0.75 * 0.5) / 4.0, (0.75 * 0.4 + 0.75 * 0.5) / 4.0});
}

TEST_CASE("changes are measured from the best legal cell in units of their mean") {
  const NineCells block;
  const MacroEnv env(block.problem);
  const Channels channels(env);
  // Half perimeters from (0, 6): to cells 2 to 8: 10, 4, 6, 8, 2, 4, 6; mean 40 / 7; less the
  // least: 26 / 7. A cell's entry is (half perimeter - 2) * 7 / 26; the illegal cells 0 and 1 have
  // the most.
  const double unit = 7.0 / 26.0;
  const std::vector<double> expected = {
      kMostDelta, kMostDelta, 8 * unit, 2 * unit, 4 * unit, 6 * unit, 0, 2 * unit, 4 * unit};
  check_all(channels[CanvasChannel::kWirelengthDelta], expected);
  check_all(channels[CanvasChannel::kProxyDelta], expected);
  // At the prior the half perimeter is 6; the wirelength is normalised by 12 um.
  for (const std::size_t map : {0U, 3U}) {
    CAPTURE(map);
    CHECK(channels.scales.deltas[map].least == doctest::Approx(-4.0 / 12.0));
    CHECK(channels.scales.deltas[map].mean == doctest::Approx(26.0 / 7.0 / 12.0));
  }
}

TEST_CASE("a macro without nets makes a flat map of wirelength") {
  const NineCells block;
  MacroEnv env(block.problem);
  env.step(6);
  const Channels channels(env);
  check_all(channels[CanvasChannel::kWirelengthDelta],
            {kMostDelta, kMostDelta, 0, 0, 0, 0, kMostDelta, 0, 0});
  CHECK(channels.scales.deltas[0].mean == 0.0);
}

TEST_CASE("no legal cell shows more than the most") {
  // 12 x 12 cells of 1 um, all blocked but 2 x 2 at the port and the cell in the far corner.
  BlockBuilder builder;
  const NodeId port = builder.port("p", 0.0, 0.0);
  builder.connect(port, {builder.hard("m", 1.0, 1.0)});
  const Netlist netlist = builder.build();
  Canvas canvas = make_canvas(12.0, 12.0, 12, 12);
  canvas.blockages.push_back({{2.0, 0.0, 12.0, 11.0}, 1.0});
  canvas.blockages.push_back({{0.0, 2.0, 2.0, 12.0}, 1.0});
  canvas.blockages.push_back({{2.0, 11.0, 11.0, 12.0}, 1.0});
  const MacroProblem problem(netlist, canvas, Placement(netlist), wirelength_alone());
  const MacroEnv env(problem);
  const Channels channels(env);
  const auto delta = channels[CanvasChannel::kProxyDelta];
  // Half perimeters above the least: 0, 1, 1, 2 and 22; mean 5.2; 22 / 5.2 = 4.23 is cut off.
  CHECK(delta[0] == 0.0F);
  CHECK(delta[1] == doctest::Approx(1.0 / 5.2));
  CHECK(delta[12] == doctest::Approx(1.0 / 5.2));
  CHECK(delta[13] == doctest::Approx(2.0 / 5.2));
  CHECK(channels[CanvasChannel::kLegal][143] == 1.0F);
  CHECK(delta[143] == kMostDelta);
  CHECK(delta[77] == kMostDelta);
}

TEST_CASE("density and congestion are the maps of the proxy, the changes those of the mapper") {
  netlist_io::GeneratorOptions generator;
  generator.ports = 20;
  generator.macros.count = 10;
  generator.clusters.count = 20;
  const netlist_io::GeneratedBlock block = netlist_io::generate_block(generator);
  const MacroProblem problem(block.netlist, block.canvas, block.placement, {});
  MacroEnv env(problem);
  CanvasObserver observer(problem);
  const std::size_t num_cells = problem.canvas().grid.num_cells();
  std::vector<float> channels(kNumCanvasChannels * num_cells);
  cost::CostWorkspace workspace;
  while (!env.done()) {
    CAPTURE(env.num_placed());
    const CanvasScales scales = observer.observe(env, channels);
    const auto value = [&](CanvasChannel channel, std::size_t cell) {
      return channels[index_of(channel) * num_cells + cell];
    };
    problem.proxy_cost().evaluate(env.placement(), workspace);
    float best = kMostDelta;
    for (CellIndex cell = 0; cell < num_cells; ++cell) {
      CAPTURE(cell);
      CHECK(value(CanvasChannel::kDensity, cell) ==
            doctest::Approx(workspace.density[cell]).epsilon(1e-4));
      CHECK(value(CanvasChannel::kHorizontalCongestion, cell) ==
            doctest::Approx(workspace.congestion.total.horizontal[cell]).epsilon(1e-4));
      CHECK(value(CanvasChannel::kVerticalCongestion, cell) ==
            doctest::Approx(workspace.congestion.total.vertical[cell]).epsilon(1e-4));
      const float delta = value(CanvasChannel::kProxyDelta, cell);
      if (env.mask().test(cell)) {
        best = std::min(best, delta);
        const DeltaScale& scale = scales.deltas[3];
        const double expected = (observer.deltas().proxy[cell] - scale.least) / scale.mean;
        CHECK(delta == doctest::Approx(std::min<double>(expected, kMostDelta)).epsilon(1e-4));
      } else {
        CHECK(delta == kMostDelta);
      }
      CHECK(value(CanvasChannel::kLegal, cell) == (env.mask().test(cell) ? 1.0F : 0.0F));
    }
    CHECK(best == 0.0F);
    env.step(env.mask().first().value());
  }
}

TEST_CASE("channels of another size and finished episodes are refused") {
  const NineCells block;
  MacroEnv env(block.problem);
  CanvasObserver observer(block.problem);
  std::vector<float> channels(kNumCanvasChannels * 9);
  CHECK_THROWS_AS(observer.observe(env, std::span(channels).first(9)), netlist_io::InternalError);
  env.step(6);
  env.step(2);
  REQUIRE(env.done());
  CHECK_THROWS_AS(observer.observe(env, channels), netlist_io::InternalError);
}

}  // namespace tessera::placer
