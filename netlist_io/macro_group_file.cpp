#include "netlist_io/macro_group_file.h"

#include <algorithm>
#include <cstddef>
#include <regex>
#include <span>
#include <utility>

#include "netlist_io/file.h"
#include "netlist_io/name_pattern.h"
#include "netlist_io/number_text.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

using Words = std::span<const std::string_view>;

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}

/// Cuts the digits at the front off, without leading zeros.
std::string_view take_number(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
  text.remove_prefix(digits.size());
  digits.remove_prefix(std::min(digits.find_first_not_of('0'), digits.size()));
  return digits;
}

/// Order of names in which `b2` comes before `b10`.
bool naturally_less(std::string_view a, std::string_view b) {
  const std::pair whole = {a, b};
  while (!a.empty() && !b.empty()) {
    if (is_digit(a.front()) && is_digit(b.front())) {
      const std::string_view left = take_number(a);
      const std::string_view right = take_number(b);
      if (left != right) {
        return left.size() != right.size() ? left.size() < right.size() : left < right;
      }
    } else if (a.front() != b.front()) {
      return a.front() < b.front();
    } else {
      a.remove_prefix(1);
      b.remove_prefix(1);
    }
  }
  return a.empty() && b.empty() ? whole.first < whole.second : a.empty();
}

class GroupReader {
 public:
  GroupReader(const SourceText& source, const Netlist& netlist, const Placement& placement)
      : source_(source),
        netlist_(netlist),
        placement_(placement),
        group_of_node_(netlist.num_nodes()) {}

  void read_line(Words words) {
    const std::string_view kind = words.front();
    if (kind != "array" && kind != "row" && kind != "column") {
      fail(kind, quoted(kind) + " is no kind of group, expected array, row or column");
    }
    const std::size_t header = kind == "array" ? 3 : 2;
    if (words.size() < header) {
      fail(kind, "expected " + std::string(kind) + (header == 3 ? " NAME COLSxROWS" : " NAME"));
    }
    MacroGroup group;
    read_name(words[1], group);
    Words rest = words.subspan(header);
    while (!rest.empty() && read_option(rest.front(), group)) {
      rest = rest.subspan(1);
    }
    for (const std::string_view word : rest) {
      add_macros(word, group);
    }
    if (kind == "array") {
      read_size(words[2], group);
    } else {
      (kind == "row" ? group.columns : group.rows) = static_cast<int>(group.members.size());
    }
    if (group.members.empty()) {
      fail(words[1], "group " + quoted(group.name) + " has no macros");
    }
    groups_.push_back(std::move(group));
  }

  std::vector<MacroGroup> finish() { return std::move(groups_); }

 private:
  void read_name(std::string_view word, MacroGroup& group) const {
    group.name = word;
    group.location = locate(source_, word.data());
    const bool repeated = std::any_of(groups_.begin(), groups_.end(), [&](const MacroGroup& other) {
      return other.name == word;
    });
    if (repeated || netlist_.find_node(word)) {
      fail(word, quoted(word) + " is the name of another " + (repeated ? "group" : "node"));
    }
  }

  /// Whether the word is an option, which the group then has.
  bool read_option(std::string_view word, MacroGroup& group) const {
    if (word.starts_with("gap=")) {
      group.gap = gap_of(word);
      return true;
    }
    if (word.starts_with("orient=")) {
      group.orientation = parse_orientation(word.substr(word.find('=') + 1));
      if (!group.orientation) {
        fail(word, quoted(word) + " is not one of N, S, E, W, FN, FS, FE, FW");
      }
      return true;
    }
    return false;
  }

  MacroGroup::Gap gap_of(std::string_view word) const {
    const std::string_view value = word.substr(word.find('=') + 1);
    const std::size_t comma = value.find(',');
    const std::optional<double> x = parse_number(value.substr(0, comma));
    const std::optional<double> y =
        comma == std::string_view::npos ? x : parse_number(value.substr(comma + 1));
    const auto is_length = [](std::optional<double> length) {
      return length && is_in_range(*length) && *length >= 0.0;
    };
    if (!is_length(x) || !is_length(y)) {
      fail(word, quoted(word) + " is not gap=X or gap=X,Y with microns from 0 to 1e9");
    }
    return {*x, *y};
  }

