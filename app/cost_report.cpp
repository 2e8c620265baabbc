#include "app/cost_report.h"

#include <cstdio>

#include "app/version.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

ordered_json design_json(const Block& block) {
  std::size_t net_pins = 0;
  for (std::size_t n = 0; n < block.netlist.num_nets(); ++n) {
    net_pins += block.netlist.pins_of(netlist_io::NetId(n)).size();
  }
  return {{"name", block.name},
          {"hard_macros", block.netlist.hard_macros().size()},
          {"soft_macros", block.netlist.soft_macros().size()},
          {"std_cells", block.netlist.std_cells().size()},
          {"ports", block.netlist.ports().size()},
          {"nets", block.netlist.num_nets()},
          {"net_weight", block.netlist.total_net_weight()},
          {"pins", net_pins},
          {"canvas_um", {block.canvas.width, block.canvas.height}},
          {"grid", {block.canvas.grid.cols, block.canvas.grid.rows}}};
}

const char* source_name(ConstantSource source) {
  switch (source) {
    case ConstantSource::kFlag:
      return "flag";
    case ConstantSource::kHeader:
      return "header";
    case ConstantSource::kLef:
      return "lef";
    case ConstantSource::kDefault:
      return "default";
  }
  return "";
}

ordered_json constants_json(const Block& block) {
  const cost::CostOptions& options = block.cost;
  const bool clamp = options.outside_pins == cost::OutsidePins::kClamp;
  const bool square = options.soft_macro_shape == cost::SoftMacroShape::kSquare;
  return {{"routes_per_um", {options.routes.horizontal, options.routes.vertical}},
          {"macro_routes_per_um", {options.macro_routes.horizontal, options.macro_routes.vertical}},
          {"routes_source", source_name(block.routes_source)},
          {"macro_routes_source", source_name(block.macro_routes_source)},
          {"smooth_range", options.smooth_range},
          {"outside_pins", clamp ? "clamp" : "drop"},
          {"square_soft_macros", square}};
}

std::string line(const char* format, auto... values) {
  char buffer[256];
  const int length = std::snprintf(buffer, sizeof buffer, format, values...);
  return std::string(buffer, static_cast<std::size_t>(length)) + "\n";
}

}  // namespace

std::string version_text() {
  return std::string(kVersion) + " (git " + kGitCommit + ")";
}

std::string constants_text(const Block& block) {
  const cost::CostOptions& options = block.cost;
  return line(
      "  routes per um %g, %g (%s); used by macros %g, %g (%s); smoothing %d; outside pins %s",
      options.routes.horizontal,
      options.routes.vertical,
      source_name(block.routes_source),
      options.macro_routes.horizontal,
      options.macro_routes.vertical,
      source_name(block.macro_routes_source),
      options.smooth_range,
      options.outside_pins == cost::OutsidePins::kClamp ? "clamp" : "drop");
}

ordered_json CostReport::to_json() const {
  const cost::CostWeights& weights = block->cost.weights;
  ordered_json stage_list = ordered_json::array();
  for (const Stage& stage : stages) {
    stage_list.push_back({{"name", stage.name}, {"proxy", stage.proxy}});
  }
  return {{"schema_version", 1},
          {"tessera", version_text()},
          {"command", command},
          {"design", design_json(*block)},
          {"weights",
           {{"wirelength", weights.wirelength},
            {"density", weights.density},
            {"congestion", weights.congestion}}},
          {"constants", constants_json(*block)},
          {"cost",
           {{"proxy", cost.proxy},
            {"wirelength", cost.wirelength},
            {"density", cost.density},
            {"congestion", cost.congestion},
            {"hpwl_um", cost.hpwl_um}}},
          {"legal", legality.legal()},
          {"overlaps", legality.overlaps},
          {"outside", legality.outside},
          {"moved_fixed", legality.moved_fixed},
          {"seed", seed},
          {"threads", threads},
          {"time_s",
           {{"total", total_s},
            {"read", block->read_s},
            {"cluster", block->cluster_s},
            {"policy", policy_s},
            {"refine", refine_s}}},
          {"stages", stage_list},
          {"outputs", outputs}};
}

std::string CostReport::to_text() const {
  const Block& b = *block;
  std::string text = b.name + "\n";
  text += line("  %zu hard macros, %zu soft macros, %zu ports, %zu nets",
               b.netlist.hard_macros().size(),
               b.netlist.soft_macros().size(),
               b.netlist.ports().size(),
               b.netlist.num_nets());
  text += line("  canvas %.17g x %.17g um, grid %d x %d",
               b.canvas.width,
               b.canvas.height,
               b.canvas.grid.cols,
               b.canvas.grid.rows);
  text += constants_text(b);
  text += line("wirelength  %.17g  (weight %g, HPWL %.17g um)",
               cost.wirelength,
               b.cost.weights.wirelength,
               cost.hpwl_um);
  text += line("density     %.17g  (weight %g)", cost.density, b.cost.weights.density);
  text += line("congestion  %.17g  (weight %g)", cost.congestion, b.cost.weights.congestion);
  text += line("proxy       %.17g", cost.proxy);
  for (const Stage& stage : stages) {
    text += line("  %.6f after %s", stage.proxy, stage.name.c_str());
  }
  text += legality.legal()
              ? std::string("legal\n")
              : line("not legal: %zu overlaps, %zu outside the canvas, %zu fixed nodes moved",
                     legality.overlaps,
                     legality.outside,
                     legality.moved_fixed);
  return text;
}

}  // namespace tessera::app
