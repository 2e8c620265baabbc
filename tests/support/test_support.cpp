#include "tests/support/test_support.h"

#include <cstdlib>
#include <iostream>
#include <system_error>

#include <doctest/doctest.h>
#include <unistd.h>

namespace tessera::testing {
namespace {

/// Removes the scratch folders of this process when it ends.
struct ScratchRoot {
  std::filesystem::path path =
      std::filesystem::temp_directory_path() / ("tessera_test_" + std::to_string(getpid()));
  ~ScratchRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(path, ignored);
  }
};

}  // namespace

std::filesystem::path data_dir() {
  return std::filesystem::path(TESSERA_SOURCE_DIR) / "tests" / "data";
}

std::optional<std::filesystem::path> benchmarks_dir() {
  const char* const named = std::getenv("TESSERA_BENCHMARKS");
  const std::filesystem::path folder =
      named != nullptr
          ? std::filesystem::path(named)
          : std::filesystem::path(TESSERA_SOURCE_DIR).parent_path() / "shared" / "benchmarks";
  if (!std::filesystem::is_directory(folder / "clustered")) {
    return std::nullopt;
  }
  return folder;
}

void report_skip(const std::string& reason) {
  std::cout << "SKIPPED: " << doctest::getContextOptions()->currentTest->m_name << ": " << reason
            << '\n';
}

std::filesystem::path scratch_dir(const std::string& name) {
  static const ScratchRoot root;
  const std::filesystem::path folder = root.path / name;
  std::filesystem::remove_all(folder);
  std::filesystem::create_directories(folder);
  return folder;
}

}  // namespace tessera::testing
