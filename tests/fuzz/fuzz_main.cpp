// One program for all targets of libFuzzer; the environment variable TESSERA_FUZZ_TARGET names the
// one.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#include "tests/fuzz/targets.h"

#include "netlist_io/errors.h"

namespace {

const tessera::testing::FuzzTarget& chosen_target() {
  const char* const name = std::getenv("TESSERA_FUZZ_TARGET");
  const auto* const target = name == nullptr ? nullptr : tessera::testing::find_fuzz_target(name);
  if (target == nullptr) {
    std::fprintf(stderr, "TESSERA_FUZZ_TARGET must be one of:");
    for (const auto& each : tessera::testing::fuzz_targets()) {
      std::fprintf(stderr, " %s", each.name);
    }
    std::fprintf(stderr, "\n");
    std::exit(2);
  }
  return *target;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tessera::testing::FuzzTarget& target = chosen_target();
  try {
    target.run({reinterpret_cast<const char*>(data), size});
  } catch (const tessera::netlist_io::ParseError&) {
  } catch (const tessera::netlist_io::OptionError&) {
  } catch (const tessera::netlist_io::InfeasibleError&) {
  }
  return 0;
}
