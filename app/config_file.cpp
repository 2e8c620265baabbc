#include "app/config_file.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <sstream>
#include <string>

#include "netlist_io/file.h"

namespace tessera::app {
namespace {

using Options = std::set<const CLI::Option*>;

/// The options that the command line gives.
Options given_options(const CLI::App& command) {
  Options given;
  for (const CLI::Option* const option : command.get_options()) {
    if (!option->empty()) {
      given.insert(option);
    }
  }
  return given;
}

/// Whether an option that is given excludes this one, as `--resume` does `policy` of the file that
/// the training began with.
bool is_excluded(const CLI::Option& option, const Options& given) {
  const std::set<CLI::Option*>& excluded = option.get_excludes();
  return std::any_of(excluded.begin(), excluded.end(), [&](const CLI::Option* other) {
    return given.contains(other);
  });
}

/// Before CLI11 does so, which would not tell where the value comes from.
void read_value(CLI::Option& option, const std::string& path) {
  try {
    option.run_callback();
  } catch (const CLI::ParseError& error) {
    throw CLI::ValidationError(path, error.what());
  }
}

/// Gives the options of `command` that the command line does not give, and does not exclude, the
/// values of the file. What excludes each other within the file, CLI11 refuses. Option files of
/// CLI11 itself are read for the program as a whole only, not for a subcommand.
void apply_config(const std::string& path, CLI::App& command) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  CLI::ConfigTOML format;
  std::istringstream text(netlist_io::read_file(path, kMaxBytes));
  const Options given = given_options(command);
  Options in_file;
  for (const CLI::ConfigItem& item : format.from_config(text)) {
    CLI::Option* const option = command.get_option_no_throw("--" + item.name);
    if (!item.parents.empty() || option == nullptr) {
      throw CLI::ConfigError(path + ": there is no flag --" + item.fullname());
    }
    if (!option->get_configurable()) {
      throw CLI::ConfigError::NotConfigurable(path + ": " + item.fullname());
    }
    if (!in_file.insert(option).second) {
      throw CLI::ConfigError(path + ": " + item.fullname() + " is there twice");
    }
    if (given.contains(option) || is_excluded(*option, given)) {
      continue;
    }
    if (option->get_expected_max() > 0) {
      option->add_result(item.inputs);
    } else if (const std::string value = format.to_flag(item); value != "false") {
      option->add_result(option->get_flag_value(item.name, value));
    } else {
      continue;  // off is as if it were not there
    }
    read_value(*option, path);
  }
}

}  // namespace

void add_config_flag(CLI::App& command) {
  command
      .add_option_function<std::string>(
          "--config",
          [&command](const std::string& path) { apply_config(path, command); },
          "TOML file of flags without their dashes; those given here win")
      ->check(CLI::ExistingFile)
      ->configurable(false)
      ->type_name("FILE")
      ->group("General");
}

}  // namespace tessera::app
