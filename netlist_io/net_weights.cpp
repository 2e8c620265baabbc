#include "netlist_io/net_weights.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <unordered_map>
#include <utility>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/number_text.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

constexpr double kMaxWeight = 1e6;  // so that no sum of weights loses the light nets
constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

std::vector<std::string_view> words_before_comment(std::string_view line) {
  std::vector<std::string_view> words = split_words(line);
  const auto is_comment = [](std::string_view word) { return word.starts_with('#'); };
  words.erase(std::find_if(words.begin(), words.end(), is_comment), words.end());
  return words;
}

NetWeightRule parse_rule(const SourceText& source, const std::vector<std::string_view>& words) {
  if (words.size() != 2) {
    fail_at(source,
            words.front().data(),
            "expected NET WEIGHT, found " + std::to_string(words.size()) +
                (words.size() == 1 ? " word" : " words"));
  }
  const std::optional<double> weight = parse_number(words[1]);
  if (!weight || !(*weight >= 0.0 && *weight <= kMaxWeight)) {
    fail_at(source,
            words[1].data(),
            quoted(words[1]) + " is no weight, expected a number from 0 to 1000000");
  }
  return {std::string(words[0]), *weight, 0, 0};
}

/// Whether `name` is `pattern` with some characters for each `*`.
bool matches(std::string_view pattern, std::string_view name) {
  std::size_t p = 0;
  std::size_t n = 0;
  std::size_t star = kNone;  // the last one seen, and how far it reaches
  std::size_t reach = 0;
  while (n < name.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      reach = n;
    } else if (p < pattern.size() && pattern[p] == name[n]) {
      ++p;
      ++n;
    } else if (star != kNone) {
      p = star + 1;
      n = ++reach;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', p) == std::string_view::npos;
}

std::string without_backslashes(std::string_view name) {
  std::string plain(name);
  plain.erase(std::remove(plain.begin(), plain.end(), '\\'), plain.end());
  return plain;
}

/// Finds the nets that lines name.
class RuleMatcher {
 public:
  RuleMatcher(const NetWeights& weights,
              std::span<const std::string_view> names,
              std::string_view named_by)
      : weights_(weights), names_(names), named_by_(named_by), next_of_same_name_(names.size()) {
    first_of_name_.reserve(names.size());
    for (std::size_t n = names.size(); n-- > 0;) {
      const auto [first, is_new] = first_of_name_.try_emplace(names[n], n);
      next_of_same_name_[n] = is_new ? kNone : std::exchange(first->second, n);
    }
  }

  std::vector<double> run() const {
    std::vector<double> factors(names_.size(), 1.0);
    for (const NetWeightRule& rule : weights_.rules) {
      if (!apply_to_name(rule, factors) && !apply_to_pattern(rule, factors)) {
        fail(rule);
      }
    }
    return factors;
  }

 private:
  bool apply_to_name(const NetWeightRule& rule, std::vector<double>& factors) const {
    const auto first = first_of_name_.find(rule.net);
    if (first == first_of_name_.end()) {
      return false;
    }
    for (std::size_t n = first->second; n != kNone; n = next_of_same_name_[n]) {
      factors[n] = rule.weight;
    }
    return true;
  }

  bool apply_to_pattern(const NetWeightRule& rule, std::vector<double>& factors) const {
    bool found = false;
    if (rule.net.find('*') != std::string::npos) {
      for (std::size_t n = 0; n < names_.size(); ++n) {
        if (matches(rule.net, names_[n])) {
          factors[n] = rule.weight;
          found = true;
        }
      }
    }
    return found;
  }

  [[noreturn]] void fail(const NetWeightRule& rule) const {
    const bool pattern = rule.net.find('*') != std::string::npos;
    std::string message =
        pattern ? "no net matches " + quoted(rule.net) : "there is no net " + quoted(rule.net);
    message.append("; nets are called ").append(named_by_);
    const std::string plain = without_backslashes(rule.net);
    const auto differs_by_escapes = [&plain](std::string_view name) {
      return without_backslashes(name) == plain;
    };
    const auto similar = std::find_if(names_.begin(), names_.end(), differs_by_escapes);
    if (similar != names_.end()) {
      message += ". Is it " + quoted(*similar) + "?";
    }
    throw ParseError({weights_.path, rule.line, rule.column}, message);
  }

  const NetWeights& weights_;
  std::span<const std::string_view> names_;
  std::string_view named_by_;
  std::unordered_map<std::string_view, std::size_t> first_of_name_;
  std::vector<std::size_t> next_of_same_name_;  ///< `kNone` for the last one
};

template <typename Net>
std::vector<std::string_view> names_of(const std::vector<Net>& nets) {
  std::vector<std::string_view> names;
  names.reserve(nets.size());
  for (const Net& net : nets) {
    names.push_back(net.name);
  }
  return names;
}

/// The name of what drives a net.
std::string_view driver_name(const Netlist& netlist, NetId net) {
  const PinRecord& pin = netlist.pin(netlist.driver(net));
  return pin.name.empty() ? netlist.name(pin.node) : pin.name;
}

}  // namespace

NetWeights parse_net_weights(std::string_view text, const std::string& name) {
  const SourceText source = {text, name};
  NetWeights weights;
  weights.path = name;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::string_view line = take_line(text);
    const std::vector<std::string_view> words = words_before_comment(line);
    if (!words.empty()) {
      NetWeightRule rule = parse_rule(source, words);
      rule.line = number;
      rule.column = static_cast<std::size_t>(words.front().data() - line.data()) + 1;
      weights.rules.push_back(std::move(rule));
    }
  }
  return weights;
}

NetWeights read_net_weights(const std::string& path) {
  return parse_net_weights(read_file(path), path);
}

std::vector<double> net_weight_factors(const NetWeights& weights,
                                       std::span<const std::string_view> names,
                                       std::string_view named_by) {
  return RuleMatcher(weights, names, named_by).run();
}

void apply_net_weights(const NetWeights& weights, DefDesign& design) {
  const std::vector<std::string_view> names = names_of(design.nets);
  const std::vector<double> factors =
      net_weight_factors(weights, names, "as in NETS of the DEF, without backslashes");
  for (std::size_t n = 0; n < names.size(); ++n) {
    design.nets[n].weight *= factors[n];
  }
}

void apply_net_weights(const NetWeights& weights, BookshelfDesign& design) {
  const std::vector<std::string_view> names = names_of(design.nets);
  const std::vector<double> factors = net_weight_factors(weights, names, "as in the .nets file");
  for (std::size_t n = 0; n < names.size(); ++n) {
    if (factors[n] != 1.0) {
      design.nets[n].weight = design.nets[n].weight.value_or(1.0) * factors[n];
    }
  }
}

Netlist apply_net_weights(const NetWeights& weights, const Netlist& netlist) {
  std::vector<std::string_view> names;
  names.reserve(netlist.num_nets());
  for (std::size_t n = 0; n < netlist.num_nets(); ++n) {
    names.push_back(driver_name(netlist, NetId(n)));
  }
  const std::vector<double> factors = net_weight_factors(
      weights, names, "like the macro pin, the port or the cell that drives them");
  NetlistRecords records = netlist.records();
  std::vector<NetRecord> nets = std::exchange(records.nets, {});
  for (std::size_t n = 0; n < nets.size(); ++n) {
    if (factors[n] == 0.0) {
      continue;
    }
    if (factors[n] != 1.0) {
      nets[n].weight = factors[n] * netlist.weight(NetId(n));
    }
    records.nets.push_back(std::move(nets[n]));
  }
  return Netlist(std::move(records));
}

}  // namespace tessera::netlist_io
