#include "placer/macro_space.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "tests/placer/test_block.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/rng.h"
#include "placer/legality.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;
using netlist_io::Rng;
using testing::BlockBuilder;
using testing::make_canvas;

/// A block, where its macros are, and what the rules say in floating point.
struct Scene {
  Netlist netlist;
  Canvas canvas;
  Placement placement;
  MacroSpaceOptions options;

  double gap_x() const { return options.spacing.gap_x(); }
  double gap_y() const { return options.spacing.gap_y(); }
};

constexpr double kSlack = 1e-9;  // microns

bool too_close(const Rect& a, const Rect& b, double gap_x, double gap_y) {
  return a.x0 < b.x1 + gap_x - kSlack && b.x0 < a.x1 + gap_x - kSlack &&
         a.y0 < b.y1 + gap_y - kSlack && b.y0 < a.y1 + gap_y - kSlack;
}

/// Whether `macro` may stand where `placement` has it, by comparing with everything.
bool fits_by_hand(const Scene& scene, const Placement& placement, NodeId macro) {
  const Rect box = placement.box(scene.netlist, macro);
  if (box.x0 < -kSlack || box.y0 < -kSlack || box.x1 > scene.canvas.width + kSlack ||
      box.y1 > scene.canvas.height + kSlack) {
    return false;
  }
  for (const netlist_io::Blockage& blockage : scene.canvas.blockages) {
    if (too_close(box, blockage.rect, 0.0, 0.0)) {
      return false;
    }
  }
  const auto hard = scene.netlist.hard_macros();
  return std::none_of(hard.begin(), hard.end(), [&](NodeId other) {
    return other != macro && placement.placed[other.index()] != 0 &&
           too_close(box, placement.box(scene.netlist, other), scene.gap_x(), scene.gap_y());
  });
}

void put(Placement& placement, const cost::NodeMove& pose) {
  placement.x[pose.node.index()] = pose.x;
  placement.y[pose.node.index()] = pose.y;
  placement.orientation[pose.node.index()] = pose.orientation;
  placement.placed[pose.node.index()] = 1;
}

/// Unplaced macros of 1 to 6 um, some of up to 21, in steps of 0.1, on 60 x 50 um; here and there a
/// fixed macro, a blockage, a spacing.
Scene random_scene(Rng& rng, int num_macros) {
  Scene scene;
  BlockBuilder block;
  const auto length = [&](std::uint64_t low, std::uint64_t range) {
    return 0.1 * static_cast<double>(low + rng.below(range));
  };
  for (int i = 0; i < num_macros; ++i) {
    const bool large = rng.below(10) == 0;
    block.hard("m" + std::to_string(i),
               length(10, large ? 200 : 50),
               length(10, large ? 200 : 50),
               static_cast<Orientation>(rng.below(8)));
  }
  scene.netlist = block.build();
  scene.canvas = make_canvas(60.0, 50.0, 10, 10);
  for (std::uint64_t i = rng.below(4); i > 0; --i) {
    const double x = length(0, 600);
    const double y = length(0, 500);
    scene.canvas.blockages.push_back({{x, y, x + length(1, 100), y + length(1, 100)}, 1.0});
  }
  if (rng.below(2) == 0) {
    scene.options.spacing = {length(0, 10), length(0, 10), length(0, 20), length(0, 20)};
  }
  scene.placement = Placement(scene.netlist);
  for (const NodeId macro : scene.netlist.hard_macros()) {
    const std::size_t i = macro.index();
    scene.placement.placed[i] = 0;
    if (rng.below(12) == 0) {
      scene.placement.fixed[i] = 1;
      scene.placement.placed[i] = 1;
      scene.placement.x[i] = length(0, 600);
      scene.placement.y[i] = length(0, 500);
    }
  }
  return scene;
}

cost::NodeMove random_pose(const MacroSpace& space, Rng& rng) {
  const NodeId macro = space.macros()[rng.below(space.macros().size())];
  return space.snap({macro,
                     rng.uniform(-5.0, 65.0),
                     rng.uniform(-5.0, 55.0),
                     static_cast<Orientation>(rng.below(8))});
}

/// Hard macros of 2 x 4 um, unplaced, on 20 x 20 um.
Scene small_scene(int count) {
  Scene scene;
  BlockBuilder block;
  for (int i = 0; i < count; ++i) {
    block.hard("m" + std::to_string(i), 2.0, 4.0);
  }
  scene.netlist = block.build();
  scene.canvas = make_canvas(20.0, 20.0, 10, 10);
  scene.placement = Placement(scene.netlist);
  std::fill(scene.placement.placed.begin(), scene.placement.placed.end(), std::uint8_t{0});
  return scene;
}

