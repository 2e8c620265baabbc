#include "netlist_io/plc_header.h"

#include <cstddef>
#include <cstdint>

#include "netlist_io/number_text.h"
#include "netlist_io/text_source.h"

namespace tessera::netlist_io {
namespace {

/// No grid needs more cells on a side; Circuit Training stops at 128.
constexpr double kMaxSmoothing = 1000.0;  // cells; the largest that the cost takes
constexpr int kMaxGridSide = 4096;

/// Range that a number of the header must be in.
enum class Sign : std::uint8_t { kAny, kNotNegative, kPositive };

/// Reads the fields of one comment line.
class HeaderLine {
 public:
  HeaderLine(const SourceText& source, std::string_view line) : source_(source), rest_(line) {}

  /// Consumes `label` and the colon behind it, if the line goes on with them.
  bool accept(std::string_view label) {
    const std::string_view text = trim(rest_);
    if (!text.starts_with(label)) {
      return false;
    }
    const std::string_view behind = trim(text.substr(label.size()));
    if (!behind.starts_with(':')) {
      return false;
    }
    field_ = label;
    rest_ = behind.substr(1);
    return true;
  }

  void expect(std::string_view label) {
    if (!accept(label)) {
      fail("\"" + std::string(label) + " :\"");
    }
  }

  double number(Sign sign) {
    const std::string_view token = take_token();
    const std::optional<double> value = parse_number(token);
    if (!value || !is_in_range(*value)) {
      fail_token(token, std::string(expected_in_range(value)));
    }
    if (sign == Sign::kPositive && *value < kMinPositive) {
      fail_token(token, *value > 0.0 ? "a number from 1e-6 on" : "a number above 0");
    }
    if (sign == Sign::kNotNegative && *value < 0.0) {
      fail_token(token, "a number not below 0");
    }
    return *value;
  }

  int grid_side() {
    const std::string_view token = take_token();
    const std::optional<int> value = parse_int(token);
    if (!value || *value < 1 || *value > kMaxGridSide) {
      fail_token(token, "an integer from 1 to " + std::to_string(kMaxGridSide));
    }
    return *value;
  }

  std::optional<std::string> text() {
    const std::string_view value = trim(rest_);
    return value.empty() ? std::nullopt : std::optional<std::string>(value);
  }

  /// Whether only blanks are left.
  bool at_end() const { return trim(rest_).empty(); }

  void expect_end() {
    if (!at_end()) {
      fail("the end of the line");
    }
  }

  /// Fails because of the value read last.
  [[noreturn]] void fail_last(const std::string& expected) const { fail_token(last_, expected); }

  [[noreturn]] void fail_token(std::string_view token, const std::string& expected) const {
    const std::string found = token.empty() ? "nothing" : quoted(token);
    fail_at(source_,
            token.data(),
            "header field " + quoted(field_) + " has " + found + ", expected " + expected);
  }

 private:
  std::string_view take_token() {
    while (!rest_.empty() && (is_blank(rest_.front()) || rest_.front() == '{')) {
      rest_.remove_prefix(1);
    }
    std::size_t size = 0;
    while (size < rest_.size() && !is_blank(rest_[size]) && rest_[size] != '}') {
      ++size;
    }
    const std::string_view token = rest_.substr(0, size);
    rest_.remove_prefix(size);
    while (rest_.starts_with('}')) {
      rest_.remove_prefix(1);
    }
    last_ = token;
    return token;
  }

  [[noreturn]] void fail(const std::string& expected) const {
    const std::string_view text = trim(rest_);
    fail_token(text.empty() ? rest_ : text, expected);
  }

