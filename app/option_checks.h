#pragma once

#include <string>

#include <CLI/CLI.hpp>

namespace tessera::app {

/// A number from `low` to `high`. `CLI::Range` alone takes a NaN.
inline CLI::Validator number_range(double low, double high) {
  CLI::Range range(low, high);
  return range.operation([range](std::string& text) {
    double value = 0.0;
    const bool is_nan = CLI::detail::lexical_cast(text, value) && value != value;
    return is_nan ? "Value " + text + " is not a number" : range(text);
  });
}

}  // namespace tessera::app
