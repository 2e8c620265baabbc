// tessera cost --flat: JSON, macros from another netlist, the canvas, threads, errors.

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <numeric>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"

namespace tessera::testing {
namespace {

using netlist_io::Netlist;
using netlist_io::NetlistRecords;
using netlist_io::NodeId;
using netlist_io::NodeRecord;
using netlist_io::Placement;
using nlohmann::json;
using Strings = std::vector<std::string>;

constexpr int kMacros = 8;

/// A generated block of standard cells, and a legal placement of its macros in a clustered netlist.
struct FlatBlock {
  std::filesystem::path folder;
  std::string flat;       ///< netlist of cells, with the canvas in comments
  std::string clustered;  ///< netlist of clusters
  std::string plc;        ///< of `clustered`
  netlist_io::NetlistFile parsed;

  std::string macros_from() const { return clustered + "," + plc; }
};

const FlatBlock& flat_block() {
  static const FlatBlock block = [] {
    FlatBlock made;
    made.folder = scratch_dir("flat_cost");
    const auto generate = [&](const Strings& more) {
      Strings arguments = {"generate", "-o", made.folder, "--recipe", "large-memories"};
      arguments.insert(arguments.end(), {"--cells", "1000", "--macros", std::to_string(kMacros)});
      arguments.insert(arguments.end(), more.begin(), more.end());
      REQUIRE(run_tessera(arguments).exit_code == 0);
    };
    generate({"--name", "cells", "--flat"});
    generate({"--name", "clusters"});
    made.flat = made.folder / "cells.pb.txt.gz";
    made.clustered = made.folder / "clusters.pb.txt.gz";
    made.plc = made.folder / "clusters.plc";
    made.parsed = netlist_io::read_netlist(std::vector{made.flat});
    return made;
  }();
  return block;
}

RunResult run_flat(const std::string& netlist, const Strings& more) {
  Strings arguments = {"cost", netlist, "--flat", "--threads", "1"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tessera(arguments);
}

json flat_cost(const std::string& netlist, Strings more) {
  more.push_back("--json");
  const RunResult run = run_flat(netlist, more);
  CAPTURE(run.err);
  REQUIRE(run.exit_code == 0);
  CHECK(run.err.empty());
  return json::parse(run.out);
}

/// What depends neither on the machine nor on which files tell the same.
json without_times(json document) {
  document.erase("time_s");
  document["flat"].erase("time_s");
  document["flat"]["rows"].erase("time_s");
  document.erase("threads");
  document.erase("options");
  document.erase("inputs");
  return document;
}

/// A legal placement of the macros of the flat block, and the cells where its netlist has them.
Placement legal_placement(const FlatBlock& block) {
  const Netlist clustered = netlist_io::read_netlist(std::vector{block.clustered}).netlist;
  const Placement source = netlist_io::read_plc(block.plc, clustered).placement;
  Placement placement(block.parsed.netlist);
  for (const NodeId macro : block.parsed.netlist.hard_macros()) {
    const NodeId from = clustered.find_node(block.parsed.netlist.name(macro)).value();
    placement.x[macro.index()] = source.x[from.index()];
    placement.y[macro.index()] = source.y[from.index()];
    placement.orientation[macro.index()] = source.orientation[from.index()];
  }
  return placement;
}

/// `NETLIST,PLC` of a netlist of nothing but the hard macros of the block that `keep` wants, in
/// reverse order and mirrored on the right edge of the canvas, each orientation turned by 180
/// degrees.
std::string write_mirrored_macros(const FlatBlock& block,
                                  const std::string& name,
                                  const std::function<bool(std::size_t)>& keep) {
  const Netlist& netlist = block.parsed.netlist;
  const Placement placement = legal_placement(block);
  NetlistRecords records;
  for (std::size_t m = netlist.hard_macros().size(); m-- > 0;) {
    if (!keep(m)) {
      continue;
    }
    const NodeId macro = netlist.hard_macros()[m];
    NodeRecord node = netlist.node(macro);
    node.file_index = static_cast<std::uint32_t>(records.nodes.size());
    node.x = *block.parsed.header.width - placement.x[macro.index()];
    node.y = placement.y[macro.index()];
    node.orientation = netlist_io::Orientation::kS;
    records.nodes.push_back(node);
  }
  const Netlist macros(std::move(records));
  const std::string path = block.folder / (name + ".pb.txt");
  netlist_io::write_netlist(macros, path);
  write_text(block.folder / (name + ".plc"),
             netlist_io::format_plc(macros, block.parsed.header, Placement(macros)));
  return path + "," + (block.folder / (name + ".plc")).string();
}

}  // namespace

TEST_CASE("cost --flat says in its JSON how the cells went around the macros") {
  const FlatBlock& block = flat_block();
  const json cost = flat_cost(block.flat, {"--macros-from", block.macros_from()});
  CHECK(cost["legal"] == true);
  CHECK(cost["outputs"] == json::array());
  CHECK(cost["design"]["std_cells"] == 1000);
  CHECK(cost["design"]["hard_macros"] == kMacros);
  const json& flat = cost["flat"];
  CHECK(flat["hpwl_um"].get<double>() > 0.0);
  CHECK(flat["legal"] == true);
  // Legalisation costs some wire, detailed placement saves most of it again.
  CHECK(flat["legal_hpwl_um"].get<double>() ==
        doctest::Approx(flat["hpwl_um"].get<double>()).epsilon(0.1));
  CHECK(flat["rows"]["legalized_hpwl_um"] > flat["legal_hpwl_um"]);
  CHECK(flat["rows"]["mean_displacement_um"].get<double>() > 0.0);
  CHECK(flat["rows"]["max_displacement_um"] > flat["rows"]["mean_displacement_um"]);
  CHECK(flat["overflow"].get<double>() <= 0.1);
  CHECK(flat["iterations"].get<int>() >= 100);
  CHECK(flat["density_cap"] == 0.7);
  CHECK(flat["max_sinks"] == 500);
  const json& ace = flat["ace"];
  CHECK(ace["5"].get<double>() > 0.0);
  CHECK(ace["2"].get<double>() >= ace["5"].get<double>());
  CHECK(ace["1"].get<double>() >= ace["2"].get<double>());
  CHECK(ace["0.5"].get<double>() >= ace["1"].get<double>());
  CHECK(flat["edge_overflow_tracks"].get<double>() >= 0.0);
  // Wire between gcells of 10 um is about as long as the nets are.
  CHECK(flat["routed_length_um"].get<double>() ==
        doctest::Approx(flat["hpwl_um"].get<double>()).epsilon(0.5));
  CHECK(flat["tracks"] == json{{"per_um", cost["constants"]["routes_per_um"]},
                               {"macro_per_um", cost["constants"]["macro_routes_per_um"]}});
  CHECK(flat["time_s"].get<double>() > 0.0);
  CHECK_FALSE(json::parse(run_tessera({"cost", block.flat, "--json"}).out).contains("flat"));
  SUBCASE("as text, too") {
    const RunResult run = run_flat(block.flat, {"--macros-from", block.macros_from()});
    const std::size_t at = run.out.find("flat HPWL ");
    REQUIRE(at != std::string::npos);
    CHECK(std::stod(run.out.substr(at + 10)) == flat["hpwl_um"]);
    CHECK(contains(run.out, "edge use "));
    const std::size_t legal_at = run.out.find("legal HPWL ");
    REQUIRE(legal_at != std::string::npos);
    CHECK(std::stod(run.out.substr(legal_at + 11)) == flat["legal_hpwl_um"]);
  }
  SUBCASE("without rows") {
    const json loose =
        flat_cost(block.flat, {"--macros-from", block.macros_from(), "--no-legalize"});
    CHECK(loose["flat"]["hpwl_um"] == flat["hpwl_um"]);
    CHECK_FALSE(loose["flat"].contains("legal_hpwl_um"));
  }
}

TEST_CASE("cost --flat is the same for any number of threads") {
  const FlatBlock& block = flat_block();
  const std::string maps = block.folder / "threads.json";
  const Strings flags = {"--macros-from", block.macros_from(), "--maps", maps};
  const json one = flat_cost(block.flat, flags);
  const std::string maps_of_one = read_text(maps);
  Strings three_threads = flags;
  three_threads.insert(three_threads.end(), {"--threads", "3"});
  Strings arguments = {"cost", block.flat, "--flat", "--json"};
  arguments.insert(arguments.end(), three_threads.begin(), three_threads.end());
  const json three = json::parse(run_tessera(arguments).out);
  CHECK(three["threads"] == 3);
  CHECK(without_times(three) == without_times(one));
  CHECK(read_text(maps) == maps_of_one);
}

TEST_CASE("macros taken from another netlist stand where a .plc of the flat one has them") {
  const FlatBlock& block = flat_block();
  const auto all = [](std::size_t) { return true; };
  const json by_name =
      flat_cost(block.flat, {"--macros-from", write_mirrored_macros(block, "mirrored", all)});
  Placement placement = legal_placement(block);
  for (const NodeId macro : block.parsed.netlist.hard_macros()) {
    placement.x[macro.index()] = *block.parsed.header.width - placement.x[macro.index()];
    placement.orientation[macro.index()] = netlist_io::Orientation::kS;
  }
  const std::string plc = block.folder / "mirrored_flat.plc";
  const auto write_plc = [&] {
    write_text(plc, netlist_io::format_plc(block.parsed.netlist, block.parsed.header, placement));
  };
  write_plc();
  const json by_plc = flat_cost(block.flat, {"--plc", plc});
  CHECK(without_times(by_name) == without_times(by_plc));
  SUBCASE("and the macros count") {
    const json others = flat_cost(block.flat, {"--macros-from", block.macros_from()});
    CHECK(others["flat"]["hpwl_um"] != by_name["flat"]["hpwl_um"]);
  }
  SUBCASE("and where the input has the cells does not") {
    for (const NodeId cell : block.parsed.netlist.std_cells()) {
      placement.x[cell.index()] = 1.0;
      placement.y[cell.index()] = 2.0;
    }
    write_plc();
    CHECK(without_times(flat_cost(block.flat, {"--plc", plc})) == without_times(by_plc));
  }
}

TEST_CASE("the first macro that the other netlist lacks is named") {
  const FlatBlock& block = flat_block();
  const auto keep = [](std::size_t macro) { return macro != 3 && macro != 5; };
  const RunResult run =
      run_flat(block.flat, {"--macros-from", write_mirrored_macros(block, "incomplete", keep)});
  CHECK(run.exit_code == 3);
  CHECK(run.out.empty());
  const Netlist& netlist = block.parsed.netlist;
  CHECK(contains(run.err, "incomplete.pb.txt: there is no hard macro"));
  CHECK(contains(run.err, "\"" + netlist.name(netlist.hard_macros()[3]) + "\""));
}

TEST_CASE("the canvas of a flat netlist is that of its comments, unless a flag has one") {
  const FlatBlock& block = flat_block();
  const double width = std::ceil(*block.parsed.header.width) + 40.0;
  const double height = std::ceil(*block.parsed.header.height) + 90.0;
  const std::string path = block.folder / "bbox.pb.txt";
  write_text(path,
             "# FP bbox: {0.0 0.0 " + std::to_string(width) + " " + std::to_string(height) + "}\n" +
                 netlist_io::format_netlist(block.parsed.netlist));
  const std::string maps = block.folder / "canvas.json";
  const auto check = [&](const Strings& more, double expected_width, double expected_height) {
    Strings flags = {"--macros-from", block.macros_from(), "--maps", maps};
    flags.insert(flags.end(), more.begin(), more.end());
    const json cost = flat_cost(path, flags);
    CHECK(cost["design"]["canvas_um"] == json{expected_width, expected_height});
    CHECK(json::parse(read_text(maps))["grid"] ==
          json{std::lround(expected_width / 10.0), std::lround(expected_height / 10.0)});
    return cost["flat"]["hpwl_um"].get<double>();
  };
  const double by_comment = check({}, width, height);
  const double by_flag = check({"--canvas", "800x900"}, 800.0, 900.0);
  CHECK(by_comment != by_flag);
}

/// The data of a page made by `--report`.
json payload_of(const std::string& page) {
  const std::string mark = "<script type=\"application/json\" id=\"payload\">";
  const std::size_t from = page.find(mark) + mark.size();
  return json::parse(page.substr(from, page.find("</script>", from) - from));
}

TEST_CASE("the maps of cost --flat have the numbers that its report sums up") {
  const FlatBlock& block = flat_block();
  const std::string path = block.folder / "maps.json";
  const std::string page = block.folder / "maps.html";
  const json cost = flat_cost(block.flat,
                              {"--macros-from",
                               block.macros_from(),
                               "--maps",
                               path,
                               "--report",
                               page,
                               "--tracks",
                               "3,2",
                               "--macro-tracks",
                               "2.5,0.5",
                               "--density-cap",
                               "0.8"});
  CHECK(cost["outputs"] == json{path, page});
  CHECK(cost["flat"]["density_cap"] == 0.8);
  CHECK(cost["flat"]["tracks"] == json{{"per_um", {3.0, 2.0}}, {"macro_per_um", {2.5, 0.5}}});
  const json maps = json::parse(read_text(path));
  const std::size_t cols = maps["grid"][0];
  const std::size_t rows = maps["grid"][1];
  CHECK(maps["horizontal"]["shape"] == json{cols - 1, rows});
  CHECK(maps["vertical"]["shape"] == json{cols, rows - 1});
  CHECK(maps["rudy"]["shape"] == json{cols, rows});
  CHECK(maps["rudy"]["um_per_um2"].size() == cols * rows);
  std::vector<double> uses;
  double overflow = 0.0;
  for (const char* const direction : {"horizontal", "vertical"}) {
    const std::vector<double> demand = maps[direction]["demand"];
    const std::vector<double> capacity = maps[direction]["capacity"];
    const std::size_t shape_cols = maps[direction]["shape"][0];
    const std::size_t shape_rows = maps[direction]["shape"][1];
    REQUIRE(demand.size() == shape_cols * shape_rows);
    REQUIRE(capacity.size() == demand.size());
    for (std::size_t i = 0; i < demand.size(); ++i) {
      uses.push_back(demand[i] / std::max(capacity[i], 1.0));
      overflow += std::max(0.0, demand[i] - capacity[i]);
    }
  }
  std::sort(uses.rbegin(), uses.rend());
  const std::size_t top = std::max<std::size_t>(1, uses.size() / 20);
  const double mean =
      std::accumulate(uses.begin(), uses.begin() + static_cast<std::ptrdiff_t>(top), 0.0) /
      static_cast<double>(top);
  CHECK(cost["flat"]["ace"]["5"].get<double>() == doctest::Approx(mean));
  CHECK(cost["flat"]["edge_overflow_tracks"].get<double>() == doctest::Approx(overflow));
  // Free edges have all tracks of their length, those inside a macro what it leaves.
  const double edge_um = cost["design"]["canvas_um"][1].get<double>() / static_cast<double>(rows);
  const std::vector<double> capacity = maps["horizontal"]["capacity"];
  const auto [least, most] = std::minmax_element(capacity.begin(), capacity.end());
  CHECK(*most == doctest::Approx(3.0 * edge_um));
  CHECK(*least == doctest::Approx(0.5 * edge_um));

  const json shown = payload_of(read_text(page))["runs"][0];
  CHECK(shown["document"]["flat"]["hpwl_um"] == cost["flat"]["hpwl_um"]);
  CHECK(shown["flat_maps"]["grid"] == maps["grid"]);
  const std::vector<double> edges = shown["flat_maps"]["edges"];
  REQUIRE(edges.size() == cols * rows);
  CHECK(*std::max_element(edges.begin(), edges.end()) ==
        doctest::Approx(uses.front()).epsilon(1e-4));
  const double rudy_shown = shown["flat_maps"]["rudy"][cols + 1];
  CHECK(rudy_shown == doctest::Approx(maps["rudy"]["um_per_um2"][cols + 1].get<double>()));
}

TEST_CASE("cost --flat refuses what it cannot judge") {
  const FlatBlock& block = flat_block();
  const auto check = [&](const std::string& netlist, const Strings& flags, const char* message) {
    const RunResult run = run_flat(netlist, flags);
    CAPTURE(run.err);
    CHECK(run.exit_code == 2);
    CHECK(run.out.empty());
    CHECK(contains(run.err, message));
  };
  check(block.clustered, {"--plc", block.plc}, "clusters.pb.txt.gz\" has no standard cells");
  check(block.flat, {"--macros-from", block.clustered}, "--macros-from is \"");
  check(block.flat, {"--macros-from", "a.def,b.plc"}, "expected a netlist.pb.txt and its .plc");
  check(block.flat, {"--density-cap", "1.5"}, "density_cap is 1.5");
  check(block.flat, {"--tracks", "3,50"}, "horizontal tracks taken by macros");
  const RunResult alone = run_tessera({"cost", block.flat, "--macros-from", block.macros_from()});
  CHECK(alone.exit_code == 2);
  CHECK(contains(alone.err, "--flat"));
  const RunResult folder =
      run_flat(block.flat, {"--maps", block.folder / "not" / "there" / "maps.json"});
  CHECK(folder.exit_code != 0);
  CHECK(contains(folder.err, "there is no such folder"));
}

TEST_CASE("a DEF is judged with the tracks of its LEF, once all its macros have places") {
  const std::filesystem::path folder = scratch_dir("flat_cost_def");
  const std::filesystem::path example =
      std::filesystem::path(TESSERA_SOURCE_DIR) / "data" / "lefdef";
  const std::string lef = example / "small_tech.lef";
  const std::string text = read_text(example / "small.def");
  const std::string def = folder / "small.def";
  write_text(def, text);
  const RunResult unplaced = run_flat(def, {"--lef", lef});
  CHECK(unplaced.exit_code == 3);
  CHECK(contains(unplaced.err, "hard macro \"u_mem/table\" has no place"));
  write_text(def,
             replaced(text, "u_mem/table RAM32", "u_mem/table RAM32 + PLACED ( 34000 12000 ) N"));
  const json cost = flat_cost(def, {"--lef", lef});
  CHECK(cost["constants"]["routes_source"] == "lef");
  CHECK(cost["flat"]["tracks"]["per_um"] == cost["constants"]["routes_per_um"]);
  CHECK(cost["flat"]["hpwl_um"].get<double>() > 0.0);
  SUBCASE("and as a Bookshelf design") {
    const std::string aux = folder / "small.aux";
    REQUIRE(run_tessera({"convert", def, "--lef", lef, "-o", aux}).exit_code == 0);
    CHECK(flat_cost(aux, {})["flat"]["hpwl_um"].get<double>() > 0.0);
  }
}

TEST_CASE("flat HPWL ranks placements of a benchmark block as independent placers do") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  const std::filesystem::path clustered = benchmarks / "clustered" / "ng45_ariane133";
  std::vector<double> hpwl_m;
  for (const std::filesystem::path& plc :
       {clustered / "initial.plc",
        benchmarks / "flat_truth" / "ng45_ariane133.annealed.plc",
        clustered / "legalized.plc"}) {
    const std::string netlist = clustered / "netlist.pb.txt.gz";
    const json cost = flat_cost(benchmarks / "flat" / "ng45_ariane133.pb.txt.gz",
                                {"--macros-from", netlist + "," + plc.string()});
    CHECK(cost["design"]["canvas_um"] == json{1599.99, 1600.06});
    hpwl_m.push_back(cost["flat"]["hpwl_um"].get<double>() * 1e-6);
  }
  // After detailed placement by Coloquinte: 2.831, 2.995, 3.471 m.
  CHECK(hpwl_m[0] == doctest::Approx(2.831).epsilon(0.07));
  CHECK(hpwl_m[0] < hpwl_m[1]);
  CHECK(hpwl_m[1] < hpwl_m[2]);
}

TEST_CASE("the cells of a DEF go into its rows and sites") {
  const std::filesystem::path folder = scratch_dir("flat_cost_rows");
  const std::string data = std::string(TESSERA_SOURCE_DIR) + "/data/lefdef/";
  const std::string lef = data + "small_tech.lef";
  const std::string placed = folder / "placed.def";
  REQUIRE(run_tessera({"place",
                       data + "small.def",
                       "--lef",
                       lef,
                       "--policy",
                       "none",
                       "--evals",
                       "500",
                       "--flat-trials",
                       "1",
                       "-o",
                       placed})
              .exit_code == 0);
  const RunResult judged = run_tessera({"cost", placed, "--lef", lef, "--flat", "--json"});
  REQUIRE(judged.exit_code == 0);
  const json flat = json::parse(judged.out)["flat"];
  CHECK(flat["legal"] == true);
  CHECK(flat["rows"]["height_um"] == 2.0);  // most cells of the netlist, and the site, are so high
  CHECK(flat["rows"]["count"] == 21);       // from 2 um to the upper edge at 44 um
}

}  // namespace tessera::testing
