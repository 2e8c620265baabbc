#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace tessera::netlist_io {

/// Largest magnitude of coordinates, sizes, weights and tracks that inputs may have; the squares of
/// what is computed from larger ones leave the range of floating point.
inline constexpr double kMaxMagnitude = 1e9;
/// Least side of a canvas, in microns, and least tracks per micron.
inline constexpr double kMinPositive = 1e-6;

/// True for a number whose magnitude is at most `kMaxMagnitude`; false for a NaN.
bool is_in_range(double value);

/// What a message says is expected instead of a number for which that is false.
std::string_view expected_in_range(std::optional<double> value);

/// Reads all of `token` as a decimal number, with point and exponent if it has them, or as `inf` or
/// `nan`. Overflow gives infinity, underflow zero. Independent of the locale.
std::optional<double> parse_number(std::string_view token);

/// Reads all of `token` as a decimal integer that fits an `int`.
std::optional<int> parse_int(std::string_view token);

/// Appends the shortest decimal that reads back equal; without an exponent unless the magnitude is
/// below 1e-7 or from 1e15 on.
void append_number(std::string& text, double value);

}  // namespace tessera::netlist_io
