// What holds for every command: exit codes, messages, help.

#include <filesystem>
#include <set>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;

const std::vector<std::string> kCommands = {
    "place", "refine", "cost", "info", "generate", "demonstrate", "finetune"};

std::vector<std::string> place_arguments(const std::vector<std::string>& more) {
  const SmallBlock& block = small_block();
  std::vector<std::string> arguments = {
      "place", block.netlist, "--plc", block.plc, "--policy", "none", "--effort", "zero-shot"};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

fs::path malformed() {
  return data_dir() / "malformed";
}

/// The file's error is on stderr with path and, unless it concerns the whole file, line and column.
void check_input_error(const RunResult& run, const fs::path& path, bool whole_file) {
  CAPTURE(path);
  CAPTURE(run.err);
  CHECK(run.exit_code == 3);
  CHECK(run.out.empty());
  const std::string start = "tessera: " + path.string() + ":";
  REQUIRE(run.err.substr(0, start.size()) == start);
  const std::string rest = run.err.substr(start.size());
  const std::size_t digits = rest.find_first_not_of("0123456789");
  const bool has_line = digits > 0 && rest[digits] == ':';
  CHECK(has_line == !whole_file);
  CHECK(rest.back() == '\n');
}

}  // namespace

TEST_CASE("the version is printed on stdout") {
  const RunResult run = run_tessera({"--version"});
  CHECK(run.exit_code == 0);
  CHECK(run.out.substr(0, 11) == "0.1.0 (git ");
  CHECK(run.err.empty());
}

TEST_CASE("help goes to stdout, names the command and describes every flag") {
  const RunResult all = run_tessera({"--help"});
  CHECK(all.exit_code == 0);
  for (const std::string& command : kCommands) {
    CAPTURE(command);
    CHECK(contains(all.out, "  " + command + " "));
    const RunResult run = run_tessera({command, "--help"});
    CHECK(run.exit_code == 0);
    CHECK(run.err.empty());
    CHECK(contains(run.out, "Usage: tessera " + command));
    CHECK(contains(run.out, "--json"));
    CHECK(contains(run.out, "--seed UINT=1"));
  }
  CHECK(contains(run_tessera({"cost", "--help"}).out, "WL,DENSITY,CONGESTION=1,0.5,0.5"));
}