MacroSpace make_space(const Scene& scene) {
  return MacroSpace(scene.netlist, scene.canvas, scene.placement, scene.options);
}

}  // namespace

TEST_CASE("touching is legal, a database unit less is not") {
  const Scene scene = small_scene(2);
  MacroSpace space = make_space(scene);
  const NodeId a(0);
  const NodeId b(1);
  space.move(a, 5.0, 5.0, Orientation::kN);  // [4, 6] x [3, 7]
  CHECK(space.fits(b, 7.0, 5.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 6.999, 5.0, Orientation::kN));
  CHECK(space.fits(b, 3.0, 5.0, Orientation::kS));
  CHECK_FALSE(space.fits(b, 3.001, 5.0, Orientation::kS));
  CHECK(space.fits(b, 5.0, 9.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 5.0, 8.999, Orientation::kN));
  // Turned, b is 4 x 2: [6, 10] x [4, 6].
  CHECK(space.fits(b, 8.0, 5.0, Orientation::kE));
  CHECK_FALSE(space.fits(b, 7.999, 5.0, Orientation::kFW));
  CHECK(space.fits(b, 5.0, 8.0, Orientation::kE));
  // A macro is not in its own way.
  CHECK(space.fits(a, 5.5, 5.5, Orientation::kN));
  // The edge of the canvas.
  CHECK(space.fits(b, 1.0, 2.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 0.999, 2.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 19.001, 18.0, Orientation::kN));
  CHECK(space.fits(b, 18.0, 19.0, Orientation::kW));
  CHECK_FALSE(space.fits(b, 18.0, 19.001, Orientation::kW));
}

TEST_CASE("halo and channel hold between macros, not at edges and blockages") {
  Scene scene = small_scene(2);
  scene.canvas.blockages.push_back({{10.0, 0.0, 20.0, 10.0}, 1.0});
  scene.options.spacing = {0.5, 0.25, 0.8, 2.0};  // gaps: max(1, 0.8) = 1 and max(0.5, 2) = 2
  MacroSpace space = make_space(scene);
  const NodeId a(0);
  const NodeId b(1);
  space.move(a, 1.0, 2.0, Orientation::kN);
  CHECK(space.fits(b, 4.0, 2.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 3.999, 2.0, Orientation::kN));
  CHECK(space.fits(b, 1.0, 8.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 1.0, 7.999, Orientation::kN));
  CHECK(space.fits(b, 9.0, 2.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 9.001, 2.0, Orientation::kN));
  CHECK(space.fits(b, 19.0, 12.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 19.0, 11.999, Orientation::kN));
}

TEST_CASE("halos of single macros turn with them") {
  const Halo halo = {1.0, 2.0, 3.0, 4.0};
  CHECK(turned(halo, Orientation::kFN) == Halo{3.0, 2.0, 1.0, 4.0});
  CHECK(turned(halo, Orientation::kFS) == Halo{1.0, 4.0, 3.0, 2.0});
  // As the sides turn: the centre of each side, with its halo, goes where a pin there would go.
  for (std::size_t o = 0; o < 8; ++o) {
    const auto orientation = static_cast<Orientation>(o);
    const Halo result = turned(halo, orientation);
    const auto side = [&](double x, double y) {
      const netlist_io::Offset to = transform({x, y}, orientation);
      return to.x < 0.0   ? result.left
             : to.x > 0.0 ? result.right
             : to.y < 0.0 ? result.bottom
                          : result.top;
    };
    CAPTURE(o);
    CHECK(side(-1.0, 0.0) == halo.left);
    CHECK(side(0.0, -1.0) == halo.bottom);
    CHECK(side(1.0, 0.0) == halo.right);
    CHECK(side(0.0, 1.0) == halo.top);
  }
}

