#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "netlist_io/netlist.h"

namespace tessera::testing {

/// Folder of test inputs in the source tree.
std::filesystem::path data_dir();

/// Folder of the public benchmark blocks (`$TESSERA_BENCHMARKS`, else `../shared/benchmarks` beside
/// the project), if it is there.
std::optional<std::filesystem::path> benchmarks_dir();

/// Reports on stdout, in a form that `scripts/test.sh` counts, that a case had to be skipped.
void report_skip(const std::string& reason);

/// A folder of its own for the calling test, empty, removed at exit.
std::filesystem::path scratch_dir(const std::string& name);

}  // namespace tessera::testing

/// Defines `folder` as the benchmark folder or leaves the test case as skipped.
#define TESSERA_REQUIRE_BENCHMARKS(folder)                                      \
  const auto maybe_##folder = ::tessera::testing::benchmarks_dir();             \
  if (!maybe_##folder) {                                                        \
    ::tessera::testing::report_skip("the public benchmark files are not here"); \
    return;                                                                     \
  }                                                                             \
  const std::filesystem::path folder = *maybe_##folder
