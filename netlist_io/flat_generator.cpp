#include "netlist_io/flat_generator.h"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "netlist_io/errors.h"
#include "netlist_io/flat_generator_circuit.h"
#include "netlist_io/flat_generator_memories.h"
#include "netlist_io/flat_generator_modules.h"
#include "netlist_io/flat_generator_ports.h"
#include "netlist_io/flat_generator_wiring.h"
#include "netlist_io/rng.h"

namespace tessera::netlist_io {
namespace {

using flat::Circuit;
using flat::End;
using flat::EndKind;
using flat::MemoryMaster;
using flat::NetIndex;

constexpr double kPositionStep = 1e-3;  ///< microns, of ports and canvas
constexpr double kPortInset = 0.035;    ///< microns between a port and the canvas edge
constexpr double kResetShare = 0.8;     ///< of the leaf modules with registers
// The constants of the public blocks of all technologies: those built into Circuit Training's cost
// program.
constexpr RoutesPerMicron kRoutes{57.031, 56.818};
constexpr RoutesPerMicron kMacroRoutes{39.583, 30.303};

/// Sizes in microns.
struct CellSizes {
  double site = 0.0;
  double row = 0.0;
  double macro_step = 0.0;
};

CellSizes sizes_of(Technology technology) {
  switch (technology) {
    case Technology::k7nm:
      return {0.054, 0.27, 0.002};
    case Technology::k45nm:
      return {0.19, 1.4, 0.01};
    case Technology::k130nm:
      return {0.46, 2.72, 0.01};
  }
  throw InternalError("a technology of no kind");
}

/// Widths in sites: with each input a gate grows, a register is as wide as several gates.
std::vector<double> draw_widths(const Circuit& circuit, double site, Rng& rng) {
  std::vector<double> widths;
  widths.reserve(circuit.cells.size());
  for (const flat::Cell& cell : circuit.cells) {
    const std::uint64_t sites =
        cell.is_register ? 18 + rng.below(8) : 1U + cell.inputs + rng.below(3);
    widths.push_back(site * static_cast<double>(sites));
  }
  return widths;
}

/// Gates whose output nobody wanted get a reader near by, as a netlist without them would be
/// smaller by just these.
void use_all_outputs(const Circuit& circuit, std::vector<std::vector<End>>& sinks) {
  const std::size_t num_cells = circuit.cells.size();
  for (NetIndex net = 0; net < sinks.size(); ++net) {
    const End driver = circuit.driver(net);
    if (sinks[net].empty() && driver.kind == EndKind::kCell && num_cells > 1) {
      const std::size_t reader =
          driver.index + 1U < num_cells ? driver.index + 1U : driver.index - 1U;
      sinks[net].push_back({EndKind::kCell, static_cast<std::uint32_t>(reader)});
    }
  }
}

/// Clock and reset, driven by the first two ports.
void add_clock(const std::vector<MemoryMaster>& masters, Circuit& circuit, Rng& rng) {
  const NetIndex clock = circuit.add_net({EndKind::kPort, 0});
  const NetIndex reset = circuit.add_net({EndKind::kPort, 1});
  for (const flat::Macro& macro : circuit.macros) {
    const auto pin = static_cast<std::uint32_t>(masters[macro.master].clock_pin());
    circuit.connect(clock, {EndKind::kMacroPin, macro.first_pin + pin});
  }
  std::vector<bool> is_reset(circuit.modules.size());
  for (std::size_t module = 0; module < is_reset.size(); ++module) {
    is_reset[module] = rng.uniform() < kResetShare;
  }
  for (std::uint32_t cell = 0; cell < circuit.cells.size(); ++cell) {
    if (circuit.cells[cell].is_register) {
      circuit.connect(clock, {EndKind::kCell, cell});
      if (is_reset[circuit.cells[cell].module]) {
        circuit.connect(reset, {EndKind::kCell, cell});
      }
    }
  }
}

/// Turns the circuit into records: ports, macros each with its pins, cells.
class FlatRecordsBuilder {
 public:
  FlatRecordsBuilder(const Circuit& circuit,
                     const std::vector<generator::PortPlan>& ports,
                     const std::vector<generator::Master>& masters,
                     const std::vector<double>& widths,
                     double row,
                     const Canvas& canvas)
      : circuit_(circuit),
        ports_(ports),
        masters_(masters),
        widths_(widths),
        row_(row),
        canvas_(canvas) {}

