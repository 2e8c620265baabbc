// Ctrl-C.

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {

TEST_CASE("an interrupted place writes its best legal placement and exits with 130") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("interrupt") / "out.plc";
  for (const int signal : {SIGINT, SIGTERM}) {
    CAPTURE(signal);
    std::filesystem::remove(out);
    bool sent = false;
    const RunResult run = run_tessera({"place",
                                       block.netlist,
                                       "--plc",
                                       block.plc,
                                       "--policy",
                                       "none",
                                       "--time",
                                       "60",
                                       "--threads",
                                       "2",
                                       "--json",
                                       "-o",
                                       out},
                                      [&](pid_t pid, const std::string& err) {
                                        if (!sent && contains(err, "episodes")) {
                                          kill(pid, signal);
                                          sent = true;
                                        }
                                      });
    CHECK(sent);
    CHECK(run.exit_code == 130);
    const auto placed = nlohmann::json::parse(run.out);
    CHECK(placed["legal"] == true);
    CHECK(placed["time_s"]["total"].get<double>() < 30.0);
    const RunResult cost = run_tessera({"cost", block.netlist, "--plc", out, "--json"});
    REQUIRE(cost.exit_code == 0);
    const auto report = nlohmann::json::parse(cost.out);
    CHECK(report["legal"] == true);
    CHECK(report["cost"]["proxy"] == placed["cost"]["proxy"]);
  }
}

TEST_CASE("a second signal ends place at once, without output") {
  // A block whose groups of episodes take a good part of a second, so that the first signal has not
  // ended the run when the second one comes.
  const std::filesystem::path folder = scratch_dir("interrupt_twice");
  const RunResult generated = run_tessera(
      {"generate", "-o", folder, "--name", "large", "--macros", "100", "--clusters", "3000"});
  REQUIRE(generated.exit_code == 0);
  const std::string out = folder / "out.plc";
  int calls_after_first = -1;
  const RunResult run = run_tessera({"place",
                                     folder / "large.pb.txt.gz",
                                     "--plc",
                                     folder / "large.plc",
                                     "--policy",
                                     "none",
                                     "--time",
                                     "60",
                                     "--threads",
                                     "1",
                                     "-o",
                                     out},
                                    [&](pid_t pid, const std::string& err) {
                                      if (calls_after_first >= 0) {
                                        ++calls_after_first;
                                      }
                                      if (calls_after_first < 0 && contains(err, "episodes")) {
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
