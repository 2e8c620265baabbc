#include "placer/clustering/generated_block.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <utility>

#include "netlist_io/errors.h"
#include "placer/cell_centre.h"
#include "placer/clustering/clustering.h"
#include "placer/clustering/flat_placement.h"
#include "placer/grid_legality.h"
#include "placer/grid_packing.h"
#include "placer/grid_selection.h"

namespace tessera::placer {

using netlist_io::Canvas;
using netlist_io::FlatGeneratorOptions;
using netlist_io::GeneratedBlock;
using netlist_io::GeneratedFlatBlock;
using netlist_io::InfeasibleError;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Placement;

namespace {

constexpr std::array kClusteredRecipes = {netlist_io::GeneratorRecipe::kBalanced,
                                          netlist_io::GeneratorRecipe::kMemoryDominated,
                                          netlist_io::GeneratorRecipe::kFewLargeMacros,
                                          netlist_io::GeneratorRecipe::kManySmall};
constexpr int kMaxAttempts = 6;
constexpr double kLessUtilization = 0.95;  ///< per attempt

Canvas canvas_of(const GeneratedFlatBlock& flat) {
  Canvas canvas;
  canvas.width = flat.header.width.value_or(0.0);
  canvas.height = flat.header.height.value_or(0.0);
  canvas.grid = select_grid(flat.netlist, canvas);
  return canvas;
}

/// Moves the hard macros to the cells of the first packing found, and clusters into the canvas.
void make_legal(const Netlist& netlist, const Canvas& canvas, Placement& placement) {
  const GridLegality legality(netlist, canvas, placement, netlist.hard_macros(), MacroSpacing{});
  const std::optional<GridPacking> packing =
      find_grid_packing(netlist, placement, netlist.hard_macros(), legality);
  if (!packing) {
    throw InfeasibleError("the hard macros do not fit at the centres of the grid cells");
  }
  for (std::size_t i = 0; i < packing->cells.size(); ++i) {
    const std::size_t node = netlist.hard_macros()[i].index();
    const CellCentre centre = cell_centre(canvas, packing->cells[i]);
    placement.x[node] = centre.x;
    placement.y[node] = centre.y;
  }
  const auto inside = [](double centre, double size, double limit) {
    const double half = std::min(0.5 * size, 0.5 * limit);
    return std::clamp(centre, half, limit - half);
  };
  for (const NodeId cluster : netlist.soft_macros()) {
    const std::size_t node = cluster.index();
    placement.x[node] = inside(placement.x[node], netlist.width(cluster), canvas.width);
    placement.y[node] = inside(placement.y[node], netlist.height(cluster), canvas.height);
  }
}

}  // namespace

std::vector<std::string_view> generated_block_recipes() {
  std::vector<std::string_view> names;
  names.reserve(kClusteredRecipes.size() + netlist_io::all_flat_recipes().size());
  for (const netlist_io::GeneratorRecipe recipe : kClusteredRecipes) {
    names.push_back(netlist_io::to_string(recipe));
  }
  for (const netlist_io::FlatRecipe recipe : netlist_io::all_flat_recipes()) {
    names.push_back(netlist_io::to_string(recipe));
  }
  return names;
}

GeneratedFlatBlock make_fitting_flat_block(FlatGeneratorOptions options) {
  for (int attempt = 1;; ++attempt) {
    GeneratedFlatBlock flat = netlist_io::generate_flat_block(options);
    try {
      canvas_of(flat);
      return flat;
    } catch (const InfeasibleError&) {
      if (attempt == kMaxAttempts) {
        throw;
      }
    }
    options.utilization *= kLessUtilization;
  }
}

GeneratedBlock cluster_flat_block(const GeneratedFlatBlock& flat, std::uint64_t seed) {
  GeneratedBlock block;
  block.canvas = canvas_of(flat);
  ClusteringOptions options;
  options.num_partitions = usual_num_partitions(flat.netlist.std_cells().size());
  options.seed = seed;
  const Placement rough = place_flat_netlist(flat.netlist, block.canvas, Placement(flat.netlist));
  block.netlist = cluster_netlist(flat.netlist, rough, block.canvas, options).netlist;
  block.header = flat.header;
  block.header.cols = block.canvas.grid.cols;
  block.header.rows = block.canvas.grid.rows;
  block.placement = Placement(block.netlist);
  make_legal(block.netlist, block.canvas, block.placement);
  return block;
}

GeneratedBlock make_generated_block(std::string_view recipe, std::uint64_t seed) {
  if (const auto clustered = netlist_io::parse_generator_recipe(recipe)) {
    netlist_io::GeneratorOptions options = netlist_io::generator_recipe(*clustered);
    options.seed = seed;
    options.name = std::string(recipe) + "_" + std::to_string(seed);
    return netlist_io::generate_block(options);
  }
  if (const auto flat = netlist_io::parse_flat_recipe(recipe)) {
    return cluster_flat_block(make_fitting_flat_block(netlist_io::flat_recipe(*flat, seed)), seed);
  }
  throw netlist_io::OptionError("recipe is \"" + std::string(recipe) +
                                "\"; there is none of that name");
}

}  // namespace tessera::placer
