#include "placer/force_directed.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"

namespace {

using tessera::netlist_io::Canvas;
using tessera::netlist_io::NetId;
using tessera::netlist_io::Netlist;
using tessera::netlist_io::NetlistRecords;
using tessera::netlist_io::NodeId;
using tessera::netlist_io::NodeKind;
using tessera::netlist_io::NodeRecord;
using tessera::netlist_io::Offset;
using tessera::netlist_io::OptionError;
using tessera::netlist_io::Orientation;
using tessera::netlist_io::PinId;
using tessera::netlist_io::PinRecord;
using tessera::netlist_io::Placement;
using tessera::netlist_io::PlcFile;
using tessera::netlist_io::read_netlist;
using tessera::netlist_io::read_plc;
using tessera::netlist_io::Rect;
using tessera::netlist_io::Rng;
using tessera::placer::circuit_training_mixed_size_schedule;
using tessera::placer::ForceDirectedMoves;
using tessera::placer::ForceDirectedOptions;
using tessera::placer::ForceDirectedPhase;
using tessera::placer::ForceDirectedPlacer;
using tessera::placer::ForceDirectedScratch;
using tessera::placer::ForceDirectedStart;

Canvas make_canvas(double width, double height) {
  Canvas canvas;
  canvas.width = width;
  canvas.height = height;
  return canvas;
}

/// Builds netlists node by node; every node gets one pin at its centre, more on request.
class CircuitBuilder {
 public:
  NodeId add_node(NodeKind kind, double width, double height, double x, double y) {
    NodeRecord node;
    node.name = std::to_string(records_.nodes.size());
    node.kind = kind;
    node.width = width;
    node.height = height;
    node.x = x;
    node.y = y;
    node.file_index = next_file_index_++;
    records_.nodes.push_back(node);
    return NodeId(records_.nodes.size() - 1);
  }

  PinId add_pin(NodeId node, double weight = 1.0, Offset offset = {}) {
    PinRecord pin;
    pin.node = node;
    const NodeRecord& owner = records_.nodes[node.index()];
    const bool port = owner.kind == NodeKind::kPort;
    pin.name = port ? "" : owner.name + "/p" + std::to_string(records_.pins.size());
    pin.file_index = port ? owner.file_index : next_file_index_++;
    pin.offset = offset;
    pin.weight = weight;
    records_.pins.push_back(pin);
    return PinId(records_.pins.size() - 1);
  }

  void add_net(PinId driver, std::vector<PinId> sinks) {
    records_.nets.push_back({driver, std::move(sinks)});
  }

  Netlist build() const { return Netlist(records_); }

 private:
  NetlistRecords records_;
  std::uint32_t next_file_index_ = 0;
};

ForceDirectedPhase phase(int steps, double attract, double repel, double max_move) {
  ForceDirectedPhase result;
  result.steps = steps;
  result.attract = attract;
  result.repel = repel;
  result.max_move_um = max_move;
  return result;
}

/// The published rules, pair by pair and pin by pin.
class Reference {
 public:
  Reference(const Netlist& netlist, Canvas canvas, ForceDirectedOptions options)
      : netlist_(netlist), canvas_(std::move(canvas)), options_(std::move(options)) {}

  void run(Placement& placement) const {
    for (std::size_t i = 0; i < placement.size(); ++i) {
      if (moves(placement, i) && options_.start == ForceDirectedStart::kCanvasCentre) {
        placement.x[i] = canvas_.width / 2;
        placement.y[i] = canvas_.height / 2;
      }
    }
    for (const ForceDirectedPhase& p : options_.phases) {
      const double longest =
          p.move_factor * std::max(canvas_.width, canvas_.height) / std::max(p.steps, 1);
      for (int step = 0; step < p.steps; ++step) {
        one_step(placement, p, p.max_move_um.value_or(longest));
      }
    }
  }

