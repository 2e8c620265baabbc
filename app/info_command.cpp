#include <algorithm>
#include <bit>
#include <cstdio>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/options_json.h"
#include "netlist_io/markup_text.h"

namespace tessera::app {
namespace {

using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::NodeKind;
using netlist_io::PinId;
using nlohmann::ordered_json;

struct InfoFlags {
  BlockFlags block;
  CommonFlags common;
};

/// Nets by number of distinct pins: 1, 2, 3, 4-7, 8-15, ...
std::vector<std::pair<std::string, std::size_t>> degree_histogram(const Netlist& netlist) {
  std::map<std::size_t, std::size_t> count_from;  // first degree of the bucket
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    const auto pins = netlist.pins_of(NetId(n));
    std::vector<PinId> distinct(pins.begin(), pins.end());
    std::sort(distinct.begin(), distinct.end());
    const auto degree =
        static_cast<std::size_t>(std::unique(distinct.begin(), distinct.end()) - distinct.begin());
    ++count_from[degree < 4 ? degree : std::bit_floor(degree)];
  }
  std::vector<std::pair<std::string, std::size_t>> histogram;
  for (const auto& [first, count] : count_from) {
    const std::string last = first < 4 ? "" : "-" + std::to_string(2 * first - 1);
    histogram.emplace_back(std::to_string(first) + last, count);
  }
  return histogram;
}

double area_of(const Netlist& netlist, std::span<const NodeId> nodes) {
  double sum = 0.0;
  for (const NodeId node : nodes) {
    sum += netlist.width(node) * netlist.height(node);
  }
  return sum;
}

/// What looks wrong with a block, as sentences.
std::vector<std::string> find_oddities(const Block& block) {
  const Netlist& netlist = block.netlist;
  std::size_t one_pin = 0;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    one_pin += netlist.pins_of(NetId(n)).size() < 2 ? 1 : 0;
  }
  std::size_t unconnected = 0;
  std::size_t no_area = 0;
  std::size_t too_large = 0;
  std::size_t ports_outside = 0;
  for (std::size_t i = 0; i < netlist.num_nodes(); ++i) {
    const NodeId node(i);
    unconnected += netlist.nets_of(node).empty() ? 1 : 0;
    if (netlist.kind(node) == NodeKind::kPort) {
      const double x = block.placement.x[i];
      const double y = block.placement.y[i];
      const bool inside =
          x >= 0.0 && x <= block.canvas.width && y >= 0.0 && y <= block.canvas.height;
      ports_outside += inside ? 0 : 1;
      continue;
    }
    no_area += netlist.width(node) * netlist.height(node) > 0.0 ? 0 : 1;
    const netlist_io::Rect box = block.placement.box(netlist, node);
    too_large += box.width() > block.canvas.width || box.height() > block.canvas.height ? 1 : 0;
  }
  std::vector<std::string> oddities = block.warnings;
  const auto note = [&oddities](std::size_t count, const char* what) {
    if (count > 0) {
      oddities.push_back(std::to_string(count) + " " + what);
    }
  };
  note(one_pin, "nets have a driver but no sink");
  note(unconnected, "nodes are on no net");
  note(no_area, "macros or cells have no area");
  note(too_large, "macros or cells are larger than the canvas");
  note(ports_outside, "ports lie outside the canvas");
  const double utilization = netlist.total_area() / (block.canvas.width * block.canvas.height);
  if (utilization > 1.0) {
    oddities.push_back("macros and cells have more area than the canvas");
  }
  return oddities;
}

ordered_json describe(const Block& block) {
  const Netlist& netlist = block.netlist;
  const double canvas_area = block.canvas.width * block.canvas.height;
  CostReport header;
  header.command = "info";
  header.block = &block;
  const ordered_json common = header.to_json();
  std::map<std::pair<double, double>, std::size_t> sizes;
  for (const NodeId macro : netlist.hard_macros()) {
    ++sizes[{netlist.width(macro), netlist.height(macro)}];
  }
  ordered_json size_list = ordered_json::array();
  for (const auto& [size, count] : sizes) {
    size_list.push_back({{"size_um", {size.first, size.second}}, {"count", count}});
  }
  ordered_json histogram = ordered_json::object();
  for (const auto& [degree, count] : degree_histogram(netlist)) {
    histogram[degree] = count;
  }
  const auto fixed = std::count(block.placement.fixed.begin(), block.placement.fixed.end(), 1);
  return {{"schema_version", 1},
          {"tessera", version_text()},
          {"command", "info"},
          {"design", common["design"]},
          {"constants", common["constants"]},
          {"area_um2",
           {{"hard_macros", area_of(netlist, netlist.hard_macros())},
            {"soft_macros", area_of(netlist, netlist.soft_macros())},
            {"std_cells", area_of(netlist, netlist.std_cells())},
            {"canvas", canvas_area}}},
          {"utilization",
           {{"hard_macros", area_of(netlist, netlist.hard_macros()) / canvas_area},
            {"total", netlist.total_area() / canvas_area}}},
          {"fixed_nodes", fixed},
          {"blockages", block.canvas.blockages.size()},
          {"hard_macro_sizes", size_list},
          {"nets_by_degree", histogram},
          {"oddities", find_oddities(block)}};
}

