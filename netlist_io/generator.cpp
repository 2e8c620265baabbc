#include "netlist_io/generator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <sstream>
#include <utility>
#include <vector>

#include "netlist_io/errors.h"
#include "netlist_io/generator_floorplan.h"
#include "netlist_io/generator_library.h"
#include "netlist_io/generator_nets.h"
#include "netlist_io/rng.h"

namespace tessera::netlist_io {
namespace {

using generator::CircuitNets;
using generator::EndKind;
using generator::Floorplan;
using generator::HiddenPoint;
using generator::MacroLibrary;
using generator::Master;
using generator::NetEnd;
using generator::NetSinks;
using generator::Point;
using generator::PortPlan;

constexpr double kPortInset = 0.035;     ///< microns between a port and the canvas edge
constexpr double kHeightStep = 1e-4;     ///< microns, of soft macros
constexpr double kPositionStep = 1e-3;   ///< microns, of ports and soft macros
constexpr double kMaxSoftHeight = 0.25;  ///< of the canvas height; larger soft macros are square
constexpr double kSoftAreaBloatRatio = 2.0;  ///< as Circuit Training's grouping writes it
// The constants built into Circuit Training's cost program, for a 7 nm technology.
constexpr RoutesPerMicron kRoutes{57.031, 56.818};
constexpr RoutesPerMicron kMacroRoutes{39.583, 30.303};

struct RecipeName {
  GeneratorRecipe recipe;
  std::string_view name;
};
constexpr std::array kRecipeNames = {
    RecipeName{GeneratorRecipe::kBalanced, "balanced"},
    RecipeName{GeneratorRecipe::kMemoryDominated, "memory-dominated"},
    RecipeName{GeneratorRecipe::kFewLargeMacros, "few-large-macros"},
    RecipeName{GeneratorRecipe::kManySmall, "many-small"},
};

void require_range(std::string_view option, double value, double low, double high) {
  if (!(value >= low && value <= high)) {
    std::ostringstream text;
    text << option << " is " << value << "; expected " << low << " to " << high;
    throw OptionError(text.str());
  }
}

void require_grid_size(std::string_view option, int value) {
  if (value != 0) {
    require_range(option, value, 2, 1000);
  }
}

double round_to(double value, double step) {
  return std::round(value / step) * step;
}

/// Areas of the soft macros, square microns; they add up to `total`.
std::vector<double> draw_soft_areas(const GeneratorOptions& options, double total) {
  Rng rng = Rng::derive(options.seed, "generator.areas");
  std::vector<double> areas(static_cast<std::size_t>(options.clusters.count));
  double sum = 0.0;
  for (double& area : areas) {
    area = std::exp(options.clusters.area_log_sd * rng.normal());
    sum += area;
  }
  for (double& area : areas) {
    area *= total / sum;
  }
  return areas;
}

/// Turns the plan of a block into records, in the order of Circuit Training's files: ports, hard
/// macros each with its pins, soft macros each with its pins.
class RecordsBuilder {
 public:
  RecordsBuilder(const MacroLibrary& library,
                 const std::vector<PortPlan>& ports,
                 const Floorplan& floorplan,
                 const std::vector<HiddenPoint>& locations,
                 const std::vector<double>& areas,
                 const CircuitNets& nets)
      : library_(library),
        ports_(ports),
        floorplan_(floorplan),
        locations_(locations),
        areas_(areas),
        nets_(nets) {}

  NetlistRecords run() {
    records_.soft_macro_area_bloating_ratio = kSoftAreaBloatRatio;
    for (const PortPlan& port : ports_) {
      add_port(port);
    }
    for (std::size_t macro = 0; macro < library_.master_of.size(); ++macro) {
      add_hard_macro(macro);
    }
    for (std::size_t cluster = 0; cluster < areas_.size(); ++cluster) {
      add_soft_macro(cluster);
    }
    link();
    return std::move(records_);
  }

 private:
  NodeId add_node(NodeRecord node) {
    node.file_index = next_file_index_++;
    records_.nodes.push_back(std::move(node));
    return NodeId(records_.nodes.size() - 1);
  }

  /// Adds a pin; if it drives sinks, its net is linked later, when all pins have their ids.
  PinId add_pin(PinRecord pin, const NetSinks& sinks) {
    records_.pins.push_back(std::move(pin));
    const PinId id(records_.pins.size() - 1);
    if (!sinks.empty()) {
      drivers_.push_back({id, sinks});
    }
    return id;
  }

  void add_port(const PortPlan& port) {
    const Canvas& canvas = floorplan_.canvas;
    const HiddenPoint at = location_of(port);
    NodeRecord node;
    node.name = port.name;
    node.kind = NodeKind::kPort;
    node.side = side_of(port);
    node.x = round_to(std::clamp(at.x * canvas.width, kPortInset, canvas.width - kPortInset),
                      kPositionStep);
    node.y = round_to(std::clamp(at.y * canvas.height, kPortInset, canvas.height - kPortInset),
                      kPositionStep);
    const NodeId id = add_node(std::move(node));
    PinRecord pin;
    pin.node = id;
    pin.file_index = records_.nodes[id.index()].file_index;
    port_pins_.push_back(add_pin(std::move(pin), nets_.ports[port_pins_.size()]));
  }

