// What fuzzing found, and files of our own cut short at many places: no reader may fall over them.

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "tests/fuzz/targets.h"
#include "tests/support/test_support.h"
#include <doctest/doctest.h>

#include "netlist_io/errors.h"

namespace tessera::testing {
namespace {

namespace fs = std::filesystem;

std::string content(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// Whether the target ends as it promises.
bool survives(const FuzzTarget& target, const std::string& input) {
  try {
    target.run(input);
  } catch (const netlist_io::ParseError&) {
  } catch (const netlist_io::OptionError&) {
  } catch (const netlist_io::InfeasibleError&) {
  } catch (...) {
    return false;
  }
  return true;
}

TEST_CASE("readers refuse what fuzzing found") {
  const fs::path folder = fs::path(TESSERA_SOURCE_DIR) / "tests/fuzz/regressions";
  std::size_t count = 0;
  for (const FuzzTarget& target : fuzz_targets()) {
    if (!fs::exists(folder / target.name)) {
      continue;
    }
    for (const auto& entry : fs::directory_iterator(folder / target.name)) {
      CAPTURE(entry.path().string());
      CHECK(survives(target, content(entry.path())));
      ++count;
    }
  }
  CHECK(count >= 6);
}

TEST_CASE("readers survive files that end anywhere") {
  const fs::path root = TESSERA_SOURCE_DIR;
  const std::string lef = content(root / "data/lefdef/small_tech.lef");
  const std::vector<std::pair<const char*, std::string>> files = {
      {"netlist", content(root / "tests/data/malformed/valid.pb.txt")},
      {"plc", content(root / "tests/data/malformed/valid.plc")},
      {"lef", lef},
      {"def", lef + "\n----\n" + content(root / "data/lefdef/small.def")},
      {"checkpoint", content(root / "data/checkpoints/default.safetensors")},
      {"config", content(root / "data/pretrain.toml")},
      {"run",
       R"({"tessera":"0","command":"place","design":{"name":"d"},"weights":{},"cost":{"proxy":0.5},)"
       R"("seed":1,"stages":[{"name":"policy","proxy":0.5}],"outputs":["small.plc"],"options":)"
       R"({"netlist":["small.pb.txt"],"plc":["small.plc"],"grid":["4x3"]}})"},
      {"metrics", R"({"iteration":1,"phase":"ppo","mean_proxy":0.5,"best_proxy":null})"}};
  constexpr std::size_t kCuts = 40;
  for (const auto& [key, text] : files) {
    const char* const name = key;  // clang 14 does not capture bindings
    const FuzzTarget* const target = find_fuzz_target(name);
    REQUIRE(target != nullptr);
    REQUIRE(!text.empty());
    for (std::size_t i = 0; i <= kCuts; ++i) {
      CAPTURE(name);
      CAPTURE(i);
      CHECK(survives(*target, text.substr(0, text.size() * i / kCuts)));
    }
  }
}

}  // namespace
}  // namespace tessera::testing
