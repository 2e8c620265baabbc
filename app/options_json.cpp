#include "app/options_json.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>

namespace tessera::app {
namespace {

bool changes_no_result(std::string_view name) {
  constexpr std::array<std::string_view, 7> kNames = {
      "help", "json", "log-json", "quiet", "verbose", "threads", "version"};
  return std::find(kNames.begin(), kNames.end(), name) != kNames.end();
}

std::string plain_name(const CLI::Option& option) {
  return option.get_lnames().empty() ? option.get_name(true) : option.get_lnames().front();
}

std::string assignment(const std::string& flag, const std::string& value) {
  return flag + "=" + value;
}

void append_arguments(const CLI::Option& option,
                      const std::vector<std::string>& values,
                      std::vector<std::string>& arguments) {
  if (option.get_lnames().empty()) {
    arguments.insert(arguments.end(), values.begin(), values.end());
    return;
  }
  const std::string flag = "--" + option.get_lnames().front();
  if (option.get_items_expected_max() == 0) {
    arguments.push_back(values.empty() ? flag : assignment(flag, values.back()));
  } else if (option.get_delimiter() != '\0') {
    std::string argument = flag + "=";
    for (std::size_t i = 0; i < values.size(); ++i) {
      if (i > 0) {
        argument += option.get_delimiter();
      }
      argument += values[i];
    }
    arguments.push_back(argument);
  } else {
    for (const std::string& value : values) {
      arguments.push_back(assignment(flag, value));
    }
  }
}

}  // namespace

nlohmann::ordered_json options_json(const CLI::App& command) {
  nlohmann::ordered_json result = nlohmann::ordered_json::object();
  for (const CLI::Option* const option : command.get_options()) {
    const std::string name = plain_name(*option);
    if (option->count() > 0 && !changes_no_result(name)) {
      result[name] = option->results();
    }
  }
  return result;
}

void parse_options_json(const nlohmann::ordered_json& options, CLI::App& command) {
  std::vector<std::string> arguments;
  for (const CLI::Option* const option : command.get_options()) {
    const auto found = options.find(plain_name(*option));
    if (found != options.end()) {
      append_arguments(*option, found->get<std::vector<std::string>>(), arguments);
    }
  }
  std::reverse(arguments.begin(), arguments.end());  // as CLI11 takes them
  command.parse(std::move(arguments));
}

void print_json(const nlohmann::ordered_json& document) {
  const std::string text =
      document.dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
  std::fputs((text + "\n").c_str(), stdout);
}

}  // namespace tessera::app
