#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "netlist_io/file.h"
#include "netlist_io/lefdef/lef_library.h"
#include "netlist_io/lefdef/lef_macro_reader.h"
#include "netlist_io/lefdef/lefdef_scanner.h"

namespace tessera::netlist_io {
namespace {

constexpr Keyword<LayerKind> kLayerKinds[] = {{"ROUTING", LayerKind::kRouting},
                                              {"CUT", LayerKind::kCut},
                                              {"MASTERSLICE", LayerKind::kMasterslice},
                                              {"OVERLAP", LayerKind::kOverlap},
                                              {"IMPLANT", LayerKind::kImplant}};

/// Diagonal ones count as no direction.
constexpr Keyword<LayerDirection> kLayerDirections[] = {{"HORIZONTAL", LayerDirection::kHorizontal},
                                                        {"VERTICAL", LayerDirection::kVertical},
                                                        {"DIAG45", LayerDirection::kNone},
                                                        {"DIAG135", LayerDirection::kNone}};

/// How a statement without meaning for a placer is skipped.
enum class Extent : std::uint8_t { kStatement, kBlock, kNamedBlock, kExtension };

constexpr Keyword<Extent> kSkipped[] = {{"VERSION", Extent::kStatement},
                                        {"NAMESCASESENSITIVE", Extent::kStatement},
                                        {"NOWIREEXTENSIONATPIN", Extent::kStatement},
                                        {"BUSBITCHARS", Extent::kStatement},
                                        {"DIVIDERCHAR", Extent::kStatement},
                                        {"USEMINSPACING", Extent::kStatement},
                                        {"CLEARANCEMEASURE", Extent::kStatement},
                                        {"FIXEDMASK", Extent::kStatement},
                                        {"MAXVIASTACK", Extent::kStatement},
                                        {"MINFEATURE", Extent::kStatement},
                                        {"DIELECTRIC", Extent::kStatement},
                                        {"INPUTPINANTENNASIZE", Extent::kStatement},
                                        {"OUTPUTPINANTENNASIZE", Extent::kStatement},
                                        {"INOUTPINANTENNASIZE", Extent::kStatement},
                                        {"ANTENNAINPUTGATEAREA", Extent::kStatement},
                                        {"ANTENNAINOUTDIFFAREA", Extent::kStatement},
                                        {"ANTENNAOUTPUTDIFFAREA", Extent::kStatement},
                                        {"UNIVERSALNOISEMARGIN", Extent::kStatement},
                                        {"EDGERATETHRESHOLD1", Extent::kStatement},
                                        {"EDGERATETHRESHOLD2", Extent::kStatement},
                                        {"EDGERATESCALEFACTOR", Extent::kStatement},
                                        {"PROPERTYDEFINITIONS", Extent::kBlock},
                                        {"SPACING", Extent::kBlock},
                                        {"IRDROP", Extent::kBlock},
                                        {"NOISETABLE", Extent::kBlock},
                                        {"CORRECTIONTABLE", Extent::kBlock},
                                        {"VIA", Extent::kNamedBlock},
                                        {"VIARULE", Extent::kNamedBlock},
                                        {"NONDEFAULTRULE", Extent::kNamedBlock},
                                        {"ARRAY", Extent::kNamedBlock},
                                        {"BEGINEXT", Extent::kExtension}};

/// Reads one file into a library.
class FileReader {
 public:
  FileReader(const SourceText& source, LayerReferences& layers, LefLibrary& library)
      : scanner_(source), layers_(layers), library_(library) {}

  void run() {
    for (std::string_view word = scanner_.next(); !word.empty(); word = scanner_.next()) {
      if (is_keyword(word, "END")) {
        scanner_.expect("LIBRARY");  // more may follow where files were joined
      } else {
        read_statement(word);
      }
    }
    std::vector<std::string> warnings = scanner_.take_warnings();
    std::move(warnings.begin(), warnings.end(), std::back_inserter(library_.warnings));
  }

