#include "netlist_io/bookshelf/bookshelf.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"

namespace tessera::netlist_io {
namespace {

/// Texts of the members of a small design.
//
//   y 20 +--------+   M 10 x 8 at (2, 3) orientation E: box 8 x 10
//        |  M  c  |   c 2 x 2 at (14, 4), d 2 x 2 at (0, 12)
//      0 +--------+   rows of 2 at 0 and 18, x 0 to 20
//     p  0       20   p 1 x 1 at (-3, 5), terminal
struct Texts {
  std::string aux = "RowBasedPlacement : t.nodes t.nets t.wts t.pl t.scl\n";
  std::string nodes =
      "UCLA nodes 1.0\n# made by hand\n\nNumNodes : 4\nNumTerminals : 1\n"
      "p 1 1 terminal\nM 10 8\nc 2 2\nd 2 2\n";
  std::string nets =
      "UCLA nets 1.0\n\nNumNets : 3\nNumPins : 7\n"
      "NetDegree : 2 n\n p I : 0 0\n M O : 4 -3\n"
      "NetDegree : 3\n M I : -5 4\n c B\n d B\n"
      "NetDegree : 2 last\n c O : 0.5 0.5\n d\n";
  std::string pl = "UCLA pl 1.0\n\np -3 5 : N /FIXED\nM 2 3 : E\nc 14 4 : FS\nd 0 12\n";
  std::string scl =
      "UCLA scl 1.0\n\nNumRows : 2\n"
      "CoreRow Horizontal\n Coordinate : 0\n Height : 2\n Sitewidth : 1\n Sitespacing : 1\n"
      " Siteorient : N\n Sitesymmetry : Y\n SubrowOrigin : 0 NumSites : 20\nEnd\n"
      "CoreRow Horizontal\n Coordinate : 18\n Height : 2\n Sitewidth : 1\n Sitespacing : 1\n"
      " Siteorient : FS\n Sitesymmetry : Y\n SubrowOrigin : 0 NumSites : 20\nEnd\n";
  std::string wts = "UCLA wts 1.0\n\nn 2\nM 3\n";
};

std::string write_texts(const Texts& texts, const std::string& folder_name) {
  const std::filesystem::path folder = testing::scratch_dir(folder_name);
  write_file_atomic(folder / "t.nodes", texts.nodes);
  write_file_atomic(folder / "t.nets", texts.nets);
  write_file_atomic(folder / "t.pl", texts.pl);
  write_file_atomic(folder / "t.scl", texts.scl);
  write_file_atomic(folder / "t.wts", texts.wts);
  write_file_atomic(folder / "t.aux", texts.aux);
  return folder / "t.aux";
}

BookshelfDesign read_texts(const Texts& texts) {
  return read_bookshelf(write_texts(texts, "bookshelf_texts"));
}

bool same_node(const BookshelfNode& a, const BookshelfNode& b) {
  return a.name == b.name && a.width == b.width && a.height == b.height && a.x == b.x &&
         a.y == b.y && a.orientation == b.orientation && a.mobility == b.mobility &&
         a.fixed_by_pl == b.fixed_by_pl && a.weight == b.weight;
}

bool same_pin(const BookshelfPin& a, const BookshelfPin& b) {
  return a.node == b.node && a.direction == b.direction && a.offset.x == b.offset.x &&
         a.offset.y == b.offset.y && a.has_offset == b.has_offset;
}

bool same_net(const BookshelfNet& a, const BookshelfNet& b) {
  return a.name == b.name && a.first_pin == b.first_pin && a.num_pins == b.num_pins &&
         a.weight == b.weight;
}

bool same_row(const BookshelfRow& a, const BookshelfRow& b) {
  return a.y == b.y && a.height == b.height && a.site_width == b.site_width &&
         a.site_spacing == b.site_spacing && a.site_orientation == b.site_orientation &&
         a.site_symmetry == b.site_symmetry && a.x == b.x && a.num_sites == b.num_sites;
}

template <typename Item, typename Same>
void check_same(const std::vector<Item>& a, const std::vector<Item>& b, Same&& same) {
  CHECK(std::equal(a.begin(), a.end(), b.begin(), b.end(), same));
}

void check_same(const BookshelfDesign& a, const BookshelfDesign& b) {
  check_same(a.nodes, b.nodes, same_node);
  check_same(a.pins, b.pins, same_pin);
  check_same(a.nets, b.nets, same_net);
  check_same(a.rows, b.rows, same_row);
}

/// Writes the design, plain and compressed, and compares what reads back.
void check_round_trip(const BookshelfDesign& design) {
  for (const bool compress : {false, true}) {
    CAPTURE(compress);
    const std::filesystem::path folder = testing::scratch_dir("bookshelf_round_trip");
    write_bookshelf(design, folder / "copy.aux", compress);
    CHECK(std::filesystem::exists(folder / (compress ? "copy.nets.gz" : "copy.nets")));
    const BookshelfDesign copy = read_bookshelf(folder / "copy.aux");
    CHECK(copy.name == "copy");
    CHECK(copy.warnings.empty());
    check_same(copy, design);
  }
}

void set_orientations(BookshelfDesign& design, Orientation orientation) {
  for (BookshelfNode& node : design.nodes) {
    node.orientation = orientation;
  }
}

/// Weighted half-perimeter wirelength of a netlist, offsets turned with the macros.
double netlist_hpwl(const BookshelfNetlist& converted) {
  const Netlist& netlist = converted.netlist;
  double sum = 0.0;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    std::vector<double> xs;
    std::vector<double> ys;
    for (const PinId pin : netlist.pins_of(NetId(n))) {
      const std::size_t node = netlist.pin_node(pin).index();
      const Offset offset =
          transform(netlist.pin_offset(pin), converted.placement.orientation[node]);
      xs.push_back(converted.placement.x[node] + offset.x);
      ys.push_back(converted.placement.y[node] + offset.y);
    }
    const auto [x0, x1] = std::minmax_element(xs.begin(), xs.end());
    const auto [y0, y1] = std::minmax_element(ys.begin(), ys.end());
    sum += netlist.weight(NetId(n)) * (*x1 - *x0 + *y1 - *y0);
  }
  return sum;
}

std::size_t num_terminals(const BookshelfDesign& design) {
  return static_cast<std::size_t>(
      std::count_if(design.nodes.begin(), design.nodes.end(), [](const BookshelfNode& node) {
        return node.mobility == BookshelfMobility::kTerminal;
      }));
}

/// One way to be wrong: a replacement in one of the texts, and the error that it gives.
struct Malformed {
  std::string Texts::*text;
  std::string from;
  std::string to;
  std::string place;  ///< file, line and column
  std::string message;
};

const Malformed kMalformed[] = {
    {&Texts::aux, "RowBased", "Row", "t.aux:1:1", "expected \"RowBasedPlacement : \""},
    {&Texts::aux, "t.pl ", "", "t.aux:1:21", "no .pl file is named"},
    {&Texts::aux, "t.wts", "u.nets", "t.aux:1:36", "a second .nets file"},
    {&Texts::aux, "t.scl", "u.scl", "t.aux:1:47", "\"u.scl\" does not exist"},
    {&Texts::nodes, "UCLA nodes 1.0\n", "", "t.nodes:3:1", "\"UCLA nodes 1.0\""},
    {&Texts::nodes, "nodes 1.0", "nets 1.0", "t.nodes:1:1", "\"UCLA nodes 1.0\""},
    {&Texts::nodes, "NumNodes : 4", "NumNodes : 5", "t.nodes:4:12", "is 5, but the file has 4"},
    {&Texts::nodes, "nals : 1", "nals : 0", "t.nodes:5:16", "is 0, but the file has 1"},
    {&Texts::nodes, "d 2 2", "c 2 2", "t.nodes:9:1", "node \"c\" is defined twice"},
    {&Texts::nodes, "M 10 8", "M ten 8", "t.nodes:7:3", "found \"ten\", expected a finite number"},
    {&Texts::nodes, "M 10 8", "M 10 -8", "t.nodes:7:6", "expected a number of 0 or more"},
    {&Texts::nodes, "M 10 8", "M 10", "t.nodes:7:1", "expected a node: name width height"},
    {&Texts::nodes, "1 terminal", "1 fixed", "t.nodes:6:7", "expected terminal, terminal_NI"},
    {&Texts::nets, "NumNets : 3", "NumNets : 4", "t.nets:3:11", "is 4, but the file has 3"},
    {&Texts::nets, "NumPins : 7", "NumPins : -7", "t.nets:4:11", "expected a count"},
    {&Texts::nets, "NumPins : 7", "NumPins : 8", "t.nets:4:11", "is 8, but the file has 7"},
    {&Texts::nets, " d\n", " e\n", "t.nets:14:2", "node \"e\" is not defined"},
    {&Texts::nets, "Degree : 2 n", "Degree : 3 n", "t.nets:5:13", "is 3, but it has 2 pins"},
    {&Texts::nets, " : 3\n M", " : 2\n M", "t.nets:11:2", "more pins than its degree, 2"},
    {&Texts::nets, "2 last", "2 n", "t.nets:12:15", "net \"n\" is defined twice"},
    {&Texts::nets, ": 4 -3", ": 4", "t.nets:7:8", "expected a pin: node [I|O|B] [: dx dy]"},
    {&Texts::nets, ": 4 -3", ": 4 nan", "t.nets:7:10", "expected a finite number"},
    {&Texts::nets, "NetDegree : 2 n\n", "", "t.nets:5:2", "expected a net"},
    {&Texts::pl, "c 14 4", "x 14 4", "t.pl:5:1", "node \"x\" is not defined"},
    {&Texts::pl, "d 0 12", "c 0 12", "t.pl:6:1", "a second position of node \"c\""},
    {&Texts::pl, ": E", ": R90", "t.pl:4:9", "found \"R90\", expected N, S, E, W"},
    {&Texts::pl, "M 2 3", "M 2 1e999", "t.pl:4:5", "expected a finite number"},
    {&Texts::scl, "NumRows : 2", "NumRows : 1", "t.scl:3:11", "is 1, but the file has 2"},
    {&Texts::scl,
     "FS\n Sitesymmetry : Y\n SubrowOrigin : 0 NumSites : 20\nEnd\n",
     "FS\n",
     "t.scl:13:1",
     "a row without its End"},
    {&Texts::scl,
     " SubrowOrigin : 0 NumSites : 20\nEnd\nCore",
     "End\nCore",
     "t.scl:4:1",
     "a row without Coordinate, Height or SubrowOrigin"},
    {&Texts::scl, "Sitewidth", "Site", "t.scl:7:2", "found \"Site\", expected Coordinate"},
    {&Texts::scl, "Horizontal", "Vertical", "t.scl:4:1", "expected a row: CoreRow Horizontal"},
    {&Texts::wts, "n 2", "q 2", "t.wts:3:1", "\"q\" is neither a node nor a net"},
    {&Texts::wts, "M 3", "n 3", "t.wts:4:1", "a second weight of \"n\""},
    {&Texts::wts, "n 2", "n", "t.wts:3:1", "expected a weight: name weight"},
};

}  // namespace

