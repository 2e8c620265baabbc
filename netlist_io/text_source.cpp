#include "netlist_io/text_source.h"

#include <algorithm>
#include <cstddef>

namespace tessera::netlist_io {
namespace {

constexpr std::size_t kMaxQuotedBytes = 60;

}  // namespace

SourceLocation locate(const SourceText& source, const char* at) {
  const std::string_view before =
      source.text.substr(0, static_cast<std::size_t>(at - source.text.data()));
  const auto line = std::count(before.begin(), before.end(), '\n');
  const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
  return {source.name, static_cast<std::size_t>(line) + 1, before.size() - line_start + 1};
}

void fail_at(const SourceText& source, const char* at, const std::string& message) {
  throw ParseError(locate(source, at), message);
}

std::string quoted(std::string_view token) {
  std::string text = "\"";
  for (const char c : token.substr(0, kMaxQuotedBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    text += byte < 0x20 || byte >= 0x7f ? '?' : c;
  }
  return text + (token.size() > kMaxQuotedBytes ? "...\"" : "\"");
}

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  if (line.ends_with('\r')) {
    line.remove_suffix(1);
  }
  return line;
}

std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) {
    text.remove_prefix(1);
  }
  while (!text.empty() && is_blank(text.back())) {
    text.remove_suffix(1);
  }
  return text;
}

std::vector<std::string_view> split_words(std::string_view line) {
  std::vector<std::string_view> words;
  line = trim(line);
  while (!line.empty()) {
    const auto end = std::find_if(line.begin(), line.end(), is_blank);
    words.push_back(line.substr(0, static_cast<std::size_t>(end - line.begin())));
    line = trim(line.substr(words.back().size()));
  }
  return words;
}

bool equals_ignoring_case(std::string_view text, std::string_view lower) {
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a - 'A' + 'a' : a) == b; };
  return std::equal(text.begin(), text.end(), lower.begin(), lower.end(), same);
}

}  // namespace tessera::netlist_io
