// tessera place.

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/sanitizers.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>
#include <unistd.h>

#include "netlist_io/netlist_file.h"
#include "netlist_io/rng.h"
#include "netlist_io/sha256.h"
#include "placer/episodes.h"
#include "placer/gradient_placer.h"
#include "placer/legality.h"
#include "placer/macro_problem.h"
#include "placer/policy.h"

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;
using netlist_io::Canvas;
using netlist_io::NodeId;
using netlist_io::Placement;
using netlist_io::PlcFile;
using netlist_io::PlcHeader;
using netlist_io::Rect;
using nlohmann::json;
using Strings = std::vector<std::string>;

/// Runs `tessera place` on the small block with an initial placement; must succeed.
RunResult place(const std::string& plc, const Strings& more) {
  Strings arguments = {
      "place", small_block().netlist, "--plc", plc, "--policy", "none", "--mode", "grid", "-q"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  RunResult run = run_tessera(arguments);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  return run;
}

/// The same, greedily; reads the result back.
PlcFile place_and_read(const std::string& plc, Strings more) {
  const std::string out = scratch_dir("place_and_read") / "out.plc";
  for (const char* const argument : {"--effort", "zero-shot", "-o"}) {
    more.push_back(argument);
  }
  more.push_back(out);
  place(plc, more);
  return netlist_io::read_plc(out, small_block().parsed);
}

Canvas canvas_of(const PlcHeader& header) {
  Canvas canvas;
  canvas.width = *header.width;
  canvas.height = *header.height;
  canvas.grid = {*header.cols, *header.rows};
  canvas.blockages = header.blockages;
  return canvas;
}

cost::CostOptions cost_options_of(const PlcHeader& header) {
  cost::CostOptions options;
  options.routes = *header.routes;
  options.macro_routes = *header.macro_routes;
  options.smooth_range = static_cast<int>(header.smoothing_factor.value_or(0.0));
  return options;
}

/// What the library makes of the same work: the best episode.
placer::Episode place_by_library(const Canvas& canvas,
                                 const Placement& start,
                                 const placer::MacroProblemOptions& options,
                                 std::size_t count) {
  const placer::MacroProblem problem(small_block().parsed, canvas, start, options);
  placer::EpisodesOptions episodes;
  episodes.count = count;
  episodes.first = placer::Decoding::kSample;
  return placer::run_episodes(problem, placer::UniformPolicy(), episodes).best;
}

/// The small block's initial placement as a file, changed.
template <typename Change>
std::string changed_plc(const std::string& name, Change&& change) {
  const SmallBlock& block = small_block();
  PlcFile plc = block.initial;
  change(plc);
  const std::string path = scratch_dir(name) / "initial.plc";
  write_text(path, netlist_io::format_plc(block.parsed, plc.header, plc.placement));
  return path;
}

/// Turns the placement of the macros by 180 degrees: still legal, and no macro is where a greedy
/// episode, which fills the canvas from the lower left like the generator, would put it.
void turn_round(PlcFile& plc) {
  for (std::size_t i = 0; i < plc.placement.size(); ++i) {
    if (small_block().parsed.is_macro(NodeId(i))) {
      plc.placement.x[i] = *plc.header.width - plc.placement.x[i];
      plc.placement.y[i] = *plc.header.height - plc.placement.y[i];
    }
  }
}

/// Turns the placement round, then fixes two hard macros and a cluster.
void fix_some(PlcFile& plc) {
  const SmallBlock& block = small_block();
  turn_round(plc);
  Placement& placement = plc.placement;
  placement.fixed[block.parsed.hard_macros()[2].index()] = 1;
  placement.fixed[block.parsed.hard_macros()[7].index()] = 1;
  placement.fixed[block.parsed.soft_macros()[4].index()] = 1;
}

/// Pairs of hard macros closer than the gap on both axes, and hard macros off the cell centres.
std::size_t count_violations(const PlcFile& plc, double gap_x, double gap_y) {
  constexpr double kRounding = 1e-9;
  const netlist_io::Netlist& netlist = small_block().parsed;
  const Canvas canvas = canvas_of(plc.header);
  std::size_t violations = 0;
  for (const NodeId macro : netlist.hard_macros()) {
    const Rect a = plc.placement.box(netlist, macro);
    const double col = plc.placement.x[macro.index()] / canvas.cell_width() - 0.5;
    const double row = plc.placement.y[macro.index()] / canvas.cell_height() - 0.5;
    violations += std::abs(col - std::round(col)) > kRounding ? 1 : 0;
    violations += std::abs(row - std::round(row)) > kRounding ? 1 : 0;
    for (const NodeId other : netlist.hard_macros()) {
      const Rect b = plc.placement.box(netlist, other);
      const bool near = a.x0 < b.x1 + gap_x - kRounding && b.x0 < a.x1 + gap_x - kRounding &&
                        a.y0 < b.y1 + gap_y - kRounding && b.y0 < a.y1 + gap_y - kRounding;
      violations += macro < other && near ? 1 : 0;
    }
  }
  return violations;
}

}  // namespace

