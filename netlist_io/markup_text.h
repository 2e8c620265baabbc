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

}  // namespace tessera::netlist_io
