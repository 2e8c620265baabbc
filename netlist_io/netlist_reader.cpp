#include <deque>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netlist_io/errors.h"
#include "netlist_io/file.h"
#include "netlist_io/netlist_builder.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/plc_header.h"
#include "netlist_io/protobuf_text.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

/// The value of an attribute: a string, a number, or something that we have no use for.
struct AttributeValue {
  Token string;
  NumberToken number;
  const char* at = nullptr;

  /// Where its string or number stands; it may have only one of them.
  const char* content() const { return string.at != nullptr ? string.at : number.at; }
};

struct StringAttribute {
  std::string_view key;
  Token NodeText::*field;
};
constexpr StringAttribute kStringAttributes[] = {{"type", &NodeText::type},
                                                 {"macro_name", &NodeText::macro_name},
                                                 {"side", &NodeText::side},
                                                 {"orientation", &NodeText::orientation}};

struct NumberAttribute {
  std::string_view key;
  NumberToken NodeText::*field;
};
constexpr NumberAttribute kNumberAttributes[] = {
    {"x", &NodeText::x},
    {"y", &NodeText::y},
    {"width", &NodeText::width},
    {"height", &NodeText::height},
    {"x_offset", &NodeText::x_offset},
    {"y_offset", &NodeText::y_offset},
    {"weight", &NodeText::weight},
    {"net_weight", &NodeText::net_weight},
    {"soft_macro_area_bloating_ratio", &NodeText::soft_macro_area_bloating_ratio}};

/// Reads the nodes of one file into a builder.
class NodeReader {
 public:
  NodeReader(const SourceText& source, std::deque<std::string>& unescaped, NetlistBuilder& builder)
      : scanner_(source, unescaped), builder_(builder) {}

  void run() {
    Token field;
    while (scanner_.next_field('\0', field)) {
      if (field.text == "node") {
        scanner_.read_values([&] { read_node(field.at); });
      } else {
        scanner_.skip_values();
      }
    }
  }

 private:
  void read_node(const char* at) {
    std::vector<Token> inputs = std::move(node_.inputs);  // keeps its memory
    inputs.clear();
    node_ = {};
    node_.inputs = std::move(inputs);
    node_.at = at;
    scanner_.read_message([this](const Token& field) { read_node_field(field); });
    builder_.add(node_);
  }

  void read_node_field(const Token& field) {
    if (field.text == "attr") {
      scanner_.read_values([this] { read_attribute(); });
    } else if (field.text == "input") {
      scanner_.read_values([this] { node_.inputs.push_back(scanner_.read_string()); });
    } else if (field.text == "name") {
      scanner_.read_single(field, node_.name.at, [this] { node_.name = scanner_.read_string(); });
    } else {
      scanner_.skip_values();
    }
  }

  void read_attribute() {
    Token key;
    AttributeValue value;
    const char* const at = scanner_.here();
    scanner_.read_message([&](const Token& field) {
      if (field.text == "key") {
        scanner_.read_single(field, key.at, [&] { key = scanner_.read_string(); });
      } else if (field.text == "value") {
        scanner_.read_single(field, value.at, [&] { value = read_value(field.at); });
      } else {
        scanner_.skip_values();
      }
    });
    if (key.at == nullptr) {
      scanner_.fail(at, "an attribute of node " + quoted(node_.name.text) + " without key");
    }
    store(key, value);
  }

  AttributeValue read_value(const char* at) {
    AttributeValue value;
    value.at = at;
    scanner_.read_message([&](const Token& field) {
      if (field.text == "f") {
        scanner_.read_single(
            field, value.content(), [&] { value.number = scanner_.read_number(); });
      } else if (field.text == "placeholder" || field.text == "s") {
        scanner_.read_single(
            field, value.content(), [&] { value.string = scanner_.read_string(); });
      } else if (field.text == "i") {
        scanner_.read_single(
            field, value.content(), [&] { value.number = scanner_.read_integer(); });
      } else {
        scanner_.skip_values();
      }
    });
    return value;
  }

  void store(const Token& key, const AttributeValue& value) {
    for (const StringAttribute& attribute : kStringAttributes) {
      if (key.text == attribute.key) {
        require(value.string.at, key, value, "a string (\"placeholder\" or \"s\")");
        node_.*attribute.field = value.string;
        return;
      }
    }
    for (const NumberAttribute& attribute : kNumberAttributes) {
      if (key.text == attribute.key) {
        require(value.number.at, key, value, "a number (\"f\" or \"i\")");
        node_.*attribute.field = value.number;
        return;
      }
    }
  }

  /// Fails unless the value is `found` in the form that the attribute needs.
  void require(const char* found,
               const Token& key,
               const AttributeValue& value,
               const std::string& expected) const {
    if (found == nullptr) {
      scanner_.fail(value.at != nullptr ? value.at : key.at,
                    "attribute " + quoted(key.text) + " of node " + quoted(node_.name.text) +
                        " is not " + expected);
    }
  }

  ProtobufTextScanner scanner_;
  NetlistBuilder& builder_;
  NodeText node_;
};

NetlistFile read_sources(std::span<const SourceText> sources, NumberPrecision precision) {
  NetlistFile file;
  std::deque<std::string> unescaped;
  NetlistBuilder builder(sources, precision);
  for (const SourceText& source : sources) {
    file.header = merge_headers(file.header, parse_plc_header(source.text, source.name));
    NodeReader(source, unescaped, builder).run();
  }
  NetlistRecords records = builder.finish();
  const SourceLocation whole{sources.empty() ? "" : sources.front().name, 0, 0};
  if (records.nodes.empty()) {
    throw ParseError(whole, "the netlist has no nodes");
  }
  try {
    file.netlist = Netlist(std::move(records));
  } catch (const std::invalid_argument& error) {
    throw ParseError(whole, error.what());
  }
  return file;
}

}  // namespace

NetlistFile read_netlist(std::span<const std::string> paths, NumberPrecision precision) {
  std::vector<std::string> texts;
  texts.reserve(paths.size());  // the views below need strings that stay where they are
  std::vector<SourceText> sources;
  for (const std::string& path : paths) {
    texts.push_back(read_file(path));
    sources.push_back({texts.back(), path});
  }
  return read_sources(sources, precision);
}

NetlistFile parse_netlist(std::string_view text,
                          const std::string& name,
                          NumberPrecision precision) {
  const SourceText source{text, name};
  return read_sources({&source, 1}, precision);
}

}  // namespace tessera::netlist_io
