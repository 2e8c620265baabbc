#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/lefdef_scanner.h"
#include "netlist_io/lefdef/name_table.h"

namespace tessera::netlist_io {

/// What the sections of a DEF file are read with, and into. Internal to the reader.
class DefParser {
 public:
  /// All must outlive the parser; `design.unescaped` is there.
  DefParser(LefDefScanner& words, const LefLibrary& masters, DefDesign& result)
      : scanner(words), lef(masters), design(result) {}

  /// The name that `word` spells, which lives as long as the design.
  std::string_view keep_name(std::string_view word);
  /// The name that `word` spells, valid until the next call.
  std::string_view plain_name(std::string_view word);

  /// Position of the component that `word` names.
  std::optional<std::uint32_t> find_component(std::string_view word);
  /// Fails because `user`, such as `net "n"`, names an unknown component with `word`.
  [[noreturn]] void fail_of_component(std::string_view word, const std::string& user) const;

  DefPoint read_point();
  /// As many points as there are.
  std::vector<DefPoint> read_points();
  DefRect read_rect();
  Orientation read_orientation();
  /// What follows `PLACED` or the like.
  void read_placement(DefPoint& location, Orientation& orientation);

  /// Reads what follows the keyword of a section: its count, items with `read_item`, which is
  /// called behind the hyphen and reads up to and with the semicolon, and the end. Before the
  /// items, `reserve` is called with the count, or with how many items the file can hold at most.
  template <typename Reserve, typename ReadItem>
  void read_section(std::string_view keyword, Reserve&& reserve, ReadItem&& read_item) {
    const std::string_view declared = scanner.peek();
    const auto count = static_cast<std::size_t>(scanner.read_count());
    scanner.expect(";");
    reserve(std::min(count, scanner.num_bytes() / kMinItemBytes));
    std::size_t num_items = 0;
    for (; begins_item(keyword); ++num_items) {
      read_item();
    }
    if (num_items != count) {
      warn_of_count(declared, keyword, num_items);
    }
  }

  LefDefScanner& scanner;
  const LefLibrary& lef;
  DefDesign& design;
  NameTable components;
  NameTable pins;
  NameTable nets;

 private:
  /// `- a b ;` with a line end: no item is shorter.
  static constexpr std::size_t kMinItemBytes = 8;

  /// True behind the hyphen of an item, false behind the end of the section.
  bool begins_item(std::string_view keyword);
  void warn_of_count(std::string_view declared, std::string_view keyword, std::size_t num_items);

  std::string plain_name_;
};

/// `word` as a status of placement.
std::optional<PlacementStatus> placement_status(std::string_view word);

// One function per section, called behind its keyword.
void read_components(DefParser& parser);
void read_pins(DefParser& parser);
void read_nets(DefParser& parser);
void read_blockages(DefParser& parser);
void read_regions(DefParser& parser);
void read_groups(DefParser& parser);
/// Reads a section of which nothing is kept and returns the number of its items.
std::size_t skip_section(DefParser& parser, std::string_view keyword);

// One function per statement, called behind its keyword.
void read_die(DefParser& parser);
void read_row(DefParser& parser);
void read_tracks(DefParser& parser);

}  // namespace tessera::netlist_io