  void read_size(std::string_view word, MacroGroup& group) const {
    const std::size_t cross = word.find('x');
    const std::optional<int> columns = parse_int(word.substr(0, cross));
    const std::optional<int> rows =
        cross == std::string_view::npos ? std::nullopt : parse_int(word.substr(cross + 1));
    if (!columns || !rows || *columns < 1 || *rows < 1) {
      fail(word, quoted(word) + " is not COLSxROWS with numbers >= 1");
    }
    if (static_cast<std::size_t>(*columns) * static_cast<std::size_t>(*rows) !=
        group.members.size()) {
      fail(word,
           "group " + quoted(group.name) + " has " + std::to_string(group.members.size()) +
               " macros, expected " + std::to_string(*columns) + " x " + std::to_string(*rows));
    }
    group.columns = *columns;
    group.rows = *rows;
  }

  /// The hard macro of that name or those that match.
  std::vector<NodeId> macros_called(std::string_view word) const {
    if (const std::optional<NodeId> node = netlist_.find_node(word)) {
      if (netlist_.kind(*node) != NodeKind::kHardMacro) {
        fail(word, quoted(word) + " is no hard macro");
      }
      return {*node};
    }
    std::vector<NodeId> macros;
    try {
      const std::regex pattern = name_pattern(word);
      std::copy_if(netlist_.hard_macros().begin(),
                   netlist_.hard_macros().end(),
                   std::back_inserter(macros),
                   [&](NodeId macro) { return std::regex_match(netlist_.name(macro), pattern); });
    } catch (const std::regex_error& error) {
      fail(word,
           quoted(word) + " is neither a hard macro nor a regular expression: " + error.what());
    }
    if (macros.empty()) {
      fail(word, "no hard macro is called or matches " + quoted(word));
    }
    std::sort(macros.begin(), macros.end(), [this](NodeId a, NodeId b) {
      return naturally_less(netlist_.name(a), netlist_.name(b));
    });
    return macros;
  }

  void add_macros(std::string_view word, MacroGroup& group) {
    for (const NodeId macro : macros_called(word)) {
      std::string& owner = group_of_node_[macro.index()];
      if (!owner.empty()) {
        fail(
            word,
            "macro " + quoted(netlist_.name(macro)) + " is in group " + quoted(owner) + " already");
      }
      if (placement_.fixed[macro.index()] != 0) {
        fail(word,
             "macro " + quoted(netlist_.name(macro)) + " is fixed, but a group moves as a whole");
      }
      owner = group.name;
      group.members.push_back(macro);
    }
  }

  [[noreturn]] void fail(std::string_view at, const std::string& message) const {
    fail_at(source_, at.data(), message);
  }

  const SourceText& source_;
  const Netlist& netlist_;
  const Placement& placement_;
  std::vector<std::string> group_of_node_;  ///< empty: none
  std::vector<MacroGroup> groups_;
};

}  // namespace

std::vector<MacroGroup> parse_macro_groups(std::string_view text,
                                           const std::string& name,
                                           const Netlist& netlist,
                                           const Placement& placement) {
  const SourceText source = {text, name};
  GroupReader reader(source, netlist, placement);
  while (!text.empty()) {
    const std::string_view line = take_line(text);
    const std::vector<std::string_view> words = split_words(line.substr(0, line.find('#')));
    if (!words.empty()) {
      reader.read_line(words);
    }
  }
  return reader.finish();
}

std::vector<MacroGroup> read_macro_groups(const std::string& path,
                                          const Netlist& netlist,
                                          const Placement& placement) {
  return parse_macro_groups(read_file(path), path, netlist, placement);
}

}  // namespace tessera::netlist_io
