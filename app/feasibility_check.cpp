#include "app/feasibility_check.h"

#include <algorithm>
#include <cstddef>
#include <string>

#include "app/progress_log.h"
#include "placer/feasibility.h"
#include "placer/legalizer.h"

namespace tessera::app {

std::vector<std::string> check_feasibility(const Block& block,
                                           const netlist_io::Placement& fixed,
                                           const EnvironmentFlags& environment,
                                           bool on_grid_only) {
  std::vector<std::string> conflicts =
      placer::fixed_macro_conflicts(block.netlist, block.canvas, fixed);
  constexpr std::size_t kMostPrinted = 10;
  for (std::size_t i = 0; i < std::min(conflicts.size(), kMostPrinted); ++i) {
    warn(conflicts[i]);
  }
  if (conflicts.size() > kMostPrinted) {
    warn("and " + std::to_string(conflicts.size() - kMostPrinted) + " more of the like");
  }
  if (!on_grid_only) {
    placer::check_feasible(block.netlist, block.canvas, fixed, environment.space_options(block));
  }
  return conflicts;
}

}  // namespace tessera::app
