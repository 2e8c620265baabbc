// What commands tell while they work: lines on stderr, events in a file.

#include <chrono>
#include <filesystem>
#include <sstream>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

std::vector<json> events_of(const fs::path& log) {
  std::vector<json> events;
  std::istringstream lines(read_text(log));
  for (std::string line; std::getline(lines, line);) {
    events.push_back(json::parse(line));
  }
  return events;
}

std::vector<json> events_named(const std::vector<json>& events, const std::string& name) {
  std::vector<json> named;
  for (const json& event : events) {
    if (event["event"] == name) {
      named.push_back(event);
    }
  }
  return named;
}

std::vector<std::string> place_logging(const fs::path& folder) {
  const SmallBlock& block = small_block();
  return {"place",
          block.netlist,
          "--plc",
          block.plc,
          "--policy",
          "none",
          "--evals",
          "20000",
          "--log-json",
          folder / "log.jsonl",
          "-o",
          folder / "out.plc"};
}

TEST_CASE("the log tells start, how far the search is, and end") {
  const fs::path folder = scratch_dir("progress");
  fs::remove(folder / "log.jsonl");
  std::vector<std::string> arguments = place_logging(folder);
  arguments.insert(arguments.end(), {"-q", "--json"});
  const RunResult run = run_tessera(arguments);
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.empty());
  const std::vector<json> events = events_of(folder / "log.jsonl");
  REQUIRE(events.size() >= 3);
  CHECK(events.front()["event"] == "start");
  CHECK(events.front()["command"] == "place");
  CHECK(events.back()["event"] == "end");
  CHECK(events.back()["exit_code"] == 0);
  double time_s = 0.0;
  for (const json& event : events) {
    CHECK(event["time_s"].get<double>() >= time_s);
    time_s = event["time_s"].get<double>();
  }
  const std::vector<json> statuses = events_named(events, "status");
  REQUIRE_FALSE(statuses.empty());
  CHECK(statuses.back()["stage"] == "search");
  CHECK(statuses.back()["done"] == statuses.back()["total"]);
  const double proxy = json::parse(run.out)["cost"]["proxy"];
  CHECK(statuses.back()["best_proxy"].get<double>() == doctest::Approx(proxy).epsilon(1e-6));
}

TEST_CASE("a second run adds to the log of the first, an error included") {
  const fs::path folder = scratch_dir("progress_twice");
  fs::remove(folder / "log.jsonl");
  REQUIRE(run_tessera(place_logging(folder)).exit_code == 0);
  const std::size_t first = events_of(folder / "log.jsonl").size();
  const std::string log = folder / "log.jsonl";
  const RunResult run = run_tessera({"info", "nowhere.pb.txt", "--log-json", log});
  CHECK(run.exit_code == 3);
  const std::vector<json> events = events_of(log);
  REQUIRE(events.size() == first + 3);
  CHECK(events[first]["command"] == "info");
  CHECK(events[first + 1]["event"] == "error");
  CHECK("tessera: " + events[first + 1]["text"].get<std::string>() + "\n" == run.err);
  CHECK(events[first + 2]["exit_code"] == 3);
}

TEST_CASE("a log that cannot be written is noticed before the work") {
  const fs::path folder = scratch_dir("progress_nowhere");
  fs::remove(folder / "out.plc");
  std::vector<std::string> arguments = place_logging(folder);
  arguments[9] = folder / "nowhere" / "log.jsonl";
  const RunResult run = run_tessera(arguments);
  CHECK(run.exit_code == 1);
  CHECK(contains(run.err, arguments[9] + ": cannot be written"));
  CHECK_FALSE(fs::exists(folder / "out.plc"));
}

TEST_CASE("a full disk ends the log, not the work") {
  if (!fs::exists("/dev/full")) {
    MESSAGE("skipped: there is no /dev/full");
    return;
  }
  const fs::path folder = scratch_dir("progress_full");
  fs::remove(folder / "out.plc");
  std::vector<std::string> arguments = place_logging(folder);
  arguments[9] = "/dev/full";
  const RunResult run = run_tessera(arguments);
  CHECK(run.exit_code == 0);
  CHECK(fs::exists(folder / "out.plc"));
  const std::string warning = "/dev/full: cannot be written: No space left on device";
  REQUIRE(contains(run.err, warning));
  CHECK(run.err.find(warning) == run.err.rfind(warning));
}

TEST_CASE("of many trials, the log has all and stderr those worth a line") {
  const fs::path folder = scratch_dir("progress_trials");
  const fs::path log = folder / "log.jsonl";
  const fs::path example = fs::path(TESSERA_SOURCE_DIR) / "data" / "lefdef";
  const auto begin = std::chrono::steady_clock::now();
  const RunResult run = run_tessera({"place",
                                     example / "small.def",
                                     "--lef",
                                     example / "small_tech.lef",
                                     "--policy",
                                     "none",
                                     "--time",
                                     "3",
                                     "--log-json",
                                     log,
                                     "-o",
                                     folder / "out.def"});
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - begin;
  REQUIRE(run.exit_code == 0);
  const std::vector<json> trials = events_named(events_of(log), "trial");
  REQUIRE(trials.size() >= 2);
  CHECK(trials.back()["done"] == trials.size());
  CHECK(trials.back()["total"] == 0);  // the time decides
  std::istringstream lines(run.err);
  double told = 0.0;
  double best = 0.0;
  for (std::string line; std::getline(lines, line);) {
    told += contains(line, " s  flat ") ? 1.0 : 0.0;
    best += line.ends_with("  best") ? 1.0 : 0.0;
  }
  CHECK(best >= 1.0);
  CHECK(told - best <= 1.0 + elapsed.count());
}

TEST_CASE("lines say what is done, the best so far, the pace and the time left") {
  std::vector<std::string> arguments = place_logging(scratch_dir("progress_lines"));
  arguments[7] = "300000";
  arguments.emplace_back("-v");
  const RunResult run = run_tessera(arguments);
  REQUIRE(run.exit_code == 0);
  CHECK(contains(run.err, " s  search  "));
  CHECK(contains(run.err, "100.0 %  best proxy 0."));
  CHECK(contains(run.err, " moves/s"));
  CHECK(contains(run.err, " left\n"));
  CHECK_FALSE(contains(run.err, "\r"));  // it is no terminal
}

}  // namespace
}  // namespace tessera::testing
