// Ctrl-C.

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/sanitizers.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {

TEST_CASE("an interrupted run writes its best legal placement and exits with 130") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("interrupt") / "out.plc";
  std::vector<std::string> arguments;
  std::string progress = "best proxy";
  SUBCASE("local search") {
    arguments = {"place", "--policy", "none", "--evals", "10000000"};
  }
  SUBCASE("local search for a time") {
    arguments = {"place", "--policy", "none", "--time", "60"};
  }
  SUBCASE("local search on the grid") {
    arguments = {"place", "--policy", "none", "--mode", "grid", "--evals", "10000000"};
  }
  SUBCASE("refinement") {
    arguments = {"refine", "--evals", "10000000"};
  }
  SUBCASE("episodes") {
    arguments = {"place", "--policy", "none", "--effort", "zero-shot", "--time", "60"};
    progress = "episodes";
  }
  CAPTURE(arguments);
  for (const char* const argument :
       {block.netlist.c_str(), "--plc", block.plc.c_str(), "--threads", "2", "--json", "-o"}) {
    arguments.emplace_back(argument);
  }
  arguments.push_back(out);
  for (const int signal : {SIGINT, SIGTERM}) {
    CAPTURE(signal);
    std::filesystem::remove(out);
    bool sent = false;
    const RunResult run = run_tessera(arguments, [&](pid_t pid, const std::string& err) {
      if (!sent && contains(err, progress)) {
        kill(pid, signal);
        sent = true;
      }
    });
    CHECK(sent);
    CHECK(run.exit_code == 130);
    const auto placed = nlohmann::json::parse(run.out);
    CHECK(placed["legal"] == true);
    if (progress != "episodes") {
      CHECK(placed["stopped"] == true);
    }
    CHECK(placed["time_s"]["total"].get<double>() < 30.0 * kSlowdown);
    const RunResult cost = run_tessera({"cost", block.netlist, "--plc", out, "--json"});
    REQUIRE(cost.exit_code == 0);
    const auto report = nlohmann::json::parse(cost.out);
    CHECK(report["legal"] == true);
    CHECK(report["cost"]["proxy"] == placed["cost"]["proxy"]);
  }
}

TEST_CASE("a second signal ends place at once, without output") {
  // Work that goes on for a good part of a second after the first signal: the descent that ends a
  // local search.
  const std::string out = scratch_dir("interrupt_twice") / "out.plc";
  const SmallBlock& block = small_block();
  const std::vector<std::string> arguments = {"place",
                                              block.netlist,
                                              "--plc",
                                              block.plc,
                                              "--policy",
                                              "none",
                                              "--threads",
                                              "1",
                                              "--evals",
                                              "100000000",
                                              "--chains",
                                              "4",
                                              "-o",
                                              out};
  CAPTURE(arguments);
  int calls_after_first = -1;
  const RunResult run = run_tessera(arguments, [&](pid_t pid, const std::string& err) {
    if (calls_after_first >= 0) {
      ++calls_after_first;
    }
    if (calls_after_first < 0 && contains(err, "current")) {
      kill(pid, SIGINT);
      calls_after_first = 0;
    } else if (calls_after_first == 4) {
      kill(pid, SIGINT);
    }
  });
  CHECK(run.signal == SIGINT);
  CHECK(run.out.empty());
  CHECK_FALSE(std::filesystem::exists(out));
}

}  // namespace tessera::testing
