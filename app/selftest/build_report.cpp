#include "app/selftest/build_report.h"

#include <cstdlib>
#include <fstream>
#include <string>
#include <thread>

#include <CLI/CLI.hpp>
#include <Eigen/Core>
#include <boost/version.hpp>
#include <openssl/crypto.h>
#include <sys/utsname.h>
#include <unistd.h>
#include <zlib.h>

#include "app/plugin_loader.h"

namespace tessera::app {
namespace {

using nlohmann::ordered_json;

/// The value behind `key` and a colon in a file of the kernel; empty if it is not there.
std::string kernel_value(const char* path, const std::string& key) {
  std::ifstream file(path);
  std::string line;
  while (std::getline(file, line)) {
    const std::size_t colon = line.find(':');
    if (line.starts_with(key) && colon != std::string::npos) {
      const std::size_t first = line.find_first_not_of(" \t", colon + 1);
      return first == std::string::npos ? "" : line.substr(first);
    }
  }
  return "";
}

std::string numbers(int major, int minor, int patch) {
  return std::to_string(major) + "." + std::to_string(minor) + "." + std::to_string(patch);
}

std::string torch_version() {
  try {
    return load_plugin().torch_version();
  } catch (const PluginError& error) {
    return std::string("none: ") + error.what();
  }
}

std::string checkpoint_path() {
  try {
    return bundled_checkpoint().string();
  } catch (const PluginError& error) {
    return std::string("none: ") + error.what();
  }
}

ordered_json libraries() {
  return {
      {"Boost", numbers(BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000, BOOST_VERSION % 100)},
      {"CLI11", CLI11_VERSION},
      {"Eigen", numbers(EIGEN_WORLD_VERSION, EIGEN_MAJOR_VERSION, EIGEN_MINOR_VERSION)},
      {"LibTorch", torch_version()},
      {"nlohmann-json",
       numbers(
           NLOHMANN_JSON_VERSION_MAJOR, NLOHMANN_JSON_VERSION_MINOR, NLOHMANN_JSON_VERSION_PATCH)},
      {"OpenMP", std::to_string(_OPENMP)},
      {"OpenSSL", OpenSSL_version(OPENSSL_VERSION)},
      {"zlib", zlibVersion()}};
}

/// Those of the instruction sets with kernels of their own, or that matter for speed.
ordered_json instruction_sets() {
  ordered_json sets = ordered_json::array();
#if defined(__x86_64__)
  const auto add = [&sets](bool there, const char* name) {
    if (there) {
      sets.push_back(name);
    }
  };
  add(__builtin_cpu_supports("sse4.2") != 0, "sse4.2");
  add(__builtin_cpu_supports("avx") != 0, "avx");
  add(__builtin_cpu_supports("avx2") != 0, "avx2");
  add(__builtin_cpu_supports("fma") != 0, "fma");
  add(__builtin_cpu_supports("avx512f") != 0, "avx512f");
#endif
  return sets;
}

ordered_json machine() {
  utsname system{};
  uname(&system);
  constexpr double kGiB = 1024.0 * 1024.0 * 1024.0;
  const double bytes =
      static_cast<double>(sysconf(_SC_PHYS_PAGES)) * static_cast<double>(sysconf(_SC_PAGESIZE));
  return {{"system", std::string(system.sysname) + " " + system.release + " " + system.machine},
          {"processor", kernel_value("/proc/cpuinfo", "model name")},
          {"cores", std::thread::hardware_concurrency()},
          {"instruction_sets", instruction_sets()},
          {"memory_gib", bytes / kGiB}};
}

ordered_json environment() {
  ordered_json variables = ordered_json::object();
  for (const char* const name : {"OMP_NUM_THREADS",
                                 "OMP_PROC_BIND",
                                 "OMP_WAIT_POLICY",
                                 "OPENBLAS_NUM_THREADS",
                                 "LD_LIBRARY_PATH",
                                 "LD_PRELOAD",
                                 "TMPDIR"}) {
    if (const char* const value = std::getenv(name)) {
      variables[name] = value;
    }
  }
  return variables;
}

}  // namespace

ordered_json build_report() {
#if defined(__clang__)
  const std::string compiler = std::string("clang ") + __clang_version__;
#else
  const std::string compiler = std::string("g++ ") + __VERSION__;
#endif
#ifdef NDEBUG
  const bool assertions = false;
#else
  const bool assertions = true;
#endif
  return {{"build",
           {{"compiler", compiler},
            {"assertions", assertions},
            {"checkpoint", checkpoint_path()},
            {"libraries", libraries()}}},
          {"machine", machine()},
          {"environment", environment()}};
}

}  // namespace tessera::app
