#include <cstdint>
#include <optional>
#include <utility>

#include "netlist_io/file.h"
#include "netlist_io/lefdef/def_design.h"
#include "netlist_io/lefdef/def_parser.h"

namespace tessera::netlist_io {
namespace {

/// Database units per micron of a file that does not say (LEF/DEF 5.8 Language Reference).
constexpr int kDefaultUnits = 100;

using Read = void (*)(DefParser&);

constexpr Keyword<Read> kRead[] = {{"ROW", read_row},
                                   {"TRACKS", read_tracks},
                                   {"DIEAREA", read_die},
                                   {"COMPONENTS", read_components},
                                   {"PINS", read_pins},
                                   {"NETS", read_nets},
                                   {"BLOCKAGES", read_blockages},
                                   {"REGIONS", read_regions},
                                   {"GROUPS", read_groups}};

/// How a part of the file without meaning for a placer is skipped.
enum class Extent : std::uint8_t { kStatement, kSection, kBlock, kExtension };

constexpr Keyword<Extent> kSkipped[] = {{"GCELLGRID", Extent::kStatement},
                                        {"VERSION", Extent::kStatement},
                                        {"NAMESCASESENSITIVE", Extent::kStatement},
                                        {"TECHNOLOGY", Extent::kStatement},
                                        {"ARRAY", Extent::kStatement},
                                        {"FLOORPLAN", Extent::kStatement},
                                        {"HISTORY", Extent::kStatement},
                                        {"COMPONENTMASKSHIFT", Extent::kStatement},
                                        {"CANPLACE", Extent::kStatement},
                                        {"CANNOTOCCUPY", Extent::kStatement},
                                        {"VIAS", Extent::kSection},
                                        {"STYLES", Extent::kSection},
                                        {"NONDEFAULTRULES", Extent::kSection},
                                        {"PINPROPERTIES", Extent::kSection},
                                        {"SLOTS", Extent::kSection},
                                        {"FILLS", Extent::kSection},
                                        {"SCANCHAINS", Extent::kSection},
                                        {"CONSTRAINTS", Extent::kSection},
                                        {"ASSERTIONS", Extent::kSection},
                                        {"IOTIMINGS", Extent::kSection},
                                        {"TIMINGDISABLES", Extent::kSection},
                                        {"PARTITIONS", Extent::kSection},
                                        {"PROPERTYDEFINITIONS", Extent::kBlock},
                                        {"DEFAULTCAP", Extent::kBlock},
                                        {"BEGINEXT", Extent::kExtension}};

/// Reads a whole file.
class FileReader {
 public:
  FileReader(LefDefScanner& scanner, const LefLibrary& library, DefDesign& design)
      : scanner_(scanner), parser_(scanner, library, design), design_(design) {}

  void run() {
    for (std::string_view word = scanner_.next(); !is_keyword(word, "END");
         word = scanner_.next()) {
      if (word.empty()) {
        scanner_.fail_expected(word, "\"END DESIGN\"");
      }
      read_part(word);
    }
    scanner_.expect("DESIGN");
    if (!has_units_) {
      assume_units();
    }
    design_.warnings = scanner_.take_warnings();
  }

 private:
  void read_part(std::string_view word) {
    if (const std::optional<Read> read = meaning_of(word, kRead)) {
      (*read)(parser_);
    } else if (is_keyword(word, "SPECIALNETS")) {
      design_.num_special_nets = skip_section(parser_, word);
    } else if (is_keyword(word, "DESIGN")) {
      design_.name = parser_.keep_name(scanner_.read_name("the name of the design"));
      scanner_.expect(";");
    } else if (is_keyword(word, "UNITS")) {
      read_units();
    } else if (is_keyword(word, "DIVIDERCHAR")) {
      read_divider();
    } else if (is_keyword(word, "BUSBITCHARS")) {
      design_.bus_bits = without_quotes(scanner_.read_name("two characters"));
      scanner_.expect(";");
    } else {
      skip(word);
    }
  }

  void read_divider() {
    const std::string_view word = scanner_.read_name("a character");
    if (without_quotes(word).size() != 1) {
      scanner_.fail_expected(word, "one character in double quotes");
    }
    design_.divider = without_quotes(word).front();
    scanner_.expect(";");
  }

  void read_units() {
    scanner_.expect("DISTANCE");
    scanner_.expect("MICRONS");
    const std::string_view word = scanner_.peek();
    design_.database_units = scanner_.read_count();
    if (design_.database_units == 0) {
      scanner_.fail_expected(word, "a number of database units above 0");
    }
    scanner_.expect(";");
    has_units_ = true;
    const int of_library = parser_.lef.database_units.value_or(design_.database_units);
    if (of_library % design_.database_units != 0) {
      scanner_.warn(word,
                    std::to_string(design_.database_units) +
                        " database units per micron do not divide the " +
                        std::to_string(of_library) + " of LEF");
    }
  }

  void assume_units() {
    design_.database_units = parser_.lef.database_units.value_or(kDefaultUnits);
    scanner_.warn(
        scanner_.peek(),
        "no UNITS; " + std::to_string(design_.database_units) + " per micron are assumed");
  }

  void skip(std::string_view word) {
    const std::optional<Extent> extent = meaning_of(word, kSkipped);
    if (!extent) {
      scanner_.fail_expected(word, "a statement of DEF");
    }
    switch (*extent) {
      case Extent::kStatement:
        scanner_.skip_statement(word);
        return;
      case Extent::kSection:
        skip_section(parser_, word);
        return;
      case Extent::kBlock:
        scanner_.skip_block(word);
        return;
      case Extent::kExtension:
        scanner_.skip_extension();
        return;
    }
  }

  LefDefScanner& scanner_;
  DefParser parser_;
  DefDesign& design_;
  bool has_units_ = false;
};

}  // namespace

DefDesign read_def(const std::string& path, const LefLibrary& library) {
  return parse_def(read_file(path), path, library);
}

DefDesign parse_def(std::string text, const std::string& name, const LefLibrary& library) {
  DefDesign design;
  design.path = name;
  design.text = std::make_unique<const std::string>(std::move(text));
  design.unescaped = std::make_unique<std::deque<std::string>>();
  const SourceText source{*design.text, name};
  LefDefScanner scanner(source);
  FileReader(scanner, library, design).run();
  return design;
}

}  // namespace tessera::netlist_io