TEST_CASE("place prints one JSON document with the fields that are promised") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("place_json") / "out.plc";
  const RunResult run = place(
      block.plc, {"--effort", "zero-shot", "--seed", "3", "--threads", "1", "--json", "-o", out});
  CHECK(run.err.empty());
  const json report = json::parse(run.out);
  CHECK(report["schema_version"] == 1);
  CHECK(report["command"] == "place");
  CHECK(report["design"]["hard_macros"] == 12);
  CHECK(report["design"]["grid"] == json{*block.initial.header.cols, *block.initial.header.rows});
  CHECK(report["weights"]["density"] == 0.5);
  CHECK(report["legal"] == true);
  CHECK(report["overlaps"] == 0);
  CHECK(report["outside"] == 0);
  CHECK(report["seed"] == 3);
  CHECK(report["threads"] == 1);
  CHECK(report["time_s"]["total"].get<double>() >= report["time_s"]["read"].get<double>());
  CHECK(report["outputs"] == json{out});
  CHECK(report["mode"] == "grid");
  CHECK(report["policy"] == "none");
  CHECK(report["episodes"] == 1);
  CHECK(report["time_s"]["refine"] == 0.0);
  REQUIRE(report["stages"].size() == 2);
  CHECK(report["stages"][0]["name"] == "policy");
  CHECK(report["stages"][1]["name"] == "gradient");
  CHECK(report["stages"][1]["proxy"] == report["cost"]["proxy"]);
  CHECK(report["cost"]["proxy_jittered"].get<double>() ==
        doctest::Approx(report["cost"]["proxy"].get<double>()).epsilon(0.05));
  REQUIRE(report["inputs"].size() == 2);
  CHECK(report["inputs"][0]["path"] == block.netlist);
  CHECK(report["inputs"][0]["sha256"] == netlist_io::sha256_hex_of_file(block.netlist));
  CHECK(report["inputs"][1]["sha256"] == netlist_io::sha256_hex_of_file(block.plc));
  SUBCASE("the placement written has exactly the cost printed") {
    const RunResult cost = run_tessera({"cost", block.netlist, "--plc", out, "--json"});
    REQUIRE(cost.exit_code == 0);
    const json again = json::parse(cost.out);
    for (const char* const part : {"proxy", "wirelength", "density", "congestion", "hpwl_um"}) {
      CHECK(again["cost"][part] == report["cost"][part]);
    }
    CHECK(again["legal"] == true);
  }
}

TEST_CASE("place does what the library does, with macros at cell centres") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("place_library") / "out.plc";
  Strings flags = {"--samples", "16", "-o", out};
  placer::MacroProblemOptions options;
  options.cluster_solver = placer::ClusterSolver::kGradient;
  SUBCASE("clusters by gradient") {}
  SUBCASE("clusters by the published schedule") {
    flags.insert(flags.end(), {"--cluster-placer", "circuit-training"});
    options.cluster_solver = placer::ClusterSolver::kForceDirected;
  }
  place(block.plc, flags);
  const PlcFile result = netlist_io::read_plc(out, block.parsed);
  options.cost = cost_options_of(block.initial.header);
  const placer::Episode expected =
      place_by_library(canvas_of(block.initial.header), block.initial.placement, options, 16);
  CHECK(result.placement.x == expected.placement.x);
  CHECK(result.placement.y == expected.placement.y);
  CHECK(count_violations(result, 0.0, 0.0) == 0);
  CHECK(placer::check_legality(
            block.parsed, canvas_of(result.header), result.placement, block.initial.placement)
            .legal());
}

TEST_CASE("place writes the same bytes whatever the number of threads") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("place_threads");
  for (const std::string threads : {"1", "2", "3"}) {
    place(block.plc,
          {"--samples",
           "20",
           "--threads",
           threads,
           "-o",
           folder / (threads + ".plc"),
           "-o",
           folder / (threads + ".svg")});
  }
  for (const char* const ending : {".plc", ".svg"}) {
    const std::string one = read_text(folder / ("1" + std::string(ending)));
    CHECK_FALSE(one.empty());
    CHECK(one == read_text(folder / ("2" + std::string(ending))));
    CHECK(one == read_text(folder / ("3" + std::string(ending))));
  }
}

