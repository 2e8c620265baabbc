#include "netlist_io/net_weights.h"

#include <cstddef>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "tests/netlist_io/lefdef_support.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/lefdef/design_netlist.h"
#include "netlist_io/netlist_file.h"

namespace tessera::netlist_io {
namespace {

using Names = std::vector<std::string_view>;
using Factors = std::vector<double>;

Factors factors(const std::string& text, const Names& names) {
  return net_weight_factors(parse_net_weights(text, "w"), names, "so");
}

/// Two ports, of which `in` drives the memory `m` and `m` the other; a cell `u` between them.
const char* const kDef =
    "DIEAREA ( 0 0 ) ( 90000 90000 ) ;\n"
    "COMPONENTS 2 ;\n- m RAM + PLACED ( 2000 2000 ) N ;\n- u INV + PLACED ( 50000 50000 ) N ;\n"
    "END COMPONENTS\n"
    "PINS 2 ;\n- in + NET i\\[0\\] + DIRECTION INPUT + PLACED ( 0 9000 ) N ;\n"
    "- out + NET o + DIRECTION OUTPUT + PLACED ( 90000 9000 ) N ;\nEND PINS\n"
    "NETS 3 ;\n- i\\[0\\] ( PIN in ) ( m D[0] ) ( u A ) + WEIGHT 4 ;\n- o ( m END ) ( PIN out ) ;\n"
    "- t ( u Z ) ( m PIN ) + WEIGHT 3 ;\nEND NETS\n";

Netlist def_netlist(const std::string& weights) {
  const LefLibrary library = testing::tiny_library();
  DefDesign design = parse_def(testing::def_text(kDef), "t.def", library);
  apply_net_weights(parse_net_weights(weights, "w"), design);
  return make_design_netlist(library, design).netlist;
}

Factors weights_of(const Netlist& netlist) {
  Factors weights;
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    weights.push_back(netlist.weight(NetId(n)));
  }
  return weights;
}

}  // namespace

TEST_CASE("lines of a net weight file have a net and a weight") {
  const NetWeights weights =
      parse_net_weights("# a comment\r\n\r\n  a[0]\t2.5 # why\r\na#b 0 #\n*/x\\[1\\] 1e3", "w");
  REQUIRE(weights.rules.size() == 3);
  CHECK(weights.path == "w");
  CHECK(weights.rules[0].net == "a[0]");
  CHECK(weights.rules[0].weight == 2.5);
  CHECK(weights.rules[0].line == 3);
  CHECK(weights.rules[0].column == 3);
  CHECK(weights.rules[1].net == "a#b");
  CHECK(weights.rules[1].weight == 0.0);
  CHECK(weights.rules[2].net == "*/x\\[1\\]");
  CHECK(weights.rules[2].line == 5);
}

TEST_CASE("net weight files may be compressed") {
  const std::filesystem::path folder = testing::scratch_dir("net_weights");
  write_file_atomic(folder / "w.gz", "a 2\n");
  const NetWeights weights = read_net_weights(folder / "w.gz");
  REQUIRE(weights.rules.size() == 1);
  CHECK(weights.rules[0].net == "a");
}

TEST_CASE("malformed net weight files are refused with their place") {
  const testing::Malformed cases[] = {
      {"a\n", "w:1:1: expected NET WEIGHT, found 1 word"},
      {"\n  a 1 2\n", "w:2:3: expected NET WEIGHT, found 3 words"},
      {"a x\n", "w:1:3: \"x\" is no weight, expected a number from 0 to 1000000"},
      {"a -1\n", "w:1:3: \"-1\" is no weight"},
      {"a nan\n", "w:1:3: \"nan\" is no weight"},
      {"a inf\n", "w:1:3: \"inf\" is no weight"},
      {"a 1e7\n", "w:1:3: \"1e7\" is no weight"},
  };
  testing::check_messages(cases, [](const std::string& text) { parse_net_weights(text, "w"); });
}

