#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <span>
#include <string>
#include <vector>

#include "netlist_io/lefdef/lef_library.h"

namespace tessera::testing {

/// Folder of the example that comes with the program: `small_tech.lef` and `small.def`.
std::filesystem::path lefdef_example();

/// A public design: its DEF file, its LEF files and its name in `counts.json`.
struct LefDefSet {
  std::string name;
  std::string def;
  std::vector<std::string> lefs;
};

/// The public designs below the benchmark folder.
std::vector<LefDefSet> lefdef_sets(const std::filesystem::path& benchmarks);

/// Text of a library with the masters INV (pins A, Z) and RAM (pins `D[0]`, `PIN`, `END`).
std::string tiny_lef();
netlist_io::LefLibrary tiny_library();

/// Text of a DEF file with the parts in `body`, which starts in line 4.
std::string def_text(const std::string& body);

/// An input with an error, and what is said about it, place included.
struct Malformed {
  const char* text;
  const char* message;
};

/// Checks that `parse`, called with each text, throws a `ParseError` with the message.
void check_messages(std::span<const Malformed> cases,
                    const std::function<void(const std::string&)>& parse);

/// Checks that `parse`, called with damaged copies of `text`, throws a `ParseError` or returns.
void check_damaged(const std::string& text, const std::function<void(const std::string&)>& parse);

/// `text` in which every line end is that of DOS.
std::string with_crlf(const std::string& text);

/// How many of `texts` contain `part`.
std::size_t count_containing(const std::vector<std::string>& texts, const std::string& part);

}  // namespace tessera::testing