TEST_CASE("the members of a Bookshelf design are read") {
  const BookshelfDesign design = read_texts({});
  CHECK(design.name == "t");
  CHECK(design.warnings.empty());
  REQUIRE(design.nodes.size() == 4);
  CHECK(same_node(design.nodes[0],
                  {"p", 1, 1, -3, 5, Orientation::kN, BookshelfMobility::kTerminal, true, {}}));
  CHECK(same_node(design.nodes[1],
                  {"M", 10, 8, 2, 3, Orientation::kE, BookshelfMobility::kMovable, false, 3.0}));
  CHECK(design.nodes[3].orientation == Orientation::kN);
  REQUIRE(design.nets.size() == 3);
  CHECK(same_net(design.nets[0], {"n", 0, 2, 2.0}));
  CHECK(same_net(design.nets[1], {"net1", 2, 3, {}}));
  REQUIRE(design.pins.size() == 7);
  CHECK(same_pin(design.pins[1], {1, BookshelfPinDirection::kOutput, {4, -3}, true}));
  CHECK(same_pin(design.pins[6], {3, BookshelfPinDirection::kNone, {}, false}));
  REQUIRE(design.rows.size() == 2);
  CHECK(same_row(design.rows[1], {18, 2, 1, 1, "FS", "Y", 0, 20}));
}

