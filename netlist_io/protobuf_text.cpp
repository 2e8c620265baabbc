#include "netlist_io/protobuf_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <optional>
#include <system_error>
#include <utility>

#include "netlist_io/number_text.h"

namespace tessera::netlist_io {
namespace {

/// Deeper nesting is an error instead of an exhausted stack; real files have three levels.
constexpr int kMaxDepth = 100;

enum CharClass : unsigned char { kOther, kSpace, kDigit, kLetter, kSign };

constexpr std::array<unsigned char, 256> make_char_classes() {
  std::array<unsigned char, 256> classes = {};
  for (const char c : {' ', '\t', '\n', '\v', '\f', '\r'}) {
    classes[static_cast<unsigned char>(c)] = kSpace;
  }
  for (int c = '0'; c <= '9'; ++c) {
    classes[static_cast<std::size_t>(c)] = kDigit;
  }
  for (int c = 0; c < 26; ++c) {
    classes[static_cast<std::size_t>('a' + c)] = kLetter;
    classes[static_cast<std::size_t>('A' + c)] = kLetter;
  }
  classes['_'] = kLetter;
  for (const char c : {'.', '+', '-'}) {
    classes[static_cast<unsigned char>(c)] = kSign;
  }
  return classes;
}

constexpr std::array<unsigned char, 256> kCharClasses = make_char_classes();

CharClass class_of(char c) {
  return static_cast<CharClass>(kCharClasses[static_cast<unsigned char>(c)]);
}

/// The number that `word` spells, without sign; `f` may stand behind a decimal one.
std::optional<double> unsigned_number(std::string_view word) {
  if (class_of(word.front()) == kLetter) {
    if (equals_ignoring_case(word, "inf") || equals_ignoring_case(word, "infinity")) {
      return std::numeric_limits<double>::infinity();
    }
    if (equals_ignoring_case(word, "nan")) {
      return std::numeric_limits<double>::quiet_NaN();
    }
    return std::nullopt;
  }
  if (word.ends_with('f') || word.ends_with('F')) {
    word.remove_suffix(1);
  }
  return word.front() == '-' ? std::nullopt : parse_number(word);
}

std::optional<std::uint64_t> unsigned_integer(std::string_view word) {
  int base = 10;
  if (word.starts_with("0x") || word.starts_with("0X")) {
    base = 16;
    word.remove_prefix(2);
  } else if (word.size() > 1 && word.front() == '0') {
    base = 8;
  }
  std::uint64_t value = 0;
  const char* const end = word.data() + word.size();
  const std::from_chars_result result = std::from_chars(word.data(), end, value, base);
  if (word.empty() || result.ptr != end || result.ec != std::errc()) {
    return std::nullopt;
  }
  return value;
}

/// Reads up to `max_digits` digits of `base` at `i`; false if there is none.
bool read_digits(
    std::string_view raw, std::size_t& i, int base, std::size_t max_digits, std::uint32_t& code) {
  const char* const first = raw.data() + i;
  const char* const last = first + std::min(max_digits, raw.size() - i);
  const std::from_chars_result result = std::from_chars(first, last, code, base);
  i += static_cast<std::size_t>(result.ptr - first);
  return result.ec == std::errc();
}

void append_utf8(std::string& text, std::uint32_t code) {
  const auto put = [&text](std::uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xc0 | (code >> 6));
    put(0x80 | (code & 0x3f));
  } else if (code < 0x10000) {
    put(0xe0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  } else {
    put(0xf0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3f));
    put(0x80 | ((code >> 6) & 0x3f));
    put(0x80 | (code & 0x3f));
  }
}

/// The character that a backslash and `c` stand for, if it is one of the simple escapes.
std::optional<char> simple_escape(char c) {
  constexpr std::string_view kNames = "abfnrtv\\?'\"";
  constexpr std::string_view kCharacters = "\a\b\f\n\r\t\v\\?'\"";
  const std::size_t i = kNames.find(c);
  return i == std::string_view::npos ? std::nullopt : std::optional(kCharacters[i]);
}

/// Appends what the escape at `raw[i]`, behind its backslash, stands for; false if it is none.
bool append_escape(std::string_view raw, std::size_t& i, std::string& text) {
  const char c = raw[i];
  if (const std::optional<char> plain = simple_escape(c)) {
    text += *plain;
    ++i;
    return true;
  }
  std::uint32_t code = 0;
  if (c >= '0' && c <= '7') {
    read_digits(raw, i, 8, 3, code);
    text += static_cast<char>(code);
    return true;
  }
  ++i;
  if (c == 'x' || c == 'X') {
    const bool valid = read_digits(raw, i, 16, 2, code);
    text += static_cast<char>(code);
    return valid;
  }
  if (c == 'u' || c == 'U') {
    const std::size_t num_digits = c == 'u' ? 4 : 8;
    const std::size_t start = i;
    const bool valid = read_digits(raw, i, 16, num_digits, code) && i - start == num_digits;
    append_utf8(text, code);
    return valid && code <= 0x10ffff;
  }
  return false;
}

}  // namespace

