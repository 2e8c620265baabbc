#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <fstream>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/placer/flat_builder.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

#include "netlist_io/netlist.h"
#include "netlist_io/netlist_file.h"

namespace {

using nlohmann::json;
using tessera::testing::contains;
using tessera::testing::read_text;
using tessera::testing::run_tessera;
using tessera::testing::RunResult;
using tessera::testing::scratch_dir;
using tessera::testing::write_text;

/// A flat netlist of some thousand cells and a dozen memories, the same for all cases.
const std::string& flat_netlist() {
  static const std::string path = [] {
    const std::filesystem::path folder = scratch_dir("flat_place_netlist");
    const RunResult made = run_tessera({"generate",
                                        "-o",
                                        folder,
                                        "--recipe",
                                        "large-memories",
                                        "--cells",
                                        "3000",
                                        "--macros",
                                        "12",
                                        "--flat",
                                        "--json"});
    REQUIRE(made.exit_code == 0);
    return json::parse(made.out)["outputs"][0].get<std::string>();
  }();
  return path;
}

RunResult place(const std::string& output, const std::vector<std::string>& more) {
  std::vector<std::string> arguments = {
      "place", flat_netlist(), "-o", output, "--policy", "none", "--evals", "2000", "--json"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return run_tessera(arguments);
}

TEST_CASE("the flat netlist chooses among placements of its macros and says which") {
  const std::filesystem::path folder = scratch_dir("flat_place");
  const RunResult placed = place(folder / "a.plc", {"--flat-trials", "2"});
  REQUIRE(placed.exit_code == 0);
  const json document = json::parse(placed.out);
  CHECK(document["legal"] == true);
  const json& flat = document["flat"];
  CHECK(flat["made"] == 2);
  CHECK(flat["quota"] == 2);
  REQUIRE(flat["trials"].size() == 3);
  CHECK(flat["trials"][0]["name"] == "clusters");
  double least = 1e30;
  std::string winner;
  for (const json& trial : flat["trials"]) {
    if (trial["legal"] == true && trial["scaled_hpwl_um"] < least) {
      least = trial["scaled_hpwl_um"];
      winner = trial["name"];
    }
  }
  CHECK(flat["scaled_hpwl_um"] == least);
  CHECK(flat["winner"] == winner);
  CHECK(document["stages"].back()["name"] == "flat netlist");
  CHECK(document["stages"].back()["proxy"] == document["cost"]["proxy"]);
  CHECK(contains(placed.err, "refinement 1"));
}

TEST_CASE(
    "the choice by the flat netlist does not depend on threads; the proxy can decide instead") {
  const std::filesystem::path folder = scratch_dir("flat_place_threads");
  REQUIRE(place(folder / "a.plc", {"--flat-trials", "2", "--threads", "1"}).exit_code == 0);
  REQUIRE(place(folder / "b.plc", {"--flat-trials", "2", "--threads", "3"}).exit_code == 0);
  CHECK(read_text(folder / "a.plc") == read_text(folder / "b.plc"));
  const RunResult proxy = place(folder / "c.plc", {"--objective", "proxy"});
  REQUIRE(proxy.exit_code == 0);
  const json document = json::parse(proxy.out);
  CHECK_FALSE(document.contains("flat"));
  CHECK(read_text(folder / "a.plc") != read_text(folder / "c.plc"));
  const RunResult grid = place(folder / "d.plc", {"--mode", "grid"});
  REQUIRE(grid.exit_code == 0);
  CHECK_FALSE(json::parse(grid.out).contains("flat"));
}

TEST_CASE("spacing and density cap reach the choice by the flat netlist; bad values are refused") {
  const std::filesystem::path folder = scratch_dir("flat_place_flags");
  const auto flat_of = [&](const std::vector<std::string>& more) {
    const RunResult placed = place(folder / "a.plc", more);
    REQUIRE(placed.exit_code == 0);
    const json document = json::parse(placed.out);
    CHECK(document["legal"] == true);
    return document["flat"];
  };
  const json usual = flat_of({"--flat-trials", "1"});
  const json dense = flat_of({"--flat-trials", "1", "--density-cap", "0.95"});
  CHECK(dense["density_cap"] == 0.95);
  CHECK(dense["hpwl_um"] != usual["hpwl_um"]);
  CHECK(flat_of({"--flat-trials", "1", "--halo", "3"})["hpwl_um"] != usual["hpwl_um"]);
  CHECK(place(folder / "c.plc", {"--density-cap", "1.5"}).exit_code == 2);
  CHECK(place(folder / "c.plc", {"--objective", "beauty"}).exit_code == 2);
}

TEST_CASE("where the cells have no room beside the macros, the proxy decides, with a warning") {
  const std::filesystem::path folder = scratch_dir("flat_place_no_room");
  tessera::testing::FlatBuilder builder;
  const auto macro = builder.macro(10.0, 10.0, 20.0, 20.0);
  for (int net = 0; net < 6; ++net) {  // 3300 um^2 of cells, and 3200 are free
    std::vector<tessera::testing::FlatBuilder::Vertex> sinks = {builder.pin(macro)};
    for (int i = 0; i < 55; ++i) {
      sinks.push_back(builder.cell(25.0, 25.0, 10.0, 1.0));
    }
    builder.connect(builder.port(0.0, 5.0 + 10.0 * net), sinks);
  }
  const std::string netlist = folder / "full.pb.txt";
  write_text(netlist, format_netlist(builder.build()));
  const RunResult placed = run_tessera({"place",
                                        netlist,
                                        "-o",
                                        folder / "a.plc",
                                        "--canvas",
                                        "60x60",
                                        "--policy",
                                        "none",
                                        "--evals",
                                        "100",
                                        "--flat-trials",
                                        "1",
                                        "--json"});
  CAPTURE(placed.err);
  CHECK(contains(placed.err, "the proxy alone decides, the flat netlist cannot: "));
  CHECK(contains(placed.err, "cells of 103.125"));
  const json document = json::parse(placed.out);
  CHECK(document["overlaps"] == 0);
  CHECK(contains(document["flat"]["failed"].get<std::string>(), "cannot be placed"));
}

/// Of a running process; 0 if it has ended.
int num_threads(pid_t process) {
  std::ifstream status("/proc/" + std::to_string(process) + "/status");
  std::string line;
  while (std::getline(status, line)) {
    if (line.starts_with("Threads:")) {
      return std::stoi(line.substr(8));
    }
  }
  return 0;
}

TEST_CASE("one thread asked for is one thread, in the libraries, too") {
  // Large enough for Eigen to share its products among threads, if it may.
  const std::filesystem::path folder = scratch_dir("flat_one_thread");
  REQUIRE(run_tessera({"generate",
                       "-o",
                       folder,
                       "--name",
                       "f",
                       "--recipe",
                       "large-memories",
                       "--cells",
                       "8000",
                       "--flat"})
              .exit_code == 0);
  int most = 0;
  const RunResult run = run_tessera(
      {"cluster", folder / "f.pb.txt.gz", "-o", folder / "out.pb.txt.gz", "--threads", "1"},
      [&most](pid_t process, const std::string&) { most = std::max(most, num_threads(process)); });
  CHECK(run.exit_code == 0);
  CHECK(most == 1);
}

TEST_CASE("cluster takes the cells' positions of the input, or finds its own") {
  const std::filesystem::path folder = scratch_dir("cluster_positions");
  const std::string source = flat_netlist();
  const tessera::netlist_io::NetlistFile file =
      tessera::netlist_io::read_netlist(std::span(&source, 1));
  tessera::netlist_io::NetlistRecords records = file.netlist.records();
  for (std::size_t i = 0; i < records.nodes.size(); ++i) {
    records.nodes[i].x = static_cast<double>(i % 97);
    records.nodes[i].y = static_cast<double>(i % 89);
  }
  const std::string placed = folder / "placed.pb.txt";
  write_text(placed, format_netlist(tessera::netlist_io::Netlist(std::move(records))));
  const auto positions_of = [&](const std::vector<std::string>& more) {
    std::vector<std::string> arguments = {"cluster", placed, "-o", folder / "c.pb.txt", "--json"};
    arguments.insert(arguments.end(), more.begin(), more.end());
    const RunResult run = run_tessera(arguments);
    REQUIRE(run.exit_code == 0);
    return json::parse(run.out)["positions"];
  };
  CHECK(positions_of({}) == "input");
  CHECK(positions_of({"--positions", "analytic"}) == "analytic");
}

}  // namespace
