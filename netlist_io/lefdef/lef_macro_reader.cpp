#include "netlist_io/lefdef/lef_macro_reader.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "netlist_io/lefdef/pin_words.h"

namespace tessera::netlist_io {
namespace {

/// More rectangles than this of one `ITERATE` are taken for a mistake.
constexpr double kMaxIterations = 1e6;
constexpr double kMaxIterationsOfAll = 1e7;

constexpr Keyword<MasterClass> kClasses[] = {{"CORE", MasterClass::kCore},
                                             {"BLOCK", MasterClass::kBlock},
                                             {"PAD", MasterClass::kPad},
                                             {"ENDCAP", MasterClass::kEndcap},
                                             {"COVER", MasterClass::kCover},
                                             {"RING", MasterClass::kRing}};

/// The layer and the width of wires that hold for the shapes behind them.
struct ShapeContext {
  std::optional<std::uint32_t> layer;
  double wire_width = 0.0;
};

/// How often and how far apart a shape is repeated.
struct Iteration {
  std::int32_t num_x = 1;
  std::int32_t num_y = 1;
  double step_x = 0.0;
  double step_y = 0.0;
};

Rect bounding_box(const std::vector<Offset>& points) {
  Rect box = {points.front().x, points.front().y, points.front().x, points.front().y};
  for (const Offset& point : points) {
    box.x0 = std::min(box.x0, point.x);
    box.y0 = std::min(box.y0, point.y);
    box.x1 = std::max(box.x1, point.x);
    box.y1 = std::max(box.y1, point.y);
  }
  return box;
}

Rect shifted(const Rect& rect, double dx, double dy) {
  return {rect.x0 + dx, rect.y0 + dy, rect.x1 + dx, rect.y1 + dy};
}

void shift(std::vector<LefShape>& shapes, const Offset& by) {
  for (LefShape& shape : shapes) {
    shape.rect = shifted(shape.rect, by.x, by.y);
  }
}

std::uint32_t add_overlap_layer(LefLibrary& library, const std::string& name) {
  LefLayer layer;
  layer.name = name;
  layer.kind = LayerKind::kOverlap;
  const auto position = static_cast<std::uint32_t>(library.layers.size());
  library.layer_index.insert(name, position, names_of(library.layers));
  library.layers.push_back(std::move(layer));
  return position;
}

class MacroReader {
 public:
  MacroReader(LefDefScanner& scanner, LayerReferences& layers, const LefLibrary& library)
      : scanner_(scanner), layers_(layers), library_(library) {}

  LefMaster run() {
    const std::string_view name = scanner_.read_name("the name of a macro");
    master_.name = without_escapes(name);
    for (std::string_view word = scanner_.next(); !is_keyword(word, "END");
         word = scanner_.next()) {
      read_statement(word);
    }
    expect_name(name);
    if (!has_size_) {
      scanner_.warn(name, "macro " + quoted(name) + " has no SIZE");
    }
    apply_origin();
    return std::move(master_);
  }

 private:
  void read_statement(std::string_view word) {
    if (is_keyword(word, "PIN")) {
      read_pin();
    } else if (is_keyword(word, "OBS")) {
      read_shapes(master_.obstructions);
    } else if (is_keyword(word, "CLASS")) {
      read_class();
    } else if (is_keyword(word, "SIZE")) {
      read_size();
    } else if (is_keyword(word, "ORIGIN")) {
      origin_ = read_point();
      scanner_.expect(";");
    } else if (is_keyword(word, "SYMMETRY")) {
      master_.symmetry = read_symmetry(scanner_);
    } else if (is_keyword(word, "SITE")) {
      const std::string_view site = scanner_.read_name("the name of a site");
      master_.site = without_escapes(site);
      scanner_.skip_statement(site);
    } else {
      skip(word);
    }
  }

  void skip(std::string_view word) {
    if (is_keyword(word, "DENSITY")) {
      for (word = scanner_.next(); !is_keyword(word, "END"); word = scanner_.next()) {
        scanner_.skip_statement(word);
      }
    } else if (is_keyword(word, "TIMING")) {
      scanner_.skip_block("TIMING");
    } else if (is_keyword(word, "BEGINEXT")) {
      scanner_.skip_extension();
    } else {
      scanner_.skip_statement(word);
    }
  }