ProtobufTextScanner::ProtobufTextScanner(const SourceText& source,
                                         std::deque<std::string>& unescaped)
    : source_(source),
      unescaped_(unescaped),
      p_(source.text.data()),
      end_(source.text.data() + source.text.size()) {
  p_ += source.text.size() - without_byte_order_mark(source.text).size();
}

void ProtobufTextScanner::fail(const char* at, const std::string& message) const {
  fail_at(source_, at, message);
}

void ProtobufTextScanner::fail_expected(const std::string& expected) {
  skip_space();
  if (p_ == end_) {
    fail(p_, "the file ends where " + expected + " is expected");
  }
  const char* const at = p_;
  const std::string_view word = take_word();
  const std::string found = quoted(word.empty() ? std::string_view(at, 1) : word);
  fail(at, "found " + found + ", expected " + expected);
}

const char* ProtobufTextScanner::here() {
  skip_space();
  return p_;
}

void ProtobufTextScanner::skip_space() {
  while (p_ != end_) {
    if (class_of(*p_) == kSpace) {
      ++p_;
    } else if (*p_ == '#') {
      const void* const newline = std::memchr(p_, '\n', static_cast<std::size_t>(end_ - p_));
      p_ = newline == nullptr ? end_ : static_cast<const char*>(newline);
    } else {
      return;
    }
  }
}

bool ProtobufTextScanner::accept(char c) {
  skip_space();
  if (p_ == end_ || *p_ != c) {
    return false;
  }
  ++p_;
  return true;
}

void ProtobufTextScanner::expect(char c, const std::string& expected) {
  if (!accept(c)) {
    fail_expected(expected);
  }
}

void ProtobufTextScanner::accept_colon() {
  colon_ = accept(':');
}

void ProtobufTextScanner::require_colon() {
  if (!colon_) {
    fail_expected("\":\"");
  }
}

void ProtobufTextScanner::end_field() {
  if (!accept(';')) {
    accept(',');
  }
}

char ProtobufTextScanner::open_message() {
  if (++depth_ > kMaxDepth) {
    fail(p_, "messages are nested deeper than " + std::to_string(kMaxDepth) + " levels");
  }
  if (accept('{')) {
    return '}';
  }
  expect('<', "\"{\"");
  return '>';
}

bool ProtobufTextScanner::next_field(char close, Token& name) {
  skip_space();
  if (p_ == end_ && close == '\0') {
    return false;
  }
  if (p_ != end_ && *p_ == close && close != '\0') {
    ++p_;
    --depth_;
    return false;
  }
  name.at = p_;
  if (p_ != end_ && *p_ == '[') {  // extension or Any: the name ends with the bracket
    const void* const bracket = std::memchr(p_, ']', static_cast<std::size_t>(end_ - p_));
    if (bracket == nullptr) {
      fail(p_, "found \"[\" without a matching \"]\"");
    }
    p_ = static_cast<const char*>(bracket) + 1;
  } else {
    while (p_ != end_ && (class_of(*p_) == kLetter || (class_of(*p_) == kDigit && p_ != name.at))) {
      ++p_;
    }
  }
  if (p_ == name.at) {
    fail_expected(close == '\0' ? "a field name" : std::string("a field name or \"") + close + '"');
  }
  name.text = {name.at, static_cast<std::size_t>(p_ - name.at)};
  return true;
}

