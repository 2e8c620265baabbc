#include "app/feasibility_check.h"

#include <algorithm>
#include <cstddef>
#include <cstdio>

#include "placer/feasibility.h"
#include "placer/legalizer.h"

namespace tessera::app {

std::vector<std::string> check_feasibility(const Block& block,
                                           const netlist_io::Placement& fixed,
                                           const EnvironmentFlags& environment,
                                           const CommonFlags& common,
                                           bool on_grid_only) {
  const std::vector<std::string> conflicts =
      placer::fixed_macro_conflicts(block.netlist, block.canvas, fixed);
  constexpr std::size_t kMostPrinted = 10;
  if (!common.quiet) {
    for (std::size_t i = 0; i < std::min(conflicts.size(), kMostPrinted); ++i) {
      std::fprintf(stderr, "tessera: warning: %s\n", conflicts[i].c_str());
    }
    if (conflicts.size() > kMostPrinted) {
      std::fprintf(
          stderr, "tessera: warning: and %zu more of the like\n", conflicts.size() - kMostPrinted);
    }
  }
  if (!on_grid_only) {
    placer::check_feasible(block.netlist, block.canvas, fixed, environment.space_options(block));
  }
  return conflicts;
}

}  // namespace tessera::app
