#include <array>
#include <cstddef>
#include <string>
#include <vector>

#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist_file.h"

namespace tessera::netlist_io {
namespace {

constexpr const char* kTwoPorts =
    "node { name: 'a' input: 'b' attr { key: 'type' value { placeholder: 'PORT' } } }\n"
    "node { name: 'b' attr { key: 'type' value { placeholder: 'PORT' } } }\n";

Netlist parse(const std::string& text) {
  return parse_netlist(text, "test.pb.txt").netlist;
}

std::string attribute(const std::string& key, const std::string& value) {
  return "attr { key: '" + key + "' value { " + value + " } }";
}

/// A hard macro with the given fields besides its size.
std::string macro(const std::string& name, const std::string& fields) {
  return "node { name: '" + name + "' " + attribute("type", "placeholder: 'MACRO'") +
         attribute("width", "f: 4") + attribute("height", "f: 2") + fields + "}\n";
}

std::string valid_text() {
  return read_file(testing::data_dir() / "malformed" / "valid.pb.txt");
}

std::string replace_all(std::string text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos;
       at = text.find(from, at + to.size())) {
    text.replace(at, from.size(), to);
  }
  return text;
}

void check_is_valid_netlist(const Netlist& netlist) {
  REQUIRE(netlist.num_nodes() == 4);
  REQUIRE(netlist.num_pins() == 6);
  REQUIRE(netlist.num_nets() == 3);
  CHECK(netlist.name(NodeId(2)) == "M");
  CHECK(netlist.width(NodeId(2)) == 4.0);
  CHECK(netlist.node(NodeId(2)).x == 6.0);
}

}  // namespace

TEST_CASE("nodes, pins and nets come in file order with their index in the file") {
  const Netlist netlist = parse(valid_text());
  check_is_valid_netlist(netlist);
  CHECK(netlist.kind(NodeId(0)) == NodeKind::kPort);
  CHECK(netlist.node(NodeId(0)).side == Side::kLeft);
  CHECK(netlist.kind(NodeId(2)) == NodeKind::kHardMacro);
  CHECK(netlist.kind(NodeId(3)) == NodeKind::kSoftMacro);
  CHECK(netlist.file_index(NodeId(3)) == 5);  // a, b, M, M/p, M/q come before
  CHECK(netlist.pin(PinId(2)).name == "M/p");
  CHECK(netlist.pin(PinId(2)).file_index == 3);
  CHECK(netlist.pin_offset(PinId(2)).x == -1.5);
  CHECK(netlist.pin(PinId(0)).name.empty());
  CHECK(netlist.pin(PinId(0)).file_index == 0);
  CHECK(netlist.driver(NetId(0)) == PinId(0));
  CHECK(netlist.pins_of(NetId(0))[1] == PinId(2));
  CHECK(netlist.weight(NetId(2)) == 2.0);
}

TEST_CASE("the metadata node has no index") {
  const Netlist netlist =
      parse("node { name: '__metadata__' " + attribute("soft_macro_area_bloating_ratio", "f: 2") +
            "}\n" + kTwoPorts);
  CHECK(netlist.num_nodes() == 2);
  CHECK(netlist.file_index(NodeId(0)) == 0);
  CHECK(netlist.soft_macro_area_bloating_ratio() == 2.0);
}

TEST_CASE("a macro is soft by its name, not by the case of its type") {
  const std::string text = macro("upper", "") + macro("Grp_7", "") + macro("Grp", "");
  for (const std::string& variant : {text, replace_all(text, "'MACRO'", "'macro'")}) {
    const Netlist netlist = parse(variant);
    CHECK(netlist.hard_macros().size() == 2);
    CHECK(netlist.soft_macros().size() == 1);
  }
}

TEST_CASE("pins of soft macros are at the centre, whatever their offset says") {
  const std::string pin = "node { name: 'Grp_1/p'" + attribute("type", "placeholder: 'MACRO_PIN'") +
                          attribute("macro_name", "placeholder: 'Grp_1'") +
                          attribute("x_offset", "f: 1") + attribute("y_offset", "f: 1") + "}\n";
  const Netlist netlist = parse(pin + macro("Grp_1", ""));  // before its macro, too
  CHECK(netlist.pin_node(PinId(0)) == NodeId(0));
  CHECK(netlist.pin_offset(PinId(0)).x == 0.0);
  CHECK(netlist.pin_offset(PinId(0)).y == 0.0);
}

