#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

#include <nlohmann/json.hpp>

#include "cost/edge_use.h"
#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"
#include "placer/flat/flat_placer.h"
#include "placer/flat/row_space.h"

namespace tessera::app {

/// How hard macros are judged by the flat netlist around them.
struct FlatJudgementOptions {
  /// See `placer::FlatPlacerOptions`; the placer raises it where the cells would not fit below.
  double density_cap = placer::FlatPlacerOptions().density_cap;
  cost::RoutingTracks tracks;
  std::uint64_t seed = 1;  ///< of the flat placer
  int threads = 1;         ///< >= 1; changes no result
  bool legalize = true;    ///< put the cells into rows as well
  placer::RowOptions rows;
};

/// The cells of a judgement in rows, without overlaps.
struct LegalCells {
  /// False if they did not fit, or were not asked to; nothing else counts then but `problem`.
  bool legal = false;
  std::string problem;  ///< why not
  netlist_io::Placement placement;
  double row_height_um = 0.0;
  std::size_t num_rows = 0;
  double legalized_hpwl_um = 0.0;  ///< weighted, of the nets that count, before improvement
  double hpwl_um = 0.0;            ///< after improvement
  // Displacement by legalisation, |dx| + |dy|.
  double mean_displacement_um = 0.0;
  double max_displacement_um = 0.0;
  double legalize_s = 0.0;
  double improve_s = 0.0;
};

/// Puts placed cells into rows, a halo from the hard macros, and shortens their nets, as far as
/// those of at most `max_sinks` sinks go and until `stop`, if any, says true. Cells for which there
/// is no room are no error.
LegalCells put_into_rows(const netlist_io::Netlist& netlist,
                         const netlist_io::Canvas& canvas,
                         const netlist_io::Placement& placed,
                         const placer::RowOptions& rows,
                         int max_sinks,
                         const std::function<bool()>& stop = nullptr);

/// By the share of the edges, in percent: `0.5`, `1`, `2`, `5`.
nlohmann::ordered_json ace_json(const cost::AverageCongestion& ace);

/// What the standard cells make of given hard macros.
struct FlatJudgement {
  FlatJudgementOptions options;
  int max_sinks = 0;  ///< nets with more count neither as wire nor in the routing
  placer::FlatPlacerResult placed;
  cost::EdgeUse edges;  ///< of `placed`
  LegalCells rows;
  double time_s = 0.0;

  /// The maps of `edges` with the shape of their grids, see app/README.md.
  nlohmann::ordered_json maps_json() const;
};

/// Places the standard cells from scratch, wherever `placement` has them, estimates the use of the
/// routing edges, and sees what the wires come to with the cells in rows. Hard macros, ports and
/// fixed nodes stand where `placement` has them. Throws `netlist_io::OptionError` for options out
/// of range and cells that take more area than there is beside the macros.
FlatJudgement judge_flat(const netlist_io::Netlist& netlist,
                         const netlist_io::Canvas& canvas,
                         const netlist_io::Placement& placement,
                         const FlatJudgementOptions& options);

}  // namespace tessera::app