TEST_CASE("place uses no position of a movable node") {
  const SmallBlock& block = small_block();
  const std::string initial = changed_plc("place_from", [](PlcFile& plc) { fix_some(plc); });
  const std::string scrambled = changed_plc("place_scrambled", [](PlcFile& plc) {
    fix_some(plc);
    netlist_io::Rng rng(5);
    for (std::size_t i = 0; i < plc.placement.size(); ++i) {
      if (plc.placement.fixed[i] == 0) {
        plc.placement.x[i] = rng.uniform(-50.0, 500.0);
        plc.placement.y[i] = rng.uniform(-50.0, 500.0);
      }
    }
  });
  // The netlist's own positions are scrambled as well.
  netlist_io::NetlistRecords records = block.parsed.records();
  netlist_io::Rng rng(6);
  for (netlist_io::NodeRecord& node : records.nodes) {
    if (node.kind != netlist_io::NodeKind::kPort) {
      node.x = rng.uniform(-50.0, 500.0);
      node.y = rng.uniform(-50.0, 500.0);
    }
  }
  const fs::path folder = scratch_dir("place_scrambled_out");
  const std::string netlist = folder / "scrambled.pb.txt";
  netlist_io::write_netlist(netlist_io::Netlist(std::move(records)), netlist);
  place(initial, {"--samples", "4", "-o", folder / "a.plc"});
  place(scrambled, {"--samples", "4", "-o", folder / "b.plc"});
  const RunResult run = run_tessera({"place",
                                     netlist,
                                     "--plc",
                                     scrambled,
                                     "--policy",
                                     "none",
                                     "--samples",
                                     "4",
                                     "-o",
                                     folder / "c.plc"});
  CHECK(run.exit_code == 0);
  const std::string expected = read_text(folder / "a.plc");
  CHECK_FALSE(expected.empty());
  CHECK(expected == read_text(folder / "b.plc"));
  CHECK(expected == read_text(folder / "c.plc"));
}

TEST_CASE("place keeps fixed nodes, the fixed column and the constants of the header") {
  const SmallBlock& block = small_block();
  const std::string initial = changed_plc("place_keep", [](PlcFile& plc) {
    fix_some(plc);
    plc.header.routes = {{10.25, 12.5}};
    plc.header.macro_routes = {{5.0, 6.0}};
    plc.header.smoothing_factor = 2.0;
    plc.header.overlap_threshold = 0.004;
    plc.header.project = "tests";
    plc.header.block = "kept";
    plc.header.blockages = {{{0.0, 0.0, 5.0, 5.0}, 0.1}};
  });
  const PlcFile before = netlist_io::read_plc(initial, block.parsed);
  const PlcFile after = place_and_read(initial, {});
  CHECK(after.placement.fixed == before.placement.fixed);
  for (std::size_t i = 0; i < before.placement.size(); ++i) {
    if (before.placement.fixed[i] != 0) {
      CAPTURE(i);
      CHECK(after.placement.x[i] == before.placement.x[i]);
      CHECK(after.placement.y[i] == before.placement.y[i]);
    }
  }
  const std::size_t movable = block.parsed.hard_macros()[0].index();
  CHECK(after.placement.x[movable] != before.placement.x[movable]);
  const PlcHeader& header = after.header;
  CHECK(header.cols == before.header.cols);
  CHECK(header.rows == before.header.rows);
  CHECK(header.width == before.header.width);
  CHECK(header.height == before.header.height);
  CHECK(header.routes->horizontal == 10.25);
  CHECK(header.routes->vertical == 12.5);
  CHECK(header.macro_routes->horizontal == 5.0);
  CHECK(header.macro_routes->vertical == 6.0);
  CHECK(header.smoothing_factor == 2.0);
  CHECK(header.overlap_threshold == 0.004);
  CHECK(header.project == "tests");
  CHECK(header.block == "kept");
  REQUIRE(header.blockages.size() == 1);
  CHECK(header.blockages[0].rect.x1 == 5.0);
  CHECK(header.blockages[0].rate == 0.1);
}

