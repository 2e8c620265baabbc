#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "netlist_io/file.h"
#include "netlist_io/number_text.h"
#include "netlist_io/plc_file.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

/// Fields of a row: index, x, y, orientation, fixed.
constexpr std::size_t kNumFields = 5;
constexpr std::string_view kFieldNames = "index x y orientation fixed";

/// Fields of one line, and how many there are in all.
struct Row {
  std::array<std::string_view, kNumFields> fields;
  std::size_t num_fields = 0;
};

Row split(std::string_view line) {
  Row row;
  for (line = trim(line); !line.empty(); line = trim(line)) {
    std::size_t size = 0;
    while (size < line.size() && !is_blank(line[size])) {
      ++size;
    }
    if (row.num_fields < kNumFields) {
      row.fields[row.num_fields] = line.substr(0, size);
    }
    ++row.num_fields;
    line.remove_prefix(size);
  }
  return row;
}

/// Reads the rows of a `.plc` into a placement.
class RowReader {
 public:
  RowReader(const SourceText& source, const Netlist& netlist)
      : source_(source), netlist_(netlist), placement_(netlist), seen_(netlist.num_nodes(), 0) {}

  Placement run() {
    std::string_view rest = source_.text;
    while (!rest.empty()) {
      const std::string_view line = trim(take_line(rest));
      if (!line.empty() && !line.starts_with('#')) {
        read_row(line);
      }
    }
    check_complete();
    for (const NodeId port : netlist_.ports()) {
      placement_.fixed[port.index()] = 1;
    }
    return std::move(placement_);
  }

 private:
  void read_row(std::string_view line) {
    const Row row = split(line);
    if (row.num_fields != kNumFields) {
      fail(line,
           "found a row of " + std::to_string(row.num_fields) + " fields, expected " +
               std::to_string(kNumFields) + ": " + std::string(kFieldNames));
    }
    const std::size_t node = read_node(row.fields[0]).index();
    placement_.x[node] = read_coordinate(row.fields[1]);
    placement_.y[node] = read_coordinate(row.fields[2]);
    placement_.orientation[node] = read_orientation(row.fields[3]);
    placement_.fixed[node] = read_fixed(row.fields[4]);
  }

  NodeId read_node(std::string_view field) {
    const std::optional<int> index = parse_int(field);
    if (!index || *index < 0) {
      fail(field, "found " + quoted(field) + ", expected the index of a node");
    }
    const auto file_index = static_cast<std::uint32_t>(*index);
    const std::optional<NodeId> node = netlist_.find_file_index(file_index);
    if (!node) {
      fail(field,
           "the netlist has no port, macro or standard cell of the index " + std::string(field) +
               pin_remark(file_index));
    }
    if (seen_[node->index()] != 0) {
      fail(field, "a second row for node " + quoted(netlist_.name(*node)));
    }
    seen_[node->index()] = 1;
    return *node;
  }

  /// Says that the index belongs to a pin, if it does.
  std::string pin_remark(std::uint32_t file_index) const {
    for (const PinRecord& pin : netlist_.records().pins) {
      if (pin.file_index == file_index) {
        return "; it belongs to the pin " + quoted(pin.name);
      }
    }
    return "";
  }

  double read_coordinate(std::string_view field) const {
    const std::optional<double> value = parse_number(field);
    if (!value || !is_in_range(*value)) {
      fail(field,
           "found " + quoted(field) + ", expected " + std::string(expected_in_range(value)) +
               " of microns");
    }
    return *value;
  }

  Orientation read_orientation(std::string_view field) const {
    if (field == "-") {
      return Orientation::kN;
    }
    const std::optional<Orientation> orientation = parse_orientation(field);
    if (!orientation) {
      fail(field,
           "found the orientation " + quoted(field) +
               ", expected N, S, E, W, FN, FS, FE, FW or - for none");
    }
    return *orientation;
  }

  std::uint8_t read_fixed(std::string_view field) const {
    if (field != "0" && field != "1") {
      fail(field, "found " + quoted(field) + ", expected 1 for fixed or 0 for movable");
    }
    return field == "1" ? 1 : 0;
  }

  void check_complete() const {
    std::size_t num_missing = 0;
    std::size_t first = 0;
    for (std::size_t i = seen_.size(); i > 0; --i) {
      if (seen_[i - 1] == 0) {
        ++num_missing;
        first = i - 1;
      }
    }
    if (num_missing > 0) {
      const NodeId node(first);
      fail(source_.text.substr(source_.text.size()),
           "rows are missing for " + std::to_string(num_missing) + " of " +
               std::to_string(seen_.size()) + " nodes, first for index " +
               std::to_string(netlist_.file_index(node)) + ", " + quoted(netlist_.name(node)));
    }
  }

  [[noreturn]] void fail(std::string_view at, const std::string& message) const {
    fail_at(source_, at.data(), message);
  }

  const SourceText& source_;
  const Netlist& netlist_;
  Placement placement_;
  std::vector<std::uint8_t> seen_;
};

}  // namespace

PlcHeader read_plc_header(const std::string& path) {
  return parse_plc_header(read_file(path), path);
}

PlcFile read_plc(const std::string& path, const Netlist& netlist) {
  return parse_plc(read_file(path), path, netlist);
}

PlcFile parse_plc(std::string_view text, const std::string& name, const Netlist& netlist) {
  text = without_byte_order_mark(text);
  const SourceText source{text, name};
  return {parse_plc_header(text, name), RowReader(source, netlist).run()};
}

}  // namespace tessera::netlist_io