 private:
  bool moves(const Placement& placement, std::size_t i) const {
    const NodeKind kind = netlist_.kind(NodeId(i));
    const bool hard =
        kind == NodeKind::kHardMacro && options_.moves == ForceDirectedMoves::kSoftAndHardMacros;
    return placement.fixed[i] == 0 && (kind == NodeKind::kSoftMacro || hard);
  }

  Offset half_size(const Placement& placement, std::size_t i) const {
    const double width = netlist_.width(NodeId(i));
    const double height = netlist_.height(NodeId(i));
    if (netlist_.kind(NodeId(i)) == NodeKind::kSoftMacro) {
      return {std::sqrt(width * height) / 2, std::sqrt(width * height) / 2};
    }
    const bool swap = swaps_axes(placement.orientation[i]);
    return {(swap ? height : width) / 2, (swap ? width : height) / 2};
  }

  Offset pin_position(const Placement& placement, PinId pin) const {
    const std::size_t node = netlist_.pin_node(pin).index();
    const Offset offset = transform(netlist_.pin_offset(pin), placement.orientation[node]);
    return {placement.x[node] + offset.x, placement.y[node] + offset.y};
  }

  void attract(const Placement& placement, double factor, std::vector<Offset>& force) const {
    for (std::size_t n = 0; n < netlist_.num_nets(); ++n) {
      const auto pins = netlist_.pins_of(NetId(n));
      const std::size_t driver = netlist_.pin_node(pins[0]).index();
      for (std::size_t s = 1; s < pins.size(); ++s) {
        const std::size_t sink = netlist_.pin_node(pins[s]).index();
        if (!placement.placed[driver] || !placement.placed[sink]) {
          continue;
        }
        const bool io = netlist_.kind(NodeId(driver)) == NodeKind::kPort ||
                        netlist_.kind(NodeId(sink)) == NodeKind::kPort;
        const double k = netlist_.weight(NetId(n)) * factor * (io ? options_.io_factor : 1.0);
        const Offset from = pin_position(placement, pins[0]);
        const Offset to = pin_position(placement, pins[s]);
        force[driver].x += k * (to.x - from.x);
        force[driver].y += k * (to.y - from.y);
        force[sink].x -= k * (to.x - from.x);
        force[sink].y -= k * (to.y - from.y);
      }
    }
  }

  bool overlap(const Placement& placement, std::size_t u, std::size_t v) const {
    const Offset a = half_size(placement, u);
    const Offset b = half_size(placement, v);
    const auto common = [](double p, double half_p, double q, double half_q) {
      return std::min(p + half_p, q + half_q) - std::max(p - half_p, q - half_q);
    };
    return common(placement.x[u], a.x, placement.x[v], b.x) > 0 &&
           common(placement.y[u], a.y, placement.y[v], b.y) > 0;
  }

  void repel(const Placement& placement, double magnitude, std::vector<Offset>& force) const {
    for (std::size_t v = 0; v < placement.size(); ++v) {
      for (std::size_t u = 0; u < v; ++u) {
        const bool both = netlist_.is_macro(NodeId(u)) && netlist_.is_macro(NodeId(v)) &&
                          placement.placed[u] && placement.placed[v];
        if (!both || !overlap(placement, u, v)) {
          continue;
        }
        const double dx = placement.x[u] - placement.x[v];
        const double dy = placement.y[u] - placement.y[v];
        const double distance = std::sqrt(dx * dx + dy * dy);
        const double diagonal = -1 / std::sqrt(2.0);
        const Offset unit =
            distance > 0 ? Offset{dx / distance, dy / distance} : Offset{diagonal, diagonal};
        force[u].x += magnitude * unit.x;
        force[u].y += magnitude * unit.y;
        force[v].x -= magnitude * unit.x;
        force[v].y -= magnitude * unit.y;
      }
    }
  }

