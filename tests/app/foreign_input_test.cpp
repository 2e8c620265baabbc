// Inputs as other people's tools write them: what must not be lost on the way, and what is refused.

#include <cmath>
#include <cstddef>
#include <filesystem>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {
namespace {

using nlohmann::json;
using Strings = std::vector<std::string>;
namespace fs = std::filesystem;

std::string attribute(const std::string& key, const std::string& value) {
  return " attr { key: \"" + key + "\" value { " + value + " } }";
}

std::string text_of(const std::string& name,
                    const std::string& type,
                    const std::string& inputs,
                    double x,
                    double y,
                    double width = 0.0,
                    double height = 0.0) {
  std::string text = "node { name: \"" + name + "\"";
  std::istringstream words(inputs);
  for (std::string word; words >> word;) {
    text += " input: \"" + word + "\"";
  }
  text += attribute("type", "placeholder: \"" + type + "\"");
  if (type == "PORT") {
    text += attribute("side", "placeholder: \"LEFT\"");
  } else {
    text += attribute("width", "f: " + std::to_string(width)) +
            attribute("height", "f: " + std::to_string(height));
  }
  return text + attribute("x", "f: " + std::to_string(x)) +
         attribute("y", "f: " + std::to_string(y)) + " }\n";
}

std::string pin_of(const std::string& macro, const std::string& pin) {
  return "node { name: \"" + macro + "/" + pin + "\"" +
         attribute("type", "placeholder: \"MACRO_PIN\"") +
         attribute("macro_name", "placeholder: \"" + macro + "\"") +
         attribute("x_offset", "f: -1.5") + attribute("y_offset", "f: 0.5") + " }\n";
}

/// A port that drives a macro of 4 x 2 um.
std::string tiny_netlist(const std::string& macro = "ram") {
  return text_of("clk", "PORT", macro + "/D", 0.0, 5.0) +
         text_of(macro, "MACRO", "", 4.0, 5.0, 4.0, 2.0) + pin_of(macro, "D");
}

constexpr const char* kTemplate = R"(VERSION 5.8 ;
DESIGN t ;
UNITS DISTANCE MICRONS 2000 ;
DIEAREA ( 0 0 ) ( 20000 20000 ) ;
COMPONENTS 1 ;
- ram RAM + UNPLACED ;
END COMPONENTS
PINS 1 ;
- clk + NET clk + DIRECTION INPUT + PLACED ( 0 10000 ) N ;
END PINS
NETS 1 ;
- clk ( PIN clk ) ( ram D ) ;
END NETS
END DESIGN
)";

constexpr const char* kLef = R"(VERSION 5.8 ;
UNITS DATABASE MICRONS 2000 ; END UNITS
LAYER M1 TYPE ROUTING ; DIRECTION HORIZONTAL ; PITCH 0.2 ; END M1
MACRO RAM CLASS BLOCK ; SIZE 4 BY 2 ; SYMMETRY X Y ;
 PIN D DIRECTION INPUT ; PORT LAYER M1 ; RECT 0.4 1.4 0.6 1.6 ; END END D
END RAM
END LIBRARY
)";

/// Files of these names and texts in a new folder.
fs::path folder_with(const std::string& name,
                     const std::vector<std::pair<std::string, std::string>>& files) {
  const fs::path folder = scratch_dir(name);
  for (const auto& [file, text] : files) {
    write_text(folder / file, text);
  }
  return folder;
}

/// The small LEF/DEF design as Bookshelf files.
fs::path small_bookshelf(const std::string& name) {
  const fs::path folder = scratch_dir(name);
  const fs::path data = fs::path(TESSERA_SOURCE_DIR) / "data/lefdef";
  const RunResult run = run_tessera({"convert",
                                     data / "small.def",
                                     "--lef",
                                     data / "small_tech.lef",
                                     "-q",
                                     "-o",
                                     folder / "sm.aux"});
  REQUIRE(run.exit_code == 0);
  return folder;
}

/// Where a `.pl` has a node: x, y and the rest of its line.
struct PlacedNode {
  double x = 0.0;
  double y = 0.0;
  std::string rest;
};

PlacedNode node_in(const fs::path& pl, const std::string& name) {
  std::istringstream lines(read_text(pl));
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string first;
    PlacedNode node;
    if (words >> first >> node.x >> node.y && first == name) {
      std::getline(words, node.rest);
      return node;
    }
  }
  FAIL("no node " << name);
  return {};
}

TEST_CASE("standard cells that no net pulls at are spread, not a crash") {
  std::string netlist = text_of("clk", "PORT", "a/D", 0.0, 50.0) +
                        text_of("a", "MACRO", "", 20.0, 20.0, 20.0, 10.0) + pin_of("a", "D");
  for (int i = 0; i < 60; ++i) {
    netlist += text_of("c" + std::to_string(i), "STDCELL", "", 0.0, 0.0, 2.0, 1.0);
  }
  const fs::path folder = folder_with("no_nets", {{"n.pb.txt", netlist}});
  const Strings input = {folder / "n.pb.txt", "--canvas", "100x100"};
  Strings cost = {"cost"};
  cost.insert(cost.end(), input.begin(), input.end());
  cost.insert(cost.end(), {"--flat", "--json"});
  const RunResult judged = run_tessera(cost);
  CHECK(judged.exit_code == 0);
  Strings place = {"place"};
  place.insert(place.end(), input.begin(), input.end());
  place.insert(place.end(), {"--policy", "none", "--evals", "500", "-q", "-o", folder / "o.plc"});
  const RunResult placed = run_tessera(place);
  CHECK_MESSAGE(placed.exit_code == 0, placed.err);
}

