#include "netlist_io/lefdef/tcl_writer.h"

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "netlist_io/orientation.h"

namespace tessera::netlist_io {
namespace {

/// The second line of the Tcl text for one macro.
std::string line_of(const TclMacro& macro, TclDialect dialect = TclDialect::kOpenRoad) {
  const std::string text = format_tcl(std::vector{macro}, dialect);
  const std::size_t start = text.find('\n') + 1;
  return text.substr(start, text.find('\n', start) - start);
}

/// The word behind `place_macro -macro_name `.
std::string word_of(const std::string& name) {
  const std::string line = line_of({name, 0.0, 0.0, Orientation::kN});
  const std::string_view before = "place_macro -macro_name ";
  REQUIRE(line.starts_with(before));
  return line.substr(before.size(), line.find(" -location") - before.size());
}

/// What the steps of an orientation of OpenDB do to a point: M mirrors at the axis named behind it,
/// then R turns to the left.
Offset turned(Offset point, std::string_view steps) {
  if (steps.starts_with("MX")) {
    point.y = -point.y;
  } else if (steps.starts_with("MY")) {
    point.x = -point.x;
  }
  const std::size_t turn = steps.find('R');
  const int degrees =
      turn == std::string_view::npos ? 0 : std::stoi(std::string(steps.substr(turn + 1)));
  for (int done = 0; done < degrees; done += 90) {
    point = {-point.y, point.x};
  }
  return point;
}

}  // namespace

TEST_CASE("OpenROAD gets one place_macro per macro and the word nowhere else") {
  const std::vector<TclMacro> macros = {{"u_mem/bank[0].ram", 10.5, 0.19, Orientation::kN},
                                        {"top", 100000.0, -1e-3, Orientation::kFS}};
  CHECK(format_tcl(macros, TclDialect::kOpenRoad) ==
        "# 2 macros: lower-left corners in microns, orientations\n"
        "place_macro -macro_name {u_mem/bank[0].ram} -location {10.5 0.19} -orientation R0 -exact\n"
        "place_macro -macro_name {top} -location {100000 -0.001} -orientation MX -exact\n");
  CHECK(format_tcl({}, TclDialect::kOpenRoad).find("place_macro") == std::string::npos);
}

TEST_CASE("Innovus gets one placeInstance per macro") {
  CHECK(line_of({"a/b", 1.0, 2.5, Orientation::kS}, TclDialect::kInnovus) ==
        "placeInstance {a/b} 1 2.5 R180 -fixed");
  CHECK(line_of({"a", 0.0, 0.0, Orientation::kFW}, TclDialect::kInnovus) ==
        "placeInstance {a} 0 0 MX90 -fixed");
  CHECK(line_of({"a", 0.0, 0.0, Orientation::kFE}, TclDialect::kInnovus) ==
        "placeInstance {a} 0 0 MY90 -fixed");
}

TEST_CASE("control characters of names are written as escapes of Tcl") {
  CHECK(line_of({"a\x1b[31m\n", 0.0, 0.0, Orientation::kN}, TclDialect::kInnovus) ==
        "placeInstance a\\u001b\\[31m\\u000a 0 0 R0 -fixed");
}

TEST_CASE("names of orientations do to a corner what the DEF orientations do") {
  const Offset corner{3.0, 1.0};
  for (const std::string_view name : {"N", "W", "S", "E", "FN", "FW", "FS", "FE"}) {
    CAPTURE(name);
    const Orientation orientation = parse_orientation(name).value();
    const std::string line = line_of({"a", 0.0, 0.0, orientation});
    const std::string_view before = "-orientation ";
    const std::size_t start = line.find(before) + before.size();
    const Offset expected = transform(corner, orientation);
    const Offset found = turned(corner, line.substr(start, line.find(' ', start) - start));
    CHECK(found.x == expected.x);
    CHECK(found.y == expected.y);
  }
}

TEST_CASE("names that braces cannot hold are written with backslashes") {
  const std::pair<std::string, std::string> names[] = {
      {"a/b[3]", "{a/b[3]}"},
      {"$a;b\"c d", "{$a;b\"c d}"},
      {"a{b}c", "{a{b}c}"},
      {"a\\[3\\]", "{a\\[3\\]}"},        // Tcl keeps backslashes in braces
      {"a\\{b", "{a\\{b}"},              // and does not count braces behind them
      {"a{b", "a\\{b"},                  // unbalanced
      {"a}b{", "a\\}b\\{"},              // closed before opened
      {"a[1]$b\\", "a\\[1\\]\\$b\\\\"},  // would escape the closing brace
      {"", "{}"},
  };
  for (const auto& [key, word] : names) {
    const std::string& name = key;  // clang 14 does not capture bindings
    CAPTURE(name);
    CHECK(word_of(name) == word);
  }
}

}  // namespace tessera::netlist_io
