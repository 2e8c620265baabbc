// The local search of tessera place.

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/sanitizers.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"
#include "netlist_io/sha256.h"

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using netlist_io::NodeId;
using netlist_io::PlcFile;
using nlohmann::json;
using Strings = std::vector<std::string>;

/// Runs `tessera place` on the small block without a policy; must succeed. Returns its JSON.
json search(const std::string& plc, const Strings& more) {
  Strings arguments = {
      "place", small_block().netlist, "--plc", plc, "--policy", "none", "-q", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  const RunResult run = run_tessera(arguments);
  CAPTURE(arguments);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.empty());
  return json::parse(run.out);
}

json cost_of(const std::string& plc) {
  const RunResult run = run_tessera({"cost", small_block().netlist, "--plc", plc, "--json"});
  REQUIRE(run.exit_code == 0);
  return json::parse(run.out);
}

/// The small block's initial placement as a file, with movable macros anywhere.
std::string scrambled_plc(const fs::path& path) {
  PlcFile plc = small_block().initial;
  netlist_io::Rng rng(5);
  for (std::size_t i = 0; i < plc.placement.size(); ++i) {
    if (small_block().parsed.is_macro(NodeId(i)) && plc.placement.fixed[i] == 0) {
      plc.placement.x[i] = rng.uniform(-50.0, 500.0);
      plc.placement.y[i] = rng.uniform(-50.0, 500.0);
      plc.placement.orientation[i] = netlist_io::Orientation::kFS;
    }
  }
  write_text(path, netlist_io::format_plc(small_block().parsed, plc.header, plc.placement));
  return path;
}

bool on_cell_centre(double position, double cell) {
  const double index = position / cell - 0.5;
  return std::abs(index - std::round(index)) < 1e-9;
}

}  // namespace

TEST_CASE("place searches with a quota and reports it") {
  const std::string out = scratch_dir("search_json") / "out.plc";
  std::string mode;
  SUBCASE("free") {
    mode = "free";
  }
  SUBCASE("grid") {
    mode = "grid";
  }
  const json report =
      search(small_block().plc, {"--mode", mode, "--evals", "20000", "--seed", "3", "-o", out});
  CHECK(report["command"] == "place");
  CHECK(report["mode"] == mode);
  CHECK(report["policy"] == "none");
  CHECK_FALSE(report.contains("episodes"));
  CHECK_FALSE(report.contains("start_from"));
  CHECK(report["evals"] == 20000);
  CHECK(report["chains"] == 2);
  CHECK(report["stopped"] == false);
  CHECK(report["legal"] == true);
  CHECK(report["seed"] == 3);
  CHECK(report["time_s"]["refine"].get<double>() > 0.0);
  CHECK(report["time_s"]["policy"] == 0.0);
  CHECK(report["inputs"].size() == 2);
  CHECK(report["cost"]["proxy_jittered"].get<double>() ==
        doctest::Approx(report["cost"]["proxy"].get<double>()).epsilon(0.005));
  REQUIRE(report["stages"].size() >= 2);
  CHECK(report["stages"].front()["name"] == "analytic");
  CHECK(report["stages"].back()["proxy"].get<double>() ==
        doctest::Approx(report["cost"]["proxy"].get<double>()).epsilon(1e-9));
  CHECK(report["cost"]["proxy"] < report["stages"].front()["proxy"]);
  const json again = cost_of(out);
  CHECK(again["legal"] == true);
  CHECK(again["cost"]["proxy"].get<double>() ==
        doctest::Approx(report["cost"]["proxy"].get<double>()).epsilon(1e-9));
  const PlcFile result = netlist_io::read_plc(out, small_block().parsed);
  std::size_t off_centre = 0;
  for (const NodeId macro : small_block().parsed.hard_macros()) {
    const double x = result.placement.x[macro.index()];
    const double y = result.placement.y[macro.index()];
    const bool centred = on_cell_centre(x, *result.header.width / *result.header.cols) &&
                         on_cell_centre(y, *result.header.height / *result.header.rows);
    off_centre += centred ? 0 : 1;
  }
  CHECK((off_centre == 0) == (mode == "grid"));
}

