#include "netlist_io/generator.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"

namespace tessera::netlist_io {
namespace {

/// A block that takes milliseconds.
GeneratorOptions small_options(std::uint64_t seed = 1) {
  GeneratorOptions options;
  options.seed = seed;
  options.ports = 60;
  options.macros.count = 20;
  options.clusters.count = 90;
  return options;
}

/// What distinguishes two blocks, as text.
std::string fingerprint(const GeneratedBlock& block) {
  std::string text =
      std::to_string(block.canvas.grid.cols) + "x" + std::to_string(block.canvas.grid.rows) + "\n";
  for (std::size_t i = 0; i < block.netlist.num_nodes(); ++i) {
    const NodeRecord& node = block.netlist.node(NodeId(i));
    text += node.name + " " + std::to_string(node.width) + " " + std::to_string(node.height) + " " +
            std::to_string(node.x) + " " + std::to_string(node.y) + "\n";
  }
  for (std::size_t i = 0; i < block.netlist.num_nets(); ++i) {
    text += std::to_string(block.netlist.weight(NetId(i)));
    for (const PinId pin : block.netlist.pins_of(NetId(i))) {
      text += " " + std::to_string(pin.index());
    }
    text += "\n";
  }
  return text;
}

bool overlap(const Rect& a, const Rect& b) {
  constexpr double kTolerance = 1e-6;  // microns
  return std::min(a.x1, b.x1) - std::max(a.x0, b.x0) > kTolerance &&
         std::min(a.y1, b.y1) - std::max(a.y0, b.y0) > kTolerance;
}

bool at_cell_centre(double position, double cell) {
  const double cells = position / cell - 0.5;
  return std::abs(cells - std::round(cells)) < 1e-9;
}

void check_legal(const GeneratedBlock& block) {
  const Netlist& netlist = block.netlist;
  const Placement& placement = block.placement;
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    const Rect box = placement.box(netlist, NodeId(i));
    const bool inside = box.x0 >= -1e-9 && box.y0 >= -1e-9 && box.x1 <= block.canvas.width + 1e-9 &&
                        box.y1 <= block.canvas.height + 1e-9;
    CHECK_MESSAGE(inside, netlist.name(NodeId(i)));
  }
  std::size_t overlaps = 0;
  for (const NodeId a : netlist.hard_macros()) {
    CHECK(at_cell_centre(placement.x[a.index()], block.canvas.cell_width()));
    CHECK(at_cell_centre(placement.y[a.index()], block.canvas.cell_height()));
    for (const NodeId b : netlist.hard_macros()) {
      const bool both = a < b && overlap(placement.box(netlist, a), placement.box(netlist, b));
      overlaps += both ? 1 : 0;
    }
  }
  CHECK(overlaps == 0);
}

/// Number of nodes in the largest connected component, by union-find over the nets.
std::size_t largest_component(const Netlist& netlist) {
  std::vector<std::size_t> parent(netlist.num_nodes());
  for (std::size_t i = 0; i < parent.size(); ++i) {
    parent[i] = i;
  }
  const auto root = [&](std::size_t i) {
    while (parent[i] != i) {
      i = parent[i] = parent[parent[i]];
    }
    return i;
  };
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    const auto pins = netlist.pins_of(NetId(n));
    for (const PinId pin : pins) {
      parent[root(netlist.pin_node(pin).index())] = root(netlist.pin_node(pins[0]).index());
    }
  }
  std::vector<std::size_t> sizes(parent.size());
  for (std::size_t i = 0; i < parent.size(); ++i) {
    ++sizes[root(i)];
  }
  return *std::max_element(sizes.begin(), sizes.end());
}

double area_of(const Netlist& netlist, std::span<const NodeId> nodes) {
  double area = 0.0;
  for (const NodeId node : nodes) {
    area += netlist.width(node) * netlist.height(node);
  }
  return area;
}

double mean_pins_per_net(const Netlist& netlist) {
  std::size_t pins = 0;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    pins += netlist.pins_of(NetId(n)).size();
  }
  return static_cast<double>(pins) / static_cast<double>(netlist.num_nets());
}

