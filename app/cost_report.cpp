#include "app/cost_report.h"

#include <array>
#include <cstdio>
#include <filesystem>

#include "app/version.h"
#include "netlist_io/sha256.h"

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

ordered_json rows_json(const LegalCells& rows) {
  if (!rows.legal) {
    return {{"problem", rows.problem}};
  }
  return {{"height_um", rows.row_height_um},
          {"count", rows.num_rows},
          {"legalized_hpwl_um", rows.legalized_hpwl_um},
          {"mean_displacement_um", rows.mean_displacement_um},
          {"max_displacement_um", rows.max_displacement_um},
          {"time_s", {{"legalize", rows.legalize_s}, {"improve", rows.improve_s}}}};
}

ordered_json flat_json(const FlatJudgement& flat) {
  const cost::RoutingTracks& tracks = flat.options.tracks;
  ordered_json document = {{"hpwl_um", flat.placed.hpwl_um}};
  if (flat.options.legalize) {
    document["legal"] = flat.rows.legal;
    document["legal_hpwl_um"] = flat.rows.legal ? ordered_json(flat.rows.hpwl_um) : nullptr;
    document["rows"] = rows_json(flat.rows);
  }
  document.update(
      ordered_json{{"overflow", flat.placed.overflow},
                   {"iterations", flat.placed.iterations},
                   {"density_cap", flat.options.density_cap},
                   {"max_sinks", flat.max_sinks},
                   {"ace", ace_json(flat.edges.ace)},
                   {"edge_overflow_tracks", flat.edges.overflow},
                   {"routed_length_um", flat.edges.routed_length_um},
                   {"tracks",
                    {{"per_um", {tracks.horizontal, tracks.vertical}},
                     {"macro_per_um", {tracks.macro_horizontal, tracks.macro_vertical}}}},
                   {"time_s", flat.time_s}});
  return document;
}

std::string line(const char* format, auto... values) {
  std::array<char, 256> buffer;
  const int length = std::snprintf(buffer.data(), buffer.size(), format, values...);
  return std::string(buffer.data(), static_cast<std::size_t>(length)) + "\n";
}

std::string rows_text(const LegalCells& rows) {
  if (!rows.legal) {
    return "  not legal in rows: " + rows.problem + "\n";
  }
  return line(
      "legal HPWL  %.17g um  (%.17g um before improvement; %zu rows of %g um; cells moved by %g um "
      "on average, %g um at most)",
      rows.hpwl_um,
      rows.legalized_hpwl_um,
      rows.num_rows,
      rows.row_height_um,
      rows.mean_displacement_um,
      rows.max_displacement_um);
}

std::string flat_text(const FlatJudgement& flat) {
  const cost::RoutingTracks& tracks = flat.options.tracks;
  const cost::AverageCongestion& ace = flat.edges.ace;
  return line(
             "flat HPWL   %.17g um  (density cap %g, nets of at most %d sinks; %d steps, overflow "
             "%g)",
             flat.placed.hpwl_um,
             flat.options.density_cap,
             flat.max_sinks,
             flat.placed.iterations,
             flat.placed.overflow) +
         (flat.options.legalize ? rows_text(flat.rows) : "") +
         line("  routed %.17g um; tracks per um %g, %g, blocked by macros %g, %g",
              flat.edges.routed_length_um,
              tracks.horizontal,
              tracks.vertical,
              tracks.macro_horizontal,
              tracks.macro_vertical) +
         line(
             "edge use    %.4f, %.4f, %.4f, %.4f  (mean of the most used 0.5, 1, 2 and 5 %%; "
             "overflow %g tracks)",
             ace.top_half_percent,
             ace.top_1_percent,
             ace.top_2_percent,
             ace.top_5_percent,
             flat.edges.overflow);
}

}  // namespace

ordered_json inputs_json(const std::vector<std::string>& paths) {
  ordered_json inputs = ordered_json::array();
  for (const std::string& path : paths) {
    ordered_json input = {{"path", path}};
    if (std::filesystem::is_regular_file(path)) {  // a pipe cannot be read twice
      input["sha256"] = netlist_io::sha256_hex_of_file(path);
    }
    inputs.push_back(std::move(input));
  }
  return inputs;
}

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
  ordered_json document = {{"schema_version", 1},
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
  if (!options.is_null()) {
    document["options"] = options;
  }
  if (!inputs.is_null()) {
    document["inputs"] = inputs;
  }
  if (flat) {
    document["flat"] = flat_json(*flat);
  }
  return document;
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
  if (flat) {
    text += flat_text(*flat);
  }
  return text;
}

}  // namespace tessera::app
