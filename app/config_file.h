#pragma once

#include <CLI/CLI.hpp>

namespace tessera::app {

/// Adds `--config FILE`, a TOML file with a line `flag = value` for each flag to be set, without
/// its dashes. Flags on the command line win. Call it before other flags are added, whose values
/// are looked at in the order in which they were added.
void add_config_flag(CLI::App& command);

}  // namespace tessera::app
