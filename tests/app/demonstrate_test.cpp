// tessera demonstrate.

#include <csignal>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "placer/demonstration.h"

namespace tessera::testing {
namespace {

/// Demonstrations of the small block and its mirror image, quickly.
RunResult demonstrate(const std::string& output, const std::vector<std::string>& more = {}) {
  const SmallBlock& block = small_block();
  std::vector<std::string> arguments = {"demonstrate",
                                        "--corpus",
                                        block.netlist,
                                        block.netlist + "@x",
                                        "--evals",
                                        "2000",
                                        "--json",
                                        "-o",
                                        output};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tessera(arguments);
}

}  // namespace

TEST_CASE("demonstrate writes legal episodes of each block, the same for any number of threads") {
  const std::filesystem::path folder = scratch_dir("demonstrate");
  const std::string one = folder / "one.jsonl";
  const std::string three = folder / "three.jsonl";
  const RunResult run = demonstrate(one, {"--per-block", "2", "--threads", "1"});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const auto document = nlohmann::json::parse(run.out);
  CHECK(document["command"] == "demonstrate");
  CHECK(document["blocks"] == 2);
  CHECK(document["before"] == 0);
  CHECK(document["failures"].empty());
  REQUIRE(document["demonstrations"].size() == 4);
  const std::vector<placer::Demonstration> made = placer::read_demonstrations(one);
  REQUIRE(made.size() == 4);
  const SmallBlock& block = small_block();
  for (std::size_t i = 0; i < made.size(); ++i) {
    CHECK(made[i].block == block.netlist + (i < 2 ? "" : "@x"));
    CHECK(made[i].seed == 1 + i % 2);
    CHECK(made[i].order == placer::MacroOrder::kConnectivity);
    CHECK(made[i].cells.size() == block.parsed.hard_macros().size());
    CHECK(made[i].proxy == document["demonstrations"][i]["proxy"].get<double>());
    CHECK(made[i].proxy > 0.0);
  }
  CHECK(made[0].cells != made[1].cells);
  REQUIRE(demonstrate(three, {"--per-block", "2", "--threads", "3"}).exit_code == 0);
  CHECK(read_text(one) == read_text(three));
}

TEST_CASE("demonstrate goes on where a file ends and makes a torn last line anew") {
  const std::string path = scratch_dir("demonstrate_resume") / "d.jsonl";
  REQUIRE(demonstrate(path).exit_code == 0);
  const std::string whole = read_text(path);
  const RunResult again = demonstrate(path);
  REQUIRE(again.exit_code == 0);
  CHECK(nlohmann::json::parse(again.out)["before"] == 2);
  CHECK(nlohmann::json::parse(again.out)["demonstrations"].empty());
  CHECK(read_text(path) == whole);
  write_text(path, whole.substr(0, whole.size() - 10));
  const RunResult torn = demonstrate(path);
  REQUIRE(torn.exit_code == 0);
  CHECK(nlohmann::json::parse(torn.out)["before"] == 1);
  CHECK(read_text(path) == whole);
  const RunResult more = demonstrate(path, {"--per-block", "2", "-q"});
  REQUIRE(more.exit_code == 0);
  CHECK(more.err.empty());
  CHECK(placer::read_demonstrations(path).size() == 4);
  CHECK(read_text(path).substr(0, whole.size()) == whole);
}

TEST_CASE("without moves to evaluate, the policy's own episode is the demonstration") {
  const SmallBlock& block = small_block();
  const std::filesystem::path folder = scratch_dir("demonstrate_policy_alone");
  const std::string path = folder / "d.jsonl";
  const RunResult run = run_tessera(
      {"demonstrate", "--corpus", block.netlist, "--evals", "0", "--policy", "spiral", "-o", path});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const std::vector<placer::Demonstration> made = placer::read_demonstrations(path);
  REQUIRE(made.size() == 1);
  const RunResult placed = run_tessera({"place",
                                        block.netlist,
                                        "--plc",
                                        block.plc,
                                        "--effort",
                                        "zero-shot",
                                        "--policy",
                                        "spiral",
                                        "--order",
                                        "connectivity",
                                        "--json",
                                        "-o",
                                        folder / "placed.plc"});
  REQUIRE(placed.exit_code == 0);
  CHECK(made[0].proxy == nlohmann::json::parse(placed.out)["cost"]["proxy"].get<double>());
}

TEST_CASE("demonstrate starts from a policy when asked to") {
  const std::string path = scratch_dir("demonstrate_policy") / "d.jsonl";
  REQUIRE(demonstrate(path, {"--policy", "greedy", "--position-prior", "analytic"}).exit_code == 0);
  CHECK(placer::read_demonstrations(path).size() == 2);
}

TEST_CASE("demonstrate says what is wrong with its arguments") {
  const std::filesystem::path folder = scratch_dir("demonstrate_errors");
  const std::string path = folder / "d.jsonl";
  const RunResult recipe = run_tessera({"demonstrate", "--corpus", "cake", "-o", path});
  CHECK(recipe.exit_code == 2);
  CHECK(contains(recipe.err, "corpus item \"cake\""));
  CHECK(demonstrate(path + ".gz").exit_code == 2);
  CHECK(run_tessera({"demonstrate", "-o", path}).exit_code == 2);
  write_text(path, "{}\n");
  const RunResult other = demonstrate(path);
  CHECK(other.exit_code == 3);
  CHECK(contains(other.err, path + ":1:1: "));
  CHECK(read_text(path) == "{}\n");
}

TEST_CASE("Ctrl-C ends demonstrate with 130; what is finished is in the file") {
  const std::string path = scratch_dir("demonstrate_interrupt") / "d.jsonl";
  const SmallBlock& block = small_block();
  bool sent = false;
  const RunResult run = run_tessera({"demonstrate",
                                     "--corpus",
                                     block.netlist,
                                     "--per-block",
                                     "100000",
                                     "--evals",
                                     "2000",
                                     "--threads",
                                     "2",
                                     "-o",
                                     path},
                                    [&](pid_t pid, const std::string& err) {
                                      if (!sent && contains(err, "proxy")) {
                                        kill(pid, SIGINT);
                                        sent = true;
                                      }
                                    });
  CHECK(run.exit_code == 130);
  const std::size_t finished = placer::read_demonstrations(path).size();
  CHECK(finished >= 1);
  CHECK(finished < 1000);
}

}  // namespace tessera::testing