  NetlistRecords run(const std::vector<std::vector<End>>& sinks) {
    for (const generator::PortPlan& port : ports_) {
      add_port(port);
    }
    first_macro_pin_ = records_.pins.size();
    for (std::size_t macro = 0; macro < circuit_.macros.size(); ++macro) {
      add_macro(macro);
    }
    first_cell_pin_ = records_.pins.size();
    for (std::size_t cell = 0; cell < circuit_.cells.size(); ++cell) {
      add_cell(cell);
    }
    link(sinks);
    return std::move(records_);
  }

 private:
  /// Adds a node; a name twice among macros of one module is avoided by the caller.
  NodeId add_node(NodeRecord node) {
    node.file_index = next_file_index_++;
    records_.nodes.push_back(std::move(node));
    return NodeId(records_.nodes.size() - 1);
  }

  void add_own_pin(NodeId node) {
    PinRecord pin;
    pin.node = node;
    pin.file_index = records_.nodes[node.index()].file_index;
    records_.pins.push_back(std::move(pin));
  }

  void add_port(const generator::PortPlan& port) {
    const auto at_edge = [](double part, double length) {
      const double position = std::clamp(part * length, kPortInset, length - kPortInset);
      return std::round(position / kPositionStep) * kPositionStep;
    };
    const generator::HiddenPoint at = generator::location_of(port);
    NodeRecord node;
    node.name = port.name;
    node.kind = NodeKind::kPort;
    node.side = generator::side_of(port);
    node.x = at_edge(at.x, canvas_.width);
    node.y = at_edge(at.y, canvas_.height);
    add_own_pin(add_node(std::move(node)));
  }

  void add_macro(std::size_t index) {
    const flat::Macro& macro = circuit_.macros[index];
    const generator::Master& master = masters_[macro.master];
    const bool same_module = index > 0 && circuit_.macros[index - 1].module == macro.module;
    number_in_module_ = same_module ? number_in_module_ + 1 : 0;
    NodeRecord node;
    node.name = circuit_.modules[macro.module] + "ram_" + std::to_string(number_in_module_);
    node.kind = NodeKind::kHardMacro;
    node.width = master.width;
    node.height = master.height;
    const std::string name = node.name;
    const NodeId id = add_node(std::move(node));
    for (const generator::MasterPin& master_pin : master.pins) {
      PinRecord pin;
      pin.node = id;
      pin.name = name + "/" + master_pin.name;
      pin.offset = master_pin.offset;
      pin.file_index = next_file_index_++;
      records_.pins.push_back(std::move(pin));
    }
  }

  void add_cell(std::size_t index) {
    const flat::Cell& cell = circuit_.cells[index];
    NodeRecord node;
    node.name =
        circuit_.modules[cell.module] + (cell.is_register ? "r" : "g") + std::to_string(index);
    node.kind = NodeKind::kStdCell;
    node.width = widths_[index];
    node.height = row_;
    add_own_pin(add_node(std::move(node)));
  }

  PinId pin_of(End end) const {
    switch (end.kind) {
      case EndKind::kPort:
        return PinId(end.index);
      case EndKind::kMacroPin:
        return PinId(first_macro_pin_ + end.index);
      case EndKind::kCell:
        return PinId(first_cell_pin_ + end.index);
    }
    throw InternalError("a net end of no kind");
  }