TEST_CASE("halos of single macros hold between macros") {
  Scene scene = small_scene(2);
  scene.options.spacing.own_halos = std::make_shared<const std::vector<Halo>>(
      std::vector<Halo>{{0.5, 0.0, 1.5, 0.25}, {0.0, 0.0, 0.0, 0.0}});
  MacroSpace space = make_space(scene);
  const NodeId a(0);
  const NodeId b(1);
  space.move(a, 1.0, 2.0, Orientation::kN);  // the halo may leave the canvas
  CHECK(space.fits(b, 4.5, 2.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 4.499, 2.0, Orientation::kN));
  CHECK(space.fits(b, 1.0, 6.25, Orientation::kN));
  CHECK_FALSE(space.fits(b, 1.0, 6.249, Orientation::kN));
  space.move(a, 10.0, 2.0, Orientation::kFN);
  CHECK(space.fits(b, 12.5, 2.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 12.499, 2.0, Orientation::kN));
  CHECK(space.fits(b, 6.5, 2.0, Orientation::kN));
  CHECK_FALSE(space.fits(b, 6.501, 2.0, Orientation::kN));
}

TEST_CASE("corners lie on the lattice at the phase of the macro and its orientation") {
  Scene scene = small_scene(2);
  scene.options.unit_um = {0.3, 0.7};
  MacroRule phase;
  phase.x[static_cast<std::size_t>(Orientation::kN)] = 0.1;
  phase.x[static_cast<std::size_t>(Orientation::kFN)] = 0.85;  // of which 0.25 counts
  phase.y[static_cast<std::size_t>(Orientation::kN)] = 0.2;
  scene.options.rules =
      std::make_shared<const std::vector<MacroRule>>(std::vector<MacroRule>{phase, {}});
  MacroSpace space = make_space(scene);
  Rng rng(4);
  const auto off = [](double corner, double unit, double phase_um) {
    const double at = (corner - phase_um) / unit;
    return std::abs(at - std::round(at)) * unit;
  };
  for (int i = 0; i < 200; ++i) {
    const NodeId macro(rng.below(2));
    const auto orientation = rng.below(2) == 0 ? Orientation::kN : Orientation::kFN;
    const bool first = macro == NodeId(0);
    const bool north = orientation == Orientation::kN;
    const cost::NodeMove pose =
        space.snap({macro, rng.uniform(-2.0, 22.0), rng.uniform(-2.0, 22.0), orientation});
    CHECK(off(pose.x - 1.0, 0.3, first ? (north ? 0.1 : 0.25) : 0.0) < 1e-9);
    CHECK(off(pose.y - 2.0, 0.7, first && north ? 0.2 : 0.0) < 1e-9);
    CHECK(pose.x >= 1.0 - kSlack);
    CHECK(pose.x <= 19.0 + kSlack);
    CHECK(pose.y >= 2.0 - kSlack);
    CHECK(pose.y <= 18.0 + kSlack);
    if (space.fits(pose)) {
      space.move(pose);
      put(scene.placement, pose);
    }
  }
  CHECK(fits_by_hand(scene, scene.placement, NodeId(0)));
}

TEST_CASE("free travel is the distance to the next thing in each direction") {
  Scene scene = small_scene(4);
  scene.canvas.blockages.push_back({{0.0, 13.5, 20.0, 14.0}, 1.0});
  scene.options.spacing.channel_x_um = 0.5;
  MacroSpace space = make_space(scene);
  space.move(NodeId(0), 10.0, 8.0, Orientation::kN);  // [9, 11] x [6, 10]
  space.move(NodeId(1), 2.0, 8.0, Orientation::kN);   // [1, 3]
  space.move(NodeId(2), 15.0, 4.0, Orientation::kN);  // [14, 16] x [2, 6]: touches the band
  space.move(NodeId(3), 10.0, 2.5, Orientation::kN);  // up to 4.5
  const FreeTravel travel = space.free_travel(NodeId(0));
  CHECK(travel.left == doctest::Approx(9.0 - 3.0 - 0.5));
  CHECK(travel.right == doctest::Approx(9.0));  // to the edge of the canvas
  CHECK(travel.down == doctest::Approx(1.5));
  CHECK(travel.up == doctest::Approx(3.5));
}

TEST_CASE("several macros move together") {
  const Scene scene = small_scene(3);
  MacroSpace space = make_space(scene);
  const cost::NodeMove a = {NodeId(0), 1.0, 2.0, Orientation::kN};
  const cost::NodeMove b = {NodeId(1), 3.0, 2.0, Orientation::kN};
  const cost::NodeMove c = {NodeId(2), 5.0, 2.0, Orientation::kN};
  space.move(std::vector<cost::NodeMove>{a, b, c});
  CHECK(space.legal());
  std::vector<cost::NodeMove> swapped = {{a.node, b.x, b.y, a.orientation},
                                         {b.node, a.x, a.y, b.orientation}};
  CHECK(space.fits(swapped));
  CHECK_FALSE(space.fits(swapped[0]));
  swapped[1].x += 0.001;  // now they overlap each other
  CHECK_FALSE(space.fits(swapped));
  swapped[1] = {b.node, c.x, c.y, b.orientation};  // onto the one that stays
  CHECK_FALSE(space.fits(swapped));
  space.remove(c.node);
  CHECK(space.fits(swapped));
  CHECK_FALSE(space.legal());  // one is out
}

