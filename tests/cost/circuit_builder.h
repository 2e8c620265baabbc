#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <vector>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"

namespace tessera::testing {

/// Makes small circuits in code, in the order of a netlist file.
class CircuitBuilder {
 public:
  /// A port; its pin.
  netlist_io::PinId port(const std::string& name, double x, double y);
  netlist_io::NodeId hard(const std::string& name,
                          double width,
                          double height,
                          double x,
                          double y,
                          netlist_io::Orientation orientation = netlist_io::Orientation::kN);
  netlist_io::NodeId soft(const std::string& name, double width, double height, double x, double y);
  /// A standard cell; its pin.
  netlist_io::PinId std_cell(
      const std::string& name, double width, double height, double x, double y);
  /// A pin of a macro; the nets that it drives have `weight`.
  netlist_io::PinId pin(netlist_io::NodeId macro,
                        netlist_io::Offset offset = {},
                        double weight = 1.0);
  void net(netlist_io::PinId driver, std::vector<netlist_io::PinId> sinks);

  std::size_t num_pins() const { return records_.pins.size(); }
  netlist_io::Netlist build() const { return netlist_io::Netlist(records_); }

 private:
  netlist_io::NodeId add_node(netlist_io::NodeRecord node);
  netlist_io::PinId add_pin(netlist_io::PinRecord pin);

  netlist_io::NetlistRecords records_;
  std::uint32_t next_index_ = 0;
};

netlist_io::Canvas make_canvas(double width, double height, int cols, int rows);

/// A map of cells written as on paper, the top row first, in the order of our maps.
std::vector<double> from_top(std::vector<std::vector<double>> rows);

/// Largest difference of two arrays, relative to values above 1. Infinite if the sizes differ or a
/// value is not a number.
double max_difference(const std::vector<double>& a, const std::vector<double>& b);

/// Difference relative to `expected`; absolute if that is zero, infinite if one of them is not a
/// number.
double relative_error(double value, double expected);

}  // namespace tessera::testing
