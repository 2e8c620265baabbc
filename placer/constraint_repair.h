#pragma once

#include <optional>

#include "placer/box_problem.h"

namespace tessera::placer {

/// Legalises by constraint graphs: each pair of boxes is kept apart on the axis on which that costs
/// less, in the order in which they stand in `start`; where the chains so formed are longer than
/// the canvas, pairs on them are moved to the other axis until all fit. Then each box goes as near
/// to its wish as its chains allow. Keeps the relative order of the boxes on both axes.
///
/// After M. D. Moffitt, J. A. Roy, I. L. Markov and M. E. Pollack, "Constraint-Driven Floorplan
/// Repair", ACM TODAES 13(4), 2008. Differences from the paper:
/// - a pair changes its axis, never its order: the graphs stay acyclic without a check;
/// - the pair to change is the one with most room on the other axis.
///
/// Returns nothing if that fails. Time is quadratic in the number of boxes for each of at most
/// `max_steps` changes; memory is quadratic.
std::optional<BoxCorners> repair_constraints(const BoxProblem& problem,
                                             const BoxCorners& start,
                                             int max_steps);

}  // namespace tessera::placer
