#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/text_source.h"

namespace tessera::netlist_io::bookshelf {

/// A count that a file states, like `NumNodes : 5`.
struct StatedCount {
  std::size_t value = 0;
  std::string_view text;  ///< the number as written
};

/// What a colon does between the fields of a line.
enum class Colons : std::uint8_t { kSeparate, kBelongToFields };

/// Goes through the lines of a Bookshelf file. Empty lines and comments, which start with `#` at
/// the start of a line or behind a blank, are left out. All errors are `ParseError`s.
class Scanner {
 public:
  explicit Scanner(const SourceText& source) : source_(source), rest_(source.text) {}

  /// Reads the first line, `UCLA <kind> <version>`; fails if it is another one.
  void read_header(std::string_view kind);

  /// Goes to the next line; false at the end of the file.
  bool next_line();
  std::string_view line() const { return line_; }

  /// What stands behind the colon if the line is `key : ...`; `key` in lower case.
  std::optional<std::string_view> value_of(std::string_view key) const;
  /// Stores the count if the line is `key : n`; `key` in lower case.
  bool take_count(std::string_view key, std::optional<StatedCount>& count) const;
  /// Fails if the file states another count than `found`.
  void check_count(const std::optional<StatedCount>& count,
                   std::string_view key,
                   std::size_t found) const;

  /// Splits at blanks and maybe colons. The result holds until the next call.
  const std::vector<std::string_view>& split(std::string_view text, Colons colons);
  /// Splits the line. Its first field is a name and may have colons; others are separated by them.
  const std::vector<std::string_view>& named_fields();

  double number(std::string_view field) const;
  double length(std::string_view field) const;  ///< a number of 0 or more
  std::size_t count(std::string_view field) const;

  [[noreturn]] void fail(std::string_view at, const std::string& message) const;
  /// Fails at the end of the file.
  [[noreturn]] void fail_at_end(const std::string& message) const;

 private:
  void append_fields(std::string_view text, Colons colons);

  const SourceText& source_;
  std::string_view rest_;
  std::string_view line_;
  std::vector<std::string_view> fields_;
};

}  // namespace tessera::netlist_io::bookshelf
