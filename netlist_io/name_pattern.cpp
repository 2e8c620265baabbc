#include "netlist_io/name_pattern.h"

#include <cstddef>
#include <string>

namespace tessera::netlist_io {
namespace {

bool is_digit(char character) {
  return character >= '0' && character <= '9';
}

/// Back-references and numbers so large that the library's reader would overflow.
bool has_large_numbers(std::string_view text) {
  constexpr std::size_t kMostDigits = 3;
  std::size_t digits = 0;
  bool in_braces = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool escaped = i > 0 && text[i - 1] == '\\';
    if (escaped && is_digit(text[i])) {
      return true;
    }
    in_braces = text[i] == '{' || (in_braces && text[i] != '}');
    digits = in_braces && is_digit(text[i]) ? digits + 1 : 0;
    if (digits > kMostDigits) {
      return true;
    }
  }
  return false;
}

}  // namespace

std::regex name_pattern(std::string_view text) {
  constexpr std::size_t kMostCharacters = 500;
  if (text.size() > kMostCharacters || has_large_numbers(text)) {
    throw std::regex_error(std::regex_constants::error_complexity);
  }
  auto syntax = std::regex::ECMAScript;
#ifdef __GLIBCXX__
  // Without it, (a+)+ takes exponential time.
  syntax |= std::regex_constants::__polynomial;
#endif
  return std::regex(std::string(text), syntax);
}

}  // namespace tessera::netlist_io