/// What the DEF says, before anything is left out.
ordered_json describe_lefdef(const LefDefSource& source) {
  const netlist_io::DefDesign& design = source.design;
  std::map<netlist_io::PlacementStatus, std::size_t> with_status;
  std::map<netlist_io::MasterClass, std::size_t> of_class;
  std::set<std::uint32_t> masters;
  for (const netlist_io::DefComponent& component : design.components) {
    ++with_status[component.status];
    ++of_class[source.lef.masters[component.master].master_class];
    masters.insert(component.master);
  }
  std::size_t port_connections = 0;
  for (const netlist_io::DefConnection& connection : design.connections) {
    port_connections += connection.component == netlist_io::DefConnection::kPort ? 1 : 0;
  }
  const std::size_t blocks = of_class[netlist_io::MasterClass::kBlock];
  const std::size_t cells = of_class[netlist_io::MasterClass::kCore];
  return {{"components", design.components.size()},
          {"block_macros", blocks},
          {"core_cells", cells},
          {"other_class", design.components.size() - blocks - cells},
          {"masters_used", masters.size()},
          {"pins", design.pins.size()},
          {"nets", design.nets.size()},
          {"special_nets", design.num_special_nets},
          {"routed_nets", design.num_routed_nets},
          {"connections", design.connections.size()},
          {"io_connections", port_connections},
          {"placed", with_status[netlist_io::PlacementStatus::kPlaced]},
          {"fixed",
           with_status[netlist_io::PlacementStatus::kFixed] +
               with_status[netlist_io::PlacementStatus::kCover]},
          {"rows", design.rows.size()},
          {"tracks", design.tracks.size()},
          {"blockages", design.blockages.size()},
          {"database_units", design.database_units},
          {"manufacturing_grid_um", source.lef.manufacturing_grid},
          {"supply_nets_left_out", source.netlist.report.supply_nets},
          {"unconnected_cells_left_out", source.netlist.report.unconnected_cells},
          {"unplaced_ports", source.netlist.report.unplaced_ports}};
}

void print_text(const Block& block, const ordered_json& info) {
  std::printf("%s\n", block.name.c_str());
  std::printf("  hard macros  %zu in %zu sizes, %.2f %% of the canvas\n",
              block.netlist.hard_macros().size(),
              info["hard_macro_sizes"].size(),
              100.0 * info["utilization"]["hard_macros"].get<double>());
  std::printf("  soft macros  %zu\n", block.netlist.soft_macros().size());
  std::printf("  std cells    %zu\n", block.netlist.std_cells().size());
  std::printf("  ports        %zu\n", block.netlist.ports().size());
  std::printf("  nets         %zu, sum of weights %.17g\n",
              block.netlist.num_nets(),
              block.netlist.total_net_weight());
  std::printf("  canvas       %.17g x %.17g um, grid %d x %d, utilisation %.2f %%\n",
              block.canvas.width,
              block.canvas.height,
              block.canvas.grid.cols,
              block.canvas.grid.rows,
              100.0 * info["utilization"]["total"].get<double>());
  std::fputs(constants_text(block).c_str(), stdout);
  std::printf("  nets by degree:");
  for (const auto& [degree, count] : info["nets_by_degree"].items()) {
    std::printf("  %s: %zu", degree.c_str(), count.get<std::size_t>());
  }
  std::printf("\n");
  for (const auto& oddity : info["oddities"]) {
    std::printf("  note: %s\n", netlist_io::escape_controls(oddity.get<std::string>()).c_str());
  }
}

int run(const InfoFlags& flags) {
  const std::unique_ptr<const Block> block = read_block(flags.block, BlockUse::kLooking);
  print_notes(block->notes);
  ordered_json info = describe(*block);
  if (block->lefdef) {
    info["lefdef"] = describe_lefdef(*block->lefdef);
  }
  if (flags.common.json) {
    print_json(info);
  } else {
    print_text(*block, info);
  }
  return kDone;
}

}  // namespace

void add_info_command(CLI::App& app, int& exit_code) {
  CLI::App* const command =
      app.add_subcommand("info", "Tells what is in a netlist: counts, areas, degrees, oddities");
  const auto flags = std::make_shared<InfoFlags>();
  flags->block.add_to(*command, "a placement to look at");
  command->footer(examples({
      "tessera info netlist.pb.txt.gz --plc initial.plc",
      "tessera info design.def --lef tech.lef --lef memories.lef",
  }));
  flags->common.add_to(*command);
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
