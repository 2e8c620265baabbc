#include "placer/legalizer.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tests/placer/test_block.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"
#include "placer/legality.h"
#include "placer/macro_space.h"

namespace tessera::placer {
namespace {

using netlist_io::Canvas;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Orientation;
using netlist_io::Placement;
using netlist_io::Rect;
using netlist_io::Rng;
using testing::BlockBuilder;
using testing::make_canvas;

/// Overlap beyond a billionth of a micron, the gap included, on both axes.
bool too_close(const Rect& a, const Rect& b, double gap_x, double gap_y) {
  constexpr double slack = 1e-9;
  return a.x0 < b.x1 + gap_x - slack && b.x0 < a.x1 + gap_x - slack &&
         a.y0 < b.y1 + gap_y - slack && b.y0 < a.y1 + gap_y - slack;
}

void check_legal(const Netlist& netlist,
                 const Canvas& canvas,
                 const Placement& before,
                 const Placement& after,
                 const MacroSpaceOptions& options = {}) {
  const double gap_x = options.spacing.gap_x();
  const double gap_y = options.spacing.gap_y();
  std::size_t too_close_pairs = 0;
  std::size_t on_blockages = 0;
  const auto hard = netlist.hard_macros();
  for (std::size_t i = 0; i < hard.size(); ++i) {
    if (before.fixed[hard[i].index()] != 0) {
      continue;
    }
    const Rect box = after.box(netlist, hard[i]);
    for (const netlist_io::Blockage& blockage : canvas.blockages) {
      on_blockages += too_close(box, blockage.rect, 0.0, 0.0) ? 1 : 0;
    }
    for (std::size_t j = 0; j < hard.size(); ++j) {
      too_close_pairs +=
          i != j && too_close(box, after.box(netlist, hard[j]), gap_x, gap_y) ? 1 : 0;
    }
  }
  CHECK(too_close_pairs == 0);
  CHECK(on_blockages == 0);
  const LegalityReport report = check_legality(netlist, canvas, after, before);
  CHECK(report.moved_fixed == 0);
  CHECK(report.outside == 0);
  CHECK(after.orientation == before.orientation);
  CHECK(after.fixed == before.fixed);
  CHECK(MacroSpace(netlist, canvas, after, options).legal());
}

void scatter(const Netlist& netlist, const Canvas& canvas, Rng& rng, Placement& placement) {
  for (const NodeId macro : netlist.hard_macros()) {
    if (placement.fixed[macro.index()] == 0) {
      placement.x[macro.index()] = rng.uniform(-0.1, 1.1) * canvas.width;
      placement.y[macro.index()] = rng.uniform(-0.1, 1.1) * canvas.height;
    }
  }
}

/// Cuts a rectangle into `count` pieces along lines on a lattice of 0.001 um.
void cut(Rng& rng, const Rect& rect, int count, std::vector<Rect>& pieces) {
  if (count == 1) {
    pieces.push_back(rect);
    return;
  }
  const int first = std::clamp(static_cast<int>(count * rng.uniform(0.3, 0.7)), 1, count - 1);
  const bool vertical = rect.width() * rng.uniform(0.6, 1.6) > rect.height();
  const double way = (vertical ? rect.width() : rect.height()) * first / count;
  const double at = std::round(((vertical ? rect.x0 : rect.y0) + way) * 1000.0) / 1000.0;
  Rect low = rect;
  Rect high = rect;
  (vertical ? low.x1 : low.y1) = at;
  (vertical ? high.x0 : high.y0) = at;
  cut(rng, low, first, pieces);
  cut(rng, high, count - first, pieces);
}

/// Pieces of a square of 1000 um, shrunk to the utilisation and moved by up to `noise` of the mean
/// side of a piece.
struct Pieces {
  Netlist netlist;
  Canvas canvas = make_canvas(1000.0, 1000.0, 10, 10);
  Placement placement;

  Pieces(std::uint64_t seed, int count, double utilisation, double noise) {
    Rng rng(seed);
    std::vector<Rect> pieces;
    cut(rng, {0.0, 0.0, 1000.0, 1000.0}, count, pieces);
    BlockBuilder block;
    const double scale = std::sqrt(utilisation);
    for (int i = 0; i < count; ++i) {
      const Rect& piece = pieces[static_cast<std::size_t>(i)];
      block.hard("m" + std::to_string(i),
                 std::floor(scale * piece.width() * 1000.0 + 1e-6) / 1000.0,
                 std::floor(scale * piece.height() * 1000.0 + 1e-6) / 1000.0);
    }
    netlist = block.build();
    placement = Placement(netlist);
    const double side = noise * 1000.0 / std::sqrt(static_cast<double>(count));
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      placement.x[i] = 0.5 * (pieces[i].x0 + pieces[i].x1) + side * rng.uniform(-1.0, 1.0);
      placement.y[i] = 0.5 * (pieces[i].y0 + pieces[i].y1) + side * rng.uniform(-1.0, 1.0);
    }
  }
};

std::string message_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const InfeasibleError& error) {
    return error.what();
  }
  return "";
}

}  // namespace