TEST_CASE("a written placement holds no path, date, duration or thread count") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("place_contents");
  fs::create_directories(folder / "deeper");
  place(block.plc, {"--samples", "2", "-o", folder / "a.plc"});
  place(block.plc, {"--samples", "2", "--threads", "2", "-o", folder / "deeper" / "b.plc"});
  const std::string text = read_text(folder / "a.plc");
  CHECK(text == read_text(folder / "deeper" / "b.plc"));
  CHECK_FALSE(contains(text, folder.string()));
  CHECK_FALSE(contains(text, block.netlist));
}

TEST_CASE("halo and channel keep hard macros apart") {
  const SmallBlock& block = small_block();
  // Without them, macros of the greedy episode stand closer.
  CHECK(count_violations(place_and_read(block.plc, {}), 6.0, 4.0) > 0);
  CHECK(count_violations(place_and_read(block.plc, {"--halo", "3,2"}), 6.0, 4.0) == 0);
  CHECK(count_violations(place_and_read(block.plc, {"--halo", "3"}), 6.0, 6.0) == 0);
  CHECK(count_violations(place_and_read(block.plc, {"--channel", "6,4"}), 6.0, 4.0) == 0);
}

TEST_CASE("a macro that --fix names stays where the input has it") {
  const SmallBlock& block = small_block();
  const std::string plc = changed_plc("place_fix", turn_round);
  const Placement before = netlist_io::read_plc(plc, block.parsed).placement;
  const NodeId macro = block.parsed.hard_macros()[5];
  const std::string& name = block.parsed.name(macro);
  const std::size_t i = macro.index();
  const PlcFile fixed = place_and_read(plc, {"--fix", name});
  CHECK(fixed.placement.x[i] == before.x[i]);
  CHECK(fixed.placement.y[i] == before.y[i]);
  CHECK(fixed.placement.fixed == before.fixed);
  CHECK(count_violations(fixed, 0.0, 0.0) == 0);
  SUBCASE("the whole name must match") {
    const std::string part = name.substr(1);
    const RunResult run = run_tessera({"place",
                                       block.netlist,
                                       "--plc",
                                       plc,
                                       "--fix",
                                       part,
                                       "-o",
                                       scratch_dir("place_fix_part") / "out.plc"});
    CHECK(run.exit_code == 2);
    CHECK(contains(run.err, "--fix \"" + part + "\" matches no hard macro"));
  }
  SUBCASE("all of them") {
    const PlcFile all = place_and_read(plc, {"--fix", ".*"});
    for (const NodeId other : block.parsed.hard_macros()) {
      CHECK(all.placement.x[other.index()] == before.x[other.index()]);
      CHECK(all.placement.y[other.index()] == before.y[other.index()]);
    }
  }
}

TEST_CASE("order, position prior, grid, canvas and weights reach the library") {
  const SmallBlock& block = small_block();
  Canvas canvas = canvas_of(block.initial.header);
  placer::MacroProblemOptions options;
  options.cluster_solver = placer::ClusterSolver::kGradient;
  options.cost = cost_options_of(block.initial.header);
  Strings flags;
  SUBCASE("order") {
    flags = {"--order", "connectivity"};
    options.order = placer::MacroOrder::kConnectivity;
  }
  SUBCASE("prior") {
    flags = {"--position-prior", "centre"};
    options.prior = placer::PositionPrior::kCanvasCentre;
  }
  SUBCASE("analytic prior") {
    flags = {"--position-prior", "analytic"};
    options.prior = placer::PositionPrior::kAnalytic;
  }
  SUBCASE("grid") {
    flags = {"--grid", "25x40"};
    canvas.grid = {25, 40};
  }
  SUBCASE("canvas") {
    flags = {"--canvas", "500.5x600"};
    canvas.width = 500.5;
    canvas.height = 600.0;
  }
  SUBCASE("weights") {
    flags = {"--weights", "0.5,2,0.125"};
    options.cost.weights = {0.5, 2.0, 0.125};
  }
  SUBCASE("constants of the congestion") {
    flags = {"--routes", "20,30", "--macro-routes", "4,5", "--smooth-range", "2"};
    options.cost.routes = {20.0, 30.0};
    options.cost.macro_routes = {4.0, 5.0};
    options.cost.smooth_range = 2;
  }
  CAPTURE(flags);
  const std::string out = scratch_dir("place_flags") / "out.plc";
  for (const std::string argument : {"--samples", "12", "--json", "-o", out.c_str()}) {
    flags.push_back(argument);
  }
  const json report = json::parse(place(block.plc, flags).out);
  const PlcFile result = netlist_io::read_plc(out, block.parsed);
  const placer::Episode expected = place_by_library(canvas, block.initial.placement, options, 12);
  CHECK(report["cost"]["proxy"] == expected.cost.proxy);
  CHECK(report["best_episode"] == expected.index);
  CHECK(result.placement.x == expected.placement.x);
  CHECK(result.placement.y == expected.placement.y);
  // The values in force are in the header written.
  CHECK(result.header.cols == canvas.grid.cols);
  CHECK(result.header.rows == canvas.grid.rows);
  CHECK(result.header.width == canvas.width);
  CHECK(result.header.routes->horizontal == options.cost.routes.horizontal);
  CHECK(result.header.macro_routes->vertical == options.cost.macro_routes.vertical);
  CHECK(result.header.smoothing_factor == options.cost.smooth_range);
}

