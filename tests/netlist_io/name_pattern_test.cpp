#include "netlist_io/name_pattern.h"

#include <chrono>
#include <regex>
#include <string>

#include <doctest/doctest.h>

namespace tessera::netlist_io {
namespace {

TEST_CASE("patterns match whole names") {
  CHECK(std::regex_match("bank/ram_12", name_pattern("bank/ram_[0-9]{1,3}")));
  CHECK_FALSE(std::regex_match("bank/ram_12x", name_pattern("bank/ram_[0-9]+")));
  CHECK(std::regex_match("a.b", name_pattern("a\\.b")));
}

TEST_CASE("a pattern that makes other matchers backtrack takes no time to speak of") {
  const auto start = std::chrono::steady_clock::now();
  CHECK_FALSE(std::regex_match(std::string(200, 'a'), name_pattern("(a+)+b")));
  CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(5));
}

TEST_CASE("back-references, huge numbers and endless patterns are refused") {
  for (const std::string text :
       {"(a)\\1", "a\\88888888888888888888", "a{88888888888888888888}", "a{1000,}"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(name_pattern(text), std::regex_error);
  }
  CHECK_THROWS_AS(name_pattern(std::string(501, 'a')), std::regex_error);
  CHECK_THROWS_AS(name_pattern("("), std::regex_error);
  CHECK_NOTHROW(name_pattern("a{999}"));
}

}  // namespace
}  // namespace tessera::netlist_io
