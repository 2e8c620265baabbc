#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "app/command.h"
#include "app/cost_report.h"
#include "app/place_flags.h"
#include "netlist_io/placement.h"
#include "placer/placement_search.h"

namespace tessera::app {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start);

/// Flags of the commands that search for a better placement: the class of placements and how much
/// to search.
struct SearchFlags {
  std::string mode = "free";
  std::optional<std::string> effort;  ///< none: `kDefaultEffort`
  std::optional<double> time_s;       ///< wall-clock time of the whole command
  std::optional<std::uint64_t> evals;
  std::optional<std::size_t> chains;
  std::optional<double> start_temperature;  ///< in units of the proxy; none: the search's choice

  static constexpr const char* kDefaultEffort = "default";

  /// `efforts`: the names that `--effort` takes.
  void add_to(CLI::App& command, const std::vector<std::string>& efforts);
  /// `usual`: its value without the flag.
  void add_start_temperature_to(CLI::App& command, double usual);

  /// Seconds that the effort takes on two cores.
  double effort_s() const;

  /// What the search shall do from now on; `start` is when the command started. Ctrl-C stops it;
  /// progress goes to the log of the process. Without analytic starts. `share`: part of
  /// the effort or of the time, 0 to 1; a quota counts as it is.
  placer::PlacementSearchOptions search_options(const Block& block,
                                                const netlist_io::Placement& fixed,
                                                const EnvironmentFlags& environment,
                                                const CommonFlags& common,
                                                Clock::time_point start,
                                                double share = 1.0) const;
};

/// Adds the stages of a search to those of a run.
void append_stages(std::vector<placer::SearchStage> from, std::vector<Stage>& stages);

/// The fields of a search in the JSON of a command.
nlohmann::ordered_json search_json(const placer::PlacementSearchOptions& options,
                                   const placer::PlacementSearchResult& result);

}  // namespace tessera::app
