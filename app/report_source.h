#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/block_input.h"
#include "netlist_io/placement.h"
#include "placer/macro_spacing.h"

namespace tessera::app {

/// Files to read instead of those that a JSON document names.
struct ReportOverrides {
  std::optional<std::string> netlist;
  std::optional<std::string> plc;  ///< the placement to show
  std::vector<std::string> lefs;
  bool allow_changed = false;  ///< files that are not as the document has them are a note only
};

/// A run read again by its JSON document.
struct ReadRun {
  std::string name;
  nlohmann::ordered_json document;
  std::unique_ptr<const Block> block;
  netlist_io::Placement placement;
  placer::MacroSpacing spacing;
  std::vector<std::string> notes;
};

/// Whether a JSON document is one of `cost`, `place` or `refine`.
bool is_run_document(const nlohmann::ordered_json& document);

/// Reads the netlist and the placement of a run with the options that it had. Paths that lead
/// nowhere from here are tried from the folder of the document. Throws `netlist_io::ParseError` if
/// `path` is no document of a run, a file is gone or, unless allowed, has another checksum, there
/// is no
/// `.plc` among the outputs, or the cost of what was read is not that of the document.
ReadRun read_run(const std::string& path, const ReportOverrides& overrides);

}  // namespace tessera::app
