#include "cost/incremental_cost.h"

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include "tests/cost/golden_cost.h"
#include "tests/cost/random_circuit.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "cost/proxy_cost.h"
#include "netlist_io/errors.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rng;
using testing::Circuit;
using testing::relative_error;

constexpr double kTolerance = 1e-9;  // relative

/// Largest relative difference of the parts of two costs.
double difference(const CostBreakdown& cost, const CostBreakdown& expected) {
  double worst = relative_error(cost.proxy, expected.proxy);
  worst = std::max(worst, relative_error(cost.hpwl_um, expected.hpwl_um));
  worst = std::max(worst, relative_error(cost.wirelength, expected.wirelength));
  worst = std::max(worst, relative_error(cost.density, expected.density));
  return std::max(worst, relative_error(cost.congestion, expected.congestion));
}

/// Moves nodes of any kind, also ports and beyond the canvas: the cost is defined there too.
class RandomMoves {
 public:
  RandomMoves(const Netlist& netlist, const Canvas& canvas, std::uint64_t seed)
      : netlist_(netlist), canvas_(canvas), rng_(Rng::derive(seed, "moves")) {}

  NodeMove draw(const IncrementalCost& cost) {
    const NodeId node(rng_.below(netlist_.num_nodes()));
    NodeMove move = {node, cost.x(node), cost.y(node), cost.orientation(node)};
    const std::uint64_t kind = rng_.below(4);
    if (kind == 0) {  // anywhere
      move.x = rng_.uniform(-0.1, 1.1) * canvas_.width;
      move.y = rng_.uniform(-0.1, 1.1) * canvas_.height;
    } else if (kind < 3) {  // near
      move.x += 0.05 * canvas_.width * rng_.normal();
      move.y += 0.05 * canvas_.height * rng_.normal();
    }
    if (netlist_.kind(node) == NodeKind::kHardMacro && kind != 1) {
      move.orientation = static_cast<Orientation>(rng_.below(8));
    }
    return move;
  }

  /// One to four nodes.
  std::vector<NodeMove> draw_group(const IncrementalCost& cost) {
    std::vector<NodeMove> moves;
    for (std::uint64_t i = 1 + rng_.below(4); i > 0; --i) {
      moves.push_back(draw(cost));
    }
    return moves;
  }

  std::uint64_t below(std::uint64_t bound) { return rng_.below(bound); }

 private:
  const Netlist& netlist_;
  const Canvas& canvas_;
  Rng rng_;
};

/// The cost of what the incremental evaluation holds, evaluated in full.
CostBreakdown full_cost(const IncrementalCost& cost, Placement placement) {
  cost.write_to(placement);
  const IncrementalModel& model = cost.model();
  return ProxyCost(model.netlist(), model.canvas(), model.options()).evaluate(placement);
}

}  // namespace

TEST_CASE("incremental costs of random circuits equal the full ones") {
  for (std::uint64_t seed = 0; seed < 1500; ++seed) {
    CAPTURE(seed);
    const Circuit circuit = testing::random_circuit(seed);
    if (circuit.netlist.num_nodes() == 0) {
      continue;
    }
    const IncrementalModel model(circuit.netlist, circuit.canvas, testing::random_options(seed));
    IncrementalCost cost(model, circuit.placement);
    REQUIRE(difference(cost.cost(), full_cost(cost, circuit.placement)) <= kTolerance);
    RandomMoves moves(circuit.netlist, circuit.canvas, seed);
    for (int round = 0; round < 20; ++round) {
      const std::vector<NodeMove> group = moves.draw_group(cost);
      const double proxy = group.size() == 1 ? cost.move(group[0]) : cost.move(group);
      CHECK(proxy == cost.cost().proxy);
      REQUIRE(difference(cost.cost(), full_cost(cost, circuit.placement)) <= kTolerance);
      if (moves.below(2) == 0) {
        cost.keep();
      } else if (moves.below(2) == 0) {
        cost.undo();
        REQUIRE(difference(cost.cost(), full_cost(cost, circuit.placement)) <= kTolerance);
      }
    }
  }
}

TEST_CASE("the incremental cost is a function of the placement, whatever led to it") {
  for (std::uint64_t seed = 0; seed < 200; ++seed) {
    CAPTURE(seed);
    const Circuit circuit = testing::random_circuit(seed);
    if (circuit.netlist.num_nodes() == 0) {
      continue;
    }
    const IncrementalModel model(circuit.netlist, circuit.canvas, testing::random_options(seed));
    IncrementalCost cost(model, circuit.placement);
    const IncrementalCost start = cost;
    RandomMoves moves(circuit.netlist, circuit.canvas, seed);
    for (int round = 0; round < 30; ++round) {
      cost.move(moves.draw_group(cost));
      cost.keep();
    }
    Placement moved = circuit.placement;
    cost.write_to(moved);
    CHECK(cost.same_state(IncrementalCost(model, moved)));
    for (std::size_t i = 0; i < moved.size(); ++i) {
      cost.move({NodeId(i),
                 circuit.placement.x[i],
                 circuit.placement.y[i],
                 circuit.placement.orientation[i]});
    }
    CHECK(cost.same_state(start));
  }
}

