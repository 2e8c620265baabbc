#pragma once

#include <regex>
#include <string_view>

namespace tessera::netlist_io {

/// A regular expression (ECMAScript) for whole names, as users give it in files and flags. Matching
/// takes polynomial time whatever the expression is: it may have no back-references, at most 500
/// characters, and no repetition beyond 999. Throws `std::regex_error`.
std::regex name_pattern(std::string_view text);

}  // namespace tessera::netlist_io
