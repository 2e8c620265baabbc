#pragma once

#include <vector>

#include "netlist_io/flat_generator.h"
#include "netlist_io/flat_generator_circuit.h"
#include "netlist_io/flat_generator_wiring.h"
#include "netlist_io/generator_library.h"
#include "netlist_io/rng.h"

// Internal to the flat generator: ports and what is connected at the top.

namespace tessera::netlist_io::flat {

/// Ports in buses, in the order in which they lie around the canvas; with a clock, the first two
/// are clock and reset.
std::vector<generator::PortPlan> plan_ports(const FlatGeneratorOptions& options, Rng& rng);

/// Connects the units with each other and with the ports, except clock and reset.
void connect_top(const FlatGeneratorOptions& options,
                 const std::vector<Terminals>& units,
                 const std::vector<generator::PortPlan>& ports,
                 Circuit& circuit,
                 Wiring& wiring);

}  // namespace tessera::netlist_io::flat
