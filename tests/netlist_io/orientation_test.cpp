#include "netlist_io/orientation.h"

#include <string>

#include <doctest/doctest.h>

namespace tessera::netlist_io {
namespace {

struct Case {
  const char* name;
  Offset turned;  ///< of the offset (1, 2)
  bool swaps;
};

// Section 3 of the proxy cost specification, for (a, b) = (1, 2).
constexpr Case kCases[] = {{"N", {1, 2}, false},
                           {"FN", {-1, 2}, false},
                           {"S", {-1, -2}, false},
                           {"FS", {1, -2}, false},
                           {"E", {2, -1}, true},
                           {"FE", {-2, -1}, true},
                           {"W", {-2, 1}, true},
                           {"FW", {2, 1}, true}};

}  // namespace

TEST_CASE("orientations turn pin offsets as DEF defines") {
  for (const Case& expected : kCases) {
    CAPTURE(expected.name);
    const auto orientation = parse_orientation(expected.name);
    REQUIRE(orientation.has_value());
    CHECK(to_string(*orientation) == expected.name);
    const Offset turned = transform({1.0, 2.0}, *orientation);
    CHECK(turned.x == expected.turned.x);
    CHECK(turned.y == expected.turned.y);
    CHECK(swaps_axes(*orientation) == expected.swaps);
  }
}

TEST_CASE("names that are no orientation are not taken for one") {
  for (const char* const name : {"", "-", "n", "NORTH", "R0", "FNN"}) {
    CAPTURE(name);
    CHECK_FALSE(parse_orientation(name).has_value());
  }
}

}  // namespace tessera::netlist_io
