#include "app/input_netlist.h"

#include <cstdint>
#include <string_view>
#include <utility>

#include "netlist_io/errors.h"
#include "netlist_io/net_weights.h"
#include "netlist_io/plc_file.h"

namespace tessera::app {

using netlist_io::OptionError;

std::vector<std::string> split_at_commas(const std::string& text) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == ',') {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

namespace {

InputNetlist read_protobuf(const InputPaths& paths) {
  if (!paths.lefs.empty()) {
    throw OptionError("--lef goes with a DEF, but NETLIST is \"" + paths.netlist + "\"");
  }
  InputNetlist input;
  input.paths = split_at_commas(paths.netlist);
  netlist_io::NetlistFile file = netlist_io::read_netlist(input.paths, paths.precision);
  input.netlist = std::move(file.netlist);
  if (paths.net_weights) {
    input.netlist =
        apply_net_weights(netlist_io::read_net_weights(*paths.net_weights), input.netlist);
  }
  input.header = std::move(file.header);
  input.placement = netlist_io::Placement(input.netlist);
  if (paths.plc) {
    netlist_io::PlcFile plc = netlist_io::read_plc(*paths.plc, input.netlist);
    input.header = netlist_io::merge_headers(input.header, plc.header);
    input.placement = std::move(plc.placement);
    input.paths.push_back(*paths.plc);
  }
  return input;
}

void append(std::vector<std::string>& lines, const std::vector<std::string>& more) {
  lines.insert(lines.end(), more.begin(), more.end());
}

void refuse_plc(const InputPaths& paths, const char* format) {
  if (paths.plc) {
    throw OptionError(std::string("--plc goes with a netlist.pb.txt; a ") + format +
                      " has its own placement");
  }
}

void take_canvas(const netlist_io::Canvas& canvas, netlist_io::PlcHeader& header) {
  header.width = canvas.width;
  header.height = canvas.height;
  header.blockages = canvas.blockages;
}

/// One line for each kind of thing that was left out or guessed.
std::vector<std::string> warnings_of(const std::string& path,
                                     const netlist_io::DesignNetlistReport& report) {
  std::vector<std::string> warnings;
  const auto warn = [&](std::size_t count, const char* what) {
    if (count > 0) {
      warnings.push_back(path + ": " + std::to_string(count) + " " + what);
    }
  };
  warn(report.dangling_nets, "nets with fewer than two ends left out");
  warn(report.weightless_nets, "nets of weight 0 left out");
  warn(report.guessed_drivers, "nets without an output pin: the first inout or end drives");
  warn(report.multi_driver_nets, "nets with several outputs: all but the first count as sinks");
  warn(report.pins_without_shapes, "connected macro pins without shapes: taken at the centre");
  warn(report.unplaced_ports, "ports without a place: spread evenly over the boundary");
  warn(report.renamed_ports, "pins with the name of a component: their ports are called NAME.port");
  return warnings;
}

netlist_io::RoutingTracksResult find_routing(const LefDefSource& source,
                                             const netlist_io::Netlist& netlist) {
  std::vector<std::uint32_t> masters;
  for (const netlist_io::NodeId macro : netlist.hard_macros()) {
    const std::uint32_t component = source.netlist.component_of_node[macro.index()];
    masters.push_back(source.design.components[component].master);
  }
  return netlist_io::find_routing_tracks(source.lef, masters);
}

InputNetlist read_lefdef(const InputPaths& paths) {
  refuse_plc(paths, "DEF");
  if (paths.lefs.empty()) {
    throw OptionError("\"" + paths.netlist + "\" needs its LEF files: --lef FILE, once per file");
  }
  InputNetlist input;
  input.paths = {paths.netlist};
  input.paths.insert(input.paths.end(), paths.lefs.begin(), paths.lefs.end());
  LefDefSource& source = input.lefdef.emplace();
  source.lef = netlist_io::read_lef(paths.lefs);
  source.design = netlist_io::read_def(paths.netlist, source.lef);
  if (paths.net_weights) {
    apply_net_weights(netlist_io::read_net_weights(*paths.net_weights), source.design);
  }
  source.netlist = netlist_io::make_design_netlist(source.lef, source.design);
  input.netlist = std::move(source.netlist.netlist);
  source.routing = find_routing(source, input.netlist);
  input.placement = source.netlist.placement;
  take_canvas(source.netlist.canvas, input.header);
  input.header.block = std::string(source.design.name);
  input.warnings = source.lef.warnings;
  append(input.warnings, source.design.warnings);
  append(input.warnings, warnings_of(paths.netlist, source.netlist.report));
  return input;
}

InputNetlist read_bookshelf(const InputPaths& paths) {
  refuse_plc(paths, "Bookshelf design");
  if (!paths.lefs.empty()) {
    throw OptionError("--lef goes with a DEF, but NETLIST is \"" + paths.netlist + "\"");
  }
  InputNetlist input;
  BookshelfSource& source = input.bookshelf.emplace();
  source.design = netlist_io::read_bookshelf(paths.netlist);
  input.paths = source.design.paths;
  if (paths.net_weights) {
    apply_net_weights(netlist_io::read_net_weights(*paths.net_weights), source.design);
  }
  source.netlist = netlist_io::to_netlist(source.design);
  input.netlist = source.netlist.netlist;
  input.placement = source.netlist.placement;
  take_canvas(source.netlist.canvas, input.header);
  input.header.block = source.design.name;
  input.warnings = source.design.warnings;
  if (source.netlist.num_guessed_drivers > 0) {
    input.warnings.push_back(paths.netlist + ": " +
                             std::to_string(source.netlist.num_guessed_drivers) +
                             " nets without an output pin: the first pin drives");
  }
  return input;
}

InputNetlist read_format(const InputPaths& paths) {
  switch (netlist_format(paths.netlist)) {
    case NetlistFormat::kDef:
      return read_lefdef(paths);
    case NetlistFormat::kBookshelf:
      return read_bookshelf(paths);
    case NetlistFormat::kProtobuf:
      break;
  }
  return read_protobuf(paths);
}

}  // namespace

NetlistFormat netlist_format(const std::string& path) {
  std::string_view name = path;
  if (name.ends_with(".gz")) {
    name.remove_suffix(3);
  }
  if (name.ends_with(".def")) {
    return NetlistFormat::kDef;
  }
  return name.ends_with(".aux") ? NetlistFormat::kBookshelf : NetlistFormat::kProtobuf;
}

InputNetlist read_input(const InputPaths& paths) {
  InputNetlist input = read_format(paths);
  if (paths.net_weights) {
    input.paths.push_back(*paths.net_weights);
  }
  return input;
}

}  // namespace tessera::app
