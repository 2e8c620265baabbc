// `.pl`, `.scl` and `.wts`.

#include <algorithm>
#include <vector>

#include "netlist_io/bookshelf/bookshelf_members.h"
#include "netlist_io/bookshelf/bookshelf_scanner.h"

namespace tessera::netlist_io::bookshelf {
namespace {

using Fields = std::vector<std::string_view>;

class PlReader {
 public:
  PlReader(const SourceText& source, DesignInProgress& progress)
      : source_(source),
        scanner_(source),
        progress_(progress),
        seen_(progress.design.nodes.size(), 0) {}

  void run() {
    scanner_.read_header("pl");
    while (scanner_.next_line()) {
      read_position(scanner_.named_fields());
    }
    const auto num_missing = std::count(seen_.begin(), seen_.end(), std::uint8_t{0});
    if (num_missing > 0) {
      progress_.design.warnings.push_back(source_.name + ": positions are missing for " +
                                          std::to_string(num_missing) + " of " +
                                          std::to_string(seen_.size()) + " nodes: (0, 0) taken");
    }
  }

 private:
  void read_position(const Fields& fields) {
    if (fields.size() < 3 || fields.size() > 5) {
      scanner_.fail(scanner_.line(), "expected a position: name x y [: orientation] [/FIXED]");
    }
    const std::optional<std::uint32_t> index = progress_.nodes.find(fields[0]);
    if (!index) {
      scanner_.fail(fields[0], "node " + quoted(fields[0]) + " is not defined");
    }
    if (seen_[*index] != 0) {
      scanner_.fail(fields[0], "a second position of node " + quoted(fields[0]));
    }
    seen_[*index] = 1;
    BookshelfNode& node = progress_.design.nodes[*index];
    node.x = scanner_.number(fields[1]);
    node.y = scanner_.number(fields[2]);
    for (std::size_t i = 3; i < fields.size(); ++i) {
      read_attribute(fields[i], node);
    }
  }

  void read_attribute(std::string_view field, BookshelfNode& node) const {
    if (equals_ignoring_case(field, "/fixed") || equals_ignoring_case(field, "/fixed_ni")) {
      node.fixed_by_pl = true;
      return;
    }
    const std::optional<Orientation> orientation = parse_orientation(field);
    if (!orientation) {
      scanner_.fail(
          field,
          "found " + quoted(field) + ", expected N, S, E, W, FN, FS, FE, FW, /FIXED or /FIXED_NI");
    }
    node.orientation = *orientation;
  }

  const SourceText& source_;
  Scanner scanner_;
  DesignInProgress& progress_;
  std::vector<std::uint8_t> seen_;
};

/// Part of a row: `SubrowOrigin : x NumSites : n`.
struct Subrow {
  double x = 0.0;
  long num_sites = 0;
};

/// A `CoreRow` while it is read.
struct CoreRow {
  std::string_view start;  ///< its first line
  std::optional<double> y;
  std::optional<double> height;
  double site_width = 1.0;
  std::optional<double> site_spacing;
  std::string_view site_orientation;
  std::string_view site_symmetry;
  std::vector<Subrow> subrows;
};

class SclReader {
 public:
  SclReader(const SourceText& source, DesignInProgress& progress)
      : scanner_(source), rows_(progress.design.rows) {}

  void run() {
    scanner_.read_header("scl");
    std::optional<StatedCount> num_rows;
    std::size_t num_found = 0;
    while (scanner_.next_line()) {
      if (!scanner_.take_count("numrows", num_rows)) {
        start_row(scanner_.split(scanner_.line(), Colons::kSeparate));
        read_row();
        ++num_found;
      }
    }
    scanner_.check_count(num_rows, "NumRows", num_found);
  }

 private:
  void start_row(const Fields& fields) {
    if (fields.size() != 2 || !equals_ignoring_case(fields[0], "corerow") ||
        !equals_ignoring_case(fields[1], "horizontal")) {
      scanner_.fail(scanner_.line(), "expected a row: CoreRow Horizontal");
    }
    row_ = {};
    row_.start = scanner_.line();
  }

  void read_row() {
    while (scanner_.next_line()) {
      if (equals_ignoring_case(scanner_.line(), "end")) {
        finish_row();
        return;
      }
      if (const auto symmetry = scanner_.value_of("sitesymmetry")) {
        row_.site_symmetry = *symmetry;
      } else {
        read_properties(scanner_.split(scanner_.line(), Colons::kSeparate));
      }
    }
    scanner_.fail(row_.start, "a row without its End");
  }

  /// Reads a line of one or more `key : value`.
  void read_properties(const Fields& fields) {
    for (std::size_t i = 0; i < fields.size(); i += 2) {
      if (i + 1 == fields.size()) {
        scanner_.fail(fields[i], quoted(fields[i]) + " has no value");
      }
      read_property(fields[i], fields[i + 1]);
    }
  }

