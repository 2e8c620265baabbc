#include "app/config_file.h"

#include <algorithm>
#include <cstddef>
#include <set>
#include <sstream>
#include <string>

#include "netlist_io/file.h"

namespace tessera::app {
namespace {

/// Whether a flag that is given excludes the option, as `--resume` does `policy` of the file that
/// the training began with.
bool excluded_by_a_flag(const CLI::Option& option) {
  const std::set<CLI::Option*>& excluded = option.get_excludes();
  return std::any_of(
      excluded.begin(), excluded.end(), [](const CLI::Option* other) { return !other->empty(); });
}

/// Gives the options of `command` that have no value yet those of the file. Option files of CLI11
/// itself are read for the program as a whole only, not for a subcommand.
void apply_config(const std::string& path, CLI::App& command) {
  constexpr std::size_t kMaxBytes = std::size_t{1} << 20;
  CLI::ConfigTOML format;
  std::istringstream text(netlist_io::read_file(path, kMaxBytes));
  for (const CLI::ConfigItem& item : format.from_config(text)) {
    CLI::Option* const option = command.get_option_no_throw("--" + item.name);
    if (!item.parents.empty() || option == nullptr) {
      throw CLI::ConfigError::Extras(path + ": " + item.fullname());
    }
    if (!option->get_configurable()) {
      throw CLI::ConfigError::NotConfigurable(path + ": " + item.fullname());
    }
    if (!option->empty() || excluded_by_a_flag(*option)) {
      continue;
    }
    if (option->get_expected_max() == 0) {
      option->add_result(option->get_flag_value(item.name, format.to_flag(item)));
    } else {
      option->add_result(item.inputs);
    }
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
