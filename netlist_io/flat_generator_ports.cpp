#include "netlist_io/flat_generator_ports.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

namespace tessera::netlist_io::flat {
namespace {

constexpr std::uint64_t kMaxBusLog2 = 6;  ///< buses of ports have up to 2^6 bits
constexpr std::size_t kNumClockPorts = 2;
constexpr std::size_t kAnyNumber = std::numeric_limits<std::size_t>::max();

/// Ports by direction, without clock and reset.
struct SignalPorts {
  std::vector<std::uint32_t> inputs;
  std::vector<std::uint32_t> outputs;
};

SignalPorts signal_ports(const FlatGeneratorOptions& options,
                         const std::vector<generator::PortPlan>& ports) {
  SignalPorts signals;
  for (std::size_t p = options.clock ? kNumClockPorts : 0; p < ports.size(); ++p) {
    (ports[p].is_input ? signals.inputs : signals.outputs).push_back(static_cast<std::uint32_t>(p));
  }
  return signals;
}

/// The units, with only those nets that have no sink yet.
std::vector<Terminals> with_unused_outputs(const std::vector<Terminals>& units,
                                           const Wiring& wiring) {
  std::vector<Terminals> unused = units;
  for (Terminals& unit : unused) {
    std::erase_if(unit.outputs, [&](NetIndex net) { return wiring.has_sinks(net); });
  }
  return unused;
}

/// The units with the inputs that are left.
std::vector<Terminals> with_inputs_left(const std::vector<Terminals>& units,
                                        const Terminals& left,
                                        std::size_t num_bundles) {
  std::vector<bool> is_left(num_bundles, false);
  for (const BundleIndex bundle : left.inputs) {
    is_left[bundle] = true;
  }
  std::vector<Terminals> rest = units;
  for (Terminals& unit : rest) {
    std::erase_if(unit.inputs, [&](BundleIndex bundle) { return !is_left[bundle]; });
  }
  return rest;
}

/// `count` of the items, evenly spread, in their order; all if there are fewer.
template <typename Item>
std::vector<Item> spread_choice(const std::vector<Item>& items, std::size_t count) {
  std::vector<Item> chosen;
  const std::size_t number = std::min(count, items.size());
  for (std::size_t i = 0; i < number; ++i) {
    chosen.push_back(items[i * items.size() / number]);
  }
  return chosen;
}

void connect_input_ports(const std::vector<std::uint32_t>& ports,
                         std::vector<BundleIndex> inputs,
                         Circuit& circuit,
                         Wiring& wiring) {
  while (inputs.size() < ports.size()) {
    const auto cell = static_cast<std::uint32_t>(wiring.rng().below(circuit.cells.size()));
    inputs.push_back(circuit.add_bundle({EndKind::kCell, cell}));
  }
  std::vector<NetIndex> nets;
  nets.reserve(ports.size());
  for (const std::uint32_t port : ports) {
    nets.push_back(circuit.add_net({EndKind::kPort, port}));
  }
  // More inputs than ports: neighbours share a port. Without ports, any net serves.
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const NetIndex net = nets.empty()
                             ? static_cast<NetIndex>(wiring.rng().below(circuit.num_nets()))
                             : nets[i * nets.size() / inputs.size()];
    wiring.connect(net, inputs[i]);
  }
}

/// Nets for the output ports: those without sinks first, then others that units offer.
void connect_output_ports(const std::vector<std::uint32_t>& ports,
                          const std::vector<NetIndex>& outputs,
                          Circuit& circuit,
                          Wiring& wiring) {
  std::vector<NetIndex> unused;
  std::vector<NetIndex> used;
  for (const NetIndex net : outputs) {
    (wiring.has_sinks(net) ? used : unused).push_back(net);
  }
  std::vector<NetIndex> chosen = spread_choice(unused, ports.size());
  const std::vector<NetIndex> more = spread_choice(used, ports.size() - chosen.size());
  chosen.insert(chosen.end(), more.begin(), more.end());
  std::sort(chosen.begin(), chosen.end());
  while (chosen.size() < ports.size()) {
    chosen.push_back(static_cast<NetIndex>(wiring.rng().below(circuit.num_nets())));
  }
  for (std::size_t i = 0; i < ports.size(); ++i) {
    wiring.connect(chosen[i], circuit.add_bundle({EndKind::kPort, ports[i]}));
  }
}

}  // namespace

std::vector<generator::PortPlan> plan_ports(const FlatGeneratorOptions& options, Rng& rng) {
  const auto total = static_cast<std::size_t>(options.ports);
  const auto sides = static_cast<std::size_t>(options.port_sides);
  const std::uint64_t first_side = rng.below(4);
  std::vector<generator::PortPlan> ports;
  const auto add = [&](std::string name, std::size_t bus, bool is_input) {
    const double along = (static_cast<double>(ports.size()) + 0.5) / static_cast<double>(total) *
                         static_cast<double>(sides);
    const double round = along + static_cast<double>(first_side);
    ports.push_back({std::move(name), bus, is_input, 0.25 * (round < 4.0 ? round : round - 4.0)});
  };
  if (options.clock) {
    add("clk_i", 0, true);
    add("rst_ni", 1, true);
  }
  for (std::size_t bus = kNumClockPorts; ports.size() < total; ++bus) {
    const std::size_t bits = std::size_t{1} << rng.below(kMaxBusLog2 + 1);
    const bool is_input = rng.below(2) == 0;
    const std::string name = "bus" + std::to_string(bus) + (is_input ? "_i[" : "_o[");
    for (std::size_t bit = 0; bit < bits && ports.size() < total; ++bit) {
      add(name + std::to_string(bit) + "]", bus, is_input);
    }
  }
  return ports;
}

void connect_top(const FlatGeneratorOptions& options,
                 const std::vector<Terminals>& units,
                 const std::vector<generator::PortPlan>& ports,
                 Circuit& circuit,
                 Wiring& wiring) {
  const SignalPorts signals = signal_ports(options, ports);
  WiringGoal goal;
  goal.inputs = signals.inputs.size();
  goal.outputs = kAnyNumber;
  goal.bus_width = options.logic.bus_width;
  goal.own_sinks = true;
  goal.beyond_wants = false;
  const Terminals first = wiring.connect_parts(with_unused_outputs(units, wiring), goal);
  goal.beyond_wants = true;
  const Terminals rest =
      wiring.connect_parts(with_inputs_left(units, first, circuit.num_bundles()), goal);
  connect_input_ports(signals.inputs, rest.inputs, circuit, wiring);
  connect_output_ports(signals.outputs, rest.outputs, circuit, wiring);
}

}  // namespace tessera::netlist_io::flat
