#include <algorithm>
#include <cstdio>
#include <memory>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "app/command.h"
#include "app/cost_report.h"
#include "app/exit_codes.h"
#include "app/options_json.h"
#include "app/progress_log.h"
#include "app/selftest/build_report.h"
#include "app/selftest/self_checks.h"
#include "netlist_io/markup_text.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

/// `key  value` for each, objects indented below their key.
void print_report(const ordered_json& report, int indent) {
  for (const auto& [key, value] : report.items()) {
    if (value.is_object()) {
      std::printf("%*s%s\n", indent, "", key.c_str());
      print_report(value, indent + 2);
    } else {
      const std::string text = value.is_string() ? value.get<std::string>() : value.dump();
      std::printf("%*s%-*s %s\n",
                  indent,
                  "",
                  22 - indent,
                  key.c_str(),
                  netlist_io::escape_controls(text).c_str());
    }
  }
}

void print_result(const CheckResult& result) {
  std::printf("%-8s %5.2f s  %-17s %s\n",
              to_string(result.outcome),
              result.time_s,
              result.name.c_str(),
              result.detail.c_str());
  std::fflush(stdout);
}

ordered_json to_json(const std::vector<CheckResult>& results) {
  ordered_json list = ordered_json::array();
  for (const CheckResult& result : results) {
    list.push_back({{"name", result.name},
                    {"outcome", to_string(result.outcome)},
                    {"detail", result.detail},
                    {"time_s", result.time_s}});
  }
  return list;
}

int run(const CommonFlags& flags) {
  ordered_json document = {
      {"schema_version", 1}, {"tessera", version_text()}, {"command", "selftest"}};
  document.update(build_report());
  if (!flags.json) {
    std::printf("tessera %s\n", version_text().c_str());
    print_report({{"build", document["build"]},
                  {"machine", document["machine"]},
                  {"environment", document["environment"]}},
                 0);
    std::printf("checks\n");
  }
  const std::vector<CheckResult> results =
      run_self_checks(flags.num_threads(), [&flags](const CheckResult& result) {
        if (!flags.json) {
          print_result(result);
        }
      });
  const auto failed = std::count_if(results.begin(), results.end(), [](const CheckResult& result) {
    return result.outcome == CheckOutcome::kFailed;
  });
  if (flags.json) {
    document["checks"] = to_json(results);
    document["failed"] = failed;
    print_json(document);
  }
  if (failed > 0) {
    log_error(std::to_string(failed) + " of " + std::to_string(results.size()) + " checks failed");
    return kInternalError;
  }
  return kDone;
}

}  // namespace

void add_selftest_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "selftest", "Checks this installation in seconds; its output is what a bug report needs");
  const auto flags = std::make_shared<CommonFlags>();
  command->footer(examples({
      "tessera selftest",
      "tessera selftest --json > selftest.json",
  }));
  flags->add_to(*command);
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
