#include "netlist_io/lefdef/design_netlist.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "netlist_io/errors.h"
#include "netlist_io/lefdef/die_shape.h"

namespace tessera::netlist_io {
namespace {

constexpr std::uint32_t kNone = DesignNetlist::kNoComponent;

/// What a component is to a placer.
enum class Role : std::uint8_t { kHardMacro, kStdCell, kIgnored };

/// Turns one design into records.
class DesignNetlistBuilder {
 public:
  DesignNetlistBuilder(const LefLibrary& library, const DefDesign& design)
      : library_(library), design_(design), um_(1.0 / design.database_units) {}

  DesignNetlist build() {
    add_canvas();
    choose_roles();
    select_nets();
    add_ports();
    add_hard_macros();
    add_std_cells();
    add_nets();
    if (records_.nodes.empty()) {
      fail("the design has neither ports nor components");
    }
    result_.netlist = Netlist(std::move(records_));
    set_placement();
    return std::move(result_);
  }

 private:
  /// One end of a net that is kept, as the netlist will have it.
  struct End {
    PinId pin;
    bool drives = false;
    bool may_drive = false;
  };

  [[noreturn]] void fail(const std::string& message) const {
    throw ParseError({design_.path, 0, 0}, message);
  }

  const LefMaster& master_of(const DefComponent& component) const {
    return library_.masters[component.master];
  }

  double x_um(double dbu) const { return (dbu - result_.origin.x) * um_; }
  double y_um(double dbu) const { return (dbu - result_.origin.y) * um_; }

  void add_canvas() {
    const DieShape die = die_shape(library_, design_);
    if (die.box.hi.x <= die.box.lo.x || die.box.hi.y <= die.box.lo.y) {
      fail("the design has no DIEAREA with an area, expected one: DIEAREA ( x y ) ( x y ) ;");
    }
    result_.origin = die.box.lo;
    result_.canvas.width = (die.box.hi.x - die.box.lo.x) * um_;
    result_.canvas.height = (die.box.hi.y - die.box.lo.y) * um_;
    const auto block = [this](const DefRect& rect, double rate) {
      result_.canvas.blockages.push_back(
          {{x_um(rect.lo.x), y_um(rect.lo.y), x_um(rect.hi.x), y_um(rect.hi.y)}, rate});
    };
    for (const DefRect& rect : die.blocked) {
      block(rect, 1.0);
    }
    for (const DefBlockage& blockage : design_.blockages) {
      if (blockage.soft || blockage.max_density || blockage.component) {
        continue;  // cells may stand there, or it belongs to a macro that may move
      }
      for (const DefRect& rect : blockage.rects) {
        block(rect, 0.99);
      }
    }
  }

  double row_height() const {
    double height = std::numeric_limits<double>::infinity();
    for (const DefRow& row : design_.rows) {
      if (const auto site = library_.find_site(row.site)) {
        height = std::min(height, library_.sites[*site].height);
      }
    }
    return height;
  }

  void choose_roles() {
    const double row = row_height();
    roles_.reserve(design_.components.size());
    for (const DefComponent& component : design_.components) {
      const LefMaster& master = master_of(component);
      switch (master.master_class) {
        case MasterClass::kBlock:
        case MasterClass::kPad:
        case MasterClass::kRing:
          roles_.push_back(Role::kHardMacro);
          break;
        case MasterClass::kNone:
          roles_.push_back(master.height > 1.5 * row ? Role::kHardMacro : Role::kStdCell);
          break;
        case MasterClass::kCore:
        case MasterClass::kEndcap:
          roles_.push_back(Role::kStdCell);
          break;
        case MasterClass::kCover:
          roles_.push_back(Role::kIgnored);
          break;
      }
    }
  }

  bool ignored(const DefConnection& connection) const {
    return connection.component != DefConnection::kPort &&
           roles_[connection.component] == Role::kIgnored;
  }

