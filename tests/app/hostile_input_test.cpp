// Inputs made to do harm: a clear error, no control character on a terminal, nothing written.

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;

std::vector<std::string> block_arguments(const std::string& command,
                                         const std::vector<std::string>& more) {
  const SmallBlock& block = small_block();
  std::vector<std::string> arguments = {command, block.netlist, "--plc", block.plc};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

/// Ends with this code, says this, and the file keeps what it had.
void check_refused(const std::vector<std::string>& more,
                   int exit_code,
                   const std::string& message) {
  const std::string out = scratch_dir("hostile_refused") / "out.plc";
  write_text(out, "earlier");
  std::vector<std::string> arguments = block_arguments("place", {"--evals", "10", "-o", out});
  arguments.insert(arguments.end(), more.begin(), more.end());
  const RunResult run = run_tessera(arguments);
  CAPTURE(run.err);
  CHECK(run.exit_code == exit_code);
  CHECK(contains(run.err, message));
  CHECK(read_text(out) == "earlier");
}

std::string header_of(std::uint64_t length) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) {
    bytes += static_cast<char>((length >> shift) & 0xff);
  }
  return bytes;
}

}  // namespace

TEST_CASE("control characters of paths and arguments do not reach the terminal") {
  const RunResult missing = run_tessera({"info", "no\x1b[31m\nfile.pb.txt"});
  CHECK(missing.exit_code == 3);
  CHECK(contains(missing.err, "tessera: no\\x1b[31m\\x0afile.pb.txt: cannot be opened"));
  const RunResult usage = run_tessera({"info", "x.pb.txt", "--threads", "\x1b[31m"});
  CHECK(usage.exit_code == 2);
  CHECK(contains(usage.err, "\\x1b[31m"));
  CHECK_FALSE(contains(usage.err, "\x1b"));
}

TEST_CASE("a name that is no text is shown with escapes and does not break the JSON") {
  const fs::path folder = scratch_dir("hostile_name");
  const SmallBlock& block = small_block();
  const std::string plc = folder / "named.plc";
  const std::string name = "a\x1b]0;b\xff";
  write_text(plc, "# Block : " + name + "\n" + read_text(block.plc));
  const RunResult text = run_tessera({"info", block.netlist, "--plc", plc});
  CHECK(text.exit_code == 0);
  CHECK_FALSE(contains(text.out, "\x1b"));
  const RunResult json = run_tessera({"cost", block.netlist, "--plc", plc, "--json"});
  CAPTURE(json.err);
  CHECK(json.exit_code == 0);
  CHECK(nlohmann::json::accept(json.out));
}

TEST_CASE("numbers that nothing can be computed with are refused") {
  check_refused({"--routes", "1e-320,1"}, 2, "expected a number from 1e-6 to 1e9");
  check_refused({"--macro-routes", "1e308,1"}, 2, "expected a number from 0 to 1e9");
  check_refused({"--weights", "1,1e300,1"}, 2, "expected a number from 0 to 1e9");
  check_refused({"--canvas", "1e-320x4"}, 2, "expected sides from 1e-6 to 1e9");
  check_refused({"--halo", "1e300"}, 2, "--halo is 1e+300, expected microns from 0 to 1e9");
  check_refused({"--density-cap", "nan"}, 2, "nan is not a number");
  check_refused({"--time", "nan"}, 2, "nan is not a number");
  check_refused({"--time", "inf"}, 2, "not in range");
}

TEST_CASE("a device or an enormous file is no option file") {
  const fs::path folder = scratch_dir("hostile_config");
  const std::string config = folder / "large.toml";
  write_text(config, std::string(std::size_t{2} << 20, '\n'));
  const auto check = [&](const std::string& path, const std::string& message) {
    const RunResult run =
        run_tessera({"pretrain", "--config", path, "-o", folder / "out.safetensors"});
    CAPTURE(run.err);
    CHECK(run.exit_code == 3);
    CHECK(contains(run.err, message));
  };
  check("/dev/zero", "/dev/zero: is a device");
  check(config, "is larger than 1048576 bytes");
}

TEST_CASE("a checkpoint's header has a limit") {
  constexpr std::uint64_t kLength = 9'000'000;
  const std::string path = scratch_dir("hostile_checkpoint") / "deep.safetensors";
  write_text(path, header_of(kLength) + std::string(kLength, '['));
  check_refused({"--policy", path}, 3, "the header has more than 8388608 bytes");
}

