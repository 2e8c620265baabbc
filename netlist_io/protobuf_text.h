#pragma once

#include <deque>
#include <string>
#include <string_view>

#include "netlist_io/text_source.h"

namespace tessera::netlist_io {

/// A piece of text and where it stands in its file; `at` is null if there is none.
struct Token {
  std::string_view text;
  const char* at = nullptr;
};

/// A number and where it stands in its file; `at` is null if there is none.
struct NumberToken {
  double value = 0.0;
  const char* at = nullptr;
};

/// Reads the text format of protocol buffers from front to back, without a schema.
///
/// The format is that of https://protobuf.dev/reference/protobuf/textformat-spec/: `#` comments,
/// messages in `{}` or `<>`, a colon that is optional before messages, fields separated by nothing,
/// `,` or `;`, lists in `[]`, strings in either quote with escapes and concatenation. Throws
/// `ParseError` with the place of what does not fit.
class ProtobufTextScanner {
 public:
  /// `unescaped` keeps the strings that are not literally in the text; both must outlive the
  /// tokens.
  ProtobufTextScanner(const SourceText& source, std::deque<std::string>& unescaped);

  /// Reads the name of the next field into `name`; false at the end of the message, whose closing
  /// character it then consumes. `close` is that character, or 0 for the end of the text.
  bool next_field(char close, Token& name);

  /// Reads the values of the field just named, one or a list, with `read_one`, and its separator.
  template <typename ReadOne>
  void read_values(ReadOne&& read_one) {
    accept_colon();
    if (!accept('[')) {
      read_one();
    } else if (!accept(']')) {
      do {
        read_one();
      } while (accept(','));
      expect(']', "\",\" or \"]\" in a list");
    }
    end_field();
  }

  /// Reads the value of the field just named, which may have only one, with `read_one`. `before` is
  /// where an earlier value of it stands, null if there is none.
  template <typename ReadOne>
  void read_single(const Token& field, const char* before, ReadOne&& read_one) {
    if (before != nullptr) {
      fail(field.at, "a second value of the field " + quoted(field.text));
    }
    accept_colon();
    read_one();
    end_field();
  }

  /// Reads a message with `read_field`, which is called behind the name of each of its fields.
  template <typename ReadField>
  void read_message(ReadField&& read_field) {
    const char close = open_message();
    Token name;
    while (next_field(close, name)) {
      read_field(name);
    }
  }

  /// Reads one string, which adjacent literals may make up.
  Token read_string();
  /// Reads one number, decimal or infinite or not a number. A token of something else is an error.
  NumberToken read_number();
  /// Reads one integer, decimal, octal or hexadecimal.
  NumberToken read_integer();
  /// Skips the values of the field just named, whatever they are.
  void skip_values();

  [[noreturn]] void fail(const char* at, const std::string& message) const;
  /// Where the next token starts.
  const char* here();

 private:
  void skip_space();
  bool accept(char c);
  void expect(char c, const std::string& expected);
  void accept_colon();
  void require_colon();
  void end_field();
  char open_message();
  void skip_value();
  /// Consumes letters, digits and `_.+-`; may be empty.
  std::string_view take_word();
  /// Consumes an optional minus and a word that must be there.
  Token take_signed_word(bool& negative);
  Token read_literal();
  std::string_view unescape(std::string_view raw);
  [[noreturn]] void fail_expected(const std::string& expected);

  const SourceText& source_;
  std::deque<std::string>& unescaped_;
  const char* p_;
  const char* end_;
  int depth_ = 0;
  bool colon_ = false;  ///< the value about to be read stands behind a colon
};

}  // namespace tessera::netlist_io