TEST_CASE("fixed standard cells stay where they are, in rows and at sites") {
  const fs::path folder = small_bookshelf("fixed_cells");
  const fs::path pl = folder / "sm.pl";
  const std::string cell = "u_core/state[0]";
  std::string text;
  std::istringstream lines(read_text(pl));
  for (std::string line; std::getline(lines, line);) {
    text += line.starts_with(cell + " ") || line.starts_with(cell + "\t")
                ? cell + " 24 2 : N /FIXED\n"
                : line + "\n";
  }
  write_text(pl, text);
  for (const Strings& how : {Strings{"--effort", "zero-shot", "--policy", "spiral"},
                             Strings{"--policy", "none", "--evals", "1000"}}) {
    Strings arguments = {"place", folder / "sm.aux", "-q", "-o", folder / "out.pl"};
    arguments.insert(arguments.end(), how.begin(), how.end());
    const RunResult run = run_tessera(arguments);
    REQUIRE_MESSAGE(run.exit_code == 0, run.err);
    const PlacedNode fixed = node_in(folder / "out.pl", cell);
    CHECK(fixed.x == 24.0);
    CHECK(fixed.y == 2.0);
    CHECK(contains(fixed.rest, "/FIXED"));
  }
  // The last one has put the others into rows of 2, at sites of 0.064 (see the .scl).
  for (int i = 1; i < 12; ++i) {
    const PlacedNode node = node_in(folder / "out.pl", "u_core/state[" + std::to_string(i) + "]");
    CAPTURE(i);
    CHECK(std::abs(node.y / 2.0 - std::round(node.y / 2.0)) < 1e-6);
    CHECK(std::abs(node.x / 0.064 - std::round(node.x / 0.064)) < 1e-4);
  }
}

TEST_CASE("huge canvases have larger gcells and lattices") {
  std::string netlist = tiny_netlist();
  for (int i = 0; i < 40; ++i) {
    netlist +=
        text_of("c" + std::to_string(i), "STDCELL", i == 0 ? "" : "c0", 0.0, 0.0, 2000.0, 1000.0);
  }
  const fs::path folder = folder_with("huge_canvas", {{"n.pb.txt", netlist}});
  for (const std::string canvas : {"200000x200000", "90000x90000", "2000000x1000000"}) {
    CAPTURE(canvas);
    const RunResult run = run_tessera({"place",
                                       folder / "n.pb.txt",
                                       "--canvas",
                                       canvas,
                                       "--policy",
                                       "none",
                                       "--evals",
                                       "500",
                                       "--json",
                                       "-q",
                                       "-o",
                                       folder / "o.plc"});
    REQUIRE_MESSAGE(run.exit_code == 0, run.err);
    CHECK(json::parse(run.out)["legal"] == true);
  }
}

TEST_CASE("a template takes macros that the placement fixes, and refuses what a DEF cannot hold") {
  const fs::path folder = folder_with(
      "template",
      {{"n.pb.txt", tiny_netlist()},
       {"t.def", kTemplate},
       {"t.lef", kLef},
       {"fix.plc", "# Columns : 4 Rows : 4\n# Width : 10 Height : 10\n0 0 5 - 1\n1 6 5 FN 1\n"},
       {"far.plc",
        "# Columns : 4 Rows : 4\n# Width : 3000000 Height : 3000000\n0 0 5 - 1\n1 2000000 5 N "
        "0\n"}});
  const auto convert = [&](const std::string& plc) {
    return run_tessera({"convert",
                        folder / "n.pb.txt",
                        "--plc",
                        folder / plc,
                        "--template",
                        folder / "t.def",
                        "--lef",
                        folder / "t.lef",
                        "-q",
                        "-o",
                        folder / "o.def"});
  };
  REQUIRE(convert("fix.plc").exit_code == 0);
  CHECK(contains(read_text(folder / "o.def"), "- ram RAM + FIXED ( 8000 8000 ) FN ;"));
  const RunResult far = convert("far.plc");
  CHECK(far.exit_code == 2);
  CHECK(contains(far.err, "hard macro ram stands at"));
}

