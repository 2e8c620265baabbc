#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iomanip>
#include <ios>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>

#include <CLI/CLI.hpp>
#include <unistd.h>

#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/plugin_loader.h"
#include "app/progress_log.h"
#include "netlist_io/errors.h"
#include "netlist_io/markup_text.h"

namespace {

using tessera::app::ExitCode;

int report(const std::exception& error, ExitCode code) {
  tessera::app::log_error(error.what());
  return code;
}

/// End of the help of the program: what its exit codes mean, in the columns of the rest.
std::string help_footer() {
  struct Meaning {
    ExitCode code;
    const char* text;
  };
  constexpr std::array<Meaning, 6> kMeanings = {
      {{tessera::app::kDone, "done"},
       {tessera::app::kInternalError, "internal error"},
       {tessera::app::kUsage, "wrong usage"},
       {tessera::app::kInput, "an input could not be read or contradicts itself"},
       {tessera::app::kInfeasible, "no legal placement exists or was found"},
       {tessera::app::kInterrupted, "interrupted; the best result so far has been written"}}};
  std::ostringstream text;
  text << "Exit status:";
  for (const Meaning& meaning : kMeanings) {
    text << "\n  " << std::left << std::setw(28) << meaning.code << meaning.text;
  }
  text << "\n\n`tessera SUBCOMMAND --help` lists the options of a subcommand with their defaults.";
  return text.str();
}

/// Prints help, or what is wrong with the arguments, which may hold control characters.
int report_usage(const CLI::App& app, const CLI::ParseError& error) {
  std::ostringstream errors;
  if (app.exit(error, std::cout, errors) == 0) {
    return tessera::app::kDone;
  }
  std::istringstream lines(errors.str());
  for (std::string line; std::getline(lines, line);) {
    std::cerr << tessera::netlist_io::escape_controls(line) << '\n';
  }
  return tessera::app::kUsage;
}

int run(int argc, char** argv) {
  CLI::App app("Tessera places the macros of a chip block.", "tessera");
  app.set_version_flag("--version", tessera::app::version_text());
  app.require_subcommand(1);
  app.fallthrough(false);
  int exit_code = tessera::app::kDone;
  tessera::app::add_place_command(app, exit_code);
  tessera::app::add_refine_command(app, exit_code);
  tessera::app::add_cluster_command(app, exit_code);
  tessera::app::add_convert_command(app, exit_code);
  tessera::app::add_cost_command(app, exit_code);
  tessera::app::add_info_command(app, exit_code);
  tessera::app::add_report_command(app, exit_code);
  tessera::app::add_demonstrate_command(app, exit_code);
  tessera::app::add_finetune_command(app, exit_code);
  tessera::app::add_pretrain_command(app, exit_code);
  tessera::app::add_generate_command(app, exit_code);
  tessera::app::add_selftest_command(app, exit_code);
  app.footer(help_footer());  // after the commands, which would inherit it
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return report_usage(app, error);
  }
  return exit_code;
}

/// Threads that wait for others spin for a while before they sleep, by default so long that on a
/// machine with other work they take the time from those they wait for: a placement then takes a
/// hundred times as long. libgomp takes the number of turns from the environment when it is loaded,
/// so the program starts itself again, with a number that costs nothing on an idle machine
/// (docs/experiments.md). Users who set either variable have their way.
void bound_spinning(char** argv) {
  constexpr const char* kSpinCount = "GOMP_SPINCOUNT";
  if (std::getenv(kSpinCount) != nullptr || std::getenv("OMP_WAIT_POLICY") != nullptr) {
    return;
  }
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (!error && setenv(kSpinCount, "500", 1) == 0) {
    execv(program.c_str(), argv);
  }
}

int run_and_report(int argc, char** argv) {
  try {
    const int code = run(argc, argv);
    std::cout.flush();
    if (std::fflush(stdout) != 0 || std::ferror(stdout) != 0 || !std::cout) {
      throw std::runtime_error("standard output: cannot be written");  // a full disk, say
    }
    return code;
  } catch (const tessera::netlist_io::ParseError& error) {
    return report(error, tessera::app::kInput);
  } catch (const tessera::netlist_io::OptionError& error) {
    return report(error, tessera::app::kUsage);
  } catch (const tessera::netlist_io::InfeasibleError& error) {
    return report(error, tessera::app::kInfeasible);
  } catch (const tessera::app::PluginError& error) {
    return report(error, tessera::app::kInput);
  } catch (const std::exception& error) {
    return report(error, tessera::app::kInternalError);
  }
}

}  // namespace

int main(int argc, char** argv) {
  bound_spinning(argv);
  std::signal(SIGXFSZ, SIG_IGN);  // files that grow too large are errors of `write`
  const int exit_code = run_and_report(argc, argv);
  tessera::app::close_log(exit_code);
  return exit_code;
}
