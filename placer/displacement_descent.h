#pragma once

#include "placer/box_problem.h"

namespace tessera::placer {

/// Brings legally placed boxes nearer to where they would like to be, staying legal. Each round
/// exchanges boxes of equal size, moves single boxes to the nearest free place, and slides groups
/// of touching boxes along an axis as far as that pays. Ends when a round gains less than a
/// thousandth, at the latest after `max_rounds`.
void reduce_displacement(const BoxProblem& problem, BoxCorners& corners, int max_rounds);

}  // namespace tessera::placer