  void read_class() {
    const std::string_view word = scanner_.read_name("the class of a macro");
    const std::optional<MasterClass> master_class = meaning_of(word, kClasses);
    if (!master_class) {
      scanner_.fail_expected(word, "CORE, BLOCK, PAD, ENDCAP, COVER or RING");
    }
    master_.master_class = *master_class;
    scanner_.skip_statement(word);
  }

  void read_size() {
    master_.width = read_length();
    scanner_.expect("BY");
    master_.height = read_length();
    scanner_.expect(";");
    has_size_ = true;
  }

  double read_length() {
    const std::string_view word = scanner_.peek();
    const double length = scanner_.read_number();
    if (length < 0.0) {
      scanner_.fail_expected(word, "a length not below 0");
    }
    return length;
  }

  void read_pin() {
    const std::string_view name = scanner_.read_name("the name of a pin");
    LefPin pin;
    pin.name = without_escapes(name);
    for (std::string_view word = scanner_.next(); !is_keyword(word, "END");
         word = scanner_.next()) {
      read_pin_statement(word, pin);
    }
    expect_name(name);
    const auto position = static_cast<std::uint32_t>(master_.pins.size());
    if (!master_.pin_index.insert(pin.name, position, names_of(master_.pins))) {
      scanner_.warn(name, "a second pin " + quoted(name) + ", which does not count");
      return;
    }
    master_.pins.push_back(std::move(pin));
  }

  void read_pin_statement(std::string_view word, LefPin& pin) {
    if (is_keyword(word, "PORT")) {
      read_shapes(pin.shapes);
    } else if (is_keyword(word, "DIRECTION")) {
      const std::string_view direction = scanner_.read_name("a direction");
      pin.direction = pin_direction(direction);
      scanner_.skip_statement(direction);
    } else if (is_keyword(word, "USE")) {
      const std::string_view use = scanner_.read_name("a use");
      pin.use = pin_use(use);
      scanner_.skip_statement(use);
    } else if (is_keyword(word, "BEGINEXT")) {
      scanner_.skip_extension();
    } else {
      scanner_.skip_statement(word);
    }
  }

  /// Reads geometries up to their `END`.
  void read_shapes(std::vector<LefShape>& shapes) {
    ShapeContext context;
    for (std::string_view word = scanner_.next(); !is_keyword(word, "END");
         word = scanner_.next()) {
      if (is_keyword(word, "LAYER")) {
        context = read_layer();
      } else if (is_keyword(word, "WIDTH")) {
        context.wire_width = read_length();
        scanner_.expect(";");
      } else if (is_keyword(word, "RECT") || is_keyword(word, "POLYGON") ||
                 is_keyword(word, "PATH")) {
        read_shape(word, context, shapes);
      } else {
        scanner_.skip_statement(word);
      }
    }
  }

  ShapeContext read_layer() {
    const std::string_view name = scanner_.read_name("the name of a layer");
    ShapeContext context = {layers_.number_of(name, scanner_), 0.0};
    if (const std::optional<std::uint32_t> known = library_.find_layer(name)) {
      context.wire_width = library_.layers[*known].width;
    }
    scanner_.skip_statement(name);
    return context;
  }

  void read_shape(std::string_view kind,
                  const ShapeContext& context,
                  std::vector<LefShape>& shapes) {
    if (!context.layer) {
      scanner_.fail(kind, "a shape without LAYER before it");
    }
    if (scanner_.accept("MASK")) {
      scanner_.read_count();
    }
    const bool iterated = scanner_.accept("ITERATE");
    Rect box = bounding_box(read_points(kind));
    if (is_keyword(kind, "PATH")) {
      const double half = context.wire_width / 2;
      box = {box.x0 - half, box.y0 - half, box.x1 + half, box.y1 + half};
    }
    const Iteration iteration = iterated ? read_iteration() : Iteration();
    scanner_.expect(";");
    for (std::int32_t y = 0; y < iteration.num_y; ++y) {
      for (std::int32_t x = 0; x < iteration.num_x; ++x) {
        shapes.push_back(
            {*context.layer, shifted(box, x * iteration.step_x, y * iteration.step_y)});
      }
    }
  }

