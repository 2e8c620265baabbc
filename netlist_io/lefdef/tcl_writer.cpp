#include "netlist_io/lefdef/tcl_writer.h"

#include <cstddef>
#include <string_view>

#include "netlist_io/number_text.h"

namespace tessera::netlist_io {
namespace {

/// Name of an orientation in OpenDB. MXR90 mirrors at the x axis, then turns by 90 degrees to the
/// left: (x, y) -> (x, -y) -> (y, x), which is FW. MYR90: (x, y) -> (-x, y) -> (-y, -x), FE.
std::string_view open_road_name(Orientation orientation) {
  switch (orientation) {
    case Orientation::kN:
      return "R0";
    case Orientation::kW:
      return "R90";
    case Orientation::kS:
      return "R180";
    case Orientation::kE:
      return "R270";
    case Orientation::kFN:
      return "MY";
    case Orientation::kFW:
      return "MXR90";
    case Orientation::kFS:
      return "MX";
    case Orientation::kFE:
      return "MYR90";
  }
  return "R0";
}

/// Innovus calls the same by the same names, except that it leaves out the R in the last two.
std::string_view innovus_name(Orientation orientation) {
  switch (orientation) {
    case Orientation::kFW:
      return "MX90";
    case Orientation::kFE:
      return "MY90";
    case Orientation::kN:
    case Orientation::kW:
    case Orientation::kS:
    case Orientation::kE:
    case Orientation::kFN:
    case Orientation::kFS:
      return open_road_name(orientation);
  }
  return "R0";
}

bool is_control(char c) {
  return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
}

/// True if `{name}` is one word of Tcl that stands for `name`: braces without a backslash in front
/// are balanced, and no backslash stands before the closing brace. Control characters need escapes.
bool can_be_braced(std::string_view name) {
  int depth = 0;
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (is_control(name[i])) {
      return false;
    }
    if (name[i] == '\\') {
      ++i;
      if (i == name.size() || is_control(name[i])) {
        return false;
      }
    } else if (name[i] == '{') {
      ++depth;
    } else if (name[i] == '}' && --depth < 0) {
      return false;
    }
  }
  return depth == 0;
}

/// Appends the name as one word of Tcl.
void append_word(std::string& text, std::string_view name) {
  if (can_be_braced(name)) {
    text.append("{").append(name).append("}");
    return;
  }
  constexpr std::string_view kSpecial = "\\{}[]$\"; \t#";
  for (const char c : name) {
    if (is_control(c)) {
      constexpr std::string_view kDigits = "0123456789abcdef";
      const auto byte = static_cast<unsigned char>(c);
      text += "\\u00";
      text += kDigits[byte >> 4];
      text += kDigits[byte & 0xf];
      continue;
    }
    if (kSpecial.find(c) != std::string_view::npos) {
      text += '\\';
    }
    text += c;
  }
}

void append_location(std::string& text, const TclMacro& macro) {
  append_number(text, macro.x);
  text += ' ';
  append_number(text, macro.y);
}

void append_open_road(std::string& text, const TclMacro& macro) {
  text += "place_macro -macro_name ";
  append_word(text, macro.name);
  text += " -location {";
  append_location(text, macro);
  text.append("} -orientation ").append(open_road_name(macro.orientation)).append(" -exact\n");
}

void append_innovus(std::string& text, const TclMacro& macro) {
  text += "placeInstance ";
  append_word(text, macro.name);
  text += ' ';
  append_location(text, macro);
  text.append(" ").append(innovus_name(macro.orientation)).append(" -fixed\n");
}

}  // namespace

std::string format_tcl(std::span<const TclMacro> macros, TclDialect dialect) {
  std::string text = "# " + std::to_string(macros.size()) +
                     " macros: lower-left corners in microns, orientations\n";
  for (const TclMacro& macro : macros) {
    switch (dialect) {
      case TclDialect::kOpenRoad:
        append_open_road(text, macro);
        break;
      case TclDialect::kInnovus:
        append_innovus(text, macro);
        break;
    }
  }
  return text;
}

}  // namespace tessera::netlist_io
