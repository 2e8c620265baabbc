#include "netlist_io/lefdef/def_parser.h"

#include <cstddef>
#include <string>

#include "netlist_io/lefdef/rectilinear.h"

namespace tessera::netlist_io {
namespace {

/// The rectangles of a polygon may be as many as the square of its points.
constexpr std::size_t kMaxPoints = 1000;

constexpr Keyword<PlacementStatus> kStatuses[] = {{"PLACED", PlacementStatus::kPlaced},
                                                  {"FIXED", PlacementStatus::kFixed},
                                                  {"COVER", PlacementStatus::kCover},
                                                  {"UNPLACED", PlacementStatus::kUnplaced}};

constexpr Keyword<Orientation> kOrientations[] = {{"N", Orientation::kN},
                                                  {"S", Orientation::kS},
                                                  {"FN", Orientation::kFN},
                                                  {"FS", Orientation::kFS},
                                                  {"E", Orientation::kE},
                                                  {"W", Orientation::kW},
                                                  {"FE", Orientation::kFE},
                                                  {"FW", Orientation::kFW}};

bool has_escapes(std::string_view word) {
  return word.find('\\') != std::string_view::npos;
}

}  // namespace

std::string_view DefParser::keep_name(std::string_view word) {
  return has_escapes(word) ? design.unescaped->emplace_back(without_escapes(word)) : word;
}

std::string_view DefParser::plain_name(std::string_view word) {
  if (!has_escapes(word)) {
    return word;
  }
  plain_name_ = without_escapes(word);
  return plain_name_;
}

std::optional<std::uint32_t> DefParser::find_component(std::string_view word) {
  return components.find(plain_name(word), names_of(design.components));
}

void DefParser::fail_of_component(std::string_view word, const std::string& user) const {
  scanner.fail(word, user + " names the component " + quoted(word) + ", which is not defined");
}

DefPoint DefParser::read_point() {
  scanner.expect("(");
  DefPoint point;
  point.x = scanner.read_integer();
  point.y = scanner.read_integer();
  if (!scanner.accept(")")) {
    scanner.read_integer();  // an extension
    scanner.expect(")");
  }
  return point;
}

std::vector<DefPoint> DefParser::read_points() {
  std::vector<DefPoint> points;
  while (scanner.peek() == "(") {
    if (points.size() == kMaxPoints) {
      scanner.fail(scanner.peek(),
                   "a polygon of more than " + std::to_string(kMaxPoints) + " points");
    }
    points.push_back(read_point());
  }
  return points;
}

DefRect DefParser::read_rect() {
  const DefPoint corners[] = {read_point(), read_point()};
  return bounding_box(corners);
}

Orientation DefParser::read_orientation() {
  const std::string_view word = scanner.next();
  const std::optional<Orientation> orientation = meaning_of(word, kOrientations);
  if (!orientation) {
    scanner.fail_expected(word, "the orientation N, S, E, W, FN, FS, FE or FW");
  }
  return *orientation;
}

void DefParser::read_placement(DefPoint& location, Orientation& orientation) {
  location = read_point();
  orientation = read_orientation();
}

bool DefParser::begins_item(std::string_view keyword) {
  const std::string_view word = scanner.next();
  if (word == "-") {
    return true;
  }
  if (!is_keyword(word, "END")) {
    scanner.fail_expected(word, "\"-\" or " + quoted("END " + std::string(keyword)));
  }
  const std::string_view end = scanner.next();
  if (end != keyword && !is_keyword(end, keyword)) {
    scanner.fail_expected(end, quoted(keyword));
  }
  return false;
}

void DefParser::warn_of_count(std::string_view declared,
                              std::string_view keyword,
                              std::size_t num_items) {
  scanner.warn(declared,
               std::string(keyword) + " says " + std::string(declared) + ", but " +
                   std::to_string(num_items) + " follow");
}

std::optional<PlacementStatus> placement_status(std::string_view word) {
  return meaning_of(word, kStatuses);
}

std::size_t skip_section(DefParser& parser, std::string_view keyword) {
  std::size_t num_items = 0;
  parser.read_section(
      keyword,
      [](std::size_t) {},
      [&] {
        parser.scanner.skip_statement("-");
        ++num_items;
      });
  return num_items;
}

}  // namespace tessera::netlist_io
