#include "app/report/html_report.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "app/report/block_payload.h"
#include "app/report/page_source.h"
#include "app/report/training_payload.h"
#include "netlist_io/markup_text.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

/// JSON that may stand in a `script` element whatever names are in it: without `<`, neither
/// `</script` nor `<!--` can end it early. Bytes that are no UTF-8 become U+FFFD.
std::string script_json(const ordered_json& payload) {
  const std::string text = payload.dump(-1, ' ', false, ordered_json::error_handler_t::replace);
  std::string result;
  result.reserve(text.size());
  for (const char c : text) {
    if (c == '<') {
      result += "\\u003c";
    } else {
      result += c;
    }
  }
  return result;
}

/// `page` from the first `mark` on, the mark replaced.
std::string with(std::string_view page, std::string_view mark, std::string_view text) {
  const std::size_t at = page.find(mark);
  std::string result(page.substr(0, at));
  result += text;
  result += page.substr(at + mark.size());
  return result;
}

ordered_json stages_json(const ReportedRun& run) {
  ordered_json result = ordered_json::array();
  for (const ReportedStage& stage : run.stages) {
    ordered_json entry = {{"name", stage.name}, {"proxy", stage.proxy}};
    if (stage.placement != nullptr) {
      entry["positions"] = positions_payload(*run.block, *stage.placement);
    }
    result.push_back(std::move(entry));
  }
  return result;
}

}  // namespace

void HtmlReport::add(const ReportedRun& run) {
  ordered_json netlist = netlist_payload(*run.block);
  const auto known = std::find(netlists_.begin(), netlists_.end(), netlist);
  const auto index = known - netlists_.begin();
  if (known == netlists_.end()) {
    netlists_.push_back(std::move(netlist));
  }
  ordered_json entry = {{"name", run.name}, {"document", run.document}, {"netlist", index}};
  entry.update(floorplan_payload(*run.block, *run.placement, run.spacing));
  entry["positions"] = positions_payload(*run.block, *run.placement);
  entry["stages"] = stages_json(run);
  if (!run.policy.is_null()) {
    entry["policy"] = run.policy;
  }
  if (!run.flat_maps.is_null()) {
    entry["flat_maps"] = run.flat_maps;
  }
  entry["notes"] = run.notes;
  runs_.push_back(std::move(entry));
}

void HtmlReport::add_training(const std::string& path) {
  trainings_.push_back(training_payload(path));
}

std::string HtmlReport::title() const {
  if (runs_.empty()) {
    return "Training";
  }
  return runs_.front()["document"]["design"].value("name", "block");
}

std::string HtmlReport::to_html() const {
  const ordered_json payload = {
      {"schema_version", 1}, {"netlists", netlists_}, {"runs", runs_}, {"trainings", trainings_}};
  // The payload first: a title may look like the mark of the payload, but not the other way round.
  return with(with(page_source(), "<!--PAYLOAD-->", script_json(payload)),
              "<!--TITLE-->",
              netlist_io::escape_markup(title()) + " · Tessera");
}

}  // namespace tessera::app