TEST_CASE("a legal placement is rounded to the lattice and otherwise left alone") {
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    CAPTURE(seed);
    Pieces pieces(seed, 40, 0.9, 0.0);
    const LegalizerResult result = legalize_macros(pieces.netlist, pieces.canvas, pieces.placement);
    check_legal(pieces.netlist, pieces.canvas, pieces.placement, result.placement);
    CHECK(result.largest_displacement_um <= 0.001 + 1e-9);
    // What lies on the lattice stays to the bit.
    const LegalizerResult again = legalize_macros(pieces.netlist, pieces.canvas, result.placement);
    CHECK(again.total_displacement_um == 0.0);
    CHECK(again.placement.x == result.placement.x);
    CHECK(again.placement.y == result.placement.y);
  }
}

TEST_CASE("overlaps caused by rounding to the lattice are repaired") {
  // Sizes and positions off the lattice: abutting macros count as up to a unit larger.
  Rng rng(7);
  BlockBuilder block;
  std::vector<double> widths;
  for (int i = 0; i < 20; ++i) {
    widths.push_back(rng.uniform(1.0, 3.0));
    block.hard("m" + std::to_string(i), widths.back(), 10.0);
  }
  const Netlist netlist = block.build();
  const Canvas canvas = make_canvas(60.0, 10.0, 10, 10);
  Placement placement(netlist);
  double x = 0.00037;
  for (std::size_t i = 0; i < widths.size(); ++i) {
    placement.x[i] = x + 0.5 * widths[i];
    placement.y[i] = 5.0;
    x += widths[i];
  }
  const LegalizerResult result = legalize_macros(netlist, canvas, placement);
  check_legal(netlist, canvas, placement, result.placement);
  CHECK(result.largest_displacement_um < 0.021);  // each of 20 pushes the next by a unit at most
}

TEST_CASE("displacement is least where it can be computed by hand") {
  // On a canvas of 20 um, a of 6 and b of 4 um: a at [5, 11], b at [9, 13]. They overlap by 2; b is
  // lighter and moves by 2.
  BlockBuilder block;
  const NodeId a = block.hard("a", 6.0, 1.0);
  const NodeId b = block.hard("b", 4.0, 1.0);
  const Netlist netlist = block.build();
  const Canvas canvas = make_canvas(20.0, 1.0, 10, 10);
  Placement placement(netlist);
  placement.x = {8.0, 11.0};
  placement.y = {0.5, 0.5};
  SUBCASE("the smaller macro gives way") {
    const LegalizerResult result = legalize_macros(netlist, canvas, placement);
    CHECK(result.placement.x[a.index()] == doctest::Approx(8.0));
    CHECK(result.placement.x[b.index()] == doctest::Approx(13.0));
    CHECK(result.total_displacement_um == doctest::Approx(2.0));
    CHECK(result.largest_displacement_um == doctest::Approx(2.0));
  }
  SUBCASE("unless it is fixed") {
    placement.fixed[b.index()] = 1;
    const LegalizerResult result = legalize_macros(netlist, canvas, placement);
    CHECK(result.placement.x[a.index()] == doctest::Approx(6.0));
    CHECK(result.placement.x[b.index()] == 11.0);
  }
}

TEST_CASE("dense cuttings are legalised after small perturbations") {
  for (const double utilisation : {0.7, 0.9, 0.95, 1.0}) {
    for (const int count : {5, 20, 60, 136}) {
      for (std::uint64_t seed = 1; seed <= 5; ++seed) {
        CAPTURE(utilisation);
        CAPTURE(count);
        CAPTURE(seed);
        const Pieces pieces(seed, count, utilisation, 0.1);
        const LegalizerResult result =
            legalize_macros(pieces.netlist, pieces.canvas, pieces.placement);
        check_legal(pieces.netlist, pieces.canvas, pieces.placement, result.placement);
        const double side = 1000.0 / std::sqrt(static_cast<double>(count));
        CHECK(result.total_displacement_um / count < 0.2 * side);
      }
    }
  }
}