TEST_CASE("another seed samples other placements") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("place_seed");
  const auto best = [&](const std::string& seed) {
    const RunResult run =
        place(block.plc, {"--samples", "30", "--seed", seed, "--json", "-o", folder / "out.plc"});
    return json::parse(run.out)["cost"]["proxy"].get<double>();
  };
  CHECK(best("1") != best("2"));
}

TEST_CASE("without a .plc a grid is selected") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("place_no_plc") / "out.plc";
  const RunResult run = run_tessera({"place",
                                     block.netlist,
                                     "--policy",
                                     "none",
                                     "--effort",
                                     "zero-shot",
                                     "--max-grid-cells",
                                     "600",
                                     "--json",
                                     "-o",
                                     out});
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  const json report = json::parse(run.out);
  const int cells = report["design"]["grid"][0].get<int>() * report["design"]["grid"][1].get<int>();
  CHECK(cells >= 500);
  CHECK(cells <= 600);
  const double side = std::sqrt(block.parsed.total_area() / 0.6);
  CHECK(report["design"]["canvas_um"][0].get<double>() == doctest::Approx(side));
  CHECK(report["legal"] == true);
}

TEST_CASE("place writes netlists and drawings of the result, compressed where the name says so") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("place_formats");
  place(block.plc,
        {"--effort",
         "zero-shot",
         "-o",
         folder / "r.plc",
         "-o",
         folder / "r.plc.gz",
         "-o",
         folder / "r.pb.txt",
         "-o",
         folder / "r.pb.txt.gz",
         "-o",
         folder / "r.svg"});
  const PlcFile plain = netlist_io::read_plc(folder / "r.plc", block.parsed);
  const PlcFile packed = netlist_io::read_plc(folder / "r.plc.gz", block.parsed);
  CHECK(packed.placement.x == plain.placement.x);
  CHECK(read_text(folder / "r.plc.gz").substr(0, 2) == "\x1f\x8b");
  for (const char* const name : {"r.pb.txt", "r.pb.txt.gz"}) {
    const auto netlist = netlist_io::read_netlist(Strings{folder / name}).netlist;
    REQUIRE(netlist.num_nodes() == block.parsed.num_nodes());
    const Placement placement(netlist);
    CHECK(placement.x == plain.placement.x);
    CHECK(placement.y == plain.placement.y);
  }
  const std::string svg = read_text(folder / "r.svg");
  CHECK(contains(svg, "<svg"));
  CHECK(contains(svg, "</svg>"));
  CHECK(contains(svg, block.parsed.name(block.parsed.hard_macros()[0])));
}

TEST_CASE("an output may take the place of an input, whose digest is still reported") {
  const std::string plc = changed_plc("place_in_place", [](PlcFile&) {});
  const std::string before = netlist_io::sha256_hex_of_file(plc);
  const RunResult run = place(plc, {"--effort", "zero-shot", "--json", "-o", plc});
  CHECK(json::parse(run.out)["inputs"][1]["sha256"] == before);
  CHECK(netlist_io::sha256_hex_of_file(plc) != before);
}

TEST_CASE("an output for which there is no room stays as it was, and the others are written") {
  if (kThreadSanitizer) {
    report_skip("ThreadSanitizer itself needs larger files");
    return;
  }
  const fs::path folder = scratch_dir("place_no_room");
  const fs::path large = folder / "a.pb.txt";
  const fs::path small = folder / "b.plc";
  fs::remove(small);
  write_text(large, "earlier");
  // 64 blocks of 512 bytes, as the shell counts them.
  const RunResult run = run_program("/bin/sh",
                                    {"-c",
                                     "ulimit -f 64; exec \"$@\"",
                                     "sh",
                                     TESSERA_BINARY,
                                     "place",
                                     small_block().netlist,
                                     "--effort",
                                     "zero-shot",
                                     "--policy",
                                     "spiral",
                                     "-q",
                                     "-o",
                                     large.string(),
                                     "-o",
                                     small.string()});
  CHECK(run.exit_code == 1);
  CHECK(contains(run.err, large.string() + ": cannot be written: File too large"));
  CHECK(read_text(large) == "earlier");
  CHECK(fs::exists(small));
  CHECK(std::distance(fs::directory_iterator(folder), {}) == 2);  // no temporary file is left
}