  void one_step(Placement& placement, const ForceDirectedPhase& p, double longest) const {
    std::vector<Offset> force(placement.size());
    attract(placement, p.attract, force);
    repel(placement, p.repel * longest, force);
    double mx = 0;
    double my = 0;
    for (std::size_t i = 0; i < placement.size(); ++i) {
      if (moves(placement, i)) {
        mx = std::max(mx, std::abs(force[i].x));
        my = std::max(my, std::abs(force[i].y));
      }
    }
    for (std::size_t i = 0; i < placement.size(); ++i) {
      if (!moves(placement, i)) {
        continue;
      }
      const Offset half = half_size(placement, i);
      const double x = placement.x[i] + (mx > 0 ? force[i].x / mx * longest : 0);
      const double y = placement.y[i] + (my > 0 ? force[i].y / my * longest : 0);
      placement.x[i] = x - half.x <= 0 || x + half.x >= canvas_.width ? placement.x[i] : x;
      placement.y[i] = y - half.y <= 0 || y + half.y >= canvas_.height ? placement.y[i] : y;
    }
  }

  const Netlist& netlist_;
  Canvas canvas_;
  ForceDirectedOptions options_;
};

constexpr double kSide = 100.0;

/// Ports on the left edge, hard macros with pins off centre, soft macros that are not square,
/// nets with duplicate sinks and pins of one node.
Netlist random_circuit(Rng& rng) {
  CircuitBuilder circuit;
  std::vector<PinId> pins;
  const auto add = [&](NodeKind kind, int count) {
    for (int i = 0; i < count; ++i) {
      const bool port = kind == NodeKind::kPort;
      const double width = port ? 0.0 : rng.uniform(2.0, 15.0);
      const double height = port ? 0.0 : rng.uniform(2.0, 15.0);
      const double x = port ? 0.0 : rng.uniform(10.0, kSide - 10.0);
      const NodeId node = circuit.add_node(kind, width, height, x, rng.uniform(10, kSide - 10));
      for (std::uint64_t j = 0; j < (port ? 1 : 1 + rng.below(3)); ++j) {
        const bool hard = kind == NodeKind::kHardMacro;
        const Offset offset = {rng.uniform(-2.0, 2.0), rng.uniform(-2.0, 2.0)};
        const double weight = port ? 1.0 : static_cast<double>(1 + rng.below(4));
        pins.push_back(circuit.add_pin(node, weight, hard ? offset : Offset{}));
      }
    }
  };
  add(NodeKind::kPort, 5);
  add(NodeKind::kSoftMacro, 15);
  add(NodeKind::kHardMacro, 6);
  add(NodeKind::kSoftMacro, 15);
  for (const PinId driver : pins) {
    std::vector<PinId> sinks;
    for (std::uint64_t i = 0; i < 1 + rng.below(4); ++i) {
      sinks.push_back(pins[rng.below(pins.size())]);
    }
    circuit.add_net(driver, std::move(sinks));
  }
  return circuit.build();
}

/// A placement with all orientations, some fixed macros and an unplaced hard macro.
Placement random_placement(const Netlist& netlist, Rng& rng) {
  Placement placement(netlist);
  for (const NodeId macro : netlist.hard_macros()) {
    placement.orientation[macro.index()] = static_cast<Orientation>(rng.below(8));
  }
  placement.placed[netlist.hard_macros()[1].index()] = 0;
  placement.fixed[netlist.hard_macros()[2].index()] = 1;
  placement.fixed[netlist.soft_macros()[3].index()] = 1;
  return placement;
}

void check_equal(const Placement& actual, const Placement& expected, double tolerance) {
  for (std::size_t i = 0; i < actual.size(); ++i) {
    CAPTURE(i);
    REQUIRE(std::abs(actual.x[i] - expected.x[i]) <= tolerance);
    REQUIRE(std::abs(actual.y[i] - expected.y[i]) <= tolerance);
  }
}

void check_inside(const Netlist& netlist, const Placement& placement, const Canvas& canvas) {
  for (const NodeId macro : netlist.soft_macros()) {
    const Rect box = placement.box(netlist, macro);
    CHECK(box.x0 >= 0.0);
    CHECK(box.y0 >= 0.0);
    CHECK(box.x1 <= canvas.width);
    CHECK(box.y1 <= canvas.height);
  }
}

}  // namespace

