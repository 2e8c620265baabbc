#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "netlist_io/placement.h"
#include "placer/macro_spacing.h"

namespace tessera::app {

/// Where everything was at the end of a stage of a run.
struct ReportedStage {
  std::string name;
  double proxy = 0.0;
  const netlist_io::Placement* placement = nullptr;  ///< null: not known
};

/// A placement as a report shows it.
struct ReportedRun {
  std::string name;                                  ///< what tells it from the others
  nlohmann::ordered_json document;                   ///< of `cost`, `place` or `refine`
  const Block* block = nullptr;                      ///< not null
  const netlist_io::Placement* placement = nullptr;  ///< not null
  placer::MacroSpacing spacing;
  std::vector<ReportedStage> stages;
  nlohmann::ordered_json policy;     ///< see `policy_payload`; null: not known
  nlohmann::ordered_json flat_maps;  ///< see `flat_maps_payload`; null: not known
  std::vector<std::string> notes;
};

/// Puts an HTML page together that shows placements and trainings and needs nothing beside itself.
class HtmlReport {
 public:
  void add(const ReportedRun& run);
  /// Adds the learning curves of a `NAME.metrics.jsonl`. Throws `netlist_io::ParseError`.
  void add_training(const std::string& path);

  bool empty() const { return runs_.empty() && trainings_.empty(); }
  /// The page. It holds no date and no duration but those of the documents.
  std::string to_html() const;

 private:
  std::string title() const;

  nlohmann::ordered_json netlists_ = nlohmann::ordered_json::array();  ///< distinct ones
  nlohmann::ordered_json runs_ = nlohmann::ordered_json::array();
  nlohmann::ordered_json trainings_ = nlohmann::ordered_json::array();
};

}  // namespace tessera::app
