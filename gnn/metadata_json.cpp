#include "gnn/metadata_json.h"

#include <stdexcept>

#include "netlist_io/markup_text.h"

namespace tessera::gnn {

using nlohmann::json;

namespace {

/// Calls `visit(name, from, to)` for everything that is no container at the same place of both.
/// With `repeat_first`, the first element of an array of `from` stands beside all of `to`'s.
template <typename Visit>
void walk_both(const json& from,
               const json& to,
               bool repeat_first,
               const std::string& name,
               const Visit& visit) {
  if (from.is_object() && to.is_object()) {
    for (const auto& [key, value] : from.items()) {
      const auto found = to.find(key);
      if (found != to.end()) {
        walk_both(value, *found, repeat_first, key, visit);
      }
    }
  } else if (from.is_array() && to.is_array()) {
    const std::size_t elements = from.empty() ? 0 : to.size();
    for (std::size_t i = 0; i < elements && (repeat_first || i < from.size()); ++i) {
      walk_both(from[repeat_first ? 0 : i], to[i], repeat_first, name, visit);
    }
  } else {
    visit(name, from, to);
  }
}

[[noreturn]] void fail(const std::string& name, const char* what) {
  throw std::invalid_argument(name + " is " + what);
}

}  // namespace

json parse_metadata(const std::string& text, const json& sample) {
  const bool too_deep = netlist_io::nests_deeper(text, netlist_io::kMaxJsonLevels);
  json document = json::parse(too_deep ? std::string() : text);
  walk_both(
      sample, document, true, "", [](const std::string& name, const json& is, const json& to) {
        if (is.is_number_integer() && !to.is_number_integer()) {
          fail(name, "no whole number");
        }
        if (is.is_number_unsigned() && !to.is_number_unsigned()) {
          fail(name, "no whole number from 0 on");
        }
      });
  return document;
}

void check_conversion(const json& converted, const json& document) {
  walk_both(
      converted, document, false, "", [](const std::string& name, const json& is, const json& to) {
        if (is.is_number_integer() && is != to) {
          fail(name, "too large a number");
        }
      });
}

}  // namespace tessera::gnn