TEST_CASE("the published steps of a small circuit come out") {
  // Canvas 10 x 10. P -> a; M (pin 0.5 left of its centre) -> b; a -> b with weight 2.
  //
  //      +------------+
  //      |       M    |     M 2 x 2 at (7, 7), hard
  //      P     ab     |     a, b 1 x 1, soft, both start at (5, 5)
  //      |            |     P at (0, 5)
  //      +------------+
  CircuitBuilder circuit;
  const NodeId p = circuit.add_node(NodeKind::kPort, 0, 0, 0, 5);
  const NodeId m = circuit.add_node(NodeKind::kHardMacro, 2, 2, 7, 7);
  const PinId m_out = circuit.add_pin(m, 1, {-0.5, 0});
  const NodeId a = circuit.add_node(NodeKind::kSoftMacro, 1, 1, 1, 1);
  const PinId a_in = circuit.add_pin(a);
  const PinId a_out = circuit.add_pin(a, 2);
  const NodeId b = circuit.add_node(NodeKind::kSoftMacro, 1, 1, 1, 1);
  const PinId b_in = circuit.add_pin(b);
  circuit.add_net(circuit.add_pin(p), {a_in});
  circuit.add_net(m_out, {b_in});
  circuit.add_net(a_out, {b_in});
  const Netlist netlist = circuit.build();
  struct Row {
    int first_steps;
    int second_steps;
    Offset a;
    Offset b;
  };
  const Row rows[] = {
      {1, 0, {4.5, 5.0}, {5.15, 5.5}},
      {2, 0, {4.0, 5.5}, {5.1578125, 5.75}},
      {3, 0, {3.5, 5.5}, {4.868851461038961, 6.25}},
      {3, 1, {3.15555372173626, 6.0}, {4.368851461038961, 5.875}},
      {3, 2, {2.65555372173626, 5.545454545454546}, {4.166201348753087, 6.375}},
      {3, 3, {2.92154887779585, 6.045454545454546}, {3.666201348753087, 5.910714285714286}},
  };
  for (const Row& row : rows) {
    CAPTURE(row.first_steps);
    CAPTURE(row.second_steps);
    ForceDirectedOptions options;
    options.phases = {phase(row.first_steps, 100, 0, 0.5), phase(row.second_steps, 1e-3, 1e6, 0.5)};
    Placement placement(netlist);
    ForceDirectedPlacer(netlist, make_canvas(10, 10), options).run(placement);
    CHECK(std::abs(placement.x[a.index()] - row.a.x) < 1e-9);
    CHECK(std::abs(placement.y[a.index()] - row.a.y) < 1e-9);
    CHECK(std::abs(placement.x[b.index()] - row.b.x) < 1e-9);
    CHECK(std::abs(placement.y[b.index()] - row.b.y) < 1e-9);
    CHECK(placement.x[m.index()] == 7.0);
    CHECK(placement.y[p.index()] == 5.0);
  }
}

TEST_CASE("coincident soft macros part along the diagonal in node order") {
  // Three macros at the centre: the first is pushed down twice, the second once each way, the third
  // up twice. The longest move is 2 um.
  CircuitBuilder circuit;
  for (int i = 0; i < 3; ++i) {
    circuit.add_pin(circuit.add_node(NodeKind::kSoftMacro, 4.0 + i, 4.0, 0, 0));
  }
  const Netlist netlist = circuit.build();
  ForceDirectedOptions options;
  options.phases = {phase(1, 0, 1, 2.0)};
  Placement placement(netlist);
  ForceDirectedPlacer(netlist, make_canvas(40, 40), options).run(placement);
  CHECK(placement.x == std::vector<double>{18, 20, 22});
  CHECK(placement.y == std::vector<double>{18, 20, 22});
}

