// tessera refine.

#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/sanitizers.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/plc_file.h"
#include "netlist_io/sha256.h"

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using netlist_io::NodeId;
using netlist_io::PlcFile;
using nlohmann::json;
using Strings = std::vector<std::string>;

RunResult run_refine(const std::string& plc, const Strings& more) {
  Strings arguments = {"refine", small_block().netlist, "--plc", plc, "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tessera(arguments);
}

/// The same; must succeed. Returns its JSON.
json refine(const std::string& plc, const Strings& more) {
  const RunResult run = run_refine(plc, more);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  return json::parse(run.out);
}

json cost_of(const std::string& plc) {
  const RunResult run = run_tessera({"cost", small_block().netlist, "--plc", plc, "--json"});
  REQUIRE(run.exit_code == 0);
  return json::parse(run.out);
}

/// The small block's initial placement as a file, changed.
template <typename Change>
std::string changed_plc(const fs::path& path, Change&& change) {
  PlcFile plc = small_block().initial;
  change(plc.placement);
  write_text(path, netlist_io::format_plc(small_block().parsed, plc.header, plc.placement));
  return path;
}

/// Puts the second hard macro on top of the first one.
void overlap(netlist_io::Placement& placement) {
  const std::size_t a = small_block().parsed.hard_macros()[0].index();
  const std::size_t b = small_block().parsed.hard_macros()[1].index();
  placement.x[b] = placement.x[a];
  placement.y[b] = placement.y[a];
}

}  // namespace

TEST_CASE("refine improves a legal placement and reports like place") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("refine_json") / "out.plc";
  const RunResult run = run_refine(block.plc, {"--evals", "40000", "--seed", "3", "-o", out});
  REQUIRE(run.exit_code == 0);
  CHECK_FALSE(contains(run.err, "warning"));
  const json report = json::parse(run.out);
  CHECK(report["schema_version"] == 1);
  CHECK(report["command"] == "refine");
  CHECK(report["mode"] == "free");
  CHECK(report["legalized"] == false);
  CHECK(report["evals"] == 40000);
  CHECK(report["chains"] == 2);
  CHECK(report["start_temperature"] == 5e-5);
  CHECK(report["stopped"] == false);
  CHECK(report["legal"] == true);
  CHECK(report["seed"] == 3);
  CHECK(report["outputs"] == json{out});
  CHECK(report["time_s"]["refine"].get<double>() > 0.0);
  REQUIRE(report["inputs"].size() == 2);
  CHECK(report["inputs"][1]["sha256"] == netlist_io::sha256_hex_of_file(block.plc));
  CHECK(report["cost"].contains("proxy_jittered"));
  const json before = cost_of(block.plc);
  CHECK(report["stages"].front()["name"] == "input");
  CHECK(report["stages"].front()["proxy"] == before["cost"]["proxy"]);
  CHECK(report["cost"]["proxy"] < before["cost"]["proxy"]);
  const json after = cost_of(out);
  CHECK(after["legal"] == true);
  CHECK(after["cost"]["proxy"].get<double>() ==
        doctest::Approx(report["cost"]["proxy"].get<double>()).epsilon(1e-9));
}

TEST_CASE("refine is never worse than a legal input, however good it is and hot the start") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("refine_monotone");
  const std::string good = folder / "good.plc";
  double proxy = refine(block.plc, {"--evals", "300000", "-o", good})["cost"]["proxy"];
  for (const std::string temperature : {"1e-6", "5e-5", "0.01"}) {
    CAPTURE(temperature);
    const json report = refine(
        good, {"--evals", "500", "--start-temperature", temperature, "-o", folder / "out.plc"});
    CHECK(report["cost"]["proxy"].get<double>() <= proxy);
    CHECK(cost_of(folder / "out.plc")["cost"]["proxy"].get<double>() <= proxy + 1e-12);
  }
}

TEST_CASE("refine makes an illegal input legal and says so") {
  const fs::path folder = scratch_dir("refine_illegal");
  const std::string out = folder / "out.plc";
  std::string mode = "free";
  std::string plc;
  SUBCASE("overlapping hard macros") {
    plc = changed_plc(folder / "in.plc", overlap);
  }
  SUBCASE("overlapping hard macros, to cell centres") {
    plc = changed_plc(folder / "in.plc", overlap);
    mode = "grid";
  }
  SUBCASE("a hard macro outside") {
    plc = changed_plc(folder / "in.plc", [](netlist_io::Placement& placement) {
      placement.x[small_block().parsed.hard_macros()[3].index()] = -10.0;
    });
  }
  SUBCASE("a cluster outside") {
    plc = changed_plc(folder / "in.plc", [](netlist_io::Placement& placement) {
      placement.y[small_block().parsed.soft_macros()[3].index()] = 1e4;
    });
  }
  REQUIRE(cost_of(plc)["legal"] == false);
  const RunResult run = run_refine(plc, {"--evals", "20000", "--mode", mode, "-o", out});
  CHECK(run.exit_code == 0);
  CHECK(contains(run.err, "warning: the input was not legal"));
  const json report = json::parse(run.out);
  CHECK(report["legalized"] == true);
  CHECK(report["legal"] == true);
  CHECK(report["mode"] == mode);
  CHECK(cost_of(out)["legal"] == true);
  const RunResult quiet = run_refine(plc, {"--evals", "1000", "-q", "-o", out});
  CHECK(quiet.err.empty());
}