std::string_view ProtobufTextScanner::take_word() {
  const char* const start = p_;
  while (p_ != end_ && class_of(*p_) >= kDigit) {
    ++p_;
  }
  return {start, static_cast<std::size_t>(p_ - start)};
}

Token ProtobufTextScanner::take_signed_word(bool& negative) {
  require_colon();
  const char* const at = here();
  negative = accept('-');
  skip_space();
  const std::string_view word = take_word();
  if (word.empty()) {
    fail_expected("a number");
  }
  return {word, at};
}

NumberToken ProtobufTextScanner::read_number() {
  bool negative = false;
  const Token word = take_signed_word(negative);
  const std::optional<double> magnitude = unsigned_number(word.text);
  if (!magnitude) {
    fail(word.at, "found " + quoted(word.text) + ", expected a number");
  }
  return {negative ? -*magnitude : *magnitude, word.at};
}

NumberToken ProtobufTextScanner::read_integer() {
  bool negative = false;
  const Token word = take_signed_word(negative);
  const std::optional<std::uint64_t> magnitude = unsigned_integer(word.text);
  if (!magnitude) {
    fail(word.at, "found " + quoted(word.text) + ", expected an integer");
  }
  const auto value = static_cast<double>(*magnitude);
  return {negative ? -value : value, word.at};
}

Token ProtobufTextScanner::read_string() {
  require_colon();
  skip_space();
  const char* const at = p_;
  Token first = read_literal();
  skip_space();
  if (p_ == end_ || (*p_ != '"' && *p_ != '\'')) {
    return first;
  }
  std::string joined(first.text);
  do {
    joined += read_literal().text;
    skip_space();
  } while (p_ != end_ && (*p_ == '"' || *p_ == '\''));
  return {unescaped_.emplace_back(std::move(joined)), at};
}

Token ProtobufTextScanner::read_literal() {
  if (p_ == end_ || (*p_ != '"' && *p_ != '\'')) {
    fail_expected("a string");
  }
  const char* const at = p_;
  const char quote = *p_++;
  const char* const start = p_;
  bool escaped = false;
  while (p_ != end_ && *p_ != quote && *p_ != '\n') {
    if (*p_ == '\\') {
      escaped = true;
      ++p_;
    }
    p_ += p_ == end_ ? 0 : 1;
  }
  if (p_ == end_ || *p_ == '\n') {
    fail(at, "a string without closing quote");
  }
  const std::string_view raw(start, static_cast<std::size_t>(p_++ - start));
  return {escaped ? unescape(raw) : raw, at};
}

std::string_view ProtobufTextScanner::unescape(std::string_view raw) {
  std::string text;
  text.reserve(raw.size());
  std::size_t i = 0;
  while (i < raw.size()) {
    if (raw[i] != '\\') {
      text += raw[i++];
      continue;
    }
    const char* const at = raw.data() + i++;
    if (!append_escape(raw, i, text)) {
      fail(at, "found " + quoted({at, 2}) + " in a string, which is no escape sequence");
    }
  }
  return unescaped_.emplace_back(std::move(text));
}

void ProtobufTextScanner::skip_values() {
  read_values([this] { skip_value(); });
}

void ProtobufTextScanner::skip_value() {
  skip_space();
  if (p_ != end_ && (*p_ == '{' || *p_ == '<')) {
    read_message([this](const Token&) { skip_values(); });
  } else if (p_ != end_ && (*p_ == '"' || *p_ == '\'')) {
    read_string();
  } else {
    require_colon();
    accept('-');
    skip_space();
    if (take_word().empty()) {
      fail_expected("a value");
    }
  }
}

}  // namespace tessera::netlist_io
