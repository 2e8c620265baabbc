#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tessera::app {

/// Learning curves of a `NAME.metrics.jsonl` by column: `name`, and `columns` with an array a
/// metric, null where an iteration lacks it; only those that are numbers or texts. Throws
/// `netlist_io::ParseError` naming the line that is no JSON object with an iteration.
nlohmann::ordered_json training_payload(const std::string& path);

}  // namespace tessera::app
