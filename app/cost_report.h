#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "app/flat_judgement.h"
#include "cost/cost_options.h"
#include "placer/legality.h"

namespace tessera::app {

/// Cost after one stage of a run.
struct Stage {
  std::string name;
  double proxy = 0.0;
  /// Where everything was then, for a report; none if that is not kept.
  std::optional<netlist_io::Placement> placement = std::nullopt;
};

/// What `cost`, `place` and `refine` print.
struct CostReport {
  std::string command;
  const Block* block = nullptr;
  cost::CostBreakdown cost;
  placer::LegalityReport legality;
  std::uint64_t seed = 1;
  int threads = 1;
  double total_s = 0.0;
  double policy_s = 0.0;
  double refine_s = 0.0;  ///< local search and what it starts from
  std::vector<Stage> stages;
  std::vector<std::string> outputs;
  nlohmann::ordered_json options;     ///< `options_json` of the command
  nlohmann::ordered_json inputs;      ///< `inputs_json`; null: not asked for
  std::optional<FlatJudgement> flat;  ///< if the macros were judged by the flat netlist

  /// The document of `--json`, design.md's schema version 1.
  nlohmann::ordered_json to_json() const;
  /// The same for people, several lines.
  std::string to_text() const;
};

/// Path and SHA-256 of each file read.
nlohmann::ordered_json inputs_json(const std::vector<std::string>& paths);

/// The constants of the cost in force, and where the routing tracks come from: one line.
std::string constants_text(const Block& block);

/// `0.1.0 (git abc1234)`.
std::string version_text();

}  // namespace tessera::app