TEST_CASE("what the file leaves out has its default") {
  const Netlist netlist = parse(macro("M", "") + macro("O", attribute("orientation", "s: '-'")) +
                                macro("S", attribute("orientation", "s: 'FS'")));
  CHECK(netlist.node(NodeId(0)).x == 0.0);
  CHECK(netlist.node(NodeId(0)).y == 0.0);
  CHECK(netlist.node(NodeId(0)).orientation == Orientation::kN);
  CHECK(netlist.node(NodeId(1)).orientation == Orientation::kN);
  CHECK(netlist.node(NodeId(2)).orientation == Orientation::kFS);
}

TEST_CASE("inputs of macros are ignored, duplicate sinks kept") {
  const Netlist netlist = parse(macro("M", "input: 'nowhere'") +
                                replace_all(kTwoPorts, "input: 'b'", "input: ['b', 'b']"));
  REQUIRE(netlist.num_nets() == 1);
  CHECK(netlist.pins_of(NetId(0)).size() == 3);
}

TEST_CASE("a net weight counts at ports, where a weight does not") {
  const auto with = [](const std::string& attributes) {
    const std::string text = replace_all(kTwoPorts, "input: 'b'", "input: 'b' " + attributes);
    return parse(text).weight(NetId(0));
  };
  CHECK(with(attribute("weight", "f: 3")) == 1.0);
  CHECK(with(attribute("net_weight", "f: 3")) == 3.0);
  CHECK(with(attribute("weight", "f: 2") + attribute("net_weight", "i: 5")) == 5.0);
  CHECK_THROWS_WITH_AS(with(attribute("net_weight", "f: 0")),
                       doctest::Contains("has the net_weight 0, expected a number above 0"),
                       ParseError);
}

TEST_CASE("standard cells are nodes that are their own pin") {
  const std::string cell = "node { name: 'u1' input: 'a' " + attribute("type", "s: 'stdcell'") +
                           attribute("width", "f: 0.5") + attribute("height", "f: 1.4") +
                           attribute("weight", "f: 3") + "}\n";
  const Netlist netlist = parse(kTwoPorts + cell);
  REQUIRE(netlist.std_cells().size() == 1);
  CHECK(netlist.weight(NetId(1)) == 3.0);
  CHECK(netlist.height(NodeId(2)) == 1.4);
}

TEST_CASE("odd but legal forms of the text format are read") {
  const std::string text = valid_text();
  SUBCASE("CRLF") {
    check_is_valid_netlist(parse(replace_all(text, "\n", "\r\n")));
  }
  SUBCASE("no final newline") {
    check_is_valid_netlist(parse(text.substr(0, text.size() - 1)));
  }
  SUBCASE("one line") {
    check_is_valid_netlist(parse(replace_all(text, "\n", " ")));
  }
  SUBCASE("comments everywhere") {
    check_is_valid_netlist(parse(replace_all(text, "\n", " # { \" comment\n")));
  }
  SUBCASE("single quotes") {
    check_is_valid_netlist(parse(replace_all(text, "\"", "'")));
  }
  SUBCASE("colons before messages") {
    check_is_valid_netlist(parse(replace_all(text, " {", " : {")));
  }
  SUBCASE("angle brackets") {
    check_is_valid_netlist(parse(replace_all(replace_all(text, "{", "<"), "}", ">")));
  }
  SUBCASE("separators") {
    check_is_valid_netlist(parse(replace_all(replace_all(text, "\"\n", "\",\n"), "}\n", "};\n")));
  }
  SUBCASE("concatenated strings") {
    check_is_valid_netlist(parse(replace_all(text, "\"M", "\"\" # empty\n 'M' \"")));
  }
  SUBCASE("escapes") {
    check_is_valid_netlist(parse(replace_all(text, "\"M", "\"\\115")));    // octal
    check_is_valid_netlist(parse(replace_all(text, "\"M", "\"\\x4d")));    // hexadecimal
    check_is_valid_netlist(parse(replace_all(text, "\"M", "\"\\u004D")));  // code point
  }
  SUBCASE("byte order mark") {
    check_is_valid_netlist(parse("\xef\xbb\xbf" + text));
  }
  SUBCASE("value before key") {
    check_is_valid_netlist(parse(replace_all(
        text, "key: \"width\"\n    value {\n      f: 4.0\n    }", "value { f: 4 } key: 'width'")));
  }
  SUBCASE("unknown fields of all kinds") {
    const std::string unknown =
        "op: 'NoOp' device: \"\" n: -1.5e3f e: ENUM_VALUE l: [1, -2, inf] m { a { b: 'c' } } "
        "[ext.name/x.y] < z: 1 > ms [{ a: 1 }, <>] attr { key: 'T' value { type: DT_FLOAT } } "
        "attr { key: 'L' value { list { i: 1 s: 'x' } } } attr { key: 'B' value { b: true } } ";
    check_is_valid_netlist(parse("versions { producer: 22 }\n" +
                                 replace_all(text, "  name: \"M\"", unknown + "name: 'M'")));
  }
}

