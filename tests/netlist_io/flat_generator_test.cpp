#include "netlist_io/flat_generator.h"

#include <cmath>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"

namespace tessera::netlist_io {
namespace {

FlatGeneratorOptions small_options(std::uint64_t seed = 1) {
  FlatGeneratorOptions options;
  options.seed = seed;
  options.ports = 80;
  options.logic.cells = 12000;
  options.memories.count = 20;
  return options;
}

/// Modules that a name is in: every prefix that ends in a slash.
std::vector<std::string> modules_of(const std::string& name) {
  std::vector<std::string> modules;
  for (std::size_t at = name.find('/'); at != std::string::npos; at = name.find('/', at + 1)) {
    modules.push_back(name.substr(0, at + 1));
  }
  return modules;
}

struct ModuleCount {
  double cells = 0.0;
  double terminals = 0.0;
};

/// Cells of every module and nets that cross its border, from names and nets alone.
std::map<std::string, ModuleCount> count_modules(const Netlist& netlist) {
  std::map<std::string, ModuleCount> counts;
  for (const NodeId cell : netlist.std_cells()) {
    for (const std::string& module : modules_of(netlist.name(cell))) {
      counts[module].cells += 1.0;
    }
  }
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    const auto pins = netlist.pins_of(NetId(n));
    if (pins.size() > 501) {
      continue;  // clock and reset
    }
    std::map<std::string, std::size_t> pins_inside;
    for (const PinId pin : pins) {
      for (const std::string& module : modules_of(netlist.name(netlist.pin_node(pin)))) {
        ++pins_inside[module];
      }
    }
    for (const auto& [module, number] : pins_inside) {
      counts[module].terminals += number < pins.size() ? 1.0 : 0.0;
    }
  }
  return counts;
}

/// Slope of the mean logarithms of terminals over those of cells, by powers of two of the cells.
double measured_exponent(const Netlist& netlist) {
  struct Bucket {
    double count = 0.0, x = 0.0, y = 0.0;
  };
  std::map<int, Bucket> buckets;
  for (const auto& [module, count] : count_modules(netlist)) {
    if (count.cells >= 64.0 && count.cells <= 4096.0 && count.terminals > 0.0) {
      Bucket& bucket = buckets[static_cast<int>(std::log2(count.cells))];
      bucket.count += 1.0;
      bucket.x += std::log(count.cells);
      bucket.y += std::log(count.terminals);
    }
  }
  double n = 0.0, x = 0.0, y = 0.0, xx = 0.0, xy = 0.0;
  for (const auto& [log2_cells, bucket] : buckets) {
    const double mean_x = bucket.x / bucket.count;
    const double mean_y = bucket.y / bucket.count;
    n += 1.0;
    x += mean_x;
    y += mean_y;
    xx += mean_x * mean_x;
    xy += mean_x * mean_y;
  }
  return (n * xy - x * y) / (n * xx - x * x);
}

}  // namespace

TEST_CASE("the same flat options give the same netlist, another seed another") {
  const std::string text = format_netlist(generate_flat_block(small_options(1)).netlist);
  CHECK(text == format_netlist(generate_flat_block(small_options(1)).netlist));
  CHECK(text != format_netlist(generate_flat_block(small_options(2)).netlist));
}

TEST_CASE("a flat netlist has what was asked for") {
  const FlatGeneratorOptions options = small_options();
  const GeneratedFlatBlock block = generate_flat_block(options);
  const Netlist& netlist = block.netlist;
  CHECK(netlist.hard_macros().size() == 20);
  CHECK(netlist.ports().size() == 80);
  CHECK(netlist.soft_macros().empty());
  CHECK(netlist.std_cells().size() == 12000);
  double macro_area = 0.0;
  for (const NodeId macro : netlist.hard_macros()) {
    macro_area += netlist.width(macro) * netlist.height(macro);
  }
  CHECK(macro_area / netlist.total_area() ==
        doctest::Approx(options.memories.area_share).epsilon(0.01));
  const double canvas = block.header.width.value() * block.header.height.value();
  CHECK(netlist.total_area() / canvas == doctest::Approx(options.utilization).epsilon(0.01));
}

TEST_CASE("flat netlists of all recipes are sane, cells without positions") {
  for (const FlatRecipe recipe : all_flat_recipes()) {
    for (std::uint64_t seed = 1; seed <= 3; ++seed) {
      CAPTURE(to_string(recipe));
      CAPTURE(seed);
      FlatGeneratorOptions options = flat_recipe(recipe, seed);
      options.logic.cells = 6000;
      const Netlist netlist = generate_flat_block(options).netlist;
      std::size_t num_bad = 0;
      std::set<PinId> drivers;
      for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
        const auto pins = netlist.pins_of(NetId(n));
        const std::set<PinId> distinct(pins.begin(), pins.end());
        num_bad += pins.size() < 2 || distinct.size() != pins.size() ? 1 : 0;
        num_bad += drivers.insert(pins.front()).second ? 0 : 1;
      }
      CHECK(num_bad == 0);
      std::size_t num_unconnected = 0;
      std::size_t num_placed = 0;
      for (const NodeId cell : netlist.std_cells()) {
        num_unconnected += drivers.contains(netlist.pins_of(cell).front()) ? 0 : 1;
        num_placed += netlist.node(cell).x != 0.0 || netlist.node(cell).y != 0.0 ? 1 : 0;
      }
      CHECK(num_unconnected == 0);
      CHECK(num_placed == 0);
      for (const NodeId port : netlist.ports()) {
        CHECK_FALSE(netlist.nets_of(port).empty());
      }
    }
  }
}

TEST_CASE("modules have the terminals that Rent's rule gives them") {
  for (const double exponent : {0.5, 0.6, 0.7}) {
    CAPTURE(exponent);
    FlatGeneratorOptions options = small_options();
    options.logic.cells = 30000;
    options.logic.rent_exponent = exponent;
    options.memories.count = 2;
    const GeneratedFlatBlock block = generate_flat_block(options);
    CHECK(measured_exponent(block.netlist) == doctest::Approx(exponent).epsilon(0.15));
    CHECK(block.rent.exponent == doctest::Approx(exponent).epsilon(0.15));
  }
}

TEST_CASE("flat options out of range are named") {
  FlatGeneratorOptions options = small_options();
  options.memories.owners = options.logic.units + 1;
  CHECK_THROWS_WITH_AS(options.validate(), "memories.owners is 9; expected 1 to 8", OptionError);
  options = small_options();
  options.logic.rent_exponent = 1.5;
  CHECK_THROWS_AS(generate_flat_block(options), OptionError);
}

TEST_CASE("every flat recipe has a name, and its options are valid") {
  for (const FlatRecipe recipe : all_flat_recipes()) {
    CHECK(parse_flat_recipe(to_string(recipe)) == recipe);
    for (std::uint64_t seed = 0; seed < 200; ++seed) {
      CHECK_NOTHROW(flat_recipe(recipe, seed).validate());
    }
  }
  CHECK_FALSE(parse_flat_recipe("cake"));
}

}  // namespace tessera::netlist_io