TEST_CASE("what the fixed point cannot hold is refused") {
  testing::CircuitBuilder builder;
  const auto port = builder.port("p", 0.0, 0.0);
  const NodeId macro = builder.hard("m", 2.0, 2.0, 5.0, 5.0);
  builder.net(port, {builder.pin(macro)});
  const Netlist netlist = builder.build();
  const Canvas canvas = testing::make_canvas(10.0, 10.0, 5, 5);
  const IncrementalModel model(netlist, canvas, {});
  Placement placement(netlist);
  placement.x[0] = 60.0;  // outside, but not far
  CHECK(difference(IncrementalCost(model, placement).cost(),
                   ProxyCost(netlist, canvas, {}).evaluate(placement)) <= kTolerance);
  placement.x[0] = 1e7;
  CHECK_THROWS_AS(IncrementalCost(model, placement), netlist_io::OptionError);
  const Canvas fine = testing::make_canvas(10.0, 10.0, IncrementalModel::kMostLines + 1, 1);
  CHECK_THROWS_AS(IncrementalModel(netlist, fine, {}), netlist_io::OptionError);
}

TEST_CASE("a macro over the whole of a fine grid") {
  testing::CircuitBuilder builder;
  const auto port = builder.port("p", 0.0, 0.0);
  const NodeId macro = builder.hard("m", 100.0, 100.0, 50.0, 50.0);
  builder.net(port, {builder.pin(macro)});
  const Netlist netlist = builder.build();
  const Canvas canvas = testing::make_canvas(100.0, 100.0, 128, 128);
  const IncrementalModel model(netlist, canvas, {});
  const Placement placement(netlist);
  CHECK(difference(IncrementalCost(model, placement).cost(),
                   ProxyCost(netlist, canvas, {}).evaluate(placement)) <= kTolerance);
}

TEST_CASE("moves add up until they are undone") {
  const Circuit circuit = testing::random_circuit(17);
  const IncrementalModel model(circuit.netlist, circuit.canvas, {});
  IncrementalCost cost(model, circuit.placement);
  const IncrementalCost start = cost;
  RandomMoves moves(circuit.netlist, circuit.canvas, 17);
  for (int i = 0; i < 100; ++i) {
    cost.move(moves.draw_group(cost));
  }
  CHECK_FALSE(cost.same_state(start));
  cost.undo();
  CHECK(cost.same_state(start));
  cost.undo();  // nothing to undo
  CHECK(cost.same_state(start));
}

TEST_CASE("100,000 moves on every clustered block") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  for (const auto& entry : std::filesystem::directory_iterator(benchmarks / "clustered")) {
    const std::string design = entry.path().filename().string();
    CAPTURE(design);
    const auto file = testing::read_one_netlist(entry.path() / "netlist.pb.txt.gz");
    const netlist_io::PlcFile plc =
        netlist_io::read_plc((entry.path() / "initial.plc").string(), file.netlist);
    Canvas canvas;
    canvas.width = plc.header.width.value();
    canvas.height = plc.header.height.value();
    canvas.grid = {plc.header.cols.value(), plc.header.rows.value()};
    const IncrementalModel model(file.netlist, canvas, {});
    IncrementalCost cost(model, plc.placement);
    const IncrementalCost start = cost;
    RandomMoves moves(file.netlist, canvas, 1);
    std::size_t num_moves = 0;
    std::vector<NodeMove> back;  // to where kept moves came from, last first
    while (num_moves < 100'000) {
      const std::vector<NodeMove> group = moves.draw_group(cost);
      std::vector<NodeMove> origin;
      for (const NodeMove& move : group) {
        origin.push_back(
            {move.node, cost.x(move.node), cost.y(move.node), cost.orientation(move.node)});
      }
      cost.move(group);
      if (moves.below(2) == 0) {
        cost.keep();
        back.insert(back.end(), origin.begin(), origin.end());
      } else {
        cost.undo();
      }
      if (num_moves / 1000 != (num_moves + group.size()) / 1000) {
        REQUIRE(difference(cost.cost(), full_cost(cost, plc.placement)) <= kTolerance);
      }
      num_moves += group.size();
    }
    for (std::size_t i = back.size(); i-- > 0;) {
      cost.move(back[i]);
      cost.keep();
    }
    CHECK(cost.same_state(start));
  }
}

}  // namespace tessera::cost
