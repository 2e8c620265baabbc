#include "app/flat_judgement.h"

#include <chrono>
#include <utility>

#include "netlist_io/errors.h"
#include "placer/flat/detailed_placer.h"
#include "placer/flat/row_legalizer.h"

namespace tessera::app {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

using nlohmann::ordered_json;

LegalCells put_into_rows(const netlist_io::Netlist& netlist,
                         const netlist_io::Canvas& canvas,
                         const netlist_io::Placement& placed,
                         const placer::RowOptions& row_options,
                         int max_sinks,
                         const std::function<bool()>& stop) {
  LegalCells result;
  Clock::time_point start = Clock::now();
  placer::RowLegalizerResult rows;
  try {
    rows = placer::legalize_rows(netlist, canvas, placed, {row_options});
  } catch (const netlist_io::InfeasibleError& error) {
    result.problem = error.what();
    return result;
  }
  result.legalize_s = seconds_since(start);
  start = Clock::now();
  placer::DetailedPlacerOptions options;
  options.rows = row_options;
  options.max_sinks = max_sinks;
  options.stop = stop;
  placer::DetailedPlacerResult improved =
      placer::place_detailed(netlist, canvas, rows.placement, options);
  result.improve_s = seconds_since(start);
  result.legal = true;
  result.placement = std::move(improved.placement);
  result.row_height_um = rows.row_height;
  result.num_rows = rows.num_rows;
  result.legalized_hpwl_um = improved.hpwl_before_um;
  result.hpwl_um = improved.hpwl_um;
  result.mean_displacement_um = rows.mean_displacement_um;
  result.max_displacement_um = rows.max_displacement_um;
  return result;
}

FlatJudgement judge_flat(const netlist_io::Netlist& netlist,
                         const netlist_io::Canvas& canvas,
                         const netlist_io::Placement& placement,
                         const FlatJudgementOptions& options) {
  const Clock::time_point start = Clock::now();
  cost::EdgeUseOptions edge_options;
  edge_options.cell_um = cost::usual_gcell_um(canvas);
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
  if (options.legalize) {
    result.rows =
        put_into_rows(netlist, canvas, result.placed.placement, options.rows, result.max_sinks);
  }
  result.time_s = seconds_since(start);
  return result;
}

ordered_json ace_json(const cost::AverageCongestion& ace) {
  return {{"0.5", ace.top_half_percent},
          {"1", ace.top_1_percent},
          {"2", ace.top_2_percent},
          {"5", ace.top_5_percent}};
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