  void link(const std::vector<std::vector<End>>& sinks) {
    std::vector<NetIndex> order;
    for (NetIndex net = 0; net < sinks.size(); ++net) {
      if (!sinks[net].empty()) {
        order.push_back(net);
      }
    }
    const auto driver = [&](NetIndex net) { return pin_of(circuit_.driver(net)); };
    std::sort(
        order.begin(), order.end(), [&](NetIndex a, NetIndex b) { return driver(a) < driver(b); });
    for (const NetIndex net : order) {
      NetRecord record{driver(net), {}};
      for (const End& end : sinks[net]) {
        record.sinks.push_back(pin_of(end));
      }
      records_.nets.push_back(std::move(record));
    }
  }

  const Circuit& circuit_;
  const std::vector<generator::PortPlan>& ports_;
  const std::vector<generator::Master>& masters_;
  const std::vector<double>& widths_;
  double row_;
  const Canvas& canvas_;
  NetlistRecords records_;
  std::uint32_t next_file_index_ = 0;
  std::size_t first_macro_pin_ = 0;
  std::size_t first_cell_pin_ = 0;
  std::size_t number_in_module_ = 0;
};

Canvas make_canvas(const FlatGeneratorOptions& options, double area) {
  const auto rounded = [](double value) {
    return std::round(value / kPositionStep) * kPositionStep;
  };
  Canvas canvas;
  canvas.width = rounded(std::sqrt(area * options.canvas_aspect));
  canvas.height = rounded(std::sqrt(area / options.canvas_aspect));
  return canvas;
}

PlcHeader make_header(const FlatGeneratorOptions& options, const Canvas& canvas) {
  PlcHeader header;
  header.width = canvas.width;
  header.height = canvas.height;
  header.routes = kRoutes;
  header.macro_routes = kMacroRoutes;
  header.smoothing_factor = 0.0;
  header.block = options.name;
  return header;
}

}  // namespace

GeneratedFlatBlock generate_flat_block(const FlatGeneratorOptions& options) {
  options.validate();
  // What each stream is for is its seed, too: another name means other blocks for every seed.
  const auto stream_of = [&options](const std::string& part) {
    return Rng::derive(options.seed, "flat_generator." + part);
  };
  Rng library_rng = stream_of("library");  // of memories
  Rng logic_rng = stream_of("logic");
  Rng port_rng = stream_of("ports");
  Rng size_rng = stream_of("sizes");
  const std::vector<MemoryMaster> masters = flat::draw_masters(options.memories, library_rng);
  Circuit circuit;
  flat::Wiring wiring(circuit, logic_rng);
  flat::ModuleTree tree(options, masters, circuit, wiring);
  const std::vector<flat::Terminals> units = tree.build_units();
  const std::vector<generator::PortPlan> ports = flat::plan_ports(options, port_rng);
  flat::connect_top(options, units, ports, circuit, wiring);
  if (options.clock) {
    add_clock(masters, circuit, port_rng);
  }

  const CellSizes sizes = sizes_of(options.technology);
  const std::vector<double> widths = draw_widths(circuit, sizes.site, size_rng);
  double cell_area = 0.0;
  for (const double width : widths) {
    cell_area += width * sizes.row;
  }
  const double share = options.memories.area_share;
  const Canvas canvas = make_canvas(options, cell_area / (1.0 - share) / options.utilization);
  const std::vector<generator::Master> sized = flat::make_memory_masters(
      masters, circuit.macros, cell_area * share / (1.0 - share), sizes.macro_step);
  std::vector<std::vector<End>> sinks = circuit.collect_sinks();
  use_all_outputs(circuit, sinks);

  GeneratedFlatBlock block;
  block.netlist =
      Netlist(FlatRecordsBuilder(circuit, ports, sized, widths, sizes.row, canvas).run(sinks));
  block.header = make_header(options, canvas);
  block.rent = tree.rent_fit();
  return block;
}

}  // namespace tessera::netlist_io
