#include "placer/legality.h"

#include <algorithm>
#include <cstdint>
#include <string>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "netlist_io/rng.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;
using testing::BlockBuilder;
using testing::make_canvas;

void put(Placement& placement, NodeId node, double x, double y) {
  placement.x[node.index()] = x;
  placement.y[node.index()] = y;
}

}  // namespace

TEST_CASE("overlaps, overhangs and moved fixed nodes are counted as by hand") {
  BlockBuilder block;
  const NodeId port = block.port("p", 12.0, 5.0);  // ports may lie outside
  const NodeId a = block.hard("a", 2.0, 2.0);
  const NodeId b = block.hard("b", 2.0, 2.0);
  const NodeId c = block.hard("c", 2.0, 2.0);
  const NodeId turned = block.hard("turned", 2.0, 1.0, Orientation::kE);
  const NodeId soft = block.soft("soft", 1.0, 1.0);
  const Netlist netlist = block.build();
  const Canvas canvas = make_canvas(10.0, 10.0, 10, 10);
  Placement placement(netlist);
  // a: [0, 2], b: [2, 4] touches a, c: [2, 4] x [2, 4] touches b. turned: [9, 10] x [4, 6].
  put(placement, a, 1.0, 1.0);
  put(placement, b, 3.0, 1.0);
  put(placement, c, 3.0, 3.0);
  put(placement, turned, 9.5, 5.0);
  put(placement, soft, 3.0, 1.0);  // upon b: clusters may overlap anything
  const Placement reference = placement;
  const auto check = [&](std::size_t overlaps, std::size_t outside, std::size_t moved) {
    const LegalityReport report = check_legality(netlist, canvas, placement, reference);
    CHECK(report.overlaps == overlaps);
    CHECK(report.outside == outside);
    CHECK(report.moved_fixed == moved);
    CHECK(report.legal() == (overlaps + outside + moved == 0));
  };
  SUBCASE("touching is legal") {
    check(0, 0, 0);
  }
  SUBCASE("an overlap of less than a millionth of a micron counts as none") {
    put(placement, a, 1.0 + 0.9e-6, 1.0);
    check(0, 0, 0);
  }
  SUBCASE("more does not") {
    put(placement, a, 1.0 + 1.1e-6, 1.0);
    check(1, 0, 0);
  }
  SUBCASE("every pair counts once") {
    put(placement, a, 2.5, 1.5);  // [1.5, 3.5] x [0.5, 2.5]: b and c
    check(2, 0, 0);
  }
  SUBCASE("a macro on top of another counts") {
    put(placement, a, 3.0, 1.0);
    check(1, 0, 0);
  }
  SUBCASE("boxes count as they stand") {
    placement.orientation[turned.index()] = Orientation::kN;  // [8.5, 10.5]
    check(0, 1, 0);
  }
  SUBCASE("clusters must stay inside, too") {
    put(placement, soft, 0.4, 5.0);  // [-0.1, 0.9]
    check(0, 1, 0);
    put(placement, a, 1.0, 9.5);  // up to 10.5
    check(0, 2, 0);
  }
  SUBCASE("a moved port is no legal placement") {
    put(placement, port, 11.0, 5.0);
    check(0, 0, 1);
  }
  SUBCASE("nor is a moved macro that the reference has fixed") {
    Placement fixed = reference;
    fixed.fixed[c.index()] = 1;
    put(placement, c, 3.0, 4.0);
    CHECK(check_legality(netlist, canvas, placement, reference).legal());
    CHECK(check_legality(netlist, canvas, placement, fixed).moved_fixed == 1);
  }
}

TEST_CASE("overlaps are counted as by comparing all pairs") {
  std::size_t total = 0;
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    CAPTURE(seed);
    netlist_io::Rng rng(seed);
    BlockBuilder block;
    for (int i = 0; i < 40; ++i) {
      block.hard("m" + std::to_string(i),
                 static_cast<double>(1 + rng.below(20)),
                 static_cast<double>(1 + rng.below(20)),
                 static_cast<Orientation>(rng.below(8)));
    }
    const Netlist netlist = block.build();
    Placement placement(netlist);
    for (std::size_t i = 0; i < placement.size(); ++i) {
      placement.x[i] = 0.5 * static_cast<double>(40 + rng.below(120));
      placement.y[i] = 0.5 * static_cast<double>(40 + rng.below(120));
    }
    std::size_t expected = 0;
    for (std::size_t i = 0; i < placement.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        const Rect a = placement.box(netlist, NodeId(i));
        const Rect b = placement.box(netlist, NodeId(j));
        const bool overlap = a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 && b.y0 < a.y1;
        expected += overlap ? 1 : 0;
      }
    }
    const Canvas canvas = make_canvas(100.0, 100.0, 10, 10);
    CHECK(check_legality(netlist, canvas, placement, placement).overlaps == expected);
    total += expected;
  }
  CHECK(total > 1000);
}

}  // namespace tessera::placer
