#include "cost/delta_map.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <vector>

#include "tests/cost/circuit_builder.h"
#include "tests/cost/golden_cost.h"
#include "tests/cost/random_circuit.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "cost/incremental_cost.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"

namespace tessera::cost {
namespace {

using netlist_io::Canvas;
using netlist_io::NodeId;

/// The changes found by trying every cell.
DeltaMap tried_changes(IncrementalCost& cost, NodeId node) {
  const Canvas& canvas = cost.model().canvas();
  const CostBreakdown before = cost.cost();
  DeltaMap map;
  for (int row = 0; row < canvas.grid.rows; ++row) {
    for (int col = 0; col < canvas.grid.cols; ++col) {
      cost.move(node, (col + 0.5) * canvas.cell_width(), (row + 0.5) * canvas.cell_height());
      const CostBreakdown after = cost.cost();
      map.wirelength.push_back(after.wirelength - before.wirelength);
      map.density.push_back(after.density - before.density);
      map.congestion.push_back(after.congestion - before.congestion);
      map.proxy.push_back(after.proxy - before.proxy);
      cost.undo();
    }
  }
  return map;
}

}  // namespace

TEST_CASE("delta maps: exact wirelength and density, a lower bound of the congestion") {
  std::size_t num_tight = 0;
  std::size_t num_cells = 0;
  for (std::uint64_t seed = 0; seed < 300; ++seed) {
    CAPTURE(seed);
    const testing::Circuit circuit = testing::random_circuit(seed);
    const IncrementalModel model(circuit.netlist, circuit.canvas, testing::random_options(seed));
    IncrementalCost cost(model, circuit.placement);
    DeltaMapper mapper(model);
    DeltaMap map;
    for (std::size_t i = 0; i < circuit.netlist.num_nodes(); ++i) {
      CAPTURE(i);
      mapper.compute(cost, NodeId(i), map);
      const DeltaMap tried = tried_changes(cost, NodeId(i));
      const double scale = 1e-9 * (1.0 + cost.cost().proxy);
      for (std::size_t cell = 0; cell < tried.proxy.size(); ++cell) {
        REQUIRE(std::abs(map.wirelength[cell] - tried.wirelength[cell]) <= scale);
        REQUIRE(std::abs(map.density[cell] - tried.density[cell]) <= scale);
        REQUIRE(map.congestion[cell] <= tried.congestion[cell] + scale);
        REQUIRE(map.proxy[cell] <= tried.proxy[cell] + scale);
        num_tight += map.congestion[cell] >= tried.congestion[cell] - scale ? 1 : 0;
        ++num_cells;
      }
    }
  }
  // Equal where the set of most congested cells stays; a bound of -1 would not pass.
  CHECK(num_tight > num_cells / 4);
}

TEST_CASE("delta maps of some cells are those of all, and 0 elsewhere") {
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    const testing::Circuit circuit = testing::random_circuit(seed);
    const IncrementalModel model(circuit.netlist, circuit.canvas, testing::random_options(seed));
    const IncrementalCost cost(model, circuit.placement);
    DeltaMapper mapper(model);
    DeltaMap all;
    DeltaMap some;
    std::vector<std::uint32_t> cells;
    for (std::uint32_t cell = 0; cell < circuit.canvas.grid.num_cells(); cell += 3) {
      cells.push_back(cell);
    }
    for (std::size_t i = 0; i < circuit.netlist.num_nodes(); ++i) {
      CAPTURE(i);
      mapper.compute(cost, NodeId(i), all);
      mapper.compute(cost, NodeId(i), cells, some);
      for (std::size_t cell = 0; cell < all.proxy.size(); ++cell) {
        const bool wanted = cell % 3 == 0;
        REQUIRE(some.proxy[cell] == (wanted ? all.proxy[cell] : 0.0));
        REQUIRE(some.wirelength[cell] == (wanted ? all.wirelength[cell] : 0.0));
        REQUIRE(some.congestion[cell] == (wanted ? all.congestion[cell] : 0.0));
      }
    }
  }
}

TEST_CASE("delta maps rank the cells of a real block as trying them does") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const std::filesystem::path block = benchmarks / "clustered" / "ng45_ariane133";
  const auto file = testing::read_one_netlist(block / "netlist.pb.txt.gz");
  const auto plc = netlist_io::read_plc((block / "initial.plc").string(), file.netlist);
  Canvas canvas;
  canvas.width = plc.header.width.value();
  canvas.height = plc.header.height.value();
  canvas.grid = {plc.header.cols.value(), plc.header.rows.value()};
  const IncrementalModel model(file.netlist, canvas, {});
  IncrementalCost cost(model, plc.placement);
  DeltaMapper mapper(model);
  DeltaMap map;
  for (std::size_t i = 500; i < file.netlist.num_nodes(); i += 97) {
    CAPTURE(i);
    mapper.compute(cost, NodeId(i), map);
    const DeltaMap tried = tried_changes(cost, NodeId(i));
    for (std::size_t cell = 0; cell < tried.proxy.size(); ++cell) {
      CHECK(map.proxy[cell] <= tried.proxy[cell] + 1e-9);
    }
    const auto best = std::min_element(map.proxy.begin(), map.proxy.end()) - map.proxy.begin();
    const auto better = std::count_if(tried.proxy.begin(), tried.proxy.end(), [&](double change) {
      return change < tried.proxy[static_cast<std::size_t>(best)];
    });
    CHECK(static_cast<double>(better) <= 0.1 * static_cast<double>(tried.proxy.size()));
  }
}

}  // namespace tessera::cost
