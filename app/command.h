#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>

#include <CLI/CLI.hpp>

namespace tessera::app {

/// Flags that every command has.
struct CommonFlags {
  bool json = false;
  bool quiet = false;
  bool verbose = false;
  std::uint64_t seed = 1;
  int threads = 0;  ///< 0: all cores
  std::optional<std::string> log_json;

  /// Opens the log of the process (`open_log`) once the command is parsed.
  void add_to(CLI::App& command);
  int num_threads() const;
};

/// Footer of a command's help: command lines that show its use.
std::string examples(std::initializer_list<const char*> lines);

/// `warn` for each.
void print_warnings(std::span<const std::string> warnings);

/// `note` for each.
void print_notes(std::span<const std::string> notes);

/// Each adds its subcommand to `app`; when chosen, the subcommand runs and leaves its exit code in
/// `exit_code`.
void add_cluster_command(CLI::App& app, int& exit_code);
void add_convert_command(CLI::App& app, int& exit_code);
void add_cost_command(CLI::App& app, int& exit_code);
void add_demonstrate_command(CLI::App& app, int& exit_code);
void add_finetune_command(CLI::App& app, int& exit_code);
void add_generate_command(CLI::App& app, int& exit_code);
void add_info_command(CLI::App& app, int& exit_code);
void add_place_command(CLI::App& app, int& exit_code);
void add_pretrain_command(CLI::App& app, int& exit_code);
void add_refine_command(CLI::App& app, int& exit_code);
void add_report_command(CLI::App& app, int& exit_code);
void add_selftest_command(CLI::App& app, int& exit_code);

}  // namespace tessera::app
