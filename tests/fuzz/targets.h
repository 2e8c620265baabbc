#pragma once

#include <span>
#include <string_view>

namespace tessera::testing {

/// A reader of files that other people's tools write.
struct FuzzTarget {
  const char* name;
  /// Reads any bytes. The reader may refuse them with the errors that it promises
  /// (`netlist_io::ParseError`, `OptionError`, `InfeasibleError`); what it accepts is used a
  /// little. Anything else, another exception or a crash, is a fault.
  void (*run)(std::string_view input);
};

std::span<const FuzzTarget> fuzz_targets();

/// Null if there is none of this name.
const FuzzTarget* find_fuzz_target(std::string_view name);

}  // namespace tessera::testing
