#pragma once

#include <regex>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/errors.h"

namespace tessera::netlist_io {

/// A line of a halo file: keep-out, microns from the edges in orientation N, of the macros whose
/// instance or master name matches the pattern as a whole.
struct HaloRule {
  std::regex pattern;
  std::string text;         ///< of the pattern
  SourceLocation location;  ///< of the rule
  double left = 0.0;
  double bottom = 0.0;
  double right = 0.0;
  double top = 0.0;
};

/// Reads lines of `PATTERN X`, `PATTERN X Y` or `PATTERN LEFT BOTTOM RIGHT TOP`; `#` starts a
/// comment. Throws `ParseError` for anything else, a bad regular expression and lengths below 0.
std::vector<HaloRule> read_halo_file(const std::string& path);

/// Same, of text in memory; `name` stands for the path in errors.
std::vector<HaloRule> parse_halo_file(std::string_view text, const std::string& name);

/// Whether a rule is about a macro of these names; that of the master may be empty.
bool matches(const HaloRule& rule, const std::string& instance, const std::string& master);

/// The first rule that matches one of the two names, or none.
const HaloRule* find_halo_rule(const std::vector<HaloRule>& rules,
                               const std::string& instance,
                               const std::string& master);

}  // namespace tessera::netlist_io
