#include "placer/clustering/generated_block.h"

#include <cstdint>
#include <string>
#include <string_view>

#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "placer/legality.h"

namespace tessera::placer {
namespace {

netlist_io::FlatGeneratorOptions small_recipe(netlist_io::FlatRecipe recipe, std::uint64_t seed) {
  netlist_io::FlatGeneratorOptions options = netlist_io::flat_recipe(recipe, seed);
  options.logic.cells = 6000;
  return options;
}

}  // namespace

TEST_CASE("macros of generated flat blocks fit a grid, and their cells become clusters") {
  for (const netlist_io::FlatRecipe recipe : netlist_io::all_flat_recipes()) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(netlist_io::to_string(recipe));
      CAPTURE(seed);
      const netlist_io::GeneratedFlatBlock flat =
          make_fitting_flat_block(small_recipe(recipe, seed));
      const netlist_io::GeneratedBlock block = cluster_flat_block(flat, seed);
      CHECK(block.netlist.hard_macros().size() == flat.netlist.hard_macros().size());
      CHECK(block.netlist.ports().size() == flat.netlist.ports().size());
      CHECK(block.netlist.std_cells().empty());
      CHECK(block.netlist.soft_macros().size() > 20);
      CHECK(
          check_legality(block.netlist, block.canvas, block.placement, block.placement).overlaps ==
          0);
      for (const netlist_io::NodeId macro : block.netlist.hard_macros()) {
        const netlist_io::Rect box = block.placement.box(block.netlist, macro);
        CHECK(box.x0 > -kLegalityTolerance);
        CHECK(box.y0 > -kLegalityTolerance);
        CHECK(box.x1 < block.canvas.width + kLegalityTolerance);
        CHECK(box.y1 < block.canvas.height + kLegalityTolerance);
      }
    }
  }
}

TEST_CASE("a recipe and a seed make the same clustered block each time") {
  const auto text = [](std::string_view recipe, std::uint64_t seed) {
    const netlist_io::GeneratedBlock block = make_generated_block(recipe, seed);
    return netlist_io::format_netlist(block.netlist) +
           netlist_io::format_plc(block.netlist, block.header, block.placement);
  };
  CHECK(text("balanced", 3) == text("balanced", 3));
  CHECK(text("large-memories", 3) == text("large-memories", 3));
  CHECK(text("large-memories", 3) != text("large-memories", 4));
  CHECK_THROWS_AS(make_generated_block("cake", 1), netlist_io::OptionError);
}

}  // namespace tessera::placer