TEST_CASE("any positions are legalised at moderate utilisation") {
  for (std::uint64_t seed = 1; seed <= 30; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    Pieces pieces(seed, 10 + static_cast<int>(rng.below(120)), 0.75, 0.0);
    switch (seed % 3) {
      case 0:
        scatter(pieces.netlist, pieces.canvas, rng, pieces.placement);
        break;
      case 1:  // all on one spot
        std::fill(pieces.placement.x.begin(), pieces.placement.x.end(), 500.0);
        std::fill(pieces.placement.y.begin(), pieces.placement.y.end(), 500.0);
        break;
      default:  // far outside
        std::fill(pieces.placement.x.begin(), pieces.placement.x.end(), -1e5);
        std::fill(pieces.placement.y.begin(), pieces.placement.y.end(), 1e7);
        break;
    }
    const LegalizerResult result = legalize_macros(pieces.netlist, pieces.canvas, pieces.placement);
    check_legal(pieces.netlist, pieces.canvas, pieces.placement, result.placement);
    const LegalizerResult same = legalize_macros(pieces.netlist, pieces.canvas, pieces.placement);
    CHECK(same.placement.x == result.placement.x);
    CHECK(same.placement.y == result.placement.y);
  }
}

TEST_CASE("equal macros fill a grid that leaves little room") {
  // 7 columns of 14 um and 9 rows of 11 um on 100 x 100 um hold 63; 60 of them are 92.4 %.
  const Netlist netlist = testing::equal_macros_block(60, 14.0, 11.0, 100.0, 100.0);
  const Canvas canvas = make_canvas(100.0, 100.0, 10, 10);
  for (std::uint64_t seed = 1; seed <= 3; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    Placement placement(netlist);
    scatter(netlist, canvas, rng, placement);
    const LegalizerResult result = legalize_macros(netlist, canvas, placement);
    check_legal(netlist, canvas, placement, result.placement);
  }
}

TEST_CASE("fixed macros, blockages, spacing and orientations are respected") {
  std::size_t num_infeasible = 0;
  for (std::uint64_t seed = 1; seed <= 60; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    BlockBuilder block;
    const int count = 5 + static_cast<int>(rng.below(60));
    for (int i = 0; i < count; ++i) {
      block.hard("m" + std::to_string(i),
                 rng.uniform(2.0, 12.0),
                 rng.uniform(2.0, 12.0),
                 static_cast<Orientation>(rng.below(8)));
    }
    const Netlist netlist = block.build();
    Canvas canvas = make_canvas(100.0, 90.0, 10, 10);
    for (int i = 0; i < 3; ++i) {
      const double x = rng.uniform(-10.0, 100.0);
      const double y = rng.uniform(-10.0, 90.0);
      canvas.blockages.push_back(
          {{x, y, x + rng.uniform(1.0, 20.0), y + rng.uniform(1.0, 20.0)}, 0.5});
    }
    MacroSpaceOptions options;
    if (seed % 2 == 0) {
      options.spacing = {rng.uniform(0.0, 0.5), rng.uniform(0.0, 0.5), rng.uniform(0.0, 1.0), 0.7};
    }
    Placement placement(netlist);
    scatter(netlist, canvas, rng, placement);
    for (std::size_t i = 0; i < 3; ++i) {
      placement.fixed[i] = 1;  // one of them in the middle
      const double half = 0.5 * std::max(netlist.width(NodeId(i)), netlist.height(NodeId(i)));
      placement.x[i] = i == 0 ? 50.0 : std::clamp(placement.x[i], half, canvas.width - half);
      placement.y[i] = i == 0 ? 45.0 : std::clamp(placement.y[i], half, canvas.height - half);
    }
    try {
      const LegalizerResult result = legalize_macros(netlist, canvas, placement, options);
      check_legal(netlist, canvas, placement, result.placement, options);
    } catch (const InfeasibleError&) {
      ++num_infeasible;  // utilisation is up to 40 %, 60 % with the spacing
    }
  }
  CHECK(num_infeasible == 0);
}

TEST_CASE("soft macros are pulled inside the canvas and otherwise left alone") {
  BlockBuilder block;
  const NodeId hard = block.hard("hard", 2.0, 2.0);
  const NodeId inside = block.soft("inside", 2.0, 2.0);
  const NodeId outside = block.soft("outside", 2.0, 4.0);
  const NodeId wide = block.soft("wide", 30.0, 4.0);
  const NodeId fixed = block.soft("fixed", 2.0, 2.0);
  const Netlist netlist = block.build();
  const Canvas canvas = make_canvas(20.0, 10.0, 10, 10);
  Placement placement(netlist);
  placement.x = {10.0, 10.0003, -7.0, 3.0, -5.0};
  placement.y = {5.0, 5.0, 9.0, 20.0, -5.0};
  placement.fixed[fixed.index()] = 1;
  const Placement result = legalize_macros(netlist, canvas, placement).placement;
  CHECK(result.x[hard.index()] == 10.0);
  CHECK(result.x[inside.index()] == 10.0003);  // upon the hard macro, off the lattice
  CHECK(result.x[outside.index()] == 1.0);
  CHECK(result.y[outside.index()] == 8.0);
  CHECK(result.x[wide.index()] == 10.0);
  CHECK(result.y[wide.index()] == 8.0);
  CHECK(result.x[fixed.index()] == -5.0);
}

