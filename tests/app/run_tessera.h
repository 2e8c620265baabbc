#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include <sys/types.h>

#include "netlist_io/netlist.h"
#include "netlist_io/plc_file.h"

namespace tessera::testing {

/// How a run of the program ended and what it printed.
struct RunResult {
  int exit_code = -1;  ///< -1: ended by a signal
  int signal = 0;      ///< that signal; 0: ended by itself
  std::string out;     ///< standard output
  std::string err;     ///< standard error
};

/// Runs the program `tessera` with these arguments until it ends. `while_running`, if given, is
/// called meanwhile with its process id and its standard error so far, every few milliseconds.
RunResult run_tessera(
    const std::vector<std::string>& arguments,
    const std::function<void(pid_t, const std::string& err)>& while_running = nullptr);

/// The same for a copy of the program elsewhere.
RunResult run_program(
    const std::string& program,
    const std::vector<std::string>& arguments,
    const std::function<void(pid_t, const std::string& err)>& while_running = nullptr);

/// A small synthetic block made by `tessera generate`, the same for all cases.
struct SmallBlock {
  std::string netlist;
  std::string plc;
  netlist_io::Netlist parsed;
  netlist_io::PlcFile initial;
};
const SmallBlock& small_block();

std::string read_text(const std::filesystem::path& path);
void write_text(const std::filesystem::path& path, const std::string& text);

/// `text` with the first occurrence of `from`, which must be there, replaced.
std::string replaced(std::string text, const std::string& from, const std::string& to);

bool contains(const std::string& text, const std::string& part);

}  // namespace tessera::testing