  /// Chooses the nets to keep, and notes which macro pins and cells they reach.
  void select_nets() {
    used_.assign(design_.components.size(), 0);
    for (std::size_t n = 0; n < design_.nets.size(); ++n) {
      const DefNet& net = design_.nets[n];
      if (net.use == PinUse::kPower || net.use == PinUse::kGround) {
        ++result_.report.supply_nets;
        continue;
      }
      if (net.weight <= 0.0) {
        ++result_.report.weightless_nets;
        continue;
      }
      std::size_t ends = 0;
      for (const DefConnection& connection : design_.connections_of(net)) {
        ends += ignored(connection) ? 0 : 1;
      }
      if (ends < 2) {
        ++result_.report.dangling_nets;
        continue;
      }
      kept_nets_.push_back(n);
      for (const DefConnection& connection : design_.connections_of(net)) {
        note_use(connection);
      }
    }
    std::sort(macro_pins_.begin(), macro_pins_.end());
    macro_pins_.erase(std::unique(macro_pins_.begin(), macro_pins_.end()), macro_pins_.end());
  }

  void note_use(const DefConnection& connection) {
    if (connection.component == DefConnection::kPort) {
      return;
    }
    used_[connection.component] = 1;
    if (roles_[connection.component] == Role::kHardMacro) {
      macro_pins_.push_back(key_of(connection));
    }
  }

  static std::uint64_t key_of(const DefConnection& connection) {
    return (std::uint64_t{connection.component} << 32) | connection.pin;
  }

  std::uint32_t next_file_index() { return file_index_++; }

  NodeId add_node(NodeRecord node, std::uint32_t component) {
    node.file_index = next_file_index();
    records_.nodes.push_back(std::move(node));
    result_.component_of_node.push_back(component);
    return NodeId(records_.nodes.size() - 1);
  }

  /// The only pin of a port or a standard cell.
  PinId add_centre_pin(NodeId node) {
    PinRecord pin;
    pin.node = node;
    pin.file_index = records_.nodes[node.index()].file_index;
    records_.pins.push_back(std::move(pin));
    return PinId(records_.pins.size() - 1);
  }

  /// Names for the ports that share theirs with a component, as DEF allows and nodes do not.
  std::map<std::string_view, std::string> other_port_names() const {
    std::unordered_set<std::string_view> taken;
    for (const DefPin& pin : design_.pins) {
      taken.insert(pin.name);
    }
    std::map<std::string_view, std::string> names;
    for (const DefComponent& component : design_.components) {
      if (taken.contains(component.name)) {
        names[component.name] = component.name;
      }
    }
    if (!names.empty()) {
      for (const DefComponent& component : design_.components) {
        taken.insert(component.name);
      }
    }
    for (auto& [shared, name] : names) {
      while (!taken.insert(name).second) {
        name += ".port";
      }
    }
    return names;
  }

  void add_ports() {
    const std::map<std::string_view, std::string> other_names = other_port_names();
    result_.report.renamed_ports = other_names.size();
    for (const DefPin& pin : design_.pins) {
      if (pin.use == PinUse::kPower || pin.use == PinUse::kGround) {
        port_pins_.push_back(std::nullopt);
        continue;
      }
      NodeRecord node;
      const auto other = other_names.find(pin.name);
      node.name = other != other_names.end() ? other->second : std::string(pin.name);
      node.kind = NodeKind::kPort;
      if (pin.status == PlacementStatus::kUnplaced) {
        unplaced_ports_.push_back(records_.nodes.size());
      } else {
        node.x = x_um(pin.location.x);
        node.y = y_um(pin.location.y);
      }
      port_pins_.push_back(add_centre_pin(add_node(std::move(node), kNone)));
    }
    spread_unplaced_ports();
    for (NodeRecord& node : records_.nodes) {
      node.side = nearest_side(node.x, node.y);
    }
  }

  /// Ports without a place: evenly spaced around the boundary, from the lower-left corner on.
  void spread_unplaced_ports() {
    result_.report.unplaced_ports = unplaced_ports_.size();
    const double width = result_.canvas.width;
    const double height = result_.canvas.height;
    const double step = 2.0 * (width + height) / static_cast<double>(unplaced_ports_.size());
    for (std::size_t i = 0; i < unplaced_ports_.size(); ++i) {
      NodeRecord& node = records_.nodes[unplaced_ports_[i]];
      double way = (static_cast<double>(i) + 0.5) * step;
      if (way < width) {
        node.x = way;
      } else if ((way -= width) < height) {
        node.x = width;
        node.y = way;
      } else if ((way -= height) < width) {
        node.x = width - way;
        node.y = height;
      } else {
        node.y = height - (way - width);
      }
    }
  }