TEST_CASE("HPWL turns offsets with the nodes") {
  // n: p at (-2.5, 5.5); M has its centre at (6, 8) and (4, -3) in E is (-3, -4): (3, 4).
  //   5.5 + 1.5 = 7
  // net1: (-5, 4) in E is (4, 5): (10, 13); c (15, 5), d (1, 13): 14 + 8 = 22
  // last: c with (0.5, 0.5) in FS (0.5, -0.5): (15.5, 4.5); d (1, 13): 14.5 + 8.5 = 23
  CHECK(read_texts({}).hpwl() == 52.0);
}

TEST_CASE("odd but legal Bookshelf texts are read") {
  const BookshelfDesign expected = read_texts({});
  Texts texts;
  texts.aux = "# a comment\nRowBasedPlacement: t.scl t.pl.gz t.nets t.nodes t.wts t.shapes";
  texts.nodes =
      "ucla nodes 1.1\r\nnumnodes:4\r\n  p\t1.0  1e0 TERMINAL # pad\r\nM 10 8\r\nc 2 2\r\nd 2 2";
  texts.pl = "UCLA pl 1.0\nd 0 12: N\nc 14 4 :FS\nM 2 3 :E\np -3 5 /FIXED\n";
  texts.scl =
      "UCLA scl 1.0\nCoreRow Horizontal\n Coordinate: 0 Height: 2 Sitewidth: 1 Siteorient: N\n"
      " Sitesymmetry : Y\n SubrowOrigin : 0 Numsites : 20\nEnd\n"
      "CoreRow Horizontal\nCoordinate:18\nHeight:2\nSiteorient:FS\nSitesymmetry:Y\n"
      "SubrowOrigin:0 NumSites:20\nEnd\n";
  const BookshelfDesign design = read_texts(texts);
  check_same(design, expected);
  REQUIRE(design.warnings.size() == 1);
  CHECK(design.warnings[0].find("\"t.shapes\" is not read") != std::string::npos);
}