TEST_CASE("names and patterns name nets, the last line counts") {
  const Names names = {"clk", "u/a[0]", "u/a[1]", "v/a[0]", "clk", "b*"};
  CHECK(factors("", names) == Factors{1, 1, 1, 1, 1, 1});
  CHECK(factors("clk 2\n", names) == Factors{2, 1, 1, 1, 2, 1});
  CHECK(factors("clk 2\nclk 0\n", names) == Factors{0, 1, 1, 1, 0, 1});
  CHECK(factors("* 3\nu/a[1] 1\n", names) == Factors{3, 3, 1, 3, 3, 3});
  CHECK(factors("u/a[1] 7\nu/* 3\n", names) == Factors{1, 3, 3, 1, 1, 1});
  CHECK(factors("*a[0] 5\n", names) == Factors{1, 5, 1, 5, 1, 1});
  CHECK(factors("*/*[*] 5\n", names) == Factors{1, 5, 5, 5, 1, 1});
  CHECK(factors("u*]*0]* 5\nc*k 4\n", {"u]0]", "u]x0", "ck", "c0"}) == Factors{5, 1, 4, 1});
  CHECK(factors("b* 5\n", names) == Factors{1, 1, 1, 1, 1, 5});  // a name, so no pattern
}

TEST_CASE("lines that name no net are refused, with a hint where backslashes differ") {
  const Names names = {"u/a[0]", "v\\/x"};
  const testing::Malformed cases[] = {
      {"* 2\nnone 2\n", "w:2:1: there is no net \"none\"; nets are called so"},
      {" u/b* 2\n", "w:1:2: no net matches \"u/b*\"; nets are called so"},
      {"u/a\\[0\\] 2\n",
       "w:1:1: there is no net \"u/a\\[0\\]\"; nets are called so. Is it \"u/a[0]\"?"},
      {"v/x 2\n", "Is it \"v\\/x\"?"},
  };
  testing::check_messages(cases, [&](const std::string& text) { factors(text, names); });
}

TEST_CASE("weights are multiplied onto those of a DEF, also where a port drives") {
  CHECK(weights_of(def_netlist("")) == Factors{4, 1, 3});
  CHECK(weights_of(def_netlist("i[0] 2.5\nt 0.5\n")) == Factors{10, 1, 1.5});
  const Netlist without = def_netlist("o 0\n");
  CHECK(weights_of(without) == Factors{4, 3});
  CHECK(without.num_nodes() == 4);
}

TEST_CASE("weights of a netlist go by what drives the net") {
  const Netlist netlist = def_netlist("");
  const auto weighted = [&](const std::string& text) {
    return apply_net_weights(parse_net_weights(text, "w"), netlist);
  };
  CHECK(weights_of(weighted("in 2\nm/END 5\nu 0.5\n")) == Factors{8, 5, 1.5});
  CHECK(weights_of(weighted("m/* 0\n")) == Factors{4, 3});
  CHECK_THROWS_WITH_AS(weighted("o 2\n"),
                       doctest::Contains("w:1:1: there is no net \"o\"; nets are called like"),
                       ParseError);
}

TEST_CASE("weights of nets survive the way through a file, those of ports under another name") {
  const Netlist netlist = def_netlist("i[0] 0.5\nt 7\n");
  const std::string text = format_netlist(netlist);
  CHECK(text.find("key: \"net_weight\"") != std::string::npos);
  const Netlist again = parse_netlist(text, "again").netlist;
  CHECK(weights_of(again) == Factors{2, 1, 21});
  CHECK(format_netlist(again) == text);
  // What other tools read: `weight`, which ports do not have.
  CHECK(text.find("key: \"weight\"") == text.rfind("key: \"weight\""));
  CHECK(format_netlist(def_netlist("i[0] 0.25\n")).find("key: \"weight\"") != std::string::npos);
}

TEST_CASE("weights are multiplied onto those of a Bookshelf design") {
  BookshelfDesign design;
  design.nets.resize(3);
  design.nets[0].name = "a";
  design.nets[1].name = "b";
  design.nets[1].weight = 3.0;
  design.nets[2].name = "c";
  apply_net_weights(parse_net_weights("a 2\nb 0.5\n", "w"), design);
  CHECK(design.nets[0].weight == 2.0);
  CHECK(design.nets[1].weight == 1.5);
  CHECK_FALSE(design.nets[2].weight.has_value());
}

}  // namespace tessera::netlist_io
