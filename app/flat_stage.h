#pragma once

#include <cstddef>
#include <optional>

#include <CLI/CLI.hpp>

#include "app/command.h"
#include "app/placement_report.h"
#include "app/search_flags.h"
#include "app/searched_block.h"

namespace tessera::app {

/// How `place` chooses the macros of a flat netlist.
struct FlatStageFlags {
  /// flat: by the wirelength of the flat netlist; proxy: by the proxy cost of its clusters.
  std::string objective = "flat";
  std::optional<std::size_t> trials;  ///< see `placer::FlatSearchOptions`; none: as the effort says
  double density_cap = 0.7;

  void add_to(CLI::App& command);

  /// Whether the flat netlist decides.
  bool applies(const Block& block) const { return block.flat && objective == "flat"; }
};

/// Share of an effort or of the time that the search on the clusters gets where the flat netlist
/// decides afterwards.
inline constexpr double kClusteredShare = 0.2;

/// Replaces the placement of a report on `searched.input()`, a block with a flat netlist, by the
/// best for that netlist (`placer::search_flat`): the report's own is one of the candidates.
/// Clusters go where their cells are. Adds the candidates and their wirelengths to the JSON.
void choose_by_flat_netlist(const FlatStageFlags& flags,
                            const SearchFlags& search,
                            const SearchedBlock& searched,
                            const CommonFlags& common,
                            Clock::time_point start,
                            PlacementReport& report);

}  // namespace tessera::app
