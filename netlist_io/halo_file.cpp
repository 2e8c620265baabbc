#include "netlist_io/halo_file.h"

#include <algorithm>
#include <optional>

#include "netlist_io/file.h"
#include "netlist_io/name_pattern.h"
#include "netlist_io/number_text.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

double parse_length(const SourceText& source, std::string_view word) {
  const std::optional<double> value = parse_number(word);
  if (!value || !is_in_range(*value) || *value < 0.0) {
    fail_at(source, word.data(), quoted(word) + " is no length in microns from 0 to 1e9");
  }
  return *value;
}

HaloRule parse_rule(const SourceText& source, const std::vector<std::string_view>& words) {
  if (words.size() != 2 && words.size() != 3 && words.size() != 5) {
    fail_at(source,
            words.front().data(),
            "expected PATTERN X, PATTERN X Y or PATTERN LEFT BOTTOM RIGHT TOP, found " +
                std::to_string(words.size()) + " words");
  }
  HaloRule rule;
  rule.text = words.front();
  rule.location = locate(source, words.front().data());
  try {
    rule.pattern = name_pattern(words.front());
  } catch (const std::regex_error& error) {
    fail_at(source,
            words.front().data(),
            quoted(words.front()) + " is not a regular expression: " + error.what());
  }
  rule.left = rule.bottom = rule.right = rule.top = parse_length(source, words[1]);
  if (words.size() > 2) {
    rule.bottom = rule.top = parse_length(source, words[2]);
  }
  if (words.size() > 3) {
    rule.right = parse_length(source, words[3]);
    rule.top = parse_length(source, words[4]);
  }
  return rule;
}

}  // namespace

std::vector<HaloRule> parse_halo_file(std::string_view text, const std::string& name) {
  const SourceText source = {text, name};
  std::vector<HaloRule> rules;
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::vector<std::string_view> words = split_words(line.substr(0, line.find('#')));
    if (!words.empty()) {
      rules.push_back(parse_rule(source, words));
    }
  }
  return rules;
}

std::vector<HaloRule> read_halo_file(const std::string& path) {
  return parse_halo_file(read_file(path), path);
}

bool matches(const HaloRule& rule, const std::string& instance, const std::string& master) {
  return std::regex_match(instance, rule.pattern) ||
         (!master.empty() && std::regex_match(master, rule.pattern));
}

const HaloRule* find_halo_rule(const std::vector<HaloRule>& rules,
                               const std::string& instance,
                               const std::string& master) {
  const auto rule = std::find_if(rules.begin(), rules.end(), [&](const HaloRule& candidate) {
    return matches(candidate, instance, master);
  });
  return rule == rules.end() ? nullptr : &*rule;
}

}  // namespace tessera::netlist_io