  const SourceText& source_;
  std::string_view rest_;
  std::string_view field_;
  std::string_view last_;
};

RoutesPerMicron read_routes(HeaderLine& line, Sign sign) {
  RoutesPerMicron routes;
  routes.horizontal = line.number(sign);
  line.expect("ver");
  routes.vertical = line.number(sign);
  return routes;
}

Rect read_rect(HeaderLine& line) {
  Rect rect;
  rect.x0 = line.number(Sign::kAny);
  rect.y0 = line.number(Sign::kAny);
  rect.x1 = line.number(Sign::kAny);
  if (rect.x1 <= rect.x0) {
    line.fail_last("a right edge beyond the left one");
  }
  rect.y1 = line.number(Sign::kAny);
  if (rect.y1 <= rect.y0) {
    line.fail_last("an upper edge beyond the lower one");
  }
  return rect;
}

Blockage read_blockage(HeaderLine& line) {
  Blockage blockage;
  blockage.rect = read_rect(line);
  blockage.rate = line.number(Sign::kPositive);
  if (blockage.rate > 1.0) {
    line.fail_last("a rate of at most 1");
  }
  return blockage;
}

/// Reads the line if it starts with a known field; fields of a pair stand on one line.
void read_line(HeaderLine line, PlcHeader& header) {
  if (line.accept("Columns")) {
    header.cols = line.grid_side();
    line.expect("Rows");
    header.rows = line.grid_side();
  } else if (line.accept("Width")) {
    header.width = line.number(Sign::kPositive);
    line.expect("Height");
    header.height = line.number(Sign::kPositive);
  } else if (line.accept("FP bbox")) {
    const Rect box = read_rect(line);
    if (box.x1 <= 0.0 || box.y1 <= 0.0) {
      line.fail_last("an upper right corner beyond the origin");
    }
    header.width = box.x1;
    header.height = box.y1;
  } else if (line.accept("Routes per micron, hor")) {
    header.routes = read_routes(line, Sign::kPositive);
  } else if (line.accept("Routes used by macros, hor")) {
    header.macro_routes = read_routes(line, Sign::kNotNegative);
  } else if (line.accept("Smoothing factor")) {
    header.smoothing_factor = line.number(Sign::kNotNegative);
    if (*header.smoothing_factor > kMaxSmoothing) {
      line.fail_last("a number of cells from 0 to 1000");
    }
  } else if (line.accept("Overlap threshold")) {
    header.overlap_threshold = line.number(Sign::kNotNegative);
  } else if (line.accept("Blockage")) {
    header.blockages.push_back(read_blockage(line));
  } else if (line.accept("Project")) {
    header.project = line.text();
    return;
  } else if (line.accept("Block")) {
    header.block = line.text();
    return;
  } else {
    return;
  }
  line.expect_end();
}

/// `later` if it says something, else `earlier`.
template <typename T>
std::optional<T> prefer(const std::optional<T>& later, const std::optional<T>& earlier) {
  return later ? later : earlier;
}

}  // namespace

PlcHeader parse_plc_header(std::string_view text, const std::string& name) {
  const SourceText source{text, name};
  PlcHeader header;
  text = without_byte_order_mark(text);
  while (!text.empty()) {
    const std::string_view line = trim(take_line(text));
    if (line.starts_with('#')) {
      read_line(HeaderLine(source, line.substr(1)), header);
    } else if (!line.empty()) {
      break;
    }
  }
  return header;
}

PlcHeader merge_headers(const PlcHeader& netlist, const PlcHeader& plc) {
  PlcHeader merged;
  merged.cols = prefer(plc.cols, netlist.cols);
  merged.rows = prefer(plc.rows, netlist.rows);
  merged.width = prefer(plc.width, netlist.width);
  merged.height = prefer(plc.height, netlist.height);
  merged.routes = prefer(plc.routes, netlist.routes);
  merged.macro_routes = prefer(plc.macro_routes, netlist.macro_routes);
  merged.smoothing_factor = prefer(plc.smoothing_factor, netlist.smoothing_factor);
  merged.overlap_threshold = prefer(plc.overlap_threshold, netlist.overlap_threshold);
  merged.project = prefer(plc.project, netlist.project);
  merged.block = prefer(plc.block, netlist.block);
  merged.blockages = netlist.blockages.empty() ? plc.blockages : netlist.blockages;
  return merged;
}

}  // namespace tessera::netlist_io
