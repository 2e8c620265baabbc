#pragma once

#include <span>

#include "netlist_io/canvas.h"
#include "netlist_io/netlist.h"

namespace tessera::placer {

/// Which grids `select_grid` considers and how it judges them.
struct GridSelectionOptions {
  int min_side = 10;                   ///< fewest columns and rows, >= 1
  int max_side = 127;                  ///< most columns and rows, min_side .. 128
  int min_cells = 500;                 ///< fewest cells, >= 1
  int max_cells = 2500;                ///< most cells, >= min_cells; more cells: finer placement
  double max_cell_aspect_ratio = 1.5;  ///< of a cell, in both directions, >= 1
  double spacing_x_um = 0.0;           ///< gap kept between macros side by side, >= 0
  double spacing_y_um = 0.0;           ///< gap kept between macros above each other, >= 0
  double quality_ratio = 0.95;  ///< part of the best metric that the selected grid must reach, 0..1

  /// Throws `netlist_io::OptionError` naming the option, the value and the range.
  void validate() const;
};

/// What an interval of some length covers if its centre is a cell centre.
struct CellSpan {
  int cells = 1;             ///< smallest odd number of cells that holds it
  double extra_piece = 0.0;  ///< from the start of its last cell to its end, microns
};

/// Lengths in microns, `cell` > 0.
CellSpan cell_span(double length, double cell);

/// Part of a row of cells that stays unused if intervals of these lengths stand side by side in
/// the given order, each centred on a cell, neighbours sharing a border cell where both fit.
/// 0 without intervals.
double grid_waste(std::span<const double> lengths, double cell);

/// Chooses the number of columns and rows for cell-centred macros (Circuit Training's rule).
///
/// Packs the hard macros on every candidate grid by non-increasing area, each at the first cell in
/// row-major order where it is legal. Among the grids that take all of them and whose metric
/// (part of the cells left empty, plus used parts of a row and a column of macros) reaches
/// `quality_ratio` of the best, returns the one with the highest metric per cell. Of `canvas`
/// width, height and blockages count. Macros stand as in the netlist.
///
/// Throws `netlist_io::InfeasibleError` naming the largest macro if no candidate takes them all,
/// `netlist_io::OptionError` for bad options or a canvas whose sides are not positive.
netlist_io::GridShape select_grid(const netlist_io::Netlist& netlist,
                                  const netlist_io::Canvas& canvas,
                                  const GridSelectionOptions& options = {});

}  // namespace tessera::placer
