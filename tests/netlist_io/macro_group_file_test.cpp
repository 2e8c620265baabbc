// The file of `--macro-groups`.

#include "netlist_io/macro_group_file.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/netlist.h"
#include "netlist_io/placement.h"

namespace tessera::netlist_io {
namespace {

using Names = std::vector<std::string>;

/// Hard macros `u/ram[1]`, `u/ram[2]`, `u/ram[10]`, `a`, `b`, `held` and a cluster `soft`.
struct Block {
  Netlist netlist;
  Placement placement;

  Block() {
    NetlistRecords records;
    for (const char* const name : {"u/ram[10]", "u/ram[2]", "u/ram[1]", "a", "b", "held", "soft"}) {
      NodeRecord node;
      node.name = name;
      node.kind = node.name == "soft" ? NodeKind::kSoftMacro : NodeKind::kHardMacro;
      node.width = node.height = 1.0;
      node.file_index = static_cast<std::uint32_t>(records.nodes.size());
      records.nodes.push_back(node);
    }
    netlist = Netlist(records);
    placement = Placement(netlist);
    placement.fixed[netlist.find_node("held")->index()] = 1;
  }

  std::vector<MacroGroup> parse(std::string_view text) const {
    return parse_macro_groups(text, "groups.txt", netlist, placement);
  }
  Names names_of(const MacroGroup& group) const {
    Names names;
    for (const NodeId macro : group.members) {
      names.push_back(netlist.name(macro));
    }
    return names;
  }
};

}  // namespace

TEST_CASE("groups of macros are read") {
  const Block block;
  const std::vector<MacroGroup> groups = block.parse(
      "# comment\n\n"
      "array banks 3x1 gap=2,0.5 orient=FS u/ram.* # by number\n"
      "  column pair gap=1 b a\r\n");
  REQUIRE(groups.size() == 2);
  CHECK(groups[0].name == "banks");
  CHECK(groups[0].columns == 3);
  CHECK(groups[0].rows == 1);
  REQUIRE(groups[0].gap);
  CHECK(groups[0].gap->x == 2.0);
  CHECK(groups[0].gap->y == 0.5);
  CHECK(groups[0].orientation == Orientation::kFS);
  CHECK(block.names_of(groups[0]) == Names{"u/ram[1]", "u/ram[2]", "u/ram[10]"});
  CHECK(groups[0].location.line == 3);
  CHECK(groups[0].location.column == 7);
  CHECK(groups[1].columns == 1);
  CHECK(groups[1].rows == 2);
  CHECK(groups[1].gap->y == 1.0);
  CHECK_FALSE(groups[1].orientation);
  CHECK(block.names_of(groups[1]) == Names{"b", "a"});
}

TEST_CASE("a name counts before a pattern") {
  const Block block;
  const std::vector<MacroGroup> groups = block.parse("row r u/ram[2] [ab]\n");
  REQUIRE(groups.size() == 1);
  CHECK(block.names_of(groups[0]) == Names{"u/ram[2]", "a", "b"});
  CHECK(groups[0].columns == 3);
  CHECK_FALSE(groups[0].gap);
}

TEST_CASE("what is wrong with a file of groups is said with its place") {
  struct Malformed {
    const char* text;
    std::size_t line;
    std::size_t column;
    const char* message;
  };
  constexpr Malformed kFiles[] = {
      {"grid g a b", 1, 1, "\"grid\" is no kind of group"},
      {"\narray g", 2, 1, "expected array NAME COLSxROWS"},
      {"row", 1, 1, "expected row NAME"},
      {"row g # a b", 1, 5, "group \"g\" has no macros"},
      {"row a b", 1, 5, "\"a\" is the name of another node"},
      {"row g a\nrow g b", 2, 5, "\"g\" is the name of another group"},
      {"array g 2y1 a b", 1, 9, "\"2y1\" is not COLSxROWS"},
      {"array g 0x2 a b", 1, 9, "\"0x2\" is not COLSxROWS"},
      {"array g 2x2 a b", 1, 9, "group \"g\" has 2 macros, expected 2 x 2"},
      {"row g gap=-1 a b", 1, 7, "\"gap=-1\" is not gap=X or gap=X,Y"},
      {"row g gap=1,nan a b", 1, 7, "\"gap=1,nan\" is not gap=X or gap=X,Y"},
      {"row g gap= a b", 1, 7, "\"gap=\" is not"},
      {"row g orient=R90 a b", 1, 7, "\"orient=R90\" is not one of N, S, E, W"},
      {"row g a c", 1, 9, "no hard macro is called or matches \"c\""},
      {"row g a (b", 1, 9, "\"(b\" is neither a hard macro nor a regular expression"},
      {"row g a soft", 1, 9, "\"soft\" is no hard macro"},
      {"row g a held", 1, 9, "macro \"held\" is fixed"},
      {"row g a a", 1, 9, "macro \"a\" is in group \"g\" already"},
      {"row g a\nrow h [ab]", 2, 7, "macro \"a\" is in group \"g\" already"},
  };
  const Block block;
  for (const Malformed& file : kFiles) {
    CAPTURE(file.text);
    try {
      block.parse(file.text);
      FAIL_CHECK("no error");
    } catch (const ParseError& error) {
      CHECK(error.location().path == "groups.txt");
      CHECK(error.location().line == file.line);
      CHECK(error.location().column == file.column);
      CAPTURE(error.what());
      CHECK(std::string(error.what()).find(file.message) != std::string::npos);
    }
  }
}

}  // namespace tessera::netlist_io
