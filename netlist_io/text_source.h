#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/errors.h"

namespace tessera::netlist_io {

/// Text of one input file, kept while it is read, and its name for errors.
struct SourceText {
  std::string_view text;
  std::string name;

  /// True if `at` points into the text or to its end.
  bool contains(const char* at) const {
    return text.data() <= at && at <= text.data() + text.size();
  }
};

/// Place of `at`, a pointer into `source.text`. Lines end with LF; columns count bytes.
SourceLocation locate(const SourceText& source, const char* at);

/// Throws `ParseError` for the place `at`, a pointer into `source.text`.
[[noreturn]] void fail_at(const SourceText& source, const char* at, const std::string& message);

/// `token` in double quotes for a message: bytes that are not printable ASCII as `?`, cut after 60.
std::string quoted(std::string_view token);

/// Cuts `text` off before its first line end and moves `text` behind it; drops a trailing CR.
std::string_view take_line(std::string_view& text);

/// True for the white space that may stand between the fields of a line.
constexpr bool is_blank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\v' || c == '\f';
}

/// `text` without the mark that some editors put in front of UTF-8.
constexpr std::string_view without_byte_order_mark(std::string_view text) {
  constexpr std::string_view kMark = "\xef\xbb\xbf";
  return text.starts_with(kMark) ? text.substr(kMark.size()) : text;
}

/// `text` without blanks at both ends.
std::string_view trim(std::string_view text);

/// The words of a line: what stands between blanks.
std::vector<std::string_view> split_words(std::string_view line);

/// True if `text`, in lower case (ASCII), is `lower`.
bool equals_ignoring_case(std::string_view text, std::string_view lower);

}  // namespace tessera::netlist_io