 private:
  void read_statement(std::string_view word) {
    if (is_keyword(word, "MACRO")) {
      add(word, read_macro(scanner_, layers_, library_), library_.masters, library_.master_index);
    } else if (is_keyword(word, "LAYER")) {
      add(word, read_layer(), library_.layers, library_.layer_index);
    } else if (is_keyword(word, "SITE")) {
      add(word, read_site(), library_.sites, library_.site_index);
    } else if (is_keyword(word, "UNITS")) {
      read_units();
    } else if (is_keyword(word, "MANUFACTURINGGRID")) {
      library_.manufacturing_grid = scanner_.read_number();
      scanner_.expect(";");
    } else {
      skip(word);
    }
  }

  void skip(std::string_view word) {
    const std::optional<Extent> extent = meaning_of(word, kSkipped);
    if (!extent) {
      scanner_.fail_expected(word, "a statement of LEF");
    }
    switch (*extent) {
      case Extent::kStatement:
        scanner_.skip_statement(word);
        return;
      case Extent::kBlock:
        scanner_.skip_block(word);
        return;
      case Extent::kNamedBlock:
        scanner_.skip_block(scanner_.read_name("a name"));
        return;
      case Extent::kExtension:
        scanner_.skip_extension();
        return;
    }
  }

  /// Adds the `thing` that `keyword` begins to `list` unless there is one of its name.
  template <typename Thing>
  void add(std::string_view keyword, Thing thing, std::vector<Thing>& list, NameTable& index) {
    const auto position = static_cast<std::uint32_t>(list.size());
    if (index.insert(thing.name, position, names_of(list))) {
      list.push_back(std::move(thing));
    } else {
      scanner_.warn(
          keyword,
          "a second " + std::string(keyword) + " " + quoted(thing.name) + ", which does not count");
    }
  }

  void read_units() {
    for (std::string_view word = scanner_.next(); !is_keyword(word, "END");
         word = scanner_.next()) {
      if (is_keyword(word, "DATABASE")) {
        scanner_.expect("MICRONS");
        read_database_units();
      } else {
        scanner_.skip_statement(word);
      }
    }
    scanner_.expect("UNITS");
  }

  void read_database_units() {
    const std::string_view word = scanner_.peek();
    const std::int32_t units = scanner_.read_count();
    if (units == 0) {
      scanner_.fail_expected(word, "a number of database units above 0");
    }
    scanner_.expect(";");
    if (library_.database_units.value_or(units) != units) {
      scanner_.warn(word,
                    "other database units than before, " +
                        std::to_string(*library_.database_units) +
                        " per micron; these do not count");
      return;
    }
    library_.database_units = units;
  }

  /// Reads a name, statements with `read_one` and `END` with the name.
  template <typename ReadOne>
  std::string read_block(const std::string& what, ReadOne&& read_one) {
    const std::string_view name = scanner_.read_name("the name of a " + what);
    for (std::string_view word = scanner_.next(); !is_keyword(word, "END");
         word = scanner_.next()) {
      read_one(word);
    }
    const std::string_view end = scanner_.next();
    if (end != name) {
      scanner_.fail_expected(end, quoted(name) + ", which END closes");
    }
    return without_escapes(name);
  }

  LefSite read_site() {
    LefSite site;
    site.name = read_block("site", [&](std::string_view word) {
      if (is_keyword(word, "SIZE")) {
        site.width = scanner_.read_number();
        scanner_.expect("BY");
        site.height = scanner_.read_number();
        scanner_.expect(";");
      } else if (is_keyword(word, "SYMMETRY")) {
        site.symmetry = read_symmetry(scanner_);
      } else {
        scanner_.skip_statement(word);
      }
    });
    return site;
  }

