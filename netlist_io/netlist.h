#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/ids.h"
#include "netlist_io/orientation.h"

namespace tessera::netlist_io {

enum class NodeKind : std::uint8_t { kPort, kHardMacro, kSoftMacro, kStdCell };

/// Side of the canvas that a port belongs to, as named in the file.
enum class Side : std::uint8_t { kNone, kLeft, kRight, kTop, kBottom };

/// One node as a reader or a generator hands it to `Netlist`.
struct NodeRecord {
  std::string name;
  NodeKind kind = NodeKind::kHardMacro;
  Side side = Side::kNone;                    ///< ports only
  Orientation orientation = Orientation::kN;  ///< in the netlist; macros only
  double width = 0.0;                         ///< microns, in orientation N; 0 for ports
  double height = 0.0;                        ///< microns, in orientation N; 0 for ports
  double x = 0.0;                             ///< centre in the netlist, microns
  double y = 0.0;                             ///< centre in the netlist, microns
  std::uint32_t file_index =
      0;  ///< ordinal among nodes and pins of the file; rows of a .plc use it
};

/// What the names of soft macros begin with, by which files tell them from hard ones.
inline constexpr std::string_view kSoftMacroPrefix = "Grp_";

/// One terminal. Ports and standard cells have exactly one, at their centre, with their own
/// `file_index` and an empty name; macros have any number, with names of their own.
struct PinRecord {
  NodeId node;
  std::string name;     ///< full name (`macro/pin`) for macro pins, empty otherwise
  Offset offset;        ///< from the node's centre in orientation N; (0, 0) unless a hard macro's
  double weight = 1.0;  ///< weight of the net that this pin drives
  std::uint32_t file_index = 0;
};

/// One net: a driver and its sinks in file order. Duplicate sinks are kept.
struct NetRecord {
  PinId driver;
  std::vector<PinId> sinks;
  /// Set where the weight is the net's own, whatever its driver says and be it a port.
  std::optional<double> weight = std::nullopt;
};

/// What a `Netlist` is made of, in file order.
struct NetlistRecords {
  std::vector<NodeRecord> nodes;
  std::vector<PinRecord> pins;
  std::vector<NetRecord> nets;
  /// Ratio from the `__metadata__` node (soft macro area over standard cell area), if there is one.
  std::optional<double> soft_macro_area_bloating_ratio;
};

/// The circuit: nodes, pins and nets in flat arrays, immutable after construction.
///
/// Nets and pins are linked both ways in compressed sparse rows. Names are for I/O and messages.
class Netlist {
 public:
  Netlist() = default;

  /// Builds the index arrays and validates.
  /// Throws `std::invalid_argument` naming the object if an id is out of range, a name or a file
  /// index occurs twice, a size is negative, a number is not finite, or a weight is not positive.
  explicit Netlist(NetlistRecords records);

  std::size_t num_nodes() const { return records_.nodes.size(); }
  std::size_t num_pins() const { return records_.pins.size(); }
  std::size_t num_nets() const { return records_.nets.size(); }

  // Nodes.
  const std::string& name(NodeId node) const { return records_.nodes[node.index()].name; }
  NodeKind kind(NodeId node) const { return kind_[node.index()]; }
  bool is_macro(NodeId node) const;
  double width(NodeId node) const { return width_[node.index()]; }
  double height(NodeId node) const { return height_[node.index()]; }
  const NodeRecord& node(NodeId node) const { return records_.nodes[node.index()]; }
  std::uint32_t file_index(NodeId node) const { return records_.nodes[node.index()].file_index; }

  /// Nodes of one kind in file order.
  std::span<const NodeId> ports() const { return ports_; }
  std::span<const NodeId> hard_macros() const { return hard_macros_; }
  std::span<const NodeId> soft_macros() const { return soft_macros_; }
  std::span<const NodeId> std_cells() const { return std_cells_; }

  std::optional<NodeId> find_node(std::string_view name) const;
  std::optional<NodeId> find_file_index(std::uint32_t file_index) const;

  // Pins.
  const PinRecord& pin(PinId pin) const { return records_.pins[pin.index()]; }
  NodeId pin_node(PinId pin) const { return pin_node_[pin.index()]; }
  Offset pin_offset(PinId pin) const { return pin_offset_[pin.index()]; }

  /// Pins of a node in file order.
  std::span<const PinId> pins_of(NodeId node) const {
    return {node_pins_.data() + node_pin_start_[node.index()],
            node_pins_.data() + node_pin_start_[node.index() + 1]};
  }

  // Nets.
  /// Pins of a net: driver first, then the sinks in file order with duplicates.
  std::span<const PinId> pins_of(NetId net) const {
    return {net_pins_.data() + net_pin_start_[net.index()],
            net_pins_.data() + net_pin_start_[net.index() + 1]};
  }
  PinId driver(NetId net) const { return net_pins_[net_pin_start_[net.index()]]; }
  /// Multiplicity of a net in the wirelength: its own weight, else its driver's, 1 if that is a
  /// port.
  double weight(NetId net) const { return net_weight_[net.index()]; }
  /// Sum of the weights of all nets (not rounded).
  double total_net_weight() const { return total_net_weight_; }

  /// Distinct nets with a pin on `node`, ascending.
  std::span<const NetId> nets_of(NodeId node) const {
    return {node_nets_.data() + node_net_start_[node.index()],
            node_nets_.data() + node_net_start_[node.index() + 1]};
  }

  /// Total area of hard and soft macros and standard cells, square microns.
  double total_area() const { return total_area_; }

  std::optional<double> soft_macro_area_bloating_ratio() const {
    return records_.soft_macro_area_bloating_ratio;
  }
  /// The records as given, for writers.
  const NetlistRecords& records() const { return records_; }

 private:
  void validate() const;
  void index_nodes();
  void index_names();
  void index_pins();
  void index_nets();

  NetlistRecords records_;
  std::vector<NodeKind> kind_;
  std::vector<double> width_;
  std::vector<double> height_;
  std::vector<NodeId> ports_;
  std::vector<NodeId> hard_macros_;
  std::vector<NodeId> soft_macros_;
  std::vector<NodeId> std_cells_;
  std::vector<NodeId> pin_node_;
  std::vector<Offset> pin_offset_;
  std::vector<std::uint32_t> node_pin_start_ = {0};
  std::vector<PinId> node_pins_;
  std::vector<std::uint32_t> net_pin_start_ = {0};
  std::vector<PinId> net_pins_;
  std::vector<double> net_weight_;
  std::vector<std::uint32_t> node_net_start_ = {0};
  std::vector<NetId> node_nets_;
  std::vector<std::uint32_t> node_of_file_index_;  ///< node + 1; 0 where a pin or nothing has it
  std::vector<std::uint32_t> name_slots_;          ///< open-addressing table: node + 1, 0 free
  double total_net_weight_ = 0.0;
  double total_area_ = 0.0;
};

}  // namespace tessera::netlist_io
