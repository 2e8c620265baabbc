#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tessera::netlist_io {

/// Reads all of `token` as a decimal number, with point and exponent if it has them, or as `inf` or
/// `nan`. Overflow gives infinity, underflow zero. Independent of the locale.
std::optional<double> parse_number(std::string_view token);

/// Reads all of `token` as a decimal integer that fits an `int`.
std::optional<int> parse_int(std::string_view token);

/// Appends the shortest decimal that reads back equal; without an exponent unless the magnitude is
/// below 1e-7 or from 1e15 on.
void append_number(std::string& text, double value);

}  // namespace tessera::netlist_io
