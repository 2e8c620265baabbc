#pragma once

#include <string>
#include <string_view>

namespace tessera::netlist_io {

/// SHA-256 of `bytes` (FIPS 180-4) as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// SHA-256 of a file's bytes as they lie on the disk (compressed files are not inflated).
/// Throws `ParseError` if the file cannot be read.
std::string sha256_hex_of_file(const std::string& path);

}  // namespace tessera::netlist_io