TEST_CASE("a row of several subrows gives several rows; missing positions are told") {
  Texts texts;
  texts.scl =
      "UCLA scl 1.0\nNumRows : 1\nCoreRow Horizontal\n Coordinate : 4\n Height : 2\n"
      " SubrowOrigin : 0 NumSites : 3\n SubrowOrigin : 10 NumSites : 5\nEnd\n";
  texts.pl = "UCLA pl 1.0\nd 0 12\n";
  const BookshelfDesign design = read_texts(texts);
  REQUIRE(design.rows.size() == 2);
  CHECK(design.rows[0].num_sites == 3);
  CHECK(design.rows[1].x == 10.0);
  CHECK(design.rows[1].y == 4.0);
  REQUIRE(design.warnings.size() == 1);
  CHECK(design.warnings[0].find("missing for 3 of 4 nodes") != std::string::npos);
}

TEST_CASE("the .wts file may be missing, members may be compressed or not") {
  const std::filesystem::path aux = write_texts({}, "bookshelf_members");
  const BookshelfDesign expected = read_bookshelf(aux);
  const std::filesystem::path folder = aux.parent_path();
  write_file_atomic(folder / "t.nodes.gz", read_file(folder / "t.nodes"));
  std::filesystem::remove(folder / "t.nodes");
  check_same(read_bookshelf(aux), expected);
  std::filesystem::remove(folder / "t.wts");
  CHECK_FALSE(read_bookshelf(aux).nodes[1].weight.has_value());
}

TEST_CASE("weights of names that are nodes and nets go to the kind of most names") {
  Texts texts;
  texts.nets = texts.nets.replace(texts.nets.find(" last"), 5, " c");
  texts.wts = "UCLA wts 1.0\nn 2\nc 4\n";
  BookshelfDesign design = read_texts(texts);
  CHECK(design.nets[2].weight == 4.0);
  CHECK_FALSE(design.nodes[2].weight.has_value());
  texts.wts = "UCLA wts 1.0\nc 4\nd 5\nc 6\n";
  design = read_texts(texts);
  CHECK(design.nodes[2].weight == 4.0);
  CHECK(design.nets[2].weight == 6.0);
}

TEST_CASE("malformed Bookshelf files are rejected with place and reason") {
  for (const Malformed& malformed : kMalformed) {
    Texts texts;
    std::string& text = texts.*malformed.text;
    const std::size_t at = text.find(malformed.from);
    REQUIRE(at != std::string::npos);
    text.replace(at, malformed.from.size(), malformed.to);
    CAPTURE(malformed.from);
    CAPTURE(malformed.to);
    try {
      read_texts(texts);
      FAIL_CHECK("was read without error");
    } catch (const ParseError& error) {
      const std::string what = error.what();
      CAPTURE(what);
      CHECK(what.find("/" + malformed.place + ": ") != std::string::npos);
      CHECK(what.find(malformed.message) != std::string::npos);
    }
  }
}