TEST_CASE("few steps on random circuits agree with forces summed pair by pair") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const Netlist netlist = random_circuit(rng);
    const Placement start = random_placement(netlist, rng);
    const Canvas canvas = make_canvas(kSide, kSide * rng.uniform(1.0, 1.3));
    ForceDirectedOptions options;
    options.io_factor = rng.uniform(0.5, 2.0);
    options.start =
        seed % 2 == 0 ? ForceDirectedStart::kCurrentLocations : ForceDirectedStart::kCanvasCentre;
    options.phases = {phase(4, 100, 0, 1.5), phase(4, 1e-3, 1e6, 1.5)};
    if (seed % 3 == 0) {
      options.phases[0].repel = 100;  // forces of the same order
    }
    Placement expected = start;
    Reference(netlist, canvas, options).run(expected);
    Placement actual = start;
    ForceDirectedPlacer(netlist, canvas, options).run(actual);
    check_equal(actual, expected, 1e-9);
  }
}

TEST_CASE("hard macros move too in the mixed-size schedule") {
  ForceDirectedOptions options = circuit_training_mixed_size_schedule();
  REQUIRE(options.phases.size() == 3);
  for (ForceDirectedPhase& p : options.phases) {
    p.max_move_um = p.move_factor * kSide / p.steps;
    p.steps = 3;
  }
  Rng rng(7);
  const Netlist netlist = random_circuit(rng);
  Placement start(netlist);
  const NodeId fixed = netlist.hard_macros()[2];
  start.fixed[fixed.index()] = 1;
  Placement expected = start;
  Reference(netlist, make_canvas(kSide, kSide), options).run(expected);
  Placement actual = start;
  ForceDirectedPlacer(netlist, make_canvas(kSide, kSide), options).run(actual);
  check_equal(actual, expected, 1e-9);
  CHECK(actual.x[fixed.index()] == start.x[fixed.index()]);
  CHECK(actual.x[netlist.hard_macros()[0].index()] != start.x[netlist.hard_macros()[0].index()]);
}

TEST_CASE("a full run keeps clusters inside and everything else in place") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    const Netlist netlist = random_circuit(rng);
    Placement start = random_placement(netlist, rng);
    for (const NodeId macro : netlist.soft_macros()) {
      start.placed[macro.index()] = start.fixed[macro.index()];
    }
    const Canvas canvas = make_canvas(kSide, kSide);
    Placement placement = start;
    ForceDirectedPlacer(netlist, canvas).run(placement);
    check_inside(netlist, placement, canvas);
    for (std::size_t i = 0; i < start.size(); ++i) {
      const bool moves = netlist.kind(NodeId(i)) == NodeKind::kSoftMacro && start.fixed[i] == 0;
      CHECK(placement.placed[i] == (moves ? 1 : start.placed[i]));
      CHECK((moves || placement.x[i] == start.x[i]));
      CHECK((moves || placement.y[i] == start.y[i]));
    }
  }
}

TEST_CASE("the real box of a flat soft macro ends up inside, a too long one in the middle") {
  // In the solver both are squares of side 4. P pulls them to the left edge.
  CircuitBuilder circuit;
  const NodeId p = circuit.add_node(NodeKind::kPort, 0, 0, 0, 9);
  const NodeId flat = circuit.add_node(NodeKind::kSoftMacro, 16, 1, 0, 0);
  const NodeId tall = circuit.add_node(NodeKind::kSoftMacro, 0.5, 32, 0, 0);
  circuit.add_net(circuit.add_pin(p), {circuit.add_pin(flat), circuit.add_pin(tall)});
  const Netlist netlist = circuit.build();
  ForceDirectedOptions options;
  options.phases = {phase(50, 100, 0, 0.25)};
  Placement placement(netlist);
  ForceDirectedPlacer(netlist, make_canvas(20, 20), options).run(placement);
  CHECK(placement.x[flat.index()] == 8.0);   // 16 / 2
  CHECK(placement.x[tall.index()] < 3.0);    // as far as its square goes
  CHECK(placement.y[tall.index()] == 10.0);  // 32 > 20
}