  LefLayer read_layer() {
    LefLayer layer;
    layer.name = read_block("layer", [&](std::string_view word) {
      if (is_keyword(word, "TYPE")) {
        layer.kind = read_meaning(kLayerKinds, "ROUTING, CUT, MASTERSLICE, OVERLAP or IMPLANT");
      } else if (is_keyword(word, "DIRECTION")) {
        layer.direction = read_meaning(kLayerDirections, "HORIZONTAL or VERTICAL");
      } else if (is_keyword(word, "PITCH")) {
        read_one_or_two([&] { return read_pitch(); }, layer.pitch_x, layer.pitch_y);
      } else if (is_keyword(word, "OFFSET")) {
        read_one_or_two([&] { return scanner_.read_number(); }, layer.offset_x, layer.offset_y);
      } else if (is_keyword(word, "WIDTH")) {
        layer.width = scanner_.read_number();
        scanner_.expect(";");
      } else if (is_keyword(word, "ACCURRENTDENSITY") || is_keyword(word, "DCCURRENTDENSITY")) {
        skip_current_density();
      } else {
        scanner_.skip_statement(word);
      }
    });
    return layer;
  }

  template <typename Meaning, std::size_t kSize>
  Meaning read_meaning(const Keyword<Meaning> (&keywords)[kSize], std::string_view expected) {
    const std::string_view word = scanner_.next();
    const std::optional<Meaning> meaning = meaning_of(word, keywords);
    if (!meaning) {
      scanner_.fail_expected(word, expected);
    }
    scanner_.expect(";");
    return *meaning;
  }

  double read_pitch() {
    const std::string_view word = scanner_.peek();
    const double pitch = scanner_.read_number();
    if (!(pitch > 0.0)) {
      scanner_.fail_expected(word, "a pitch above 0");
    }
    return pitch;
  }

  /// Reads a number for both directions, or one for each, by `read_one`.
  template <typename ReadOne>
  void read_one_or_two(ReadOne&& read_one, double& x, double& y) {
    x = read_one();
    y = x;
    if (!scanner_.accept(";")) {
      y = read_one();
      scanner_.expect(";");
    }
  }

  /// Skips what follows the keyword, `PEAK 3 ;` or `PEAK FREQUENCY 1 2 ; WIDTH 0.4 0.8 ;
  /// TABLEENTRIES ... ;`.
  void skip_current_density() {
    scanner_.read_name("PEAK, AVERAGE or RMS");
    std::string_view word = scanner_.next();
    while (is_keyword(word, "FREQUENCY") || is_keyword(word, "WIDTH") ||
           is_keyword(word, "CUTAREA")) {
      scanner_.skip_statement(word);
      word = scanner_.next();
    }
    scanner_.skip_statement(word);
  }

  LefDefScanner scanner_;
  LayerReferences& layers_;
  LefLibrary& library_;
};

/// Reads files into one library and connects their shapes with the layers in the end.
class LibraryReader {
 public:
  void read(const SourceText& source) { FileReader(source, layers_, library_).run(); }

  LefLibrary finish() {
    const std::vector<std::uint32_t> positions = layers_.resolve(library_);
    const auto resolve = [&](std::vector<LefShape>& shapes) {
      for (LefShape& shape : shapes) {
        shape.layer = positions[shape.layer];
      }
    };
    for (LefMaster& master : library_.masters) {
      resolve(master.obstructions);
      for (LefPin& pin : master.pins) {
        resolve(pin.shapes);
      }
    }
    return std::move(library_);
  }

 private:
  LayerReferences layers_;
  LefLibrary library_;
};

}  // namespace

LefLibrary read_lef(std::span<const std::string> paths) {
  LibraryReader reader;
  for (const std::string& path : paths) {
    const std::string text = read_file(path);
    reader.read({text, path});
  }
  return reader.finish();
}

LefLibrary parse_lef(std::string_view text, const std::string& name) {
  LibraryReader reader;
  reader.read({text, name});
  return reader.finish();
}

}  // namespace tessera::netlist_io
