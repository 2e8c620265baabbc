#include "netlist_io/bookshelf/bookshelf_scanner.h"

#include "netlist_io/number_text.h"

namespace tessera::netlist_io::bookshelf {
namespace {

/// Drops a comment and blanks at both ends.
std::string_view without_comment(std::string_view line) {
  for (std::size_t i = line.find('#'); i != std::string_view::npos; i = line.find('#', i + 1)) {
    if (i == 0 || is_blank(line[i - 1])) {
      line = line.substr(0, i);
      break;
    }
  }
  return trim(line);
}

}  // namespace

void Scanner::read_header(std::string_view kind) {
  const std::string expected = "expected the first line \"UCLA " + std::string(kind) + " 1.0\"";
  if (!next_line()) {
    fail_at_end("the file is empty, " + expected);
  }
  const std::vector<std::string_view>& fields = split(line_, Colons::kBelongToFields);
  if (fields.size() != 3 || !equals_ignoring_case(fields[0], "ucla") ||
      !equals_ignoring_case(fields[1], kind)) {
    fail(line_, "found " + quoted(line_) + ", " + expected);
  }
}

bool Scanner::next_line() {
  while (!rest_.empty()) {
    line_ = without_comment(take_line(rest_));
    if (!line_.empty()) {
      return true;
    }
  }
  return false;
}

std::optional<std::string_view> Scanner::value_of(std::string_view key) const {
  const std::size_t colon = line_.find(':');
  if (colon == std::string_view::npos || !equals_ignoring_case(trim(line_.substr(0, colon)), key)) {
    return std::nullopt;
  }
  return trim(line_.substr(colon + 1));
}

bool Scanner::take_count(std::string_view key, std::optional<StatedCount>& stated) const {
  const std::optional<std::string_view> value = value_of(key);
  if (value) {
    stated = StatedCount{count(*value), *value};
  }
  return value.has_value();
}

void Scanner::check_count(const std::optional<StatedCount>& stated,
                          std::string_view key,
                          std::size_t found) const {
  if (stated && stated->value != found) {
    fail(stated->text,
         std::string(key) + " is " + std::to_string(stated->value) + ", but the file has " +
             std::to_string(found));
  }
}

const std::vector<std::string_view>& Scanner::split(std::string_view text, Colons colons) {
  fields_.clear();
  append_fields(text, colons);
  return fields_;
}

const std::vector<std::string_view>& Scanner::named_fields() {
  std::size_t size = 0;
  while (size < line_.size() && !is_blank(line_[size])) {
    ++size;
  }
  fields_.assign(1, line_.substr(0, size));
  append_fields(line_.substr(size), Colons::kSeparate);
  return fields_;
}

void Scanner::append_fields(std::string_view text, Colons colons) {
  const auto separates = [colons](char c) {
    return is_blank(c) || (c == ':' && colons == Colons::kSeparate);
  };
  std::size_t end = 0;
  for (std::size_t i = 0; i < text.size(); i = end) {
    end = i + 1;
    if (separates(text[i])) {
      continue;
    }
    while (end < text.size() && !separates(text[end])) {
      ++end;
    }
    fields_.push_back(text.substr(i, end - i));
  }
}

double Scanner::number(std::string_view field) const {
  const std::optional<double> value = parse_number(field);
  if (!value || !is_in_range(*value)) {
    fail(field, "found " + quoted(field) + ", expected " + std::string(expected_in_range(value)));
  }
  return *value;
}

double Scanner::length(std::string_view field) const {
  const double value = number(field);
  if (value < 0.0) {
    fail(field, "found " + quoted(field) + ", expected a number of 0 or more");
  }
  return value;
}

std::size_t Scanner::count(std::string_view field) const {
  const std::optional<int> value = parse_int(field);
  if (!value || *value < 0) {
    fail(field, "found " + quoted(field) + ", expected a count");
  }
  return static_cast<std::size_t>(*value);
}

void Scanner::fail(std::string_view at, const std::string& message) const {
  fail_at(source_, at.data(), message);
}

void Scanner::fail_at_end(const std::string& message) const {
  fail(source_.text.substr(source_.text.size()), message);
}

}  // namespace tessera::netlist_io::bookshelf
