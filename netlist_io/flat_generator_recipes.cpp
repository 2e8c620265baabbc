#include <algorithm>
#include <array>
#include <cmath>
#include <sstream>

#include "netlist_io/errors.h"
#include "netlist_io/flat_generator.h"
#include "netlist_io/rng.h"

namespace tessera::netlist_io {
namespace {

constexpr std::array kAllRecipes = {FlatRecipe::kCpuCache,
                                    FlatRecipe::kVectorEngine,
                                    FlatRecipe::kManyTiles,
                                    FlatRecipe::kLargeMemories,
                                    FlatRecipe::kMemoryArray,
                                    FlatRecipe::kNetworkSwitch,
                                    FlatRecipe::kMixed};

void require_range(std::string_view option, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    std::ostringstream text;
    text << option << " is " << value << "; expected " << low << " to " << high;
    throw OptionError(text.str());
  }
}

/// Draws the numbers that a family leaves open.
class Draw {
 public:
  Draw(FlatRecipe recipe, std::uint64_t seed)
      : rng_(Rng::derive(seed, "flat_generator.recipe", static_cast<std::uint64_t>(recipe))) {}

  int integer(int low, int high) {
    return low + static_cast<int>(rng_.below(static_cast<std::uint64_t>(high - low + 1)));
  }
  /// Log-uniform.
  int scale(int low, int high) {
    return static_cast<int>(std::lround(std::exp(rng_.uniform(std::log(low), std::log(high)))));
  }
  int power_of_two(int low_log2, int high_log2) { return 1 << integer(low_log2, high_log2); }
  double real(double low, double high) { return rng_.uniform(low, high); }
  bool chance(double probability) { return rng_.uniform() < probability; }

