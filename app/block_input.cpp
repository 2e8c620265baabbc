#include "app/block_input.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <sstream>

#include "app/block_clustering.h"
#include "app/design_rules.h"
#include "netlist_io/errors.h"
#include "netlist_io/markup_text.h"
#include "netlist_io/number_text.h"
#include "placer/grid_selection.h"

namespace tessera::app {

using netlist_io::Canvas;
using netlist_io::GridShape;
using netlist_io::Netlist;
using netlist_io::OptionError;
using netlist_io::PlcHeader;
using netlist_io::RoutesPerMicron;

namespace {

/// Side of the default canvas for a total area, as in Google's binary.
constexpr double kDefaultUtilization = 0.6;
constexpr int kDefaultGridSide = 10;

double seconds_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (c == separator) {
      parts.emplace_back();
    } else {
      parts.back() += c;
    }
  }
  return parts;
}

/// Tracks per micron as flags take them.
std::string pair_text(const RoutesPerMicron& routes) {
  std::ostringstream text;
  text << routes.horizontal << ',' << routes.vertical;
  return text.str();
}

/// Parses `AxB` into two positive numbers.
template <typename Number>
std::pair<Number, Number> parse_sizes(const char* flag, const std::string& text) {
  const std::vector<std::string> parts = split(text, 'x');
  std::array<Number, 2> values{};
  bool valid = parts.size() == 2;
  for (std::size_t i = 0; valid && i < 2; ++i) {
    const char* const end = parts[i].data() + parts[i].size();
    const auto [stop, error] = std::from_chars(parts[i].data(), end, values[i]);
    valid = error == std::errc() && stop == end && values[i] > 0;
    if constexpr (std::is_floating_point_v<Number>) {
      valid = valid && std::isfinite(values[i]);
    }
  }
  if (!valid) {
    throw OptionError(std::string(flag) + " is \"" + text + "\", expected two positive numbers" +
                      " joined by an x");
  }
  return {values[0], values[1]};
}

/// The block's own name, else that of the file or, for the usual `netlist.pb.txt`, of its folder;
/// without control characters.
std::string design_name(const PlcHeader& header, const std::string& path) {
  if (header.block && !header.block->empty() && *header.block != "unset_block") {
    return netlist_io::escape_controls(*header.block);
  }
  const std::filesystem::path file = std::filesystem::absolute(path);
  const std::string stem = file.filename().string();
  const std::string name = stem.substr(0, stem.find('.'));
  return netlist_io::escape_controls(name == "netlist" ? file.parent_path().filename().string()
                                                       : name);
}

/// Replaces `routes`, which has the default, by the first that is given, and tells which it was.
ConstantSource choose_routes(const std::optional<std::pair<double, double>>& flag,
                             const std::optional<RoutesPerMicron>& header,
                             const std::optional<RoutesPerMicron>& lef,
                             RoutesPerMicron& routes) {
  if (flag) {
    routes = {flag->first, flag->second};
    return ConstantSource::kFlag;
  }
  if (header) {
    routes = *header;
    return ConstantSource::kHeader;
  }
  if (lef) {
    routes = *lef;
    return ConstantSource::kLef;
  }
  return ConstantSource::kDefault;
}

void choose_all_routes(const BlockFlags& flags, Block& block) {
  std::optional<RoutesPerMicron> lef_routes;
  std::optional<RoutesPerMicron> lef_macro_routes;
  if (block.lefdef && block.lefdef->routing.tracks) {
    lef_routes = block.lefdef->routing.tracks->routes;
    lef_macro_routes = block.lefdef->routing.tracks->macro_routes;
  }
  block.routes_source =
      choose_routes(flags.routes, block.header.routes, lef_routes, block.cost.routes);
  block.macro_routes_source = choose_routes(
      flags.macro_routes, block.header.macro_routes, lef_macro_routes, block.cost.macro_routes);
  if (block.lefdef && !block.lefdef->routing.tracks) {
    block.notes.push_back("the LEF gives no routing tracks: " + block.lefdef->routing.missing);
  }
}

void choose_cost_options(const BlockFlags& flags, Block& block) {
  cost::CostOptions& options = block.cost;
  if (flags.weights.size() != 3) {
    throw OptionError("--weights has " + std::to_string(flags.weights.size()) +
                      " numbers, expected WL,DENSITY,CONGESTION");
  }
  options.weights = {flags.weights[0], flags.weights[1], flags.weights[2]};
  choose_all_routes(flags, block);
  options.smooth_range = flags.smooth_range.value_or(
      static_cast<int>(block.header.smoothing_factor.value_or(options.smooth_range)));
  options.outside_pins =
      flags.outside_pins == "drop" ? cost::OutsidePins::kDrop : cost::OutsidePins::kClamp;
  options.soft_macro_shape =
      flags.square_soft_macros ? cost::SoftMacroShape::kSquare : cost::SoftMacroShape::kAsGiven;
  options.validate();
}

