#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/rng.h"

namespace tessera::netlist_io {
namespace {

/// Ports a, b (indices 0, 1), hard macro M (2), soft macro Grp_1 (5); the rest are pins.
Netlist valid_netlist() {
  const std::string path = testing::data_dir() / "malformed" / "valid.pb.txt";
  return parse_netlist(read_file(path), path).netlist;
}

constexpr const char* kRows = "0 0 5 - 1\n1 20 5 - 0\n2 6.25 5e-1 FS 1\n5 12 4 N 0\n";

PlcHeader header_of(const std::string& text) {
  return parse_plc_header(text, "test.plc");
}

void check_same(const Placement& a, const Placement& b) {
  CHECK(a.x == b.x);
  CHECK(a.y == b.y);
  CHECK(a.orientation == b.orientation);
  CHECK(a.fixed == b.fixed);
  CHECK(a.placed == b.placed);
}

/// A placement whose coordinates have all their digits.
Placement random_placement(const Netlist& netlist, std::uint64_t seed) {
  Rng rng(seed);
  Placement placement(netlist);
  for (std::size_t i = 0; i < placement.size(); ++i) {
    placement.x[i] = rng.uniform(-1e3, 1e3);
    placement.y[i] = rng.normal() * 1e-9;
    if (netlist.is_macro(NodeId(i))) {
      placement.orientation[i] = static_cast<Orientation>(rng.below(8));
      placement.fixed[i] = static_cast<std::uint8_t>(rng.below(2));
    }
  }
  return placement;
}

}  // namespace

TEST_CASE("rows of a .plc place the nodes; ports become fixed") {
  const Netlist netlist = valid_netlist();
  const Placement placement = parse_plc(kRows, "test.plc", netlist).placement;
  CHECK(placement.x == std::vector<double>{0.0, 20.0, 6.25, 12.0});
  CHECK(placement.y == std::vector<double>{5.0, 5.0, 0.5, 4.0});
  CHECK(placement.orientation[0] == Orientation::kN);
  CHECK(placement.orientation[2] == Orientation::kFS);
  CHECK(placement.fixed == std::vector<std::uint8_t>{1, 1, 1, 0});
  CHECK(placement.placed == std::vector<std::uint8_t>{1, 1, 1, 1});
}

TEST_CASE("odd but legal .plc texts are read") {
  const Netlist netlist = valid_netlist();
  const Placement expected = parse_plc(kRows, "test.plc", netlist).placement;
  const std::vector<std::string> texts = {
      "0 0 5 - 1\r\n1 20 5 - 0\r\n2 6.25 5e-1 FS 1\r\n5 12 4 N 0\r\n",  // CRLF
      "0 0 5 - 1\n1 20 5 - 0\n2 6.25 5e-1 FS 1\n5 12 4 N 0",            // no final newline
      "\n  5\t12  4.0 N 0 \n2 6.25 .5 FS 1\n#0 1 1 N 0\n1 20 5 - 1\n 0 0 5 - 0\n",  // any order
  };
  for (const std::string& text : texts) {
    CAPTURE(text);
    check_same(parse_plc(text, "test.plc", netlist).placement, expected);
  }
}

TEST_CASE("header fields are read") {
  const std::string path = testing::data_dir() / "malformed" / "valid.plc";
  const PlcHeader header = read_plc_header(path);
  CHECK(header.cols == 4);
  CHECK(header.rows == 2);
  CHECK(header.width == 20.0);
  CHECK(header.height == 10.0);
  CHECK(header.project == "unset_project");
  CHECK(header.block == "unset_block");
  REQUIRE(header.routes.has_value());
  CHECK(header.routes->horizontal == 10.0);
  CHECK(header.routes->vertical == 12.0);
  REQUIRE(header.macro_routes.has_value());
  CHECK(header.macro_routes->horizontal == 5.0);
  CHECK(header.macro_routes->vertical == 6.0);
  CHECK(header.smoothing_factor == 2.0);
  CHECK(header.overlap_threshold == 0.004);
  REQUIRE(header.blockages.size() == 1);
  CHECK(header.blockages[0].rect.y1 == 1.0);
  CHECK(header.blockages[0].rate == 1.0);
}

TEST_CASE("fields may be absent, spaced in any way, or repeated") {
  CHECK_FALSE(header_of("").cols.has_value());
  CHECK_FALSE(header_of("# Block :\n").block.has_value());
  CHECK(header_of("#Columns:7 Rows:5\r\n").rows == 5);
  CHECK(header_of("  #  Width :  1.5e2   Height :2\n").width == 150.0);
  CHECK(header_of("# FP bbox: {0.0 0.0 4113.32 4111.28}\n").height == 4111.28);
  CHECK(header_of("# FP bbox: {0 0} {500 400}\n").width == 500.0);
  CHECK(header_of("# Width : 1  Height : 1\n# Width : 2  Height : 3\n").height == 3.0);
  CHECK(header_of("# Blockage : 0 0 1 1 1.0\n# Blockage : 2 2 3 3 0.1\n").blockages.size() == 2);
}

TEST_CASE("what only looks like a header field is none") {
  const PlcHeader header = header_of(
      "# Congestion Columns : 25  Congestion Rows : 26\n"
      "# Area (stdcell+macros) : 1447227.5\n"
      "# 90% Congestion metric: (0, 0)\n"
      "#    |0|0|0|0|0|\n"
      "#  20|6|5|5|7|8|\n"
      "# viewer_binary --canvas_width 5 --canvas_height 6 --grid_cols 7\n"
      "# the Width : of nothing\n"
      "\n"
      "# Columns : 3  Rows : 4\n"
      "0 1 2 - 1\n"
      "# Columns : 9  Rows : 9\n");
  CHECK(header.cols == 3);
  CHECK(header.rows == 4);
  CHECK_FALSE(header.width.has_value());
  CHECK(header.blockages.empty());
}

TEST_CASE("the .plc wins over the netlist, but the first blockages count") {
  PlcHeader netlist = header_of("# Width : 1  Height : 1\n# Block : a\n# Blockage : 0 0 1 1 1\n");
  const PlcHeader plc = header_of("# Width : 2  Height : 2\n# Block : b\n# Blockage : 0 0 2 2 1\n");
  const PlcHeader both = merge_headers(netlist, plc);
  CHECK(both.width == 2.0);
  CHECK(both.block == "b");
  CHECK(both.blockages[0].rect.x1 == 1.0);
  CHECK(merge_headers(netlist, PlcHeader()).width == 1.0);
  CHECK(merge_headers(PlcHeader(), plc).blockages[0].rect.x1 == 2.0);
}

TEST_CASE("a written .plc reads back to the same placement and header, bit for bit") {
  const Netlist netlist = valid_netlist();
  const std::string path = testing::data_dir() / "malformed" / "valid.plc";
  PlcHeader header = read_plc_header(path);
  header.width = 1433.405978506462;
  for (std::uint64_t seed = 0; seed < 50; ++seed) {
    CAPTURE(seed);
    const Placement placement = random_placement(netlist, seed);
    const std::vector<std::string> comments = {"seed " + std::to_string(seed), "two\nlines"};
    const std::string text = format_plc(netlist, header, placement, comments);
    const PlcFile again = parse_plc(text, "written.plc", netlist);
    check_same(again.placement, placement);
    CHECK(again.header.width == header.width);
    CHECK(format_plc(netlist, again.header, again.placement, comments) == text);
  }
}

TEST_CASE("the layout of a written .plc is that of Circuit Training") {
  const Netlist netlist = valid_netlist();
  const std::string path = testing::data_dir() / "malformed" / "valid.plc";
  const PlcFile file = read_plc(path, netlist);
  const std::vector<std::string> comments = {"a comment"};
  CHECK(format_plc(netlist, file.header, file.placement, comments) ==
        "# Placement file for Circuit Training\n"
        "# Columns : 4  Rows : 2\n"
        "# Width : 20  Height : 10\n"
        "# Project : unset_project\n"
        "# Block : unset_block\n"
        "# Routes per micron, hor : 10  ver : 12\n"
        "# Routes used by macros, hor : 5  ver : 6\n"
        "# Smoothing factor : 2\n"
        "# Overlap threshold : 0.004\n"
        "#\n"
        "# Counts of node types:\n"
        "# HARD_MACROs     :         1\n"
        "# HARD_MACRO_PINs :         2\n"
        "# MACROs          :         2\n"
        "# MACRO_PINs      :         4\n"
        "# PORTs           :         2\n"
        "# SOFT_MACROs     :         1\n"
        "# SOFT_MACRO_PINs :         2\n"
        "# STDCELLs        :         0\n"
        "#\n"
        "# Blockage : 0 0 2 1 1\n"
        "#\n"
        "# User comments:\n"
        "# a comment\n"
        "#\n"
        "# node_index x y orientation fixed\n"
        "0 0 5 - 1\n"
        "1 20 5 - 1\n"
        "2 6 5 N 0\n"
        "5 12 4 N 0\n");
}

TEST_CASE("a damaged .plc is read or rejected with its place") {
  const Netlist netlist = valid_netlist();
  const std::string valid = read_file(testing::data_dir() / "malformed" / "valid.plc");
  const std::string bytes = "#:-+.,e019 \t\n\r{}|x\x01\xff";
  std::size_t num_rejected = 0;
  for (std::uint64_t seed = 0; seed < 2000; ++seed) {
    CAPTURE(seed);
    Rng rng(seed);
    std::string text = valid;
    text[rng.below(text.size())] = bytes[rng.below(bytes.size())];
    text.erase(rng.below(text.size()), rng.below(3));
    try {
      const Placement placement = parse_plc(text, "damaged", netlist).placement;
      CHECK(placement.size() == netlist.num_nodes());
    } catch (const ParseError& error) {
      CHECK(error.location().path == "damaged");
      CHECK(error.location().line > 0);
      ++num_rejected;
    }
  }
  CHECK(num_rejected > 200);
}

TEST_CASE("the placements of the clustered blocks survive the round trip") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  std::size_t num_read = 0;
  std::size_t num_truncated = 0;
  for (const auto& block : std::filesystem::directory_iterator(benchmarks / "clustered")) {
    const std::vector<std::string> paths = {block.path() / "netlist.pb.txt.gz"};
    const Netlist netlist = read_netlist(paths).netlist;
    for (const auto& entry : std::filesystem::directory_iterator(block)) {
      const std::string path = entry.path();
      if (!path.ends_with(".plc")) {
        continue;
      }
      CAPTURE(path);
      try {
        const PlcFile file = read_plc(path, netlist);
        const std::string text = format_plc(netlist, file.header, file.placement);
        check_same(parse_plc(text, path, netlist).placement, file.placement);
        ++num_read;
      } catch (const ParseError& error) {
        CHECK(std::string(error.what()).find("rows are missing for") != std::string::npos);
        ++num_truncated;
      }
    }
  }
  CHECK(num_read == 30);
  CHECK(num_truncated == 2);  // legalized.plc of the mempool tiles lacks rows as published
}

}  // namespace tessera::netlist_io