TEST_CASE("runs repeat exactly, with fresh or used scratch and on several threads") {
  Rng rng(3);
  const Netlist small = random_circuit(rng);
  const Netlist netlist = random_circuit(rng);
  const Canvas canvas = make_canvas(kSide, kSide);
  const ForceDirectedPlacer placer(netlist, canvas);
  Placement first(netlist);
  placer.run(first);

  ForceDirectedScratch scratch;
  Placement other(small);
  ForceDirectedPlacer(small, canvas).run(other, scratch);
  Placement second(netlist);
  placer.run(second, scratch);
  CHECK(second.x == first.x);
  CHECK(second.y == first.y);

  std::vector<Placement> results(4, Placement(netlist));
  std::vector<std::thread> threads;
  for (Placement& result : results) {
    threads.emplace_back([&placer, &result] { placer.run(result); });
  }
  for (std::thread& thread : threads) {
    thread.join();
  }
  for (const Placement& result : results) {
    CHECK(result.x == first.x);
    CHECK(result.y == first.y);
  }
}

TEST_CASE("unplaced hard macros neither pull nor push") {
  CircuitBuilder circuit;
  const NodeId hard = circuit.add_node(NodeKind::kHardMacro, 8, 8, 12, 12);
  const NodeId soft = circuit.add_node(NodeKind::kSoftMacro, 4, 4, 0, 0);
  circuit.add_net(circuit.add_pin(hard), {circuit.add_pin(soft)});
  const Netlist netlist = circuit.build();
  Placement placement(netlist);
  placement.placed[hard.index()] = 0;
  ForceDirectedPlacer(netlist, make_canvas(20, 20)).run(placement);
  CHECK(placement.x[soft.index()] == 10.0);
  CHECK(placement.y[soft.index()] == 10.0);
  CHECK(placement.placed[hard.index()] == 0);
}

TEST_CASE("force-directed options outside their range are refused") {
  ForceDirectedOptions options;
  options.phases[1].repel = -1.0;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("phases[1].repel"), OptionError);
  options = {};
  options.phases[2].max_move_um = 0.0;
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("phases[2].max_move_um"), OptionError);
  options = {};
  options.io_factor = std::nan("");
  CHECK_THROWS_WITH_AS(options.validate(), doctest::Contains("io_factor"), OptionError);

  const Netlist netlist = CircuitBuilder().build();
  CHECK_THROWS_AS(ForceDirectedPlacer(netlist, make_canvas(0, 1)), OptionError);
  Placement wrong;
  wrong.x.resize(1);
  CHECK_THROWS_AS(ForceDirectedPlacer(netlist, make_canvas(1, 1)).run(wrong),
                  std::invalid_argument);
}

TEST_CASE("the original binary's push on four overlapping macros comes out") {
  // Without nets, one step of repulsion by 50 um from the current locations gives the positions
  // that the original binary and the MacroPlacement project's evaluator both wrote.
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const std::filesystem::path folder = benchmarks / "unit" / "tilos_fd_simple";
  const std::string path = (folder / "simple.pb.txt").string();
  const Netlist netlist = read_netlist({&path, 1}).netlist;
  const PlcFile expected = read_plc((folder / "simple.plc.final").string(), netlist);
  ForceDirectedOptions options;
  options.start = ForceDirectedStart::kCurrentLocations;
  options.phases = {phase(1, 0, 1, 50.0)};
  Placement placement(netlist);
  const Canvas canvas = make_canvas(*expected.header.width, *expected.header.height);
  ForceDirectedPlacer(netlist, canvas, options).run(placement);
  check_equal(placement, expected.placement, 1e-9);
}
