#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include "app/command.h"
#include "app/exit_codes.h"
#include "app/options_json.h"
#include "app/outputs.h"
#include "app/report/html_report.h"
#include "app/report_source.h"
#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/markup_text.h"

namespace tessera::app {
namespace {

namespace fs = std::filesystem;
using netlist_io::OptionError;
using netlist_io::ParseError;

constexpr const char* kMetricsEnding = ".metrics.jsonl";

struct ReportFlags {
  std::vector<std::string> sources;
  std::string output;
  ReportOverrides overrides;
  CommonFlags common;

  void check() const {
    if (!output.ends_with(".html")) {
      throw OptionError("output \"" + output + "\" is no .html");
    }
    check_writable(output);
  }
};

bool is_run_file(const std::string& path) {
  if (!path.ends_with(".json")) {
    return false;
  }
  const std::string text = netlist_io::read_file(path);
  return !netlist_io::nests_deeper(text, netlist_io::kMaxJsonLevels) &&
         is_run_document(nlohmann::ordered_json::parse(text, nullptr, false));
}

/// The runs and trainings in a folder, by name.
std::vector<std::string> sources_in(const std::string& folder) {
  std::vector<std::string> found;
  std::error_code error;  // links that lead nowhere are no runs, either
  for (const fs::directory_entry& entry : fs::directory_iterator(folder, error)) {
    const std::string path = entry.path().string();
    std::error_code is_no_file;
    if (entry.is_regular_file(is_no_file) &&
        (path.ends_with(kMetricsEnding) || is_run_file(path))) {
      found.push_back(path);
    }
  }
  if (error) {
    throw ParseError({folder, 0, 0}, "the folder cannot be read: " + error.message());
  }
  if (found.empty()) {
    throw ParseError({folder, 0, 0},
                     "there is no JSON document of `place`, `refine` or `cost` in this folder, and "
                     "no *.metrics.jsonl");
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<std::string> all_sources(const ReportFlags& flags) {
  std::vector<std::string> result;
  for (const std::string& source : flags.sources) {
    if (std::error_code error; fs::is_directory(source, error)) {
      const std::vector<std::string> found = sources_in(source);
      result.insert(result.end(), found.begin(), found.end());
    } else {
      result.push_back(source);
    }
  }
  return result;
}

void add_run(const std::string& source, const ReportFlags& flags, HtmlReport& report) {
  const ReadRun read = read_run(source, flags.overrides);
  ReportedRun run;
  run.name = read.name;
  run.document = read.document;
  run.block = read.block.get();
  run.placement = &read.placement;
  run.spacing = read.spacing;
  for (const nlohmann::ordered_json& stage :
       read.document.value("stages", nlohmann::ordered_json::array())) {
    run.stages.push_back({stage.value("name", ""), stage.value("proxy", 0.0), nullptr});
  }
  run.notes = read.notes;
  print_warnings(read.notes);
  report.add(run);
}

int run(const ReportFlags& flags) {
  flags.check();
  const std::vector<std::string> sources = all_sources(flags);
  if (flags.overrides.plc && sources.size() > 1) {
    throw OptionError("--plc names one placement, but there are " + std::to_string(sources.size()) +
                      " documents");
  }
  HtmlReport report;
  for (const std::string& source : sources) {
    if (source.ends_with(".jsonl")) {
      report.add_training(source);
    } else {
      try {
        add_run(source, flags, report);
      } catch (const nlohmann::json::exception& error) {
        throw netlist_io::ParseError(
            {source, 0, 0}, std::string("its fields are not those of a run: ") + error.what());
      }
    }
  }
  const std::string page = report.to_html();
  netlist_io::write_file_atomic(flags.output, page);
  if (flags.common.json) {
    const nlohmann::ordered_json document = {{"schema_version", 1},
                                             {"command", "report"},
                                             {"sources", sources},
                                             {"bytes", page.size()},
                                             {"outputs", {flags.output}}};
    print_json(document);
  }
  return kDone;
}

}  // namespace

void add_report_command(CLI::App& app, int& exit_code) {
  CLI::App* const command = app.add_subcommand(
      "report",
      "Makes a page of placements, heat maps and learning curves that needs no other file");
  const auto flags = std::make_shared<ReportFlags>();
  command
      ->add_option("sources",
                   flags->sources,
                   "JSON documents of place, refine or cost, *.metrics.jsonl of a training, or "
                   "folders of such")
      ->required()
      ->type_name("RUN_DIR_OR_JSON");
  command->add_option("-o,--output", flags->output, "page to write, .html")
      ->required()
      ->type_name("OUT.html");
  command
      ->add_option("--netlist",
                   flags->overrides.netlist,
                   "netlist to read instead of that which the documents name")
      ->type_name("FILE");
  command
      ->add_option("--plc", flags->overrides.plc, "placement to show instead of the run's output")
      ->type_name("FILE");
  command
      ->add_option(
          "--lef", flags->overrides.lefs, "LEF to read instead of those named, once per file")
      ->type_name("FILE")
      ->take_all()
      ->allow_extra_args(false);
  command->add_flag("--allow-changed",
                    flags->overrides.allow_changed,
                    "files that have changed since the run are a warning, not an error");
  flags->common.add_to(*command);
  command->footer(examples({
      "tessera place netlist.pb.txt.gz --plc initial.plc --json -o placed.plc > run.json",
      "tessera report run.json -o run.html",
      "tessera report net.metrics.jsonl -o training.html",
  }));
  command->callback([flags, &exit_code] { exit_code = run(*flags); });
}

}  // namespace tessera::app
