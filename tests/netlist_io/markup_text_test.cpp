#include "netlist_io/markup_text.h"

#include <string>

#include <doctest/doctest.h>

namespace tessera::netlist_io {

TEST_CASE("text for a terminal has no control characters") {
  CHECK(escape_controls("a\tb é µ 漢 😀") == "a\tb é µ 漢 😀");
  CHECK(escape_controls("a\x1b[31m\nb\r\x7f") == "a\\x1b[31m\\x0ab\\x0d\\x7f");
  CHECK(escape_controls(std::string(1, '\0')) == "\\x00");
}

TEST_CASE("text for a terminal has neither C1 controls nor what is no UTF-8") {
  CHECK(escape_controls("\xc2\x9b"
                        "31m") == "\\xc2\\x9b31m");
  CHECK(escape_controls("\x9b"
                        "31m") == "\\x9b31m");
  CHECK(escape_controls("\xc3") == "\\xc3");
  CHECK(escape_controls("\xc0\xaf") == "\\xc0\\xaf");
  CHECK(escape_controls("\xe2\x82 x") == "\\xe2\\x82 x");
}

}  // namespace tessera::netlist_io