  void add_hard_macro(std::size_t macro) {
    const Master& master = library_.master(macro);
    const Point centre = floorplan_.centres[macro];
    NodeRecord node;
    node.name = library_.names[macro];
    node.kind = NodeKind::kHardMacro;
    node.width = master.width;
    node.height = master.height;
    node.x = centre.x;
    node.y = centre.y;
    const NodeId id = add_node(std::move(node));
    first_macro_pin_.push_back(records_.pins.size());
    for (std::size_t p = 0; p < master.pins.size(); ++p) {
      PinRecord pin;
      pin.node = id;
      pin.name = library_.names[macro] + "/" + master.pins[p].name;
      pin.offset = master.pins[p].offset;
      pin.file_index = next_file_index_++;
      add_pin(std::move(pin), nets_.macro_pins[macro][p]);
    }
  }

  void add_soft_macro(std::size_t cluster) {
    NodeRecord node = soft_macro(areas_[cluster]);
    const std::string name = "Grp_" + std::to_string(cluster);
    const Canvas& canvas = floorplan_.canvas;
    node.name = name;
    node.x = inside(locations_[cluster].x * canvas.width, node.width, canvas.width);
    node.y = inside(locations_[cluster].y * canvas.height, node.height, canvas.height);
    const NodeId id = add_node(std::move(node));
    const auto& [multi, single] = nets_.clusters[cluster];
    for (std::size_t i = 0; i < multi.size(); ++i) {
      add_soft_pin(id, name + "/Poutput_multi_" + std::to_string(i), 1.0, multi[i]);
    }
    std::size_t number = 0;
    for (const auto& [sink, weight] : single) {
      add_soft_pin(id, name + "/Poutput_single_" + std::to_string(number++), weight, {sink});
    }
    cluster_inputs_.push_back(add_soft_pin(id, name + "/Pinput", 1.0, {}));
  }

  /// As wide as a grid cell, like those of Circuit Training, unless that made it very tall.
  NodeRecord soft_macro(double area) const {
    const Canvas& canvas = floorplan_.canvas;
    NodeRecord node;
    node.kind = NodeKind::kSoftMacro;
    node.width = canvas.cell_width();
    if (area / node.width > kMaxSoftHeight * canvas.height) {
      node.width = std::sqrt(area);
    }
    node.width = std::max(kHeightStep, round_to(node.width, kHeightStep));
    node.height = std::max(kHeightStep, round_to(area / node.width, kHeightStep));
    return node;
  }

  PinId add_soft_pin(NodeId node, std::string name, double weight, const NetSinks& sinks) {
    PinRecord pin;
    pin.node = node;
    pin.name = std::move(name);
    pin.weight = weight;
    pin.file_index = next_file_index_++;
    return add_pin(std::move(pin), sinks);
  }

  static double inside(double centre, double size, double limit) {
    const double half = std::min(0.5 * size, 0.5 * limit);
    return std::clamp(round_to(centre, kPositionStep), half, limit - half);
  }

  PinId pin_of(const NetEnd& end) const {
    switch (end.kind) {
      case EndKind::kCluster:
        return cluster_inputs_[end.owner];
      case EndKind::kPort:
        return port_pins_[end.owner];
      case EndKind::kMacroPin:
        return PinId(first_macro_pin_[end.owner] + end.pin);
    }
    throw InternalError("a net end of no kind");
  }

  /// Sinks in the order of Circuit Training's grouping: clusters descending, the rest ascending.
  void link() {
    for (auto& [driver, sinks] : drivers_) {
      std::sort(sinks.begin(), sinks.end(), [](const NetEnd& a, const NetEnd& b) {
        const bool both_clusters = a.kind == EndKind::kCluster && b.kind == EndKind::kCluster;
        return both_clusters ? a.owner > b.owner : a < b;
      });
      NetRecord net;
      net.driver = driver;
      for (const NetEnd& end : sinks) {
        net.sinks.push_back(pin_of(end));
      }
      records_.nets.push_back(std::move(net));
    }
  }

  struct Driver {
    PinId pin;
    NetSinks sinks;
  };

