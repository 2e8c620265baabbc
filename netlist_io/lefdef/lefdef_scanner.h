#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/text_source.h"

namespace tessera::netlist_io {

/// Whether `word` is `keyword`, which is in upper case. Some programs write keywords in lower case.
inline bool is_keyword(std::string_view word, std::string_view keyword) {
  if (word.size() != keyword.size()) {
    return false;
  }
  for (std::size_t i = 0; i < word.size(); ++i) {
    const char c = word[i];
    if ((c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c) != keyword[i]) {
      return false;
    }
  }
  return true;
}

/// A keyword and what it stands for.
template <typename Meaning>
struct Keyword {
  std::string_view text;  ///< upper case
  Meaning meaning;
};

/// What `word` stands for; none if it is not among `keywords`.
template <typename Meaning, std::size_t kSize>
std::optional<Meaning> meaning_of(std::string_view word,
                                  const Keyword<Meaning> (&keywords)[kSize]) {
  for (const Keyword<Meaning>& keyword : keywords) {
    if (is_keyword(word, keyword.text)) {
      return keyword.meaning;
    }
  }
  return std::nullopt;
}

/// `name` without the backslashes that take the meaning from the character behind them.
std::string without_escapes(std::string_view name);

/// `word` without the double quotes around it, if there are any.
std::string_view without_quotes(std::string_view word);

/// Reads the words of a LEF or DEF file from front to back, and collects warnings.
///
/// A word ends at white space; a semicolon at its end is a word of its own unless a backslash
/// stands before it. A string in double quotes is one word, with its quotes. `#` at the start of a
/// word begins a comment to the end of the line. All words are views of the text, also the empty
/// one that stands for its end, so that they tell the place for errors. Throws `ParseError`.
class LefDefScanner {
 public:
  /// `source` must outlive the scanner.
  explicit LefDefScanner(const SourceText& source);

  /// The next word; empty at the end of the text.
  std::string_view next();
  /// Makes `word`, the last one read, the next one again.
  void put_back(std::string_view word) { p_ = word.data(); }
  /// The next word, which stays the next one.
  std::string_view peek();
  /// Consumes the next word if it is `keyword`.
  bool accept(std::string_view keyword);
  void expect(std::string_view keyword);

  /// The next word, which is not the end of a statement. `expected` is for the message.
  std::string_view read_name(std::string_view expected);
  /// A finite number.
  double read_number();
  /// An integer of 32 bits, which may have zeros behind a decimal point.
  std::int32_t read_integer();
  /// An integer from 0 to 2^31 - 1.
  std::int32_t read_count();

  /// Skips the statement whose first word is `word`, its semicolon included.
  void skip_statement(std::string_view word);
  /// Skips words up to the next plus sign or semicolon and returns that.
  std::string_view skip_clause();
  /// Skips words up to `END` and `name`, whatever is nested between.
  void skip_block(std::string_view name);
  /// Skips what follows `BEGINEXT`, up to the `ENDEXT` that belongs to it.
  void skip_extension();

  [[noreturn]] void fail(std::string_view at, const std::string& message) const;
  [[noreturn]] void fail_expected(std::string_view word, std::string_view expected) const;
  void warn(std::string_view at, std::string message);
  /// The warnings so far in the order of their places, as `path:line:column: text`; after a
  /// thousand of them only how many more there are.
  std::vector<std::string> take_warnings();

  SourceLocation place_of(std::string_view word) const { return locate(source_, word.data()); }
  /// Distance of `at` from the beginning of the text in bytes.
  std::size_t offset_of(const char* at) const {
    return static_cast<std::size_t>(at - source_.text.data());
  }
  /// Distance of the end of the word just read.
  std::size_t offset() const { return offset_of(p_); }
  std::size_t num_bytes() const { return source_.text.size(); }

 private:
  struct Warning {
    const char* at;
    std::string message;
  };

  void skip_space();
  std::string_view take_string();

  const SourceText& source_;
  const char* p_;
  const char* end_;
  std::vector<Warning> warnings_;
  std::size_t num_dropped_warnings_ = 0;
};

}  // namespace tessera::netlist_io
