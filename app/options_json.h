#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>
#include <nlohmann/json.hpp>

namespace tessera::app {

/// What the user gave a command, on the command line or in a configuration file: the values of each
/// option under its name without dashes, as texts, and those of NETLIST under `netlist`. Options
/// that change no result (threads, what is printed) are left out.
nlohmann::ordered_json options_json(const CLI::App& command);

/// Gives `command` those of these options that it has, and parses them. Throws `CLI::ParseError`.
void parse_options_json(const nlohmann::ordered_json& options, CLI::App& command);

/// Prints the document on stdout. Bytes that are no UTF-8, which names may have, become U+FFFD.
void print_json(const nlohmann::ordered_json& document);

}  // namespace tessera::app
