// Numbers that are finite, but larger or smaller than can be computed with.

#include <string>

#include <doctest/doctest.h>

#include "netlist_io/bookshelf/bookshelf_scanner.h"
#include "netlist_io/errors.h"
#include "netlist_io/halo_file.h"
#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/lefdef/lefdef_scanner.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/plc_header.h"

namespace tessera::netlist_io {
namespace {

std::string macro_netlist(const std::string& width) {
  return "node { name: \"M\" attr { key: \"type\" value { placeholder: \"MACRO\" } }\n"
         "attr { key: \"width\" value { f: " +
         width + " } }\nattr { key: \"height\" value { f: 1 } } }\n";
}

}  // namespace

TEST_CASE("a netlist has no sizes beyond 1e9") {
  CHECK_NOTHROW(parse_netlist(macro_netlist("1e9"), "n"));
  CHECK_THROWS_WITH_AS(
      parse_netlist(macro_netlist("1.5e9"), "n"),
      "n:2:32: node \"M\" has the width 1500000000, expected a number from -1e9 to 1e9",
      ParseError);
}

TEST_CASE("a netlist made in code has no sizes beyond 1e9") {
  NetlistRecords records;
  records.nodes.resize(1);
  records.nodes[0].name = "M";
  records.nodes[0].width = 2e9;
  CHECK_THROWS_AS(Netlist(std::move(records)), std::invalid_argument);
}

TEST_CASE("a placement has no coordinates beyond 1e9") {
  const Netlist netlist = parse_netlist(macro_netlist("1"), "n").netlist;
  CHECK_NOTHROW(parse_plc("0 -1e9 1 N 0\n", "p", netlist));
  CHECK_THROWS_WITH_AS(parse_plc("0 -2e9 1 N 0\n", "p", netlist),
                       "p:1:3: found \"-2e9\", expected a number from -1e9 to 1e9 of microns",
                       ParseError);
}

TEST_CASE("a canvas and tracks have their least and greatest numbers") {
  CHECK(parse_plc_header("# Width : 1e-6  Height : 1e9\n", "p").height == 1e9);
  CHECK_THROWS_WITH_AS(
      parse_plc_header("# Width : 1e-7  Height : 1\n", "p"),
      "p:1:11: header field \"Width\" has \"1e-7\", expected a number from 1e-6 on",
      ParseError);
  CHECK_THROWS_AS(parse_plc_header("# Routes per micron, hor : 1e-320  ver : 1\n", "p"),
                  ParseError);
  CHECK_THROWS_AS(parse_plc_header("# Routes used by macros, hor : 1e300  ver : 1\n", "p"),
                  ParseError);
}

TEST_CASE("LEF, Bookshelf and halo files have no numbers beyond 1e9") {
  const SourceText source = {"-1e200 1e200 5", "t"};
  LefDefScanner scanner(source);
  CHECK_THROWS_WITH_AS(scanner.read_number(),
                       "t:1:1: found \"-1e200\", expected a number from -1e9 to 1e9",
                       ParseError);
  CHECK_THROWS_AS(bookshelf::Scanner(source).number(source.text.substr(7, 5)), ParseError);
  CHECK(bookshelf::Scanner(source).number(source.text.substr(13)) == 5.0);
  CHECK_THROWS_AS(parse_halo_file("M 1e200\n", "h"), ParseError);
}

}  // namespace tessera::netlist_io
