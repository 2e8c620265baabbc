#include "app/flat_judgement.h"

#include <chrono>

namespace tessera::app {

using nlohmann::ordered_json;

FlatJudgement judge_flat(const netlist_io::Netlist& netlist,
                         const netlist_io::Canvas& canvas,
                         const netlist_io::Placement& placement,
                         const FlatJudgementOptions& options) {
  const auto start = std::chrono::steady_clock::now();
  cost::EdgeUseOptions edge_options;
  edge_options.tracks = options.tracks;
  edge_options.threads = options.threads;
  edge_options.validate();  // before the cells are placed, which takes long
  placer::FlatPlacerOptions placer_options;
  placer_options.density_cap = options.density_cap;
  placer_options.max_sinks = edge_options.max_sinks;
  placer_options.seed = options.seed;
  placer_options.threads = options.threads;
  FlatJudgement result;
  result.options = options;
  result.max_sinks = edge_options.max_sinks;
  result.placed = placer::place_flat(netlist, canvas, placement, placer_options);
  result.edges = cost::estimate_edge_use(netlist, canvas, result.placed.placement, edge_options);
  result.time_s = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  return result;
}

ordered_json FlatJudgement::maps_json() const {
  const netlist_io::GridShape grid = edges.grid;
  return {{"schema_version", 1},
          {"grid", {grid.cols, grid.rows}},
          {"horizontal",
           {{"shape", {grid.cols - 1, grid.rows}},
            {"demand", edges.demand.horizontal},
            {"capacity", edges.capacity.horizontal}}},
          {"vertical",
           {{"shape", {grid.cols, grid.rows - 1}},
            {"demand", edges.demand.vertical},
            {"capacity", edges.capacity.vertical}}},
          {"rudy", {{"shape", {grid.cols, grid.rows}}, {"um_per_um2", edges.rudy}}}};
}

}  // namespace tessera::app
