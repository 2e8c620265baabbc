#pragma once

#include <string>
#include <string_view>

namespace tessera::netlist_io {

/// Text as it may stand between tags and in quoted attributes of SVG and HTML. Control characters,
/// which XML 1.0 does not have, become question marks, but for tab and newline.
std::string escape_markup(std::string_view text);

/// Text as it may go to a terminal: control characters, line ends too, and bytes that are no UTF-8
/// become `\xHH`.
std::string escape_controls(std::string_view text);

/// Whether arrays and objects of a JSON text are nested deeper than `levels`. What copies or writes
/// such a document calls itself for each level.
bool nests_deeper(std::string_view json, int levels);
/// Of documents that are read.
inline constexpr int kMaxJsonLevels = 100;

}  // namespace tessera::netlist_io