TEST_CASE("a folder that may not be written to is noticed before the work") {
  const fs::path folder = scratch_dir("place_read_only");
  fs::permissions(folder, fs::perms::owner_exec | fs::perms::others_exec);
  // Permissions do not hold for root: somebody else tries.
  fs::permissions(folder.parent_path(), fs::perms::others_exec, fs::perm_options::add);
  std::string command = geteuid() == 0 ? "exec setpriv --reuid 65534 --clear-groups" : "exec";
  command += " \"$@\"";
  const RunResult run = run_program("/bin/sh",
                                    {"-c",
                                     command,
                                     "sh",
                                     TESSERA_BINARY,
                                     "place",
                                     "/nowhere.pb.txt",
                                     "-o",
                                     (folder / "out.plc").string()});
  fs::permissions(folder, fs::perms::owner_all);
  if (run.exit_code == 126 || run.exit_code == 127) {
    MESSAGE("skipped: " << run.err);
    return;
  }
  CHECK(run.exit_code == 1);
  CHECK(contains(run.err, "cannot be written: " + folder.string() + ": Permission denied"));
}

TEST_CASE("fixed macros that overlap make the result illegal, which exits with 4") {
  const SmallBlock& block = small_block();
  const std::string plc = changed_plc("place_overlap", [&block](PlcFile& file) {
    const std::size_t a = block.parsed.hard_macros()[0].index();
    const std::size_t b = block.parsed.hard_macros()[1].index();
    file.placement.fixed[a] = file.placement.fixed[b] = 1;
    file.placement.x[b] = file.placement.x[a];
    file.placement.y[b] = file.placement.y[a];
  });
  const RunResult run = run_tessera({"place",
                                     block.netlist,
                                     "--plc",
                                     plc,
                                     "--policy",
                                     "none",
                                     "--effort",
                                     "zero-shot",
                                     "-q",
                                     "--json",
                                     "-o",
                                     scratch_dir("place_overlap_out") / "out.plc"});
  CHECK(run.exit_code == 4);
  CHECK(contains(run.err, "not legal"));
  const json report = json::parse(run.out);
  CHECK(report["legal"] == false);
  CHECK(report["overlaps"] == 1);
}

TEST_CASE("macros that cannot all be packed exit with 4 before anything is written") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("place_infeasible");
  Strings arguments = {"place",
                       block.netlist,
                       "--plc",
                       block.plc,
                       "--policy",
                       "none",
                       "--halo",
                       "60",
                       "-o",
                       folder / "out.plc"};
  const char* message = nullptr;
  SUBCASE("on the grid") {
    arguments.insert(arguments.end(), {"--effort", "zero-shot"});
    message = "no legal placement of the 12 movable hard macros";
  }
  SUBCASE("anywhere") {
    arguments.insert(arguments.end(), {"--evals", "1000"});
    message = "the 12 movable hard macros need";
  }
  const RunResult run = run_tessera(arguments);
  CHECK(run.exit_code == 4);
  CHECK(contains(run.err, message));
  CHECK(run.out.empty());
  CHECK(fs::is_empty(folder));
}

TEST_CASE("a benchmark block is placed legally from any input") {
  TESSERA_REQUIRE_BENCHMARKS(folder);
  const fs::path block = folder / "clustered" / "ng45_ariane133";
  const fs::path out = scratch_dir("place_benchmark");
  for (const std::string start : {"initial", "perturbed_1"}) {
    const RunResult run = run_tessera({"place",
                                       block / "netlist.pb.txt.gz",
                                       "--plc",
                                       block / (start + ".plc"),
                                       "--policy",
                                       "none",
                                       "--effort",
                                       "zero-shot",
                                       "--json",
                                       "-o",
                                       out / (start + ".plc")});
    REQUIRE(run.exit_code == 0);
    CHECK(json::parse(run.out)["legal"] == true);
  }
  CHECK(read_text(out / "initial.plc") == read_text(out / "perturbed_1.plc"));
}

}  // namespace tessera::testing