  Side nearest_side(double x, double y) const {
    const std::array<double, 4> distance = {
        x, result_.canvas.width - x, result_.canvas.height - y, y};
    constexpr std::array<Side, 4> kSides = {Side::kLeft, Side::kRight, Side::kTop, Side::kBottom};
    return kSides[static_cast<std::size_t>(std::min_element(distance.begin(), distance.end()) -
                                           distance.begin())];
  }

  NodeRecord component_record(const DefComponent& component, NodeKind kind) const {
    const LefMaster& master = master_of(component);
    NodeRecord node;
    node.name = std::string(component.name);
    node.kind = kind;
    node.width = master.width;
    node.height = master.height;
    if (component.status == PlacementStatus::kUnplaced) {
      node.x = 0.5 * result_.canvas.width;
      node.y = 0.5 * result_.canvas.height;
      return node;
    }
    const bool turned = swaps_axes(component.orientation);
    node.orientation = kind == NodeKind::kHardMacro ? component.orientation : Orientation::kN;
    node.x = x_um(component.location.x) + 0.5 * (turned ? master.height : master.width);
    node.y = y_um(component.location.y) + 0.5 * (turned ? master.width : master.height);
    return node;
  }

  void add_hard_macros() {
    pin_of_macro_pin_.resize(macro_pins_.size());
    auto key = macro_pins_.begin();
    for (std::size_t c = 0; c < design_.components.size(); ++c) {
      if (roles_[c] != Role::kHardMacro) {
        continue;
      }
      const DefComponent& component = design_.components[c];
      NodeRecord record = component_record(component, NodeKind::kHardMacro);
      const std::string prefix = record.name + "/";
      const NodeId node = add_node(std::move(record), static_cast<std::uint32_t>(c));
      for (; key != macro_pins_.end() && (*key >> 32) == c; ++key) {
        const auto pin = static_cast<std::uint32_t>(*key & 0xFFFFFFFF);
        pin_of_macro_pin_[static_cast<std::size_t>(key - macro_pins_.begin())] =
            add_macro_pin(node, master_of(component), pin, prefix);
      }
    }
  }

  PinId add_macro_pin(NodeId node,
                      const LefMaster& master,
                      std::uint32_t index,
                      const std::string& prefix) {
    const LefPin& lef_pin = master.pins[index];
    PinRecord pin;
    pin.node = node;
    pin.name = prefix + lef_pin.name;
    pin.file_index = next_file_index();
    if (const std::optional<Offset> at = lef_pin.centre()) {
      pin.offset = {at->x - 0.5 * master.width, at->y - 0.5 * master.height};
    } else {
      ++result_.report.pins_without_shapes;
    }
    records_.pins.push_back(std::move(pin));
    return PinId(records_.pins.size() - 1);
  }

  void add_std_cells() {
    cell_pins_.assign(design_.components.size(), PinId());
    for (std::size_t c = 0; c < design_.components.size(); ++c) {
      if (roles_[c] != Role::kStdCell) {
        continue;
      }
      if (used_[c] == 0) {
        ++result_.report.unconnected_cells;
        continue;
      }
      cell_pins_[c] =
          add_centre_pin(add_node(component_record(design_.components[c], NodeKind::kStdCell),
                                  static_cast<std::uint32_t>(c)));
    }
  }

  std::optional<PinId> pin_of(const DefConnection& connection) const {
    if (connection.component == DefConnection::kPort) {
      return port_pins_[connection.pin];
    }
    switch (roles_[connection.component]) {
      case Role::kHardMacro: {
        const auto at =
            std::lower_bound(macro_pins_.begin(), macro_pins_.end(), key_of(connection));
        return pin_of_macro_pin_[static_cast<std::size_t>(at - macro_pins_.begin())];
      }
      case Role::kStdCell:
        return cell_pins_[connection.component];
      case Role::kIgnored:
        break;
    }
    return std::nullopt;
  }

