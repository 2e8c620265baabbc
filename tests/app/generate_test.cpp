// tessera generate.

#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {
namespace {

std::vector<std::string> small_generate(const std::filesystem::path& folder,
                                        const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {
      "generate", "-o", folder, "--macros", "5", "--clusters", "10", "--ports", "8"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

}  // namespace

TEST_CASE("generate writes a netlist and a placement that cost reads as legal") {
  const std::filesystem::path folder = scratch_dir("generate") / "new" / "folder";
  const RunResult run = run_tessera(small_generate(folder, {"--json", "--seed", "7"}));
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.empty());
  const auto document = nlohmann::json::parse(run.out);
  CHECK(document["command"] == "generate");
  CHECK(document["seed"] == 7);
  CHECK(document["hard_macros"] == 5);
  CHECK(document["soft_macros"] == 10);
  CHECK(document["ports"] == 8);
  REQUIRE(document["outputs"].size() == 2);
  const std::string netlist = document["outputs"][0];
  const std::string plc = document["outputs"][1];
  CHECK(netlist == (folder / "balanced_7.pb.txt.gz").string());
  const RunResult cost = run_tessera({"cost", netlist, "--plc", plc, "--json"});
  REQUIRE(cost.exit_code == 0);
  const auto report = nlohmann::json::parse(cost.out);
  CHECK(report["legal"] == true);
  CHECK(report["design"]["name"] == "balanced_7");
  CHECK(run_tessera({"info", netlist, "--plc", plc}).exit_code == 0);
}

TEST_CASE("the same seed generates the same files, another seed others") {
  const std::filesystem::path folder = scratch_dir("generate_seeds");
  for (const char* const name : {"a", "b"}) {
    REQUIRE(run_tessera(small_generate(folder / name, {"--name", "x"})).exit_code == 0);
  }
  REQUIRE(run_tessera(small_generate(folder / "c", {"--name", "x", "--seed", "2"})).exit_code == 0);
  for (const char* const file : {"x.pb.txt.gz", "x.plc"}) {
    const std::string text = read_text(folder / "a" / file);
    CHECK_FALSE(text.empty());
    CHECK(text == read_text(folder / "b" / file));
    CHECK(text != read_text(folder / "c" / file));
  }
}

TEST_CASE("generate rejects what it cannot make") {
  const std::filesystem::path folder = scratch_dir("generate_errors");
  const RunResult count = run_tessera(small_generate(folder / "a", {"--utilization", "3"}));
  CHECK(count.exit_code == 2);
  CHECK(contains(count.err, "utilization"));
  CHECK(run_tessera(small_generate(folder / "a", {"--recipe", "cake"})).exit_code == 2);
  CHECK(run_tessera({"generate"}).exit_code == 2);
  CHECK(std::filesystem::is_empty(folder));
}

TEST_CASE("a flat recipe gives a netlist of cells that cluster reads, or clusters of them") {
  const std::filesystem::path folder = scratch_dir("generate_flat");
  const auto generate = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"generate", "-o", folder, "--recipe", "large-memories"};
    for (const char* const argument : {"--cells", "6000", "--macros", "12", "--json"}) {
      arguments.push_back(argument);
    }
    arguments.insert(arguments.end(), more.begin(), more.end());
    return run_tessera(arguments);
  };
  const RunResult flat = generate({"--flat", "--name", "flat"});
  REQUIRE(flat.exit_code == 0);
  const auto document = nlohmann::json::parse(flat.out);
  CHECK(document["std_cells"] == 6000);
  CHECK(document["hard_macros"] == 12);
  REQUIRE(document["outputs"].size() == 1);
  const std::string netlist = document["outputs"][0];
  const RunResult info = run_tessera({"info", netlist, "--json"});
  REQUIRE(info.exit_code == 0);
  CHECK(nlohmann::json::parse(info.out)["design"]["name"] == "flat");
  CHECK(run_tessera({"cluster", netlist, "-o", folder / "of_flat.pb.txt.gz"}).exit_code == 0);

  const RunResult clustered = generate({"--name", "clustered"});
  REQUIRE(clustered.exit_code == 0);
  const auto outputs = nlohmann::json::parse(clustered.out)["outputs"];
  REQUIRE(outputs.size() == 2);
  const RunResult cost = run_tessera(
      {"cost", outputs[0].get<std::string>(), "--plc", outputs[1].get<std::string>(), "--json"});
  REQUIRE(cost.exit_code == 0);
  CHECK(nlohmann::json::parse(cost.out)["legal"] == true);
}

TEST_CASE("generate refuses flags that a recipe does not have") {
  const std::filesystem::path folder = scratch_dir("generate_flags");
  const RunResult flat = run_tessera({"generate", "-o", folder, "--flat"});
  CHECK(flat.exit_code == 2);
  CHECK(contains(flat.err, "--flat"));
  CHECK(run_tessera({"generate", "-o", folder, "--recipe", "mixed", "--clusters", "9"}).exit_code ==
        2);
  CHECK(std::filesystem::is_empty(folder));
}

}  // namespace tessera::testing
