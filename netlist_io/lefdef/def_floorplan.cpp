// The statements DIEAREA, ROW and TRACKS and the sections BLOCKAGES, REGIONS and GROUPS.

#include <utility>

#include "netlist_io/lefdef/def_parser.h"
#include "netlist_io/lefdef/rectilinear.h"

namespace tessera::netlist_io {
namespace {

/// Rectangles of a polygon; its bounding box, with a warning, if an edge is slanted.
std::vector<DefRect> read_polygon(DefParser& parser, std::string_view keyword) {
  const std::vector<DefPoint> corners = parser.read_points();
  if (corners.size() < 3) {
    parser.scanner.fail(keyword, "a polygon of fewer than 3 points");
  }
  if (std::optional<std::vector<DefRect>> rects = decompose_rectilinear(corners)) {
    return *std::move(rects);
  }
  parser.scanner.warn(keyword, "a polygon with slanted edges counts as its bounding box");
  return {bounding_box(corners)};
}

void read_blockage_clause(DefParser& parser, std::string_view word, DefBlockage& blockage) {
  LefDefScanner& scanner = parser.scanner;
  if (is_keyword(word, "SOFT")) {
    blockage.soft = true;
  } else if (is_keyword(word, "PARTIAL")) {
    blockage.max_density = scanner.read_number();
  } else if (is_keyword(word, "COMPONENT")) {
    const std::string_view name = scanner.read_name("the name of a component");
    blockage.component = parser.find_component(name);
    if (!blockage.component) {
      parser.fail_of_component(name, "a blockage");
    }
  } else if (!is_keyword(word, "PUSHDOWN")) {
    scanner.fail_expected(word, "SOFT, PARTIAL, PUSHDOWN or COMPONENT");
  }
}

/// Reads what follows the hyphen.
void read_blockage(DefParser& parser) {
  LefDefScanner& scanner = parser.scanner;
  std::string_view word = scanner.next();
  if (!is_keyword(word, "PLACEMENT")) {
    scanner.skip_statement(word);  // LAYER: for wires only
    return;
  }
  DefBlockage blockage;
  for (word = scanner.next(); word != ";"; word = scanner.next()) {
    if (word == "+") {
      read_blockage_clause(parser, scanner.next(), blockage);
    } else if (is_keyword(word, "RECT")) {
      blockage.rects.push_back(parser.read_rect());
    } else if (is_keyword(word, "POLYGON")) {
      const std::vector<DefRect> rects = read_polygon(parser, word);
      blockage.rects.insert(blockage.rects.end(), rects.begin(), rects.end());
    } else {
      scanner.fail_expected(word, "\"+\", RECT, POLYGON or \";\"");
    }
  }
  parser.design.blockages.push_back(std::move(blockage));
}

void read_region(DefParser& parser) {
  LefDefScanner& scanner = parser.scanner;
  DefRegion region;
  region.name = parser.keep_name(scanner.read_name("the name of a region"));
  do {
    region.rects.push_back(parser.read_rect());
  } while (scanner.peek() == "(");
  while (scanner.skip_clause() == "+") {
    if (scanner.accept("TYPE")) {
      region.fence = scanner.accept("FENCE");
    }
  }
  parser.design.regions.push_back(std::move(region));
}

void read_group(DefParser& parser) {
  LefDefScanner& scanner = parser.scanner;
  DefGroup group;
  group.name = parser.keep_name(scanner.read_name("the name of a group"));
  std::string_view word = scanner.next();
  for (; word != "+" && word != ";"; word = scanner.next()) {
    if (word.empty() || word == "-") {
      scanner.fail_expected(word, "the name of a component, \"+\" or \";\"");
    }
    group.members.push_back(parser.keep_name(word));
  }
  for (; word == "+"; word = scanner.skip_clause()) {
    if (scanner.accept("REGION") && scanner.peek() != "(") {
      group.region = parser.keep_name(scanner.read_name("the name of a region"));
    }
  }
  parser.design.groups.push_back(std::move(group));
}

}  // namespace

void read_blockages(DefParser& parser) {
  parser.read_section(
      "BLOCKAGES", [](std::size_t) {}, [&] { read_blockage(parser); });
}

void read_regions(DefParser& parser) {
  parser.read_section(
      "REGIONS", [](std::size_t) {}, [&] { read_region(parser); });
}

void read_groups(DefParser& parser) {
  parser.read_section(
      "GROUPS", [](std::size_t) {}, [&] { read_group(parser); });
}

void read_die(DefParser& parser) {
  parser.design.die = parser.read_points();
  if (parser.design.die.size() < 2) {
    parser.scanner.fail_expected(parser.scanner.next(), "at least two points of the die");
  }
  parser.scanner.expect(";");
}

void read_row(DefParser& parser) {
  LefDefScanner& scanner = parser.scanner;
  DefRow row;
  row.name = parser.keep_name(scanner.read_name("the name of a row"));
  row.site = parser.keep_name(scanner.read_name("the name of a site"));
  row.origin.x = scanner.read_integer();
  row.origin.y = scanner.read_integer();
  row.orientation = parser.read_orientation();
  if (scanner.accept("DO")) {
    row.num_x = scanner.read_count();
    scanner.expect("BY");
    row.num_y = scanner.read_count();
    if (scanner.accept("STEP")) {
      row.step_x = scanner.read_integer();
      row.step_y = scanner.read_integer();
    }
  }
  if (scanner.accept("+")) {  // properties
    while (scanner.skip_clause() == "+") {
    }
  } else {
    scanner.expect(";");
  }
  parser.design.rows.push_back(row);
}

void read_tracks(DefParser& parser) {
  LefDefScanner& scanner = parser.scanner;
  DefTracks tracks;
  tracks.vertical = scanner.accept("X");
  if (!tracks.vertical) {
    scanner.expect("Y");
  }
  tracks.start = scanner.read_integer();
  scanner.expect("DO");
  tracks.count = scanner.read_count();
  scanner.expect("STEP");
  tracks.step = scanner.read_integer();
  if (scanner.accept("MASK")) {
    scanner.read_count();
    scanner.accept("SAMEMASK");
  }
  if (scanner.accept("LAYER")) {
    while (scanner.peek() != ";") {
      tracks.layers.push_back(parser.keep_name(scanner.read_name("the name of a layer")));
    }
  }
  scanner.expect(";");
  parser.design.tracks.push_back(std::move(tracks));
}

}  // namespace tessera::netlist_io
