#pragma once

#include <nlohmann/json.hpp>

#include "netlist_io/placement.h"
#include "placer/macro_problem.h"
#include "placer/policy.h"

namespace tessera::app {

/// What a policy thought of each cell when it placed each macro of an episode: `macros`, the nodes
/// in the order of the episode, and `probabilities`, a list of one number a grid cell for each, by
/// row from the lower left, 0 where the macro was not legal. `placement` is the finished episode;
/// it is played again, one evaluation of the policy a macro. The netlist has no standard cells.
/// Null if that were more numbers than a page should hold.
nlohmann::ordered_json policy_payload(const placer::MacroProblem& problem,
                                      const placer::Policy& policy,
                                      const netlist_io::Placement& placement);

}  // namespace tessera::app
