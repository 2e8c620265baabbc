#include "netlist_io/number_text.h"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <system_error>

namespace tessera::netlist_io {

bool is_in_range(double value) {
  return std::abs(value) <= kMaxMagnitude;
}

std::string_view expected_in_range(std::optional<double> value) {
  return value && std::isfinite(*value) ? "a number from -1e9 to 1e9" : "a finite number";
}

std::optional<double> parse_number(std::string_view token) {
  const char* const end = token.data() + token.size();
  double value = 0.0;
  const std::from_chars_result result = std::from_chars(token.data(), end, value);
  if (result.ptr != end || result.ec == std::errc::invalid_argument) {
    return std::nullopt;
  }
  if (result.ec == std::errc::result_out_of_range) {
    return std::strtod(std::string(token).c_str(), nullptr);
  }
  return value;
}

std::optional<int> parse_int(std::string_view token) {
  const char* const end = token.data() + token.size();
  int value = 0;
  const std::from_chars_result result = std::from_chars(token.data(), end, value);
  if (result.ptr != end || result.ec != std::errc()) {
    return std::nullopt;
  }
  return value;
}

void append_number(std::string& text, double value) {
  std::array<char, 40> buffer;
  const double magnitude = std::abs(value);
  const bool fixed = magnitude == 0.0 || (magnitude >= 1e-7 && magnitude < 1e15);
  const std::chars_format format = fixed ? std::chars_format::fixed : std::chars_format::scientific;
  const std::to_chars_result result =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, format);
  text.append(buffer.data(), result.ptr);
}

}  // namespace tessera::netlist_io