TEST_CASE("The default block has the statistics of a clustered Ariane") {
  const GeneratedBlock block = generate_block({});
  const Netlist& netlist = block.netlist;
  CHECK(netlist.hard_macros().size() == 128);
  CHECK(netlist.soft_macros().size() == 800);
  CHECK(netlist.ports().size() == 500);
  check_legal(block);

  std::size_t macro_pins = 0;
  for (const NodeId macro : netlist.hard_macros()) {
    macro_pins += netlist.pins_of(macro).size();
  }
  CHECK(static_cast<double>(macro_pins) / 128.0 == doctest::Approx(59.0).epsilon(0.1));
  CHECK(static_cast<double>(netlist.num_nets()) == doctest::Approx(12400.0).epsilon(0.1));
  CHECK(mean_pins_per_net(netlist) == doctest::Approx(3.6).epsilon(0.1));
  CHECK(netlist.total_net_weight() / static_cast<double>(netlist.num_nets()) ==
        doctest::Approx(1.8).epsilon(0.15));

  const double canvas_area = block.canvas.width * block.canvas.height;
  CHECK(area_of(netlist, netlist.hard_macros()) / canvas_area ==
        doctest::Approx(0.45).epsilon(0.01));
  CHECK(netlist.total_area() / canvas_area == doctest::Approx(0.68).epsilon(0.01));
  CHECK(block.canvas.grid.num_cells() >= 500);
  CHECK(block.canvas.grid.num_cells() <= 1000);
  CHECK(largest_component(netlist) >= netlist.num_nodes() * 99 / 100);
}

TEST_CASE("Every recipe gives a legal, connected block") {
  for (const GeneratorRecipe recipe : {GeneratorRecipe::kBalanced,
                                       GeneratorRecipe::kMemoryDominated,
                                       GeneratorRecipe::kFewLargeMacros,
                                       GeneratorRecipe::kManySmall}) {
    CAPTURE(to_string(recipe));
    CHECK(parse_generator_recipe(to_string(recipe)) == recipe);
    const GeneratorOptions options = generator_recipe(recipe);
    const GeneratedBlock block = generate_block(options);
    check_legal(block);
    CHECK(block.netlist.hard_macros().size() == static_cast<std::size_t>(options.macros.count));
    CHECK(block.netlist.soft_macros().size() == static_cast<std::size_t>(options.clusters.count));
    CHECK(block.netlist.ports().size() == static_cast<std::size_t>(options.ports));
    CHECK(largest_component(block.netlist) >= block.netlist.num_nodes() * 98 / 100);
  }
  CHECK_FALSE(parse_generator_recipe("memory").has_value());
}

TEST_CASE("Nets have two pins or more, distinct sinks, and whole weights") {
  const GeneratedBlock block = generate_block(small_options());
  const Netlist& netlist = block.netlist;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    const auto pins = netlist.pins_of(NetId(n));
    CHECK(pins.size() >= 2);
    CHECK(pins.size() <= 21);
    CHECK(std::set<PinId>(pins.begin(), pins.end()).size() == pins.size());
    const double weight = netlist.weight(NetId(n));
    CHECK(weight >= 1.0);
    CHECK(weight == std::floor(weight));
    if (weight > 1.0) {
      CHECK(pins.size() == 2);
    }
  }
}

TEST_CASE("Nodes and pins are numbered and named like those of Circuit Training") {
  const GeneratedBlock block = generate_block(small_options());
  const Netlist& netlist = block.netlist;
  CHECK(netlist.name(netlist.ports()[0]).ends_with("[0]"));
  CHECK(netlist.file_index(netlist.ports()[0]) == 0);
  CHECK(netlist.file_index(netlist.hard_macros()[0]) == 60);
  const NodeId macro = netlist.hard_macros()[0];
  CHECK(netlist.name(macro) == "bank_0/ram_0");
  CHECK(netlist.pin(netlist.pins_of(macro)[0]).name == "bank_0/ram_0/Q[0]");
  CHECK(netlist.pin(netlist.pins_of(macro)[0]).file_index == 61);

  for (std::size_t i = 0; i < netlist.soft_macros().size(); ++i) {
    const NodeId soft = netlist.soft_macros()[i];
    const std::string name = "Grp_" + std::to_string(i);
    CHECK(netlist.name(soft) == name);
    CHECK(netlist.pin(netlist.pins_of(soft).back()).name == name + "/Pinput");
  }
  // Every number from 0 is used once: a port's pin shares its node's.
  const std::size_t used = netlist.num_nodes() + netlist.num_pins() - netlist.ports().size();
  const NodeId last = netlist.soft_macros().back();
  CHECK(netlist.pin(netlist.pins_of(last).back()).file_index == used - 1);
}

TEST_CASE("Macro pins lie inside their macro and ports on the edge of the canvas") {
  const GeneratedBlock block = generate_block(small_options());
  const Netlist& netlist = block.netlist;
  for (const NodeId macro : netlist.hard_macros()) {
    for (const PinId pin : netlist.pins_of(macro)) {
      CHECK(std::abs(netlist.pin_offset(pin).x) <= 0.5 * netlist.width(macro));
      CHECK(std::abs(netlist.pin_offset(pin).y) <= 0.5 * netlist.height(macro));
    }
  }
  for (const NodeId port : netlist.ports()) {
    const double x = netlist.node(port).x;
    const double y = netlist.node(port).y;
    const double to_edge = std::min({x, y, block.canvas.width - x, block.canvas.height - y});
    CHECK(to_edge < 0.05);
    CHECK(netlist.node(port).side != Side::kNone);
    CHECK(block.placement.fixed[port.index()] == 1);
  }
}

