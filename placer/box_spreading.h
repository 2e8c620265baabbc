#pragma once

#include "placer/box_problem.h"

namespace tessera::placer {

/// Pushes overlapping boxes apart, pair by pair, along the axis on which they overlap less; the
/// larger box of a pair moves less, obstacles stay. Keeps to the canvas and ends after `max_sweeps`
/// over all pairs, or when overlaps have become small. The result is roughly even and not legal in
/// general. Time is quadratic in the number of boxes.
void push_apart(const BoxProblem& problem, BoxCorners& corners, int max_sweeps);

/// Spreads boxes that crowd over the free area: halves the canvas again and again, and moves boxes
/// over the cut where one half would be too full. Keeps their order along each axis as far as
/// crowding allows. Returns corners inside the canvas, evenly spread, not legal in general.
///
/// `filling`: a half counts as too full if more than this part of its free area is taken, (0, 1].
BoxCorners partition_boxes(const BoxProblem& problem, double filling);

}  // namespace tessera::placer
