#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace tessera::netlist_io {

/// Reads a whole file or pipe; inflates it if it is gzip (by its magic bytes). Throws `ParseError`
/// if it cannot be opened, read or inflated, is a device or a pipe to which nobody writes, is or
/// inflates beyond `max_bytes`, or inflates beyond 64 MiB and 200 times its size.
std::string read_file(const std::string& path, std::size_t max_bytes = std::size_t{4} << 30);

/// Writes a file so that it appears whole or not at all: temporary file beside it, fsync, rename.
/// Compresses with gzip if the name ends in `.gz`. Throws `std::runtime_error` with path and
/// reason; what stood there before is then untouched.
void write_file_atomic(const std::string& path, std::string_view content);

}  // namespace tessera::netlist_io