 private:
  Rng rng_;
};

/// What varies alike in all families.
FlatGeneratorOptions draw_common(Draw& draw) {
  FlatGeneratorOptions options;
  options.technology = static_cast<Technology>(draw.integer(0, 2));
  options.port_sides = draw.integer(1, 4);
  options.utilization = draw.real(0.5, 0.65);
  options.canvas_aspect = draw.chance(0.6) ? 1.0 : draw.real(0.7, 1.4);
  options.logic.rent_exponent = draw.real(0.48, 0.64);
  options.logic.rent_coefficient = draw.real(2.8, 3.8);
  options.logic.register_share = draw.real(0.12, 0.28);
  options.logic.max_leaf_cells = draw.integer(35, 75);
  options.memories.max_aspect = draw.real(1.2, 2.8);
  options.memories.address_fanout = draw.integer(2, 8);
  options.memories.masked_share = draw.chance(0.5) ? 1.0 : 0.0;
  options.memories.two_sided_share = draw.chance(0.3) ? 0.5 : 0.0;
  return options;
}

void make_cpu_cache(Draw& draw, FlatGeneratorOptions& options) {
  options.ports = draw.scale(300, 900);
  options.logic.cells = draw.scale(50000, 150000);
  options.logic.units = draw.integer(5, 14);
  options.logic.bus_width = 32;
  FlatMemoryOptions& memories = options.memories;
  memories.count = draw.scale(80, 180);
  memories.masters = draw.integer(1, 3);
  memories.area_share = draw.real(0.5, 0.84);
  memories.min_bits = memories.max_bits = draw.power_of_two(4, 5);
  memories.max_bank = draw.power_of_two(3, 4);
  memories.wide_share = draw.real(0.1, 0.5);
  memories.owners = draw.integer(2, 4);
}

void make_vector_engine(Draw& draw, FlatGeneratorOptions& options) {
  options.ports = draw.scale(400, 1500);
  options.logic.cells = draw.scale(80000, 200000);
  options.logic.units = draw.power_of_two(2, 4);
  options.logic.equal_units = true;
  options.logic.bus_width = draw.power_of_two(6, 8);
  FlatMemoryOptions& memories = options.memories;
  memories.count = draw.scale(64, 200);
  memories.masters = draw.integer(1, 2);
  memories.area_share = draw.real(0.5, 0.8);
  memories.min_bits = memories.max_bits = draw.power_of_two(5, 7);
  memories.max_bank = draw.power_of_two(2, 4);
  memories.wide_share = draw.real(0.5, 1.0);
  memories.owners = options.logic.units;
}

void make_many_tiles(Draw& draw, FlatGeneratorOptions& options) {
  options.ports = draw.scale(800, 2500);
  options.logic.cells = draw.scale(60000, 180000);
  options.logic.units = draw.integer(4, 10);
  options.logic.equal_units = draw.chance(0.5);
  options.logic.bus_width = draw.power_of_two(5, 6);
  FlatMemoryOptions& memories = options.memories;
  memories.count = draw.scale(12, 40);
  memories.masters = draw.integer(1, 2);
  memories.area_share = draw.real(0.2, 0.55);
  memories.min_bits = memories.max_bits = 32;
  memories.max_bank = 16;
  memories.owners = draw.integer(1, 2);
  memories.crossbar_masters = draw.integer(4, 10);
}

void make_large_memories(Draw& draw, FlatGeneratorOptions& options) {
  options.ports = draw.scale(200, 1500);
  options.logic.cells = draw.scale(20000, 120000);
  options.logic.units = draw.integer(4, 16);
  options.logic.bus_width = draw.power_of_two(4, 6);
  FlatMemoryOptions& memories = options.memories;
  memories.count = draw.scale(10, 36);
  memories.masters = draw.integer(3, 8);
  memories.area_share = draw.real(0.4, 0.75);
  memories.area_ratio = draw.real(3.0, 12.0);
  memories.min_bits = 32;
  memories.max_bits = 128;
  memories.max_bank = draw.power_of_two(0, 2);
  memories.wide_share = draw.real(0.0, 1.0);
  memories.owners = draw.integer(2, 4);
}

void make_memory_array(Draw& draw, FlatGeneratorOptions& options) {
  options.ports = draw.scale(150, 800);
  options.logic.cells = draw.scale(20000, 80000);
  options.logic.units = draw.integer(3, 8);
  options.logic.bus_width = draw.power_of_two(5, 6);
  options.utilization = draw.real(0.5, 0.6);
  FlatMemoryOptions& memories = options.memories;
  memories.count = draw.scale(150, 400);
  memories.masters = draw.integer(1, 3);
  memories.area_share = draw.real(0.78, 0.88);
  memories.area_ratio = draw.real(1.0, 4.0);
  memories.min_bits = 8;
  memories.max_bits = draw.power_of_two(4, 5);
  memories.max_bank = draw.power_of_two(4, 6);
  memories.wide_share = draw.real(0.0, 0.4);
  memories.owners = draw.integer(1, 3);
}

void make_network_switch(Draw& draw, FlatGeneratorOptions& options) {
  options.ports = draw.scale(1000, 4000);
  options.port_sides = 4;
  options.logic.cells = draw.scale(50000, 150000);
  options.logic.units = draw.power_of_two(3, 4);
  options.logic.equal_units = true;
  options.logic.bus_width = draw.power_of_two(6, 8);
  options.logic.register_share = draw.real(0.2, 0.4);
  FlatMemoryOptions& memories = options.memories;
  memories.count = draw.scale(32, 128);
  memories.masters = draw.integer(2, 4);
  memories.area_share = draw.real(0.4, 0.7);
  memories.area_ratio = draw.real(2.0, 6.0);
  memories.min_bits = 32;
  memories.max_bits = 128;
  memories.max_bank = draw.power_of_two(1, 3);
  memories.wide_share = 0.8;
  memories.owners = options.logic.units / 2;
  memories.crossbar_masters = draw.chance(0.5) ? draw.integer(2, 4) : 0;
}

void make_mixed(Draw& draw, FlatGeneratorOptions& options) {
  options.ports = draw.scale(100, 3000);
  options.logic.cells = draw.scale(10000, 160000);
  options.logic.units = draw.scale(3, 24);
  options.logic.equal_units = draw.chance(0.3);
  options.logic.bus_width = draw.power_of_two(3, 8);
  FlatMemoryOptions& memories = options.memories;
  memories.count = draw.scale(10, 300);
  memories.masters = draw.scale(1, 12);
  memories.area_share = draw.real(0.3, 0.84);
  memories.area_ratio = draw.real(1.0, 10.0);
  memories.min_bits = draw.power_of_two(3, 5);
  memories.max_bits = memories.min_bits * draw.power_of_two(0, 2);
  memories.max_bank = draw.power_of_two(0, 5);
  memories.wide_share = draw.real(0.0, 1.0);
  memories.owners = draw.integer(1, options.logic.units);
  memories.crossbar_masters = draw.chance(0.25) ? draw.integer(2, 8) : 0;
}

void validate_logic(const FlatLogicOptions& logic) {
  require_range("logic.cells", logic.cells, 100, 1000000);
  require_range("logic.rent_exponent", logic.rent_exponent, 0.3, 0.9);
  require_range("logic.rent_coefficient", logic.rent_coefficient, 1.0, 8.0);
  require_range("logic.units", logic.units, 2, 64);
  require_range("logic.register_share", logic.register_share, 0.0, 0.6);
  require_range("logic.bus_width", logic.bus_width, 1, 512);
  require_range("logic.max_leaf_cells", logic.max_leaf_cells, 10, 400);
}

void validate_memories(const FlatMemoryOptions& memories, int units) {
  require_range("memories.count", memories.count, 1, 2000);
  require_range("memories.masters", memories.masters, 1, 50);
  require_range("memories.area_share", memories.area_share, 0.05, 0.95);
  require_range("memories.area_ratio", memories.area_ratio, 1.0, 100.0);
  require_range("memories.max_aspect", memories.max_aspect, 1.0, 10.0);
  require_range("memories.min_bits", memories.min_bits, 1, 1024);
  require_range("memories.max_bits", memories.max_bits, memories.min_bits, 1024);
  require_range("memories.max_bank", memories.max_bank, 1, 256);
  require_range("memories.wide_share", memories.wide_share, 0.0, 1.0);
  require_range("memories.owners", memories.owners, 1, units);
  require_range("memories.address_fanout", memories.address_fanout, 1, 64);
  require_range("memories.masked_share", memories.masked_share, 0.0, 1.0);
  require_range("memories.two_sided_share", memories.two_sided_share, 0.0, 1.0);
  require_range("memories.crossbar_masters", memories.crossbar_masters, 0, 64);
}

}  // namespace