/// Macros that fit into the cells of no grid may still fit between the cells.
GridShape select_grid_or_usual(const Netlist& netlist,
                               const Canvas& canvas,
                               const placer::GridSelectionOptions& options) {
  try {
    return placer::select_grid(netlist, canvas, options);
  } catch (const netlist_io::InfeasibleError&) {
    constexpr double kUsualCells = 900.0;
    const double cells = std::min(kUsualCells, static_cast<double>(options.max_cells));
    const double cols = std::sqrt(cells * canvas.width / canvas.height);
    const auto side = [&](double value) {
      return static_cast<int>(std::clamp(value, 1.0, static_cast<double>(options.max_side)));
    };
    return {side(cols), side(cells / cols)};
  }
}

/// Fails for a canvas of a size that the cost cannot be computed for.
void check_size(const BlockFlags& flags, const Canvas& canvas) {
  const auto valid = [](double side) {
    return netlist_io::is_in_range(side) && side >= netlist_io::kMinPositive;
  };
  if (valid(canvas.width) && valid(canvas.height)) {
    return;
  }
  std::string message = "the canvas is ";
  netlist_io::append_number(message, canvas.width);
  message += " x ";
  netlist_io::append_number(message, canvas.height);
  message += " microns, expected sides from 1e-6 to 1e9";
  if (flags.canvas) {
    throw OptionError(message);
  }
  throw netlist_io::ParseError({flags.input.netlist, 0, 0}, message);
}

Canvas choose_canvas(const BlockFlags& flags,
                     const PlcHeader& header,
                     const Netlist& netlist,
                     BlockUse use) {
  Canvas canvas;
  canvas.blockages = header.blockages;
  if (flags.canvas && *flags.canvas != "auto") {
    std::tie(canvas.width, canvas.height) = parse_sizes<double>("--canvas", *flags.canvas);
  } else if (!flags.canvas && header.width && header.height) {
    canvas.width = *header.width;
    canvas.height = *header.height;
  } else {
    canvas.width = canvas.height =
        std::max(1e-3, std::sqrt(netlist.total_area() / kDefaultUtilization));
  }
  check_size(flags, canvas);
  canvas.grid = {kDefaultGridSide, kDefaultGridSide};
  if (flags.grid) {
    std::tie(canvas.grid.cols, canvas.grid.rows) = parse_sizes<int>("--grid", *flags.grid);
  } else if (header.cols && header.rows) {
    canvas.grid = {*header.cols, *header.rows};
  } else if (use == BlockUse::kPlacing && !netlist.hard_macros().empty()) {
    placer::GridSelectionOptions options;
    options.max_cells = flags.max_grid_cells.value_or(options.max_cells);
    canvas.grid = select_grid_or_usual(netlist, canvas, options);
  }
  constexpr int kMaxGridSide = 4096;
  if (canvas.grid.cols > kMaxGridSide || canvas.grid.rows > kMaxGridSide) {
    throw OptionError("the grid has " + std::to_string(canvas.grid.cols) + " x " +
                      std::to_string(canvas.grid.rows) + " cells, expected at most 4096 a side");
  }
  return canvas;
}

/// Flags that say what the input says itself are refused, not ignored.
void check_flags(const BlockFlags& flags) {
  const NetlistFormat format = netlist_format(flags.input.netlist);
  if (flags.canvas && format != NetlistFormat::kProtobuf) {
    throw OptionError(
        format == NetlistFormat::kDef
            ? "--canvas goes with a netlist.pb.txt; the canvas of a DEF is its DIEAREA"
            : "--canvas goes with a netlist.pb.txt; the canvas of a Bookshelf design "
              "is what its rows span");
  }
}

/// Puts the values in force into the header that outputs carry.
void complete_header(const Canvas& canvas, const cost::CostOptions& cost, PlcHeader& header) {
  header.cols = canvas.grid.cols;
  header.rows = canvas.grid.rows;
  header.width = canvas.width;
  header.height = canvas.height;
  header.routes = cost.routes;
  header.macro_routes = cost.macro_routes;
  header.smoothing_factor = cost.smooth_range;
  header.blockages = canvas.blockages;
}

}  // namespace

std::string Block::master_name(netlist_io::NodeId macro) const {
  if (!lefdef) {
    return "";
  }
  const Netlist& input = flat ? flat->netlist : netlist;
  const auto node = input.find_node(netlist.name(macro));
  const std::uint32_t component = lefdef->netlist.component_of_node[node->index()];
  return lefdef->lef.masters[lefdef->design.components[component].master].name;
}