TEST_CASE("a legaliser that cannot says why and names a macro") {
  const auto legalise = [](const Netlist& netlist, const Canvas& canvas) {
    return message_of([&] { legalize_macros(netlist, canvas, Placement(netlist)); });
  };
  SUBCASE("a macro larger than the canvas") {
    BlockBuilder block;
    block.hard("small", 1.0, 1.0);
    block.hard("giant", 11.0, 1.0);
    const std::string message = legalise(block.build(), make_canvas(10.0, 20.0, 10, 10));
    CHECK(message.find("\"giant\"") != std::string::npos);
    CHECK(message.find("larger than the canvas") != std::string::npos);
  }
  SUBCASE("turned, it fits") {
    BlockBuilder block;
    block.hard("giant", 11.0, 1.0, Orientation::kE);
    CHECK(legalise(block.build(), make_canvas(10.0, 20.0, 10, 10)).empty());
  }
  SUBCASE("too much area") {
    BlockBuilder block;
    block.hard("a", 5.0, 10.0);
    block.hard("larger", 6.0, 10.0);
    const std::string message = legalise(block.build(), make_canvas(10.0, 10.0, 10, 10));
    CHECK(message.find("need 110 um2") != std::string::npos);
    CHECK(message.find("only 100 um2") != std::string::npos);
    CHECK(message.find("\"larger\"") != std::string::npos);
  }
  SUBCASE("blockages cover the area, twice in part") {
    Canvas canvas = make_canvas(10.0, 10.0, 10, 10);
    canvas.blockages = {{{-5.0, 0.0, 5.0, 10.0}, 1.0}, {{0.0, 0.0, 5.0, 5.0}, 1.0}};
    BlockBuilder block;
    block.hard("half", 5.0, 10.0);
    CHECK(legalise(block.build(), canvas).empty());  // the other half is free
    canvas.blockages.push_back({{9.0, 9.0, 10.0, 10.0}, 1.0});
    CHECK(legalise(block.build(), canvas).find("only 49 um2") != std::string::npos);
  }
  SUBCASE("no room between blockages") {
    Canvas canvas = make_canvas(10.0, 10.0, 10, 10);
    canvas.blockages = {{{4.0, 0.0, 5.0, 10.0}, 1.0}};
    BlockBuilder block;
    block.hard("wide", 6.0, 1.0);
    const std::string message = legalise(block.build(), canvas);
    CHECK(message.find("\"wide\"") != std::string::npos);
    CHECK(message.find("fits nowhere") != std::string::npos);
  }
  SUBCASE("area suffices, but two do not fit side by side") {
    BlockBuilder block;
    block.hard("a", 6.0, 6.0);
    block.hard("b", 6.0, 6.0);
    const std::string message = legalise(block.build(), make_canvas(10.0, 10.0, 10, 10));
    CHECK(message.find("was found") != std::string::npos);
    CHECK(message.find("\"a\"") != std::string::npos);
  }
}

TEST_CASE("blocks without hard macros pass") {
  BlockBuilder block;
  block.soft("soft", 1.0, 1.0);
  const Netlist netlist = block.build();
  const LegalizerResult result =
      legalize_macros(netlist, make_canvas(10.0, 10.0, 10, 10), Placement(netlist));
  CHECK(result.total_displacement_um == 0.0);
}

TEST_CASE("random placements of the public blocks are legalised near by") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  int num_blocks = 0;
  for (const auto& entry : std::filesystem::directory_iterator(benchmarks / "clustered")) {
    const std::string name = entry.path().filename().string();
    CAPTURE(name);
    const std::string path = (entry.path() / "netlist.pb.txt.gz").string();
    const Netlist netlist = netlist_io::read_netlist({&path, 1}).netlist;
    const netlist_io::PlcFile plc =
        netlist_io::read_plc((entry.path() / "initial.plc").string(), netlist);
    Canvas canvas = make_canvas(plc.header.width.value(), plc.header.height.value(), 10, 10);
    Placement placement = plc.placement;
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      Rng rng(seed);
      scatter(netlist, canvas, rng, placement);
      const LegalizerResult result = legalize_macros(netlist, canvas, placement);
      check_legal(netlist, canvas, placement, result.placement);
      const auto count = static_cast<double>(netlist.hard_macros().size());
      CHECK(result.total_displacement_um / count < 0.06 * canvas.width);
      MacroSpaceOptions spaced;
      spaced.spacing.halo_x_um = spaced.spacing.halo_y_um = 0.002 * canvas.width;
      const LegalizerResult apart = legalize_macros(netlist, canvas, placement, spaced);
      check_legal(netlist, canvas, placement, apart.placement, spaced);
    }
    ++num_blocks;
  }
  CHECK(num_blocks == 8);
}

}  // namespace tessera::placer