TEST_CASE("refine in the grid class snaps macros to cell centres without a warning") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("refine_grid");
  const RunResult run =
      run_refine(block.plc, {"--mode", "grid", "--evals", "20000", "-o", folder / "out.plc"});
  REQUIRE(run.exit_code == 0);
  CHECK_FALSE(contains(run.err, "warning"));
  const json report = json::parse(run.out);
  CHECK(report["legalized"] == false);
  CHECK(report["legal"] == true);
}

TEST_CASE("refine writes the same bytes whatever the number of threads") {
  const fs::path blocks = data_dir().parent_path().parent_path() / "data" / "blocks";
  const fs::path folder = scratch_dir("refine_threads");
  for (const std::string threads : {"1", "2"}) {
    const RunResult run = run_tessera({"refine",
                                       blocks / "small_large_macros.pb.txt.gz",
                                       "--plc",
                                       blocks / "small_large_macros.plc",
                                       "--evals",
                                       "60000",
                                       "-q",
                                       "--threads",
                                       threads,
                                       "-o",
                                       folder / (threads + ".plc")});
    CAPTURE(run.err);
    REQUIRE(run.exit_code == 0);
  }
  const std::string one = read_text(folder / "1.plc");
  CHECK_FALSE(one.empty());
  CHECK(one == read_text(folder / "2.plc"));
}

TEST_CASE("refine leaves what is fixed or named by --fix where it is") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("refine_fix");
  const NodeId fixed = block.parsed.hard_macros()[2];
  const NodeId named = block.parsed.hard_macros()[5];
  const std::string plc = changed_plc(folder / "in.plc", [&](netlist_io::Placement& placement) {
    placement.fixed[fixed.index()] = 1;
  });
  refine(plc, {"--fix", block.parsed.name(named), "--evals", "40000", "-o", folder / "out.plc"});
  const auto before = netlist_io::read_plc(plc, block.parsed).placement;
  const auto after = netlist_io::read_plc(folder / "out.plc", block.parsed).placement;
  for (const NodeId macro : {fixed, named}) {
    CHECK(after.x[macro.index()] == before.x[macro.index()]);
    CHECK(after.y[macro.index()] == before.y[macro.index()]);
    CHECK(after.orientation[macro.index()] == before.orientation[macro.index()]);
  }
  CHECK(after.fixed == before.fixed);
  CHECK(after.x != before.x);
}

TEST_CASE("refine with a time ends in time") {
  const json report =
      refine(small_block().plc, {"--time", "1", "-q", "-o", scratch_dir("refine_time") / "o.plc"});
  CHECK(report["time_s"]["total"].get<double>() < 5.0 * kSlowdown);
  CHECK(report["evals"].get<double>() > 0.0);
}

TEST_CASE("fixed macros that overlap cannot be refined away, which exits with 4") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("refine_infeasible");
  const std::string plc = changed_plc(folder / "in.plc", [&](netlist_io::Placement& placement) {
    overlap(placement);
    placement.fixed[block.parsed.hard_macros()[0].index()] = 1;
    placement.fixed[block.parsed.hard_macros()[1].index()] = 1;
  });
  const RunResult run = run_refine(plc, {"--evals", "1000", "-o", folder / "out.plc"});
  CHECK(run.exit_code == 4);
  CHECK(contains(run.err, "legal"));
}

TEST_CASE("flags of refine out of range exit with 2") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("refine_usage") / "out.plc";
  const std::vector<Strings> cases = {{"--effort", "zero-shot"},
                                      {"--start-temperature", "0"},
                                      {"--start-temperature", "nan"},
                                      {"--evals", "-1"},
                                      {"--chains", "0"},
                                      {"--policy", "none"},
                                      {"--order", "area"}};
  for (const Strings& flags : cases) {
    CAPTURE(flags);
    Strings all = flags;
    all.insert(all.end(), {"-o", out});
    const RunResult run = run_refine(block.plc, all);
    CHECK(run.exit_code == 2);
    CHECK(run.out.empty());
    CHECK_FALSE(run.err.empty());
    CHECK_FALSE(fs::exists(out));
  }
  const RunResult no_plc = run_tessera({"refine", block.netlist, "-o", out});
  CHECK(no_plc.exit_code == 2);
  CHECK(contains(no_plc.err, "--plc"));
  const RunResult help = run_tessera({"refine", "--help"});
  CHECK(help.exit_code == 0);
  CHECK(contains(help.out, "--start-temperature"));
  CHECK(contains(help.out, "--halo"));
  CHECK_FALSE(contains(help.out, "zero-shot"));
  CHECK_FALSE(contains(help.out, "--order"));
}

}  // namespace tessera::testing