void BlockFlags::add_to(CLI::App& command) {
  command
      .add_option("netlist",
                  input.netlist,
                  "netlist.pb.txt (parts of one joined by commas), design.def or Bookshelf .aux; "
                  "each also with .gz")
      ->required()
      ->type_name("NETLIST");
  command
      .add_option(
          "--plc", input.plc, "initial placement (.plc): canvas, grid, constants, fixed nodes")
      ->type_name("FILE");
  command.add_option("--lef", input.lefs, "LEF of a DEF, once per file: technology, cells, macros")
      ->type_name("FILE")
      ->take_all()
      ->allow_extra_args(false);  // one FILE a flag, so that NETLIST may follow
  command
      .add_option("--net-weights",
                  input.net_weights,
                  "lines of NET WEIGHT: weights 0 (leaves the net out) to 1e6 are multiplied onto "
                  "those of the nets; NET may have * for any characters, the last line that names "
                  "a net counts; in a netlist.pb.txt nets are called like what drives them")
      ->type_name("FILE");
  const char* const group = "Cost (explicit flag, then .plc header, then LEF, then default)";
  command.add_option("--weights", weights, "weights of wirelength, density and congestion")
      ->delimiter(',')
      ->allow_extra_args(false)  // one list a flag, so that NETLIST may follow
      ->default_str("1,0.5,0.5")
      ->type_name("WL,DENSITY,CONGESTION")
      ->group(group);
  command
      .add_option("--outside-pins",
                  outside_pins,
                  "nets with a pin outside the canvas: clamp the pin, or drop the net from the "
                  "congestion")
      ->check(CLI::IsMember({"clamp", "drop"}))
      ->capture_default_str()
      ->group(group);
  const cost::CostOptions defaults;
  command
      .add_option("--smooth-range",
                  smooth_range,
                  "grid cells to either side over which the demand of a net is spread (default: " +
                      std::to_string(defaults.smooth_range) + ")")
      ->type_name("K")
      ->group(group);
  command
      .add_option("--routes",
                  routes,
                  "horizontal and vertical routing tracks per micron; a LEF has them by its layers "
                  "(default: " +
                      pair_text(defaults.routes) + ")")
      ->delimiter(',')
      ->type_name("H,V")
      ->group(group);
  command
      .add_option("--macro-routes",
                  macro_routes,
                  "of these, tracks that hard macros take away (default: " +
                      pair_text(defaults.macro_routes) + ")")
      ->delimiter(',')
      ->type_name("H,V")
      ->group(group);
  command
      .add_option(
          "--grid",
          grid,
          "columns and rows of the grid (default: what suits the hard macros where they are "
          "placed, else " +
              std::to_string(kDefaultGridSide) + "x" + std::to_string(kDefaultGridSide) + ")")
      ->type_name("COLSxROWS")
      ->group(group);
  command
      .add_option(
          "--canvas",
          canvas,
          "canvas in microns, or auto: square at 60 % utilisation (default: auto); a DEF and a "
          "Bookshelf design have their own")
      ->type_name("WxH|auto")
      ->group(group);
  command
      .add_option("--max-grid-cells",
                  max_grid_cells,
                  "most cells of a grid chosen without --grid (default: " +
                      std::to_string(placer::GridSelectionOptions().max_cells) + ")")
      ->check(CLI::Range(1, 16384))
      ->type_name("N")
      ->group(group);
  command
      .add_flag("--square-soft-macros",
                square_soft_macros,
                "count every cluster as a square of the same area")
      ->group(group);
}

void BlockFlags::add_to(CLI::App& command, const char* role) {
  add_to(command);
  command.get_option("--plc")->description(
      std::string(role) +
      " (.plc): positions, canvas, grid, constants, fixed nodes; a DEF and a Bookshelf design have "
      "their own");
}

std::unique_ptr<Block> read_block(const BlockFlags& flags,
                                  BlockUse use,
                                  const ClusteringSettings& clustering) {
  const auto start = std::chrono::steady_clock::now();
  check_flags(flags);
  auto block = std::make_unique<Block>();
  InputNetlist input = read_input(flags.input);
  block->netlist = std::move(input.netlist);
  block->placement = std::move(input.placement);
  block->header = std::move(input.header);
  block->input_paths = std::move(input.paths);
  block->warnings = std::move(input.warnings);
  block->lefdef = std::move(input.lefdef);
  block->bookshelf = std::move(input.bookshelf);
  block->name = design_name(block->header, block->input_paths.front());
  choose_cost_options(flags, *block);
  block->canvas = choose_canvas(flags, block->header, block->netlist, use);
  complete_header(block->canvas, block->cost, block->header);
  block->read_s = seconds_since(start);
  if (use == BlockUse::kPlacing && !block->netlist.std_cells().empty()) {
    if (!block->netlist.soft_macros().empty()) {
      throw netlist_io::ParseError({block->input_paths.front(), 0, 0},
                                   "the netlist has both standard cells and soft macros, expected "
                                   "a flat or a clustered one");
    }
    cluster_block(clustering, *block);
    block->cluster_s = seconds_since(start) - block->read_s;
  }
  find_design_rules(*block);
  return block;
}

}  // namespace tessera::app
