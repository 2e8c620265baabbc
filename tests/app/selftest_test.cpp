#include <filesystem>
#include <string>

#include "tests/app/run_tessera.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>
#include <nlohmann/json.hpp>

namespace {

using nlohmann::json;
using tessera::testing::contains;
using tessera::testing::read_text;
using tessera::testing::run_program;
using tessera::testing::run_tessera;
using tessera::testing::RunResult;
using tessera::testing::scratch_dir;
using tessera::testing::write_text;

namespace fs = std::filesystem;

const fs::path kCheckpoint = fs::path(TESSERA_SOURCE_DIR) / "data/checkpoints/default.safetensors";

/// A copy of the program, installed alone.
std::string installed_program(const fs::path& prefix) {
  fs::create_directories(prefix / "bin");
  fs::create_directories(prefix / "share/tessera/checkpoints");
  const fs::path program = prefix / "bin/tessera";
  fs::copy_file(TESSERA_BINARY, program, fs::copy_options::overwrite_existing);
  return program.string();
}

json check_named(const json& document, const std::string& name) {
  for (const json& check : document.at("checks")) {
    if (check.at("name") == name) {
      return check;
    }
  }
  FAIL("no check named " << name);
  return {};
}

TEST_CASE("An installation checks itself") {
  const RunResult result = run_tessera({"selftest", "--json", "--threads", "3"});
  REQUIRE_MESSAGE(result.exit_code == 0, result.out);
  const json document = json::parse(result.out);
  CHECK(document.at("command") == "selftest");
  CHECK(document.at("failed") == 0);
  CHECK(document.at("checks").size() == 10);
  for (const json& check : document.at("checks")) {
    const bool may_be_left_out = check.at("name") == "LibTorch";
    CHECK((check.at("outcome") == "ok" || (may_be_left_out && check.at("outcome") == "skipped")));
    CHECK(!check.at("detail").get<std::string>().empty());
  }
  CHECK(document.at("build").at("libraries").contains("zlib"));
  CHECK(document.at("machine").at("cores").get<int>() >= 1);
}

TEST_CASE("A checkpoint that is damaged or missing is found out") {
  const fs::path prefix = scratch_dir("selftest");
  const std::string program = installed_program(prefix);
  const std::string expected_for_people = "1 of 10 checks failed";
  std::string bytes = read_text(kCheckpoint);
  std::string problem;
  SUBCASE("damaged") {
    bytes.back() = static_cast<char>(bytes.back() ^ 1);
    write_text(prefix / "share/tessera/checkpoints/default.safetensors", bytes);
    problem = "SHA-256";
  }
  SUBCASE("missing") {
    problem = "is not there";
  }
  const RunResult result = run_program(program, {"selftest", "--json"});
  CHECK(result.exit_code == 1);
  CHECK(contains(result.err, expected_for_people));
  const json document = json::parse(result.out);
  CHECK(document.at("failed") == 1);
  const json network = check_named(document, "bundled network");
  CHECK(network.at("outcome") == "FAILED");
  CHECK(contains(network.at("detail").get<std::string>(), problem));
  CHECK(check_named(document, "LibTorch").at("outcome") == "skipped");
  CHECK(check_named(document, "search").at("outcome") == "ok");
}

TEST_CASE("Files that cannot be written are found out") {
  const std::string folder = (scratch_dir("selftest_files") / "missing").string();
  setenv("TMPDIR", folder.c_str(), 1);
  const RunResult result = run_tessera({"selftest"});
  unsetenv("TMPDIR");
  CHECK(result.exit_code == 1);
  CHECK(contains(result.out, "FAILED"));
  CHECK(contains(result.out, "TMPDIR"));
  CHECK(contains(result.out, folder));
}

}  // namespace