  void read_property(std::string_view key, std::string_view value) {
    if (equals_ignoring_case(key, "coordinate")) {
      row_.y = scanner_.number(value);
    } else if (equals_ignoring_case(key, "height")) {
      row_.height = scanner_.length(value);
    } else if (equals_ignoring_case(key, "sitewidth")) {
      row_.site_width = scanner_.length(value);
    } else if (equals_ignoring_case(key, "sitespacing")) {
      row_.site_spacing = scanner_.length(value);
    } else if (equals_ignoring_case(key, "siteorient")) {
      row_.site_orientation = value;
    } else if (equals_ignoring_case(key, "subroworigin")) {
      row_.subrows.push_back({scanner_.number(value), 0});
    } else if (equals_ignoring_case(key, "numsites") && !row_.subrows.empty()) {
      row_.subrows.back().num_sites = static_cast<long>(scanner_.count(value));
    } else {
      scanner_.fail(key,
                    "found " + quoted(key) +
                        ", expected Coordinate, Height, Sitewidth, Sitespacing, Siteorient, "
                        "Sitesymmetry, SubrowOrigin, NumSites behind it, or End");
    }
  }

  void finish_row() {
    if (!row_.y || !row_.height || row_.subrows.empty()) {
      scanner_.fail(row_.start, "a row without Coordinate, Height or SubrowOrigin");
    }
    for (const Subrow& subrow : row_.subrows) {
      BookshelfRow row;
      row.y = *row_.y;
      row.height = *row_.height;
      row.site_width = row_.site_width;
      row.site_spacing = row_.site_spacing.value_or(row_.site_width);
      row.site_orientation = row_.site_orientation;
      row.site_symmetry = row_.site_symmetry;
      row.x = subrow.x;
      row.num_sites = subrow.num_sites;
      rows_.push_back(std::move(row));
    }
  }

  Scanner scanner_;
  std::vector<BookshelfRow>& rows_;
  CoreRow row_;
};

/// A line of `.wts`.
struct WeightLine {
  std::string_view name;
  double weight = 0.0;
  std::optional<std::uint32_t> node;
  std::optional<std::uint32_t> net;
};

class WtsReader {
 public:
  WtsReader(const SourceText& source, DesignInProgress& progress)
      : scanner_(source), progress_(progress) {}

  /// A name may be that of a node and of a net; it is then of the kind that more of the names are.
  void run() {
    scanner_.read_header("wts");
    while (scanner_.next_line()) {
      read_line(scanner_.named_fields());
    }
    const auto num_nodes = std::count_if(
        lines_.begin(), lines_.end(), [](const WeightLine& line) { return line.node.has_value(); });
    const auto num_nets = std::count_if(
        lines_.begin(), lines_.end(), [](const WeightLine& line) { return line.net.has_value(); });
    for (const WeightLine& line : lines_) {
      store(line, num_nets >= num_nodes);
    }
  }

 private:
  void read_line(const Fields& fields) {
    if (fields.size() != 2) {
      scanner_.fail(scanner_.line(), "expected a weight: name weight");
    }
    WeightLine line;
    line.name = fields[0];
    line.weight = scanner_.number(fields[1]);
    line.node = progress_.nodes.find(line.name);
    line.net = progress_.nets.find(line.name);
    if (!line.node && !line.net) {
      scanner_.fail(line.name, quoted(line.name) + " is neither a node nor a net");
    }
    lines_.push_back(line);
  }

  void store(const WeightLine& line, bool nets_first) {
    std::optional<double>* const of_node =
        line.node ? &progress_.design.nodes[*line.node].weight : nullptr;
    std::optional<double>* const of_net =
        line.net ? &progress_.design.nets[*line.net].weight : nullptr;
    for (std::optional<double>* const weight :
         {nets_first ? of_net : of_node, nets_first ? of_node : of_net}) {
      if (weight != nullptr && !weight->has_value()) {
        *weight = line.weight;
        return;
      }
    }
    scanner_.fail(line.name, "a second weight of " + quoted(line.name));
  }

  Scanner scanner_;
  DesignInProgress& progress_;
  std::vector<WeightLine> lines_;
};

}  // namespace

void read_pl(const SourceText& source, DesignInProgress& progress) {
  PlReader(source, progress).run();
}

void read_scl(const SourceText& source, DesignInProgress& progress) {
  SclReader(source, progress).run();
}

void read_wts(const SourceText& source, DesignInProgress& progress) {
  WtsReader(source, progress).run();
}

}  // namespace tessera::netlist_io::bookshelf