TEST_CASE("numbers are read in all the forms of the text format") {
  struct Case {
    const char* text;
    double value;
  };
  constexpr std::array<Case, 16> kCases = {{{"f: 1", 1.0},
                                            {"f: -1.5", -1.5},
                                            {"f: - 1.5", -1.5},
                                            {"f: 1.", 1.0},
                                            {"f: .5", 0.5},
                                            {"f: 1e3", 1e3},
                                            {"f: 1.25E-2", 0.0125},
                                            {"f: 2e+1", 20.0},
                                            {"f: 1f", 1.0},
                                            {"f: 1.5F", 1.5},
                                            {"f: 1e-999", 0.0},
                                            {"f: 0.1", 0.1},
                                            {"i: -7", -7.0},
                                            {"i: 0x1F", 31.0},
                                            {"i: 017", 15.0},
                                            {"i: 0", 0.0}}};
  for (const Case& expected : kCases) {
    CAPTURE(expected.text);
    const Netlist netlist = parse(macro("M", attribute("x", expected.text)));
    CHECK(netlist.node(NodeId(0)).x == expected.value);
  }
}

TEST_CASE("numbers are kept as doubles or rounded to float32 first") {
  const std::string text = macro("M", attribute("x", "f: 0.1"));
  CHECK(parse_netlist(text, "t").netlist.node(NodeId(0)).x == 0.1);
  CHECK(parse_netlist(text, "t", NumberPrecision::kFloat32).netlist.node(NodeId(0)).x ==
        static_cast<double>(0.1F));
}

TEST_CASE("a netlist may have no nets, and no macros") {
  const Netlist netlist = parse(replace_all(kTwoPorts, "input: 'b'", ""));
  CHECK(netlist.num_nodes() == 2);
  CHECK(netlist.num_nets() == 0);
}

TEST_CASE("several files make one netlist") {
  const auto folder = testing::scratch_dir("netlist_parts");
  const std::string text = valid_text();
  const std::size_t cut = text.find("\n}\n", text.size() / 2) + 3;
  std::vector<std::string> paths = {folder / "part.0.pb.txt", folder / "part.1.pb.txt.gz"};
  write_file_atomic(paths[0], text.substr(0, cut));
  SUBCASE("in order") {
    write_file_atomic(paths[1], text.substr(cut));
    check_is_valid_netlist(read_netlist(paths).netlist);
  }
  SUBCASE("with errors at their place in the right file") {
    write_file_atomic(paths[1], "# one\n" + replace_all(text.substr(cut), "\"b\"", "\"nobody\""));
    try {
      read_netlist(paths);
      FAIL("no exception");
    } catch (const ParseError& error) {
      CHECK(error.location().path == paths[1]);
      CHECK(error.location().line > 1);
      CHECK(std::string(error.what()).find("\"nobody\", which is not defined") !=
            std::string::npos);
    }
  }
  SUBCASE("but none is optional") {
    CHECK_THROWS_AS(read_netlist(paths), ParseError);
  }
}

TEST_CASE("leading comments may hold the fields of a .plc header") {
  const std::string text =
      "# FP bbox: {0 0} {500 400.5}\n# Blockage : 0 0 10 10 1.0\n# Columns : 3  Rows : 2\n";
  const NetlistFile file = parse_netlist(text + kTwoPorts + "# Width : 1  Height : 1\n", "t");
  CHECK(file.header.width == 500.0);
  CHECK(file.header.height == 400.5);
  CHECK(file.header.cols == 3);
  CHECK(file.header.rows == 2);
  REQUIRE(file.header.blockages.size() == 1);
  CHECK(file.header.blockages[0].rect.x1 == 10.0);
}

}  // namespace tessera::netlist_io