TEST_CASE("random queries agree with comparing all boxes") {
  std::size_t num_fitting = 0;
  std::size_t num_queries = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    Scene scene = random_scene(rng, 3 + static_cast<int>(rng.below(60)));
    MacroSpace space = make_space(scene);
    if (space.macros().empty()) {
      continue;
    }
    Placement& placement = scene.placement;
    for (int step = 0; step < 400; ++step) {
      const cost::NodeMove pose = random_pose(space, rng);
      Placement changed = placement;
      put(changed, pose);
      const bool expected = fits_by_hand(scene, changed, pose.node);
      REQUIRE(space.fits(pose) == expected);
      ++num_queries;
      num_fitting += expected ? 1 : 0;
      if (expected) {
        space.move(pose);
        placement = changed;
      } else if (rng.below(40) == 0) {
        space.remove(pose.node);
        placement.placed[pose.node.index()] = 0;
      }

      std::vector<cost::NodeMove> poses;
      for (int k = 0; k < 3; ++k) {
        cost::NodeMove next = random_pose(space, rng);
        const cost::NodeMove other = space.pose(random_pose(space, rng).node);
        if (rng.below(4) != 0) {  // mostly onto the place of another
          next = space.snap({next.node, other.x, other.y, next.orientation});
        }
        if (std::none_of(poses.begin(), poses.end(), [&](const cost::NodeMove& known) {
              return known.node == next.node;
            })) {
          poses.push_back(next);
        }
      }
      changed = placement;
      for (const cost::NodeMove& next : poses) {
        put(changed, next);
      }
      const bool all_fit = std::all_of(poses.begin(), poses.end(), [&](const cost::NodeMove& next) {
        return fits_by_hand(scene, changed, next.node);
      });
      REQUIRE(space.fits(poses) == all_fit);
      if (all_fit) {
        space.move(poses);
        placement = changed;
      }
    }
    Placement written = placement;
    space.write(written);
    for (std::size_t i = 0; i < placement.size(); ++i) {
      if (placement.placed[i] != 0) {
        CHECK(written.x[i] == placement.x[i]);
        CHECK(written.y[i] == placement.y[i]);
        CHECK(written.orientation[i] == placement.orientation[i]);
      }
    }
  }
  CHECK(num_fitting > num_queries / 20);
  CHECK(num_fitting < num_queries * 2 / 3);
}

TEST_CASE("free travel agrees with trying") {
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    Scene scene = random_scene(rng, 3 + static_cast<int>(rng.below(60)));
    MacroSpace space = make_space(scene);
    std::vector<cost::NodeMove> inside;
    for (int step = 0; step < 500 && !space.macros().empty(); ++step) {
      const cost::NodeMove pose = random_pose(space, rng);
      if (space.fits(pose)) {
        space.move(pose);
        inside.push_back(pose);
      }
    }
    for (const cost::NodeMove& tried : inside) {
      const cost::NodeMove pose = space.pose(tried.node);
      const FreeTravel travel = space.free_travel(pose.node);
      const auto check = [&](double dx, double dy, double free) {
        const auto fits = [&](double way) {
          return space.fits(pose.node, pose.x + dx * way, pose.y + dy * way, pose.orientation);
        };
        bool all = fits(free);
        for (double way = 0.0; way <= free; way += 0.1) {
          all = all && fits(way);
        }
        CHECK(all);
        CHECK_FALSE(fits(free + 0.001));
      };
      check(-1.0, 0.0, travel.left);
      check(+1.0, 0.0, travel.right);
      check(0.0, -1.0, travel.down);
      check(0.0, +1.0, travel.up);
    }
  }
}