TEST_CASE("macros without a place get none by being converted or fixed") {
  const fs::path folder = folder_with("unplaced", {{"t.def", kTemplate}, {"t.lef", kLef}});
  const Strings input = {folder / "t.def", "--lef", folder / "t.lef", "-q"};
  Strings convert = {"convert"};
  convert.insert(convert.end(), input.begin(), input.end());
  convert.insert(convert.end(), {"-o", folder / "o.tcl"});
  REQUIRE(run_tessera(convert).exit_code == 0);
  CHECK_FALSE(contains(read_text(folder / "o.tcl"), "ram"));
  Strings place = {"place"};
  place.insert(place.end(), input.begin(), input.end());
  place.insert(place.end(), {"--fix", "ram", "--evals", "100", "-o", folder / "o.def"});
  const RunResult fixed = run_tessera(place);
  CHECK(fixed.exit_code == 2);
  CHECK(contains(fixed.err, "which the input does not place"));
}

TEST_CASE("names that mean something else in a netlist.pb.txt are refused there") {
  const std::string grouped = replaced(kTemplate, "- ram RAM", "- Grp_ram RAM");
  const fs::path folder =
      folder_with("names",
                  {{"g.def", replaced(grouped, "( ram D )", "( Grp_ram D )")},
                   {"c.def",
                    replaced(kTemplate,
                             "- ram RAM + UNPLACED ;",
                             "- ram RAM + UNPLACED ;\n- ram/D RAM + UNPLACED ;")},
                   {"t.lef", kLef}});
  for (const std::string def : {"g.def", "c.def"}) {
    CAPTURE(def);
    const RunResult run = run_tessera(
        {"convert", folder / def, "--lef", folder / "t.lef", "-q", "-o", folder / "o.pb.txt"});
    CHECK(run.exit_code == 2);
    CHECK(contains(run.err, def == "g.def" ? "would be read as a soft one" : "named like the pin"));
    CHECK_FALSE(fs::exists(folder / "o.pb.txt"));
  }
}

TEST_CASE("a hard macro may be named like a cluster in a DEF") {
  const fs::path data = fs::path(TESSERA_SOURCE_DIR) / "data/lefdef";
  std::string def = read_text(data / "small.def");
  for (std::size_t at = def.find("u_pll"); at != std::string::npos; at = def.find("u_pll")) {
    def.replace(at, 5, "Grp_0");
  }
  const fs::path folder = folder_with("macro_like_cluster", {{"d.def", def}});
  const RunResult run = run_tessera({"place",
                                     folder / "d.def",
                                     "--lef",
                                     data / "small_tech.lef",
                                     "--effort",
                                     "zero-shot",
                                     "--policy",
                                     "spiral",
                                     "-q",
                                     "-o",
                                     folder / "o.def"});
  CHECK_MESSAGE(run.exit_code == 0, run.err);
  CHECK(contains(read_text(folder / "o.def"), "- Grp_0 "));
}

TEST_CASE("a netlist of both standard cells and clusters is refused with its path") {
  const fs::path folder =
      folder_with("mixed_levels",
                  {{"n.pb.txt",
                    tiny_netlist() + text_of("Grp_0", "MACRO", "", 1.0, 1.0, 1.0, 1.0) +
                        text_of("c", "STDCELL", "", 0.0, 0.0, 1.0, 1.0)}});
  const RunResult run =
      run_tessera({"place", folder / "n.pb.txt", "--canvas", "20x20", "-o", folder / "o.plc"});
  CHECK(run.exit_code == 3);
  CHECK(contains(run.err, "n.pb.txt: the netlist has both"));
}

TEST_CASE("a byte order mark hides no header") {
  const std::string mark = "\xef\xbb\xbf";
  const fs::path folder = folder_with(
      "byte_order_mark",
      {{"n.pb.txt", mark + "# FP bbox: {0.0 0.0} {10.0 10.0}\n" + tiny_netlist()},
       {"n.plc",
        mark + "# Columns : 4 Rows : 4\n# Width : 20 Height : 30\n0 0 5 - 1\n1 6 5 N 0\n"}});
  const RunResult alone = run_tessera({"info", folder / "n.pb.txt"});
  CHECK_MESSAGE(contains(alone.out, "canvas       10 x 10 um"), alone.out);
  const RunResult both = run_tessera({"info", folder / "n.pb.txt", "--plc", folder / "n.plc"});
  CHECK_MESSAGE(contains(both.out, "canvas       20 x 30 um"), both.out);
}

TEST_CASE("reports end in .html and no output is given twice") {
  const fs::path folder = scratch_dir("output_names");
  const SmallBlock& block = small_block();
  const auto place = [&](const Strings& outputs) {
    Strings arguments = {"place", block.netlist, "--plc", block.plc, "--evals", "10", "-q"};
    arguments.insert(arguments.end(), outputs.begin(), outputs.end());
    return run_tessera(arguments);
  };
  const RunResult report = place({"-o", folder / "o.plc", "--report", folder / "o.plc"});
  CHECK(report.exit_code == 2);
  CHECK(contains(report.err, "does not end in .html"));
  const std::string again = (folder / "." / "o.plc").string();
  const RunResult twice = place({"-o", folder / "o.plc", "-o", again});
  CHECK(twice.exit_code == 2);
  CHECK(contains(twice.err, "is given twice"));
  const RunResult cost =
      run_tessera({"cost", block.netlist, "--plc", block.plc, "--report", folder / "o.plc"});
  CHECK(cost.exit_code == 2);
}

}  // namespace
}  // namespace tessera::testing