  /// Direction as the net sees it: an input of the design drives.
  PinDirection direction_of(const DefConnection& connection) const {
    if (connection.component != DefConnection::kPort) {
      return master_of(design_.components[connection.component]).pins[connection.pin].direction;
    }
    const PinDirection outside = design_.pins[connection.pin].direction;
    if (outside == PinDirection::kInput) {
      return PinDirection::kOutput;
    }
    return outside == PinDirection::kOutput ? PinDirection::kInput : outside;
  }

  void add_nets() {
    std::vector<End> ends;
    for (const std::size_t n : kept_nets_) {
      const DefNet& net = design_.nets[n];
      ends.clear();
      for (const DefConnection& connection : design_.connections_of(net)) {
        if (const std::optional<PinId> pin = pin_of(connection)) {
          const PinDirection direction = direction_of(connection);
          ends.push_back(
              {*pin, direction == PinDirection::kOutput, direction == PinDirection::kInout});
        }
      }
      if (ends.size() < 2) {  // a supply port at its other end
        ++result_.report.dangling_nets;
      } else {
        add_net(ends, net.weight);
      }
    }
  }

  void add_net(const std::vector<End>& ends, double weight) {
    const auto drives = [](const End& end) { return end.drives; };
    auto driver = std::find_if(ends.begin(), ends.end(), drives);
    if (driver == ends.end()) {
      ++result_.report.guessed_drivers;
      driver = std::find_if(ends.begin(), ends.end(), [](const End& end) { return end.may_drive; });
      driver = driver == ends.end() ? ends.begin() : driver;
    } else if (std::find_if(driver + 1, ends.end(), drives) != ends.end()) {
      ++result_.report.multi_driver_nets;
    }
    NetRecord record;
    record.driver = driver->pin;
    for (auto end = ends.begin(); end != ends.end(); ++end) {
      if (end != driver && end->pin != driver->pin) {
        record.sinks.push_back(end->pin);
      }
    }
    if (record.sinks.empty()) {  // a cell that drives itself
      ++result_.report.dangling_nets;
      return;
    }
    if (weight != 1.0) {
      record.weight = weight;
    }
    records_.nets.push_back(std::move(record));
  }

  void set_placement() {
    result_.placement = Placement(result_.netlist);
    for (std::size_t i = 0; i < result_.component_of_node.size(); ++i) {
      const std::uint32_t c = result_.component_of_node[i];
      if (c == kNone) {
        continue;
      }
      const PlacementStatus status = design_.components[c].status;
      result_.placement.placed[i] = status == PlacementStatus::kUnplaced ? 0 : 1;
      const bool fixed = status == PlacementStatus::kFixed || status == PlacementStatus::kCover;
      result_.placement.fixed[i] = fixed ? 1 : 0;
    }
  }

  const LefLibrary& library_;
  const DefDesign& design_;
  double um_;  ///< microns per database unit
  DesignNetlist result_;
  NetlistRecords records_;
  std::uint32_t file_index_ = 0;
  std::vector<Role> roles_;         ///< by component
  std::vector<std::uint8_t> used_;  ///< by component: on a kept net
  std::vector<std::size_t> kept_nets_;
  std::vector<std::uint64_t> macro_pins_;  ///< connected ones, as `key_of`, sorted
  std::vector<PinId> pin_of_macro_pin_;    ///< by position in `macro_pins_`
  std::vector<PinId> cell_pins_;           ///< by component
  std::vector<std::optional<PinId>> port_pins_;
  std::vector<std::size_t> unplaced_ports_;
};

}  // namespace

DesignNetlist make_design_netlist(const LefLibrary& library, const DefDesign& design) {
  return DesignNetlistBuilder(library, design).build();
}

DefPoint def_point(const DesignNetlist& netlist, const DefDesign& design, double x, double y) {
  const double per_um = design.database_units;
  return {netlist.origin.x + static_cast<std::int32_t>(std::lround(x * per_um)),
          netlist.origin.y + static_cast<std::int32_t>(std::lround(y * per_um))};
}

}  // namespace tessera::netlist_io
