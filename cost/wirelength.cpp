#include "cost/wirelength.h"

#include <algorithm>

namespace tessera::cost {

using netlist_io::NetId;
using netlist_io::Netlist;
using netlist_io::NodeId;
using netlist_io::Offset;
using netlist_io::PinId;
using netlist_io::Placement;

void PinPositions::update(const Netlist& netlist, const Placement& placement) {
  x.resize(netlist.num_pins());
  y.resize(netlist.num_pins());
  for (std::size_t i = 0; i < netlist.num_pins(); ++i) {
    const std::size_t node = netlist.pin_node(PinId(i)).index();
    const Offset offset = transform(netlist.pin_offset(PinId(i)), placement.orientation[node]);
    x[i] = placement.x[node] + offset.x;
    y[i] = placement.y[node] + offset.y;
  }
}

void PinPositions::update(const Netlist& netlist, const Placement& placement, NodeId node) {
  for (const PinId pin : netlist.pins_of(node)) {
    const Offset offset = transform(netlist.pin_offset(pin), placement.orientation[node.index()]);
    x[pin.index()] = placement.x[node.index()] + offset.x;
    y[pin.index()] = placement.y[node.index()] + offset.y;
  }
}

double hpwl_um(const Netlist& netlist, const PinPositions& pins, NetId net) {
  const std::size_t driver = netlist.driver(net).index();
  double x0 = pins.x[driver];
  double x1 = x0;
  double y0 = pins.y[driver];
  double y1 = y0;
  for (const PinId pin : netlist.pins_of(net)) {
    const double x = pins.x[pin.index()];
    const double y = pins.y[pin.index()];
    x0 = std::min(x0, x);
    x1 = std::max(x1, x);
    y0 = std::min(y0, y);
    y1 = std::max(y1, y);
  }
  return (x1 - x0) + (y1 - y0);
}

double weighted_hpwl_um(const Netlist& netlist, const PinPositions& pins) {
  double sum = 0.0;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    sum += netlist.weight(NetId(n)) * hpwl_um(netlist, pins, NetId(n));
  }
  return sum;
}

}  // namespace tessera::cost