void FlatGeneratorOptions::validate() const {
  require_range("ports", ports, 4, 100000);
  require_range("port_sides", port_sides, 1, 4);
  require_range("utilization", utilization, 0.05, 0.9);
  require_range("canvas_aspect", canvas_aspect, 0.2, 5.0);
  validate_logic(logic);
  validate_memories(memories, logic.units);
}

FlatGeneratorOptions flat_recipe(FlatRecipe recipe, std::uint64_t seed) {
  Draw draw(recipe, seed);
  FlatGeneratorOptions options = draw_common(draw);
  options.seed = seed;
  options.name = std::string(to_string(recipe)) + "_" + std::to_string(seed);
  switch (recipe) {
    case FlatRecipe::kCpuCache:
      make_cpu_cache(draw, options);
      break;
    case FlatRecipe::kVectorEngine:
      make_vector_engine(draw, options);
      break;
    case FlatRecipe::kManyTiles:
      make_many_tiles(draw, options);
      break;
    case FlatRecipe::kLargeMemories:
      make_large_memories(draw, options);
      break;
    case FlatRecipe::kMemoryArray:
      make_memory_array(draw, options);
      break;
    case FlatRecipe::kNetworkSwitch:
      make_network_switch(draw, options);
      break;
    case FlatRecipe::kMixed:
      make_mixed(draw, options);
      break;
  }
  return options;
}

std::span<const FlatRecipe> all_flat_recipes() {
  return kAllRecipes;
}

std::string_view to_string(FlatRecipe recipe) {
  switch (recipe) {
    case FlatRecipe::kCpuCache:
      return "cpu-cache";
    case FlatRecipe::kVectorEngine:
      return "vector-engine";
    case FlatRecipe::kManyTiles:
      return "many-tiles";
    case FlatRecipe::kLargeMemories:
      return "large-memories";
    case FlatRecipe::kMemoryArray:
      return "memory-array";
    case FlatRecipe::kNetworkSwitch:
      return "network-switch";
    case FlatRecipe::kMixed:
      return "mixed";
  }
  return "";
}

std::optional<FlatRecipe> parse_flat_recipe(std::string_view name) {
  const auto found = std::find_if(kAllRecipes.begin(), kAllRecipes.end(), [&](FlatRecipe recipe) {
    return to_string(recipe) == name;
  });
  return found == kAllRecipes.end() ? std::nullopt : std::optional(*found);
}

}  // namespace tessera::netlist_io
