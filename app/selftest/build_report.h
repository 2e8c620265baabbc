#pragma once

#include <nlohmann/json.hpp>

namespace tessera::app {

/// What a report of a defect should say of program and machine: `build` (compiler, options,
/// libraries with their versions), `machine` (system, processor, cores, instruction sets, memory)
/// and `environment` (variables that change threads or paths, if they are set). Texts, numbers and
/// lists of texts.
nlohmann::ordered_json build_report();

}  // namespace tessera::app
