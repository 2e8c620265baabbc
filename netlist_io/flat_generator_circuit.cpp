#include "netlist_io/flat_generator_circuit.h"

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

namespace tessera::netlist_io::flat {

void Terminals::append(const Terminals& other) {
  inputs.insert(inputs.end(), other.inputs.begin(), other.inputs.end());
  outputs.insert(outputs.end(), other.outputs.begin(), other.outputs.end());
}

ModuleIndex Circuit::add_module(std::string name) {
  modules.push_back(std::move(name));
  return static_cast<ModuleIndex>(modules.size() - 1);
}

NetIndex Circuit::add_cell(ModuleIndex module, int inputs, bool is_register) {
  cells.push_back({module, static_cast<std::uint16_t>(inputs), is_register});
  return add_net(last_cell());
}

NetIndex Circuit::add_net(End driver) {
  drivers_.push_back(driver);
  return static_cast<NetIndex>(drivers_.size() - 1);
}

BundleIndex Circuit::add_bundle(std::span<const End> ends) {
  bundle_ends_.insert(bundle_ends_.end(), ends.begin(), ends.end());
  bundle_start_.push_back(static_cast<std::uint32_t>(bundle_ends_.size()));
  return static_cast<BundleIndex>(num_bundles() - 1);
}

void Circuit::open_inputs(int count, Terminals& terminals) {
  for (int i = 0; i < count; ++i) {
    terminals.inputs.push_back(add_bundle(last_cell()));
  }
}

void Circuit::connect_bundle(NetIndex net, BundleIndex bundle) {
  for (std::uint32_t i = bundle_start_[bundle]; i < bundle_start_[bundle + 1]; ++i) {
    connect(net, bundle_ends_[i]);
  }
}

std::vector<std::vector<End>> Circuit::collect_sinks() const {
  std::vector<std::vector<End>> sinks(num_nets());
  std::uint32_t num_indices = 0;
  for (const Connection& connection : connections_) {
    sinks[connection.net].push_back(connection.sink);
    num_indices = std::max(num_indices, connection.sink.index + 1);
  }
  // The last net, counted from 1, that each end of each kind was seen on.
  std::array<std::vector<std::uint32_t>, 3> last_net;
  last_net.fill(std::vector<std::uint32_t>(num_indices, 0));
  for (std::size_t net = 0; net < sinks.size(); ++net) {
    const auto stamp = static_cast<std::uint32_t>(net + 1);
    std::erase_if(sinks[net], [&](const End& end) {
      std::uint32_t& last = last_net[static_cast<std::size_t>(end.kind)][end.index];
      return end == drivers_[net] || std::exchange(last, stamp) == stamp;
    });
  }
  return sinks;
}

}  // namespace tessera::netlist_io::flat
