#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/netlist.h"
#include "netlist_io/netlist_file.h"
#include "netlist_io/protobuf_text.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {

/// A `node` message as it stands in the file: attributes that are absent have no place.
struct NodeText {
  const char* at = nullptr;
  Token name;
  Token type;
  Token side;
  Token orientation;
  Token macro_name;
  NumberToken x;
  NumberToken y;
  NumberToken width;
  NumberToken height;
  NumberToken x_offset;
  NumberToken y_offset;
  NumberToken weight;
  NumberToken net_weight;
  NumberToken soft_macro_area_bloating_ratio;
  std::vector<Token> inputs;
};

/// Turns nodes, in the order of the file, into the records of a `Netlist`. Names are resolved at
/// the end, so that a name may be used before its definition.
class NetlistBuilder {
 public:
  /// `sources` must outlive the builder, and so must the text of every token.
  NetlistBuilder(std::span<const SourceText> sources, NumberPrecision precision);

  /// Checks one node and adds it. Throws `ParseError`.
  void add(const NodeText& node);
  /// Resolves all names. Throws `ParseError`. The builder is empty afterwards.
  NetlistRecords finish();

 private:
  /// What a name stands for: a node, a pin, or both (ports and standard cells).
  struct Entry {
    Token name;
    std::optional<NodeId> node;
    std::optional<PinId> pin;
  };
  struct MacroReference {
    PinId pin;
    Token macro_name;
  };
  struct Driver {
    PinId pin;
    Token name;
    std::size_t first_input;
    std::size_t num_inputs;
    std::optional<double> net_weight;
  };

  NodeRecord make_node(const NodeText& node, NodeKind kind) const;
  PinRecord make_pin(const NodeText& node) const;
  double weight(const NumberToken& token, std::string_view what, const NodeText& node) const;
  void add_metadata(const NodeText& node);
  void add_placeable(const NodeText& node, NodeKind kind);
  void add_macro_pin(const NodeText& node);
  void add_pin(const NodeText& node, PinRecord pin);
  double number(const NumberToken& token, std::string_view what, const NodeText& node) const;
  double size(const NumberToken& token, std::string_view what, const NodeText& node) const;

  void index_names();
  /// Slot of the table where `name` is or would be.
  std::size_t find_slot(std::string_view name) const;
  const Entry* find(std::string_view name) const;
  void resolve_macros();
  void resolve_nets();
  PinId resolve_sink(const Driver& driver, const Token& name) const;

  [[noreturn]] void fail(const char* at, const std::string& message) const;
  const SourceText& source_of(const char* at) const;

  std::span<const SourceText> sources_;
  NumberPrecision precision_;
  NetlistRecords records_;
  std::vector<Entry> entries_;        ///< by file index
  std::vector<std::uint32_t> slots_;  ///< open-addressing table: entry + 1, 0 free
  std::vector<MacroReference> macro_references_;
  std::vector<Driver> drivers_;
  std::vector<Token> inputs_;
};

}  // namespace tessera::netlist_io
