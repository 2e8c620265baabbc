#include "app/report/training_payload.h"

#include <cstddef>
#include <filesystem>
#include <sstream>
#include <utility>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

/// Every column has an entry for every line.
constexpr std::size_t kMaxColumns = 1000;
/// And memory for it: 300 MB, far beyond any training of ours.
constexpr std::size_t kMaxEntries = 10'000'000;

ordered_json parse_line(const std::string& path, std::size_t line_number, const std::string& line) {
  ordered_json entry = ordered_json::parse(line, nullptr, false);
  if (!entry.is_object() || !entry.contains("iteration") || !entry["iteration"].is_number()) {
    throw netlist_io::ParseError({path, line_number, 0},
                                 "this is no line of a training: expected a JSON object with a "
                                 "number as \"iteration\"");
  }
  return entry;
}

/// The checkpoint's name without what `path` adds to it.
std::string training_name(const std::string& path) {
  const std::string file = std::filesystem::path(path).filename().string();
  return file.substr(0, file.find(".metrics.jsonl"));
}

}  // namespace

ordered_json training_payload(const std::string& path) {
  std::istringstream text(netlist_io::read_file(path));
  ordered_json columns = ordered_json::object();
  std::string line;
  std::size_t count = 0;
  for (std::size_t line_number = 1; std::getline(text, line); ++line_number) {
    if (line.empty()) {
      continue;
    }
    // The last line of a training that was killed may be torn.
    if (text.eof() && !ordered_json::accept(line)) {
      break;
    }
    const ordered_json entry = parse_line(path, line_number, line);
    for (const auto& [key, value] : entry.items()) {
      if (value.is_number() || value.is_string()) {
        ordered_json& column = columns[key];
        if (columns.size() > kMaxColumns) {
          throw netlist_io::ParseError(
              {path, line_number, 0},
              "a training with more than " + std::to_string(kMaxColumns) + " fields");
        }
        while (column.size() < count) {
          column.push_back(nullptr);
        }
        column.push_back(value);
      }
    }
    ++count;
    if (count * columns.size() > kMaxEntries) {
      throw netlist_io::ParseError(
          {path, line_number, 0},
          "fields times lines are more than " + std::to_string(kMaxEntries) + ", too many to draw");
    }
    for (auto& column : columns) {
      if (column.size() < count) {
        column.push_back(nullptr);
      }
    }
  }
  if (count == 0) {
    throw netlist_io::ParseError({path, 0, 0}, "there is no iteration in it");
  }
  return {{"name", training_name(path)}, {"columns", std::move(columns)}};
}

}  // namespace tessera::app