  /// Reads the points of a shape: two of a rectangle, otherwise all there are.
  std::vector<Offset> read_points(std::string_view kind) {
    std::vector<Offset> points = {read_point()};
    if (is_keyword(kind, "RECT")) {
      points.push_back(read_point());
      return points;
    }
    while (scanner_.peek() != ";" && !is_keyword(scanner_.peek(), "DO")) {
      points.push_back(read_point());
    }
    return points;
  }

  /// Reads two coordinates, which may stand in parentheses.
  Offset read_point() {
    const bool in_parentheses = scanner_.accept("(");
    Offset point;
    point.x = scanner_.read_number();
    point.y = scanner_.read_number();
    if (in_parentheses) {
      scanner_.expect(")");
    }
    return point;
  }

  Iteration read_iteration() {
    Iteration iteration;
    scanner_.expect("DO");
    const std::string_view first = scanner_.peek();
    iteration.num_x = scanner_.read_count();
    scanner_.expect("BY");
    iteration.num_y = scanner_.read_count();
    scanner_.expect("STEP");
    iteration.step_x = scanner_.read_number();
    iteration.step_y = scanner_.read_number();
    const double repeated = static_cast<double>(iteration.num_x) * iteration.num_y;
    if (repeated > kMaxIterations) {
      scanner_.fail_expected(first, "at most a million repetitions of a shape");
    }
    layers_.num_repeated += repeated;
    if (layers_.num_repeated > kMaxIterationsOfAll) {
      scanner_.fail_expected(first, "at most ten million repetitions of shapes in all LEF files");
    }
    return iteration;
  }

  /// Shapes are given in the frame of the file; `ORIGIN` moves them into that of the box.
  void apply_origin() {
    for (LefPin& pin : master_.pins) {
      shift(pin.shapes, origin_);
    }
    shift(master_.obstructions, origin_);
  }

  void expect_name(std::string_view name) {
    const std::string_view word = scanner_.next();
    if (word != name) {
      scanner_.fail_expected(word, quoted(name) + ", which END closes");
    }
  }

  LefDefScanner& scanner_;
  LayerReferences& layers_;
  const LefLibrary& library_;
  LefMaster master_;
  Offset origin_;
  bool has_size_ = false;
};

}  // namespace

std::uint32_t LayerReferences::number_of(std::string_view word, const LefDefScanner& scanner) {
  const std::string name = without_escapes(word);
  const auto names = names_of(references_);
  if (const std::optional<std::uint32_t> known = table_.find(name, names)) {
    return *known;
  }
  const auto number = static_cast<std::uint32_t>(references_.size());
  references_.push_back({name, scanner.place_of(word)});
  table_.insert(name, number, names);
  return number;
}

std::vector<std::uint32_t> LayerReferences::resolve(LefLibrary& library) const {
  std::vector<std::uint32_t> positions;
  for (const Reference& reference : references_) {
    std::optional<std::uint32_t> position = library.find_layer(reference.name);
    if (!position && is_keyword(reference.name, "OVERLAP")) {
      position = add_overlap_layer(library, reference.name);
    }
    if (!position) {
      throw ParseError(reference.place,
                       "no LEF file defines the layer " + quoted(reference.name) +
                           "; is the technology file missing?");
    }
    positions.push_back(*position);
  }
  return positions;
}

Symmetry read_symmetry(LefDefScanner& scanner) {
  Symmetry symmetry;
  for (std::string_view word = scanner.next(); word != ";"; word = scanner.next()) {
    if (is_keyword(word, "X")) {
      symmetry.x = true;
    } else if (is_keyword(word, "Y")) {
      symmetry.y = true;
    } else if (is_keyword(word, "R90")) {
      symmetry.r90 = true;
    } else {
      scanner.fail_expected(word, "X, Y, R90 or \";\"");
    }
  }
  return symmetry;
}

LefMaster read_macro(LefDefScanner& scanner, LayerReferences& layers, const LefLibrary& library) {
  return MacroReader(scanner, layers, library).run();
}

}  // namespace tessera::netlist_io