TEST_CASE("Bookshelf files cut anywhere are read or rejected") {
  const std::filesystem::path aux = write_texts({}, "bookshelf_cut");
  const std::string Texts::*const members[] = {
      &Texts::nodes, &Texts::nets, &Texts::pl, &Texts::scl, &Texts::wts, &Texts::aux};
  const std::string names[] = {"t.nodes", "t.nets", "t.pl", "t.scl", "t.wts", "t.aux"};
  const Texts texts;
  std::size_t num_rejected = 0;
  for (std::size_t i = 0; i < std::size(names); ++i) {
    const std::string& text = texts.*members[i];
    const std::filesystem::path path = aux.parent_path() / names[i];
    for (std::size_t size = 0; size < text.size(); ++size) {
      std::ofstream(path, std::ios::binary) << text.substr(0, size);
      try {
        read_bookshelf(aux);
      } catch (const ParseError&) {
        ++num_rejected;
      }
    }
    std::ofstream(path, std::ios::binary) << text;
  }
  CHECK(num_rejected > 500);
}

TEST_CASE("an empty or absent Bookshelf file is rejected") {
  Texts texts;
  texts.pl = "# nothing\n";
  CHECK_THROWS_WITH_AS(read_texts(texts), doctest::Contains("the file is empty"), ParseError);
  CHECK_THROWS_AS(read_bookshelf(testing::scratch_dir("bookshelf_none") / "a.aux"), ParseError);
}

TEST_CASE("a written Bookshelf design reads back equal") {
  BookshelfDesign design = read_texts({});
  check_round_trip(design);
  design.nodes[0].mobility = BookshelfMobility::kTerminalNi;
  design.nodes[1].x = 0.1 + 0.2;  // all 17 digits
  design.nodes[2].y = -1e-9;
  design.nodes[3].name = "u/x:y#[1]";
  design.nets[2].name = "a:b";
  design.rows[0].site_spacing = 1.5;
  design.rows[0].site_symmetry = "X Y";
  check_round_trip(design);
}

TEST_CASE("names that cannot be read back are not written") {
  for (const std::string name : {"", "a b", "#a", "a\nb"}) {
    CAPTURE(name);
    BookshelfDesign design = read_texts({});
    design.nodes[1].name = name;
    const std::filesystem::path folder = testing::scratch_dir("bookshelf_names");
    CHECK_THROWS_AS(write_bookshelf(design, folder / "a.aux", false), std::invalid_argument);
    CHECK(std::filesystem::is_empty(folder));
  }
}

TEST_CASE("a Bookshelf design becomes a netlist") {
  Texts texts;
  texts.scl = texts.scl.replace(texts.scl.find("SubrowOrigin : 0"), 16, "SubrowOrigin : -4");
  const BookshelfDesign design = read_texts(texts);
  const BookshelfNetlist converted = to_netlist(design);
  const Netlist& netlist = converted.netlist;
  CHECK(converted.canvas.width == 24.0);
  CHECK(converted.canvas.height == 20.0);
  CHECK(converted.origin_x == -4.0);
  CHECK(converted.origin_y == 0.0);
  CHECK(converted.num_guessed_drivers == 1);  // net1
  REQUIRE(netlist.num_nodes() == 4);
  CHECK(netlist.kind(NodeId(0)) == NodeKind::kPort);
  CHECK(netlist.kind(NodeId(1)) == NodeKind::kHardMacro);
  CHECK(netlist.kind(NodeId(2)) == NodeKind::kStdCell);
  CHECK(converted.placement.fixed == std::vector<std::uint8_t>{1, 0, 0, 0});
  CHECK(converted.placement.x[0] == 1.5);  // -3 + 0.5 + 4
  CHECK(converted.placement.x[1] == 10.0);
  CHECK(converted.placement.y[1] == 8.0);
  CHECK(converted.placement.orientation[1] == Orientation::kE);
  CHECK(netlist.num_pins() == 5);  // p, c, d and two of M
  CHECK(netlist.pins_of(NodeId(1)).size() == 2);
  REQUIRE(netlist.num_nets() == 3);
  CHECK(netlist.weight(NetId(0)) == 2.0);
  CHECK(netlist.pin_node(netlist.driver(NetId(0))) == NodeId(1));
  CHECK(netlist.pin_offset(netlist.driver(NetId(0))).y == -3.0);
  CHECK(netlist.pin_node(netlist.driver(NetId(1))) == NodeId(1));
}