TEST_CASE("wrong usage exits with 2, says why on stderr and prints nothing on stdout") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("usage") / "out.plc";
  std::vector<std::string> arguments;
  std::string message;
  SUBCASE("no command") {
    arguments = {};
    message = "subcommand is required";
  }
  SUBCASE("unknown command") {
    arguments = {"bogus"};
  }
  SUBCASE("no netlist") {
    arguments = {"cost"};
    message = "netlist is required";
  }
  SUBCASE("unknown flag") {
    arguments = {"cost", block.netlist, "--bogus"};
    message = "--bogus";
  }
  SUBCASE("no output") {
    arguments = place_arguments({});
    message = "--output";
  }
  SUBCASE("unknown ending of an output") {
    arguments = place_arguments({"-o", "result.xyz"});
    message = "\"result.xyz\" has no known ending";
  }
  SUBCASE("unknown choice") {
    arguments = place_arguments({"-o", out, "--effort", "huge"});
    message = "huge";
  }
  SUBCASE("two weights") {
    arguments = {"cost", block.netlist, "--weights", "1,2"};
    message = "--weights has 2 numbers";
  }
  SUBCASE("negative weight") {
    arguments = {"cost", block.netlist, "--weights=1,-2,1"};
    message = "density weight is -2";
  }
  SUBCASE("routes of one number") {
    arguments = {"cost", block.netlist, "--routes", "10"};
    message = "--routes";
  }
  SUBCASE("routes of zero") {
    arguments = {"cost", block.netlist, "--routes", "0,10"};
    message = "horizontal routes per micron is 0";
  }
  SUBCASE("grid that is none") {
    arguments = {"cost", block.netlist, "--grid", "10"};
    message = "--grid is \"10\"";
  }
  SUBCASE("grid without cells") {
    arguments = {"cost", block.netlist, "--grid", "0x10"};
    message = "--grid is \"0x10\"";
  }
  SUBCASE("huge grid") {
    arguments = {"cost", block.netlist, "--grid", "5000x5000"};
    message = "5000 x 5000";
  }
  SUBCASE("canvas that is not finite") {
    arguments = {"cost", block.netlist, "--canvas", "infx10"};
    message = "--canvas is \"infx10\"";
  }
  SUBCASE("smoothing out of range") {
    arguments = {"cost", block.netlist, "--smooth-range", "-1"};
    message = "smoothing range is -1";
  }
  SUBCASE("three halos") {
    arguments = place_arguments({"-o", out, "--halo", "1,2,3"});
    message = "--halo has 3 numbers";
  }
  SUBCASE("negative halo") {
    arguments = place_arguments({"-o", out, "--halo=-1"});
    message = "--halo is -1";
  }
  SUBCASE("channel that is not finite") {
    arguments = place_arguments({"-o", out, "--channel", "1,nan"});
    message = "--channel is nan";
  }
  SUBCASE("bad pattern") {
    arguments = place_arguments({"-o", out, "--fix", "m("});
    message = "--fix \"m(\" is not a regular expression";
  }
  SUBCASE("no time") {
    arguments = place_arguments({"-o", out, "--time", "0"});
    message = "--time";
  }
  SUBCASE("quiet and verbose") {
    arguments = {"info", block.netlist, "-q", "-v"};
    message = "excludes";
  }
  const RunResult run = run_tessera(arguments);
  CAPTURE(arguments);
  CAPTURE(run.err);
  CHECK(run.exit_code == 2);
  CHECK(run.out.empty());
  CHECK(contains(run.err, message));
  CHECK_FALSE(run.err.empty());
  CHECK_FALSE(fs::exists(out));
}

TEST_CASE("the netlist may follow any flag") {
  const SmallBlock& block = small_block();
  const std::string out = scratch_dir("order_of_flags") / "out.plc";
  const std::vector<std::vector<std::string>> flags = {{"-o", out},
                                                       {"-o", out, "--halo", "1"},
                                                       {"-o", out, "--channel", "1,2"},
                                                       {"-o", out, "--weights", "1,1,1"},
                                                       {"-o", out, "--routes", "50,60"}};
  for (const std::vector<std::string>& some : flags) {
    CAPTURE(some);
    std::vector<std::string> arguments = {
        "place", "--plc", block.plc, "--policy", "none", "--effort", "zero-shot"};
    arguments.insert(arguments.end(), some.begin(), some.end());
    arguments.push_back(block.netlist);
    const RunResult run = run_tessera(arguments);
    CAPTURE(run.err);
    CHECK(run.exit_code == 0);
  }
}

TEST_CASE("missing files exit with 3 and are named") {
  const SmallBlock& block = small_block();
  for (const std::string command : {"cost", "info"}) {
    CAPTURE(command);
    const RunResult no_netlist = run_tessera({command, "nowhere/n.pb.txt"});
    CHECK(no_netlist.exit_code == 3);
    CHECK(contains(no_netlist.err, "tessera: nowhere/n.pb.txt"));
    CHECK(no_netlist.out.empty());
    const RunResult no_plc = run_tessera({command, block.netlist, "--plc", "nowhere/p.plc"});
    CHECK(no_plc.exit_code == 3);
    CHECK(contains(no_plc.err, "tessera: nowhere/p.plc"));
  }
  const RunResult place = run_tessera(
      {"place", "nowhere/n.pb.txt", "--policy", "none", "-o", scratch_dir("missing") / "o.plc"});
  CHECK(place.exit_code == 3);
}