TEST_CASE("Connections are local") {
  // Soft macros start at their hidden locations: nets must be much shorter than at random.
  const GeneratedBlock block = generate_block({});
  const Netlist& netlist = block.netlist;
  double length = 0.0;
  std::size_t count = 0;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    const auto pins = netlist.pins_of(NetId(n));
    const std::size_t a = netlist.pin_node(pins[0]).index();
    const std::size_t b = netlist.pin_node(pins[1]).index();
    if (netlist.kind(NodeId(a)) == NodeKind::kSoftMacro &&
        netlist.kind(NodeId(b)) == NodeKind::kSoftMacro) {
      length += std::abs(block.placement.x[a] - block.placement.x[b]) / block.canvas.width;
      ++count;
    }
  }
  CHECK(length / static_cast<double>(count) < 0.2);  // 1/3 for uniformly random ends
}

TEST_CASE("The same options give the same block, another seed another one") {
  const std::string first = fingerprint(generate_block(small_options(7)));
  CHECK(first == fingerprint(generate_block(small_options(7))));
  CHECK(first != fingerprint(generate_block(small_options(8))));
}

TEST_CASE("A block survives being written and read") {
  const GeneratedBlock block = generate_block(small_options());
  GeneratedBlock copy;
  copy.netlist = parse_netlist(format_netlist(block.netlist), "block.pb.txt").netlist;
  copy.canvas = block.canvas;
  CHECK(fingerprint(copy) == fingerprint(block));

  const std::string plc = format_plc(block.netlist, block.header, block.placement);
  const PlcFile read = parse_plc(plc, "block.plc", copy.netlist);
  CHECK(read.placement.x == block.placement.x);
  CHECK(read.placement.y == block.placement.y);
  CHECK(read.header.cols == block.canvas.grid.cols);
  CHECK(read.header.width == block.canvas.width);
}

TEST_CASE("A grid given in the options is kept") {
  GeneratorOptions options = small_options();
  options.cols = 31;
  options.rows = 29;
  const GeneratedBlock block = generate_block(options);
  CHECK(block.canvas.grid == GridShape{31, 29});
  CHECK(block.header.cols == 31);
  CHECK(block.header.rows == 29);
  check_legal(block);
}

TEST_CASE("The header carries canvas, grid and routing constants") {
  GeneratorOptions options = small_options();
  options.name = "toy";
  const GeneratedBlock block = generate_block(options);
  CHECK(block.header.width == block.canvas.width);
  CHECK(block.header.height == block.canvas.height);
  CHECK(block.header.block == "toy");
  CHECK(block.header.routes->horizontal == 57.031);
  CHECK(block.header.macro_routes->vertical == 30.303);
  CHECK(block.header.smoothing_factor == 0.0);
}

TEST_CASE("Extreme options give a legal block") {
  GeneratorOptions options = small_options();
  SUBCASE("smallest") {
    options.ports = 0;
    options.macros = {.count = 1, .masters = 1, .pins = 8.0, .max_bank = 1};
    options.clusters.count = 2;
  }
  SUBCASE("no nets of the clusters' own") {
    options.clusters.multi_nets = 0.0;
    options.clusters.single_nets = 0.0;
  }
  SUBCASE("more masters than banks") {
    options.macros.masters = 100;
  }
  SUBCASE("very long macros") {
    options.macros.max_aspect = 20.0;
  }
  SUBCASE("wide canvas") {
    options.canvas_aspect = 3.0;
  }
  SUBCASE("tight") {
    options.hard_utilization = 0.75;
    options.utilization = 0.9;
  }
  SUBCASE("two-pin nets only") {
    options.clusters.mean_sinks = 2.0;
  }
  check_legal(generate_block(options));
}

TEST_CASE("Options out of range are refused by name") {
  GeneratorOptions options = small_options();
  SUBCASE("pins") {
    options.macros.pins = 3.0;
    CHECK_THROWS_WITH_AS(
        generate_block(options), "macros.pins is 3; expected 8 to 10000", OptionError);
  }
  SUBCASE("utilisation below the hard one") {
    options.utilization = 0.4;
    CHECK_THROWS_AS(generate_block(options), OptionError);
  }
  SUBCASE("not a number") {
    options.canvas_aspect = std::nan("");
    CHECK_THROWS_AS(generate_block(options), OptionError);
  }
  SUBCASE("a grid that is too coarse for the macros") {
    options.cols = 2;
    options.rows = 2;
    CHECK_THROWS_AS(generate_block(options), OptionError);
  }
}

}  // namespace
}  // namespace tessera::netlist_io