TEST_CASE("sizes off the lattice never overlap, abutting") {
  // Sizes of irrational length, the unit of asap7; macros pushed against each other at random.
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    Scene scene;
    BlockBuilder block;
    for (int i = 0; i < 40; ++i) {
      block.hard("m" + std::to_string(i), rng.uniform(0.5, 6.0), rng.uniform(0.5, 6.0));
    }
    scene.netlist = block.build();
    scene.canvas = make_canvas(rng.uniform(30.0, 60.0), rng.uniform(30.0, 60.0), 10, 10);
    scene.placement = Placement(scene.netlist);
    std::fill(scene.placement.placed.begin(), scene.placement.placed.end(), std::uint8_t{0});
    scene.options.unit_um = {0.00025, 0.00025};
    MacroSpace space = make_space(scene);
    std::size_t num_inside = 0;
    for (const NodeId macro : space.macros()) {
      bool found = false;
      for (int attempt = 0; attempt < 200 && !found; ++attempt) {
        const cost::NodeMove pose = space.snap({macro,
                                                rng.uniform(0.0, scene.canvas.width),
                                                rng.uniform(0.0, scene.canvas.height),
                                                Orientation::kN});
        if (space.fits(pose)) {
          space.move(pose);
          found = true;
        }
      }
      num_inside += found ? 1 : 0;
      for (int slide = 0; found && slide < 4; ++slide) {
        cost::NodeMove pose = space.pose(macro);
        const FreeTravel travel = space.free_travel(macro);
        (slide % 2 == 0 ? pose.x : pose.y) -= slide % 2 == 0 ? travel.left : travel.down;
        CHECK(space.fits(pose));
        space.move(pose);
      }
    }
    CHECK(num_inside > 15);
    space.write(scene.placement);
    std::vector<Rect> boxes;
    for (const NodeId macro : space.macros()) {
      if (space.fits(space.pose(macro))) {
        boxes.push_back(scene.placement.box(scene.netlist, macro));
        CHECK(boxes.back().x0 >= 0.0);
        CHECK(boxes.back().x1 <= scene.canvas.width + 1e-9);
        CHECK(boxes.back().y0 >= 0.0);
        CHECK(boxes.back().y1 <= scene.canvas.height + 1e-9);
      }
    }
    for (std::size_t i = 0; i < boxes.size(); ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        CHECK_FALSE(too_close(boxes[i], boxes[j], 0.0, 0.0));
      }
    }
  }
}

TEST_CASE("a macro as large as the canvas has one place, a larger one none") {
  BlockBuilder block;
  const NodeId fits = block.hard("fits", 10.00037, 8.0);
  const NodeId large = block.hard("large", 10.0014, 8.0);
  Scene scene;
  scene.netlist = block.build();
  scene.canvas = make_canvas(10.00037, 8.0, 10, 10);
  scene.placement = Placement(scene.netlist);
  std::fill(scene.placement.placed.begin(), scene.placement.placed.end(), std::uint8_t{0});
  const MacroSpace space = make_space(scene);
  const cost::NodeMove pose = space.snap({fits, 100.0, -100.0, Orientation::kN});
  CHECK(pose.x == doctest::Approx(5.000185));
  CHECK(pose.y == 4.0);
  CHECK(space.fits(pose));
  CHECK_FALSE(space.fits(fits, pose.x, pose.y, Orientation::kE));
  CHECK_FALSE(space.fits(space.snap({large, 5.0, 4.0, Orientation::kN})));
}

TEST_CASE("copies are independent") {
  const Scene scene = small_scene(2);
  MacroSpace space = make_space(scene);
  space.move(NodeId(0), 5.0, 5.0, Orientation::kN);
  MacroSpace copy = space;
  copy.move(NodeId(0), 15.0, 15.0, Orientation::kN);
  CHECK_FALSE(space.fits(NodeId(1), 5.0, 5.0, Orientation::kN));
  CHECK(copy.fits(NodeId(1), 5.0, 5.0, Orientation::kN));
  CHECK(space.pose(NodeId(0)).x == 5.0);
}

TEST_CASE("options of the space outside their range are refused") {
  Scene scene = small_scene(1);
  scene.options.unit_um[0] = 0.0;
  CHECK_THROWS_WITH_AS(make_space(scene), doctest::Contains("unit_um"), netlist_io::OptionError);
  scene.options.unit_um[1] = 1e-9;
  CHECK_THROWS_WITH_AS(make_space(scene), doctest::Contains("unit_um"), netlist_io::OptionError);
  scene.options = {};
  scene.options.spacing.halo_x_um = std::nan("");
  CHECK_THROWS_WITH_AS(make_space(scene), doctest::Contains("halo_x_um"), netlist_io::OptionError);
}

}  // namespace tessera::placer