TEST_CASE("fixed nodes of a Bookshelf design are macros where they stand in the way") {
  BookshelfDesign design = read_texts({});
  design.nodes[1].fixed_by_pl = true;
  CHECK(to_netlist(design).netlist.kind(NodeId(1)) == NodeKind::kHardMacro);
  CHECK(to_netlist(design).placement.fixed[1] == 1);
  design.nodes[1].mobility = BookshelfMobility::kTerminal;
  CHECK(to_netlist(design).netlist.kind(NodeId(1)) == NodeKind::kHardMacro);
  design.nodes[1].x = 20.0;  // touches the canvas from outside
  CHECK(to_netlist(design).netlist.kind(NodeId(1)) == NodeKind::kPort);
  design.nodes[1].x = 2.0;
  design.nodes[1].mobility = BookshelfMobility::kTerminalNi;
  CHECK(to_netlist(design).netlist.kind(NodeId(1)) == NodeKind::kPort);
  design.nodes[2].fixed_by_pl = true;
  CHECK(to_netlist(design).netlist.kind(NodeId(2)) == NodeKind::kStdCell);
}

TEST_CASE("nets that pull at nothing are left out of the netlist; rows are needed") {
  BookshelfDesign design = read_texts({});
  design.nets[0].weight = 0.0;
  design.nets[2].num_pins = 1;
  CHECK(to_netlist(design).netlist.num_nets() == 1);
  design.rows.clear();
  CHECK_THROWS_AS(to_netlist(design), ParseError);
}

TEST_CASE("a placement goes back into the Bookshelf design") {
  BookshelfDesign design = read_texts({});
  const BookshelfDesign before = design;
  const BookshelfNetlist converted = to_netlist(design);
  apply_placement(converted, converted.placement, design);
  check_same(design, before);
  Placement placement = converted.placement;
  placement.orientation[1] = Orientation::kFN;  // the centre stays at (6, 8): corner (1, 4)
  placement.x[2] += 1.0;
  apply_placement(converted, placement, design);
  CHECK(design.nodes[1].x == 1.0);
  CHECK(design.nodes[1].y == 4.0);
  CHECK(design.nodes[1].orientation == Orientation::kFN);
  CHECK(design.nodes[2].x == 15.0);
  CHECK(design.nodes[2].orientation == Orientation::kFS);
  placement.x.pop_back();
  CHECK_THROWS_AS(apply_placement(converted, placement, design), std::invalid_argument);
}

TEST_CASE("public Bookshelf benchmarks have their counts and wirelengths") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  struct Golden {
    std::string aux;
    std::size_t num_nodes, num_terminals, num_nets, num_pins, num_rows, num_macros;
    double hpwl;
  };
  const Golden goldens[] = {
      {"ibm01_mixed/ibm01.aux.gz", 12752, 246, 14111, 50566, 144, 246, 681150.0},
      {"ibm03_stdcell_ispd04/ibm03.aux.gz", 23136, 283, 27401, 93573, 121, 0, 762276.0},
      {"ng45_ariane133/ariane133.aux.gz", 89039, 495, 90986, 381472, 1142, 133, 299971568.5}};
  for (const Golden& golden : goldens) {
    CAPTURE(golden.aux);
    const BookshelfDesign design = read_bookshelf(benchmarks / "bookshelf" / golden.aux);
    CHECK(design.warnings.empty());
    CHECK(design.nodes.size() == golden.num_nodes);
    CHECK(num_terminals(design) == golden.num_terminals);
    CHECK(design.nets.size() == golden.num_nets);
    CHECK(design.pins.size() == golden.num_pins);
    CHECK(design.rows.size() == golden.num_rows);
    CHECK(design.hpwl() == golden.hpwl);  // sums of halves: exact
    const BookshelfNetlist converted = to_netlist(design);
    CHECK(converted.netlist.hard_macros().size() == golden.num_macros);
    CHECK(netlist_hpwl(converted) == golden.hpwl);  // cells have their pins at their centres
    check_round_trip(design);
  }
}

TEST_CASE("offsets of ng45_ariane133 as written give its other wirelength") {
  TESSERA_REQUIRE_BENCHMARKS(benchmarks);
  BookshelfDesign design =
      read_bookshelf(benchmarks / "bookshelf" / "ng45_ariane133" / "ariane133.aux.gz");
  CHECK(design.name == "ariane133");
  set_orientations(design, Orientation::kN);  // only N and S occur: boxes stay
  CHECK(design.hpwl() == 295603797.5);
}

}  // namespace tessera::netlist_io