TEST_CASE("a checkpoint has finite numbers, and so have the scores of its network") {
  const std::string folder = scratch_dir("hostile_weights");
  const fs::path bundled = fs::path(TESSERA_SOURCE_DIR) / "data/checkpoints/default.safetensors";
  const std::string bytes = read_text(bundled);
  const std::size_t length = static_cast<unsigned char>(bytes[0]) +
                             256 * static_cast<std::size_t>(static_cast<unsigned char>(bytes[1]));
  const auto header = nlohmann::json::parse(bytes.substr(8, length));
  const auto with = [&](const std::string& value) {
    std::string changed = bytes;
    const auto& offsets = header["model/node.weight"]["data_offsets"];
    for (std::size_t at = offsets[0]; at < offsets[1]; at += 4) {
      changed.replace(8 + length + at, 4, value);
    }
    const std::string path = folder + "/changed.safetensors";
    write_text(path, changed);
    return path;
  };
  const auto check = [&](const std::string& value, const std::string& message) {
    check_refused({"--policy", with(value)}, 3, message);
  };
  check(std::string("\0\0\xc0\x7f", 4), "has a value that is not a finite number");  // NaN
  check("\xff\xff\x7f\x7f", "score of a cell is not a finite number");               // 3.4e38
}

TEST_CASE("messages about long words are short") {
  const fs::path folder = scratch_dir("hostile_word");
  const std::string path = folder / "long.jsonl";
  write_text(path, "\"" + std::string(100'000, 'a') + "\n");
  const RunResult run =
      run_tessera({"demonstrate", "--corpus", small_block().netlist, "--evals", "10", "-o", path});
  CHECK(run.exit_code == 3);
  CHECK(run.err.size() < 3000);
}

TEST_CASE("JSON that is nested deep does not exhaust the stack") {
  const fs::path folder = scratch_dir("hostile_depth");
  const std::string deep = std::string(1'000'000, '[') + std::string(1'000'000, ']');
  const std::string demonstrations = folder / "deep.jsonl";
  write_text(
      demonstrations,
      "{\"block\":\"b\",\"seed\":1,\"grid\":[1,1],\"order\":\"area\",\"proxy\":1,\"cells\":" +
          deep + "}\n");
  const RunResult demonstrate = run_tessera(
      {"demonstrate", "--corpus", small_block().netlist, "--evals", "10", "-o", demonstrations});
  CHECK(demonstrate.exit_code == 3);
  CHECK(contains(demonstrate.err, "deep.jsonl:1:1: no demonstration: its JSON is nested too deep"));
  const std::string run = folder / "run.json";
  write_text(run,
             R"({"tessera":"","command":"cost","design":{"name":"b"},"cost":{},"x":)" + deep + "}");
  const RunResult report = run_tessera({"report", run, "-o", folder / "out.html"});
  CHECK(report.exit_code == 3);
  CHECK(contains(report.err, "its JSON is nested too deep"));
}

TEST_CASE("a run's document with fields of other types is refused") {
  const fs::path folder = scratch_dir("hostile_document");
  const SmallBlock& block = small_block();
  const RunResult good = run_tessera({"cost", block.netlist, "--plc", block.plc, "--json"});
  REQUIRE(good.exit_code == 0);
  const std::string path = folder / "run.json";
  const auto check = [&](const char* key, const nlohmann::json& value) {
    CAPTURE(key);
    nlohmann::json document = nlohmann::json::parse(good.out);
    document[key] = value;
    write_text(path, document.dump());
    const RunResult run = run_tessera({"report", path, "-o", folder / "out.html"});
    CAPTURE(run.err);
    CHECK(run.exit_code == 3);
  };
  check("design", 5);
  check("design", {{"name", 5}});
  check("stages", {5});
  check("stages", {{{"name", 5}}});
  check("options", {{"netlist", 5}});
  check("inputs", 5);
}

TEST_CASE("metrics with a field of another name in every line are refused") {
  const fs::path folder = scratch_dir("hostile_metrics");
  std::string text;
  for (int i = 0; i < 1100; ++i) {
    text += "{\"iteration\":" + std::to_string(i) + ",\"f" + std::to_string(i) + "\":1}\n";
  }
  const std::string path = folder / "net.metrics.jsonl";
  write_text(path, text);
  const RunResult run = run_tessera({"report", path, "-o", folder / "out.html"});
  CHECK(run.exit_code == 3);
  CHECK(contains(run.err, "net.metrics.jsonl:1000: a training with more than 1000 fields"));
  CHECK_FALSE(fs::exists(folder / "out.html"));
}

TEST_CASE("a generated block's name is a file name") {
  const fs::path folder = scratch_dir("hostile_generate");
  for (const std::string name : {"", "../a", "a\nb", "a\x1b"}) {
    CAPTURE(name);
    const RunResult run = run_tessera({"generate", "-o", folder, "--name", name});
    CHECK(run.exit_code == 2);
  }
  CHECK(fs::is_empty(folder));
}

}  // namespace tessera::testing
