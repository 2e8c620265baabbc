#include "netlist_io/lefdef/lefdef_scanner.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <utility>

#include "netlist_io/number_text.h"

namespace tessera::netlist_io {
namespace {

constexpr std::size_t kMaxWarnings = 1000;

/// White space, and the control characters that no word may contain.
bool is_space(char c) {
  return static_cast<unsigned char>(c) <= ' ';
}

}  // namespace

std::string without_escapes(std::string_view name) {
  std::string plain;
  plain.reserve(name.size());
  for (std::size_t i = 0; i < name.size(); ++i) {
    if (name[i] == '\\' && i + 1 < name.size()) {
      ++i;
    }
    plain += name[i];
  }
  return plain;
}

std::string_view without_quotes(std::string_view word) {
  const bool has_quotes = word.size() >= 2 && word.front() == '"';
  return has_quotes ? word.substr(1, word.size() - 2) : word;
}

LefDefScanner::LefDefScanner(const SourceText& source)
    : source_(source), p_(source.text.data()), end_(source.text.data() + source.text.size()) {
  if (source.text.starts_with("\xef\xbb\xbf")) {
    p_ += 3;  // byte order mark
  }
}

void LefDefScanner::skip_space() {
  while (p_ != end_) {
    if (is_space(*p_)) {
      ++p_;
    } else if (*p_ == '#') {
      const void* const newline = std::memchr(p_, '\n', static_cast<std::size_t>(end_ - p_));
      p_ = newline == nullptr ? end_ : static_cast<const char*>(newline);
    } else {
      return;
    }
  }
}

std::string_view LefDefScanner::next() {
  skip_space();
  if (p_ != end_ && *p_ == '"') {
    return take_string();
  }
  const char* const start = p_;
  while (p_ != end_ && !is_space(*p_)) {
    ++p_;
  }
  if (p_ - start > 1 && p_[-1] == ';' && p_[-2] != '\\') {
    --p_;
  }
  return {start, static_cast<std::size_t>(p_ - start)};
}

std::string_view LefDefScanner::take_string() {
  const char* const start = p_++;
  while (p_ != end_ && *p_ != '"') {
    p_ += *p_ == '\\' && end_ - p_ > 1 ? 2 : 1;
  }
  if (p_ == end_) {
    fail({start, 1}, "a string without closing quote");
  }
  ++p_;
  return {start, static_cast<std::size_t>(p_ - start)};
}

std::string_view LefDefScanner::peek() {
  const std::string_view word = next();
  put_back(word);
  return word;
}

bool LefDefScanner::accept(std::string_view keyword) {
  const std::string_view word = next();
  if (is_keyword(word, keyword)) {
    return true;
  }
  put_back(word);
  return false;
}

void LefDefScanner::expect(std::string_view keyword) {
  const std::string_view word = next();
  if (!is_keyword(word, keyword)) {
    fail_expected(word, quoted(keyword));
  }
}

std::string_view LefDefScanner::read_name(std::string_view expected) {
  const std::string_view word = next();
  if (word.empty() || word == ";") {
    fail_expected(word, expected);
  }
  return word;
}

double LefDefScanner::read_number() {
  const std::string_view word = next();
  const std::optional<double> value = parse_number(word);
  if (!value || !is_in_range(*value)) {
    fail_expected(word, expected_in_range(value));
  }
  return *value;
}

std::int32_t LefDefScanner::read_integer() {
  const std::string_view word = next();
  if (const std::optional<int> value = parse_int(word)) {
    return *value;
  }
  const std::optional<double> value = parse_number(word);
  if (!value || !(std::abs(*value) <= std::numeric_limits<std::int32_t>::max()) ||
      *value != std::floor(*value)) {
    fail_expected(word, "an integer of 32 bits");
  }
  return static_cast<std::int32_t>(*value);
}

std::int32_t LefDefScanner::read_count() {
  const std::string_view word = peek();
  const std::int32_t value = read_integer();
  if (value < 0) {
    fail_expected(word, "a number not below 0");
  }
  return value;
}

void LefDefScanner::skip_statement(std::string_view word) {
  while (word != ";") {
    if (word.empty()) {
      fail_expected(word, "\";\"");
    }
    word = next();
  }
}

std::string_view LefDefScanner::skip_clause() {
  std::string_view word = next();
  while (word != ";" && word != "+") {
    if (word.empty() || word == "-") {
      fail_expected(word, "\";\"");
    }
    word = next();
  }
  return word;
}

void LefDefScanner::skip_block(std::string_view name) {
  for (std::string_view word = next();; word = next()) {
    if (word.empty()) {
      fail_expected(word, quoted("END " + std::string(name)));
    }
    if (is_keyword(word, "END")) {
      word = next();
      if (word == name || is_keyword(word, name)) {
        return;
      }
      put_back(word);
    }
  }
}

void LefDefScanner::skip_extension() {
  for (int depth = 1; depth > 0;) {
    const std::string_view word = next();
    if (word.empty()) {
      fail_expected(word, "\"ENDEXT\"");
    }
    depth += is_keyword(word, "BEGINEXT") ? 1 : 0;
    depth -= is_keyword(word, "ENDEXT") ? 1 : 0;
  }
}

void LefDefScanner::fail(std::string_view at, const std::string& message) const {
  fail_at(source_, at.data(), message);
}

void LefDefScanner::fail_expected(std::string_view word, std::string_view expected) const {
  const std::string what(expected);
  if (word.empty()) {
    fail(word, "the file ends where " + what + " is expected");
  }
  fail(word, "found " + quoted(word) + ", expected " + what);
}

void LefDefScanner::warn(std::string_view at, std::string message) {
  if (warnings_.size() < kMaxWarnings) {
    warnings_.push_back({at.data(), std::move(message)});
  } else {
    ++num_dropped_warnings_;
  }
}

std::vector<std::string> LefDefScanner::take_warnings() {
  std::stable_sort(warnings_.begin(), warnings_.end(), [](const Warning& a, const Warning& b) {
    return a.at < b.at;
  });
  std::vector<std::string> texts;
  const char* line_start = source_.text.data();
  std::size_t line = 1;
  for (const Warning& warning : warnings_) {
    for (const char* end = std::find(line_start, warning.at, '\n'); end != warning.at;
         end = std::find(line_start, warning.at, '\n')) {
      line_start = end + 1;
      ++line;
    }
    const auto column = static_cast<std::size_t>(warning.at - line_start) + 1;
    texts.emplace_back(ParseError({source_.name, line, column}, warning.message).what());
  }
  if (num_dropped_warnings_ > 0) {
    texts.push_back(source_.name + ": " + std::to_string(num_dropped_warnings_) + " more warnings");
  }
  warnings_.clear();
  num_dropped_warnings_ = 0;
  return texts;
}

}  // namespace tessera::netlist_io