TEST_CASE("a missing checkpoint exits with 3") {
  const SmallBlock& block = small_block();
  const fs::path folder = scratch_dir("missing_checkpoint");
  const RunResult run = run_tessera(
      {"place", block.netlist, "--policy", folder / "none.safetensors", "-o", folder / "o.plc"});
  CHECK(run.exit_code == 3);
  CHECK(run.err.substr(0, 9) == "tessera: ");
  CHECK(run.out.empty());
  CHECK(fs::is_empty(folder));
}

TEST_CASE("every malformed netlist exits with 3 and the place of the error") {
  const std::set<std::string> whole_file = {"empty.pb.txt",
                                            "gzip_damaged.pb.txt.gz",
                                            "gzip_trailing_bytes.pb.txt.gz",
                                            "gzip_truncated.pb.txt.gz"};
  std::size_t files = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(malformed() / "netlist")) {
    const fs::path& path = entry.path();
    check_input_error(run_tessera({"info", path}), path, whole_file.contains(path.filename()));
    ++files;
  }
  CHECK(files > 30);
}

TEST_CASE("every malformed placement exits with 3 and the place of the error") {
  const std::string netlist = malformed() / "valid.pb.txt";
  CHECK(run_tessera({"cost", netlist, "--plc", malformed() / "valid.plc"}).exit_code == 0);
  std::size_t files = 0;
  for (const fs::directory_entry& entry : fs::directory_iterator(malformed() / "plc")) {
    check_input_error(run_tessera({"cost", netlist, "--plc", entry.path()}), entry.path(), false);
    ++files;
  }
  CHECK(files > 25);
}

TEST_CASE("a macro wider than the canvas exits with 4 and is named") {
  // The block's macro M is 4 um wide.
  const fs::path folder = scratch_dir("too_wide");
  const RunResult run = run_tessera({"place",
                                     malformed() / "valid.pb.txt",
                                     "--plc",
                                     malformed() / "valid.plc",
                                     "--policy",
                                     "none",
                                     "--canvas",
                                     "3x10",
                                     "-o",
                                     folder / "out.plc",
                                     "--json"});
  CHECK(run.exit_code == 4);
  CHECK(contains(run.err, "\"M\""));
  CHECK(contains(run.err, "is larger than the canvas"));
  CHECK(run.out.empty());
  CHECK(fs::is_empty(folder));
}

TEST_CASE("an output that cannot be written exits with 1 and leaves nothing behind") {
  const fs::path folder = scratch_dir("unwritable");
  fs::create_directory(folder / "taken.plc");  // a folder of that name
  const RunResult taken = run_tessera(place_arguments({"-o", folder / "taken.plc"}));
  CHECK(taken.exit_code == 1);
  CHECK(contains(taken.err, (folder / "taken.plc").string()));
  const RunResult missing = run_tessera(place_arguments({"-o", folder / "nowhere" / "out.plc"}));
  CHECK(missing.exit_code == 1);
  CHECK(contains(missing.err, (folder / "nowhere" / "out.plc").string()));
  const RunResult second = run_tessera(
      place_arguments({"-o", folder / "good.plc", "-o", folder / "nowhere" / "out.plc"}));
  CHECK(second.exit_code == 1);
  CHECK(second.out.empty());
  CHECK_FALSE(contains(second.err, "episodes"));  // it is noticed before any work
  std::size_t entries = 0;
  for ([[maybe_unused]] const fs::directory_entry& entry :
       fs::recursive_directory_iterator(folder)) {
    ++entries;
  }
  CHECK(entries == 1);
}

TEST_CASE("progress and warnings go to stderr, and -q is silent") {
  const fs::path folder = scratch_dir("split");
  const RunResult loud = run_tessera(place_arguments({"-o", folder / "out.plc"}));
  CHECK(contains(loud.err, "episodes"));
  CHECK(contains(loud.out, "proxy"));
  CHECK_FALSE(contains(loud.out, "episodes"));
  const RunResult quiet = run_tessera(place_arguments({"-o", folder / "out.plc", "-q"}));
  CHECK(quiet.exit_code == 0);
  CHECK(quiet.err.empty());
  CHECK(quiet.out == loud.out);
}

}  // namespace tessera::testing