TEST_CASE("a search of a bundled block writes the same bytes whatever the number of threads") {
  const fs::path blocks = data_dir().parent_path().parent_path() / "data" / "blocks";
  const fs::path folder = scratch_dir("search_threads");
  for (const std::string threads : {"1", "2"}) {
    const RunResult run = run_tessera({"place",
                                       blocks / "small_balanced.pb.txt.gz",
                                       "--plc",
                                       blocks / "small_balanced.plc",
                                       "--policy",
                                       "none",
                                       "--evals",
                                       "60000",
                                       "--chains",
                                       "3",
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

TEST_CASE("a search sees no position of a movable node") {
  const fs::path folder = scratch_dir("search_scrambled");
  search(small_block().plc, {"--evals", "20000", "-o", folder / "a.plc"});
  search(scrambled_plc(folder / "start.plc"), {"--evals", "20000", "-o", folder / "b.plc"});
  const std::string expected = read_text(folder / "a.plc");
  CHECK_FALSE(expected.empty());
  CHECK(expected == read_text(folder / "b.plc"));
}

TEST_CASE("more moves and other seeds give other placements") {
  const std::string out = scratch_dir("search_seed") / "out.plc";
  const auto proxy = [&](const std::string& evals, const std::string& seed) {
    const json report = search(small_block().plc, {"--evals", evals, "--seed", seed, "-o", out});
    return report["cost"]["proxy"].get<double>();
  };
  const double base = proxy("4000", "1");
  CHECK(proxy("4000", "2") != base);
  CHECK(proxy("100000", "1") < base);
}

TEST_CASE("without moves, the best start is the result") {
  const std::string out = scratch_dir("search_none") / "out.plc";
  const json report = search(small_block().plc, {"--evals", "0", "-o", out});
  CHECK(report["evals"] == 0);
  CHECK(report["legal"] == true);
  CHECK(report["cost"]["proxy"].get<double>() ==
        doctest::Approx(report["stages"][0]["proxy"].get<double>()).epsilon(1e-4));  // settled
}

TEST_CASE("the policy's placement is a start of the search") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("search_policy") / "out.plc";
  const RunResult run = run_tessera(
      {"place", block.netlist, "--plc", block.plc, "--evals", "20000", "--json", "-o", out});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(contains(run.err, "4/4 episodes"));
  const json report = json::parse(run.out);
  CHECK(report["policy"] == "bundled");
  CHECK(report["episodes"] == 4);  // one for each side from which it sees the block
  REQUIRE(report["stages"].size() == 4);
  const Strings names = {"policy", "gradient", "analytic", "local search"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    CHECK(report["stages"][i]["name"] == names[i]);
  }
  CHECK(report["cost"]["proxy"] < report["stages"][2]["proxy"]);
  CHECK(cost_of(out)["cost"]["proxy"] == report["cost"]["proxy"]);
}

TEST_CASE("a placement given by --start-from is a start, and the report says so") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("search_start_from");
  const std::string good = folder / "good.plc";
  const double good_proxy = search(block.plc, {"--evals", "200000", "-o", good})["cost"]["proxy"];
  const std::string out = folder / "out.plc";
  // So few moves do not come as far from the analytic starts.
  const double alone = search(block.plc, {"--evals", "200", "-o", out})["cost"]["proxy"];
  CHECK(alone > good_proxy);
  const RunResult run = run_tessera({"place",
                                     block.netlist,
                                     "--plc",
                                     block.plc,
                                     "--start-from",
                                     good,
                                     "--evals",
                                     "200",
                                     "--json",
                                     "-q",
                                     "-o",
                                     out});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(run.out);
  CHECK(report["start_from"] == good);
  CHECK(report["policy"] == "none");
  CHECK(report["cost"]["proxy"].get<double>() <= good_proxy);
  REQUIRE(report["inputs"].size() == 3);
  CHECK(report["inputs"][2]["path"] == good);
  CHECK(report["inputs"][2]["sha256"] == netlist_io::sha256_hex_of_file(good));
  SUBCASE("any .plc of the netlist will do") {
    const json from_scrambled =
        search(block.plc,
               {"--start-from", scrambled_plc(folder / "any.plc"), "--evals", "5000", "-o", out});
    CHECK(from_scrambled["legal"] == true);
  }
  SUBCASE("it must be there") {
    const RunResult missing = run_tessera({"place",
                                           block.netlist,
                                           "--plc",
                                           block.plc,
                                           "--start-from",
                                           folder / "missing.plc",
                                           "-o",
                                           out});
    CHECK(missing.exit_code == 3);
    CHECK(contains(missing.err, "missing.plc"));
  }
}

TEST_CASE("without the learning code, place searches from analytic starts") {
  const fs::path folder = scratch_dir("search_alone");
  const std::string program = folder / "tessera";
  fs::copy_file(TESSERA_BINARY, program);  // the plugin is found relative to the program
  const std::vector<std::string> arguments = {"place",
                                              small_block().netlist,
                                              "--plc",
                                              small_block().plc,
                                              "--evals",
                                              "4000",
                                              "--json",
                                              "-o",
                                              folder / "out.plc"};
  const testing::RunResult alone = testing::run_program(program, arguments);
  CHECK(alone.exit_code == 0);
  CHECK(contains(alone.err, "warning: going on without the policy"));
  const json report = json::parse(alone.out);
  CHECK(report["legal"] == true);
  CHECK(report["policy"] == "none");
  // Whoever names a policy wants it.
  std::vector<std::string> named = arguments;
  named.insert(named.end(), {"--policy", "any.safetensors"});
  const testing::RunResult refused = testing::run_program(program, named);
  CHECK(refused.exit_code == 3);
  CHECK(contains(refused.err, "any.safetensors"));
  named.insert(named.end(), {"--device", "cuda"});
  const testing::RunResult without_torch = testing::run_program(program, named);
  CHECK(without_torch.exit_code != 0);
  CHECK(contains(without_torch.err, "learning code"));
}

TEST_CASE("--time ends in time, and the quota reported gives the same bytes") {
  const fs::path folder = scratch_dir("search_time");
  const json timed = search(small_block().plc, {"--time", "1", "-o", folder / "timed.plc"});
  CHECK(timed["legal"] == true);
  CHECK(timed["time_s"]["total"].get<double>() < 5.0 * kSlowdown);
  if (timed["stopped"] == false) {  // true on a machine that was busy with something else
    search(small_block().plc,
           {"--evals",
            std::to_string(timed["evals"].get<std::uint64_t>()),
            "--chains",
            std::to_string(timed["chains"].get<std::size_t>()),
            "-o",
            folder / "again.plc"});
    CHECK(read_text(folder / "again.plc") == read_text(folder / "timed.plc"));
  }
}

TEST_CASE("the quota reported counts the episodes of the policy") {
  const fs::path folder = scratch_dir("search_policy_time");
  const auto place = [&](const std::string& output, const Strings& more) {
    Strings arguments = {"place",
                         small_block().netlist,
                         "--plc",
                         small_block().plc,
                         "--policy",
                         "spiral",
                         "--json",
                         "-q",
                         "-o",
                         output};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const testing::RunResult run = testing::run_tessera(arguments);
    REQUIRE(run.exit_code == 0);
    return json::parse(run.out);
  };
  // More episodes than fit into a part of the time.
  const json timed =
      place(folder / "timed.plc", {"--time", "0.4", "--samples", "5000", "--threads", "2"});
  const auto episodes = timed["episodes"].get<std::size_t>();
  CHECK(episodes >= 1);
  CHECK(episodes < 5000);
  CHECK(timed["best_episode"].get<std::size_t>() < episodes);
  if (timed["stopped"] == false) {
    place(folder / "again.plc",
          {"--evals",
           std::to_string(timed["evals"].get<std::uint64_t>()),
           "--chains",
           std::to_string(timed["chains"].get<std::size_t>()),
           "--samples",
           std::to_string(episodes),
           "--threads",
           "1"});
    CHECK(read_text(folder / "again.plc") == read_text(folder / "timed.plc"));
  }
}

TEST_CASE("a quota with a time stops at whichever comes first") {
  const std::string out = scratch_dir("search_both") / "out.plc";
  const json by_time =
      search(small_block().plc, {"--evals", "1000000000", "--time", "0.5", "-o", out});
  CHECK(by_time["stopped"] == true);
  CHECK(by_time["time_s"]["total"].get<double>() < 10.0 * kSlowdown);
  CHECK(by_time["legal"] == true);
  const json by_quota = search(small_block().plc, {"--evals", "4000", "--time", "100", "-o", out});
  CHECK(by_quota["stopped"] == false);
  CHECK(by_quota["evals"] == 4000);
}

TEST_CASE("the search keeps halos, fixed macros and the fixed column") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("search_keeps");
  const NodeId macro = block.parsed.hard_macros()[5];
  search(block.plc,
         {"--halo",
          "2,1",
          "--fix",
          block.parsed.name(macro),
          "--evals",
          "20000",
          "-o",
          folder / "out.plc"});
  const netlist_io::Placement result =
      netlist_io::read_plc(folder / "out.plc", block.parsed).placement;
  CHECK(result.x[macro.index()] == block.initial.placement.x[macro.index()]);
  CHECK(result.y[macro.index()] == block.initial.placement.y[macro.index()]);
  CHECK(result.fixed == block.initial.placement.fixed);
  std::size_t too_close = 0;
  for (const NodeId a : block.parsed.hard_macros()) {
    for (const NodeId b : block.parsed.hard_macros()) {
      const netlist_io::Rect p = result.box(block.parsed, a);
      const netlist_io::Rect q = result.box(block.parsed, b);
      constexpr double kRounding = 1e-6;
      const bool near = p.x0 < q.x1 + 4.0 - kRounding && q.x0 < p.x1 + 4.0 - kRounding &&
                        p.y0 < q.y1 + 2.0 - kRounding && q.y0 < p.y1 + 2.0 - kRounding;
      too_close += a < b && near ? 1 : 0;
    }
  }
  CHECK(too_close == 0);
}

TEST_CASE("progress of the search goes to stderr, seldom") {
  using Clock = std::chrono::steady_clock;
  const SmallBlock& block = small_block();
  const Clock::time_point begin = Clock::now();
  const RunResult run = run_tessera({"place",
                                     block.netlist,
                                     "--plc",
                                     block.plc,
                                     "--policy",
                                     "none",
                                     "--evals",
                                     "300000",
                                     "-o",
                                     scratch_dir("search_progress") / "out.plc"});
  REQUIRE(run.exit_code == 0);
  CHECK(contains(run.err, "best proxy"));
  CHECK(contains(run.err, "current"));
  CHECK(contains(run.err, "s left"));
  CHECK(contains(run.out, "after local search"));
  CHECK_FALSE(contains(run.out, "s left"));
  const auto lines = static_cast<double>(std::count(run.err.begin(), run.err.end(), '\n'));
  CHECK(lines >= 2.0);
  CHECK(lines <= 3.0 + 2.0 * std::chrono::duration<double>(Clock::now() - begin).count());
}

TEST_CASE("flags of the search out of range or against each other exit with 2") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("search_usage") / "out.plc";
  const std::vector<Strings> cases = {{"--evals", "1.5"},
                                      {"--evals", "-5"},
                                      {"--evals", "many"},
                                      {"--time", "-1"},
                                      {"--chains", "0"},
                                      {"--chains", "100000"},
                                      {"--mode", "loose"},
                                      {"--cluster-placer", "other"},
                                      {"--effort", "zero-shot", "--evals", "100"},
                                      {"--effort", "zero-shot", "--chains", "3"},
                                      {"--effort", "zero-shot", "--start-from", block.plc},
                                      {"--evals", "100", "--samples", "3"}};
  for (const Strings& flags : cases) {
    CAPTURE(flags);
    Strings arguments = {"place", block.netlist, "--plc", block.plc, "--policy", "none", "-o", out};
    arguments.insert(arguments.end(), flags.begin(), flags.end());
    const RunResult run = run_tessera(arguments);
    CHECK(run.exit_code == 2);
    CHECK(run.out.empty());
    CHECK(contains(run.err, flags[flags.size() == 2 ? 0 : 2]));
    CHECK_FALSE(fs::exists(out));
  }
}

}  // namespace tessera::testing