  const MacroLibrary& library_;
  const std::vector<PortPlan>& ports_;
  const Floorplan& floorplan_;
  const std::vector<HiddenPoint>& locations_;
  const std::vector<double>& areas_;
  const CircuitNets& nets_;
  NetlistRecords records_;
  std::uint32_t next_file_index_ = 0;
  std::vector<PinId> port_pins_;
  std::vector<PinId> cluster_inputs_;
  std::vector<std::size_t> first_macro_pin_;
  std::vector<Driver> drivers_;
};

PlcHeader make_header(const GeneratorOptions& options, const Canvas& canvas) {
  PlcHeader header;
  header.cols = canvas.grid.cols;
  header.rows = canvas.grid.rows;
  header.width = canvas.width;
  header.height = canvas.height;
  header.routes = kRoutes;
  header.macro_routes = kMacroRoutes;
  header.smoothing_factor = 0.0;
  header.block = options.name;
  return header;
}

}  // namespace

void GeneratorOptions::validate() const {
  require_range("ports", ports, 0, 1000000);
  require_range("hard_utilization", hard_utilization, 0.01, 0.95);
  require_range("utilization", utilization, 0.01, 0.95);
  if (utilization <= hard_utilization) {
    throw OptionError("utilization is " + std::to_string(utilization) +
                      "; expected more than hard_utilization, " + std::to_string(hard_utilization));
  }
  require_range("canvas_aspect", canvas_aspect, 0.2, 5.0);
  require_grid_size("cols", cols);
  require_grid_size("rows", rows);
  require_range("macros.count", macros.count, 1, 4000);
  require_range("macros.masters", macros.masters, 1, 100);
  require_range("macros.mean_area", macros.mean_area, 1e-2, 1e9);
  require_range("macros.area_ratio", macros.area_ratio, 1.0, 1000.0);
  require_range("macros.max_aspect", macros.max_aspect, 1.0, 20.0);
  require_range("macros.pins", macros.pins, 8, 10000);
  require_range("macros.two_sided_share", macros.two_sided_share, 0.0, 1.0);
  require_range("macros.max_bank", macros.max_bank, 1, 1024);
  require_range("clusters.count", clusters.count, 2, 1000000);
  require_range("clusters.area_log_sd", clusters.area_log_sd, 0.0, 3.0);
  require_range("clusters.multi_nets", clusters.multi_nets, 0.0, 1000.0);
  require_range("clusters.single_nets", clusters.single_nets, 0.0, 1000.0);
  require_range("clusters.mean_sinks", clusters.mean_sinks, 2.0, 20.0);
  require_range("clusters.max_sinks", clusters.max_sinks, 2, 1000);
  require_range("clusters.weight_tail", clusters.weight_tail, 0.1, 100.0);
  require_range("clusters.max_weight", clusters.max_weight, 1, 1000000);
  require_range("clusters.rent_exponent", clusters.rent_exponent, 0.1, 0.95);
}

GeneratorOptions generator_recipe(GeneratorRecipe recipe) {
  GeneratorOptions options;
  switch (recipe) {
    case GeneratorRecipe::kBalanced:
      break;
    case GeneratorRecipe::kMemoryDominated:
      options.macros = {
          .count = 160, .masters = 2, .area_ratio = 1.5, .pins = 110.0, .max_bank = 32};
      options.clusters.count = 650;
      options.hard_utilization = 0.52;
      options.utilization = 0.70;
      break;
    case GeneratorRecipe::kFewLargeMacros:
      options.macros = {.count = 24,
                        .masters = 8,
                        .mean_area = 12000.0,
                        .area_ratio = 10.0,
                        .pins = 126.0,
                        .max_bank = 4};
      options.clusters.count = 560;
      options.ports = 1200;
      options.hard_utilization = 0.30;
      break;
    case GeneratorRecipe::kManySmall:
      options.macros = {.count = 320, .masters = 12, .mean_area = 2500.0, .pins = 40.0};
      options.clusters.count = 900;
      options.hard_utilization = 0.40;
      break;
  }
  return options;
}

std::string_view to_string(GeneratorRecipe recipe) {
  const auto found = std::find_if(kRecipeNames.begin(), kRecipeNames.end(), [&](const auto& entry) {
    return entry.recipe == recipe;
  });
  return found->name;
}

std::optional<GeneratorRecipe> parse_generator_recipe(std::string_view name) {
  for (const RecipeName& entry : kRecipeNames) {
    if (entry.name == name) {
      return entry.recipe;
    }
  }
  return std::nullopt;
}

GeneratedBlock generate_block(const GeneratorOptions& options) {
  options.validate();
  const MacroLibrary library = generator::make_library(options.macros, options.seed);
  const std::vector<PortPlan> ports = generator::make_ports(options.ports, options.seed);
  const Floorplan floorplan = generator::make_floorplan(options, library);
  const std::vector<double> areas = draw_soft_areas(
      options, library.total_area() * (options.utilization / options.hard_utilization - 1.0));
  const std::vector<HiddenPoint> locations =
      generator::scatter_clusters(areas.size(), options.seed);
  const CircuitNets nets = generator::make_nets(options, library, ports, locations, areas);

  GeneratedBlock block;
  block.netlist = Netlist(RecordsBuilder(library, ports, floorplan, locations, areas, nets).run());
  block.canvas = floorplan.canvas;
  block.header = make_header(options, block.canvas);
  block.placement = Placement(block.netlist);
  return block;
}

}  // namespace tessera::netlist_io
